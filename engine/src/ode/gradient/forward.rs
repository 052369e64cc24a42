//! The way forward: a solution without a graph that keeps a few states for the way back.

use super::super::params::{Scheme, SolverParams};
use super::super::report::{Outcome, Stats};
use super::super::solve::solve;
use super::Dynamics;
use super::leaf::leaf;
use burn::module::Module;
use burn::tensor::Tensor;
use std::ops::ControlFlow;

/// States kept however few steps there are.
const LEAST_KEPT: usize = 16;

/// A solved way and what is needed to differentiate it.
///
/// Of the states along the way it keeps every `stride`-th one; the stride doubles as the way grows, so that never more
/// than max(16, 2·stride) are kept, and the way back works out at most `stride` more at a time. After N steps that is
/// at most max(16, 3√N) states in all.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// State at the end, without a graph.
    pub end: Tensor<4>,
    /// How the solution ended.
    pub outcome: Outcome,
    /// Counts of the way forward.
    pub stats: Stats,
    /// Scheme that took the steps.
    pub(super) scheme: Scheme,
    /// Times of the ends of all steps, the start first.
    pub(super) times: Vec<f64>,
    /// Kept states by the number of the step that begins there, in order.
    pub(super) kept: Vec<(usize, Tensor<4>)>,
    stride: usize,
}

impl Trajectory {
    /// Times of the ends of all steps, the start first.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Number of states kept, the end not counted.
    pub fn kept_states(&self) -> usize {
        self.kept.len()
    }

    /// The end as the beginning of a new graph, to be given to the head of a model; `module` is any module of the model.
    pub fn end_leaf<M: Module>(&self, module: &M) -> Tensor<4> {
        leaf(module, self.end.clone())
    }

    /// Takes in the state at the end of another step.
    fn append(&mut self, t: f64, state: &Tensor<4>) {
        let begins = self.times.len();
        self.times.push(t);
        if !begins.is_multiple_of(self.stride) {
            return;
        }
        self.kept.push((begins, state.clone()));
        if self.kept.len() > LEAST_KEPT.max(2 * self.stride) {
            self.stride *= 2;
            self.kept.retain(|(step, _)| step.is_multiple_of(self.stride));
        }
    }
}

/// Solves `dynamics` from `start` over `span` without a graph. Both may be with or without autodiff: the gradient of
/// whatever led to `start` is [`super::OdeGradients::start`].
///
/// # Shapes
/// - `start`: `[n, c, h, w]`
pub fn solve_forward<D: Dynamics + Module>(
    dynamics: &D,
    start: Tensor<4>,
    span: [f64; 2],
    params: &SolverParams,
) -> Trajectory {
    let plain = dynamics.valid();
    let start = start.inner();
    let mut trajectory = Trajectory {
        end: start.clone(),
        outcome: Outcome::Done,
        stats: Stats::default(),
        scheme: params.scheme,
        times: vec![span[0]],
        kept: vec![(0, start.clone())],
        stride: 1,
    };
    let rate = |t: f64, state: &Tensor<4>| plain.rate(t, state.clone());
    let solution = solve(rate, start, span, params, |step| {
        trajectory.append(step.t, step.state);
        ControlFlow::Continue(())
    });
    Trajectory { end: solution.state, outcome: solution.outcome, stats: solution.stats, ..trajectory }
}
