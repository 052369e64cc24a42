//! [`GpuStepper`]: the [`Stepper`] of the GPU.

use super::band::Band;
use super::context::GpuContext;
use super::error::GpuError;
use super::operations::Operations;
use super::pass::{self, storage_of};
use super::report::{Contents, Pending, Report};
use super::time_step::stable_dt;
use crate::levelset::{Fields, Grid, Heaviside, LevelSetParams, StepStats, Stepper, StepperError};
use wgpu::{Buffer, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor};
use zeroset_shaders::layout;

/// Voxel updates that one submission may hold: a driver kills work that takes seconds.
const UPDATES_PER_SUBMISSION: usize = 1 << 28;

/// Steps that one submission may hold, so that the queue stays responsive.
const STEPS_PER_SUBMISSION: usize = 64;

/// phi on the GPU.
///
/// Beside [`Stepper`], whose calls wait for the GPU, it can be driven without waiting: [`GpuStepper::submit`] queues
/// steps, [`GpuStepper::phi_buffer`] is drawn from on the same queue, [`GpuStepper::request_stats`] and
/// [`GpuStepper::poll_stats`] bring the numbers when they are there. Whoever submits paces itself by the statistics:
/// submitting again only after they have arrived keeps the queue short.
#[derive(Debug)]
pub struct GpuStepper {
    context: GpuContext,
    grid: Grid,
    params: LevelSetParams,
    /// As given, for the time step of later weights.
    fields: Fields,
    /// The same on the device.
    field: Buffer,
    band: Band,
    operations: Operations,
    report: Report,
    dt: f32,
    steps_done: u64,
    /// Whether the report buffers hold the last step of the last submission.
    has_rates: bool,
    pending: Option<Pending>,
}

impl GpuStepper {
    /// Takes the grid, what drives the contour, the weights and phi (mm, negative inside, x fastest).
    ///
    /// # Errors
    /// As [`crate::levelset::cpu::CpuStepper::new`]; a grid beyond the device's limits; the device refuses or is lost.
    pub fn new(
        context: &GpuContext,
        grid: Grid,
        fields: Fields,
        params: LevelSetParams,
        phi: &[f32],
    ) -> Result<Self, StepperError> {
        params.check(&grid)?;
        fields.check(&grid, &params)?;
        grid.check_phi(phi)?;
        context.check_size(grid.size)?;
        let dt = stable_dt(&grid, &fields, &params);
        let band = Band::new(context, &grid, &weights(&grid, &params, dt))?;
        let report = Report::new(context, band.tile_count)?;
        let operations = Operations::new(context, &params)?;
        let field = context.checked("uploading the speed", || storage_of(context, "field", values(&fields)))?;
        let context = context.clone();
        let mut stepper = Self {
            context,
            grid,
            params,
            fields,
            field,
            band,
            operations,
            report,
            dt,
            steps_done: 0,
            has_rates: false,
            pending: None,
        };
        stepper.upload_phi(phi)?;
        Ok(stepper)
    }

    /// phi as it stands on the device: `grid.len()` f32, x fastest. The buffer stays the same for the stepper's life;
    /// reading it on the context's queue sees all that was submitted before.
    pub fn phi_buffer(&self) -> &Buffer {
        self.band.phi(0)
    }

    /// The device.
    pub fn context(&self) -> &GpuContext {
        &self.context
    }

