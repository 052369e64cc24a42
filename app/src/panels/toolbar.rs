//! The top bar: menus, tools, the display window.

use super::icons::{Icon, Look, icon_button};
use super::overlays;
use crate::keys::Chrome;
use crate::recent::Recent;
use crate::session::{Command, CompareCommand, Export, Session, Tool, WINDOW_PRESETS, Window};
use crate::theme;
use crate::views::Display;
use egui::{RichText, Ui, Vec2};

/// Tools with key, icon and name.
const TOOLS: [(Tool, Icon, &str); 6] = [
    (Tool::Crosshair, Icon::Crosshair, "Crosshair (1)"),
    (Tool::ZoomPan, Icon::Zoom, "Zoom and pan (2)"),
    (Tool::Contrast, Icon::Contrast, "Display window: drag across for width, up and down for level (3)"),
    (Tool::Brush, Icon::Brush, "Brush on the contour: left adds, right removes (4)"),
    (Tool::Roi, Icon::Roi, "Region of interest (5)"),
    (Tool::Seed, Icon::Seed, "Seeds (6)"),
];

/// Draws the top bar.
pub fn toolbar_ui(
    ui: &mut Ui,
    session: &Session,
    display: &mut Display,
    chrome: &mut Chrome,
    recent: &Recent,
    out: &mut Vec<Command>,
) {
    ui.horizontal_centered(|ui| {
        let palette = theme::palette(ui);
        ui.label(RichText::new("zeroset").size(16.0).color(palette.accent));
        ui.add_space(8.0);
        menus_ui(ui, session, display, chrome, recent, out);
        ui.separator();
        for (tool, icon, name) in TOOLS {
            let look = if session.tool == tool { Look::Selected } else { Look::Plain };
            if icon_button(ui, icon, name, true, look, Vec2::new(32.0, 28.0)).clicked() {
                out.push(Command::SetTool(tool));
            }
        }
        ui.separator();
        window_ui(ui, session, out);
        overlays::overlays_button(ui, session, out);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Keys  F1").clicked() {
                chrome.help ^= true;
            }
            let icon = if ui.visuals().dark_mode { Icon::Sun } else { Icon::Moon };
            if icon_button(ui, icon, "Dark, light (Ctrl+T)", true, Look::Plain, Vec2::splat(28.0)).clicked() {
                chrome.toggle_theme = true;
            }
        });
    });
}

