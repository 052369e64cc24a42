//! Contrast medium: each structure brighter, darker, or as without any.
//!
//! Where labels say what a pixel shows, its mean HU moves and its texture shrinks; at the labels' border the change
//! fades over a pixel, as partial volume would let it. Vessels and bowel that carry no label keep their contrast.

use crate::filter::gaussian;
use crate::train::data::Slice;
use crate::train::recipe::Augmentation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A structure without contrast medium keeps between this part of its texture and all of it: cortex and medulla, vessels
/// and parenchyma grow alike.
const LEAST_TEXTURE: f32 = 0.3;
/// Standard deviation of the change's soft border, pixels.
const BORDER_PX: f64 = 0.7;

/// Varies the contrast of a slice's structures.
pub(super) fn vary(slice: &mut Slice, wanted: &Augmentation, random: &mut ChaCha8Rng) {
    if slice.structures.is_empty() || wanted.structures_used().is_empty() {
        return;
    }
    let native = random.random_range(0.0..1.0f64) < wanted.native;
    for (place, structure) in (1..=u8::MAX).zip(&wanted.structures) {
        let draw = random.random_range(0.0..=1.0f32);
        let texture = random.random_range(LEAST_TEXTURE..=1.0f32);
        let [low, high] = structure.native_hu;
        let (native_hu, shift) = (low + draw * (high - low), (2.0 * draw - 1.0) * wanted.structure_shift_hu);
        let Some(mean) = mean_of(slice, place) else { continue };
        let changed = |hu: f32| if native { native_hu + texture * (hu - mean) } else { hu + shift };
        blend(slice, place, changed);
    }
}

/// Mean HU of a structure over all channels; `None` where there is none of it.
fn mean_of(slice: &Slice, place: u8) -> Option<f32> {
    let pixels = slice.structures.iter().zip(&slice.image_hu).filter(|(p, _)| **p == place);
    let (sum, count) = pixels.fold((0.0, 0u32), |(sum, count), (_, hu)| (sum + f64::from(*hu), count + 1));
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

/// Changes a structure, softly at its border.
fn blend(slice: &mut Slice, place: u8, changed: impl Fn(f32) -> f32) {
    let [h, w] = slice.size;
    let planes = slice.image_hu.chunks_exact_mut(h * w).zip(slice.structures.chunks_exact(h * w));
    for (image, places) in planes {
        if !places.contains(&place) {
            continue;
        }
        let part: Vec<f32> = places.iter().map(|&p| if p == place { 1.0 } else { 0.0 }).collect();
        let part = gaussian(&part, [w, h, 1], [1.0; 3], BORDER_PX);
        image.iter_mut().zip(part).for_each(|(hu, part)| *hu += part * (changed(*hu) - *hu));
    }
}

/// The neighbouring slices as copies of the slice itself.
pub(super) fn repeat_middle(slice: &mut Slice) {
    let plane = slice.size[0] * slice.size[1];
    let middle = slice.image_hu.len() / plane / 2 * plane;
    let own = slice.image_hu[middle..middle + plane].to_vec();
    slice.image_hu.chunks_exact_mut(plane).for_each(|channel| channel.copy_from_slice(&own));
}
