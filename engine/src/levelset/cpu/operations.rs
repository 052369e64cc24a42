//! What the sweeps of an edge or region evolution compute: an Euler step, the second stage of TVD-RK2, and a
//! step of Hartmann's reinitialisation.

use super::difference::{ENO2, one_sided, reach};
use super::rate::{Stencil, godunov, rate};
use super::sweep::Operation;

/// phi + dt L(phi).
pub struct Euler<const DIM: usize, const SCHEME: u8, const ADVECT: bool> {
    /// Terms.
    pub stencil: Stencil,
    /// Time step.
    pub dt: f32,
}

impl<const DIM: usize, const SCHEME: u8, const ADVECT: bool> Operation for Euler<DIM, SCHEME, ADVECT> {
    const REACH: usize = reach(SCHEME);
    const DIM: usize = DIM;

    #[inline(always)]
    unsafe fn value(&self, phi: *const f32, _to: *const f32, i: usize) -> f32 {
        // SAFETY: the sweep vouches for the reach.
        unsafe { *phi.add(i) + self.dt * rate::<DIM, SCHEME, ADVECT>(&self.stencil, phi, i) }
    }
}

/// (phi_n + phi_1 + dt L(phi_1)) / 2 with phi_1 the result of the first Euler stage (Shu & Osher 1988); phi_n is
/// what the target holds.
pub struct SecondStage<const DIM: usize, const SCHEME: u8, const ADVECT: bool>(pub Euler<DIM, SCHEME, ADVECT>);

impl<const DIM: usize, const SCHEME: u8, const ADVECT: bool> Operation for SecondStage<DIM, SCHEME, ADVECT> {
    const REACH: usize = reach(SCHEME);
    const DIM: usize = DIM;

    #[inline(always)]
    unsafe fn value(&self, phi: *const f32, to: *const f32, i: usize) -> f32 {
        // SAFETY: the sweep vouches for the reach, and for `i` of the target.
        unsafe { 0.5 * (*to.add(i) + self.0.value(phi, to, i)) }
    }

    #[inline(always)]
    unsafe fn flat_value(&self, phi: *const f32, to: *const f32, i: usize) -> f32 {
        // SAFETY: the sweep vouches for `i`.
        unsafe { 0.5 * (*to.add(i) + *phi.add(i)) }
    }
}

/// Least share of its starting value that reinitialisation leaves a voxel.
const KEPT: f32 = 1e-3;

/// One pseudo-time step of constrained reinitialisation, HCR-2 (Hartmann, Meinke & Schröder 2010).
pub struct Reinitialize<const DIM: usize> {
    /// Offsets of the neighbours along x, y, z.
    pub stride: [usize; 3],
    /// 1 / h along x, y, z, mm⁻¹.
    pub inverse_h: [f32; 3],
    /// Least spacing, mm.
    pub h_min: f32,
    /// phi before the first of the steps.
    pub start: *const f32,
}

// SAFETY: `start` is only read.
unsafe impl<const DIM: usize> Sync for Reinitialize<DIM> {}

impl<const DIM: usize> Operation for Reinitialize<DIM> {
    const REACH: usize = reach(ENO2);
    const DIM: usize = DIM;

    #[inline(always)]
    unsafe fn value(&self, phi: *const f32, _to: *const f32, i: usize) -> f32 {
        // SAFETY: the sweep vouches for the reach; `start` has the same layout.
        unsafe {
            let center = *phi.add(i);
            let start = *self.start.add(i);
            let sign = start / (start * start + self.h_min * self.h_min).sqrt();
            let outward = if start < 0.0 { -1.0 } else { 1.0 };
            let mut square = 0.0;
            let (mut sum_start, mut sum_now) = (0.0f32, 0.0f32);
            for d in 0..DIM {
                let (minus, plus) = one_sided::<ENO2>(phi, i, self.stride[d], self.inverse_h[d]);
                square += godunov(minus, plus, outward);
                for n in [i - self.stride[d], i + self.stride[d]] {
                    let (neighbour_start, neighbour) = (*self.start.add(n), *phi.add(n));
                    let across = (neighbour_start < 0.0) != (start < 0.0);
                    sum_start += if across { neighbour_start } else { 0.0 };
                    sum_now += if across { neighbour } else { 0.0 };
                }
            }
            let held = sum_start != 0.0;
            let ratio = start / if held { sum_start } else { 1.0 };
            let force = if held { (ratio * sum_now - center) / self.h_min } else { 0.0 };
            let value = center - 0.5 * self.h_min * (sign * (square.sqrt() - 1.0) - 0.5 * force);
            // A voxel keeps its side: where phi is steep one step would push it across, and the contour with it.
            let least = KEPT * start;
            let kept = if start < 0.0 { value < least } else { value > least };
            if kept { value } else { least }
        }
    }
}
