//! The brush on φ: union with a ball, φ ← min(φ, |x − c| − r), or difference, φ ← max(φ, r − |x − c|).
//!
//! Both keep φ a distance near the new contour, so the evolution goes on from there without more ado.

use crate::session::evolution::BrushTouch;
use zeroset_engine::Geometry;

/// Half the thickness of a flat touch in slices: it reaches its own slice only.
const HALF_SLICE: f64 = 0.5;

/// Applies a touch to φ (mm, negative inside, x fastest) on its grid.
pub fn apply(phi: &mut [f32], grid: &Geometry, touch: &BrushTouch) {
    let centre = grid.voxel_of_world(touch.center_mm);
    let (size, spacing) = (grid.size(), grid.spacing_mm());
    // Beyond the ball φ changes too (the union's distance), but only as far as the band reaches: one radius more is
    // ample for any band and keeps a touch local.
    let reach: [f64; 3] = std::array::from_fn(|d| (2.0 * touch.radius_mm + 4.0 * spacing[d]) / spacing[d]);
    let range = |d: usize| {
        let lower = (centre[d] - reach[d]).floor().max(0.0);
        let upper = (centre[d] + reach[d]).ceil().min(size[d] as f64 - 1.0);
        if lower > upper { 0..0 } else { lower as usize..upper as usize + 1 }
    };
    let flat = touch.slice_normal.filter(|_| size[2] > 1);
    let slice_mm = flat.map_or(0.0, |normal| thickness_mm(grid, normal));
    for z in range(2) {
        for y in range(1) {
            for x in range(0) {
                // On a grid of one slice only the distance within the slice counts.
                let depth = if size[2] == 1 { centre[2] } else { z as f64 };
                let world = grid.world_of_voxel([x as f64, y as f64, depth]);
                let offset: [f64; 3] = std::array::from_fn(|d| world[d] - touch.center_mm[d]);
                let mut squared: f64 = offset.iter().map(|v| v * v).sum();
                if let Some(normal) = flat {
                    let height: f64 = (0..3).map(|d| offset[d] * normal[d]).sum();
                    if height.abs() > HALF_SLICE * slice_mm {
                        continue;
                    }
                    squared -= height * height;
                }
                let ball = (squared.max(0.0).sqrt() - touch.radius_mm) as f32;
                let value = &mut phi[(z * size[1] + y) * size[0] + x];
                *value = if touch.add { value.min(ball) } else { value.max(-ball) };
            }
        }
    }
}

/// Distance between neighbouring slices across `normal`, mm.
fn thickness_mm(grid: &Geometry, normal: [f64; 3]) -> f64 {
    let m = grid.world_from_voxel();
    let along = |c: usize| (0..3).map(|r| m[(r, c)] * normal[r]).sum::<f64>().abs();
    (0..3).map(along).fold(0.0, f64::max)
}