    /// Tiles of 256 voxels that the next step works on, and tiles in all. Waits for the GPU.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn active_tiles(&self) -> Result<(u32, u32), StepperError> {
        let head: Vec<u32> = pass::read(&self.context, &self.band.active_tiles, 1)?;
        Ok((head.first().copied().unwrap_or(0), self.band.tile_count))
    }

    /// Queues `steps` steps without waiting for them.
    ///
    /// # Errors
    /// The device refuses or is lost. phi that is not finite is found by the statistics.
    pub fn submit(&mut self, steps: u32) -> Result<(), StepperError> {
        let context = self.context.clone();
        let most = (UPDATES_PER_SUBMISSION / self.grid.len()).clamp(1, STEPS_PER_SUBMISSION) as u32;
        let mut left = steps;
        let mut earlier = None;
        while left > 0 {
            let now = left.min(most);
            left -= now;
            let submission = context.checked("stepping", || {
                let mut encoder = context.device.create_command_encoder(&CommandEncoderDescriptor::default());
                self.encode(&mut encoder, now, left == 0);
                context.queue.submit([encoder.finish()])
            })?;
            // Two submissions in flight keep the device busy; more would only pile up.
            if let Some(earlier) = earlier.replace(submission).filter(|_| left > 0) {
                context.poll(wgpu::PollType::Wait { submission_index: Some(earlier), timeout: None })?;
            }
        }
        self.has_rates |= steps > 0;
        Ok(())
    }

    /// Asks for the statistics of phi as it stands after what was submitted. Returns false when an earlier request has
    /// not been answered yet: then nothing new is asked.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn request_stats(&mut self) -> Result<bool, StepperError> {
        if self.pending.is_none() {
            self.pending = Some(self.send_report()?);
            return Ok(true);
        }
        Ok(false)
    }

    /// The statistics asked for, once they have arrived; none before that or when nothing was asked. Never waits.
    ///
    /// # Errors
    /// phi is not finite; the device refuses or is lost.
    pub fn poll_stats(&mut self) -> Result<Option<StepStats>, StepperError> {
        let Some(pending) = self.pending.take() else { return Ok(None) };
        match pending.poll(&self.context, &self.grid)? {
            Ok(stats) => self.finite(stats).map(Some),
            Err(pending) => {
                self.pending = Some(pending);
                Ok(None)
            }
        }
    }

    /// Replaces phi in a box of voxels, such as a brush has touched: `size` values (mm, x fastest) from voxel `lower`.
    /// They are clamped to the band. Does not wait for the GPU.
    ///
    /// # Errors
    /// A box beyond the grid, a wrong number of values, one that is not finite; the device refuses or is lost.
    pub fn set_phi_box(&mut self, lower: [usize; 3], size: [usize; 3], phi: &[f32]) -> Result<(), StepperError> {
        let part = Grid { size, spacing_mm: self.grid.spacing_mm };
        let fits = (0..3).all(|d| lower[d].checked_add(size[d]).is_some_and(|end| end <= self.grid.size[d]));
        if !fits {
            let (found, expected) = (part.len(), self.grid.len());
            return Err(StepperError::Size { what: "part of phi", found, expected, size: self.grid.size });
        }
        part.check_phi(phi)?;
        self.has_rates = false;
        let clamped = self.clamped(phi);
        Ok(self.band.set_phi_box(self.grid.size, lower, size, &clamped)?)
    }

    fn encode(&mut self, encoder: &mut CommandEncoder, steps: u32, with_report: bool) {
        let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        for n in 1..=steps {
            let report = (with_report && n == steps).then_some(&self.report);
            self.operations.encode_step(&mut self.band, &mut pass, &self.field, &self.report, report.is_some());
            self.steps_done += 1;
            let every = u64::from(self.params.reinitialize_every);
            if every > 0 && self.steps_done.is_multiple_of(every) {
                let iterations = self.params.reinitialize_iterations;
                self.operations.encode_reinitialize(&mut self.band, &mut pass, iterations);
            }
        }
        self.band.encode_home(&mut pass);
    }

    fn send_report(&mut self) -> Result<Pending, GpuError> {
        let context = self.context.clone();
        let is_chan_vese = matches!(self.fields, Fields::Intensity(_));
        let encoder = context.checked("measuring phi", || {
            let mut encoder = context.device.create_command_encoder(&CommandEncoderDescriptor::default());
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            self.report.encode_state(&mut self.band, &mut pass);
            if is_chan_vese && !self.has_rates {
                self.report.encode_means(&mut self.band, &mut pass, &self.field);
                self.report.encode_energy(&mut self.band, &mut pass, &self.field);
            }
            drop(pass);
            encoder
        })?;
        let dt = f64::from(self.dt);
        let contents = Contents { rates_of_dt: self.has_rates.then_some(dt), energy: is_chan_vese, dt };
        self.report.send(&context, encoder, contents)
    }

    fn measure(&mut self) -> Result<StepStats, StepperError> {
        let stats = self.send_report()?.wait(&self.context, &self.grid)?;
        self.finite(stats)
    }

    fn finite(&self, stats: Option<StepStats>) -> Result<StepStats, StepperError> {
        stats.ok_or(StepperError::NotFinite { time_step_factor: self.params.time_step_factor })
    }

    fn clamped(&self, phi: &[f32]) -> Vec<f32> {
        let band_mm = self.grid.band_mm(&self.params);
        phi.iter().map(|v| v.clamp(-band_mm, band_mm)).collect()
    }

    fn upload_phi(&mut self, phi: &[f32]) -> Result<(), GpuError> {
        self.has_rates = false;
        let clamped = self.clamped(phi);
        let is_dense = self.grid.band_mm(&self.params).is_infinite();
        self.band.set_phi(&clamped, is_dense)
    }

    fn upload_weights(&mut self) -> Result<(), GpuError> {
        self.dt = stable_dt(&self.grid, &self.fields, &self.params);
        let weights = weights(&self.grid, &self.params, self.dt);
        let context = &self.context;
        context.checked("uploading weights", || {
            context.queue.write_buffer(&self.band.weights, 0, bytemuck::bytes_of(&weights));
        })
    }
}

