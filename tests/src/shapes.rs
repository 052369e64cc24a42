//! Level sets and speed images whose evolution is known exactly.

use zeroset_engine::levelset::Grid;

/// Position of a voxel's centre in mm.
pub fn position(grid: &Grid, index: usize) -> [f64; 3] {
    let [nx, ny, _] = grid.size;
    let at = [index % nx, index / nx % ny, index / (nx * ny)];
    std::array::from_fn(|d| at[d] as f64 * f64::from(grid.spacing_mm[d]))
}

/// Values of `f(position in mm)` on the grid, x fastest.
pub fn sample(grid: &Grid, f: impl Fn([f64; 3]) -> f64) -> Vec<f32> {
    (0..grid.len()).map(|i| f(position(grid, i)) as f32).collect()
}

/// Signed distance to the sphere (circle in 2D) around the grid's middle.
pub fn ball(grid: &Grid, radius_mm: f64) -> Vec<f32> {
    let c = middle(grid);
    sample(grid, |p| distance(p, c, grid.dimension()) - radius_mm)
}

/// The grid's middle in mm.
pub fn middle(grid: &Grid) -> [f64; 3] {
    std::array::from_fn(|d| (grid.size[d] as f64 - 1.0) * f64::from(grid.spacing_mm[d]) / 2.0)
}

/// Distance in the axes in use, mm.
pub fn distance(a: [f64; 3], b: [f64; 3], dimension: usize) -> f64 {
    (0..dimension).map(|d| (a[d] - b[d]).powi(2)).sum::<f64>().sqrt()
}

/// Radius of the ball that encloses `volume_ml` (2D: of the disc in a slice of thickness `spacing_mm[2]`).
pub fn radius_of(grid: &Grid, volume_ml: f64) -> f64 {
    let mm3 = volume_ml * 1000.0;
    if grid.dimension() == 2 {
        (mm3 / f64::from(grid.spacing_mm[2]) / std::f64::consts::PI).sqrt()
    } else {
        (mm3 * 0.75 / std::f64::consts::PI).cbrt()
    }
}

/// A smooth pseudo-random field in about [-1, 1]: a few waves whose phases come from `seed`.
pub fn waves(grid: &Grid, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let waves: Vec<[f64; 4]> = (0..6).map(|_| [next() - 0.5, next() - 0.5, next() - 0.5, next() * 6.3]).collect();
    let h = f64::from(grid.h_min());
    sample(grid, |p| {
        waves.iter().map(|w| ((w[0] * p[0] + w[1] * p[1] + w[2] * p[2]) / h + w[3]).sin()).sum::<f64>() / 4.0
    })
}
