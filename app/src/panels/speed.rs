//! Step 2: the speed image, with a live preview in the panes.

use super::parts;
use crate::session::{Command, Document, EvolveSettings, Session, Step};
use crate::views::Display;
use egui::Ui;
use zeroset_engine::levelset::Method;

/// The methods by name.
pub const METHODS: [(Method, &str); 3] =
    [(Method::Region, "Region"), (Method::Edge, "Edge"), (Method::ChanVese, "Chan–Vese")];

/// What the step holds, in a few words.
pub fn summary(document: &Document) -> String {
    let s = &document.speed;
    match document.evolve.params.method {
        _ if s.imported.is_some() => "imported".to_owned(),
        Method::Region => {
            let end = |v: Option<f32>| v.map_or_else(|| "open".to_owned(), |v| format!("{v:.0}"));
            format!("{} … {} HU", end(s.lower), end(s.upper))
        }
        Method::Edge => {
            let lambda = document.speed_image.as_ref().and_then(|i| i.lambda).or(s.lambda);
            lambda.map_or_else(|| "edges".to_owned(), |l| format!("edges, λ {l:.0} HU/mm"))
        }
        Method::ChanVese => "intensities".to_owned(),
    }
}

/// Draws the step.
pub fn speed_ui(ui: &mut Ui, session: &Session, document: &Document, display: &mut Display, out: &mut Vec<Command>) {
    let mut method = document.evolve.params.method;
    if parts::choice(ui, &mut method, &METHODS) {
        let preset = EvolveSettings::preset(method);
        let (dimension, device, neural) =
            (document.evolve.dimension, document.evolve.device, document.evolve.neural.clone());
        out.push(Command::SetEvolve(EvolveSettings { dimension, device, neural, ..preset }));
    }
    let mut speed = document.speed.clone();
    if let Some(path) = &speed.imported {
        parts::weak(ui, format!("Imported from {}", path.display()));
        if ui.button("Compute it here again").clicked() {
            speed.imported = None;
        }
    } else {
        match method {
            Method::Region => {
                parts::weak(
                    ui,
                    "White runs outwards, blue pulls back: the organ should be white, its surroundings blue.",
                );
                window_ui(ui, document, &mut speed);
                if ui
                    .button("Measure at cursor")
                    .on_hover_text("Sets the window from the intensities within the brush's radius of the crosshair")
                    .clicked()
                {
                    out.push(Command::WindowFromCursor);
                }
            }
            Method::Edge => {
                parts::weak(ui, "White lets the contour run, blue stops it: edges of the organ should be blue.");
                parts::slider(ui, "Smoothing σ", &mut speed.edge_sigma_mm, 0.0..=5.0, 0.1, " mm");
                let used = document.speed_image.as_ref().and_then(|i| i.lambda).unwrap_or(30.0);
                let (mut by_hand, mut lambda) = (speed.lambda.is_some(), speed.lambda.unwrap_or(used));
                parts::row(ui, "Scale λ", |ui| {
                    ui.checkbox(&mut by_hand, "").on_hover_text("Off: taken from the gradients in the region");
                    ui.add_enabled_ui(by_hand, |ui| {
                        parts::slider_alone(ui, "Scale λ", &mut lambda, 1.0..=200.0, 1.0, " HU/mm");
                    });
                });
                speed.lambda = by_hand.then_some(lambda);
                parts::slider(ui, "Exponent p", &mut speed.exponent, 1.0..=6.0, 0.5, "");
            }
            Method::ChanVese => {
                parts::weak(
                    ui,
                    "Splits the region into two parts of steady intensity; needs no speed image. The preview shows the scaled intensities.",
                );
            }
        }
        if method != Method::ChanVese && ui.link("Import a speed image…").clicked() {
            out.push(Command::AskImportSpeed);
        }
    }
    if speed != document.speed {
        out.push(Command::SetSpeed(speed));
    }
    parts::row(ui, "Preview", |ui| {
        ui.checkbox(&mut display.show_speed, "").on_hover_text("Show the preview (W)");
        ui.spacing_mut().slider_width = (ui.available_width() - 12.0).max(40.0);
        ui.add(egui::Slider::new(&mut display.speed_opacity, 0.0..=1.0).show_value(false))
            .on_hover_text("Opacity of the preview");
    });
    if !session.speed_ready() {
        parts::weak(ui, "Computing the preview…");
    }
    ui.add_space(4.0);
    if parts::primary(ui, "Next: seeds", true).clicked() {
        out.push(Command::SetStep(Step::Seeds));
    }
}

fn window_ui(ui: &mut Ui, document: &Document, speed: &mut crate::session::SpeedSettings) {
    let (least, greatest) = document.range;
    // Sliders over the soft tissues; numbers beyond can be typed.
    let (low, high) = (least.max(-200.0), greatest.min(600.0));
    let range = if high > low { low..=high } else { least..=greatest };
    for (name, end) in [("Lower", &mut speed.lower), ("Upper", &mut speed.upper)] {
        let mut bounded = end.is_some();
        let mut value = end.unwrap_or(if name == "Lower" { least } else { greatest });
        parts::row(ui, name, |ui| {
            ui.checkbox(&mut bounded, "").on_hover_text("Off: open on this side");
            ui.add_enabled_ui(bounded, |ui| {
                parts::slider_alone(ui, name, &mut value, range.clone(), 1.0, " HU");
            });
        });
        *end = bounded.then_some(value);
    }
    parts::slider(ui, "Soft edge", &mut speed.smoothness, 1.0..=100.0, 1.0, " HU");
    parts::slider(ui, "Smoothing σ", &mut speed.window_sigma_mm, 0.0..=5.0, 0.1, " mm");
}
