//! Why a training could not start or go on.

use super::data::DatasetError;
use super::recipe::RecipeError;
use crate::models::ModelError;
use crate::models::checkpoint::CheckpointError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a training could not start or go on.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A variable of the recipe that is not set.
    #[error("{key}: the environment variable {name} is not set: set it, or name the folder on the command line")]
    Variable {
        /// Key of the recipe.
        key: String,
        /// Name of the variable.
        name: String,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DatasetError),
    /// The network.
    #[error("epoch {epoch}, batch {batch} ({slices}): {error}")]
    Model {
        /// Epoch, from 1.
        epoch: u64,
        /// Batch, from 1.
        batch: u64,
        /// Its slices.
        slices: String,
        /// What went wrong.
        error: ModelError,
    },
    /// A loss or gradient that is no number.
    #[error(
        "epoch {epoch}, batch {batch}, step {step}: {what} is {value}; its slices: {slices}. Training stopped; {kept}. \
         Lower optimizer.rate, or set optimizer.clip_norm"
    )]
    NotFinite {
        /// `the loss` or `the gradient's length`.
        what: &'static str,
        /// Epoch, from 1.
        epoch: u64,
        /// Batch, from 1.
        batch: u64,
        /// Step of the whole run, from 1.
        step: u64,
        /// What it is instead.
        value: f64,
        /// Slices of the batch.
        slices: String,
        /// Which checkpoint is left.
        kept: String,
    },
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A device that is not there.
    #[error("device {name:?}: {reason}")]
    Device {
        /// Name in the recipe.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A device failed, or a worker.
    #[error("a device stopped working: {reason}; the state saved last is whole: go on from it with --resume")]
    DeviceLost {
        /// Its last words.
        reason: String,
    },
    /// The start contours' network does not fit.
    #[error("start.checkpoint {}: {reason}", path.display())]
    Start {
        /// The checkpoint.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The network to begin with does not fit.
    #[error("begin_with {}: {reason}", path.display())]
    Begin {
        /// The checkpoint.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A run's folder in use.
    #[error("{} holds a run already: go on with it by --resume, or choose another folder with --output", folder.display())]
    RunExists {
        /// The folder.
        folder: PathBuf,
    },
    /// A saved state that cannot be used.
    #[error("{}: {reason}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that could not be written.
    #[error("{}: cannot be written, and what was there before is untouched: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}

/// An error about writing `path`.
pub(crate) fn write_error(path: impl Into<PathBuf>, reason: impl std::fmt::Display) -> TrainError {
    TrainError::Write { path: path.into(), reason: reason.to_string() }
}
