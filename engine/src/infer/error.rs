//! Why a network could not be run on a scan.

use crate::models::ModelError;
use crate::prepare::SliceGridError;
use std::any::Any;
use thiserror::Error;

/// Why a network could not be run on a scan.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum InferError {
    /// The scan cannot be cut into slices for it.
    #[error(transparent)]
    Slices(#[from] SliceGridError),
    /// The network refused a slice.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An organ that the network does not know.
    #[error("this network does not know {organ:?}: it contours {known}")]
    Organ {
        /// What was asked for.
        organ: String,
        /// What it knows, between commas.
        known: String,
    },
    /// A contour network without a contour.
    #[error("{network} evolves a contour: start it from a mask, from seeds, or from another network's contour")]
    NoStart {
        /// Name of the architecture.
        network: String,
    },
    /// A network that takes no start contour.
    #[error("{network} finds the organ itself and takes no start contour: leave it out, or choose node-contour")]
    UselessStart {
        /// Name of the architecture.
        network: String,
    },
    /// A start without one of the organs, or of another size than the scan's.
    #[error("the start contour of {organ:?}: found {found} voxels, expected the scan's {expected}")]
    StartSize {
        /// Name of the organ.
        organ: String,
        /// Voxels given; 0 when there is no such start.
        found: usize,
        /// Voxels of the scan.
        expected: usize,
    },
    /// The progress callback asked to stop.
    #[error("stopped before the last slice; nothing was changed")]
    Cancelled,
    /// The device went away.
    #[error("the device failed ({reason}): run again, or with --device cpu")]
    Device {
        /// What it said.
        reason: String,
    },
}

/// The words of a panic.
pub(super) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it gave no reason").lines().next().unwrap_or_default().to_owned()
}
