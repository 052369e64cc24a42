//! The 3D pane: orbit by dragging, zoom by wheel or right drag, pan by middle drag.

use super::Display;
use crate::paint::{Scene, SurfaceLook, SurfacePipeline};
use crate::session::{Scope, Session, Tool};
use crate::theme;
use eframe::egui_wgpu::RenderState;
use egui::{Align2, Color32, FontId, Pos2, Rect, Sense, Ui, Vec2};
use nalgebra::{Rotation3, Vector3};

/// Where the 3D pane is seen from. Starts from the front: the patient's right on the screen's left, superior up.
#[derive(Clone, Debug)]
pub struct Orbit {
    /// Angle about the long axis of the body, radians.
    pub azimuth: f64,
    /// Angle above the horizon, radians.
    pub elevation: f64,
    /// Magnification against the fitted view.
    pub zoom: f64,
    /// Shift of the middle, mm, along the screen's right and up.
    pub shift_mm: [f64; 2],
    /// Go back to the whole object at the next frame.
    pub fit_pending: bool,
}

impl Default for Orbit {
    fn default() -> Self {
        Self { azimuth: 0.35, elevation: 0.25, zoom: 1.0, shift_mm: [0.0; 2], fit_pending: false }
    }
}

impl Orbit {
    /// Unit vectors to the screen's right, top and away from the viewer, RAS.
    pub fn axes(&self) -> [Vector3<f64>; 3] {
        let turn = Rotation3::from_axis_angle(&Vector3::z_axis(), self.azimuth);
        // Seen from the front: right is the patient's left, away is posterior.
        let right = turn * Vector3::new(-1.0, 0.0, 0.0);
        let level = turn * Vector3::new(0.0, -1.0, 0.0);
        let (sin, cos) = self.elevation.sin_cos();
        let forward = level * cos - Vector3::z() * sin;
        let up = level * sin + Vector3::z() * cos;
        [right, up, forward]
    }
}

/// A picture that the 3D pane asks for.
pub struct Request {
    rect: Rect,
    look: SurfaceLook,
    moving: bool,
    /// Its place in the order of drawing: under the pane's letters.
    under: egui::layers::ShapeIdx,
}

/// What the picture is drawn with.
pub struct Painter<'a> {
    /// egui's graphics state.
    pub state: &'a RenderState,
    /// Textures and buffers.
    pub scene: &'a Scene,
    /// The pipeline with its picture.
    pub pipeline: &'a mut SurfacePipeline,
    /// The adapter is slow (software): draw the moving picture coarser and less often.
    pub slow: bool,
}

/// Draws the 3D pane and takes its input.
pub fn surface_ui(ui: &mut Ui, rect: Rect, session: &Session, display: &mut Display) -> Option<Request> {
    ui.painter().rect_filled(rect, 0.0, theme::IMAGE_BACKGROUND);
    let response = ui.interact(rect, ui.scope_id().with("surface"), Sense::click_and_drag());
    let orbit = &mut display.orbit;
    if orbit.fit_pending {
        (orbit.zoom, orbit.shift_mm, orbit.fit_pending) = (1.0, [0.0; 2], false);
    }
    let moved = response.drag_delta();
    if response.dragged_by(egui::PointerButton::Primary) {
        orbit.azimuth -= f64::from(moved.x) * 0.01;
        orbit.elevation = (orbit.elevation + f64::from(moved.y) * 0.01).clamp(-1.55, 1.55);
    }
    if response.dragged_by(egui::PointerButton::Secondary) {
        orbit.zoom = (orbit.zoom * f64::from((-0.008 * moved.y).exp())).clamp(0.1, 30.0);
    }
    if response.hovered() {
        let wheel = ui.input(|i| i.smooth_scroll_delta().y);
        orbit.zoom = (orbit.zoom * f64::from(0.004 * wheel).exp()).clamp(0.1, 30.0);
    }
    let (centre, radius_mm) = extent(session)?;
    let half_height_mm = 0.75 * radius_mm / orbit.zoom / f64::from((rect.width() / rect.height()).min(1.0));
    if response.dragged_by(egui::PointerButton::Middle)
        || (session.tool == Tool::ZoomPan && ui.input(|i| i.modifiers.shift))
    {
        let mm_per_point = 2.0 * half_height_mm / f64::from(rect.height());
        orbit.shift_mm[0] -= f64::from(moved.x) * mm_per_point;
        orbit.shift_mm[1] += f64::from(moved.y) * mm_per_point;
    }
    let [right, up, forward] = orbit.axes();
    let middle = centre + right * orbit.shift_mm[0] + up * orbit.shift_mm[1];
    let look = SurfaceLook {
        centre_mm: middle.into(),
        right: right.into(),
        up: up.into(),
        forward: forward.into(),
        half_height_mm,
        half_depth_mm: 3.0 * radius_mm,
        colour: theme::fractions(theme::CONTOUR),
        background: theme::SURFACE_BACKGROUND,
    };
    let under = ui.painter().add(egui::Shape::Noop);
    if display.show_annotations {
        cube(ui, rect, [right, up]);
        caption(ui, rect, session);
    }
    Some(Request { rect, look, moving: response.dragged() || session.evolution.running(), under })
}

