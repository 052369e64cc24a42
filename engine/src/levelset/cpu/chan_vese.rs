//! Chan–Vese on the CPU: the force at a voxel, the means of both sides, the energy. The same code serves the dense
//! form (every tile active, no clamp) and the narrow band.

use super::banded::Band;
use super::heaviside::Smoothed;
use super::level::{Level, Task};
use super::padded::RUN;
use super::rate::{Stencil, curvature};
use super::sweep::Operation;
use crate::levelset::{ChanVeseParams, Grid, Heaviside};
use rayon::prelude::*;

/// The image and what is known of it tile by tile.
#[derive(Debug)]
pub struct Image {
    /// Intensities scaled to [0, 1], padded.
    pub padded: Vec<f32>,
    /// Sum over all voxels.
    total: f64,
    /// Sum over each tile.
    tile_sums: Vec<f64>,
}

impl Image {
    /// Takes intensities (x fastest) on the band's layout.
    pub fn new(band: &Band, dense: &[f32]) -> Self {
        let padded = band.layout.pad(dense);
        let tile_sums: Vec<f64> = (0..band.tiling.len() as u32)
            .into_par_iter()
            .map(|tile| {
                let mut sum = 0.0;
                band.for_tile_rows(tile, |row, len| {
                    sum += padded[row..row + len].iter().map(|&v| f64::from(v)).sum::<f64>();
                });
                sum
            })
            .collect();
        Self { padded, total: tile_sums.iter().sum(), tile_sums }
    }
}

/// dphi/dt = delta(phi) [mu kappa + nu + lambda1 (I - c1)^2 - lambda2 (I - c2)^2], as an Euler step.
pub struct ChanVeseStep<const DIM: usize, const TANH: bool, const BANDED: bool> {
    /// Geometry of the stencil.
    pub stencil: Stencil,
    /// Intensities, padded.
    pub image: *const f32,
    /// Weights.
    pub params: ChanVeseParams,
    /// H and delta.
    pub smoothed: Smoothed,
    /// c1 inside, c2 outside.
    pub means: [f32; 2],
    /// Time step.
    pub dt: f32,
    /// Half width of the band, mm; infinite without one.
    pub band_mm: f32,
}

// SAFETY: the image is only read.
unsafe impl<const DIM: usize, const TANH: bool, const BANDED: bool> Sync for ChanVeseStep<DIM, TANH, BANDED> {}

impl<const DIM: usize, const TANH: bool, const BANDED: bool> ChanVeseStep<DIM, TANH, BANDED> {
    /// The terms of dphi/dt at offset `i`: length, area, region.
    ///
    /// # Safety
    /// phi is readable one voxel around `i`, the image at `i`.
    pub unsafe fn terms(&self, phi: *const f32, i: usize) -> [f32; 3] {
        // SAFETY: passed on to the caller.
        let ((kappa, _), center, intensity) =
            unsafe { (curvature::<DIM>(&self.stencil, phi, i), *phi.add(i), *self.image.add(i)) };
        let (inside, outside) = (intensity - self.means[0], intensity - self.means[1]);
        let p = &self.params;
        let region = p.lambda1 * inside * inside - p.lambda2 * outside * outside;
        [p.mu * kappa, p.nu, region].map(|term| self.smoothed.dirac::<TANH>(center) * term)
    }
}

impl<const DIM: usize, const TANH: bool, const BANDED: bool> Operation for ChanVeseStep<DIM, TANH, BANDED> {
    const REACH: usize = 1;
    const DIM: usize = DIM;

    #[inline(always)]
    unsafe fn value(&self, phi: *const f32, _to: *const f32, i: usize) -> f32 {
        // SAFETY: the sweep vouches for the reach; the image has the same layout.
        unsafe {
            let (center, intensity) = (*phi.add(i), *self.image.add(i));
            let (kappa, _) = curvature::<DIM>(&self.stencil, phi, i);
            // In a band a voxel that is saturated as all its face neighbours are stays so: else it would matter where
            // runs and tiles begin.
            let (mut above, mut below) = (BANDED, BANDED);
            if BANDED {
                for offset in 0..2 * DIM {
                    let stride = self.stencil.stride[offset / 2];
                    let v = *phi.add(if offset % 2 == 0 { i - stride } else { i + stride });
                    above &= v >= self.band_mm;
                    below &= v <= -self.band_mm;
                }
                above &= center >= self.band_mm;
                below &= center <= -self.band_mm;
            }
            let dt = if above | below { 0.0 } else { self.dt };
            let (inside, outside) = (intensity - self.means[0], intensity - self.means[1]);
            let p = &self.params;
            let force = p.mu * kappa + p.nu + p.lambda1 * inside * inside - p.lambda2 * outside * outside;
            center + dt * self.smoothed.dirac::<TANH>(center) * force
        }
    }
}

/// Sums that give the means and the region part of the energy.
#[derive(Clone, Copy, Debug, Default)]
pub struct RegionSums {
    /// Sum of H(-phi): voxels inside.
    inside: f64,
    /// Sum of I H(-phi).
    inside_intensity: f64,
    /// Voxels in all.
    voxels: f64,
    /// Sum of I.
    intensity: f64,
}

impl RegionSums {
    /// c1 inside and c2 outside; an empty side takes the mean of everything.
    pub fn means(&self) -> [f64; 2] {
        let overall = self.intensity / self.voxels;
        let mean = |weight: f64, sum: f64| if weight > 1e-9 * self.voxels { sum / weight } else { overall };
        [
            mean(self.inside, self.inside_intensity),
            mean(self.voxels - self.inside, self.intensity - self.inside_intensity),
        ]
    }
}

