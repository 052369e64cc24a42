//! The panes of a comparison: one for each method with its contour, and one for where two of them differ. Slice, zoom
//! and pan are the same in all of them.

use super::compare_picture::{Picture, Source};
use super::slice::{self, Painter, SliceTransform, SliceView};
use super::slice_input::{self, Drag};
use super::{Display, Hover, overlay};
use crate::paint::slice::MapLook;
use crate::session::{Command, ComparisonView, Document, Plane, Session, Tool, Window};
use crate::theme;
use eframe::egui_wgpu;
use egui::{Align2, Color32, PointerButton, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2};

/// Space between panes, points.
const GAP: f32 = 2.0;
/// Part of the pane that the compared box fills at first.
const FILLED: f64 = 0.8;

/// How a comparison is shown.
#[derive(Debug)]
pub struct CompareDisplay {
    /// Pan and zoom of all panes.
    pub view: SliceView,
    picture: Option<Picture>,
}

impl Default for CompareDisplay {
    fn default() -> Self {
        Self { view: SliceView::new(Plane::Axial), picture: None }
    }
}

impl Clone for CompareDisplay {
    /// The picture is made anew where it is needed.
    fn clone(&self) -> Self {
        Self { view: self.view.clone(), picture: None }
    }
}

/// Colour of a method's contour.
pub fn colour(track: usize) -> Color32 {
    theme::COMPARED[track % theme::COMPARED.len()]
}

/// Draws the panes and takes their input.
pub fn panes_ui(
    ui: &mut Ui,
    session: &Session,
    view: &ComparisonView,
    display: &mut Display,
    paint: &Painter<'_>,
    out: &mut Vec<Command>,
) {
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    ui.painter().rect_filled(area, 0.0, theme::IMAGE_BACKGROUND);
    display.hover = None;
    let Some(document) = &session.document else { return };
    let tracks = view.comparison.tracks.len();
    let panes = cells(area, tracks + 1);
    if display.compare.view.plane != view.plane {
        display.compare.view = SliceView::new(view.plane);
    }
    if display.compare.view.fit_pending {
        fit(&mut display.compare.view, document, view, panes[0]);
    }
    let responses: Vec<Response> =
        panes.iter().enumerate().map(|(n, rect)| pane_input(ui, *rect, n, session, document, display, out)).collect();
    let source = Source { view, scan: document.image.geometry(), cursor: session.cursor };
    let picture = Picture::of(ui.ctx(), display.compare.picture.take(), &source);
    for (number, (rect, response)) in panes.iter().zip(&responses).enumerate() {
        let transform = SliceTransform::new(document, &display.compare.view, *rect, session.cursor);
        image(ui, &transform, session, document, view, display, paint);
        let painter = ui.painter().with_clip_rect(*rect);
        if display.show_crosshair {
            overlay::crosshair(&painter, &transform, session);
        }
        if number < tracks {
            picture.draw_contour(&painter, &transform, number, 1.8);
        } else {
            picture.draw_difference(&painter, &transform);
            picture.draw_contour(&painter, &transform, view.pair.0, 1.2);
            picture.draw_contour(&painter, &transform, view.pair.1, 1.2);
        }
        if display.show_annotations {
            overlay::letters(&painter, &transform);
            overlay::scale(&painter, &transform, document);
        }
        slice_words(&painter, *rect, document, view, session.cursor);
        if number < tracks {
            track_words(&painter, *rect, view, number)
        } else {
            legend(&painter, *rect, view)
        }
        if !picture.crosses() {
            let text = "This slice lies beside what was compared";
            overlay::text(&painter, rect.center(), Align2::CENTER_CENTER, 13.0, theme::ON_IMAGE_WEAK, text);
        }
        if let Some(at) = response.hover_pos() {
            display.active = view.plane;
            display.hover = Some(Hover { voxel: transform.voxel_at(at) });
        }
    }
    display.compare.picture = Some(picture);
}

