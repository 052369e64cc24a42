//! Smoothness between slices: dφ/dt += w d²φ/dz², which draws each slice's contour towards the mean of its neighbours'.
//!
//! It needs φ of all slices at one t: the slices are one system then, solved with one step. Where the next slice has no
//! contour, or there is a gap, nothing flows. In a stack of equal slices nothing happens, and the sum of φ over two
//! slices stays what it was.

use super::{Ground, near};

/// Adds the force; between two slices it fades by the one that is farther from its contour, so that what one gives the
/// other takes.
pub(super) fn add(ground: &Ground, weight_mm2: f64, phi: &[f32], rate: &mut [f32]) {
    let pixels = ground.pixels[0] * ground.pixels[1];
    let pull = (weight_mm2 / (ground.slice_mm * ground.slice_mm)) as f32;
    for (index, pair) in ground.slices.windows(2).enumerate() {
        if pair[1] != pair[0] + 1 {
            continue;
        }
        let (lower, upper) = (index * pixels, (index + 1) * pixels);
        for pixel in 0..pixels {
            let (a, b) = (phi[lower + pixel], phi[upper + pixel]);
            let flow = pull * near(a).min(near(b)) * (b - a);
            rate[lower + pixel] += flow;
            rate[upper + pixel] -= flow;
        }
    }
}
