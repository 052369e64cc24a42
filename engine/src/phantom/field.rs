//! Smooth random fields: the low-frequency displacement that makes organs irregular, and tissue texture.

use super::rng::{Rng, normal_of};
use super::shapes::Vec3;
use rayon::prelude::*;

/// Weights of a Gaussian, rounded so that every platform's `exp` gives the same ones; their sum is 1.
pub(crate) fn gaussian_weights(sigma: f32) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil().max(1.0) as i32;
    let raw: Vec<f64> = (-radius..=radius)
        .map(|i| {
            let x = f64::from(i) / f64::from(sigma);
            ((-0.5 * x * x).exp() * 1e6).round()
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|w| (w / sum) as f32).collect()
}

/// Smooths rows of `n` values that are periodic.
fn smooth_rows(values: &mut [f32], n: usize, weights: &[f32]) {
    let reach = weights.len() / 2;
    values.par_chunks_mut(n).for_each_init(Vec::new, |padded, row| {
        padded.clear();
        padded.extend((0..n + 2 * reach).map(|i| row[(i + n * reach - reach) % n]));
        for (value, window) in row.iter_mut().zip(padded.windows(weights.len())) {
            *value = window.iter().zip(weights).map(|(v, w)| v * w).sum();
        }
    });
}

/// The same values with the axes (x, y, z) stored as (y, z, x).
fn turned(values: &[f32], [nx, ny, nz]: [usize; 3]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(ny).enumerate().for_each(|(row, out)| {
        let (z, x) = (row % nz, row / nz);
        for (y, value) in out.iter_mut().enumerate() {
            *value = values[(z * ny + y) * nx + x];
        }
    });
    out
}

/// Normal noise on a periodic grid, smoothed to correlation length `sigma` cells, with mean 0 and variance 1.
fn smooth_noise(size: [usize; 3], sigma: f32, key: u64) -> Vec<f32> {
    let count = size.iter().product::<usize>() as u64;
    let mut values: Vec<f32> = (0..count).into_par_iter().map(|i| normal_of(key, i)).collect();
    let weights = gaussian_weights(sigma);
    let mut shape = size;
    for _ in 0..3 {
        smooth_rows(&mut values, shape[0], &weights);
        values = turned(&values, shape);
        shape.rotate_left(1);
    }
    let norm: f32 = weights.iter().map(|w| w * w).sum::<f32>();
    let factor = 1.0 / (norm * norm.sqrt());
    for v in &mut values {
        *v *= factor;
    }
    values
}

/// A periodic field of displacements, trilinear between nodes.
pub(crate) struct Warp {
    nodes: Vec<Vec3>,
}

impl Warp {
    const SIZE: [usize; 3] = [80, 56, 96];
    const CELL: f32 = 6.0;

    /// Displacements of `coarse` standard deviation over about 100 units plus `fine` over about 35.
    pub(crate) fn new(rng: &mut Rng, coarse: f32, fine: f32) -> Self {
        let component = |rng: &mut Rng, factor: f32| -> Vec<f32> {
            let low = smooth_noise(Self::SIZE, 3.8, rng.key());
            let high = smooth_noise(Self::SIZE, 1.4, rng.key());
            low.iter().zip(&high).map(|(l, h)| factor * (coarse * l + fine * h)).collect()
        };
        // Less along z: the slices are thick, and vertebrae should keep their height.
        let (x, y, z) = (component(rng, 1.0), component(rng, 1.0), component(rng, 0.7));
        Self { nodes: x.iter().zip(&y).zip(&z).map(|((x, y), z)| [*x, *y, *z]).collect() }
    }

    /// Displacement at `p`.
    pub(crate) fn at(&self, p: Vec3) -> Vec3 {
        let mut low = [0usize; 3];
        let mut high = [0usize; 3];
        let mut t = [0.0f32; 3];
        for d in 0..3 {
            let n = Self::SIZE[d] as i32;
            let position = p[d] / Self::CELL;
            let floor = position.floor();
            t[d] = position - floor;
            low[d] = (floor as i32).rem_euclid(n) as usize;
            high[d] = if low[d] + 1 == Self::SIZE[d] { 0 } else { low[d] + 1 };
        }
        let row = |y: usize, z: usize| (z * Self::SIZE[1] + y) * Self::SIZE[0];
        let mut sum = [0.0; 3];
        for (y, wy) in [(low[1], 1.0 - t[1]), (high[1], t[1])] {
            for (z, wz) in [(low[2], 1.0 - t[2]), (high[2], t[2])] {
                let (a, b) = (self.nodes[row(y, z) + low[0]], self.nodes[row(y, z) + high[0]]);
                for d in 0..3 {
                    sum[d] += wy * wz * (a[d] + (b[d] - a[d]) * t[0]);
                }
            }
        }
        sum
    }
}

/// A periodic scalar texture of mean 0 and variance about 1.
pub(crate) struct Texture {
    nodes: Vec<f32>,
    cell: f32,
}

impl Texture {
    const SIZE: usize = 64;

    /// Grains of about `2 * cell`.
    pub(crate) fn new(rng: &mut Rng, cell: f32) -> Self {
        Self { nodes: smooth_noise([Self::SIZE; 3], 0.8, rng.key()), cell }
    }

    /// Value at `p`.
    pub(crate) fn at(&self, p: Vec3) -> f32 {
        const MASK: i32 = Texture::SIZE as i32 - 1;
        let mut low = [0usize; 3];
        let mut high = [0usize; 3];
        let mut t = [0.0f32; 3];
        for d in 0..3 {
            let position = p[d] / self.cell;
            let floor = position.floor();
            t[d] = position - floor;
            low[d] = (floor as i32 & MASK) as usize;
            high[d] = ((floor as i32 + 1) & MASK) as usize;
        }
        let row = |y: usize, z: usize| (z * Self::SIZE + y) * Self::SIZE;
        let line = |y: usize, z: usize| {
            let (a, b) = (self.nodes[row(y, z) + low[0]], self.nodes[row(y, z) + high[0]]);
            a + (b - a) * t[0]
        };
        let plane = |z: usize| {
            let (a, b) = (line(low[1], z), line(high[1], z));
            a + (b - a) * t[1]
        };
        let (a, b) = (plane(low[2]), plane(high[2]));
        a + (b - a) * t[2]
    }
}