/// Cells for so many panes, as large as they can be.
fn cells(area: Rect, count: usize) -> Vec<Rect> {
    let size = |columns: usize| {
        let rows = count.div_ceil(columns);
        let width = (area.width() - GAP * (columns - 1) as f32) / columns as f32;
        Vec2::new(width, (area.height() - GAP * (rows - 1) as f32) / rows as f32).floor()
    };
    // Slices are about square: the shorter side of a pane counts first.
    let by_side = |a: &usize, b: &usize| {
        let (a, b) = (size(*a), size(*b));
        a.min_elem().total_cmp(&b.min_elem()).then((a.x * a.y).total_cmp(&(b.x * b.y)))
    };
    let columns = (1..=count).max_by(by_side).unwrap_or(1);
    let cell = size(columns);
    let place = |n: usize| Vec2::new((n % columns) as f32 * (cell.x + GAP), (n / columns) as f32 * (cell.y + GAP));
    (0..count).map(|n| Rect::from_min_size(area.min + place(n), cell)).collect()
}

/// Shows the compared box with some room around it.
fn fit(slice: &mut SliceView, document: &Document, view: &ComparisonView, rect: Rect) {
    let geometry = document.image.geometry();
    let axes = crate::session::PlaneAxes::new(geometry, slice.plane);
    let (roi, spacing) = (view.place.roi, geometry.spacing_mm());
    let extent = |axis: usize| (roi.upper[axis] - roi.lower[axis]) as f64 * spacing[axis];
    let across = f64::from(rect.width()) / extent(axes.right.voxel_axis);
    let down = f64::from(rect.height()) / extent(axes.down.voxel_axis);
    slice.points_per_mm = FILLED * across.min(down).max(1e-3);
    slice.centre = std::array::from_fn(|d| (roi.lower[d] + roi.upper[d]) as f64 / 2.0 - 0.5);
    slice.fit_pending = false;
}

/// Wheel, zoom, pan, and the linked cursor.
fn pane_input(
    ui: &Ui,
    rect: Rect,
    number: usize,
    session: &Session,
    document: &Document,
    display: &mut Display,
    out: &mut Vec<Command>,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("compare pane", number)), Sense::click_and_drag());
    let view = &mut display.compare.view;
    let transform = SliceTransform::new(document, view, rect, session.cursor);
    slice_input::wheel(ui, &response, &transform, session, view, out);
    if let Some(button) = slice_input::pressed(ui, &response) {
        view.drag = Some(match (button, session.tool) {
            (PointerButton::Secondary, _) => Drag::Zoom,
            (PointerButton::Primary, Tool::Contrast) => Drag::Contrast,
            (PointerButton::Primary, Tool::Crosshair | Tool::Brush | Tool::Roi | Tool::Seed) => Drag::Cursor,
            _ => Drag::Pan,
        });
    }
    let held = response.is_pointer_button_down_on() || response.clicked() || response.drag_stopped();
    let (true, Some(at)) = (held, response.interact_pointer_pos()) else { return response };
    let moved = response.drag_delta();
    match view.drag {
        Some(Drag::Cursor) => out.push(Command::SetCursor(transform.voxel_at(at).map(|v| v.round() as i64))),
        Some(Drag::Pan) => slice_input::pan(&mut view.centre, &transform, moved),
        Some(Drag::Zoom) => slice_input::zoom(view, moved),
        Some(Drag::Contrast) => {
            let scale = (session.window.width / 300.0).clamp(0.2, 10.0);
            let (level, width) = (session.window.level + scale * moved.y, session.window.width + scale * moved.x);
            out.push(Command::SetWindow(Window::new(level, width)));
        }
        _ => {}
    }
    response
}

/// The scan, with the reference where it is shown: labels and maps would hide what differs.
fn image(
    ui: &Ui,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    view: &ComparisonView,
    display: &Display,
    paint: &Painter<'_>,
) {
    let mut look = slice::look(ui, transform, session, document, display);
    (look.show_contour, look.label_opacity, look.map, look.show_trail) = (false, 0.0, MapLook::Off, false);
    look.roi = view.place.roi;
    look.dim = if look.roi.covers(document.image.geometry()) { 0.0 } else { 0.3 };
    let callback = paint
        .scene
        .zip(paint.pipeline)
        .and_then(|(scene, pipeline)| pipeline.callback(scene, document.image.geometry(), &look));
    if let Some(callback) = callback {
        ui.painter().add(egui_wgpu::Callback::new_paint_callback(transform.rect, callback));
    }
}

