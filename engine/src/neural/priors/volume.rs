//! Area preservation, slice by slice (together: the volume): takes the mean normal speed out of dφ/dt.
//!
//! The area is A = h² Σ H(−φ) with a smoothed H; dA/dt = −h² Σ δ(φ) dφ/dt. The rate is shifted by one number in the
//! whole band, chosen so that the sum vanishes: the contour may move, but what it gains here it gives there. Exact for
//! the smoothed area, up to the solver's error.

use super::{Ground, near};
use std::f32::consts::PI;

/// Half the width over which H rises, pixels.
const EDGE_PX: f64 = 1.5;

/// Takes the share `weight` (0 to 1) of the mean normal speed out of each slice's rate.
pub(super) fn keep(ground: &Ground, weight: f64, phi: &[f32], rate: &mut [f32]) {
    let [h, w] = ground.pixels;
    let edge = edge(ground);
    for (phi, rate) in phi.chunks_exact(h * w).zip(rate.chunks_exact_mut(h * w)) {
        let (mut gained, mut room) = (0.0_f64, 0.0_f64);
        for (&phi, &rate) in phi.iter().zip(rate.iter()) {
            let delta = f64::from(delta(phi, edge));
            gained += delta * f64::from(rate);
            room += delta * f64::from(near(phi));
        }
        if room > 0.0 {
            let shift = (weight * gained / room) as f32;
            phi.iter().zip(rate).for_each(|(&phi, rate)| *rate -= shift * near(phi));
        }
    }
}

/// [`EDGE_PX`] in band widths.
fn edge(ground: &Ground) -> f32 {
    (EDGE_PX * (ground.pixel_mm[0] * ground.pixel_mm[1]).sqrt() / ground.band_mm) as f32
}

/// Derivative of the smoothed step, `(1 + cos(π φ / edge)) / (2 edge)` within the edge.
fn delta(phi: f32, edge: f32) -> f32 {
    if phi.abs() < edge { (1.0 + (PI * phi / edge).cos()) / (2.0 * edge) } else { 0.0 }
}

impl Ground {
    /// The area that [`super::Priors::volume`] keeps: of a slice's φ `[row][column]`, mm².
    pub fn smooth_area_mm2(&self, phi: &[f32]) -> f64 {
        let edge = edge(self);
        let inside = |&phi: &f32| {
            let z = (phi / edge).clamp(-1.0, 1.0);
            f64::from(0.5 * (1.0 - z - (PI * z).sin() / PI))
        };
        self.pixel_mm[0] * self.pixel_mm[1] * phi.iter().map(inside).sum::<f64>()
    }
}
