//! What is laid over the slices: a map, earlier contours, the reference. A popup of the top bar, open while one looks.

use super::parts;
use crate::session::overlay::Agreement;
use crate::session::{Command, Document, Map, OverlaySettings, Reference, Session};
use crate::theme;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, RichText, Ui};
use zeroset_engine::levelset::Force;

/// Draws the button, and the popup while it is open.
pub fn overlays_button(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new("Overlays").config(config).ui(ui, |ui| {
        ui.set_width(300.0);
        match &session.document {
            Some(document) => overlays_ui(ui, session, document, out),
            None => {
                parts::weak(ui, "Open a scan first (Ctrl+G)");
            }
        }
    });
}

fn overlays_ui(ui: &mut Ui, session: &Session, document: &Document, out: &mut Vec<Command>) {
    let mut settings = session.overlays;
    map_ui(ui, session, document, &mut settings);
    ui.separator();
    ui.checkbox(&mut settings.trail, "Earlier contours (T)")
        .on_hover_text("Contours of up to eight earlier moments of this line, from its history; the older the fainter");
    ui.separator();
    reference_ui(ui, session, &mut settings, out);
    if settings != session.overlays {
        out.push(Command::SetOverlays(settings));
    }
}

fn map_ui(ui: &mut Ui, session: &Session, document: &Document, settings: &mut OverlaySettings) {
    ui.checkbox(&mut settings.show_map, "Map over the image (W)")
        .on_hover_text("Drawn while there is an evolution; Q and E make it fainter and stronger");
    let by_network = by_network(session, document);
    ui.horizontal_wrapped(|ui| {
        roomy(ui);
        for map in Map::of(document.evolve.params.method, by_network) {
            let chosen = settings.show_map && settings.map == map;
            if ui.selectable_label(chosen, map.name()).on_hover_text(meaning(map, by_network)).clicked() {
                (settings.map, settings.show_map) = (map, true);
            }
        }
    });
    parts::slider(ui, "Opacity", &mut settings.opacity, 0.0..=1.0, 0.05, "");
    settings.opacity = settings.opacity.clamp(0.0, 1.0);
    if settings.map != Map::Speed {
        parts::slider(ui, "Band ±", &mut settings.band_mm, 1.0..=30.0, 0.5, " mm");
        settings.band_mm = settings.band_mm.clamp(0.5, 200.0);
    }
    parts::weak(ui, meaning(settings.map, by_network));
}

/// A menu's buttons have little room around their words: too little where they stand in a row.
fn roomy(ui: &mut Ui) {
    ui.spacing_mut().item_spacing.x = 3.0;
    ui.spacing_mut().button_padding.x = 7.0;
}

/// Whether the map is that of a network.
fn by_network(session: &Session, document: &Document) -> bool {
    match &session.evolution.neural {
        Some(neural) => neural.t.is_some(),
        None => document.evolve.neural.on && !session.evolution.exists(),
    }
}

/// What a map shows, in a sentence.
fn meaning(map: Map, by_network: bool) -> &'static str {
    const COLOURS: &str =
        "Green: it lets the contour grow; magenta: shrink. On a GPU it is made on the CPU while paused.";
    match map {
        Map::Phi => "Distance to the contour: blue inside, white on it, orange outside.",
        Map::Speed => "The speed image that the contour moves by.",
        Map::Force(Force::Total) if by_network => {
            "How fast the network moves φ at this t (the derivative of the solver's dense output, with what the priors \
             add). Green: the contour grows; magenta: it shrinks."
        }
        Map::Force(Force::Total) => {
            "The sum of the forces on φ as shown. Green: the contour grows; magenta: it shrinks. On a GPU it is made on \
             the CPU while paused."
        }
        Map::Force(_) => COLOURS,
    }
}

fn reference_ui(ui: &mut Ui, session: &Session, settings: &mut OverlaySettings, out: &mut Vec<Command>) {
    let Some(reference) = &session.reference else {
        if ui.button("Open reference…").on_hover_text("Or drop a file with Ctrl held").clicked() {
            out.push(Command::AskOpenReference);
            ui.close();
        }
        parts::weak(ui, "A segmentation to compare with, drawn in black. It is never saved.");
        return;
    };
    ui.horizontal(|ui| {
        ui.checkbox(&mut settings.reference, "Reference, in black (R)");
        if ui.link("Close").on_hover_text("Put the reference away").clicked() {
            out.push(Command::CloseReference);
        }
    });
    let name = reference.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    parts::weak(ui, if reference.resampled { format!("{name}, resampled onto the scan's grid") } else { name });
    labels_ui(ui, session, reference, out);
    if let Some(agreement) = session.agreement() {
        ui.label(RichText::new(dice(&agreement)).color(theme::palette(ui).strong));
        parts::weak(ui, counted(&agreement, session.evolution.exists()));
    }
}

/// Which labels of the reference are meant.
fn labels_ui(ui: &mut Ui, session: &Session, reference: &Reference, out: &mut Vec<Command>) {
    let name = |label: u16| session.document.as_ref().map_or_else(String::new, |d| d.table.name(label));
    let chosen = session.reference_labels();
    ui.horizontal_wrapped(|ui| {
        roomy(ui);
        let automatic = reference.by_hand.is_none();
        let hint = "The labels of the organ at hand: those that the network knows, else the active label";
        if ui.selectable_label(automatic, "Automatic").on_hover_text(hint).clicked() {
            out.push(Command::SetReferenceLabels(None));
        }
        for &label in &reference.present {
            if ui.selectable_label(chosen.contains(&label), name(label)).clicked() {
                // The first choice by hand is that label alone; others are then added and taken away.
                let others = |by_hand: &Vec<u16>| {
                    let mut labels = by_hand.clone();
                    match labels.iter().position(|&l| l == label) {
                        Some(at) if labels.len() > 1 => {
                            labels.remove(at);
                        }
                        Some(_) => {}
                        None => labels.push(label),
                    }
                    labels
                };
                let labels = reference.by_hand.as_ref().map_or_else(|| vec![label], others);
                out.push(Command::SetReferenceLabels(Some(labels)));
            }
        }
    });
}

/// Dice in words.
pub fn dice(agreement: &Agreement) -> String {
    match agreement.overlap.dice() {
        Some(dice) => format!("Dice {dice:.3}"),
        None => "Dice not defined: both are empty here".to_owned(),
    }
}

/// What was counted, of the evolution's contour or of a proposal's.
pub fn counted(agreement: &Agreement, evolution: bool) -> String {
    let place = match (evolution, agreement.slice) {
        (true, false) => "voxels of the region",
        (true, true) => "voxels of this slice of the region",
        (false, _) => "voxels where it was looked for",
    };
    let outside = if agreement.outside_ml > 0.0 {
        format!(" {:.1} mL of the reference lie beside it.", agreement.outside_ml)
    } else {
        String::new()
    };
    format!(
        "Contour {:.1} mL, reference {:.1} mL, counted on the scan's {place}.{outside}",
        agreement.contour_ml(),
        agreement.reference_ml()
    )
}
