//! The 3D pane's picture: drawn into a texture of its own, and only when something in it has changed.

use super::scene::{Field, Scene, rows};
use super::{Binding, fill_pipeline, layout};
use eframe::egui_wgpu::RenderState;
use wgpu::util::DeviceExt as _;
use zeroset_engine::Geometry;
use zeroset_shaders::layout::Surface;

/// Colours are written as they are, like egui's own.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Where the 3D pane is seen from, and in which colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceLook {
    /// Point in the middle of the pane, RAS mm.
    pub centre_mm: [f64; 3],
    /// Unit vector to the screen's right, RAS.
    pub right: [f64; 3],
    /// Unit vector to the screen's top, RAS.
    pub up: [f64; 3],
    /// Unit vector away from the viewer, RAS.
    pub forward: [f64; 3],
    /// Half the pane's height, mm.
    pub half_height_mm: f64,
    /// Half the depth that is searched, mm.
    pub half_depth_mm: f64,
    /// Colour of φ's surface.
    pub colour: [f32; 3],
    /// Background at the top and at the bottom.
    pub background: [[f32; 3]; 2],
}

/// The 3D pane's pipeline and picture.
pub struct SurfacePipeline {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    picture: Option<Picture>,
}

struct Picture {
    view: wgpu::TextureView,
    id: egui::TextureId,
    shown: (SurfaceLook, u64, [u32; 2]),
}

impl SurfacePipeline {
    /// The pipeline.
    pub fn new(device: &wgpu::Device) -> Self {
        let bindings = [Binding::Uniform, Binding::Storage, Binding::Texture, Binding::Storage];
        let layout = layout(device, "surface", &bindings);
        Self { pipeline: fill_pipeline(device, "view/surface", FORMAT, &layout), layout, picture: None }
    }

    /// Whether a picture of this look would have to be drawn anew.
    pub fn outdated(&self, scene: &Scene, look: &SurfaceLook, size_px: [u32; 2]) -> bool {
        self.picture.as_ref().is_none_or(|p| p.shown != (*look, scene.surface_revision, size_px))
    }

    /// The last picture, whatever it shows.
    pub fn last(&self) -> Option<egui::TextureId> {
        self.picture.as_ref().map(|p| p.id)
    }

    /// The picture of this look in so many pixels; drawn only when it differs from the last one.
    pub fn picture(
        &mut self,
        state: &RenderState,
        scene: &Scene,
        look: &SurfaceLook,
        size_px: [u32; 2],
    ) -> egui::TextureId {
        if let Some(picture) = self.picture.as_ref().filter(|_| !self.outdated(scene, look, size_px)) {
            return picture.id;
        }
        let same_size = self.picture.as_ref().is_some_and(|p| p.shown.2 == size_px);
        let previous = self.picture.take();
        let (view, id) = match previous {
            Some(p) if same_size => (p.view, p.id),
            previous => {
                let view = create_target(&scene.device, size_px);
                let mut renderer = state.renderer.write();
                if let Some(p) = previous {
                    renderer.free_texture(&p.id);
                }
                let id = renderer.register_native_texture(&scene.device, &view, wgpu::FilterMode::Linear);
                (view, id)
            }
        };
        self.draw(scene, look, size_px, &view);
        self.picture = Some(Picture { view, id, shown: (*look, scene.surface_revision, size_px) });
        id
    }

    fn draw(&self, scene: &Scene, look: &SurfaceLook, size_px: [u32; 2], target: &wgpu::TextureView) {
        let uniform = uniform(scene, look, size_px);
        let buffer = scene.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("surface look"),
            contents: bytemuck::bytes_of(&uniform),
            usage: wgpu::BufferUsages::UNIFORM,
        });
        let resources = [
            buffer.as_entire_binding(),
            scene.field_buffer(contour(scene)).as_entire_binding(),
            wgpu::BindingResource::TextureView(scene.label_view()),
            scene.colours.as_entire_binding(),
        ];
        let group = super::bind(&scene.device, "surface", &self.layout, resources);
        let mut encoder =
            scene.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("surface") });
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("surface"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
        drop(pass);
        scene.queue.submit([encoder.finish()]);
    }
}

/// The contour that is shown: the evolution's, else the proposal's.
fn contour(scene: &Scene) -> &Option<Field> {
    let is_solid = |field: &Option<Field>| field.as_ref().is_some_and(|f| f.geometry.size().iter().all(|&n| n > 1));
    if !is_solid(&scene.phi) && is_solid(&scene.proposal) { &scene.proposal } else { &scene.phi }
}

/// Which field is shown: φ, else the labels, else nothing (0).
fn shown<'a>(scene: &'a Scene, scan: Option<&'a Geometry>) -> Option<(&'a Geometry, u32)> {
    match (contour(scene), &scene.labels, scan) {
        (Some(phi), ..) if phi.geometry.size()[2] > 1 => Some((&phi.geometry, 1)),
        (_, Some(_), Some(scan)) => Some((scan, 2)),
        _ => None,
    }
}

fn uniform(scene: &Scene, look: &SurfaceLook, size_px: [u32; 2]) -> Surface {
    let aspect = f64::from(size_px[0]) / f64::from(size_px[1].max(1));
    let scaled = |v: [f64; 3], by: f64, w: f64| [(v[0] * by) as f32, (v[1] * by) as f32, (v[2] * by) as f32, w as f32];
    let start = std::array::from_fn(|d| look.centre_mm[d] - look.forward[d] * look.half_depth_mm);
    let opaque = |c: [f32; 3]| [c[0], c[1], c[2], 1.0];
    let field = shown(scene, scene.scan_geometry.as_ref());
    let (grid_from_world, size, least_mm, box_upper) = match field {
        Some((geometry, kind)) => {
            let [x, y, z] = geometry.size().map(|n| n as u32);
            let h = geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
            (rows(geometry.voxel_from_world()), [x, y, z, kind], 0.35 * h, [x as f32, y as f32, z as f32])
        }
        None => ([[0.0; 4]; 3], [1, 1, 1, 0], 1.0, [1.0; 3]),
    };
    // phi is clamped to its band, so a longer step than that never happens; labels go by half a voxel, and so does a
    // proposal: a network's distances are those within its slices.
    let by_voxels = size[3] == 2 || std::ptr::eq(contour(scene), &scene.proposal);
    let longest_mm = if by_voxels { 1.5 * least_mm } else { f64::from(f32::MAX) };
    Surface {
        grid_from_world,
        size,
        centre: scaled(start, 1.0, 1.0),
        right: scaled(look.right, look.half_height_mm * aspect, 0.0),
        up: scaled(look.up, look.half_height_mm, 0.0),
        forward: scaled(look.forward, 1.0, 2.0 * look.half_depth_mm),
        colour: opaque(look.colour),
        background_top: opaque(look.background[0]),
        background_bottom: opaque(look.background[1]),
        lower: [0.0, 0.0, 0.0, least_mm as f32],
        upper: [box_upper[0], box_upper[1], box_upper[2], longest_mm as f32],
    }
}

fn create_target(device: &wgpu::Device, size_px: [u32; 2]) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("surface picture"),
        size: wgpu::Extent3d { width: size_px[0], height: size_px[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: FORMAT,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