fn values(fields: &Fields) -> &[f32] {
    match fields {
        Fields::Speed(values) | Fields::Intensity(values) => values,
    }
}

fn weights(grid: &Grid, params: &LevelSetParams, dt: f32) -> layout::Weights {
    let c = &params.chan_vese;
    layout::Weights {
        dt,
        band_mm: grid.band_mm(params).min(f32::MAX),
        alpha: params.alpha,
        beta: params.beta,
        gamma: params.gamma,
        propagation_exponent: params.propagation_exponent,
        curvature_exponent: params.curvature_exponent,
        advection_exponent: params.advection_exponent,
        mu: c.mu,
        nu: c.nu,
        lambda1: c.lambda1,
        lambda2: c.lambda2,
        epsilon_mm: c.epsilon_mm,
        heaviside: u32::from(c.heaviside == Heaviside::Tanh),
        padding: [0; 2],
    }
}

impl Stepper for GpuStepper {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn device(&self) -> String {
        format!("{} ({})", self.context.adapter_info.name, self.context.adapter_info.backend)
    }

    fn params(&self) -> LevelSetParams {
        self.params
    }

    fn dt(&self) -> f64 {
        f64::from(self.dt)
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn set_params(&mut self, params: LevelSetParams) -> Result<(), StepperError> {
        params.check(&self.grid)?;
        self.fields.check(&self.grid, &params)?;
        let operations = Operations::new(&self.context, &params)?;
        let is_other_band = self.grid.band_mm(&params) != self.grid.band_mm(&self.params);
        let phi = if is_other_band { Some(self.phi()?) } else { None };
        self.params = params;
        self.operations = operations;
        // Bind groups belong to the passes that they were made for.
        self.band.forget_groups();
        self.upload_weights()?;
        if let Some(phi) = phi {
            self.upload_phi(&phi)?;
        }
        Ok(())
    }

    fn set_fields(&mut self, fields: Fields) -> Result<(), StepperError> {
        fields.check(&self.grid, &self.params)?;
        let context = &self.context;
        context.checked("uploading the speed", || {
            context.queue.write_buffer(&self.field, 0, bytemuck::cast_slice(values(&fields)));
        })?;
        self.fields = fields;
        Ok(self.upload_weights()?)
    }

    fn set_phi(&mut self, phi: &[f32], steps_done: u64) -> Result<(), StepperError> {
        self.grid.check_phi(phi)?;
        self.steps_done = steps_done;
        Ok(self.upload_phi(phi)?)
    }

    fn steps_done(&self) -> u64 {
        self.steps_done
    }

    fn advance(&mut self, steps: u32) -> Result<StepStats, StepperError> {
        self.has_rates = false;
        self.submit(steps)?;
        self.measure()
    }

    fn stats(&mut self) -> Result<StepStats, StepperError> {
        self.has_rates = false;
        self.measure()
    }

    fn phi(&mut self) -> Result<Vec<f32>, StepperError> {
        Ok(pass::read(&self.context, self.phi_buffer(), self.grid.len())?)
    }
}
