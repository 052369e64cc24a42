//! Comparing methods: what is compared (in the evolve step), and below the panes of a comparison its transport and table.

use super::icons::{Icon, Look, icon_button};
use super::parts;
use crate::session::compare::{CompareRun, METHODS, Offer, TICKS};
use crate::session::{Command, CompareCommand, ComparisonView, Plane, Session};
use crate::theme;
use crate::views::compare::colour;
use egui::{RichText, Sense, Ui, Vec2};
use zeroset_engine::compare::{Progress, Row, csv};

/// Size of the transport's buttons.
const BUTTON: Vec2 = Vec2::new(32.0, 26.0);

/// Height of transport and table for so many methods, points.
pub fn height(methods: usize) -> f32 {
    112.0 + 28.0 * methods as f32
}

/// The section of the evolve step.
pub fn section_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let open = session.compare.run.is_some();
    egui::CollapsingHeader::new("Compare methods").open(open.then_some(true)).show(ui, |ui| {
        parts::weak(ui, "Two to four methods from this contour, side by side; the first one ticked is what the others are measured against.");
        organ_ui(ui, session, out);
        let offers = session.compare_offers();
        for offer in &offers {
            offer_ui(ui, session, offer, out);
        }
        ui.add_space(2.0);
        match &session.compare.run {
            Some(run) => running_ui(ui, run, out),
            None => {
                let enough = METHODS.contains(&session.compare_chosen().len());
                let hint = "In the background; the evolution stays as it is";
                if parts::primary(ui, "Compare", enough).on_hover_text(hint).clicked() {
                    out.push(Command::Compare(CompareCommand::Start));
                }
            }
        }
        if session.compare.view.is_some() && !session.compare.open && ui.link("Show the last comparison").clicked() {
            out.push(Command::Compare(CompareCommand::Show(true)));
        }
    });
}

fn organ_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let organs = session.compared_organs();
    let Some(now) = session.compared_organ().filter(|_| organs.len() > 1) else { return };
    parts::row(ui, "Networks for", |ui| {
        let combo = egui::ComboBox::from_id_salt("compared organ").selected_text(now.as_str()).show_ui(ui, |ui| {
            for organ in organs {
                if ui.selectable_label(organ == now, organ.as_str()).clicked() {
                    let mut settings = session.compare.settings.clone();
                    settings.organ = Some(organ);
                    out.push(Command::Compare(CompareCommand::Choose(settings)));
                }
            }
        });
        combo.response.accessible_name("Networks for");
    });
}

fn offer_ui(ui: &mut Ui, session: &Session, offer: &Offer, out: &mut Vec<Command>) {
    let chosen = &session.compare.settings.chosen;
    let place = chosen.iter().position(|key| *key == offer.key);
    let mut ticked = place.is_some();
    let full = session.compare_chosen().len() >= *METHODS.end();
    ui.horizontal(|ui| {
        let enabled = offer.refusal.is_none() && (ticked || !full);
        if ui.add_enabled(enabled, egui::Checkbox::new(&mut ticked, offer.name.as_str())).changed() {
            let mut settings = session.compare.settings.clone();
            match place {
                Some(place) => {
                    settings.chosen.remove(place);
                }
                None => settings.chosen.push(offer.key.clone()),
            }
            out.push(Command::Compare(CompareCommand::Choose(settings)));
        }
        if let Some(refusal) = offer.refusal {
            parts::weak(ui, refusal);
        }
    });
}

