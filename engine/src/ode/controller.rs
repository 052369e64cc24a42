//! How long the steps of Dormand–Prince are: the first one, and each after an error has been estimated.
//!
//! An error enters as `ratio`, its greatest share of the tolerance over the elements; up to 1 the step is accepted.
//!
//! First step (both controllers; Hairer, Nørsett & Wanner I, II.4): from the sizes of the state, of its rate and of the
//! rate's change over a small Euler step, at the cost of one evaluation.
//!
//! Next step, Δt·factor with factor between 0.2 and 10:
//! - Proportional, as torchdiffeq 0.2.5: 0.9·ratio^(−1/5), not below 1 after an accepted step.
//! - ProportionalIntegral: 0.9·ratio^(−0.16)·(previous/ratio)^0.04, where `previous` is the ratio of the last accepted
//!   step (1 before there is one, 1e-4 at least); after a rejected step 0.9·ratio^(−1/5), and the first accepted step
//!   after it does not grow. This is the controller of Hairer & Wanner II, IV.2 with the proportional part 0.04 of their
//!   dopri5, but without lowering the exponent of `ratio` from 1/5 to 0.17 as it does, which costs the short solutions
//!   of a neural ODE a step or two on the way up from the first one.
//!
//! Which is better depends on the rate: over the cases of `tests/fixtures/ode` (36 solutions) Proportional takes 3492
//! evaluations and ProportionalIntegral 3510; on Van der Pol's oscillator, where steps are rejected, 1926 and 1842, on
//! smooth short ways the latter often takes one step more (`cargo test --test ode_torchdiffeq -- --nocapture`).

use super::params::{Controller, SolverParams};
use super::state::State;

const SAFETY: f64 = 0.9;
const MOST_GROWTH: f64 = 10.0;
/// Factor to the next step after an error that says nothing, and the least factor after any other.
pub(super) const MOST_SHRINK: f64 = 0.2;
/// Order of the scheme.
const ORDER: f64 = 5.0;
const BETA: f64 = 0.04;
const LEAST_PREVIOUS: f64 = 1e-4;

/// What a controller remembers between steps.
#[derive(Debug)]
pub(super) struct StepControl {
    controller: Controller,
    previous: f64,
    after_rejection: bool,
}

impl StepControl {
    pub(super) fn new(controller: Controller) -> Self {
        Self { controller, previous: 1.0, after_rejection: false }
    }

    /// Factor from the step just tried to the next one.
    pub(super) fn factor(&mut self, ratio: f64) -> f64 {
        let accepted = ratio <= 1.0;
        let factor = match self.controller {
            Controller::Proportional => {
                let least = if ratio < 1.0 { 1.0 } else { MOST_SHRINK };
                (SAFETY / ratio.powf(1.0 / ORDER)).max(least)
            }
            Controller::ProportionalIntegral => {
                let by_error = SAFETY / ratio.powf(1.0 / ORDER);
                match (accepted, self.after_rejection) {
                    (false, _) => by_error,
                    (true, false) => by_error * self.previous.powf(BETA),
                    (true, true) => (by_error * self.previous.powf(BETA)).min(1.0),
                }
            }
        };
        if accepted {
            self.previous = ratio.max(LEAST_PREVIOUS);
        }
        self.after_rejection = !accepted;
        factor.clamp(MOST_SHRINK, MOST_GROWTH)
    }
}

/// Length of the first step over `[t, end]`; `first` is the rate at `t`. Evaluates the rate once.
pub(super) fn first_step<S: State>(
    rate: &mut impl FnMut(f64, &S) -> S,
    [t, end]: [f64; 2],
    state: &S,
    first: &S,
    params: &SolverParams,
) -> f64 {
    let norm = |x: &S| x.max_ratio(state, state, params.absolute_tolerance, params.relative_tolerance);
    let (size, speed) = (norm(state), norm(first));
    let is_own = params.controller == Controller::ProportionalIntegral;
    let mut probe = if size < 1e-5 || speed < 1e-5 { 1e-6 } else { 0.01 * size / speed };
    if is_own {
        // torchdiffeq may ask for the rate beyond the end of the span.
        probe = probe.min((end - t).abs());
    }
    let signed = probe.copysign(end - t);
    let ahead = rate(t + signed, &state.add_scaled(&[(signed, first)]));
    let bend = norm(&ahead.add_scaled(&[(-1.0, first)])) / probe;
    let most = speed.max(bend);
    if speed <= 1e-15 && bend <= 1e-15 {
        // At rest, as a network is whose last layer is zero. torchdiffeq works its way up from 1e-6 by factors of 10;
        // the error of one step over the whole span says more for less.
        return if is_own { (end - t).abs() } else { (probe * 1e-3).max(1e-6).min(100.0 * probe) };
    }
    (0.01 / most).powf(1.0 / ORDER).min(100.0 * probe)
}
