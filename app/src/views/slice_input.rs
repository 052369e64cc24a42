//! What mouse and wheel do in a slice pane.
//!
//! Whatever the tool: the wheel scrolls slices (with Ctrl it zooms at the pointer), the right button zooms, the middle
//! one pans. The left button does what the tool says; with the brush the right button removes.

use super::Display;
use super::slice::{SliceTransform, SliceView};
use crate::session::evolution::BrushTouch;
use crate::session::{Command, Document, Plane, Session, Tool, Window};
use egui::{CursorIcon, PointerButton, Pos2, Response, Ui, Vec2};
use zeroset_engine::levelset::Seed;
use zeroset_engine::roi::Roi;

/// How near to an edge or a seed the pointer must be, in points.
const REACH: f32 = 7.0;

/// What a drag does.
#[derive(Clone, Debug, PartialEq)]
pub enum Drag {
    /// Moves the linked cursor.
    Cursor,
    /// Moves the view.
    Pan,
    /// Zooms the view.
    Zoom,
    /// Sets the display window.
    Contrast,
    /// Paints; adds to the inside or removes from it; where the last touch was.
    Brush(bool, Option<Pos2>),
    /// Moves these faces of the ROI: voxel axis, and whether it is the upper face.
    RoiFaces(Vec<(usize, bool)>),
    /// Moves a seed.
    MoveSeed(usize),
    /// Changes a seed's radius.
    SizeSeed(usize),
}

/// Takes the input of one pane.
pub fn input(
    ui: &Ui,
    response: &Response,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    plane: Plane,
    display: &mut Display,
    out: &mut Vec<Command>,
) {
    wheel(ui, response, transform, session, display.slice_mut(plane), out);
    let ball = display.brush_ball;
    if response.hovered() {
        ui.ctx().set_cursor_icon(icon(response, transform, session, document));
    }
    let view = display.slice_mut(plane);
    if let (Some(button), Some(at)) = (pressed(ui, response), response.interact_pointer_pos()) {
        // Where the button went down: by the time of this frame the pointer may have moved on.
        let origin = ui.input(|i| i.pointer.press_origin()).unwrap_or(at);
        view.drag = begin(ui, button, origin, transform, session, document);
    }
    let pointer = response.interact_pointer_pos().or_else(|| ui.input(|i| i.pointer.latest_pos()));
    let (Some(mut drag), Some(at)) = (view.drag.take(), pointer) else { return };
    let moved = response.drag_delta();
    // A click without a drag leaves what it hit where it is.
    let dragged = response.drag_stopped() || (response.dragged() && moved != Vec2::ZERO);
    match &mut drag {
        Drag::MoveSeed(_) | Drag::SizeSeed(_) | Drag::RoiFaces(_) if !dragged => {}
        Drag::Cursor => out.push(Command::SetCursor(transform.voxel_at(at).map(|v| v.round() as i64))),
        Drag::Pan => pan(&mut view.centre, transform, moved),
        Drag::Zoom => zoom(view, moved),
        Drag::Contrast => {
            let scale = (session.window.width / 300.0).clamp(0.2, 10.0);
            let window = Window::new(session.window.level + scale * moved.y, session.window.width + scale * moved.x);
            out.push(Command::SetWindow(window));
        }
        Drag::Brush(add, last) => {
            let step = 0.25 * session.radius_mm as f32 * view.points_per_mm as f32;
            if last.is_none_or(|p| p.distance(at) > step.max(1.0)) {
                out.push(Command::Paint(touch(transform, session, document, ball, at, *add)));
                *last = Some(at);
            }
        }
        Drag::RoiFaces(faces) => out.push(Command::SetRoi(moved_roi(document, faces, transform.voxel_at(at)))),
        Drag::MoveSeed(index) => {
            if let Some(seed) = document.seeds.get(*index) {
                let center_mm = document.image.geometry().world_of_voxel(transform.voxel_at(at));
                out.push(Command::SetSeed(*index, Seed { center_mm, ..*seed }));
            }
        }
        Drag::SizeSeed(index) => {
            if let Some(seed) = document.seeds.get(*index) {
                let world = document.image.geometry().world_of_voxel(transform.voxel_at(at));
                let radius_mm = distance(world, seed.center_mm).max(0.5);
                out.push(Command::SetSeed(*index, Seed { radius_mm, ..*seed }));
            }
        }
    }
    let released = ui.input(|i| !i.pointer.any_down());
    if !released {
        display.slice_mut(plane).drag = Some(drag);
    } else if matches!(drag, Drag::Brush(..)) {
        out.push(Command::EndPaint);
    }
}

