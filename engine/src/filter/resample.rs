//! Trilinear interpolation, and resampling from one grid onto another through the world.

use crate::geometry::Geometry;
use nalgebra::Matrix4;
use rayon::prelude::*;

/// Values of `samples` (on `source`, x fastest) at the voxel centres of `target`, trilinear, borders repeated.
///
/// # Panics
/// When `samples` does not fill `source`.
pub fn resample(samples: &[f32], source: &Geometry, target: &Geometry) -> Vec<f32> {
    assert_eq!(samples.len(), source.len(), "the samples must fill their grid");
    let source_from_target: Matrix4<f64> = source.voxel_from_world() * target.world_from_voxel();
    let [nx, ny, _] = target.size();
    let size = source.size();
    let mut output = vec![0.0; target.len()];
    output.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
        let (y, z) = ((row % ny) as f64, (row / ny) as f64);
        let m = &source_from_target;
        for (x, value) in out.iter_mut().enumerate() {
            let x = x as f64;
            let at = std::array::from_fn(|r| m[(r, 0)] * x + m[(r, 1)] * y + m[(r, 2)] * z + m[(r, 3)]);
            *value = trilinear(samples, size, at);
        }
    });
    output
}

/// Value at the fractional voxel position `at`, borders repeated.
///
/// # Panics
/// When `samples` does not fill the grid.
pub fn trilinear(samples: &[f32], size: [usize; 3], at: [f64; 3]) -> f32 {
    let mut lower = [0; 3];
    let mut upper = [0; 3];
    let mut fraction = [0.0_f32; 3];
    for d in 0..3 {
        let position = at[d].clamp(0.0, (size[d] - 1) as f64);
        lower[d] = position as usize;
        upper[d] = (lower[d] + 1).min(size[d] - 1);
        fraction[d] = (position - lower[d] as f64) as f32;
    }
    let value = |x: usize, y: usize, z: usize| samples[(z * size[1] + y) * size[0] + x];
    let mix = |a: f32, b: f32, f: f32| a + f * (b - a);
    let row = |y: usize, z: usize| mix(value(lower[0], y, z), value(upper[0], y, z), fraction[0]);
    let plane = |z: usize| mix(row(lower[1], z), row(upper[1], z), fraction[1]);
    mix(plane(lower[2]), plane(upper[2]), fraction[2])
}
