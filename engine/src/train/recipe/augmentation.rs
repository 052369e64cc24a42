//! `[augmentation]`: by how much training slices vary. Without the section they do not.

use serde::{Deserialize, Serialize};

/// An organ or vessel whose contrast varies on its own, by its labels in the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Its labels in the training masks.
    pub labels: Vec<u16>,
    /// Its mean HU in a scan without contrast medium, as a range.
    pub native_hu: [f32; 2],
}

/// Ranges; each slice draws its own values in every epoch. The NODE paper varies scale, left and right, and brightness
/// of its pictures and gives no numbers; it names no augmentation for CT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Scale factors from 1 / (1 + s) to 1 + s, evenly in the logarithm.
    pub scale: f64,
    /// Rotation by up to this many degrees either way.
    pub rotation_degrees: f64,
    /// Shift by up to this part of the grid's side, along both axes.
    pub translation: f64,
    /// Probability of a mirror image, left and right swapped. Only where anatomy allows: never where left and right are
    /// told apart or lie differently (liver and spleen).
    pub flip_left_right: f64,
    /// Standard deviation of the elastic displacement, pixels.
    pub elastic_px: f64,
    /// Pixels between the elastic displacement's nodes.
    pub elastic_grid_px: f64,
    /// Brightness: up to this many HU added or taken.
    pub brightness_hu: f32,
    /// Contrast: factors from 1 / (1 + c) to 1 + c about the window's middle.
    pub contrast: f32,
    /// The window's two ends shift by up to this many HU, each on its own.
    pub window_shift_hu: f32,
    /// Greatest standard deviation of added noise, HU.
    pub noise_hu: f32,
    /// Greatest standard deviation of a Gaussian blur, pixels.
    pub blur_px: f32,
    /// Probability that a slice is shown as if no contrast medium had been given: every structure takes a mean from its
    /// `native_hu`, and loses part of its texture.
    pub native: f64,
    /// In the other slices each structure becomes brighter or darker by up to this many HU, each on its own: other
    /// phases of the contrast medium.
    pub structure_shift_hu: f32,
    /// What `native` and `structure_shift_hu` act on.
    pub structures: Vec<Structure>,
    /// Probability that the neighbouring slices repeat the slice itself: scans whose slices are thick or far apart.
    pub repeat_neighbours: f64,
}

impl Augmentation {
    /// Nodes of the elastic displacement are this many pixels apart unless the recipe says otherwise.
    pub const ELASTIC_GRID_PX: f64 = 32.0;

    /// Whether nothing varies.
    pub fn is_none(&self) -> bool {
        *self == Self { elastic_grid_px: self.elastic_grid_px, structures: self.structures.clone(), ..Self::default() }
    }

    /// The structures that slices have to be read with: none where nothing acts on them.
    pub fn structures_used(&self) -> &[Structure] {
        if self.native > 0.0 || self.structure_shift_hu > 0.0 { &self.structures } else { &[] }
    }
}
