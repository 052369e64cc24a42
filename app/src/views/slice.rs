//! One slice pane: where it looks, its picture, and what is drawn over it.

use super::{Display, Hover, legend, overlay, slice_input};
use crate::paint::{MapLook, Scene, SliceLook, SlicePipeline};
use crate::session::{Command, Document, Map, Plane, PlaneAxes, Session, Step, Tool};
use crate::theme;
use eframe::egui_wgpu;
use egui::{Pos2, Rect, Sense, Ui, Vec2};
use std::sync::Arc;

/// Pan and zoom of a slice.
#[derive(Clone, Debug)]
pub struct SliceView {
    /// Plane it shows.
    pub plane: Plane,
    /// Voxel in the middle of the pane (the component across the slices is the cursor's).
    pub centre: [f64; 3],
    /// Screen points per mm.
    pub points_per_mm: f64,
    /// Fit the scan at the next frame.
    pub fit_pending: bool,
    /// What a drag that began in this pane does.
    pub drag: Option<slice_input::Drag>,
}

impl SliceView {
    /// A view that fits the scan at the first frame.
    pub fn new(plane: Plane) -> Self {
        Self { plane, centre: [0.0; 3], points_per_mm: 1.0, fit_pending: true, drag: None }
    }
}

/// Where voxels of a slice lie on the screen.
#[derive(Clone, Copy, Debug)]
pub struct SliceTransform {
    /// Axes of the plane.
    pub axes: PlaneAxes,
    /// The pane.
    pub rect: Rect,
    centre: [f64; 3],
    /// Screen points per voxel to the right and down, signed.
    points_per_voxel: [f64; 2],
}

impl SliceTransform {
    /// The transform of a view in its pane, for the slice of `cursor`.
    pub fn new(document: &Document, view: &SliceView, rect: Rect, cursor: [usize; 3]) -> Self {
        let geometry = document.image.geometry();
        let axes = PlaneAxes::new(geometry, view.plane);
        let spacing = geometry.spacing_mm();
        let mut centre = view.centre;
        centre[axes.through.voxel_axis] = cursor[axes.through.voxel_axis] as f64;
        let scale = |axis: crate::session::plane::ScreenAxis| axis.sign * spacing[axis.voxel_axis] * view.points_per_mm;
        Self { axes, rect, centre, points_per_voxel: [scale(axes.right), scale(axes.down)] }
    }

    /// Voxel under a point of the screen.
    pub fn voxel_at(&self, at: Pos2) -> [f64; 3] {
        let offset = at - self.rect.center();
        let mut voxel = self.centre;
        voxel[self.axes.right.voxel_axis] += f64::from(offset.x) / self.points_per_voxel[0];
        voxel[self.axes.down.voxel_axis] += f64::from(offset.y) / self.points_per_voxel[1];
        voxel
    }

    /// Where a voxel lies on the screen.
    pub fn point_of(&self, voxel: [f64; 3]) -> Pos2 {
        let along = |axis: usize, scale: f64| ((voxel[axis] - self.centre[axis]) * scale) as f32;
        let right = along(self.axes.right.voxel_axis, self.points_per_voxel[0]);
        let down = along(self.axes.down.voxel_axis, self.points_per_voxel[1]);
        self.rect.center() + Vec2::new(right, down)
    }

    /// Index of the slice.
    pub fn slice(&self) -> f64 {
        self.centre[self.axes.through.voxel_axis]
    }

    /// Voxels per screen point to the right and down, unsigned.
    pub fn voxels_per_point(&self) -> [f64; 2] {
        self.points_per_voxel.map(|s| 1.0 / s.abs())
    }
}

/// Fits the scan into the pane, with a little margin.
fn fit(view: &mut SliceView, document: &Document, rect: Rect) {
    let geometry = document.image.geometry();
    let axes = PlaneAxes::new(geometry, view.plane);
    let (size, spacing) = (geometry.size(), geometry.spacing_mm());
    let extent = |axis: usize| size[axis] as f64 * spacing[axis];
    let across = f64::from(rect.width()) / extent(axes.right.voxel_axis);
    let down = f64::from(rect.height()) / extent(axes.down.voxel_axis);
    view.points_per_mm = 0.96 * across.min(down).max(1e-3);
    view.centre = size.map(|n| (n as f64 - 1.0) / 2.0);
    view.fit_pending = false;
}

