//! The slice pane's pipeline and callback.

use super::scene::{Scene, grid_from_voxel};
use super::{Binding, fill_pipeline, layout};
use eframe::egui_wgpu;
use std::sync::Arc;
use wgpu::util::DeviceExt as _;
use zeroset_engine::Geometry;
use zeroset_engine::roi::Roi;
use zeroset_shaders::layout::Slice;

/// The pipeline that draws slices.
pub struct SlicePipeline {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
}

/// How a slice is to look.
#[derive(Clone, Debug)]
pub struct SliceLook {
    /// Voxel of the pane's upper left corner.
    pub corner_voxel: [f64; 3],
    /// Step in voxels across the pane's whole width.
    pub across_voxel: [f64; 3],
    /// Step in voxels down the pane's whole height.
    pub down_voxel: [f64; 3],
    /// Voxel axes across and down.
    pub axes: [usize; 2],
    /// Pane in pixels.
    pub pane_px: [f32; 2],
    /// Intensities shown black and white.
    pub window: (f32, f32),
    /// Smooth between voxels.
    pub interpolate: bool,
    /// Region; the rest is dimmed by `dim`.
    pub roi: Roi,
    /// How much to dim outside the ROI, 0 to 1.
    pub dim: f32,
    /// Colour of the contour.
    pub contour_colour: [f32; 3],
    /// Width of the contour in pixels.
    pub contour_px: f32,
    /// Opacity of labels and of the contour's inside.
    pub label_opacity: f32,
    /// The map over the image.
    pub map: MapLook,
    /// Whether earlier contours are drawn.
    pub show_trail: bool,
    /// Their colour.
    pub trail_colour: [f32; 3],
    /// Whether the reference is drawn.
    pub show_reference: bool,
    /// Whether the contour is drawn.
    pub show_contour: bool,
    /// Grey beyond the scan.
    pub background: f32,
}

/// Which map is laid over the image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MapLook {
    /// None.
    #[default]
    Off,
    /// Speed, with its opacity.
    Speed(f32),
    /// φ, with its opacity and the half width of the band that is shown, mm.
    Phi(f32, f32),
    /// The scene's force, with its opacity and the half width of the band that is shown, mm.
    Force(f32, f32),
}

/// Draws one slice.
pub struct SliceCallback {
    pipeline: Arc<SlicePipeline>,
    bind_group: wgpu::BindGroup,
}

impl SlicePipeline {
    /// The pipeline for a target.
    pub fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let layout = layout(
            device,
            "slice",
            &[
                Binding::Uniform,
                Binding::Texture,
                Binding::Texture,
                Binding::Storage,
                Binding::Storage,
                Binding::Storage,
                Binding::Storage,
                Binding::Storage,
                Binding::Storage,
            ],
        );
        Self { pipeline: fill_pipeline(device, "view/slice", target, &layout), layout }
    }

    /// The callback that draws the scene's scan in this look; `None` without a scan.
    pub fn callback(self: &Arc<Self>, scene: &Scene, grid: &Geometry, look: &SliceLook) -> Option<SliceCallback> {
        let scan = scene.scan.as_ref()?;
        let pad = |v: [f64; 3]| [v[0] as f32, v[1] as f32, v[2] as f32, 0.0];
        let place = |field: &Option<super::Field>, shown: bool| match field {
            Some(f) if shown => {
                let [x, y, z] = f.geometry.size().map(|n| n as u32);
                (grid_from_voxel(grid, &f.geometry), [x, y, z, 1])
            }
            _ => ([[0.0; 4]; 3], [1, 1, 1, 0]),
        };
        let (phi_from_voxel, phi_size) = place(&scene.phi, look.show_contour);
        let (proposal_from_voxel, proposal_size) = place(&scene.proposal, true);
        let (reference_from_voxel, reference_size) = place(&scene.reference, look.show_reference);
        let (map, kind, map_opacity, map_range) = match look.map {
            MapLook::Off => (&None, 0, 0.0, [1.0; 2]),
            MapLook::Speed(opacity) => (&scene.speed, if scene.speed_from_zero { 2 } else { 1 }, opacity, [1.0; 2]),
            MapLook::Phi(opacity, band_mm) => (&scene.phi, 3, opacity, [band_mm; 2]),
            MapLook::Force(opacity, band_mm) => (&scene.force, 4, opacity, [scene.force_range, band_mm]),
        };
        let (map_from_voxel, mut map_size) = place(map, map_opacity > 0.0);
        map_size[3] *= kind;
        let trail = scene.trail.as_ref().filter(|_| look.show_trail);
        let [r, g, b] = look.contour_colour;
        let uniform = Slice {
            corner_voxel: pad(look.corner_voxel),
            across_voxel: pad(look.across_voxel),
            down_voxel: pad(look.down_voxel),
            size: [scan.size[0], scan.size[1], scan.size[2], scan.kind],
            axes: [
                look.axes[0] as u32,
                look.axes[1] as u32,
                u32::from(look.interpolate),
                u32::from(scene.labels.is_some()),
            ],
            intensity: [scan.slope, scan.intercept, look.window.0, look.window.1],
            pane_px: [look.pane_px[0], look.pane_px[1], look.contour_px, look.dim],
            roi_lower: pad(look.roi.lower.map(|v| v as f64)),
            roi_upper: pad(look.roi.upper.map(|v| v as f64)),
            phi_from_voxel,
            phi_size,
            map_from_voxel,
            map_size,
            map_range: [map_range[0], map_range[1], 0.0, 0.0],
            proposal_from_voxel,
            proposal_size,
            reference_from_voxel,
            reference_size,
            trail: trail.map_or([0.0; 4], |t| [t.count as f32, t.range_mm, 0.0, 0.0]),
            trail_colour: [look.trail_colour[0], look.trail_colour[1], look.trail_colour[2], 1.0],
            contour_colour: [r, g, b, 1.0],
            opacity: [look.label_opacity, map_opacity, 0.22 * look.label_opacity, look.background],
        };
        let buffer = scene.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("slice look"),
            contents: bytemuck::bytes_of(&uniform),
            usage: wgpu::BufferUsages::UNIFORM,
        });
        let view = wgpu::BindingResource::TextureView;
        let resources = [
            buffer.as_entire_binding(),
            view(&scan.view),
            view(scene.label_view()),
            scene.colours.as_entire_binding(),
            scene.field_buffer(&scene.phi).as_entire_binding(),
            scene.field_buffer(map).as_entire_binding(),
            scene.field_buffer(&scene.proposal).as_entire_binding(),
            scene.field_buffer(&scene.reference).as_entire_binding(),
            scene.trail_buffer().as_entire_binding(),
        ];
        let bind_group = super::bind(&scene.device, "slice", &self.layout, resources);
        Some(SliceCallback { pipeline: self.clone(), bind_group })
    }
}

impl egui_wgpu::CallbackTrait for SliceCallback {
    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        render_pass: &mut wgpu::RenderPass<'static>,
        _resources: &egui_wgpu::CallbackResources,
    ) {
        render_pass.set_pipeline(&self.pipeline.pipeline);
        render_pass.set_bind_group(0, &self.bind_group, &[]);
        render_pass.draw(0..3, 0..1);
    }
}
