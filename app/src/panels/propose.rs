//! The first step: a network proposes a contour, and the user decides what becomes of it.

use super::parts;
use crate::session::proposal::{Proposal, ProposalRun, ProposalSettings, Scope};
use crate::session::{Command, DeviceChoice, Document, Session, Step};
use crate::theme;
use egui::{RichText, Ui};
use zeroset_engine::analysis::{PartName, Side};

/// What the step holds, in a few words.
pub fn summary(session: &Session) -> String {
    match (&session.proposing, &session.proposal) {
        (Some(run), _) => format!("looking for the {}", run.organ),
        (None, Some(proposal)) => format!("{}, {:.1} mL", proposal.record.organ, proposal.findings.volume_ml),
        (None, None) if session.proposal_choice().is_none() => "no network".to_owned(),
        (None, None) => "by a network".to_owned(),
    }
}

/// Draws the step.
pub fn propose_ui(ui: &mut Ui, session: &Session, document: &Document, out: &mut Vec<Command>) {
    let Some((organ, method)) = session.proposal_choice() else {
        parts::weak(
            ui,
            "No trained network is part of this program. Contour from seeds, or start it with --models DIR on a folder of \
             networks that `zeroset train` made.",
        );
        by_hand(ui, out);
        return;
    };
    let mut settings = session.proposal_settings.clone();
    let mut chosen = organ.clone();
    let organs = session.catalogue.organs();
    parts::row(ui, "Organ", |ui| {
        for name in &organs {
            ui.selectable_value(&mut chosen, (*name).to_owned(), capital(name));
        }
    });
    if chosen != organ {
        settings.organ = Some(chosen);
    }
    ui.collapsing("How and where", |ui| how_ui(ui, session, document, (&organ, &method), &mut settings));
    if settings != session.proposal_settings {
        out.push(Command::SetProposalSettings(settings));
    }
    ui.add_space(2.0);
    match &session.proposing {
        Some(run) => running_ui(ui, run, out),
        None => {
            // Once there is a proposal, the next thing to do is to decide on it.
            let button = if session.proposal.is_some() {
                ui.button("Propose again")
            } else {
                parts::primary(ui, "Propose", true)
            };
            if button.on_hover_text("A network draws a contour; nothing is changed by it").clicked() {
                out.push(Command::Propose);
            }
        }
    }
    match (&session.proposal, &session.proposal_set_aside) {
        (Some(proposal), _) => proposal_ui(ui, session, document, proposal, out),
        (None, Some(_)) => {
            if ui.link("Show the last proposal again").clicked() {
                out.push(Command::RestoreProposal);
            }
        }
        (None, None) => {}
    }
    by_hand(ui, out);
}

/// Method, place and device.
fn how_ui(
    ui: &mut Ui,
    session: &Session,
    document: &Document,
    (organ, method): (&str, &str),
    settings: &mut ProposalSettings,
) {
    parts::row(ui, "Method", |ui| {
        let combo =
            egui::ComboBox::from_id_salt("proposal method").selected_text(method_name(method)).show_ui(ui, |ui| {
                for name in session.catalogue.methods(organ) {
                    if ui.selectable_label(name == method, method_name(name)).clicked() {
                        settings.method = Some(name.to_owned());
                    }
                }
            });
        combo.response.accessible_name("Method");
    });
    parts::row(ui, "Where", |ui| {
        let mut options = vec![(Scope::Scan, "Scan"), (Scope::Slice, "This slice")];
        if !document.roi.covers(document.image.geometry()) {
            options.insert(1, (Scope::Region, "Region"));
        }
        parts::choice(ui, &mut settings.scope, &options);
    });
    parts::row(ui, "Device", |ui| {
        let options = [(DeviceChoice::Auto, "Automatic"), (DeviceChoice::Cpu, "CPU"), (DeviceChoice::Gpu, "GPU")];
        parts::choice(ui, &mut settings.device, &options);
    });
    let Ok(chosen) = session.catalogue.choose(organ, Some(method)) else { return };
    for network in chosen.first.into_iter().chain([chosen.network]) {
        let card = &network.manifest.card;
        let title = if card.title.is_empty() { &network.name } else { &card.title };
        parts::weak(ui, format!("{title}: {} parameters", network.manifest.parameters)).on_hover_ui(|ui| {
            ui.set_max_width(420.0);
            for text in [&card.purpose, &card.data, &card.licence, &card.limits].into_iter().filter(|t| !t.is_empty()) {
                ui.label(text);
            }
            ui.label("Not a medical device.");
        });
    }
}

