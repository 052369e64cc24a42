//! What is drawn over a slice: letters, name, scale, crosshair, ROI, seeds, brush, and the slice slider.

use super::Display;
use super::slice::SliceTransform;
use super::slice_input::{roi_faces, seed_circle};
use crate::session::{Document, Plane, Session, Step, Tool};
use crate::theme;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, Vec2};

/// Draws everything over a slice.
pub fn draw(
    ui: &Ui,
    response: &Response,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    display: &Display,
    plane: Plane,
) {
    let painter = ui.painter().with_clip_rect(transform.rect);
    if display.show_crosshair {
        crosshair(&painter, transform, session);
    }
    let roi_in_hand = session.tool == Tool::Roi || session.step == Step::Roi;
    if roi_in_hand || !document.roi.covers(document.image.geometry()) {
        roi(&painter, response, transform, document, session.tool == Tool::Roi);
    }
    if matches!(session.step, Step::Seeds | Step::Speed) || session.tool == Tool::Seed || !session.evolution.exists() {
        seeds(&painter, transform, document);
    }
    if let (Some(at), true) = (response.hover_pos(), matches!(session.tool, Tool::Brush | Tool::Seed)) {
        brush(&painter, transform, session, document, at);
    }
    if display.show_annotations {
        letters(&painter, transform);
        name(&painter, transform, session, document, plane);
        scale(&painter, transform, document);
    }
}

pub(super) fn crosshair(painter: &Painter, transform: &SliceTransform, session: &Session) {
    let at = transform.point_of(session.cursor.map(|v| v as f64));
    let stroke = Stroke::new(1.0, theme::CROSSHAIR.gamma_multiply(0.55));
    let rect = transform.rect;
    let gap = 9.0;
    for (from, to) in [
        (Pos2::new(rect.left(), at.y), Pos2::new(at.x - gap, at.y)),
        (Pos2::new(at.x + gap, at.y), Pos2::new(rect.right(), at.y)),
        (Pos2::new(at.x, rect.top()), Pos2::new(at.x, at.y - gap)),
        (Pos2::new(at.x, at.y + gap), Pos2::new(at.x, rect.bottom())),
    ] {
        painter.line_segment([from, to], stroke);
    }
}

fn roi(painter: &Painter, response: &Response, transform: &SliceTransform, document: &Document, in_hand: bool) {
    let (lower, upper) = (document.roi.lower.map(|v| v as f64 - 0.5), document.roi.upper.map(|v| v as f64 - 0.5));
    let through = transform.axes.through.voxel_axis;
    let cuts = transform.slice() >= lower[through] && transform.slice() < upper[through];
    let rect = Rect::from_two_pos(transform.point_of(lower), transform.point_of(upper));
    let colour = theme::ROI.gamma_multiply(if cuts { 0.95 } else { 0.4 });
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    painter.extend(Shape::dashed_line(&corners, Stroke::new(1.2, colour), 6.0, 4.0));
    if !in_hand {
        return;
    }
    let near = response.hover_pos().map(|at| roi_faces(at, transform, document)).unwrap_or_default();
    for (axis, is_upper) in near {
        let voxel = if is_upper { upper } else { lower };
        let edge = transform.point_of(voxel);
        let line = if axis == transform.axes.right.voxel_axis {
            [Pos2::new(edge.x, rect.top()), Pos2::new(edge.x, rect.bottom())]
        } else {
            [Pos2::new(rect.left(), edge.y), Pos2::new(rect.right(), edge.y)]
        };
        painter.line_segment(line, Stroke::new(2.5, theme::ROI));
    }
    let middles = [rect.left_center(), rect.right_center(), rect.center_top(), rect.center_bottom()];
    for corner in corners.iter().take(4).chain(&middles) {
        painter.rect_filled(Rect::from_center_size(*corner, Vec2::splat(6.0)), 1.0, theme::ROI);
    }
}