/// What a pane needs beside the session.
pub struct Painter<'a> {
    /// Textures and buffers; `None` without a graphics device (tests of the layout alone).
    pub scene: Option<&'a Scene>,
    /// The slices' pipeline.
    pub pipeline: Option<&'a Arc<SlicePipeline>>,
}

/// Draws a slice pane and takes its input.
pub fn slice_ui(
    ui: &mut Ui,
    rect: Rect,
    plane: Plane,
    session: &Session,
    display: &mut Display,
    paint: &Painter<'_>,
    out: &mut Vec<Command>,
) {
    ui.painter().rect_filled(rect, 0.0, theme::IMAGE_BACKGROUND);
    let Some(document) = &session.document else { return };
    if display.slice_mut(plane).fit_pending {
        fit(display.slice_mut(plane), document, rect);
    }
    let response = ui.interact(rect, ui.scope_id().with(plane), Sense::click_and_drag());
    let transform = SliceTransform::new(document, display.slice_mut(plane), rect, session.cursor);
    if let Some(at) = response.hover_pos() {
        display.active = plane;
        display.hover = Some(Hover { voxel: transform.voxel_at(at) });
    }
    if session.tool == Tool::Seed {
        slice_input::seed_click(&response, &transform, session, document, out);
    }
    slice_input::input(ui, &response, &transform, session, document, plane, display, out);
    // The picture shows the view as it is after the input.
    let transform = SliceTransform::new(document, display.slice_mut(plane), rect, session.cursor);
    let look = look(ui, &transform, session, document, display);
    let callback = paint
        .scene
        .zip(paint.pipeline)
        .and_then(|(scene, pipeline)| pipeline.callback(scene, document.image.geometry(), &look));
    if let Some(callback) = callback {
        ui.painter().add(egui_wgpu::Callback::new_paint_callback(rect, callback));
    }
    overlay::draw(ui, &response, &transform, session, document, display, plane);
    legend::draw(ui, rect, session, display, plane);
}

/// How a slice looks in the window.
pub(super) fn look(
    ui: &Ui,
    transform: &SliceTransform,
    session: &Session,
    document: &Document,
    display: &Display,
) -> SliceLook {
    let rect = transform.rect;
    let corner = transform.voxel_at(rect.min);
    let across = transform.voxel_at(rect.right_top());
    let down = transform.voxel_at(rect.left_bottom());
    let pixels = ui.ctx().pixels_per_point();
    let step = |to: [f64; 3]| std::array::from_fn(|d| to[d] - corner[d]);
    let roi_matters = !document.roi.covers(document.image.geometry());
    SliceLook {
        corner_voxel: corner,
        across_voxel: step(across),
        down_voxel: step(down),
        axes: [transform.axes.right.voxel_axis, transform.axes.down.voxel_axis],
        pane_px: [rect.width() * pixels, rect.height() * pixels],
        window: (session.window.lower(), session.window.upper()),
        interpolate: display.interpolate,
        roi: document.roi,
        dim: if roi_matters { 0.35 } else { 0.0 },
        contour_colour: theme::fractions(theme::CONTOUR),
        contour_px: 1.8 * pixels,
        label_opacity: if display.show_labels { display.label_opacity } else { 0.0 },
        map: map_look(session, display),
        show_trail: session.overlays.trail && session.evolution.overlays.trail.is_some(),
        trail_colour: theme::fractions(theme::TRAIL),
        show_reference: session.overlays.reference,
        show_contour: session.evolution.exists(),
        background: 0.025,
    }
}

/// The preview of the speed image while it is made; from then on what the user chose to lay over the slices.
pub fn map_look(session: &Session, display: &Display) -> MapLook {
    if !session.evolution.exists() {
        let preview = display.show_speed && matches!(session.step, Step::Speed | Step::Seeds);
        return if preview { MapLook::Speed(display.speed_opacity) } else { MapLook::Off };
    }
    let (settings, made) = (&session.overlays, &session.evolution.overlays);
    // Where φ is cut off nothing is known of the distance.
    let band_mm = if made.limit_mm > 0.0 { settings.band_mm.min(made.limit_mm) } else { settings.band_mm };
    match settings.map {
        _ if !settings.show_map => MapLook::Off,
        Map::Speed => MapLook::Speed(settings.opacity),
        Map::Phi => MapLook::Phi(settings.opacity, band_mm),
        Map::Force(force) => match &made.force {
            Some(Ok(map)) if map.force == force => MapLook::Force(settings.opacity, band_mm),
            _ => MapLook::Off,
        },
    }
}
