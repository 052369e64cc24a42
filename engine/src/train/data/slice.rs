//! One slice on the network's grid, as it lies in the cache: before augmentation.

use serde::{Deserialize, Serialize};

/// A slice before augmentation. Planes are `[row][column]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Rows and columns.
    pub size: [usize; 2],
    /// HU, `[channel][row][column]`.
    pub image_hu: Vec<f32>,
    /// Part of each pixel that is organ, `[organ][row][column]`, 0 to 1.
    pub inside: Vec<f32>,
    /// Part of each pixel that the image covers, `[row][column]`; `None`: all of it counts.
    pub valid: Option<Vec<f32>>,
    /// Which structure of the recipe each pixel shows, `[channel][row][column]`: its place in the list from 1 up, 0 for
    /// none; empty where the recipe varies none.
    pub structures: Vec<u8>,
}

/// Which planes a cached slice has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Planes {
    pub size: [usize; 2],
    pub channels: usize,
    pub organs: usize,
    pub has_valid: bool,
    pub has_structures: bool,
}

/// HU are kept in eighths (−4096 to 4095.9): finer than any scanner's noise, and half of f32's space.
const PER_HU: f32 = 8.0;

impl Slice {
    /// Bytes of a slice with these planes.
    pub(super) fn bytes(planes: Planes) -> usize {
        let Planes { size, channels, organs, has_valid, has_structures } = planes;
        let structures = if has_structures { channels } else { 0 };
        size[0] * size[1] * (2 * channels + organs + usize::from(has_valid) + structures)
    }

    /// Compact form.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for hu in &self.image_hu {
            bytes.extend(((hu * PER_HU).round() as i16).to_le_bytes());
        }
        let parts = self.inside.iter().chain(self.valid.iter().flatten());
        bytes.extend(parts.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8));
        bytes.extend(&self.structures);
        bytes
    }

    /// Undoes [`encode`](Self::encode); the bytes are as many as [`bytes`](Self::bytes) says.
    pub(super) fn decode(bytes: &[u8], planes: Planes) -> Self {
        let Planes { size, channels, organs, has_valid, .. } = planes;
        let plane = size[0] * size[1];
        let (image, rest) = bytes.split_at(2 * channels * plane);
        let (parts, structures) = rest.split_at((organs + usize::from(has_valid)) * plane);
        let image_hu = image.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / PER_HU).collect();
        let parts: Vec<f32> = parts.iter().map(|&b| f32::from(b) / 255.0).collect();
        let inside = parts[..organs * plane].to_vec();
        let valid = has_valid.then(|| parts[organs * plane..].to_vec());
        Self { size, image_hu, inside, valid, structures: structures.to_vec() }
    }
}
