//! Filters on the GPU, twins of [`crate::filter`] and [`crate::levelset::speed`]: an image stays on the device from the
//! intensities to the speed, where the window can draw it; [`GpuImage::read`] brings it back.

use super::band::grid_layout;
use super::context::GpuContext;
use super::error::GpuError;
use super::pass::{self, storage, storage_of, uniform_of};
use crate::levelset::Grid;
use wgpu::{Buffer, BufferUsages};
use zeroset_shaders::layout;

/// A dense f32 image on the device, x fastest.
#[derive(Clone, Debug)]
pub struct GpuImage {
    pub(crate) context: GpuContext,
    grid: Grid,
    /// [`layout::Grid`].
    pub(crate) described: Buffer,
    values: Buffer,
}

impl GpuImage {
    /// Uploads an image that fills the grid.
    ///
    /// # Errors
    /// An image of another size, a grid beyond the device's limits, or the device refuses.
    pub fn upload(context: &GpuContext, grid: Grid, image: &[f32]) -> Result<Self, GpuError> {
        context.check_size(grid.size)?;
        if image.len() != grid.len() || grid.is_empty() {
            let reason = format!("the image has {} values, the grid {:?} needs {}", image.len(), grid.size, grid.len());
            return Err(GpuError::Refused { action: "uploading an image", reason });
        }
        context.checked("uploading an image", || Self {
            context: context.clone(),
            grid,
            described: uniform_of(context, "grid", &grid_layout(&grid)),
            values: storage_of(context, "image", image),
        })
    }

    /// The values, `grid.len()` f32.
    pub fn buffer(&self) -> &Buffer {
        &self.values
    }

    /// The grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The values on the CPU; waits for the device.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn read(&self) -> Result<Vec<f32>, GpuError> {
        pass::read(&self.context, &self.values, self.grid.len())
    }

    /// Gaussian of standard deviation `sigma_mm` along every axis longer than one voxel (twin of
    /// [`crate::filter::gaussian`]); `sigma_mm <= 0` leaves the image as it is.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn gaussian(&self, sigma_mm: f64) -> Result<Self, GpuError> {
        let mut blurred = self.clone();
        if sigma_mm <= 0.0 {
            return Ok(blurred);
        }
        for axis in 0..3 {
            if self.grid.size[axis] > 1 {
                let weights = half_kernel(sigma_mm / f64::from(self.grid.spacing_mm[axis]));
                let blur = layout::Blur { axis: axis as u32, radius: weights.len() as u32 - 1, padding: [0; 2] };
                let kernel = self.context.checked("uploading a kernel", || {
                    (uniform_of(&self.context, "blur", &blur), storage_of(&self.context, "kernel", &weights))
                })?;
                blurred = blurred.run("filter/gaussian", &[&kernel.0, &kernel.1])?;
            }
        }
        Ok(blurred)
    }

    /// |∇I| per mm by central differences (twin of [`crate::filter::gradient_magnitude`]).
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn gradient_magnitude(&self) -> Result<Self, GpuError> {
        self.run("filter/gradient_magnitude", &[])
    }

    /// Edge speed 1 / (1 + (v / λ)^p) of a gradient magnitude v; λ in its unit, both above 0.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn edge_speed(&self, lambda: f32, exponent: f32) -> Result<Self, GpuError> {
        self.run_shaped(
            "filter/edge_speed",
            layout::SpeedShape { first: lambda, second: exponent, smoothness: 0.0, bounds: 0 },
        )
    }

    /// Region speed of a soft threshold window in \[-1, 1\]; an open bound is `None`, `smoothness` above 0.
    ///
    /// # Errors
    /// The device refuses or is lost.
    pub fn threshold_speed(&self, lower: Option<f32>, upper: Option<f32>, smoothness: f32) -> Result<Self, GpuError> {
        self.run_shaped(
            "filter/threshold_speed",
            layout::SpeedShape {
                first: lower.unwrap_or_default(),
                second: upper.unwrap_or_default(),
                smoothness,
                bounds: u32::from(lower.is_some()) | u32::from(upper.is_some()) << 1,
            },
        )
    }

    fn run_shaped(&self, name: &'static str, shape: layout::SpeedShape) -> Result<Self, GpuError> {
        let shape = self.context.checked("uploading a speed's shape", || uniform_of(&self.context, "shape", &shape))?;
        self.run(name, &[&shape])
    }

    /// Runs a pass whose bindings are the grid, `more`, this image, the result.
    pub(crate) fn run(&self, name: &'static str, more: &[&Buffer]) -> Result<Self, GpuError> {
        let context = &self.context;
        let pass = context.pass(name, &[])?;
        context.checked("running a filter", || {
            let result = storage(context, name, 4 * self.grid.len() as u64, BufferUsages::empty());
            let buffers = [&self.described].into_iter().chain(more.iter().copied()).chain([&self.values, &result]);
            let group = pass.bind(context, 0, &buffers.cloned().collect::<Vec<_>>());
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.dispatch(&mut compute, &group, (self.grid.len() as u32).div_ceil(256));
            drop(compute);
            context.queue.submit([encoder.finish()]);
            Self { values: result, ..self.clone() }
        })
    }
}

/// Weights from the centre outwards of a Gaussian with σ in voxels, as the CPU twin samples them: reach ceil(3σ),
/// w₀ + 2 Σ w_k = 1.
fn half_kernel(sigma_voxels: f64) -> Vec<f32> {
    let radius = (3.0 * sigma_voxels).ceil() as usize;
    let raw: Vec<f64> = (0..=radius).map(|k| (-0.5 * (k as f64 / sigma_voxels).powi(2)).exp()).collect();
    let sum = 2.0 * raw.iter().sum::<f64>() - 1.0;
    raw.iter().map(|w| (w / sum) as f32).collect()
}