fn running_ui(ui: &mut Ui, run: &CompareRun, out: &mut Vec<Command>) {
    let all = run.methods.len();
    let (share, text) = match run.progress() {
        None => (0.0, "Preparing".to_owned()),
        Some((method, progress)) => {
            let name = run.methods.get(method).map_or("", String::as_str);
            let (part, words) = match progress {
                Progress::Steps(steps) => (0.5, format!("step {steps}")),
                Progress::Share(share) => (share, format!("{:.0} %", 100.0 * share)),
            };
            ((method as f64 + part) / all.max(1) as f64, format!("{} of {all}: {name}, {words}", method + 1))
        }
    };
    ui.add(egui::ProgressBar::new(share as f32).text(RichText::new(text).size(12.0)));
    ui.horizontal(|ui| {
        let hint = "A level set ends where it has come to (a network is left out); the next method begins";
        if ui.button("End this method").on_hover_text(hint).clicked() {
            out.push(Command::Compare(CompareCommand::EndMethod));
        }
        if ui.button("Stop").on_hover_text("Nothing is kept of this comparison").clicked() {
            out.push(Command::Compare(CompareCommand::Stop));
        }
    });
}

/// Transport and table, in the place of the timeline.
pub fn compare_ui(ui: &mut Ui, view: &ComparisonView, out: &mut Vec<Command>) {
    let mut send = |command| out.push(Command::Compare(command));
    let rows = view.table();
    transport_ui(ui, view, &rows, &mut send);
    scrub_ui(ui, view, &mut send);
    egui::ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| table_ui(ui, view, &rows, &mut send));
}

fn transport_ui(ui: &mut Ui, view: &ComparisonView, rows: &[Row], send: &mut impl FnMut(CompareCommand)) {
    let tick = (view.position * f64::from(TICKS)).round() as u32;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let (icon, name) = if view.playing { (Icon::Pause, "Pause (Space)") } else { (Icon::Play, "Play (Space)") };
        let buttons = [
            (Icon::Start, "Back to the start (Home)", Look::Plain, CompareCommand::GoTo(0)),
            (Icon::Back, "Step back (B)", Look::Plain, CompareCommand::GoTo(tick.saturating_sub(1))),
            (icon, name, Look::Primary, CompareCommand::TogglePlay),
            (Icon::Forward, "Step forward (N)", Look::Plain, CompareCommand::GoTo((tick + 1).min(TICKS))),
            (Icon::End, "To the end (End)", Look::Plain, CompareCommand::GoTo(TICKS)),
        ];
        for (icon, name, look, command) in buttons {
            let size = if look == Look::Primary { Vec2::new(48.0, BUTTON.y) } else { BUTTON };
            if icon_button(ui, icon, name, true, look, size).clicked() {
                send(command);
            }
        }
        pair_ui(ui, view, send);
        if view.place.slice.is_none() {
            ui.separator();
            let mut plane = view.plane;
            if parts::choice(ui, &mut plane, &Plane::ALL.map(|plane| (plane, plane.name()))) {
                send(CompareCommand::SetPlane(plane));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let hint = "Back to the evolution, which is as it was";
            if ui.button("Close comparison").on_hover_text(hint).clicked() {
                send(CompareCommand::Show(false));
            }
            if ui.button("Copy table").on_hover_text("As CSV, of the moment shown").clicked() {
                ui.ctx().copy_text(csv(rows));
            }
        });
    });
}