fn running_ui(ui: &mut Ui, run: &ProposalRun, out: &mut Vec<Command>) {
    let (slices, of, evolving) = run.progress();
    let stage = if evolving { "evolving" } else { "finding" };
    let text = if of == 0 { "Loading the network".to_owned() } else { format!("{stage}, slice {slices} of {of}") };
    ui.horizontal(|ui| {
        let share = slices as f32 / of.max(1) as f32;
        let width = ui.available_width() - 72.0;
        let bar = egui::ProgressBar::new(share).desired_width(width.max(60.0)).text(RichText::new(text).size(12.0));
        ui.add(bar);
        if ui.button("Stop").clicked() {
            out.push(Command::CancelProposal);
        }
    });
}

/// The proposal: volumes, warnings, and what may become of it.
fn proposal_ui(ui: &mut Ui, session: &Session, document: &Document, proposal: &Proposal, out: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let findings = &proposal.findings;
    let what = match proposal.scope {
        Scope::Slice => format!("{}, {:.2} mL in this slice", capital(&proposal.record.organ), findings.volume_ml),
        _ => format!("{}, {:.1} mL", capital(&proposal.record.organ), findings.volume_ml),
    };
    ui.add_space(2.0);
    ui.label(RichText::new(what).size(14.0).color(palette.strong));
    if findings.parts.len() > 1 || findings.parts.iter().any(|part| part.name != PartName::Organ) {
        let words =
            |part: &zeroset_engine::analysis::Part| format!("{} {:.1} mL", part_name(part.name), part.volume_ml);
        parts::weak(ui, findings.parts.iter().map(words).collect::<Vec<_>>().join(" · "));
    }
    parts::weak(ui, how(proposal));
    for warning in &proposal.warnings {
        ui.add(egui::Label::new(RichText::new(capital(warning)).size(12.0).color(palette.warning)).wrap());
    }
    ui.add_space(2.0);
    let active = document.table.name(document.active_label);
    let sides = session.side_labels().filter(|_| findings.midline_mm.is_some());
    if let Some(sides) = sides {
        let text = "Accept as left and right kidney";
        let hint = format!("Into {} and {}", document.table.name(sides.left), document.table.name(sides.right));
        if parts::primary(ui, text, true).on_hover_text(hint).clicked() {
            out.push(Command::AcceptProposal { by_side: true });
        }
    }
    let into = format!("Accept into {active}");
    let accept = if sides.is_some() { ui.button(into) } else { parts::primary(ui, into, true) };
    if accept.on_hover_text("Everything into the active label; Ctrl+Z takes it back").clicked() {
        out.push(Command::AcceptProposal { by_side: false });
    }
    ui.horizontal(|ui| {
        let evolve = ui.button("Start evolution from it");
        if evolve.on_hover_text("The contour becomes the start of an evolution, in the place of seeds").clicked() {
            out.push(Command::EvolveProposal);
        }
        if ui.button("Discard").on_hover_text("Puts it away; the labels stay as they are").clicked() {
            out.push(Command::DiscardProposal);
        }
    });
}

/// Which network, and how long it took.
fn how(proposal: &Proposal) -> String {
    let record = &proposal.record;
    let start = record.first.as_ref().map_or_else(String::new, |first| format!(" from {}", first.0));
    let time = record.time.map_or_else(String::new, |time| format!(", t = {time}"));
    format!("{}{start}{time}, {:.1} s", record.network.0, record.duration_s)
}

fn by_hand(ui: &mut Ui, out: &mut Vec<Command>) {
    ui.add_space(4.0);
    if ui.link("Seed by hand instead").on_hover_text("Region, speed image, seeds, evolution").clicked() {
        out.push(Command::SetStep(Step::Roi));
    }
}

fn method_name(method: &str) -> &str {
    match method {
        "unet" => "UNet",
        "node-contour" => "UNet, then contour ODE",
        "node-image" => "Image ODE",
        "node-stack" => "Stack of ODEs",
        "lsn" => "Level set network",
        "deep-chan-vese" => "Deep Chan–Vese",
        other => other,
    }
}

fn part_name(name: PartName) -> &'static str {
    match name {
        PartName::Organ => "whole",
        PartName::Kidney(Side::Left) => "left",
        PartName::Kidney(Side::Right) => "right",
        PartName::BothKidneys => "across the midline",
        PartName::FurtherKidney => "further",
    }
}

/// With a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
