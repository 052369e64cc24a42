//! Training slices varied: image and truth through one map, then the intensities of the image.

mod contrast;
mod displacement;
mod intensity;
mod map;

pub(crate) use displacement::Displacement;
pub(crate) use map::PixelMap;

use super::data::Slice;
use super::recipe::Augmentation;
use crate::prepare::Preprocessing;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// HU of what a map brings in from beyond the slice: air.
const BEYOND_HU: f32 = -1024.0;

/// A slice seen through one random map, its intensities varied, and the window to show it in (HU).
///
/// Nothing is drawn but from `random`: the same generator gives the same slice.
pub fn augmented(
    slice: Slice,
    wanted: &Augmentation,
    preprocessing: &Preprocessing,
    random: &mut ChaCha8Rng,
) -> (Slice, [f32; 2]) {
    if wanted.is_none() {
        return (slice, preprocessing.window_hu);
    }
    let mut slice = slice;
    contrast::vary(&mut slice, wanted, random);
    if wanted.repeat_neighbours > 0.0 && random.random_range(0.0..1.0f64) < wanted.repeat_neighbours {
        contrast::repeat_middle(&mut slice);
    }
    let map = PixelMap::random(wanted, slice.size, random);
    let mut seen = map.slice(&slice, BEYOND_HU);
    let window_hu = intensity::vary(&mut seen, wanted, preprocessing.window_hu, random);
    (seen, window_hu)
}
