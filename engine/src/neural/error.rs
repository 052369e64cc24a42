//! Why a contour cannot be moved by a network.

use crate::ode::{Outcome, SolverError};
use crate::prepare::SliceGridError;
use thiserror::Error;

/// Why a neural evolution cannot begin or go on.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NeuralError {
    /// A network that moves no contour.
    #[error("{found} moves no contour: choose a model of the architecture node-contour")]
    Network {
        /// Name of its architecture.
        found: String,
    },
    /// An organ that the network does not know.
    #[error("this network does not know {organ:?}: it contours {known}")]
    Organ {
        /// What was asked for.
        organ: String,
        /// What it knows, between commas.
        known: String,
    },
    /// The scan cannot be cut into slices for it.
    #[error(transparent)]
    Slices(#[from] SliceGridError),
    /// Tolerances that no solver can work with.
    #[error(transparent)]
    Solver(#[from] SolverError),
    /// A φ of another size than the scan.
    #[error("the start contour has {found} voxels, the scan has {expected}")]
    StartSize {
        /// Voxels given.
        found: usize,
        /// Voxels of the scan.
        expected: usize,
    },
    /// No slice has a contour.
    #[error("no slice has a contour to start from: place a seed, or choose a label that is in the region")]
    NoContour,
    /// The solver stopped before t = 1.
    #[error("slice {slice}: {outcome} (t = {t:.3})")]
    Unfinished {
        /// Slice of the scan.
        slice: usize,
        /// Time reached.
        t: f64,
        /// Why.
        outcome: Outcome,
    },
    /// The kept steps need more than they may.
    #[error("the evolution holds {used_mb} MB of at most {budget_mb} MB: discard it, or start it on fewer slices")]
    Memory {
        /// MB in use.
        used_mb: usize,
        /// MB allowed.
        budget_mb: usize,
    },
    /// The device went away.
    #[error("the network failed ({reason}): begin again")]
    Device {
        /// What it said.
        reason: String,
    },
}
