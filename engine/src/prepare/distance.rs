//! Maps of a network's grid as distances.

use super::FAR_BANDS;
use crate::filter::signed_distance_mm;

/// φ in band widths, negative inside, of the pixels of an `[h][w]` map that are at least half inside.
pub fn phi_band_of(inside: &[f32], size: [usize; 2], band_px: f64) -> Vec<f32> {
    let mask: Vec<bool> = inside.iter().map(|&part| part >= 0.5).collect();
    of_mask(&mask, size).iter().map(|phi| (phi / band_px as f32).clamp(-FAR_BANDS, FAR_BANDS)).collect()
}

/// The signed distance, in band widths, to the zero set of an `[h][w]` map: its contour with another slope.
///
/// Losses that ask for sides and not for distances make a network's φ steeper near its contour than a distance is (three
/// times, measured on kidneys and livers). Whatever evolves such a φ moves its contour by as much too little.
///
/// Pixels beside the contour take the distance to where the map crosses zero between them and their neighbours, so that
/// the contour keeps its place between pixels; all others the distance to the faces of the inside's pixels.
pub fn distance_of(phi: &[f32], size: [usize; 2], band_px: f64) -> Vec<f32> {
    let [h, w] = size;
    let mask: Vec<bool> = phi.iter().map(|&v| v < 0.0).collect();
    // Most slices of a scan: no contour, all is far from one.
    if mask.iter().all(|&inside| inside == mask[0]) {
        return vec![if mask[0] { -FAR_BANDS } else { FAR_BANDS }; mask.len()];
    }
    let mut distance_px = of_mask(&mask, size);
    // Pixels to the crossing towards a neighbour; `None` where there is none.
    let crossing =
        |from: usize, to: usize| (mask[from] != mask[to]).then(|| (phi[from] / (phi[from] - phi[to])).clamp(0.0, 1.0));
    let nearest = |a: Option<f32>, b: Option<f32>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    for row in 0..h {
        for column in 0..w {
            let at = row * w + column;
            let towards = |exists: bool, to: usize| if exists { crossing(at, to) } else { None };
            let across = nearest(
                towards(column > 0, at.saturating_sub(1)),
                towards(column + 1 < w, (at + 1).min(phi.len() - 1)),
            );
            let down =
                nearest(towards(row > 0, at.saturating_sub(w)), towards(row + 1 < h, (at + w).min(phi.len() - 1)));
            let pixels = match (across, down) {
                // The foot of the perpendicular on the line through both crossings.
                (Some(a), Some(b)) if a + b > 0.0 => a * b / a.hypot(b),
                (Some(a), Some(_)) => a,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => continue,
            };
            // A pixel keeps its side, also where it lies on the contour.
            distance_px[at] = if mask[at] { -pixels.max(f32::MIN_POSITIVE) } else { pixels };
        }
    }
    distance_px.iter().map(|phi| (phi / band_px as f32).clamp(-FAR_BANDS, FAR_BANDS)).collect()
}

/// Pixels to the faces between inside and outside, negative inside.
fn of_mask(mask: &[bool], [h, w]: [usize; 2]) -> Vec<f32> {
    signed_distance_mm(mask, [w, h, 1], [1.0; 3])
}
