//! Step 3: the spheres from which the contour starts.

use super::icons::{Icon, Look, icon_button};
use super::parts;
use crate::session::{Command, Document, Session, Step};
use crate::theme;
use egui::Ui;
use zeroset_engine::levelset::Seed;

/// Draws the step.
pub fn seeds_ui(ui: &mut Ui, session: &Session, document: &Document, out: &mut Vec<Command>) {
    parts::weak(
        ui,
        "Click inside the organ in any pane. Drag a sphere's middle to move it, its rim to size it; right click deletes.",
    );
    let mut radius = session.radius_mm as f32;
    if parts::slider(ui, "Radius", &mut radius, 1.0..=40.0, 0.5, " mm") {
        out.push(Command::SetRadius(f64::from(radius)));
    }
    let geometry = document.image.geometry();
    ui.horizontal(|ui| {
        if ui.button("Add at cursor").clicked() {
            let center_mm = geometry.world_of_voxel(session.cursor.map(|v| v as f64));
            out.push(Command::AddSeed(Seed { center_mm, radius_mm: session.radius_mm }));
        }
        if ui.add_enabled(!document.seeds.is_empty(), egui::Button::new("Remove all")).clicked() {
            out.push(Command::ClearSeeds);
        }
    });
    egui::Grid::new("seeds").num_columns(4).spacing([8.0, 4.0]).striped(false).show(ui, |ui| {
        for (index, seed) in document.seeds.iter().enumerate() {
            let [r, a, s] = seed.center_mm;
            let place = egui::RichText::new(format!("{r:.0}, {a:.0}, {s:.0}")).monospace().size(11.5);
            ui.label(egui::RichText::new(format!("{}", index + 1)).color(theme::SEED));
            if ui.link(place).on_hover_text("Show it (R, A, S in mm)").clicked() {
                out.push(Command::SetCursor(geometry.voxel_of_world(seed.center_mm).map(|v| v.round() as i64)));
            }
            let mut radius_mm = seed.radius_mm;
            let drag = egui::DragValue::new(&mut radius_mm).speed(0.2).range(0.5..=100.0).suffix(" mm").max_decimals(1);
            if ui.add(drag).on_hover_text("Radius").changed() {
                out.push(Command::SetSeed(index, Seed { radius_mm, ..*seed }));
            }
            if icon_button(ui, Icon::Close, "Delete", true, Look::Plain, egui::Vec2::splat(18.0)).clicked() {
                out.push(Command::RemoveSeed(index));
            }
            ui.end_row();
        }
    });
    if document.seeds.is_empty() && document.labels.as_ref().is_some_and(|l| l.count(document.active_label) > 0) {
        parts::weak(
            ui,
            format!("Without a seed the contour starts from the label {}.", document.table.name(document.active_label)),
        );
    }
    ui.add_space(4.0);
    if parts::primary(ui, "Next: evolve", !document.seeds.is_empty() || document.labels.is_some()).clicked() {
        out.push(Command::SetStep(Step::Evolve));
    }
}