/// Which two methods the difference pane shows.
fn pair_ui(ui: &mut Ui, view: &ComparisonView, send: &mut impl FnMut(CompareCommand)) {
    let names: Vec<&str> = view.comparison.tracks.iter().map(|track| track.name.as_str()).collect();
    if names.len() < 3 {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Difference").size(12.5));
    let before = [view.pair.0, view.pair.1];
    let mut pair = before;
    for (side, salt) in ["difference, first", "difference, second"].into_iter().enumerate() {
        let chosen = names.get(pair[side]).copied().unwrap_or_default();
        let combo = egui::ComboBox::from_id_salt(salt).selected_text(chosen).show_ui(ui, |ui| {
            for (number, name) in names.iter().enumerate().filter(|(number, _)| *number != before[1 - side]) {
                ui.selectable_value(&mut pair[side], number, *name);
            }
        });
        combo.response.accessible_name(salt);
    }
    if (pair[0], pair[1]) != view.pair {
        send(CompareCommand::SetPair(pair[0], pair[1]));
    }
}

fn scrub_ui(ui: &mut Ui, view: &ComparisonView, send: &mut impl FnMut(CompareCommand)) {
    ui.horizontal(|ui| {
        let label = format!("{:>3.0} % of each method's way", 100.0 * view.position);
        ui.spacing_mut().slider_width = (ui.available_width() - 190.0).max(100.0);
        let mut tick = (view.position * f64::from(TICKS)).round() as u32;
        let slider = egui::Slider::new(&mut tick, 0..=TICKS).show_value(false);
        if ui.add(slider).on_hover_text("Progress of all methods").changed() {
            send(CompareCommand::GoTo(tick));
        }
        parts::weak(ui, label);
    });
}

fn table_ui(ui: &mut Ui, view: &ComparisonView, rows: &[Row], send: &mut impl FnMut(CompareCommand)) {
    let palette = theme::palette(ui);
    let reference = view.reference.as_ref().map(|reference| reference.0.as_str());
    let first = rows.first().map_or("", |row| row.method.as_str());
    let grid = egui::Grid::new("comparison").striped(true).spacing(Vec2::new(22.0, 3.0)).min_row_height(24.0);
    grid.show(ui, |ui| {
        let head = |ui: &mut Ui, text: String| ui.label(RichText::new(text).size(11.5).color(palette.weak));
        head(ui, "Method".to_owned());
        head(ui, "Work".to_owned());
        head(ui, "Time".to_owned());
        head(ui, "Volume".to_owned());
        head(ui, "From the start".to_owned());
        head(ui, format!("Dice to {first}"));
        head(ui, format!("HD95 to {first}"));
        if let Some(reference) = reference {
            head(ui, format!("Dice to {reference}"));
        }
        head(ui, String::new());
        ui.end_row();
        for (number, row) in rows.iter().enumerate() {
            row_ui(ui, view, number, row, send);
            ui.end_row();
        }
    });
}

fn row_ui(ui: &mut Ui, view: &ComparisonView, number: usize, row: &Row, send: &mut impl FnMut(CompareCommand)) {
    let palette = theme::palette(ui);
    let strong = |text: String| RichText::new(text).size(12.5).color(palette.strong);
    let ratio = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    let track = &view.comparison.tracks[number];
    ui.horizontal(|ui| {
        let (square, _) = ui.allocate_exact_size(Vec2::splat(11.0), Sense::hover());
        ui.painter().rect_filled(square, 2.0, colour(number));
        let mut hover = vec![row.end.clone()];
        hover.extend(track.warnings.iter().cloned());
        if track.thinned {
            hover.push("moments were left out: they did not fit the memory; a smaller region keeps more".to_owned());
        }
        let marked = !track.warnings.is_empty() || track.thinned;
        ui.label(strong(row.method.clone())).on_hover_text(hover.join("\n"));
        if marked {
            ui.label(RichText::new("!").color(palette.warning)).on_hover_text(hover.join("\n"));
        }
    });
    ui.label(strong(row.work.words())).on_hover_text(row.end.as_str());
    ui.label(strong(format!("{:.2} s", row.duration_s)));
    ui.label(strong(format!("{:.1} mL", row.volume_ml)));
    ui.label(strong(format!("{:+.1} mL", row.change_ml)));
    let own = number == 0;
    ui.label(strong(if own { "–".to_owned() } else { ratio(row.dice_to_first) }));
    ui.label(strong(match row.hd95_to_first_mm {
        _ if own => "–".to_owned(),
        Some(mm) => format!("{mm:.1} mm"),
        None if view.measured() => "–".to_owned(),
        None => "…".to_owned(),
    }));
    if view.reference.is_some() {
        ui.label(strong(ratio(row.dice_to_reference)));
    }
    let hint = "Its contour at the moment shown goes into the evolution; accept it there";
    if ui.button("Take this one").on_hover_text(hint).clicked() {
        send(CompareCommand::Take(number));
    }
}
