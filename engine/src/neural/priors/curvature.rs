//! Curvature penalty: dφ/dt += w κ |∇φ| in each slice. With f = 0 a circle of radius R shrinks as R² = R₀² − 2 w t.

use super::{Ground, near};

/// Below this squared slope (band widths per mm) φ is flat and has no direction.
const FLAT: f32 = 1e-12;

/// Adds the force. Derivatives are central, in mm; pixels at the border repeat outwards; |κ| is at most one over the
/// shorter side of a pixel, the sharpest curve that the grid can show.
pub(super) fn add(ground: &Ground, weight_mm2: f64, phi: &[f32], rate: &mut [f32]) {
    let [h, w] = ground.pixels;
    let [hx, hy] = ground.pixel_mm.map(|mm| mm as f32);
    let sharpest = 1.0 / hx.min(hy);
    for (phi, rate) in phi.chunks_exact(h * w).zip(rate.chunks_exact_mut(h * w)) {
        for row in 0..h {
            let (above, below) = (row.saturating_sub(1), (row + 1).min(h - 1));
            for column in 0..w {
                let value = phi[row * w + column];
                let share = near(value);
                if share == 0.0 {
                    continue;
                }
                let (left, right) = (column.saturating_sub(1), (column + 1).min(w - 1));
                let at = |row: usize, column: usize| phi[row * w + column];
                let dx = (at(row, right) - at(row, left)) / (2.0 * hx);
                let dy = (at(below, column) - at(above, column)) / (2.0 * hy);
                let dxx = (at(row, right) - 2.0 * value + at(row, left)) / (hx * hx);
                let dyy = (at(below, column) - 2.0 * value + at(above, column)) / (hy * hy);
                let corners = at(below, right) - at(above, right) - at(below, left) + at(above, left);
                let dxy = corners / (4.0 * hx * hy);
                let squared = dx * dx + dy * dy + FLAT;
                let bend = (dxx * dy * dy - 2.0 * dx * dy * dxy + dyy * dx * dx) / squared;
                let most = sharpest * squared.sqrt();
                rate[row * w + column] += share * weight_mm2 as f32 * bend.clamp(-most, most);
            }
        }
    }
}
