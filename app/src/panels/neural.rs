//! The evolve step where a network moves the contour: solver, tolerance, priors, and how the solve stands.

use super::parts;
use crate::session::neural::{NO_NETWORK, NeuralSettings};
use crate::session::{Document, Session};
use crate::theme;
use egui::Ui;
use zeroset_engine::neural::{Ball, Prior, Stroke};
use zeroset_engine::ode::{Scheme, SolverParams};

const SCHEMES: [(Scheme, &str); 4] = [
    (Scheme::DormandPrince, "Dormand–Prince"),
    (Scheme::Rk4, "RK4"),
    (Scheme::Midpoint, "Midpoint"),
    (Scheme::Euler, "Euler"),
];

/// Draws the step.
pub fn neural_ui(ui: &mut Ui, session: &Session, document: &Document, settings: &mut NeuralSettings) {
    organ_ui(ui, session, settings);
    let Some((network, organ)) = session.moving_network() else {
        ui.label(egui::RichText::new(NO_NETWORK).size(12.0).color(theme::palette(ui).warning));
        return;
    };
    parts::weak(ui, format!("Network {}, {organ}", network.name));
    if let Some(proposal) = session.begun_from() {
        parts::weak(ui, format!("Starts from the proposed {}.", proposal.record.organ));
    } else if document.seeds.is_empty() {
        parts::weak(ui, format!("Starts from the label {}.", document.table.name(document.active_label)));
    } else {
        parts::weak(ui, "Starts from the seeds, in the slices that they reach.");
    }
    solver_ui(ui, settings);
    ui.collapsing("Priors", |ui| priors_ui(ui, session, document, settings));
    if let Some(neural) = &session.evolution.neural {
        let (evaluations, rejected) = neural.counted();
        let (done, of) = neural.finished;
        let text = format!("{done} of {of} slices solved, {evaluations} evaluations, {rejected} steps rejected");
        if neural.solving {
            ui.add(egui::ProgressBar::new(done as f32 / of.max(1) as f32).desired_height(6.0));
        }
        parts::weak(ui, text);
    }
}

/// Which organ's contour it is, where networks for several are at hand.
fn organ_ui(ui: &mut Ui, session: &Session, settings: &mut NeuralSettings) {
    let moving = session.catalogue.iter().filter(|network| network.method() == "node-contour");
    let mut organs: Vec<&str> = moving.flat_map(|network| network.organs()).collect();
    organs.sort_unstable();
    organs.dedup();
    if organs.len() < 2 {
        return;
    }
    let shown = session.moving_network().map_or("–", |(_, organ)| organ).to_owned();
    parts::row(ui, "Organ", |ui| {
        let combo = egui::ComboBox::from_id_salt("neural organ").selected_text(shown);
        combo.show_ui(ui, |ui| {
            for organ in organs {
                ui.selectable_value(&mut settings.organ, Some(organ.to_owned()), organ);
            }
        });
    });
}

fn solver_ui(ui: &mut Ui, settings: &mut NeuralSettings) {
    let mut own = settings.solver.is_none();
    parts::row(ui, "Solver", |ui| ui.checkbox(&mut own, "as the network was trained").changed());
    if own {
        settings.solver = None;
        return;
    }
    let solver = settings.solver.get_or_insert_with(SolverParams::default);
    parts::row(ui, "Scheme", |ui| {
        let name = SCHEMES.iter().find(|(scheme, _)| *scheme == solver.scheme).map_or("", |s| s.1);
        let combo = egui::ComboBox::from_id_salt("scheme").selected_text(name).show_ui(ui, |ui| {
            for (scheme, name) in SCHEMES {
                ui.selectable_value(&mut solver.scheme, scheme, name);
            }
        });
        combo.response.accessible_name("Scheme");
    });
    if solver.scheme == Scheme::DormandPrince {
        parts::row(ui, "Tolerance", |ui| {
            let choices = [(1e-2, "1e-2"), (1e-3, "1e-3"), (1e-4, "1e-4"), (1e-5, "1e-5")];
            parts::choice(ui, &mut solver.absolute_tolerance, &choices);
        });
    } else {
        parts::row(ui, "Steps", |ui| ui.add(egui::DragValue::new(&mut solver.steps).range(1..=200)));
    }
}

fn priors_ui(ui: &mut Ui, session: &Session, document: &Document, settings: &mut NeuralSettings) {
    parts::weak(ui, "They act on the network's equation from the present t on.");
    let priors = &mut settings.priors;
    prior_ui(ui, "Curvature", &mut priors.curvature, 0.0..=200.0, " mm²/t");
    prior_ui(ui, "Keep area", &mut priors.volume, 0.0..=1.0, "");
    prior_ui(ui, "Slices", &mut priors.between, 0.0..=100.0, " mm²/t");
    if priors.between.on {
        parts::weak(ui, "Slices are solved together, with one step: nothing is shown before all have come as far.");
    }
    prior_ui(ui, "Strokes", &mut priors.strokes, 0.0..=100.0, " /t");
    ui.horizontal(|ui| {
        let at = document.image.geometry().world_of_voxel(session.cursor.map(|v| v as f64));
        for (name, inside) in [("Hold inside here", true), ("Leave outside here", false)] {
            if ui.button(name).on_hover_text("A ball of the brush's radius at the crosshair").clicked() {
                let ball = Ball { center_mm: at, radius_mm: session.radius_mm, slice_normal: None };
                priors.drawn.push(Stroke { ball, inside });
                priors.strokes.on = true;
            }
        }
    });
    if !priors.drawn.is_empty() && ui.button(format!("Remove all {} strokes", priors.drawn.len())).clicked() {
        priors.drawn.clear();
    }
}

fn prior_ui(ui: &mut Ui, name: &str, prior: &mut Prior, range: std::ops::RangeInclusive<f64>, unit: &str) {
    parts::row(ui, name, |ui| {
        ui.checkbox(&mut prior.on, "").on_hover_text(format!("{name}: on, off"));
        let number = egui::DragValue::new(&mut prior.weight).range(range).speed(0.05).suffix(unit).max_decimals(2);
        ui.add_enabled(prior.on, number).on_hover_text(format!("{name}, weight"));
    });
}
