//! The state between the ends of a step, and a whole solution that can be asked at any time.

use super::params::Scheme;
use super::report::Step;
use super::state::State;
use super::tableau::{combine, dense_powers, dense_weights};

/// One accepted step that can be asked anywhere within it. It holds two states and the rates in between (Euler 1,
/// midpoint 2, RK4 4, Dormand–Prince 7).
#[derive(Clone, Debug)]
pub struct DenseStep<S> {
    /// Scheme that took the step.
    pub(super) scheme: Scheme,
    /// Times of its ends.
    pub(super) span: [f64; 2],
    /// State at the first end.
    pub(super) start: S,
    /// State at the second end.
    pub(super) end: S,
    /// Rates of the stages; for Dormand–Prince with the one at the end.
    pub(super) rates: Vec<S>,
}

impl<S: State> DenseStep<S> {
    /// Times of its ends, in the direction of the solution.
    pub fn span(&self) -> [f64; 2] {
        self.span
    }

    /// The state at `t`, without evaluating the rate; order 4 for Dormand–Prince, 3 for RK4, else that of the scheme.
    /// A `t` outside the step is taken to its nearer end.
    pub fn at(&self, t: f64) -> S {
        let [t_start, t_end] = self.span;
        let dt = t_end - t_start;
        let share = (t - t_start) / dt;
        if share >= 1.0 {
            self.end.clone()
        } else if share > 0.0 {
            combine(&self.start, dt, &dense_weights(self.scheme, share), &self.rates)
        } else {
            self.start.clone()
        }
    }

    /// The step as a polynomial of the share x of it that has passed, the state being `start + Σ cₖ xᵏ`: c₁, c₂, …, as
    /// many as the scheme's dense output has degrees (Euler 1, midpoint 2, RK4 3, Dormand–Prince 4). Their sum is
    /// `end − start` but for rounding.
    pub fn coefficients(&self) -> Vec<S> {
        let nothing = self.start.add_scaled(&[(-1.0, &self.start)]);
        let dt = self.span[1] - self.span[0];
        dense_powers(self.scheme).iter().map(|weights| combine(&nothing, dt, weights, &self.rates)).collect()
    }
}

/// Kept steps of a solution. Grows by up to eight states per step (see [`DenseStep`]).
#[derive(Clone, Debug)]
pub struct DenseSolution<S> {
    t_start: f64,
    start: S,
    steps: Vec<DenseStep<S>>,
}

impl<S: State> DenseSolution<S> {
    /// A solution that has not begun.
    pub fn new(t_start: f64, start: S) -> Self {
        Self { t_start, start, steps: Vec::new() }
    }

    /// Keeps a step; to be called from `on_step` with each one in turn.
    pub fn keep(&mut self, step: &Step<'_, S>) {
        self.steps.push(step.dense.clone());
    }

    /// Times of the ends of all steps, the start first.
    pub fn times(&self) -> impl Iterator<Item = f64> {
        std::iter::once(self.t_start).chain(self.steps.iter().map(|step| step.span[1]))
    }

    /// The state at `t`; a `t` outside the solution is taken to its nearer end.
    pub fn at(&self, t: f64) -> S {
        let backward = self.steps.first().is_some_and(|step| step.span[1] < step.span[0]);
        let is_before = |step: &DenseStep<S>| if backward { step.span[1] > t } else { step.span[1] < t };
        let step = self.steps.partition_point(is_before);
        match self.steps.get(step).or(self.steps.last()) {
            Some(step) => step.at(t),
            None => self.start.clone(),
        }
    }
}
