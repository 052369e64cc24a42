//! [`CpuStepper`]: the [`Stepper`] of the CPU.

use super::banded::Band;
use super::chan_vese::{self, ChanVeseStep, Image};
use super::coefficients::Coefficients;
use super::difference::{ENO2, UPWIND1, WENO5};
use super::heaviside::Smoothed;
use super::operations::{Euler, Reinitialize, SecondStage};
use super::rate::Stencil;
use super::stats;
use crate::levelset::{Fields, Force, Grid, Integrator, LevelSetParams, Scheme, StepStats, Stepper, StepperError};

/// What drives phi, ready for use.
#[derive(Debug)]
pub(super) enum Drive {
    Terms(Coefficients),
    Image(Image),
}

/// phi on the CPU.
#[derive(Debug)]
pub struct CpuStepper {
    pub(super) grid: Grid,
    pub(super) params: LevelSetParams,
    /// The fields as given: new weights are worked out from them.
    fields: Fields,
    pub(super) drive: Drive,
    pub(super) band: Band,
    steps_done: u64,
}

impl CpuStepper {
    /// Takes the grid, what drives the contour, the weights and phi (mm, negative inside, x fastest).
    ///
    /// # Errors
    /// Fields of another size or another kind than the method needs, a parameter out of range, phi not finite.
    pub fn new(grid: Grid, fields: Fields, params: LevelSetParams, phi: &[f32]) -> Result<Self, StepperError> {
        params.check(&grid)?;
        fields.check(&grid, &params)?;
        grid.check_phi(phi)?;
        let band = Band::new(&grid, phi, grid.band_mm(&params));
        let drive = Self::drive(&grid, &band, &fields, &params);
        Ok(Self { grid, params, fields, drive, band, steps_done: 0 })
    }

    fn drive(grid: &Grid, band: &Band, fields: &Fields, params: &LevelSetParams) -> Drive {
        match fields {
            Fields::Speed(g) => Drive::Terms(Coefficients::new(grid, &band.layout, g, params)),
            Fields::Intensity(image) => Drive::Image(Image::new(band, image)),
        }
    }

    pub(super) fn stencil(&self) -> Stencil {
        let pointer = |field: &Vec<f32>| field.as_ptr();
        let (curvature_constant, propagation, curvature, advection) = match &self.drive {
            Drive::Terms(c) => (
                c.curvature_constant,
                c.propagation.as_ptr(),
                c.curvature.as_ref().map_or(std::ptr::null(), pointer),
                c.advection
                    .as_ref()
                    .map_or([std::ptr::null(); 3], |a| [pointer(&a[0]), pointer(&a[1]), pointer(&a[2])]),
            ),
            Drive::Image(_) => (0.0, std::ptr::null(), std::ptr::null(), [std::ptr::null(); 3]),
        };
        Stencil {
            stride: self.band.layout.stride,
            inverse_h: self.grid.spacing_mm.map(|h| 1.0 / h),
            kappa_max: (self.grid.dimension() - 1) as f32 / self.grid.h_min(),
            curvature_constant,
            propagation,
            curvature,
            advection,
        }
    }

    /// One step without reinitialisation; for Chan–Vese the means it used.
    fn step(&mut self) -> [f64; 2] {
        let stencil = self.stencil();
        let (dt, two) = (self.dt() as f32, self.grid.dimension() == 2);
        let tanh = chan_vese::is_tanh(&self.params.chan_vese);
        let advect = matches!(&self.drive, Drive::Terms(c) if c.advection.is_some());
        match (&self.drive, self.params.scheme) {
            (Drive::Image(_), _) => {
                return match (two, tanh) {
                    (true, false) => self.step_chan_vese::<2, false>(stencil, dt),
                    (true, true) => self.step_chan_vese::<2, true>(stencil, dt),
                    (false, false) => self.step_chan_vese::<3, false>(stencil, dt),
                    (false, true) => self.step_chan_vese::<3, true>(stencil, dt),
                };
            }
            (_, Scheme::Upwind1) => self.step_scheme::<UPWIND1>(stencil, dt, two, advect),
            (_, Scheme::Eno2) => self.step_scheme::<ENO2>(stencil, dt, two, advect),
            (_, Scheme::Weno5) => self.step_scheme::<WENO5>(stencil, dt, two, advect),
        }
        [0.0; 2]
    }

    fn step_scheme<const SCHEME: u8>(&mut self, stencil: Stencil, dt: f32, two: bool, advect: bool) {
        match (two, advect) {
            (true, false) => self.step_terms(Euler::<2, SCHEME, false> { stencil, dt }),
            (true, true) => self.step_terms(Euler::<2, SCHEME, true> { stencil, dt }),
            (false, false) => self.step_terms(Euler::<3, SCHEME, false> { stencil, dt }),
            (false, true) => self.step_terms(Euler::<3, SCHEME, true> { stencil, dt }),
        }
    }

    fn step_terms<const DIM: usize, const SCHEME: u8, const ADVECT: bool>(
        &mut self,
        euler: Euler<DIM, SCHEME, ADVECT>,
    ) {
        match self.params.integrator {
            Integrator::Euler => self.band.sweep(&euler),
            Integrator::TvdRk2 => {
                self.band.sweep_first_stage(&euler);
                self.band.sweep(&SecondStage(euler));
            }
        }
    }

