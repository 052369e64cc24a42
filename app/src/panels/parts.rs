//! Small parts that several panels share.

use crate::theme;
use egui::{Response, RichText, Ui, WidgetText};

/// Lesser text.
pub fn weak(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = theme::palette(ui).weak;
    ui.add(egui::Label::new(RichText::new(text).size(12.0).color(colour)).wrap())
}

/// A small heading inside a panel.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(4.0);
    ui.label(RichText::new(text).size(12.0).color(theme::palette(ui).weak));
}

/// A row: a name on the left at a fixed width, a widget on the right.
pub fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let width = 84.0;
        let (rect, _) = ui.allocate_exact_size(egui::vec2(width, ui.spacing().interact_size.y), egui::Sense::hover());
        let font = egui::FontId::proportional(12.5);
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, ui.visuals().text_color());
        add(ui)
    })
    .inner
}

/// A slider over a range with its number, as wide as the panel allows; true when it was moved. Numbers beyond the range
/// can be typed.
pub fn slider(
    ui: &mut Ui,
    name: &str,
    value: &mut f32,
    range: std::ops::RangeInclusive<f32>,
    step: f64,
    unit: &str,
) -> bool {
    row(ui, name, |ui| slider_alone(ui, name, value, range, step, unit))
}

/// As [`slider`], without the name on the left.
pub fn slider_alone(
    ui: &mut Ui,
    name: &str,
    value: &mut f32,
    range: std::ops::RangeInclusive<f32>,
    step: f64,
    unit: &str,
) -> bool {
    const NUMBER: f32 = 80.0;
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.spacing_mut().slider_width = (ui.available_width() - NUMBER - 6.0).max(30.0);
    let free = egui::SliderClamping::Never;
    let slider = egui::Slider::new(value, range).clamping(free).step_by(step).show_value(false);
    let moved = ui.add(slider).on_hover_text(name.to_owned()).changed();
    let decimals = if step >= 1.0 { 0 } else { 2 };
    let number = egui::DragValue::new(value).speed(step).suffix(unit).max_decimals(decimals);
    let size = egui::vec2(NUMBER, ui.spacing().interact_size.y);
    moved | ui.add_sized(size, number).on_hover_text(format!("{name}, number")).changed()
}

/// The button that carries on.
pub fn primary(ui: &mut Ui, text: impl Into<WidgetText>, enabled: bool) -> Response {
    let palette = theme::palette(ui);
    let text: WidgetText = text.into();
    let button = egui::Button::new(text.color(palette.on_accent)).fill(palette.accent).min_size(egui::vec2(0.0, 28.0));
    ui.add_enabled(enabled, button)
}

/// A row of choices of which one holds; true when another one was chosen.
pub fn choice<T: PartialEq + Copy>(ui: &mut Ui, value: &mut T, options: &[(T, &str)]) -> bool {
    let mut changed = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for (option, name) in options {
            if ui.selectable_label(*value == *option, *name).clicked() && *value != *option {
                (*value, changed) = (*option, true);
            }
        }
    });
    changed
}

/// Bytes in words.
pub fn bytes(count: usize) -> String {
    match count {
        0..=1023 => format!("{count} B"),
        1024..=1_048_575 => format!("{:.0} KiB", count as f64 / 1024.0),
        1_048_576..=1_073_741_823 => format!("{:.0} MiB", count as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}
