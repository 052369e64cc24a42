//! Messages and questions: the banner over the panes, unsaved work on closing, a segmentation on another grid.

use super::icons::{self, Icon};
use super::parts;
use crate::session::{Command, Session, Severity};
use crate::theme;
use egui::{Id, Modal, RichText, Sense, Ui, Vec2};

/// The newest message, over the panes.
pub fn notice_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let Some(notice) = &session.notice else { return };
    let palette = theme::palette(ui);
    let (colour, icon) = match notice.severity {
        Severity::Info => (palette.good, Icon::Check),
        Severity::Warning => (palette.warning, Icon::Warning),
        Severity::Error => (palette.error, Icon::Error),
    };
    let frame = egui::Frame::new().fill(palette.raised).inner_margin(egui::Margin::symmetric(12, 6));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            let (place, _) = ui.allocate_exact_size(Vec2::splat(16.0), Sense::hover());
            icons::draw(ui.painter(), place.shrink(1.0), icon, colour);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icons::icon_button(
                    ui,
                    Icon::Close,
                    "Put this message away",
                    true,
                    icons::Look::Plain,
                    Vec2::splat(20.0),
                )
                .clicked()
                {
                    out.push(Command::DismissNotice);
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(&notice.text).color(palette.strong)).wrap().selectable(true));
                });
            });
        });
    });
}

/// The questions that are open.
pub fn questions_ui(ctx: &egui::Context, session: &Session, out: &mut Vec<Command>) {
    if session.asking_to_quit {
        Modal::new(Id::unique("unsaved")).show(ctx, |ui| {
            ui.set_width(380.0);
            ui.heading("Save the mask before closing?");
            parts::weak(ui, "The segmentation has changes that are not on disk.");
            if let Some(document) = &session.document {
                parts::weak(ui, format!("It would be saved as {}", document.save_path.display()));
            }
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if parts::primary(ui, "Save and close", true).clicked() {
                    out.push(Command::SaveAndQuit);
                }
                if ui.button("Close without saving").clicked() {
                    out.push(Command::QuitWithoutSaving);
                }
                if ui.button("Cancel").clicked() {
                    out.push(Command::KeepOpen);
                }
            });
        });
    }
    if let Some(offer) = &session.segmentation_offer {
        Modal::new(Id::unique("other grid")).show(ctx, |ui| {
            ui.set_width(460.0);
            ui.heading("This segmentation lies on another grid");
            let document = session.document.as_ref();
            parts::weak(ui, format!("Segmentation: {}", offer.labels.geometry().describe()));
            parts::weak(ui, format!("Scan: {}", document.map_or_else(String::new, |d| d.image.geometry().describe())));
            parts::weak(ui, "It can be resampled onto the scan's grid by the nearest voxel, in the patient's space.");
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if parts::primary(ui, "Resample", true).clicked() {
                    out.push(Command::ResampleSegmentation);
                }
                if ui.button("Leave it").clicked() {
                    out.push(Command::DropSegmentationOffer);
                }
            });
        });
    }
}