fn menus_ui(
    ui: &mut Ui,
    session: &Session,
    display: &mut Display,
    chrome: &mut Chrome,
    recent: &Recent,
    out: &mut Vec<Command>,
) {
    let open = session.document.is_some();
    let mut item = |ui: &mut Ui, text: &str, keys: &str, enabled: bool, command: Command| {
        if ui.add_enabled(enabled, egui::Button::new(text).shortcut_text(keys)).clicked() {
            out.push(command);
            ui.close();
        }
    };
    ui.menu_button("File", |ui| {
        ui.set_min_width(240.0);
        item(ui, "Open scan…", "Ctrl+G", true, Command::AskOpen);
        ui.add_enabled_ui(!recent.paths().is_empty(), |ui| {
            ui.menu_button("Open recent", |ui| {
                for (index, path) in recent.paths().iter().enumerate() {
                    if ui.button(path.to_string_lossy()).clicked() {
                        chrome.open_recent = Some(index);
                        ui.close();
                    }
                }
            });
        });
        item(ui, "Open segmentation…", "Ctrl+O", open, Command::AskOpenSegmentation);
        item(ui, "Open reference…", "", open, Command::AskOpenReference);
        item(ui, "Import speed image…", "", open, Command::AskImportSpeed);
        item(ui, "Load label descriptions…", "", open, Command::AskOpenDescriptions);
        ui.separator();
        let mask = session.document.as_ref().is_some_and(|d| d.labels.is_some());
        item(ui, "Save mask", "Ctrl+S", mask, Command::SaveMask);
        item(ui, "Save mask as…", "", mask, Command::AskSave(Export::Mask));
        item(ui, "Save label descriptions…", "", open, Command::AskSave(Export::Descriptions));
        let there = session.evolution.exists();
        item(ui, "Save φ…", "", there, Command::AskSave(Export::Phi));
        let speed = session.document.as_ref().is_some_and(|d| d.speed_image.is_some());
        item(ui, "Save speed image…", "", speed, Command::AskSave(Export::Speed));
        item(ui, "Save animation…", "", there, Command::AskSave(Export::Animation));
        item(ui, "Save series of pictures…", "", there, Command::AskSave(Export::Pictures));
        item(ui, "Save φ over time…", "", there, Command::AskSave(Export::PhiOverTime));
        ui.separator();
        item(ui, "Quit", "Ctrl+Q", true, Command::Quit);
    });
    ui.menu_button("Edit", |ui| {
        ui.set_min_width(220.0);
        let name = |verb: &str, what: Option<&str>| what.map_or_else(|| verb.to_owned(), |w| format!("{verb}: {w}"));
        let (undo, redo) = (session.history.undo_name(), session.history.redo_name());
        item(ui, &name("Undo", undo), "Ctrl+Z", undo.is_some(), Command::Undo);
        item(ui, &name("Redo", redo), "Ctrl+Shift+Z", redo.is_some(), Command::Redo);
    });
    ui.menu_button("View", |ui| {
        ui.set_min_width(240.0);
        ui.checkbox(&mut display.show_labels, "Labels (S)");
        ui.checkbox(&mut display.show_speed, "Preview of the speed image (W)");
        ui.checkbox(&mut display.show_crosshair, "Crosshair (Shift+X)");
        ui.checkbox(&mut display.show_annotations, "Letters and names (X)");
        ui.checkbox(&mut display.interpolate, "Smooth between voxels (I)");
        ui.separator();
        let shown = session.compare.shown().is_some();
        let text = if shown { "Close the comparison" } else { "Last comparison of methods" };
        if ui.add_enabled(session.compare.view.is_some(), egui::Button::new(text)).clicked() {
            out.push(Command::Compare(CompareCommand::Show(!shown)));
            ui.close();
        }
        ui.separator();
        ui.label("Opacity of labels");
        ui.add(egui::Slider::new(&mut display.label_opacity, 0.0..=1.0).show_value(false))
            .on_hover_text("Opacity of labels");
        ui.separator();
        if ui.add(egui::Button::new("Fit all views").shortcut_text("Ctrl+F")).clicked() {
            display.fit_all();
            ui.close();
        }
    });
}

fn window_ui(ui: &mut Ui, session: &Session, out: &mut Vec<Command>) {
    let current = WINDOW_PRESETS.iter().find(|p| p.window == Some(session.window)).map_or("Window", |p| p.name);
    let combo = egui::ComboBox::from_id_salt("window preset").selected_text(current).width(92.0).show_ui(ui, |ui| {
        for preset in WINDOW_PRESETS {
            if ui.selectable_label(preset.name == current, preset.name).clicked() {
                out.push(preset.window.map_or(Command::AutoWindow, Command::SetWindow));
            }
        }
    });
    combo.response.accessible_name("Display window");
    let Window { mut level, mut width } = session.window;
    let speed = f64::from((width / 200.0).max(0.1));
    let level_changed = ui
        .add(egui::DragValue::new(&mut level).speed(speed).prefix("L ").max_decimals(0))
        .on_hover_text("Level, HU")
        .changed();
    let width_changed = ui
        .add(egui::DragValue::new(&mut width).speed(speed).range(1.0..=20_000.0).prefix("W ").max_decimals(0))
        .on_hover_text("Width, HU")
        .changed();
    if level_changed || width_changed {
        out.push(Command::SetWindow(Window::new(level, width)));
    }
}
