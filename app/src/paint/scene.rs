//! Everything that the panes read, on the graphics device: scan, labels, colours, φ, and what is laid over the slices.

use super::volume::{ScanTexture, TextureError, empty, upload_labels};
use crate::session::overlay::{ForceMap, Trail};
use crate::session::{LabelTable, Proposal, ReferenceMask, SpeedImage};
use std::sync::Arc;
use wgpu::util::DeviceExt as _;
use zeroset_engine::levelset::Method;
use zeroset_engine::{Geometry, LabelMap};

/// Labels that have a colour of their own.
const COLOURS: usize = 1 << 16;

/// A field on a grid of its own: φ, speed, a force.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its samples on the device, dense, x fastest.
    pub buffer: wgpu::Buffer,
    /// Its grid.
    pub geometry: Geometry,
}

/// Earlier contours on the device.
#[derive(Clone, Debug)]
pub struct TrailField {
    /// As [`Trail::packed`].
    pub buffer: wgpu::Buffer,
    /// How many.
    pub count: usize,
    /// Distance of a stored 1, mm.
    pub range_mm: f32,
    of: Arc<Trail>,
}

/// What the panes show.
pub struct Scene {
    /// Graphics device, shared with egui.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// The scan.
    pub scan: Option<ScanTexture>,
    /// The scan's grid.
    pub scan_geometry: Option<Geometry>,
    /// The label map, where there is one.
    pub labels: Option<wgpu::TextureView>,
    /// Colour of each label, RGBA8; alpha 0 hides it.
    pub colours: wgpu::Buffer,
    /// φ.
    pub phi: Option<Field>,
    /// φ of a proposal.
    pub proposal: Option<Field>,
    /// The speed image.
    pub speed: Option<Field>,
    /// Whether its range is [0, 1] (edges, intensities), else [-1, 1].
    pub speed_from_zero: bool,
    /// A force, on φ's grid.
    pub force: Option<Field>,
    /// The value of its full colour, mm per unit of t.
    pub force_range: f32,
    /// Signed distance to the reference's border.
    pub reference: Option<Field>,
    /// Earlier contours on φ's grid.
    pub trail: Option<TrailField>,
    nothing_texture: wgpu::TextureView,
    nothing_buffer: wgpu::Buffer,
    labels_revision: Option<(u64, u64)>,
    colours_of: Option<LabelTable>,
    speed_of: Option<Arc<SpeedImage>>,
    phi_of: Option<Arc<Vec<f32>>>,
    proposal_of: Option<Arc<Proposal>>,
    force_of: Option<Arc<ForceMap>>,
    reference_of: Option<Arc<ReferenceMask>>,
    phi_picture: u64,
    /// Counts changes of what the 3D pane shows.
    pub surface_revision: u64,
}

