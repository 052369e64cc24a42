//! What the CPU and the GPU have in common: a state that can be advanced by whole steps.

use super::force::Force;
use super::params::{LevelSetParams, Method};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The computation grid: voxels and spacing along its own axes (which need not be the patient's).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Voxels along x, y, z; `size[2] == 1` means 2D.
    pub size: [usize; 3],
    /// Spacing in mm along x, y, z.
    pub spacing_mm: [f32; 3],
}

impl Grid {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// Whether there is no voxel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// 2 when the grid is one slice thick, else 3.
    pub fn dimension(&self) -> usize {
        if self.size[2] == 1 { 2 } else { 3 }
    }

    /// Least spacing over the axes in use, mm.
    pub fn h_min(&self) -> f32 {
        self.spacing_mm[..self.dimension()].iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// Greatest spacing over the axes in use, mm.
    pub fn h_max(&self) -> f32 {
        self.spacing_mm[..self.dimension()].iter().copied().fold(0.0, f32::max)
    }

    /// Sum of 1/h² over the axes in use, mm⁻².
    pub fn inverse_square_sum(&self) -> f32 {
        self.spacing_mm[..self.dimension()].iter().map(|h| 1.0 / (h * h)).sum()
    }

    /// Volume of a voxel in mL (in 2D: of the slice's voxel, with its thickness `spacing_mm[2]`).
    pub fn voxel_ml(&self) -> f64 {
        self.spacing_mm.iter().map(|&h| f64::from(h)).product::<f64>() / 1000.0
    }

    /// Whether phi fills the grid and is finite.
    ///
    /// # Errors
    /// A wrong size or a value that is not finite.
    pub fn check_phi(&self, phi: &[f32]) -> Result<(), StepperError> {
        check_values("phi", phi, self)
    }

    /// Half width B of the narrow band in mm: max(band_voxels h_min, 2 h_max); infinite for 0 (dense).
    pub fn band_mm(&self, params: &LevelSetParams) -> f32 {
        if params.band_voxels <= 0.0 {
            f32::INFINITY
        } else {
            (params.band_voxels * self.h_min()).max(2.0 * self.h_max())
        }
    }
}

/// What drives the contour, on the computation grid.
#[derive(Clone, Debug)]
pub enum Fields {
    /// Speed image g (edge: [0, 1], region: [-1, 1]), x fastest.
    Speed(Vec<f32>),
    /// Intensities scaled to [0, 1] for Chan–Vese, x fastest.
    Intensity(Vec<f32>),
}

impl Fields {
    /// Whether the fields fill the grid and are those that the method reads.
    ///
    /// # Errors
    /// A wrong size, a value that is not finite, or fields of the other kind.
    pub fn check(&self, grid: &Grid, params: &LevelSetParams) -> Result<(), StepperError> {
        let (what, values) = match self {
            Self::Speed(g) => ("speed image", g),
            Self::Intensity(i) => ("intensities", i),
        };
        let fits = matches!(self, Self::Intensity(_)) == (params.method == Method::ChanVese);
        if !fits {
            let expected = if params.method == Method::ChanVese { "intensities" } else { "a speed image" };
            return Err(StepperError::Fields { method: params.method.name(), expected, found: what });
        }
        check_values(what, values, grid)
    }
}

fn check_values(what: &'static str, values: &[f32], grid: &Grid) -> Result<(), StepperError> {
    if values.len() != grid.len() || grid.is_empty() {
        return Err(StepperError::Size { what, found: values.len(), expected: grid.len(), size: grid.size });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(StepperError::Value { what, index, value: values[index] }),
        None => Ok(()),
    }
}

/// What is known after a number of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepStats {
    /// Time step dt of the last step.
    pub dt: f64,
    /// RMS over the contour of ∂φ/∂t in the last step, mm per unit of t (reinitialisation excluded): the speed at which
    /// the contour moves. Taken where φ crosses zero between two neighbours i, j along an axis, both with
    /// |φ| < 2 h_max before the step, as the linear interpolation of their changes c: c_i + φ_i/(φ_i − φ_j) (c_j − c_i).
    /// (Averaged over a band instead, it would not vanish at rest: there the speed image lifts one side and lowers the
    /// other.)
    pub rms_rate: f64,
    /// Largest magnitude of the same.
    pub max_rate: f64,
    /// Enclosed volume in mL: sum over voxels of clamp(½ − φ/h_min, 0, 1) times the voxel's volume.
    pub volume_ml: f64,
    /// Voxels with |φ| < h_max.
    pub band_voxels: u64,
    /// Voxels with φ < 0 in the outermost layer of the grid (in 2D the z faces do not count).
    pub border_voxels: u64,
    /// Chan–Vese energy before the last step; 0 for the other methods.
    pub energy: f64,
    /// Mean inside and outside (Chan–Vese), in the scaled intensities.
    pub means: [f64; 2],
}

