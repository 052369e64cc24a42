//! Statistics of phi from the GPU: partial sums per workgroup there, added up in f64 here.

use super::band::Band;
use super::context::GpuContext;
use super::error::GpuError;
use super::pass::{CALLBACK_PATIENCE, Pass, staging, storage};
use crate::levelset::{Grid, StepStats};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use wgpu::{Buffer, BufferAsyncError, BufferUsages, CommandEncoder, ComputePass, SubmissionIndex};

/// Workgroups of a pass that sums; fixed, so that a sum repeats bit for bit. At most this many, never more than tiles.
const WORKGROUPS: u32 = 512;
/// Bytes of one partial, `vec4<f32>`.
const PARTIAL: u64 = 16;

/// The passes that sum and the buffers they fill.
#[derive(Debug)]
pub(super) struct Report {
    workgroups: u32,
    rates: Buffer,
    state: Buffer,
    energy: Buffer,
    region: Buffer,
    /// c1, c2 of Chan–Vese.
    pub means: Buffer,
    rate_partials: Arc<Pass>,
    stats_partials: Arc<Pass>,
    energy_partials: Arc<Pass>,
    chan_vese_partials: Arc<Pass>,
    region_means: Arc<Pass>,
}

/// What a report holds beside the state of phi.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contents {
    /// Rates of a step of this length.
    pub rates_of_dt: Option<f64>,
    /// Energy and means.
    pub energy: bool,
    /// Time step of the next step.
    pub dt: f64,
}

/// A report on its way from the GPU.
#[derive(Debug)]
pub(super) struct Pending {
    staging: Buffer,
    arrival: Receiver<Result<(), BufferAsyncError>>,
    submission: SubmissionIndex,
    contents: Contents,
}

impl Report {
    /// Buffers for a grid of `tile_count` tiles.
    pub(super) fn new(context: &GpuContext, tile_count: u32) -> Result<Self, GpuError> {
        let workgroups = tile_count.min(WORKGROUPS);
        let partials = |label| storage(context, label, PARTIAL * u64::from(workgroups), BufferUsages::empty());
        Ok(Self {
            workgroups,
            rate_partials: context.pass("levelset/rate_partials", &[])?,
            stats_partials: context.pass("levelset/stats_partials", &[])?,
            energy_partials: context.pass("levelset/energy_partials", &[])?,
            chan_vese_partials: context.pass("levelset/chan_vese_partials", &[])?,
            region_means: context.pass("levelset/region_means", &[])?,
            rates: partials("rate partials"),
            state: partials("state partials"),
            energy: partials("energy partials"),
            region: partials("region partials"),
            means: storage(context, "means", PARTIAL, BufferUsages::empty()),
        })
    }

    /// Rates of the step that led from phi buffer `before` to `after`.
    pub(super) fn encode_rates(&self, band: &mut Band, pass: &mut ComputePass<'_>, before: usize, after: usize) {
        let group = band.group(&self.rate_partials, "rates", [before, after, 0], |band| {
            vec![band.tile_listed.clone(), band.phi(before).clone(), band.phi(after).clone(), self.rates.clone()]
        });
        self.rate_partials.dispatch(pass, &group, self.workgroups);
    }

    /// Volume, band and border of phi as it stands.
    pub(super) fn encode_state(&self, band: &mut Band, pass: &mut ComputePass<'_>) {
        let group = band.group(&self.stats_partials, "state", [band.current, 0, 0], |band| {
            vec![band.phi(band.current).clone(), band.tile_state.clone(), self.state.clone()]
        });
        self.stats_partials.dispatch(pass, &group, self.workgroups);
    }

    /// Chan–Vese's means of phi as it stands.
    pub(super) fn encode_means(&self, band: &mut Band, pass: &mut ComputePass<'_>, intensity: &Buffer) {
        let group = band.group(&self.chan_vese_partials, "region", [band.current, 0, 0], |band| {
            vec![band.weights.clone(), intensity.clone(), band.phi(band.current).clone(), self.region.clone()]
        });
        self.chan_vese_partials.dispatch(pass, &group, self.workgroups);
        let group =
            band.group_without_grid(&self.region_means, "means", 0, |_| vec![self.region.clone(), self.means.clone()]);
        self.region_means.dispatch(pass, &group, 1);
    }

