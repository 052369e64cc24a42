//! Maps of the forces over the grid, by the code that the sweeps run.

use super::chan_vese::{self, ChanVeseStep};
use super::difference::{ENO2, UPWIND1, WENO5};
use super::heaviside::Smoothed;
use super::rate::{Stencil, terms};
use super::stepper::{CpuStepper, Drive};
use crate::levelset::{Force, Scheme};
use rayon::prelude::*;

impl CpuStepper {
    /// What `force` adds to dφ/dt of φ as it stands, mm per unit of t, x fastest; 0 where φ is clamped to the band, and
    /// for a term that the method does not have. A step of forward Euler adds dt times [`Force::Total`]; TVD-RK2 takes
    /// it as its first stage. Reinitialisation is no force.
    pub fn force_map(&self, force: Force) -> Vec<f32> {
        let stencil = self.stencil();
        let two = self.grid.dimension() == 2;
        match (&self.drive, self.params.scheme) {
            (Drive::Image(_), _) => match (two, chan_vese::is_tanh(&self.params.chan_vese)) {
                (true, false) => self.chan_vese_map::<2, false>(stencil, force),
                (true, true) => self.chan_vese_map::<2, true>(stencil, force),
                (false, false) => self.chan_vese_map::<3, false>(stencil, force),
                (false, true) => self.chan_vese_map::<3, true>(stencil, force),
            },
            (_, Scheme::Upwind1) => self.terms_map::<UPWIND1>(stencil, two, force),
            (_, Scheme::Eno2) => self.terms_map::<ENO2>(stencil, two, force),
            (_, Scheme::Weno5) => self.terms_map::<WENO5>(stencil, two, force),
        }
    }

    fn terms_map<const SCHEME: u8>(&self, stencil: Stencil, two: bool, force: Force) -> Vec<f32> {
        let choose = |[propagation, curvature, advection]: [f32; 3]| match force {
            Force::Total => advection + curvature + propagation,
            Force::Propagation => propagation,
            Force::Curvature => curvature,
            Force::Advection => advection,
            Force::Length | Force::Area | Force::Region => 0.0,
        };
        match (two, stencil.advection[0].is_null()) {
            (true, true) => self.chosen_map::<2, SCHEME, false>(&stencil, choose),
            (true, false) => self.chosen_map::<2, SCHEME, true>(&stencil, choose),
            (false, true) => self.chosen_map::<3, SCHEME, false>(&stencil, choose),
            (false, false) => self.chosen_map::<3, SCHEME, true>(&stencil, choose),
        }
    }

    fn chosen_map<const DIM: usize, const SCHEME: u8, const ADVECT: bool>(
        &self,
        stencil: &Stencil,
        choose: impl Fn([f32; 3]) -> f32 + Sync,
    ) -> Vec<f32> {
        // SAFETY: `map` asks for voxels of the grid, and the padded φ holds what every scheme reads around them.
        self.map(|phi, i| choose(unsafe { terms::<DIM, SCHEME, ADVECT>(stencil, phi, i) }))
    }

    fn chan_vese_map<const DIM: usize, const TANH: bool>(&self, stencil: Stencil, force: Force) -> Vec<f32> {
        let Drive::Image(image) = &self.drive else { return Vec::new() };
        let params = self.params.chan_vese;
        let smoothed = Smoothed { form: params.heaviside, epsilon_mm: params.epsilon_mm };
        let means = chan_vese::region_sums::<TANH>(&self.grid, &self.band, image, smoothed).means().map(|m| m as f32);
        let (image, band_mm) = (image.padded.as_ptr(), self.band.band_mm);
        let step = ChanVeseStep::<DIM, TANH, false> { stencil, image, params, smoothed, means, dt: 0.0, band_mm };
        self.map(|phi, i| {
            // SAFETY: `map` asks for voxels of the grid; the padded φ holds their neighbours, the image the voxel.
            let [length, area, region] = unsafe { step.terms(phi, i) };
            match force {
                Force::Total => length + area + region,
                Force::Length => length,
                Force::Area => area,
                Force::Region => region,
                Force::Propagation | Force::Curvature | Force::Advection => 0.0,
            }
        })
    }

    /// `at` of each voxel where φ is not clamped, asked by its offset in the padded φ; 0 elsewhere.
    fn map(&self, at: impl Fn(*const f32, usize) -> f32 + Sync) -> Vec<f32> {
        let ([nx, ny, _], layout, band_mm) = (self.grid.size, &self.band.layout, self.band.band_mm);
        let phi = self.band.current();
        let mut map = vec![0.0; self.grid.len()];
        map.par_chunks_mut(nx).with_min_len(32).enumerate().for_each(|(row, out)| {
            let first = layout.at(0, row % ny, row / ny);
            for (x, value) in out.iter_mut().enumerate() {
                if phi[first + x].abs() < band_mm {
                    *value = at(phi.as_ptr(), first + x);
                }
            }
        });
        map
    }
}
