//! Backpropagation through the steps of a solution, from the states that were kept.
//!
//! Between two kept states the states in between are worked out again without a graph; then each step, last one first,
//! is taken once more with a graph and backpropagated. So a graph never spans more than one step.

use super::super::params::Scheme;
use super::super::report::{Outcome, Stats};
use super::super::solve::solve_on_grid;
use super::super::tableau::Tableau;
use super::leaf::{backward_from, leaf};
use super::{Dynamics, OdeGradients, Trajectory};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;
use std::ops::ControlFlow;

/// Gradient of a loss with respect to start and parameters, given its gradient with respect to the end.
///
/// `dynamics` has autodiff, and the parameters with which `trajectory` was solved. The lengths of the steps are
/// constants, also where the solver chose them (as in torchdiffeq).
///
/// # Shapes
/// - `end_gradient`: as the state, `[n, c, h, w]`
pub fn backward_checkpointed<D: Dynamics + Module>(
    dynamics: &D,
    trajectory: &Trajectory,
    end_gradient: Tensor<4>,
) -> OdeGradients {
    let plain = dynamics.valid();
    let mut stats = Stats::default();
    let mut gradient = end_gradient.inner();
    let mut params = GradientsAccumulator::<D>::new();
    let mut segment_end = trajectory.times.len() - 1;
    for (first, state) in trajectory.kept.iter().rev() {
        let times = &trajectory.times[*first..=segment_end];
        segment_end = *first;
        let mut states = states_within(&plain, times, state, trajectory.scheme, &mut stats);
        for ends in times.windows(2).rev() {
            let Some(state) = states.pop() else { break };
            let begin = leaf(dynamics, state);
            let end = one_step(dynamics, trajectory.scheme, [ends[0], ends[1]], &begin, &mut stats);
            let mut gradients = backward_from(end, gradient);
            params.accumulate(dynamics, GradientsParams::from_module(&mut gradients, dynamics));
            gradient = begin.grad_remove(&mut gradients).unwrap_or_else(|| begin.inner().zeros_like());
            stats.accepted += 1;
            stats.last_step = ends[0] - ends[1];
        }
    }
    OdeGradients { start: gradient, params: params.grads(), outcome: Outcome::Done, stats }
}

/// The states at which the steps between `times` begin, worked out from the first one.
fn states_within<D: Dynamics>(
    plain: &D,
    times: &[f64],
    first: &Tensor<4>,
    scheme: Scheme,
    stats: &mut Stats,
) -> Vec<Tensor<4>> {
    let mut states = vec![first.clone()];
    // Where the last step leads is not needed.
    let all_but_last = &times[..times.len().max(2) - 1];
    let rate = |t: f64, state: &Tensor<4>| plain.rate(t, state.clone());
    let again = solve_on_grid(rate, first.clone(), all_but_last, scheme, |step| {
        states.push(step.state.clone());
        ControlFlow::Continue(())
    });
    stats.evaluations += again.stats.evaluations;
    states
}

/// Takes a step with a graph.
fn one_step<D: Dynamics>(
    dynamics: &D,
    scheme: Scheme,
    ends: [f64; 2],
    begin: &Tensor<4>,
    stats: &mut Stats,
) -> Tensor<4> {
    let mut rate = |t: f64, state: &Tensor<4>| {
        stats.evaluations += 1;
        dynamics.rate(t, state.clone())
    };
    let first = rate(ends[0], begin);
    Tableau::of(scheme).step(&mut rate, ends, begin, first).0
}
