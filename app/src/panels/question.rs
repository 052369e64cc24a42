//! Messages and questions: the banner over the panes, unsaved work on closing, a segmentation on another grid.

use super::icons::{self, Icon};
use super::parts;
use crate::session::{Command, Session, Severity};
use crate::theme;
use egui::{Id, Modal, Rect, RichText, Sense, Vec2};

/// How long good news stays.
const NEWS: f64 = 6.0;

/// The newest message, over the panes: the panes stay where they are. Good news goes away by itself.
pub fn notice_ui(ctx: &egui::Context, area: Rect, session: &Session, out: &mut Vec<Command>) {
    let Some(notice) = &session.notice else { return };
    let now = ctx.input(|i| i.time);
    let since = ctx.data_mut(|d| *d.get_temp_mut_or_insert_with(Id::unique(("notice", notice.serial)), || now));
    if notice.severity == Severity::Info {
        if now - since > NEWS {
            out.push(Command::DismissNotice);
            return;
        }
        ctx.request_repaint_after(std::time::Duration::from_secs_f64(NEWS));
    }
    let place = egui::Area::new(Id::unique("notice")).pivot(egui::Align2::CENTER_TOP);
    place.fixed_pos(area.center_top() + Vec2::new(0.0, 34.0)).order(egui::Order::Foreground).show(ctx, |ui| {
        let palette = theme::palette(ui);
        let (colour, icon) = match notice.severity {
            Severity::Info => (palette.good, Icon::Check),
            Severity::Warning => (palette.warning, Icon::Warning),
            Severity::Error => (palette.error, Icon::Error),
        };
        let frame = egui::Frame::popup(ui.style()).inner_margin(egui::Margin::symmetric(12, 8)).stroke((1.0, colour));
        frame.show(ui, |ui| {
            ui.set_max_width((0.7 * area.width()).max(320.0));
            ui.horizontal(|ui| {
                let (place, _) = ui.allocate_exact_size(Vec2::splat(16.0), Sense::hover());
                icons::draw(ui.painter(), place.shrink(1.0), icon, colour);
                let text = RichText::new(&notice.text).color(palette.strong);
                ui.add(egui::Label::new(text).wrap().selectable(true));
                let close = icons::icon_button(
                    ui,
                    Icon::Close,
                    "Put this message away",
                    true,
                    icons::Look::Plain,
                    Vec2::splat(20.0),
                );
                if close.clicked() {
                    out.push(Command::DismissNotice);
                }
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
