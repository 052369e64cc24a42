//! Start contours for a contour evolution: what another network finds, or the truth, deformed.

use super::augment::{Displacement, PixelMap};
use super::random::random_for;
use super::recipe::StartRecipe;
use crate::prepare::phi_band_of;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Deforms the truth of one slice: φ in band widths of every organ, `[organ][row][column]`.
///
/// The truth is bent by a smooth displacement, then its contour moves outwards or inwards by one distance.
pub fn deformed(
    inside: &[f32],
    size: [usize; 2],
    band_px: f64,
    wanted: &StartRecipe,
    random: &mut ChaCha8Rng,
) -> Vec<f32> {
    let field = Displacement::random(size, wanted.deform_px, wanted.deform_grid_px, random);
    let map = PixelMap::from_fn(size, |pixel| {
        let bent = field.at(pixel);
        [pixel[0] as f64 + bent[0], pixel[1] as f64 + bent[1]]
    });
    let bent = map.planes(inside, 0.0);
    let offset = (wanted.offset_px * random.random_range(-1.0..=1.0f64) / band_px) as f32;
    bent.chunks_exact(size[0] * size[1])
        .flat_map(|plane| {
            let phi = phi_band_of(plane, size, band_px);
            // An organ that the offset would swallow keeps its contour: an empty start says nothing of place.
            let swallowed = phi.iter().all(|&v| v - offset >= 0.0);
            let offset = if swallowed { 0.0 } else { offset };
            let moved: Vec<f32> = phi.iter().map(|v| if v - offset < 0.0 { 1.0 } else { 0.0 }).collect();
            phi_band_of(&moved, size, band_px)
        })
        .collect()
}

/// Whether a slice starts from its truth, deformed, and the generator to deform it with; `epoch` is `None` in
/// validation, where every epoch sees the same contours.
pub fn draws_deformed(wanted: &StartRecipe, seed: u64, epoch: Option<u64>, sample: u64) -> (bool, ChaCha8Rng) {
    let mut random = random_for("start", seed, [epoch.map_or(0, |epoch| epoch + 1), sample]);
    let part: f64 = random.random_range(0.0..1.0);
    (part < wanted.deformed(), random)
}