fn seeds(painter: &Painter, transform: &SliceTransform, document: &Document) {
    for seed in &document.seeds {
        if let Some((centre, radius)) = seed_circle(transform, document, seed) {
            painter.circle(centre, radius, theme::SEED.gamma_multiply(0.18), Stroke::new(1.6, theme::SEED));
            painter.circle_filled(centre, 2.0, theme::SEED);
        }
    }
}

fn brush(painter: &Painter, transform: &SliceTransform, session: &Session, document: &Document, at: Pos2) {
    let right = transform.axes.right.voxel_axis;
    let voxels = session.radius_mm / document.image.geometry().spacing_mm()[right];
    let radius = (voxels / transform.voxels_per_point()[0]) as f32;
    let colour = if session.tool == Tool::Seed { theme::SEED } else { theme::CONTOUR };
    painter.circle_stroke(at, radius, Stroke::new(2.5, Color32::from_black_alpha(110)));
    painter.circle_stroke(at, radius, Stroke::new(1.2, colour.gamma_multiply(0.9)));
}

/// Text with a dark shadow, readable on any grey.
pub(super) fn text(painter: &Painter, at: Pos2, anchor: Align2, size: f32, colour: Color32, text: &str) -> Rect {
    let font = FontId::proportional(size);
    painter.text(at + Vec2::splat(1.0), anchor, text, font.clone(), Color32::from_black_alpha(200));
    painter.text(at, anchor, text, font, colour)
}

pub(super) fn letters(painter: &Painter, transform: &SliceTransform) {
    let rect = transform.rect.shrink(7.0);
    let [left, right, top, bottom] = transform.axes.letters;
    for (letter, at, anchor) in [
        (left, rect.left_center(), Align2::LEFT_CENTER),
        (right, rect.right_center() - Vec2::new(16.0, 0.0), Align2::RIGHT_CENTER),
        (top, rect.center_top(), Align2::CENTER_TOP),
        (bottom, rect.center_bottom(), Align2::CENTER_BOTTOM),
    ] {
        text(painter, at, anchor, 15.0, theme::ON_IMAGE, &letter.to_string());
    }
}

fn name(painter: &Painter, transform: &SliceTransform, session: &Session, document: &Document, plane: Plane) {
    let axis = transform.axes.through.voxel_axis;
    let at = transform.rect.left_top() + Vec2::new(10.0, 8.0);
    let drawn = text(painter, at, Align2::LEFT_TOP, 13.0, theme::ON_IMAGE, plane.name());
    let place = format!("{} / {}", session.cursor[axis] + 1, document.image.geometry().size()[axis]);
    text(painter, drawn.right_bottom() + Vec2::new(8.0, 0.0), Align2::LEFT_BOTTOM, 12.0, theme::ON_IMAGE_WEAK, &place);
}

/// A bar of a round number of mm.
pub(super) fn scale(painter: &Painter, transform: &SliceTransform, document: &Document) {
    let right = transform.axes.right.voxel_axis;
    let points_per_mm = 1.0 / (transform.voxels_per_point()[0] * document.image.geometry().spacing_mm()[right]);
    let Some(mm) = [200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0].into_iter().find(|mm| mm * points_per_mm < 120.0)
    else {
        return;
    };
    let length = (mm * points_per_mm) as f32;
    let start = transform.rect.left_bottom() + Vec2::new(12.0, -12.0);
    let stroke = Stroke::new(1.5, theme::ON_IMAGE_WEAK);
    painter.line_segment([start, start + Vec2::new(length, 0.0)], stroke);
    for end in [start, start + Vec2::new(length, 0.0)] {
        painter.line_segment([end - Vec2::new(0.0, 3.0), end + Vec2::new(0.0, 3.0)], stroke);
    }
    let label = if mm >= 10.0 { format!("{} cm", mm / 10.0) } else { format!("{mm} mm") };
    text(painter, start + Vec2::new(length + 6.0, 0.0), Align2::LEFT_CENTER, 11.0, theme::ON_IMAGE_WEAK, &label);
}