/// Scrolls slices, or zooms at the pointer.
pub(super) fn wheel(
    ui: &Ui,
    response: &Response,
    transform: &SliceTransform,
    session: &Session,
    view: &mut SliceView,
    out: &mut Vec<Command>,
) {
    let Some(at) = response.hover_pos() else { return };
    let (lines, zoom) = ui.input(|i| {
        let mut lines = 0.0;
        for event in &i.events {
            if let egui::Event::MouseWheel { unit, delta, modifiers, .. } = event
                && !modifiers.command
            {
                // A touchpad sends points: 40 of them make a slice.
                lines += if *unit == egui::MouseWheelUnit::Point { delta.y / 40.0 } else { delta.y };
            }
        }
        (lines, i.zoom_delta())
    });
    if lines != 0.0 {
        let through = transform.axes.through;
        let mut voxel = session.cursor.map(|v| v as i64);
        let slices = if lines.abs() < 1.0 { lines.signum() } else { lines.round() };
        voxel[through.voxel_axis] += (f64::from(slices) * through.sign) as i64;
        out.push(Command::SetCursor(voxel));
    }
    if zoom != 1.0 {
        let before = transform.voxel_at(at);
        let factor = f64::from(zoom);
        view.points_per_mm = (view.points_per_mm * factor).clamp(0.02, 400.0);
        for axis in [transform.axes.right.voxel_axis, transform.axes.down.voxel_axis] {
            view.centre[axis] = before[axis] + (view.centre[axis] - before[axis]) / factor;
        }
    }
}

/// The button that went down in this pane. A click may begin and end between two frames.
pub(super) fn pressed(ui: &Ui, response: &Response) -> Option<PointerButton> {
    let buttons = [PointerButton::Middle, PointerButton::Secondary, PointerButton::Primary];
    if response.is_pointer_button_down_on() {
        return buttons.into_iter().find(|&b| ui.input(|i| i.pointer.button_pressed(b)));
    }
    buttons.into_iter().find(|&b| response.clicked_by(b))
}

fn begin(
    ui: &Ui,
    button: PointerButton,
    at: Pos2,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
) -> Option<Drag> {
    match button {
        PointerButton::Primary => {}
        PointerButton::Secondary if session.tool == Tool::Brush => return Some(Drag::Brush(false, None)),
        PointerButton::Secondary => return Some(Drag::Zoom),
        _ => return Some(Drag::Pan),
    }
    Some(match session.tool {
        Tool::Crosshair => Drag::Cursor,
        Tool::ZoomPan => Drag::Pan,
        Tool::Contrast => Drag::Contrast,
        Tool::Brush => Drag::Brush(!ui.input(|i| i.modifiers.shift), None),
        Tool::Roi => match roi_faces(at, transform, document) {
            faces if faces.is_empty() => Drag::Cursor,
            faces => Drag::RoiFaces(faces),
        },
        Tool::Seed => return seed_drag(at, transform, document),
    })
}

/// The drag of the seed under the pointer; `None` where there is none (a click places one).
fn seed_drag(at: Pos2, transform: &SliceTransform, document: &Document) -> Option<Drag> {
    let circles =
        document.seeds.iter().enumerate().filter_map(|(i, s)| Some((i, seed_circle(transform, document, s)?)));
    let rim = |(centre, radius): (Pos2, f32)| (centre.distance(at) - radius).abs();
    for (index, circle) in circles {
        if circle.0.distance(at) < REACH {
            return Some(Drag::MoveSeed(index));
        }
        if rim(circle) < REACH {
            return Some(Drag::SizeSeed(index));
        }
    }
    None
}

/// A click with the seed tool: places a seed, or (right button) removes the one under the pointer.
pub fn seed_click(
    response: &Response,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    out: &mut Vec<Command>,
) {
    let Some(at) = response.interact_pointer_pos() else { return };
    if response.clicked() && seed_drag(at, transform, document).is_none() {
        let voxel = transform.voxel_at(at);
        let size = document.image.geometry().size();
        if (0..3).all(|d| voxel[d] >= -0.5 && voxel[d] < size[d] as f64 - 0.5) {
            let center_mm = document.image.geometry().world_of_voxel(voxel);
            out.push(Command::AddSeed(Seed { center_mm, radius_mm: session.radius_mm }));
            out.push(Command::SetCursor(voxel.map(|v| v.round() as i64)));
        }
    }
    if response.secondary_clicked() {
        let under = document.seeds.iter().position(|s| {
            seed_circle(transform, document, s).is_some_and(|(centre, radius)| centre.distance(at) < radius.max(REACH))
        });
        out.extend(under.map(Command::RemoveSeed));
    }
}

