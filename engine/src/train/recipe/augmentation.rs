//! `[augmentation]`: by how much training slices vary. Without the section they do not.

use serde::{Deserialize, Serialize};

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
}

impl Augmentation {
    /// Nodes of the elastic displacement are this many pixels apart unless the recipe says otherwise.
    pub const ELASTIC_GRID_PX: f64 = 32.0;

    /// Whether nothing varies.
    pub fn is_none(&self) -> bool {
        let Self { elastic_grid_px, .. } = *self;
        *self == Self { elastic_grid_px, ..Self::default() }
    }
}
