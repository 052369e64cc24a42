//! The four panes in ITK-SNAP's order: axial and sagittal above, 3D and coronal below; or one of them alone.

use super::slice::{self, slice_ui};
use super::surface::{self, surface_ui};
use super::{Display, Pane};
use crate::session::{Command, Plane, PlaneAxes, Session};
use crate::theme;
use egui::{Rect, Sense, Stroke, Ui, Vec2};

/// Space between panes, points.
const GAP: f32 = 2.0;
/// Width of a slice slider, points.
const SLIDER: f32 = 14.0;

/// The panes of the window, at the places they have in a 2 by 2 grid.
const GRID: [(Pane, [f32; 2]); 4] = [
    (Pane::Slice(Plane::Axial), [0.0, 0.0]),
    (Pane::Slice(Plane::Sagittal), [1.0, 0.0]),
    (Pane::Surface, [0.0, 1.0]),
    (Pane::Slice(Plane::Coronal), [1.0, 1.0]),
];

/// Draws the panes and takes their input.
pub fn panes_ui(
    ui: &mut Ui,
    session: &Session,
    display: &mut Display,
    slices: &slice::Painter<'_>,
    surface: &mut Option<surface::Request>,
    out: &mut Vec<Command>,
) {
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    display.hover = None;
    for (pane, place) in GRID {
        let rect = match display.maximised {
            Some(only) if only == pane => area,
            Some(_) => continue,
            None => cell(area, place),
        };
        match pane {
            Pane::Slice(plane) => {
                slice_ui(ui, rect.with_max_x(rect.right() - SLIDER), plane, session, display, slices, out);
                slider_ui(ui, rect.with_min_x(rect.right() - SLIDER), plane, session, out);
            }
            Pane::Surface => *surface = surface_ui(ui, rect, session, display),
        }
        maximise_ui(ui, rect, pane, display);
    }
}

fn cell(area: Rect, place: [f32; 2]) -> Rect {
    let size = Vec2::new((area.width() - GAP) * 0.5, (area.height() - GAP) * 0.5).floor();
    let min = area.min + Vec2::new(place[0] * (size.x + GAP), place[1] * (size.y + GAP));
    Rect::from_min_size(min, size)
}

/// The slider at a slice's right edge: superior, anterior and the patient's right are at the top.
fn slider_ui(ui: &mut Ui, rect: Rect, plane: Plane, session: &Session, out: &mut Vec<Command>) {
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 0.0, theme::IMAGE_BACKGROUND);
    let Some(document) = &session.document else { return };
    let through = PlaneAxes::new(document.image.geometry(), plane).through;
    let count = document.image.geometry().size()[through.voxel_axis];
    let response = ui.interact(rect, ui.scope_id().with(("slice slider", plane)), Sense::click_and_drag());
    let track = rect.shrink2(Vec2::new(5.0, 28.0));
    let last = (count.max(2) - 1) as f32;
    let at = session.cursor[through.voxel_axis] as f32 / last;
    let from_top = if through.sign > 0.0 { 1.0 - at } else { at };
    painter.rect_filled(track, 2.0, theme::ON_IMAGE_WEAK.gamma_multiply(0.22));
    let handle = egui::pos2(track.center().x, track.top() + from_top * track.height());
    let strength = if response.hovered() || response.dragged() { 1.0 } else { 0.65 };
    painter.rect_filled(
        Rect::from_center_size(handle, Vec2::new(10.0, 6.0)),
        2.0,
        theme::ON_IMAGE.gamma_multiply(strength),
    );
    if let Some(pointer) = response.interact_pointer_pos() {
        let from_top = ((pointer.y - track.top()) / track.height()).clamp(0.0, 1.0);
        let along = if through.sign > 0.0 { 1.0 - from_top } else { from_top };
        let mut voxel = session.cursor.map(|v| v as i64);
        voxel[through.voxel_axis] = (along * last).round() as i64;
        out.push(Command::SetCursor(voxel));
    }
}

/// The button that lets a pane fill the window, and back.
fn maximise_ui(ui: &mut Ui, rect: Rect, pane: Pane, display: &mut Display) {
    let side = if pane == Pane::Surface { 0.0 } else { SLIDER };
    let place = Rect::from_min_size(rect.right_top() + Vec2::new(-side - 26.0, 6.0), Vec2::splat(20.0));
    let response = ui.interact(place, ui.scope_id().with(("maximise", pane)), Sense::click());
    let colour = if response.hovered() { theme::ON_IMAGE } else { theme::ON_IMAGE_WEAK.gamma_multiply(0.7) };
    let painter = ui.painter();
    let stroke = Stroke::new(1.3, colour);
    let icon = place.shrink(5.0);
    if display.maximised.is_some() {
        painter.rect_stroke(icon, 1.0, stroke, egui::StrokeKind::Inside);
        painter.line_segment([icon.center_top(), icon.center_bottom()], stroke);
        painter.line_segment([icon.left_center(), icon.right_center()], stroke);
    } else {
        painter.rect_stroke(icon, 1.0, stroke, egui::StrokeKind::Inside);
    }
    let hint = if display.maximised.is_some() { "Show all four panes" } else { "Let this pane fill the window" };
    if response.on_hover_text(hint).clicked() {
        display.maximised = if display.maximised.is_some() { None } else { Some(pane) };
        display.fit_all();
    }
}
