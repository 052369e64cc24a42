//! Why a network could not be run.

use crate::ode::Outcome;
use thiserror::Error;

/// Why a network could not be run.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ModelError {
    /// Another number of channels than the network was made for.
    #[error("the network takes images of {expected} channel(s), this one has {found}")]
    Channels {
        /// What it was made for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A network that evolves a contour, and none was given.
    #[error("{network} evolves a contour and none was given: add the distance map of a start contour")]
    NoStart {
        /// Name of the architecture.
        network: &'static str,
    },
    /// A start contour of another shape than the image's.
    #[error("the start contour is {found:?}, expected {expected:?} (slices, organs, rows, columns)")]
    Start {
        /// Shape that fits image and organs.
        expected: [usize; 4],
        /// Shape given.
        found: [usize; 4],
    },
    /// The solver stopped before the end of time, so there is nothing to compare with the truth.
    #[error("{network}: the ODE solver stopped before t = 1 ({outcome}); lower the learning rate or allow more steps")]
    Solver {
        /// Name of the architecture.
        network: &'static str,
        /// Why it stopped.
        outcome: Outcome,
    },
}
