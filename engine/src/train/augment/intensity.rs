//! Contrast, brightness, blur, noise and the window's ends.

use crate::filter::gaussian;
use crate::train::data::Slice;
use crate::train::recipe::Augmentation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Varies the image of a slice; the window (HU) to show it in comes back.
pub(super) fn vary(slice: &mut Slice, wanted: &Augmentation, window_hu: [f32; 2], random: &mut ChaCha8Rng) -> [f32; 2] {
    let middle = 0.5 * (window_hu[0] + window_hu[1]);
    let mut either_way = |most: f32| most * random.random_range(-1.0..=1.0f32);
    let contrast = (1.0 + wanted.contrast).powf(either_way(1.0));
    let brightness = either_way(wanted.brightness_hu);
    let ends = [either_way(wanted.window_shift_hu), either_way(wanted.window_shift_hu)];
    let blur_px = wanted.blur_px * random.random_range(0.0..=1.0f32);
    let noise_hu = wanted.noise_hu * random.random_range(0.0..=1.0f32);
    for hu in &mut slice.image_hu {
        *hu = middle + contrast * (*hu - middle) + brightness;
    }
    let [h, w] = slice.size;
    if blur_px > 0.0 {
        let blurred =
            slice.image_hu.chunks_exact(h * w).flat_map(|p| gaussian(p, [w, h, 1], [1.0; 3], f64::from(blur_px)));
        slice.image_hu = blurred.collect();
    }
    if noise_hu > 0.0 {
        for hu in &mut slice.image_hu {
            let normal: f32 = StandardNormal.sample(random);
            *hu += noise_hu * normal;
        }
    }
    // The two ends never meet.
    let least_width = 0.25 * (window_hu[1] - window_hu[0]);
    let low = window_hu[0] + ends[0];
    [low, (window_hu[1] + ends[1]).max(low + least_width)]
}
