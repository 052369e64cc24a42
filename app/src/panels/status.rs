//! The status bar: what is under the pointer, what is being done, and on what.

use super::overlays;
use crate::session::Session;
use crate::theme;
use crate::views::Display;
use crate::worker::Busy;
use egui::{RichText, Ui};
use std::time::Duration;

/// Work that takes less than this is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_millis(250);

/// Draws the status bar.
pub fn status_ui(ui: &mut Ui, session: &Session, display: &Display, busy: &[Busy], adapter: &str) {
    ui.horizontal_centered(|ui| {
        let palette = theme::palette(ui);
        ui.spacing_mut().item_spacing.x = 16.0;
        let number = |text: String| RichText::new(text).monospace().size(11.5);
        if let Some(Probe { voxel, value, world, label }) = under_pointer(session, display) {
            ui.label(number(format!("{value:>7.1} HU")).color(palette.strong));
            ui.label(number(format!("R {:+.1}  A {:+.1}  S {:+.1} mm", world[0], world[1], world[2])));
            ui.label(number(format!("voxel {}, {}, {}", voxel[0] + 1, voxel[1] + 1, voxel[2] + 1)).color(palette.weak));
            if let Some(label) = label {
                ui.label(RichText::new(label).size(11.5));
            }
        } else {
            ui.label(RichText::new(" ").size(11.5));
        }
        agreement_ui(ui, session);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new(adapter).size(11.0).color(palette.weak));
            for job in busy.iter().filter(|b| b.since.elapsed() > WORTH_A_WORD) {
                if ui.small_button("Cancel").clicked() {
                    job.cancel();
                }
                ui.label(RichText::new(format!("{}, {:.0} s", job.what, job.since.elapsed().as_secs_f64())).size(11.5));
                ui.spinner();
            }
        });
    });
}

/// How the contour agrees with the reference, where there are both.
fn agreement_ui(ui: &mut Ui, session: &Session) {
    let strong = theme::palette(ui).strong;
    let Some(agreement) = session.agreement() else {
        if session.evolution.exists() && session.reference.as_ref().is_some_and(|r| r.mask.is_some()) {
            ui.label(RichText::new("Dice: pause to see it").size(11.5));
        }
        return;
    };
    let counted = overlays::counted(&agreement, session.evolution.exists());
    ui.label(RichText::new(overlays::dice(&agreement)).size(11.5).color(strong)).on_hover_text(&counted);
    let volumes = format!("contour {:.1}, reference {:.1} mL", agreement.contour_ml(), agreement.reference_ml());
    ui.label(RichText::new(volumes).size(11.5)).on_hover_text(counted);
}

/// What lies under the pointer.
struct Probe {
    voxel: [usize; 3],
    value: f32,
    world: [f64; 3],
    label: Option<String>,
}

fn under_pointer(session: &Session, display: &Display) -> Option<Probe> {
    let (document, hover) = (session.document.as_ref()?, display.hover?);
    let geometry = document.image.geometry();
    let near = hover.voxel.map(f64::round);
    if (0..3).any(|d| near[d] < 0.0 || near[d] >= geometry.size()[d] as f64) {
        return None;
    }
    let voxel = near.map(|v| v as usize);
    let label = document.labels.as_ref().map(|l| l.at(voxel)).filter(|&l| l != 0);
    Some(Probe {
        voxel,
        value: document.image.at(voxel),
        world: geometry.world_of_voxel(hover.voxel),
        label: label.map(|l| document.table.name(l)),
    })
}