/// Sum of H(-phi), of I H(-phi), of I, and of 1 over some tiles.
struct SumTiles<'a, const TANH: bool> {
    band: &'a Band,
    image: &'a Image,
    smoothed: Smoothed,
    tiles: &'a [u32],
}

impl<const TANH: bool> Task for SumTiles<'_, TANH> {
    type Output = [f64; 4];

    #[inline(always)]
    fn run(self) -> [f64; 4] {
        let mut sums = [0.0f64; 4];
        for &tile in self.tiles {
            // One sum per lane: adding in order would keep the compiler from using vectors.
            let (mut inside, mut weighted) = ([0.0f32; RUN], [0.0f32; RUN]);
            self.band.for_tile_rows(tile, |row, len| {
                let phi = &self.band.current()[row..row + RUN];
                let image = &self.image.padded[row..row + RUN];
                for lane in 0..RUN {
                    let h = self.smoothed.step::<TANH>(-phi[lane]);
                    let h = if lane < len { h } else { 0.0 };
                    inside[lane] += h;
                    weighted[lane] += h * image[lane];
                }
            });
            let total = |lanes: [f32; RUN]| lanes.iter().map(|&v| f64::from(v)).sum::<f64>();
            sums[0] += total(inside);
            sums[1] += total(weighted);
            sums[2] += self.image.tile_sums[tile as usize];
            sums[3] += self.band.tiling.voxels(tile) as f64;
        }
        sums
    }
}

/// Sums over the active tiles, and over the rest at phi = ±B.
pub fn region_sums<const TANH: bool>(grid: &Grid, band: &Band, image: &Image, smoothed: Smoothed) -> RegionSums {
    let active = fold(band, |tiles| Level::dispatch(SumTiles::<TANH> { band, image, smoothed, tiles }));
    let voxels = grid.len() as f64;
    let mut sums = RegionSums { inside: active[0], inside_intensity: active[1], voxels, intensity: image.total };
    if band.band_mm.is_finite() && voxels > active[3] {
        let (within, sum_within) = band.inactive_inside_sums(&image.tile_sums);
        let (beyond, sum_beyond) = (voxels - active[3] - within, image.total - active[2] - sum_within);
        let (h_in, h_out) =
            (f64::from(smoothed.step::<TANH>(band.band_mm)), f64::from(smoothed.step::<TANH>(-band.band_mm)));
        sums.inside += h_in * within + h_out * beyond;
        sums.inside_intensity += h_in * sum_within + h_out * sum_beyond;
    }
    sums
}

/// Energy mu Length + nu Area + lambda1 sum (I-c1)^2 H + lambda2 sum (I-c2)^2 (1-H), in mm^dim of scaled intensity²,
/// over the voxels with |phi| < B (all without a band).
pub fn energy<const DIM: usize, const TANH: bool>(
    grid: &Grid,
    band: &Band,
    image: &Image,
    stencil: &Stencil,
    params: &ChanVeseParams,
    smoothed: Smoothed,
    means: [f64; 2],
) -> f64 {
    let c = means.map(|m| m as f32);
    let sum = fold(band, |tiles| {
        let mut sum = 0.0f64;
        let mut add_row = |row: usize, len: usize| {
            let mut row_sum = 0.0f32;
            for i in row..row + len {
                let v = band.current()[i];
                // SAFETY: `i` is a voxel of the grid, and the padded field holds its neighbours.
                let (_, gradient) = unsafe { curvature::<DIM>(stencil, band.current().as_ptr(), i) };
                let h = smoothed.step::<TANH>(-v);
                let (a, b) = (image.padded[i] - c[0], image.padded[i] - c[1]);
                let density = params.mu * smoothed.dirac::<TANH>(v) * gradient
                    + params.nu * h
                    + params.lambda1 * a * a * h
                    + params.lambda2 * b * b * (1.0 - h);
                row_sum += if v.abs() < band.band_mm { density } else { 0.0 };
            }
            sum += f64::from(row_sum);
        };
        tiles.iter().for_each(|&tile| band.for_tile_rows(tile, &mut add_row));
        [sum, 0.0, 0.0, 0.0]
    });
    sum[0] * grid.spacing_mm[..DIM].iter().map(|&h| f64::from(h)).product::<f64>()
}

/// Adds up over the active tiles in a fixed order.
fn fold(band: &Band, of: impl Fn(&[u32]) -> [f64; 4] + Sync + Send) -> [f64; 4] {
    let add = |a: [f64; 4], b: [f64; 4]| std::array::from_fn(|k| a[k] + b[k]);
    let parts: Vec<[f64; 4]> = band.list.active().par_chunks(256).map(of).collect();
    parts.into_iter().fold([0.0; 4], add)
}

/// dt = factor / (delta_max (2 mu S2 + (|nu| + max(lambda1, lambda2)) / h_min)); 0 when no term acts.
pub fn stable_dt(grid: &Grid, params: &ChanVeseParams, factor: f32) -> f32 {
    let smoothed = Smoothed { form: params.heaviside, epsilon_mm: params.epsilon_mm };
    let push = params.nu.abs() + params.lambda1.abs().max(params.lambda2.abs());
    let rate = smoothed.dirac_max() * (2.0 * params.mu.abs() * grid.inverse_square_sum() + push / grid.h_min());
    if rate > 0.0 { factor / rate } else { 0.0 }
}

/// Whether H is the tanh form.
pub fn is_tanh(params: &ChanVeseParams) -> bool {
    params.heaviside == Heaviside::Tanh
}
