//! The left panel: a network's proposal and ITK-SNAP's order of work, one step open at a time, the others with what they hold.

use super::{accept, evolve, icons, parts, propose, roi, seeds, speed};
use crate::session::{Command, Dimension, Document, RunState, Session, Step};
use crate::theme;
use crate::views::Display;
use egui::{Align2, FontId, Rect, Sense, Ui, Vec2};

/// Draws the guide.
pub fn guide_ui(ui: &mut Ui, session: &Session, display: &mut Display, out: &mut Vec<Command>) {
    let Some(document) = &session.document else {
        welcome(ui, out);
        return;
    };
    ui.add_space(4.0);
    ui.add(
        egui::Label::new(egui::RichText::new(document.name()).heading().color(theme::palette(ui).strong)).truncate(),
    );
    let size = document.image.geometry().size();
    let spacing = document.image.geometry().spacing_mm();
    let shape = format!(
        "{} × {} × {} voxels, {:.2} × {:.2} × {:.2} mm",
        size[0], size[1], size[2], spacing[0], spacing[1], spacing[2]
    );
    parts::weak(ui, shape);
    ui.add_space(6.0);
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (number, step) in Step::ALL.into_iter().enumerate() {
            let open = session.step == step;
            if header(
                ui,
                number + 1,
                name(step),
                &summary(step, session, document),
                open,
                done(step, session, document),
            ) {
                out.push(Command::SetStep(step));
            }
            if open {
                let frame = egui::Frame::new().inner_margin(egui::Margin { left: 12, right: 6, top: 4, bottom: 10 });
                frame.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    match step {
                        Step::Propose => propose::propose_ui(ui, session, document, out),
                        Step::Roi => roi::roi_ui(ui, session, document, out),
                        Step::Speed => speed::speed_ui(ui, session, document, display, out),
                        Step::Seeds => seeds::seeds_ui(ui, session, document, out),
                        Step::Evolve => evolve::evolve_ui(ui, session, document, display, out),
                        Step::Accept => accept::accept_ui(ui, session, document, out),
                    }
                });
            }
        }
    });
}

fn welcome(ui: &mut Ui, out: &mut Vec<Command>) {
    ui.add_space(8.0);
    ui.label(egui::RichText::new("Contour an organ").heading().color(theme::palette(ui).strong));
    ui.add_space(2.0);
    parts::weak(
        ui,
        "Open a CT scan (NIfTI) and let a network propose the contour; or draw a box around the organ, set the window of its \
         intensities, click a seed, and press play.",
    );
    ui.add_space(10.0);
    if parts::primary(ui, "Open scan…", true).clicked() {
        out.push(Command::AskOpen);
    }
    parts::weak(ui, "or drop a file here · Ctrl+G");
}

/// A step's line; true when it was clicked.
fn header(ui: &mut Ui, number: usize, name: &str, summary: &str, open: bool, done: bool) -> bool {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 34.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, open, name));
    let painter = ui.painter().with_clip_rect(rect);
    if open || response.hovered() {
        painter.rect_filled(rect, 5.0, palette.raised);
    }
    let badge = Rect::from_center_size(rect.left_center() + Vec2::new(19.0, 0.0), Vec2::splat(20.0));
    let (fill, ink) = match (open, done) {
        (true, _) => (palette.accent, palette.on_accent),
        (false, true) => (palette.accent.gamma_multiply(0.25), palette.strong),
        (false, false) => (palette.line, palette.weak),
    };
    painter.circle_filled(badge.center(), 10.0, fill);
    if done && !open {
        icons::draw(&painter, badge.shrink(5.5), icons::Icon::Check, ink);
    } else {
        painter.text(badge.center(), Align2::CENTER_CENTER, number.to_string(), FontId::proportional(11.5), ink);
    }
    let ink = if open { palette.strong } else { ui.visuals().text_color() };
    let title = painter.text(
        rect.left_center() + Vec2::new(38.0, 0.0),
        Align2::LEFT_CENTER,
        name,
        FontId::proportional(14.0),
        ink,
    );
    if !open {
        let room = rect.right() - 8.0 - title.right() - 10.0;
        let galley = egui::WidgetText::from(egui::RichText::new(summary).size(11.5).color(palette.weak)).into_galley(
            ui,
            Some(egui::TextWrapMode::Truncate),
            room.max(10.0),
            egui::TextStyle::Small,
        );
        let at = egui::pos2(rect.right() - 8.0 - galley.size().x, rect.center().y - galley.size().y * 0.5);
        painter.galley(at, galley, palette.weak);
    }
    response.clicked()
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Propose => "Proposal",
        Step::Roi => "Region",
        Step::Speed => "Speed image",
        Step::Seeds => "Seeds",
        Step::Evolve => "Evolve",
        Step::Accept => "Label and save",
    }
}

fn summary(step: Step, session: &Session, document: &Document) -> String {
    match step {
        Step::Propose => propose::summary(session),
        Step::Roi if document.roi.covers(document.image.geometry()) => "whole scan".to_owned(),
        Step::Roi => {
            let s = document.roi.size();
            format!("{} × {} × {}", s[0], s[1], s[2])
        }
        Step::Speed => speed::summary(document),
        Step::Seeds => match document.seeds.len() {
            0 => "none".to_owned(),
            1 => "1 sphere".to_owned(),
            n => format!("{n} spheres"),
        },
        Step::Evolve => {
            let dimension = if document.evolve.dimension == Dimension::Three { "3D" } else { "2D" };
            match &session.evolution.state {
                RunState::Absent => dimension.to_owned(),
                RunState::Preparing => format!("{dimension}, preparing"),
                RunState::Running => format!("{dimension}, step {}", session.evolution.step),
                RunState::Failed(_) => format!("{dimension}, failed"),
                RunState::Paused | RunState::Stopped(_) => {
                    format!("{dimension}, {:.1} mL", session.evolution.volume_ml())
                }
            }
        }
        Step::Accept => {
            let saved = if document.unsaved() { " · unsaved" } else { "" };
            format!("{}{saved}", document.table.name(document.active_label))
        }
    }
}

fn done(step: Step, session: &Session, document: &Document) -> bool {
    match step {
        Step::Propose => session.proposal.is_some(),
        Step::Roi => !document.roi.covers(document.image.geometry()),
        Step::Speed => session.speed_ready(),
        Step::Seeds => !document.seeds.is_empty(),
        Step::Evolve => session.evolution.exists() && session.evolution.step > 0,
        Step::Accept => document.labels.is_some() && !document.unsaved(),
    }
}