    /// Chan–Vese's energy of phi as it stands, with the means encoded before.
    pub(super) fn encode_energy(&self, band: &mut Band, pass: &mut ComputePass<'_>, intensity: &Buffer) {
        let group = band.group(&self.energy_partials, "energy", [band.current, 0, 0], |band| {
            vec![
                band.weights.clone(),
                band.tile_listed.clone(),
                intensity.clone(),
                band.phi(band.current).clone(),
                self.means.clone(),
                self.energy.clone(),
            ]
        });
        self.energy_partials.dispatch(pass, &group, self.workgroups);
    }

    /// Sends the report off after what `encoder` holds.
    pub(super) fn send(
        &self,
        context: &GpuContext,
        mut encoder: CommandEncoder,
        contents: Contents,
    ) -> Result<Pending, GpuError> {
        let section = PARTIAL * u64::from(self.workgroups);
        let (sender, arrival) = channel();
        context.checked("asking for statistics", || {
            let staging = staging(context, 3 * section + PARTIAL);
            for (buffer, at) in [(&self.rates, 0), (&self.state, section), (&self.energy, 2 * section)] {
                encoder.copy_buffer_to_buffer(buffer, 0, &staging, at, section);
            }
            encoder.copy_buffer_to_buffer(&self.means, 0, &staging, 3 * section, PARTIAL);
            let submission = context.queue.submit([encoder.finish()]);
            // Nobody listens any more when the stepper is gone: then the result does not matter.
            staging.map_async(wgpu::MapMode::Read, .., move |result| drop(sender.send(result)));
            Pending { staging, arrival, submission, contents }
        })
    }
}

impl Pending {
    /// Waits for the report; none when phi is not finite.
    pub(super) fn wait(self, context: &GpuContext, grid: &Grid) -> Result<Option<StepStats>, GpuError> {
        context.poll(wgpu::PollType::Wait { submission_index: Some(self.submission.clone()), timeout: None })?;
        let arrival = self.arrival.recv_timeout(CALLBACK_PATIENCE).map_err(|e| refused(&e))?;
        arrival.map_err(|e| refused(&e))?;
        self.read(grid)
    }

    /// The report if it has arrived (none when phi is not finite), else itself back.
    pub(super) fn poll(self, context: &GpuContext, grid: &Grid) -> Result<Result<Option<StepStats>, Self>, GpuError> {
        context.poll(wgpu::PollType::Poll)?;
        match self.arrival.try_recv() {
            Ok(arrival) => {
                arrival.map_err(|e| refused(&e))?;
                self.read(grid).map(Ok)
            }
            Err(TryRecvError::Empty) => Ok(Err(self)),
            Err(error) => Err(refused(&error)),
        }
    }

    fn read(&self, grid: &Grid) -> Result<Option<StepStats>, GpuError> {
        let view = self.staging.get_mapped_range(..).map_err(|e| refused(&e))?;
        Ok(combine(&bytemuck::pod_collect_to_vec(&view), grid, self.contents))
    }
}

fn refused(reason: &impl std::fmt::Display) -> GpuError {
    GpuError::refused("reading statistics", reason)
}

/// Adds up the partials: rates (squares, greatest, count), state (volume, band, border, not finite), energy, then the
/// means. None when some phi is not finite.
fn combine(values: &[[f32; 4]], grid: &Grid, contents: Contents) -> Option<StepStats> {
    let (means, partials) = values.split_last()?;
    let workgroups = partials.len() / 3;
    let sum = |section: usize, component: usize| -> f64 {
        partials.iter().skip(section * workgroups).take(workgroups).map(|p| f64::from(p[component])).sum()
    };
    if sum(1, 3) > 0.0 {
        return None;
    }
    let mut stats = StepStats {
        dt: contents.dt,
        volume_ml: sum(1, 0) * grid.voxel_ml(),
        band_voxels: sum(1, 1) as u64,
        border_voxels: sum(1, 2) as u64,
        ..StepStats::default()
    };
    if let Some(dt) = contents.rates_of_dt.filter(|&dt| dt > 0.0) {
        let count = sum(0, 2);
        let squares = sum(0, 0);
        stats.rms_rate = if count > 0.0 { (squares / count).sqrt() / dt } else { 0.0 };
        stats.max_rate = partials.iter().take(workgroups).map(|p| f64::from(p[1])).fold(0.0, f64::max) / dt;
    }
    if contents.energy {
        let cell_mm = grid.spacing_mm.iter().take(grid.dimension()).map(|&h| f64::from(h)).product::<f64>();
        stats.energy = sum(2, 0) * cell_mm;
        stats.means = [f64::from(means[0]), f64::from(means[1])];
    }
    Some(stats)
}