    fn step_chan_vese<const DIM: usize, const TANH: bool>(&mut self, stencil: Stencil, dt: f32) -> [f64; 2] {
        let Drive::Image(image) = &self.drive else { return [0.0; 2] };
        let params = self.params.chan_vese;
        let smoothed = Smoothed { form: params.heaviside, epsilon_mm: params.epsilon_mm };
        let means = chan_vese::region_sums::<TANH>(&self.grid, &self.band, image, smoothed).means();
        let (image, c, band_mm) = (image.padded.as_ptr(), means.map(|m| m as f32), self.band.band_mm);
        if band_mm.is_finite() {
            let means = c;
            self.band.sweep(&ChanVeseStep::<DIM, TANH, true> { stencil, image, params, smoothed, means, dt, band_mm });
        } else {
            let means = c;
            self.band.sweep(&ChanVeseStep::<DIM, TANH, false> { stencil, image, params, smoothed, means, dt, band_mm });
        }
        means
    }

    /// Chan–Vese energy of phi as it stands, and the means it belongs to.
    fn energy(&self) -> (f64, [f64; 2]) {
        let Drive::Image(image) = &self.drive else { return (0.0, [0.0; 2]) };
        let (stencil, params) = (self.stencil(), self.params.chan_vese);
        let smoothed = Smoothed { form: params.heaviside, epsilon_mm: params.epsilon_mm };
        let (grid, band) = (&self.grid, &self.band);
        let tanh = chan_vese::is_tanh(&params);
        let sums = if tanh {
            chan_vese::region_sums::<true>(grid, band, image, smoothed)
        } else {
            chan_vese::region_sums::<false>(grid, band, image, smoothed)
        };
        let means = sums.means();
        let energy = match (grid.dimension(), tanh) {
            (2, false) => chan_vese::energy::<2, false>(grid, band, image, &stencil, &params, smoothed, means),
            (2, true) => chan_vese::energy::<2, true>(grid, band, image, &stencil, &params, smoothed, means),
            (_, false) => chan_vese::energy::<3, false>(grid, band, image, &stencil, &params, smoothed, means),
            (_, true) => chan_vese::energy::<3, true>(grid, band, image, &stencil, &params, smoothed, means),
        };
        (energy, means)
    }

    fn reinitialize(&mut self) {
        self.band.take_snapshot();
        for _ in 0..self.params.reinitialize_iterations {
            let (stride, inverse_h) = (self.band.layout.stride, self.grid.spacing_mm.map(|h| 1.0 / h));
            let (h_min, start) = (self.grid.h_min(), self.band.snapshot().as_ptr());
            if self.grid.dimension() == 2 {
                self.band.sweep(&Reinitialize::<2> { stride, inverse_h, h_min, start });
            } else {
                self.band.sweep(&Reinitialize::<3> { stride, inverse_h, h_min, start });
            }
        }
    }

    fn is_reinitialization_due(&self) -> bool {
        let every = u64::from(self.params.reinitialize_every);
        every > 0 && self.steps_done.is_multiple_of(every)
    }

    fn measured(&self) -> Result<StepStats, StepperError> {
        if !stats::is_finite(&self.band) {
            return Err(StepperError::NotFinite { time_step_factor: self.params.time_step_factor });
        }
        Ok(StepStats { dt: self.dt(), ..stats::measure(&self.grid, &self.band) })
    }
}

impl Stepper for CpuStepper {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn device(&self) -> String {
        format!("cpu ({} threads)", rayon::current_num_threads())
    }

    fn params(&self) -> LevelSetParams {
        self.params
    }

    fn dt(&self) -> f64 {
        match &self.drive {
            Drive::Terms(c) => f64::from(c.dt),
            Drive::Image(_) => {
                f64::from(chan_vese::stable_dt(&self.grid, &self.params.chan_vese, self.params.time_step_factor))
            }
        }
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn set_params(&mut self, params: LevelSetParams) -> Result<(), StepperError> {
        params.check(&self.grid)?;
        self.fields.check(&self.grid, &params)?;
        self.params = params;
        let phi = self.band.layout.unpad(self.band.current());
        self.band = Band::new(&self.grid, &phi, self.grid.band_mm(&params));
        self.drive = Self::drive(&self.grid, &self.band, &self.fields, &params);
        Ok(())
    }

    fn set_fields(&mut self, fields: Fields) -> Result<(), StepperError> {
        fields.check(&self.grid, &self.params)?;
        self.drive = Self::drive(&self.grid, &self.band, &fields, &self.params);
        self.fields = fields;
        Ok(())
    }

    fn set_phi(&mut self, phi: &[f32], steps_done: u64) -> Result<(), StepperError> {
        self.grid.check_phi(phi)?;
        self.band = Band::new(&self.grid, phi, self.band.band_mm);
        self.steps_done = steps_done;
        Ok(())
    }

    fn steps_done(&self) -> u64 {
        self.steps_done
    }

    fn advance(&mut self, steps: u32) -> Result<StepStats, StepperError> {
        let mut rates = (0.0, 0.0);
        let mut energy = (0.0, [0.0; 2]);
        for n in 1..=steps {
            let last = n == steps;
            let before = if last { self.band.list.active().to_vec() } else { Vec::new() };
            if last {
                energy = self.energy();
                self.band.take_snapshot();
            }
            self.step();
            self.steps_done += 1;
            if last {
                rates = stats::rates(&self.grid, &self.band, &before, self.dt());
            }
            if self.is_reinitialization_due() {
                self.reinitialize();
            }
        }
        let measured = self.measured()?;
        Ok(StepStats { rms_rate: rates.0, max_rate: rates.1, energy: energy.0, means: energy.1, ..measured })
    }

    fn stats(&mut self) -> Result<StepStats, StepperError> {
        let measured = self.measured()?;
        let (energy, means) = self.energy();
        Ok(StepStats { energy, means, ..measured })
    }

    fn force(&self, force: Force) -> Option<Vec<f32>> {
        Some(self.force_map(force))
    }

    fn phi(&mut self) -> Result<Vec<f32>, StepperError> {
        Ok(self.band.layout.unpad(self.band.current()))
    }
}
