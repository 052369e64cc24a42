//! φ on the GPU as a state: a solver's sums and norms are passes over storage buffers, and φ is never read back.

use super::state::{State, greatest};
use crate::gpu::filter::GpuImage;
use crate::gpu::pass::{read, storage, uniform_of};
use crate::gpu::{GpuContext, GpuError};
use crate::levelset::Grid;
use wgpu::{Buffer, BufferUsages};
use zeroset_shaders::layout;

/// Rates that `ode/add_scaled.wgsl` adds at a time.
const TERMS: usize = 6;
/// Most workgroups of `ode/max_norm.wgsl`: 8 kB come back per norm.
const WORKGROUPS: u32 = 512;

/// φ (or any field over a grid, or its rate) in a storage buffer, f32, x fastest.
///
/// A device that refuses or is lost makes a state that holds the error instead: its norm is NaN, so a solver ends with
/// [`super::Outcome::NotFinite`], and [`GpuPhi::image`] and [`GpuPhi::read`] say what happened.
#[derive(Clone, Debug)]
pub struct GpuPhi(Result<GpuImage, GpuError>);

impl From<GpuImage> for GpuPhi {
    fn from(image: GpuImage) -> Self {
        Self(Ok(image))
    }
}

impl GpuPhi {
    /// Uploads φ, which fills the grid.
    ///
    /// # Errors
    /// φ of another size, a grid beyond the device's limits, or the device refuses.
    pub fn upload(context: &GpuContext, grid: Grid, phi: &[f32]) -> Result<Self, GpuError> {
        GpuImage::upload(context, grid, phi).map(Self::from)
    }

    /// The field on the device, to be drawn or given to a pass.
    ///
    /// # Errors
    /// What went wrong on the way to this state.
    pub fn image(&self) -> Result<&GpuImage, GpuError> {
        self.0.as_ref().map_err(GpuError::clone)
    }

    /// What a pass makes of this state: the rate of an equation, for instance.
    pub fn map(&self, pass: impl FnOnce(&GpuImage) -> Result<GpuImage, GpuError>) -> Self {
        Self(self.image().and_then(pass))
    }

    /// The values on the CPU, x fastest; waits for the device.
    ///
    /// # Errors
    /// What went wrong on the way to this state, or the device refuses.
    pub fn read(&self) -> Result<Vec<f32>, GpuError> {
        self.image()?.read()
    }
}

impl State for GpuPhi {
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
        self.map(|start| add_scaled(start, terms))
    }

    /// Waits for the device.
    fn max_norm(&self) -> f64 {
        self.max_ratio(self, self, 1.0, 0.0)
    }

    /// Waits for the device.
    fn max_ratio(&self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
        let tolerance = layout::Tolerance { absolute: absolute as f32, relative: relative as f32, padding: [0; 2] };
        let ratio = || max_ratio(self.image()?, a.image()?, b.image()?, &tolerance);
        ratio().unwrap_or(f64::NAN)
    }
}

/// `start + Σ cᵢ kᵢ`, six terms a pass.
fn add_scaled(start: &GpuImage, terms: &[(f64, &GpuPhi)]) -> Result<GpuImage, GpuError> {
    let mut sum = start.clone();
    for six in terms.chunks(TERMS) {
        let mut uniform = layout::Terms { weights: [[0.0; 4]; 2], count: [six.len() as u32, 0, 0, 0] };
        // Terms that do not count are bound to the start, which is there in any case.
        let mut bound: [&Buffer; TERMS] = [start.buffer(); TERMS];
        for (n, (weight, rate)) in six.iter().enumerate() {
            let rate = rate.image()?;
            check_same(start, rate)?;
            uniform.weights[n / 4][n % 4] = *weight as f32;
            bound[n] = rate.buffer();
        }
        let uniform = sum.context.checked("uploading weights", || uniform_of(&sum.context, "terms", &uniform))?;
        let more: Vec<&Buffer> = [&uniform].into_iter().chain(bound).collect();
        sum = sum.run("ode/add_scaled", &more)?;
    }
    Ok(sum)
}

fn max_ratio(x: &GpuImage, a: &GpuImage, b: &GpuImage, tolerance: &layout::Tolerance) -> Result<f64, GpuError> {
    check_same(x, a)?;
    check_same(x, b)?;
    let context = &x.context;
    let workgroups = (x.grid().len() as u32).div_ceil(256).min(WORKGROUPS);
    let pass = context.pass("ode/max_norm", &[])?;
    let partials = context.checked("measuring a state", || {
        let partials = storage(context, "norm partials", 16 * u64::from(workgroups), BufferUsages::empty());
        let tolerance = uniform_of(context, "tolerance", tolerance);
        let buffers = [&x.described, &tolerance, a.buffer(), b.buffer(), x.buffer(), &partials];
        let group = pass.bind(context, 0, &buffers.map(Buffer::clone));
        let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.dispatch(&mut compute, &group, workgroups);
        drop(compute);
        context.queue.submit([encoder.finish()]);
        partials
    })?;
    let partials: Vec<[f32; 4]> = read(context, &partials, workgroups as usize)?;
    Ok(greatest(partials.iter().map(|[most, bad, ..]| if *bad > 0.0 { f64::NAN } else { f64::from(*most) })))
}

/// Fields of different sizes would be read past their ends.
fn check_same(a: &GpuImage, b: &GpuImage) -> Result<(), GpuError> {
    if a.grid().size == b.grid().size {
        return Ok(());
    }
    let reason = format!("one has {:?} voxels, the other {:?}: give both the same grid", a.grid().size, b.grid().size);
    Err(GpuError::Refused { action: "adding fields", reason })
}
