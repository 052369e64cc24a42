//! Step 4: which equation, how strong its forces, where, on which device, and when it stops. All of it may be changed
//! while the contour moves.

use super::parts;
use super::speed::METHODS;
use crate::session::{Command, DeviceChoice, Dimension, Document, EvolveSettings, Plane, Session, Step};
use crate::theme;
use crate::views::Display;
use egui::Ui;
use zeroset_engine::levelset::{Integrator, Method, Scheme};

/// Draws the step.
pub fn evolve_ui(ui: &mut Ui, session: &Session, document: &Document, display: &mut Display, out: &mut Vec<Command>) {
    let mut evolve = document.evolve.clone();
    mover_ui(ui, &mut evolve);
    where_ui(ui, session, &mut evolve);
    let method = METHODS.iter().find(|(m, _)| *m == evolve.params.method).map_or("", |m| m.1);
    if evolve.neural.on {
        super::neural::neural_ui(ui, session, document, &mut evolve.neural);
    } else {
        parts::heading(ui, &format!("Forces · {method}"));
        forces_ui(ui, &mut evolve);
        ui.horizontal(|ui| {
            if ui.button("ITK-SNAP's weights").on_hover_text("Back to the starting weights of this method").clicked() {
                evolve.params = EvolveSettings::preset(evolve.params.method).params;
            }
        });
        ui.collapsing("Numerics", |ui| numerics_ui(ui, &mut evolve));
        ui.collapsing("Stopping", |ui| stopping_ui(ui, &mut evolve));
    }
    brush_ui(ui, session, display, out);
    if evolve != document.evolve {
        out.push(Command::SetEvolve(evolve.clone()));
    }
    if session.stale() {
        let text = "Region, speed, seeds, method, dimension or device were changed: restart to use them.";
        ui.label(egui::RichText::new(text).size(12.0).color(theme::palette(ui).warning));
        if ui.button("Restart").clicked() {
            out.push(Command::Restart);
        }
    }
    for warning in &session.evolution.warnings {
        ui.label(egui::RichText::new(warning.as_str()).size(12.0).color(theme::palette(ui).warning));
    }
    if evolve.dimension != Dimension::Three {
        carry_ui(ui, session, out);
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let text = if session.evolution.running() { "Pause" } else { "Play" };
        if parts::primary(ui, text, true).on_hover_text("Space").clicked() {
            out.push(Command::TogglePlay);
        }
        if ui.add_enabled(session.evolution.exists(), egui::Button::new("Next: label")).clicked() {
            out.push(Command::SetStep(Step::Accept));
        }
    });
    super::compare::section_ui(ui, session, out);
}

/// What moves the contour.
fn mover_ui(ui: &mut Ui, evolve: &mut EvolveSettings) {
    let level_set = METHODS.map(|(method, name)| (Some(method), name));
    let mut mover = (!evolve.neural.on).then_some(evolve.params.method);
    let mut chosen = parts::choice(ui, &mut mover, &level_set);
    chosen |= parts::choice(ui, &mut mover, &[(None, "Neural (contour NODE)")]);
    if !chosen {
        return;
    }
    evolve.neural.on = mover.is_none();
    if let Some(method) = mover.filter(|&method| method != evolve.params.method) {
        let preset = EvolveSettings::preset(method);
        (evolve.params, evolve.stop) = (preset.params, preset.stop);
    }
}

fn where_ui(ui: &mut Ui, session: &Session, evolve: &mut EvolveSettings) {
    let options = [
        (Dimension::Three, "3D"),
        (Dimension::Two(Plane::Axial), "Axial"),
        (Dimension::Two(Plane::Coronal), "Coronal"),
        (Dimension::Two(Plane::Sagittal), "Sagittal"),
    ];
    parts::choice(ui, &mut evolve.dimension, &options);
    if evolve.dimension != Dimension::Three {
        parts::weak(ui, "2D: the slice at the crosshair evolves alone.");
    }
    parts::row(ui, "Device", |ui| {
        let name = |d: DeviceChoice| match d {
            DeviceChoice::Auto => "automatic",
            DeviceChoice::Cpu => "CPU",
            DeviceChoice::Gpu => "GPU",
        };
        let combo = egui::ComboBox::from_id_salt("device").selected_text(name(evolve.device)).show_ui(ui, |ui| {
            for device in [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Gpu] {
                ui.selectable_value(&mut evolve.device, device, name(device));
            }
        });
        combo.response.accessible_name("Device");
    });
    if session.evolution.exists() {
        parts::weak(ui, format!("Runs on {}; where and on what: from the next restart.", session.evolution.device));
    }
}

