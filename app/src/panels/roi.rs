//! Step 1: the region of interest.

use super::parts;
use crate::session::{Command, Document, Session, Step};
use egui::Ui;
use zeroset_engine::roi::Roi;

/// Draws the step.
pub fn roi_ui(ui: &mut Ui, session: &Session, document: &Document, out: &mut Vec<Command>) {
    let geometry = document.image.geometry();
    let (size, spacing) = (geometry.size(), geometry.spacing_mm());
    parts::weak(ui, "Drag the box's edges in the panes, or type voxel numbers. A tight box is faster and leaks less.");
    let mut roi = document.roi;
    let orientation = geometry.orientation();
    egui::Grid::new("roi").num_columns(4).spacing([8.0, 5.0]).show(ui, |ui| {
        for d in 0..3 {
            ui.label(axis_name(orientation[d]));
            let (mut from, mut to) = (roi.lower[d] + 1, roi.upper[d]);
            ui.add(egui::DragValue::new(&mut from).range(1..=to)).on_hover_text("First voxel");
            ui.add(egui::DragValue::new(&mut to).range(from..=size[d])).on_hover_text("Last voxel");
            (roi.lower[d], roi.upper[d]) = (from.saturating_sub(1).min(size[d] - 1), to.clamp(from, size[d]));
            parts::weak(ui, format!("{:.0} mm", (roi.upper[d] - roi.lower[d]) as f64 * spacing[d]));
            ui.end_row();
        }
    });
    ui.horizontal_wrapped(|ui| {
        if ui.button("Whole scan").clicked() {
            roi = Roi { resample: roi.resample, ..Roi::whole(geometry) };
        }
        if ui.button("Around cursor").on_hover_text("A box of 14 cm around the crosshair").clicked() {
            roi = around(document, session.cursor, 70.0);
        }
    });
    parts::row(ui, "Voxels", |ui| resample_ui(ui, spacing, &mut roi));
    if let Ok(grid) = roi.geometry(geometry) {
        let (n, s) = (grid.size(), grid.spacing_mm());
        let millions = grid.len() as f64 / 1e6;
        parts::weak(
            ui,
            format!(
                "{} × {} × {} voxels of {:.2} × {:.2} × {:.2} mm, {millions:.2} million",
                n[0], n[1], n[2], s[0], s[1], s[2]
            ),
        );
    }
    if roi != document.roi {
        out.push(Command::SetRoi(roi));
    }
    ui.add_space(4.0);
    if parts::primary(ui, "Next: speed image", true).clicked() {
        out.push(Command::SetStep(Step::Speed));
    }
}

fn resample_ui(ui: &mut Ui, spacing_mm: [f64; 3], roi: &mut Roi) {
    let finest = spacing_mm.into_iter().fold(f64::INFINITY, f64::min);
    let coarsest = spacing_mm.into_iter().fold(0.0, f64::max);
    let mut options: Vec<Option<f64>> = vec![None, Some(finest)];
    options.extend(
        [1.0, 1.5, 2.0, 3.0].into_iter().filter(|&s| s > 1.05 * finest && s <= coarsest.max(2.0 * finest)).map(Some),
    );
    let text =
        |option: Option<f64>| option.map_or_else(|| "as stored".to_owned(), |mm| format!("isotropic {mm:.2} mm"));
    let combo = egui::ComboBox::from_id_salt("resample").selected_text(text(roi.resample)).show_ui(ui, |ui| {
        for option in options {
            ui.selectable_value(&mut roi.resample, option, text(option));
        }
    });
    combo.response.accessible_name("Voxels of the region");
}

/// A box around a voxel, cut to the scan.
fn around(document: &Document, cursor: [usize; 3], reach_mm: f64) -> Roi {
    let geometry = document.image.geometry();
    let (size, spacing) = (geometry.size(), geometry.spacing_mm());
    let reach = spacing.map(|h| (reach_mm / h).round().max(1.0) as usize);
    Roi {
        lower: std::array::from_fn(|d| cursor[d].saturating_sub(reach[d])),
        upper: std::array::from_fn(|d| (cursor[d] + reach[d] + 1).min(size[d])),
        resample: document.roi.resample,
    }
}

/// A voxel axis by the direction in which it grows.
fn axis_name(towards: char) -> &'static str {
    match towards {
        'R' => "L to R",
        'L' => "R to L",
        'A' => "P to A",
        'P' => "A to P",
        'S' => "I to S",
        _ => "S to I",
    }
}
