//! A scan or a label map as a 3D texture of unsigned integers, uploaded slab by slab.

use thiserror::Error;
use zeroset_engine::volume::Samples;
use zeroset_engine::{LabelMap, Volume};

/// Bytes of one slab: large enough to be fast, small enough to keep the staging memory low.
const SLAB_BYTES: usize = 8 << 20;

/// Why a volume cannot be shown.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TextureError {
    /// An axis beyond the device's limit.
    #[error("the scan has {size:?} voxels, this graphics device shows at most {limit} along an axis")]
    TooLarge {
        /// The scan's size.
        size: [usize; 3],
        /// The device's limit.
        limit: u32,
    },
}

/// A scan on the graphics device.
#[derive(Clone, Debug)]
pub struct ScanTexture {
    /// The texture's view.
    pub view: wgpu::TextureView,
    /// Voxels along x, y, z.
    pub size: [u32; 3],
    /// 0 for i16 (with slope and intercept), 1 for f32 bits.
    pub kind: u32,
    /// Factor to the unit of intensity.
    pub slope: f32,
    /// Offset in the unit of intensity.
    pub intercept: f32,
}

impl ScanTexture {
    /// Uploads a scan.
    ///
    /// # Errors
    /// A scan that is larger than the device's textures.
    pub fn upload(device: &wgpu::Device, queue: &wgpu::Queue, volume: &Volume) -> Result<Self, TextureError> {
        let (format, bytes, kind, slope, intercept): (_, &[u8], _, _, _) = match volume.samples() {
            Samples::I16 { stored, slope, intercept } => {
                (wgpu::TextureFormat::R16Uint, bytemuck::cast_slice(stored), 0, *slope, *intercept)
            }
            Samples::F32(values) => (wgpu::TextureFormat::R32Uint, bytemuck::cast_slice(values), 1, 1.0, 0.0),
        };
        let size = volume.geometry().size();
        let view = upload(device, queue, "scan", size, format, bytes)?;
        Ok(Self { view, size: size.map(|n| n as u32), kind, slope, intercept })
    }
}

/// Uploads a label map.
///
/// # Errors
/// A map that is larger than the device's textures.
pub fn upload_labels(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    labels: &LabelMap,
) -> Result<wgpu::TextureView, TextureError> {
    let bytes = bytemuck::cast_slice(labels.labels());
    upload(device, queue, "labels", labels.geometry().size(), wgpu::TextureFormat::R16Uint, bytes)
}

/// A texture of one voxel of value 0, where there is nothing to show.
pub fn empty(device: &wgpu::Device) -> wgpu::TextureView {
    create(device, "empty", [1; 3], wgpu::TextureFormat::R16Uint).create_view(&wgpu::TextureViewDescriptor::default())
}

fn create(device: &wgpu::Device, label: &'static str, size: [u32; 3], format: wgpu::TextureFormat) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: size[2] },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

fn upload(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    label: &'static str,
    size: [usize; 3],
    format: wgpu::TextureFormat,
    bytes: &[u8],
) -> Result<wgpu::TextureView, TextureError> {
    let limit = device.limits().max_texture_dimension_3d;
    if size.iter().any(|&n| n > limit as usize) {
        return Err(TextureError::TooLarge { size, limit });
    }
    let texture = create(device, label, size.map(|n| n as u32), format);
    let row_bytes = size[0] * format.block_copy_size(None).unwrap_or(4) as usize;
    let slice_bytes = row_bytes * size[1];
    let slab = (SLAB_BYTES / slice_bytes).clamp(1, size[2]);
    for (index, chunk) in bytes.chunks(slab * slice_bytes).enumerate() {
        queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: 0, y: 0, z: (index * slab) as u32 },
                aspect: wgpu::TextureAspect::All,
            },
            chunk,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(row_bytes as u32),
                rows_per_image: Some(size[1] as u32),
            },
            wgpu::Extent3d {
                width: size[0] as u32,
                height: size[1] as u32,
                depth_or_array_layers: (chunk.len() / slice_bytes) as u32,
            },
        );
        // Flushes the staging memory of this slab before the next one is filled.
        queue.submit([]);
    }
    Ok(texture.create_view(&wgpu::TextureViewDescriptor::default()))
}