impl Scene {
    /// An empty scene.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let colours = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("label colours"),
            size: 4 * COLOURS as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let nothing_buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("no field"),
            size: 16,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        Self {
            nothing_texture: empty(&device),
            nothing_buffer,
            colours,
            scan: None,
            scan_geometry: None,
            labels: None,
            phi: None,
            proposal: None,
            speed: None,
            speed_from_zero: false,
            force: None,
            force_range: 1.0,
            reference: None,
            trail: None,
            labels_revision: None,
            colours_of: None,
            speed_of: None,
            phi_of: None,
            proposal_of: None,
            force_of: None,
            reference_of: None,
            phi_picture: 0,
            surface_revision: 0,
            device,
            queue,
        }
    }

    /// Forgets everything of a document.
    pub fn clear(&mut self) {
        (self.scan, self.labels, self.phi, self.speed) = (None, None, None, None);
        (self.proposal, self.proposal_of) = (None, None);
        (self.force, self.force_of, self.trail) = (None, None, None);
        (self.reference, self.reference_of) = (None, None);
        self.scan_geometry = None;
        (self.labels_revision, self.speed_of, self.phi_of) = (None, None, None);
        self.surface_revision += 1;
    }

    /// Brings the label texture up to `labels`, known by document and revision.
    ///
    /// # Errors
    /// A map that is larger than the device's textures.
    pub fn set_labels(&mut self, revision: (u64, u64), labels: Option<&LabelMap>) -> Result<(), TextureError> {
        if self.labels_revision == Some(revision) {
            return Ok(());
        }
        self.labels_revision = Some(revision);
        self.surface_revision += 1;
        self.labels = labels.map(|labels| upload_labels(&self.device, &self.queue, labels)).transpose()?;
        Ok(())
    }

    /// Brings the colours up to the table.
    pub fn set_colours(&mut self, table: &LabelTable) {
        if self.colours_of.as_ref() == Some(table) {
            return;
        }
        let mut colours = vec![0u32; COLOURS];
        for label in table.iter() {
            let [r, g, b] = label.colour;
            colours[usize::from(label.number)] = u32::from_le_bytes([r, g, b, if label.visible { 255 } else { 0 }]);
        }
        self.queue.write_buffer(&self.colours, 0, bytemuck::cast_slice(&colours));
        self.colours_of = Some(table.clone());
        self.surface_revision += 1;
    }

    /// Brings the speed buffer up to the image.
    pub fn set_speed(&mut self, image: Option<&Arc<SpeedImage>>) {
        if !is_same(&self.speed_of, image) {
            self.speed = image.and_then(|i| self.field("speed", i.geometry.clone(), &i.samples));
            self.speed_from_zero = image.is_some_and(|i| i.key.method != Method::Region);
            self.speed_of = image.cloned();
        }
    }

    /// Brings the proposal's buffer up to the proposal.
    pub fn set_proposal(&mut self, proposal: Option<&Arc<Proposal>>) {
        if !is_same(&self.proposal_of, proposal) {
            self.proposal = proposal.and_then(|p| self.field("proposal", p.place.geometry.clone(), &p.phi));
            self.proposal_of = proposal.cloned();
            self.surface_revision += 1;
        }
    }

    /// Brings the force up to a map on this grid, φ's.
    pub fn set_force(&mut self, map: Option<(&Geometry, &Arc<ForceMap>)>) {
        if !is_same(&self.force_of, map.map(|(_, map)| map)) {
            match (map, &self.force) {
                (Some((geometry, map)), Some(field)) if field.geometry == *geometry => {
                    self.queue.write_buffer(&field.buffer, 0, bytemuck::cast_slice(&map.samples));
                }
                (Some((geometry, map)), _) => {
                    self.force = self.field("force", geometry.clone(), &map.samples);
                }
                (None, _) => self.force = None,
            }
            self.force_range = map.map_or(1.0, |(_, map)| map.range);
            self.force_of = map.map(|(_, map)| map.clone());
        }
    }

    /// Brings the reference up to this one.
    pub fn set_reference(&mut self, reference: Option<&Arc<ReferenceMask>>) {
        if !is_same(&self.reference_of, reference) {
            self.reference = reference.and_then(|r| self.field("reference", r.geometry.clone(), &r.phi));
            self.reference_of = reference.cloned();
        }
    }

    /// Brings earlier contours up to these.
    pub fn set_trail(&mut self, trail: Option<&Arc<Trail>>) {
        if !is_same(&self.trail.as_ref().map(|t| t.of.clone()), trail) {
            self.trail = trail.and_then(|trail| {
                let buffer = self.storage("trail", bytemuck::cast_slice(&trail.packed))?;
                let (count, range_mm) = (trail.moments.len(), trail.range_mm);
                Some(TrailField { buffer, count, range_mm, of: trail.clone() })
            });
        }
    }

    /// Brings φ up to these samples, uploaded when they are new.
    pub fn set_phi(&mut self, phi: Option<(&Geometry, &Arc<Vec<f32>>)>) {
        let same = match (&self.phi_of, phi) {
            (Some(a), Some((_, b))) => Arc::ptr_eq(a, b),
            (None, None) => self.phi.is_none(),
            _ => false,
        };
        if same {
            return;
        }
        self.surface_revision += 1;
        let reusable = match (&self.phi, phi) {
            (Some(field), Some((geometry, _))) => self.phi_of.is_some() && field.geometry == *geometry,
            _ => false,
        };
        match (phi, &self.phi) {
            (Some((_, samples)), Some(field)) if reusable => {
                self.queue.write_buffer(&field.buffer, 0, bytemuck::cast_slice(samples));
            }
            (Some((geometry, samples)), _) => self.phi = self.field("phi", geometry.clone(), samples),
            (None, _) => self.phi = None,
        }
        self.phi_of = phi.map(|(_, samples)| samples.clone());
    }

    /// Shows a φ that lives on the device already (a GPU evolution's own buffer), in its newest state, counted.
    pub fn set_phi_buffer(&mut self, geometry: &Geometry, buffer: &wgpu::Buffer, picture: u64) {
        let same =
            self.phi_of.is_none() && self.phi.as_ref().is_some_and(|f| f.buffer == *buffer && f.geometry == *geometry);
        if !same || self.phi_picture != picture {
            self.surface_revision += 1;
        }
        if !same {
            self.phi = Some(Field { buffer: buffer.clone(), geometry: geometry.clone() });
            self.phi_of = None;
        }
        self.phi_picture = picture;
    }

    /// A field on the device; `None` when it is larger than a binding may be.
    fn field(&self, label: &'static str, geometry: Geometry, samples: &[f32]) -> Option<Field> {
        Some(Field { buffer: self.storage(label, bytemuck::cast_slice(samples))?, geometry })
    }

    fn storage(&self, label: &'static str, contents: &[u8]) -> Option<wgpu::Buffer> {
        let fits = contents.len() as u64 <= self.device.limits().max_storage_buffer_binding_size;
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let descriptor = wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage };
        fits.then(|| self.device.create_buffer_init(&descriptor))
    }

    /// The label texture, or an empty one.
    pub fn label_view(&self) -> &wgpu::TextureView {
        self.labels.as_ref().unwrap_or(&self.nothing_texture)
    }

    /// A field's buffer, or an empty one.
    pub fn field_buffer<'a>(&'a self, field: &'a Option<Field>) -> &'a wgpu::Buffer {
        field.as_ref().map_or(&self.nothing_buffer, |f| &f.buffer)
    }

    /// The buffer of earlier contours, or an empty one.
    pub fn trail_buffer(&self) -> &wgpu::Buffer {
        self.trail.as_ref().map_or(&self.nothing_buffer, |t| &t.buffer)
    }
}

/// Whether two of them are one and the same.
fn is_same<T>(a: &Option<Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Rows of the affine from the voxels of `from` to those of `to`.
pub fn grid_from_voxel(from: &Geometry, to: &Geometry) -> [[f32; 4]; 3] {
    rows(&(to.voxel_from_world() * from.world_from_voxel()))
}

/// The upper three rows of an affine, as f32.
pub fn rows(affine: &nalgebra::Matrix4<f64>) -> [[f32; 4]; 3] {
    std::array::from_fn(|r| std::array::from_fn(|c| affine[(r, c)] as f32))
}