/// Where the slice cuts a seed: centre and radius on the screen. `None` when it does not.
pub fn seed_circle(transform: &SliceTransform, document: &Document, seed: &Seed) -> Option<(Pos2, f32)> {
    let geometry = document.image.geometry();
    let voxel = geometry.voxel_of_world(seed.center_mm);
    let through = transform.axes.through.voxel_axis;
    let height_mm = (voxel[through] - transform.slice()) * geometry.spacing_mm()[through];
    let squared = seed.radius_mm * seed.radius_mm - height_mm * height_mm;
    if squared <= 0.0 {
        return None;
    }
    let right = transform.axes.right.voxel_axis;
    let voxels = squared.sqrt() / geometry.spacing_mm()[right];
    Some((transform.point_of(voxel), (voxels / transform.voxels_per_point()[0]) as f32))
}

/// The faces of the ROI within reach of the pointer.
pub fn roi_faces(at: Pos2, transform: &SliceTransform, document: &Document) -> Vec<(usize, bool)> {
    let roi = document.roi;
    let (lower, upper) = (roi.lower.map(|v| v as f64 - 0.5), roi.upper.map(|v| v as f64 - 0.5));
    let bounds = egui::Rect::from_two_pos(transform.point_of(lower), transform.point_of(upper));
    if !bounds.expand(REACH).contains(at) {
        return Vec::new();
    }
    let mut faces = Vec::new();
    for axis in [transform.axes.right.voxel_axis, transform.axes.down.voxel_axis] {
        let horizontal = axis == transform.axes.right.voxel_axis;
        for (is_upper, voxel) in [(false, lower), (true, upper)] {
            let edge = transform.point_of(voxel);
            let away = if horizontal { (edge.x - at.x).abs() } else { (edge.y - at.y).abs() };
            if away <= REACH && !faces.contains(&(axis, false)) {
                faces.push((axis, is_upper));
            }
        }
    }
    faces
}

/// The ROI with these faces at `voxel`, at least one voxel thick and inside the scan.
fn moved_roi(document: &Document, faces: &[(usize, bool)], voxel: [f64; 3]) -> Roi {
    let size = document.image.geometry().size();
    let mut roi = document.roi;
    for &(axis, is_upper) in faces {
        let face = (voxel[axis] + 0.5).round().clamp(0.0, size[axis] as f64) as usize;
        if is_upper {
            roi.upper[axis] = face.max(roi.lower[axis] + 1);
        } else {
            roi.lower[axis] = face.min(roi.upper[axis] - 1);
        }
    }
    roi
}

/// Zooms by how far the pointer moved up or down.
pub(super) fn zoom(view: &mut SliceView, moved: Vec2) {
    view.points_per_mm = (view.points_per_mm * f64::from((-0.008 * moved.y).exp())).clamp(0.02, 400.0);
}

pub(super) fn pan(centre: &mut [f64; 3], transform: &SliceTransform, moved: Vec2) {
    let (from, to) = (transform.rect.center(), transform.rect.center() - moved);
    let (a, b) = (transform.voxel_at(from), transform.voxel_at(to));
    for d in 0..3 {
        centre[d] += b[d] - a[d];
    }
}

fn touch(
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    ball: bool,
    at: Pos2,
    add: bool,
) -> BrushTouch {
    let geometry = document.image.geometry();
    let voxel = transform.voxel_at(at);
    let mut beyond = voxel;
    beyond[transform.axes.through.voxel_axis] += 1.0;
    let center_mm = geometry.world_of_voxel(voxel);
    let other = geometry.world_of_voxel(beyond);
    let length = distance(center_mm, other);
    let normal = std::array::from_fn(|d| (other[d] - center_mm[d]) / length);
    BrushTouch { center_mm, radius_mm: session.radius_mm, add, slice_normal: (!ball).then_some(normal) }
}

fn icon(response: &Response, transform: &SliceTransform, session: &Session, document: &Document) -> CursorIcon {
    let Some(at) = response.hover_pos() else { return CursorIcon::Default };
    match session.tool {
        Tool::Crosshair | Tool::Seed => CursorIcon::Crosshair,
        Tool::ZoomPan => CursorIcon::Grab,
        Tool::Contrast => CursorIcon::AllScroll,
        Tool::Brush => CursorIcon::None,
        Tool::Roi => match roi_faces(at, transform, document).as_slice() {
            [] => CursorIcon::Crosshair,
            [(axis, _)] if *axis == transform.axes.right.voxel_axis => CursorIcon::ResizeHorizontal,
            [_] => CursorIcon::ResizeVertical,
            _ => CursorIcon::Move,
        },
    }
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|d| (a[d] - b[d]).powi(2)).sum::<f64>().sqrt()
}
