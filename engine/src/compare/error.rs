//! Why methods cannot be compared.

use crate::geometry::GeometryError;
use crate::infer::InferError;
use crate::levelset::packed::UnpackError;
use crate::levelset::{EvolutionError, StepperError};
use crate::neural::NeuralError;
use crate::roi::RoiError;
use thiserror::Error;

/// Why a method cannot be run, or not here.
#[derive(Debug, Error)]
pub enum CompareError {
    /// A start without an inside, or without an outside.
    #[error("there is no contour here to start from: {inside} of {total} voxels are inside")]
    NoContour {
        /// Voxels inside.
        inside: usize,
        /// Voxels of the site.
        total: usize,
    },
    /// A φ of another size.
    #[error("the start contour has {found} voxels, the place has {expected}")]
    StartSize {
        /// Voxels given.
        found: usize,
        /// Voxels of the site.
        expected: usize,
    },
    /// A slice across another axis than the network's.
    #[error("this network contours axial slices: choose 3D or Axial")]
    Axis,
    /// Stopped by whoever asked.
    #[error("stopped before the end")]
    Cancelled,
    /// The box.
    #[error(transparent)]
    Roi(#[from] RoiError),
    /// A grid.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The stepper.
    #[error(transparent)]
    Stepper(#[from] StepperError),
    /// The evolution.
    #[error(transparent)]
    Evolution(#[from] EvolutionError),
    /// The network that evolves a contour.
    #[error(transparent)]
    Neural(#[from] NeuralError),
    /// The network that answers at once.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// A recipe that gives no speed image, or no start.
    #[error(transparent)]
    Recipe(#[from] crate::pipeline::PipelineError),
    /// A stored φ.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}
