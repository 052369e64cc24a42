//! The list of keys, made from the table that carries them out.

use crate::keys::{BINDINGS, MOUSE};
use crate::theme;
use egui::{RichText, Ui};

/// Shows the list; false when it was closed.
pub fn help_ui(ctx: &egui::Context) -> bool {
    let mut open = true;
    egui::Window::new("Keys")
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .frame(egui::Frame::window(&ctx.global_style()).inner_margin(egui::Margin::symmetric(20, 12)))
        .anchor(egui::Align2::CENTER_CENTER, egui::Vec2::ZERO)
        .show(ctx, |ui| {
            ui.columns(3, |columns| {
                let mut groups: Vec<&str> = Vec::new();
                for binding in BINDINGS {
                    if !groups.contains(&binding.group) {
                        groups.push(binding.group);
                    }
                }
                for group in groups {
                    let column = match group {
                        "File" | "Edit" | "Tools" => 0,
                        "Evolution" | "Steps" | "Cursor" | "Labels" => 1,
                        _ => 2,
                    };
                    let rows = BINDINGS.iter().filter(|b| b.group == group).map(|b| (b.shown, b.text));
                    group_ui(&mut columns[column], group, rows);
                }
                group_ui(&mut columns[1], "Mouse", MOUSE.iter().copied());
            });
        });
    open
}

fn group_ui<'a>(ui: &mut Ui, name: &str, rows: impl Iterator<Item = (&'a str, &'a str)>) {
    let palette = theme::palette(ui);
    ui.add_space(6.0);
    ui.label(RichText::new(name).size(13.5).color(palette.accent));
    egui::Grid::new(name).num_columns(2).spacing([12.0, 3.0]).show(ui, |ui| {
        for (keys, text) in rows {
            ui.label(RichText::new(keys).size(12.0).color(palette.strong));
            ui.label(RichText::new(text).size(12.0));
            ui.end_row();
        }
    });
}
