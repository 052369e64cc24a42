//! What a solver tells: per accepted step, and at the end.

use super::dense::DenseStep;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a solution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The end of the span was reached.
    Done,
    /// The most steps allowed were taken before the end of the span.
    MaxSteps,
    /// The tolerance asks for steps below the shortest one allowed.
    StepTooSmall,
    /// The state or its rate is not finite.
    NotFinite,
    /// The callback asked to stop.
    Cancelled,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "the end of the span was reached",
            Self::MaxSteps => "the most steps allowed were taken before the end of the span",
            Self::StepTooSmall => "the tolerance asks for steps below the shortest one allowed",
            Self::NotFinite => "the state or its rate is not finite",
            Self::Cancelled => "stopped by the caller",
        })
    }
}

/// Counts of a solution so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Evaluations of the rate (NFE).
    pub evaluations: usize,
    /// Accepted steps.
    pub accepted: usize,
    /// Rejected steps.
    pub rejected: usize,
    /// Δt of the last accepted step; negative when the span runs backward.
    pub last_step: f64,
}

/// An accepted step.
#[derive(Debug)]
pub struct Step<'a, S> {
    /// Time at which it began.
    pub t_start: f64,
    /// Time at which it ended.
    pub t: f64,
    /// `t - t_start`.
    pub dt: f64,
    /// State at `t`.
    pub state: &'a S,
    /// Estimated error of this step as a share of the tolerance, 0 to 1; 0 for fixed-step schemes, which estimate none.
    pub error: f64,
    /// Counts up to and with this step.
    pub stats: Stats,
    /// The state at any time within the step.
    pub dense: &'a DenseStep<S>,
}

/// Where a solution ended.
#[derive(Clone, Debug)]
pub struct Solution<S> {
    /// State at `t`.
    pub state: S,
    /// The end of the span when the outcome is [`Outcome::Done`], else the time reached.
    pub t: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Counts of the whole solution.
    pub stats: Stats,
}