/// Why stepping failed.
#[derive(Debug, Error)]
pub enum StepperError {
    /// A field of another size.
    #[error("{what} has {found} values, the grid {size:?} needs {expected}")]
    Size {
        /// Which field.
        what: &'static str,
        /// Values given.
        found: usize,
        /// Values needed.
        expected: usize,
        /// The grid.
        size: [usize; 3],
    },
    /// Fields that the method cannot use.
    #[error("method {method} needs {expected}, found {found}")]
    Fields {
        /// The method.
        method: &'static str,
        /// What it needs.
        expected: &'static str,
        /// What it got.
        found: &'static str,
    },
    /// A value that is not a number.
    #[error("{what} is {value} at voxel {index}, expected a finite number")]
    Value {
        /// Which field.
        what: &'static str,
        /// Offset of the voxel, x fastest.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A parameter outside its range.
    #[error("parameter {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// φ became NaN or infinite.
    #[error("phi is no longer finite after the step: lower the time step factor (now {time_step_factor})")]
    NotFinite {
        /// The factor in use.
        time_step_factor: f32,
    },
    /// The GPU refused or was lost.
    #[error("GPU: {0}")]
    Gpu(String),
}

/// φ on a device, advanced by whole steps. CPU and GPU give the same φ within rounding.
pub trait Stepper: Send {
    /// The grid.
    fn grid(&self) -> Grid;
    /// Which device steps, for reports: `cpu (2 threads)` or the adapter's name.
    fn device(&self) -> String;
    /// The parameters in use.
    fn params(&self) -> LevelSetParams;
    /// What drives the contour.
    fn fields(&self) -> &Fields;
    /// Time step dt of the next step.
    fn dt(&self) -> f64;
    /// Takes new weights between steps.
    ///
    /// # Errors
    /// A parameter out of range, or a method that needs other fields.
    fn set_params(&mut self, params: LevelSetParams) -> Result<(), StepperError>;
    /// Takes a new speed image or new intensities between steps.
    ///
    /// # Errors
    /// A wrong size, or fields that the method cannot use.
    fn set_fields(&mut self, fields: Fields) -> Result<(), StepperError>;
    /// Replaces φ (mm, negative inside, x fastest); it is clamped to the band. `steps_done` is the number of steps
    /// behind this φ: it sets when the next reinitialisation is due, so that a run resumed from a stored φ repeats
    /// the original one.
    ///
    /// # Errors
    /// A wrong size or a value that is not finite.
    fn set_phi(&mut self, phi: &[f32], steps_done: u64) -> Result<(), StepperError>;
    /// Steps behind the present φ.
    fn steps_done(&self) -> u64;
    /// Takes `steps` steps. After step number n (counted from 1) φ is reinitialised when n is a multiple of
    /// `reinitialize_every`.
    ///
    /// # Errors
    /// φ not finite, or the device lost.
    fn advance(&mut self, steps: u32) -> Result<StepStats, StepperError>;
    /// Statistics of φ as it stands, without a step (rates 0).
    ///
    /// # Errors
    /// The device lost.
    fn stats(&mut self) -> Result<StepStats, StepperError>;
    /// What `force` adds to dφ/dt of φ as it stands, mm per unit of t, x fastest; `None` where the device makes no such
    /// map: a [`cpu::CpuStepper`](super::cpu::CpuStepper) on its grid, fields and φ does.
    fn force(&self, _force: Force) -> Option<Vec<f32>> {
        None
    }
    /// A copy of φ, x fastest.
    ///
    /// # Errors
    /// The device lost.
    fn phi(&mut self) -> Result<Vec<f32>, StepperError>;
}
