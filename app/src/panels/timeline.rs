//! The evolution timeline: a transport like a video editor's, with live plots beside it.

use super::icons::{Icon, Look, icon_button};
use super::{parts, plots};
use crate::session::neural::MOMENTS;
use crate::session::{Command, RunState, Session};
use crate::theme;
use egui::{Align2, FontId, Rect, Sense, Stroke, Ui, Vec2};
use zeroset_engine::levelset::history::Event;

/// Size of the transport's buttons.
const BUTTON: Vec2 = Vec2::new(34.0, 28.0);

/// Draws the timeline.
pub fn timeline_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let plots_width = (0.42 * ui.available_width()).clamp(260.0, 620.0);
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.allocate_ui(Vec2::new(ui.available_width() - plots_width - 12.0, height), |ui| {
            ui.vertical(|ui| {
                transport_ui(ui, session, out);
                scrub_ui(ui, session, out);
                readout_ui(ui, session, out);
            });
        });
        ui.add_space(4.0);
        plots::plots_ui(ui, Vec2::new(plots_width, height - 2.0), session);
    });
}

fn transport_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let evolution = &session.evolution;
    let exists = evolution.exists();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut button_pressed = false;
        let mut button = |ui: &mut Ui, icon: Icon, name: &str, enabled: bool, command: Command| {
            if icon_button(ui, icon, name, enabled, Look::Plain, BUTTON).clicked() {
                out.push(command);
            }
        };
        button(ui, Icon::Start, "Back to the start (Home)", exists, Command::Seek(0));
        button(ui, Icon::Back, "Step back (B)", exists && evolution.step > 0, Command::StepBack(1));
        let (icon, name) =
            if evolution.running() { (Icon::Pause, "Pause (Space)") } else { (Icon::Play, "Play (Space)") };
        let enabled = session.document.is_some() && evolution.state != RunState::Preparing;
        if icon_button(ui, icon, name, enabled, Look::Primary, Vec2::new(52.0, BUTTON.y)).clicked() {
            button_pressed = true;
        }
        button(ui, Icon::Forward, "Step forward (N)", session.document.is_some(), Command::StepForward(1));
        button(ui, Icon::End, "To the newest step (End)", exists, Command::Seek(evolution.last_step));
        ui.add_space(6.0);
        button(
            ui,
            Icon::Restart,
            "Restart from where it began, with the settings as they are now",
            exists,
            Command::Restart,
        );
        if button_pressed {
            out.push(Command::TogglePlay);
        }
        ui.separator();
        let branch = ui.add_enabled(exists, egui::Button::new("Branch here").min_size(Vec2::new(0.0, 28.0)));
        if branch.on_hover_text("Leave this line at the present step; the old line stays").clicked() {
            out.push(Command::Branch);
        }
        branches_ui(ui, session, out);
        let mut steps = session.steps_per_picture;
        ui.separator();
        let drag = egui::DragValue::new(&mut steps).range(1..=100).speed(0.2).suffix(" steps / picture");
        if ui
            .add(drag)
            .on_hover_text("Speed: how far the contour moves between two pictures, 60 of which come a second")
            .changed()
        {
            out.push(Command::SetStepsPerPicture(steps));
        }
    });
}

fn branches_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let (count, active) = session.evolution.branches;
    if count < 2 {
        return;
    }
    for branch in 0..count.min(12) {
        let name = char::from(b'A' + branch as u8).to_string();
        if ui.selectable_label(branch == active, name).on_hover_text("Show this branch").clicked() && branch != active {
            out.push(Command::SwitchTo(branch));
        }
    }
}