/// Draws the picture; on a slow adapter coarser while it moves, and finely once it rests.
pub fn picture(ui: &Ui, request: &Request, paint: Painter<'_>) {
    let Painter { state, scene, pipeline, slow } = paint;
    let Request { rect, look, moving, under } = request;
    let pixels = f64::from(ui.ctx().pixels_per_point());
    let size = |factor: f64| [rect.width(), rect.height()].map(|s| ((f64::from(s) * pixels * factor) as u32).max(1));
    let factor = match (slow, *moving) {
        (false, _) => 1.0,
        (true, true) => 0.3,
        (true, false) => 0.75,
    };
    let id = pipeline.picture(state, scene, look, size(factor));
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    let mut mesh = egui::Mesh::with_texture(id);
    mesh.add_rect_with_uv(*rect, uv, Color32::WHITE);
    ui.painter().set(*under, mesh);
}

/// Middle and radius (mm) of what there is to see.
fn extent(session: &Session) -> Option<(Vector3<f64>, f64)> {
    let document = session.document.as_ref()?;
    let scan = document.image.geometry();
    let proposed = session.proposal.as_ref().map_or(document.roi, |proposal| proposal.place.roi);
    let roi = session.evolution.place.as_ref().map_or(proposed, |p| p.roi);
    let middle: [f64; 3] = std::array::from_fn(|d| 0.5 * (roi.lower[d] + roi.upper[d]) as f64 - 0.5);
    let half: f64 = (0..3).map(|d| (0.5 * roi.size()[d] as f64 * scan.spacing_mm()[d]).powi(2)).sum::<f64>().sqrt();
    Some((Vector3::from(scan.world_of_voxel(middle)), half))
}

/// The patient's directions, in the corner.
fn cube(ui: &Ui, rect: Rect, [right, up]: [Vector3<f64>; 2]) {
    let centre = rect.right_bottom() - Vec2::new(44.0, 40.0);
    let painter = ui.painter().with_clip_rect(rect);
    for (letter, direction) in [
        ("R", Vector3::x()),
        ("L", -Vector3::x()),
        ("A", Vector3::y()),
        ("P", -Vector3::y()),
        ("S", Vector3::z()),
        ("I", -Vector3::z()),
    ] {
        let on_screen = Vec2::new(direction.dot(&right) as f32, -direction.dot(&up) as f32);
        let positive = matches!(letter, "R" | "A" | "S");
        let colour = if positive { theme::ON_IMAGE } else { theme::ON_IMAGE_WEAK.gamma_multiply(0.7) };
        painter.line_segment([centre, centre + on_screen * 16.0], (1.0, colour.gamma_multiply(0.6)));
        painter.text(centre + on_screen * 25.0, Align2::CENTER_CENTER, letter, FontId::proportional(11.0), colour);
    }
}

fn caption(ui: &Ui, rect: Rect, session: &Session) {
    let painter = ui.painter().with_clip_rect(rect);
    let at = rect.left_top() + Vec2::new(10.0, 8.0);
    let name = painter.text(at, Align2::LEFT_TOP, "3D", FontId::proportional(13.0), theme::ON_IMAGE);
    let labels = session.document.as_ref().is_some_and(|d| d.labels.is_some());
    let flat = session.evolution.place.as_ref().is_some_and(|p| p.slice.is_some());
    let proposed = session.proposal.as_ref().filter(|proposal| proposal.scope != Scope::Slice);
    let what = match (session.evolution.exists() && !flat, proposed, labels) {
        (true, ..) => format!("contour, {:.1} mL", session.evolution.volume_ml()),
        (false, Some(proposal), _) => format!("proposal, {:.1} mL", proposal.findings.volume_ml),
        (false, None, true) => "labels".to_owned(),
        (false, None, false) => "nothing to show yet".to_owned(),
    };
    let at = name.right_bottom() + Vec2::new(8.0, 0.0);
    painter.text(at, Align2::LEFT_BOTTOM, what, FontId::proportional(12.0), theme::ON_IMAGE_WEAK);
}
