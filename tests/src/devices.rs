//! Images and contours on which the CPU and the GPU are compared.

use crate::shapes::{distance, middle, sample, waves};
use zeroset_engine::levelset::{Fields, Grid, Method};

/// Anisotropic in 2D; its size is no multiple of any tile's.
pub const FLAT: Grid = Grid { size: [96, 83, 1], spacing_mm: [0.8, 1.1, 3.0] };
/// Anisotropic in 3D; its size is no multiple of any tile's.
pub const SOLID: Grid = Grid { size: [41, 38, 27], spacing_mm: [0.8, 0.9, 1.7] };

/// Extent along x, mm.
fn width_mm(grid: &Grid) -> f64 {
    grid.size[0] as f64 * f64::from(grid.spacing_mm[0])
}

/// 1 with a smooth trough around a ball, and waves, in [0, 1].
pub fn edge_speed(grid: &Grid) -> Vec<f32> {
    let radius_mm = 0.33 * width_mm(grid);
    let trough = sample(grid, |p| {
        let d = distance(p, middle(grid), grid.dimension()) - radius_mm;
        1.0 - 0.95 * (-(d / 2.5).powi(2)).exp()
    });
    trough.iter().zip(waves(grid, 11)).map(|(t, r)| (t + 0.1 * r).clamp(0.0, 1.0)).collect()
}

/// Positive inside a ball, and waves, in [-1, 1].
pub fn region_speed(grid: &Grid) -> Vec<f32> {
    let radius_mm = 0.3 * width_mm(grid);
    let inside = sample(grid, |p| ((radius_mm - distance(p, middle(grid), grid.dimension())) / 2.0).tanh());
    inside.iter().zip(waves(grid, 23)).map(|(t, r)| (t + 0.4 * r).clamp(-1.0, 1.0)).collect()
}

/// A bright ball and waves, in [0, 1].
pub fn intensity(grid: &Grid) -> Vec<f32> {
    region_speed(grid).iter().map(|v| 0.5 + 0.5 * v).collect()
}

/// What a method reads.
pub fn fields(grid: &Grid, method: Method) -> Fields {
    match method {
        Method::Edge => Fields::Speed(edge_speed(grid)),
        Method::Region => Fields::Speed(region_speed(grid)),
        Method::ChanVese => Fields::Intensity(intensity(grid)),
    }
}

/// Two balls off the voxel centres, so that no phi is exactly 0.
pub fn seeds(grid: &Grid) -> Vec<f32> {
    let c = middle(grid);
    let h = f64::from(grid.h_min());
    let (first, second) = ([c[0] - 5.3 * h, c[1] + 2.1 * h, c[2]], [c[0] + 6.2 * h, c[1] - 1.7 * h, c[2] + 0.3 * h]);
    let to = |p, center, radius: f64| distance(p, center, grid.dimension()) - radius * h;
    sample(grid, |p| to(p, first, 5.07).min(to(p, second, 6.13)))
}
