//! Step 5: the contour becomes a label, and the labels a file.

use super::parts;
use crate::session::{Command, Document, Export, Label, Session, Step};

use egui::{Color32, Sense, Ui, Vec2};
use std::path::PathBuf;

/// Draws the step.
pub fn accept_ui(ui: &mut Ui, session: &Session, document: &Document, out: &mut Vec<Command>) {
    labels_ui(ui, document, out);
    ui.add_space(2.0);
    let name = document.table.name(document.active_label);
    let (into, there) = (format!("Accept into {name}"), session.evolution.exists());
    if let Some((sides, _)) = session.evolution_sides() {
        let hint = format!("Enter: into {} and {}", document.table.name(sides.left), document.table.name(sides.right));
        if parts::primary(ui, "Accept as left and right kidney", there).on_hover_text(hint).clicked() {
            out.push(Command::Accept);
        }
        let button = ui.add_enabled(there, egui::Button::new(into));
        if button.on_hover_text("Both kidneys into the one active label").clicked() {
            out.push(Command::AcceptIntoActive);
        }
    } else if parts::primary(ui, into, there).on_hover_text("Enter").clicked() {
        out.push(Command::Accept);
    }
    if ui
        .add_enabled(document.labels.is_some(), egui::Button::new("Start the next organ"))
        .on_hover_text("Puts the contour and the seeds away and goes back to the region")
        .clicked()
    {
        out.extend([Command::Discard, Command::ClearSeeds, Command::CycleLabel(true), Command::SetStep(Step::Roi)]);
    }
    parts::heading(ui, "Mask file");
    let mut path = document.save_path.to_string_lossy().into_owned();
    let edit = egui::TextEdit::singleline(&mut path).desired_width(f32::INFINITY).hint_text("mask.nii.gz");
    if ui.add(edit).on_hover_text("Where Ctrl+S saves the mask").changed() {
        out.push(Command::SetSavePath(PathBuf::from(path)));
    }
    ui.horizontal(|ui| {
        if parts::primary(ui, "Save mask", document.labels.is_some()).on_hover_text("Ctrl+S").clicked() {
            out.push(Command::SaveMask);
        }
        if ui.add_enabled(document.labels.is_some(), egui::Button::new("Save as…")).clicked() {
            out.push(Command::AskSave(Export::Mask));
        }
    });
    parts::heading(ui, "Also");
    ui.horizontal_wrapped(|ui| {
        let there = session.evolution.exists();
        for (text, export, enabled) in [
            ("φ…", Export::Phi, there),
            ("Speed…", Export::Speed, document.speed_image.is_some()),
            ("Animation…", Export::Animation, there),
            ("Pictures…", Export::Pictures, there),
            ("φ over t…", Export::PhiOverTime, there),
        ] {
            if ui.add_enabled(enabled, egui::Button::new(text)).clicked() {
                out.push(Command::AskSave(export));
            }
        }
    });
}

fn labels_ui(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let mut table = document.table.clone();
    for label in document.table.iter() {
        ui.horizontal(|ui| {
            let mut visible = label.visible;
            if ui.checkbox(&mut visible, "").on_hover_text(format!("Show {}", label.name)).changed()
                && let Some(entry) = table.get_mut(label.number)
            {
                entry.visible = visible;
            }
            swatch(ui, label);
            let active = label.number == document.active_label;
            let text = format!("{}  {}", label.number, label.name);
            if ui.selectable_label(active, text).clicked() {
                out.push(Command::SetActiveLabel(label.number));
            }
        });
    }
    ui.horizontal(|ui| {
        if ui.small_button("+ Label").clicked() {
            out.push(Command::SetActiveLabel(document.table.free_number()));
        }
    });
    if table != document.table {
        out.push(Command::SetTable(table));
    }
}

fn swatch(ui: &mut Ui, label: &Label) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
    let [r, g, b] = label.colour;
    ui.painter().rect_filled(rect, 3.0, Color32::from_rgb(r, g, b));
}