fn forces_ui(ui: &mut Ui, evolve: &mut EvolveSettings) {
    let p = &mut evolve.params;
    if p.method == Method::ChanVese {
        let c = &mut p.chan_vese;
        parts::slider(ui, "Length μ", &mut c.mu, 0.0..=2.0, 0.01, "");
        parts::slider(ui, "Area ν", &mut c.nu, -1.0..=1.0, 0.01, "");
        parts::slider(ui, "Inside λ₁", &mut c.lambda1, 0.0..=5.0, 0.1, "");
        parts::slider(ui, "Outside λ₂", &mut c.lambda2, 0.0..=5.0, 0.1, "");
        return;
    }
    parts::slider(ui, "Balloon α", &mut p.alpha, -3.0..=3.0, 0.05, "");
    parts::slider(ui, "Curvature β", &mut p.beta, 0.0..=2.0, 0.02, "");
    if p.method == Method::Edge {
        parts::slider(ui, "Advection γ", &mut p.gamma, 0.0..=10.0, 0.1, "");
    }
}

fn numerics_ui(ui: &mut Ui, evolve: &mut EvolveSettings) {
    let p = &mut evolve.params;
    parts::row(ui, "Differences", |ui| {
        parts::choice(
            ui,
            &mut p.scheme,
            &[(Scheme::Upwind1, "Upwind"), (Scheme::Eno2, "ENO2"), (Scheme::Weno5, "WENO5")],
        );
    });
    parts::row(ui, "Time", |ui| {
        parts::choice(ui, &mut p.integrator, &[(Integrator::Euler, "Euler"), (Integrator::TvdRk2, "TVD-RK2")]);
    });
    parts::slider(ui, "Time step", &mut p.time_step_factor, 0.1..=1.0, 0.05, "");
    p.time_step_factor = p.time_step_factor.clamp(0.01, 1.0);
    parts::row(ui, "Redistance", |ui| {
        ui.add(egui::DragValue::new(&mut p.reinitialize_every).range(0..=100).prefix("every "))
            .on_hover_text("Steps from one reinitialisation to the next; 0 for none");
        ui.add(egui::DragValue::new(&mut p.reinitialize_iterations).range(1..=50).prefix("× "))
            .on_hover_text("Pseudo-time steps of one reinitialisation");
    });
}

fn stopping_ui(ui: &mut Ui, evolve: &mut EvolveSettings) {
    let stop = &mut evolve.stop;
    parts::row(ui, "At most", |ui| {
        ui.add(egui::DragValue::new(&mut stop.max_iterations).range(1..=1_000_000).suffix(" steps"))
            .on_hover_text("Most steps")
    });
    optional(ui, "Change below", &mut stop.volume_change_below, 1e-3, 1e-4, " /t");
    optional(ui, "RMS below", &mut stop.rms_rate_below, 0.02, 1e-3, " mm/t");
    optional(ui, "Volume above", &mut stop.leak.max_volume_ml, 500.0, 1.0, " mL");
}

/// A number that may be off.
fn optional(ui: &mut Ui, name: &str, value: &mut Option<f64>, otherwise: f64, speed: f64, unit: &str) {
    parts::row(ui, name, |ui| {
        let mut on = value.is_some();
        let mut number = value.unwrap_or(otherwise);
        ui.checkbox(&mut on, "").on_hover_text(format!("{name}: on, off"));
        ui.add_enabled(on, egui::DragValue::new(&mut number).speed(speed).range(0.0..=1e9).suffix(unit))
            .on_hover_text(name.to_owned());
        *value = on.then_some(number);
    });
}

fn brush_ui(ui: &mut Ui, session: &Session, display: &mut Display, out: &mut Vec<Command>) {
    parts::heading(ui, "Brush on the contour (4)");
    let mut radius = session.radius_mm as f32;
    if parts::slider(ui, "Radius", &mut radius, 1.0..=40.0, 0.5, " mm") {
        out.push(Command::SetRadius(f64::from(radius)));
    }
    parts::row(ui, "Shape", |ui| {
        parts::choice(ui, &mut display.brush_ball, &[(true, "Ball"), (false, "This slice only")]);
    });
}

fn carry_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    parts::heading(ui, "Slice by slice: accept, then take the contour on");
    let enabled = session.evolution.exists();
    ui.horizontal(|ui| {
        for (text, forward, hint) in [("Next slice", true, "Ctrl+PgUp"), ("Previous slice", false, "Ctrl+PgDn")] {
            if ui.add_enabled(enabled, egui::Button::new(text)).on_hover_text(hint).clicked() {
                out.push(Command::Carry { forward, accept: true });
            }
        }
    });
}