/// The bar to scrub on, with the marks of edits, changes and branches.
fn scrub_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let evolution = &session.evolution;
    let palette = theme::palette(ui);
    let (area, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, "Timeline"));
    let track = Rect::from_center_size(area.center(), Vec2::new(area.width() - 16.0, 6.0));
    let painter = ui.painter();
    painter.rect_filled(track, 3.0, palette.line);
    if !evolution.exists() {
        let text = match evolution.state {
            RunState::Preparing => "Preparing…",
            _ => "The timeline begins with the first step",
        };
        painter.text(
            area.left_bottom() + Vec2::new(8.0, 0.0),
            Align2::LEFT_BOTTOM,
            text,
            FontId::proportional(11.0),
            palette.weak,
        );
        return;
    }
    // A network's t runs to 1, however far it has been solved.
    let whole = if evolution.neural.is_some() { MOMENTS } else { 1 };
    let last = evolution.last_step.max(whole) as f32;
    let place = |step: u64| track.left() + track.width() * (step as f32 / last).min(1.0);
    let head = place(evolution.step);
    painter.rect_filled(Rect::from_min_max(track.min, egui::pos2(head, track.bottom())), 3.0, palette.accent);
    for &(step, event) in evolution.marks.iter() {
        let colour = match event {
            Event::Edit => theme::CONTOUR,
            Event::Parameters => palette.warning,
            Event::Start | Event::Passing => palette.weak,
        };
        let x = place(step);
        painter.line_segment(
            [egui::pos2(x, track.top() - 5.0), egui::pos2(x, track.bottom() + 5.0)],
            Stroke::new(2.0, colour),
        );
    }
    let radius = if response.hovered() || response.dragged() { 8.0 } else { 6.5 };
    painter.circle(egui::pos2(head, track.center().y), radius, palette.strong, Stroke::new(2.0, palette.accent));
    if let Some(at) = response.interact_pointer_pos() {
        let step = ((at.x - track.left()) / track.width()).clamp(0.0, 1.0) * last;
        out.push(Command::Seek(step.round() as u64));
    } else if let Some(at) = response.hover_pos() {
        let step = ((at.x - track.left()) / track.width()).clamp(0.0, 1.0) * last;
        let by_network = evolution.neural.is_some() && step <= MOMENTS as f32;
        let text = if by_network { format!("t = {:.3}", step / MOMENTS as f32) } else { format!("step {step:.0}") };
        response.on_hover_text_at_pointer(text);
    }
}

fn readout_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let evolution = &session.evolution;
    if !evolution.exists() {
        return;
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let palette = theme::palette(ui);
        let strong = |text: String| egui::RichText::new(text).size(12.5).color(palette.strong);
        match evolution.neural.as_ref().map(|neural| (neural.t, neural)) {
            Some((Some(t), neural)) => {
                ui.label(strong(format!("t = {t:.3}")));
                if neural.solving {
                    let (done, of) = neural.finished;
                    parts::weak(ui, format!("solving: {done} of {of} slices"));
                }
            }
            Some((None, neural)) => {
                let step = evolution.step - (neural.origin.t * MOMENTS as f64).round() as u64;
                ui.label(strong(format!("t = {:.3}, then step {step}", neural.origin.t)));
            }
            None => {
                ui.label(strong(format!("step {} / {}", evolution.step, evolution.last_step)));
                ui.label(strong(format!("t = {:.2}", evolution.time)));
            }
        }
        ui.label(strong(format!("{:.1} mL", evolution.volume_ml())));
        if let Some(report) = evolution.report().filter(|_| evolution.neural.as_ref().is_none_or(|n| n.t.is_none())) {
            parts::weak(ui, format!("RMS {:.3} mm/t", report.stats.rms_rate));
        }
        if evolution.ms_per_step > 0.0 {
            parts::weak(ui, format!("{:.1} ms/step", evolution.ms_per_step));
        }
        let history =
            format!("history {} of {}", parts::bytes(evolution.history_bytes), parts::bytes(evolution.history_budget));
        parts::weak(ui, history)
            .on_hover_text("Stored φ; when the budget is used up, moments between are computed again when asked for");
        if ui.link("Discard").on_hover_text("Throw this evolution away").clicked() {
            out.push(Command::Discard);
        }
    });
}
