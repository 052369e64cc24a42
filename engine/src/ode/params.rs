//! Choice of a scheme, its tolerances and limits.

use super::error::SolverError;
use serde::{Deserialize, Serialize};

/// Runge–Kutta scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Explicit Euler: order 1, one evaluation per step.
    Euler,
    /// Explicit midpoint: order 2, two evaluations per step.
    Midpoint,
    /// Kutta's 3/8 rule, as torchdiffeq's `rk4`: order 4, four evaluations per step. (The error is smaller than that of
    /// the better known rule with two stages in the middle.)
    Rk4,
    /// Dormand & Prince 5(4): order 5, adaptive; six evaluations per tried step, because the last one of an accepted
    /// step is the first of the next.
    #[default]
    DormandPrince,
}

/// How the adaptive scheme chooses its steps (formulas in `ode/controller.rs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// From the error of the last step alone, step for step as torchdiffeq 0.2.5 does.
    Proportional,
    /// From the errors of the last two steps (PI; Hairer & Wanner, Solving Ordinary Differential Equations II, IV.2):
    /// steps change more smoothly, and fewer are rejected.
    #[default]
    ProportionalIntegral,
}

/// Everything that a solver needs beside the rate, the start and the span.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SolverParams {
    /// Scheme.
    pub scheme: Scheme,
    /// Number of equal steps of a fixed-step scheme.
    pub steps: usize,
    /// Adaptive: error allowed per step in each element, in the unit of the state. The NODE paper: 1e-5 to 1e-3.
    pub absolute_tolerance: f64,
    /// Adaptive: … and as a share of the element. The NODE paper: 0.
    pub relative_tolerance: f64,
    /// Adaptive: length of the first step tried; `None` = estimated at the cost of one evaluation.
    pub first_step: Option<f64>,
    /// Adaptive: steps shorter than this end the solution.
    pub min_step: f64,
    /// Adaptive: most steps tried, accepted and rejected together.
    pub max_steps: usize,
    /// Adaptive: rule for the next step's length.
    pub controller: Controller,
}

impl Default for SolverParams {
    fn default() -> Self {
        Self {
            scheme: Scheme::DormandPrince,
            steps: 8,
            absolute_tolerance: 1e-3,
            relative_tolerance: 0.0,
            first_step: None,
            min_step: 1e-8,
            max_steps: 1000,
            controller: Controller::ProportionalIntegral,
        }
    }
}

impl SolverParams {
    /// A fixed-step scheme with this many equal steps.
    pub fn fixed(scheme: Scheme, steps: usize) -> Self {
        Self { scheme, steps, ..Self::default() }
    }

    /// Dormand–Prince with this absolute tolerance and no relative one.
    pub fn adaptive(absolute_tolerance: f64) -> Self {
        Self { absolute_tolerance, ..Self::default() }
    }

    /// Whether every number lies in its range: to be asked of parameters that come from a file.
    ///
    /// # Errors
    /// The first one that does not.
    pub fn check(&self) -> Result<(), SolverError> {
        let refuse = |name, value, expected| Err(SolverError::Parameter { name, value, expected });
        if self.scheme != Scheme::DormandPrince {
            return if self.steps == 0 { refuse("steps", 0.0, "1 or more") } else { Ok(()) };
        }
        if !(self.absolute_tolerance.is_finite() && self.absolute_tolerance > 0.0) {
            return refuse("absolute_tolerance", self.absolute_tolerance, "more than 0 (the NODE paper: 1e-5 to 1e-3)");
        }
        if !(self.relative_tolerance.is_finite() && self.relative_tolerance >= 0.0) {
            return refuse("relative_tolerance", self.relative_tolerance, "0 or more (the NODE paper: 0)");
        }
        if !(self.min_step.is_finite() && self.min_step > 0.0) {
            return refuse("min_step", self.min_step, "more than 0");
        }
        if let Some(first_step) = self.first_step.filter(|h| !(h.is_finite() && *h >= self.min_step)) {
            return refuse("first_step", first_step, "min_step or more (leave it out to have it estimated)");
        }
        if self.max_steps == 0 {
            return refuse("max_steps", 0.0, "1 or more");
        }
        Ok(())
    }
}