/// Lines of text from a pane's upper left corner on, each with a swatch where it has a colour.
fn lines(painter: &egui::Painter, rect: Rect, lines: &[(Option<Color32>, f32, String)]) {
    let mut at = rect.left_top() + Vec2::new(10.0, 8.0);
    for (swatch, size, text) in lines {
        if let Some(swatch) = swatch {
            let square = Rect::from_min_size(at + Vec2::new(0.0, 3.0), Vec2::splat(10.0));
            painter.rect(
                square,
                2.0,
                *swatch,
                Stroke::new(1.0, Color32::from_black_alpha(160)),
                egui::StrokeKind::Outside,
            );
        }
        let indent = if swatch.is_some() { 16.0 } else { 0.0 };
        let place = at + Vec2::new(indent, 0.0);
        let drawn = overlay::text(painter, place, Align2::LEFT_TOP, *size, theme::ON_IMAGE, text);
        at = Pos2::new(at.x, drawn.bottom() + 2.0);
    }
}

/// Plane and number of the slice, at the upper right corner.
fn slice_words(painter: &egui::Painter, rect: Rect, document: &Document, view: &ComparisonView, cursor: [usize; 3]) {
    let geometry = document.image.geometry();
    let axis = crate::session::PlaneAxes::new(geometry, view.plane).through.voxel_axis;
    let text = format!("{} {} / {}", view.plane.name(), cursor[axis] + 1, geometry.size()[axis]);
    let at = rect.right_top() + Vec2::new(-10.0, 8.0);
    overlay::text(painter, at, Align2::RIGHT_TOP, 11.5, theme::ON_IMAGE_WEAK, &text);
}

fn track_words(painter: &egui::Painter, rect: Rect, view: &ComparisonView, number: usize) {
    let Some(track) = view.comparison.tracks.get(number) else { return };
    let frame = track.at(view.position);
    let voxel_ml = view.comparison.site.grid.voxel_volume_mm3() / 1000.0;
    let volume = format!("{:.1} mL", frame.inside.voxels() as f64 * voxel_ml);
    let moment = match (track.work, track.is_still()) {
        _ if frame.inside.voxels() == 0 => format!("no contour left: {}", track.end),
        (_, true) => "a still: it found this on its own".to_owned(),
        (zeroset_engine::compare::Work::Steps(all), _) => format!("step {} of {all}, t = {:.1}", frame.step, frame.t),
        _ => format!("t = {:.2}", frame.t),
    };
    let words = [(Some(colour(number)), 13.5, track.name.clone()), (None, 12.5, volume), (None, 11.5, moment)];
    lines(painter, rect, &words);
}

/// What the colours of the difference pane mean, with their volumes in the whole place.
fn legend(painter: &egui::Painter, rect: Rect, view: &ComparisonView) {
    let (first, second) = view.pair;
    let (Some(a), Some(b)) = (view.comparison.tracks.get(first), view.comparison.tracks.get(second)) else { return };
    let overlap = view.comparison.overlap(first, second, view.position);
    let voxel_ml = view.comparison.site.grid.voxel_volume_mm3() / 1000.0;
    let ml = |voxels: u64| format!("{:.1} mL", voxels as f64 * voxel_ml);
    let dice = overlap.dice().map_or_else(|| "Dice –".to_owned(), |dice| format!("Dice {dice:.3}"));
    let words = [
        (None, 13.5, format!("Difference, {dice}")),
        (Some(colour(first)), 12.5, format!("{} only, {}", a.name, ml(overlap.prediction_only))),
        (Some(colour(second)), 12.5, format!("{} only, {}", b.name, ml(overlap.truth_only))),
        (Some(theme::COMPARED_BOTH), 12.5, format!("both, {}", ml(overlap.both))),
    ];
    lines(painter, rect, &words);
}
