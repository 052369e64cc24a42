//! What all neural ODE networks share: enter a state, solve, leave; and the gradient of that chain.

use crate::models::{GradientMethod, Input, ModelError, Network, Output};
use crate::ode::gradient::{Differentiation, Dynamics, OdeTape};
use crate::ode::{Outcome, Solution, SolverParams, Stats, solve};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use std::ops::ControlFlow;

/// Time of every neural ODE (NODE paper, eq. 1 to 3).
pub const SPAN: [f64; 2] = [0.0, 1.0];

/// A network of the shape enter, solve, between, solve, …, leave.
pub trait Evolving: Module {
    /// The right-hand sides.
    type Field: Dynamics + Module;

    /// The right-hand sides in the order of their solves, at least one.
    fn fields(&self) -> Vec<&Self::Field>;

    /// The first state.
    fn enter(&self, input: &Input) -> Tensor<4>;

    /// From the end of solve `solved` to the start of the next.
    fn between(&self, solved: usize, state: Tensor<4>) -> Tensor<4>;

    /// φ `[n, organs, size[0], size[1]]` in band widths of the last solve's end.
    fn leave(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4>;
}

/// Runs a network; on an autodiff device the graph leads through the solver's steps.
pub fn forward<N: Evolving>(network: &N, input: &Input, solver: &SolverParams) -> Output {
    run(network, input, |field, state| {
        let rate = |t, state: &Tensor<4>| field.rate(t, state.clone());
        solve(rate, state, SPAN, solver, |_| ControlFlow::Continue(()))
    })
}

/// Value and gradients of a loss of the predicted φ; `owner` is the network as a whole.
///
/// # Errors
/// A solver that stops before the end, on the way forward or back.
pub fn loss_gradients<N: Evolving>(
    network: &N,
    owner: &Network,
    input: &Input,
    solver: &SolverParams,
    method: GradientMethod,
    loss: impl FnOnce(Tensor<4>) -> Tensor<1>,
) -> Result<(f64, GradientsParams), ModelError> {
    let done = |outcome| match outcome {
        Outcome::Done => Ok(()),
        outcome => Err(ModelError::Solver { network: owner.name(), outcome }),
    };
    let differentiation = match method {
        GradientMethod::Checkpointed => Differentiation::Checkpointed,
        GradientMethod::Adjoint => Differentiation::Adjoint,
        GradientMethod::Backprop => {
            let output = forward(network, input, solver);
            output.solver.map_or(Ok(()), |(outcome, _)| done(outcome))?;
            let loss = loss(output.phi_band);
            let value = loss.clone().into_scalar();
            return Ok((value, GradientsParams::from_grads(loss.backward(), owner)));
        }
    };
    let mut tape = OdeTape::new(owner);
    let output = run(network, input, |field, state| tape.solve(field, state, SPAN, solver, differentiation));
    output.solver.map_or(Ok(()), |(outcome, _)| done(outcome))?;
    let loss = loss(output.phi_band);
    let value = loss.clone().into_scalar();
    let gradients = tape.backward(loss);
    done(gradients.outcome)?;
    Ok((value, gradients.params))
}

fn run<'n, N: Evolving>(
    network: &'n N,
    input: &Input,
    mut solve: impl FnMut(&'n N::Field, Tensor<4>) -> Solution<Tensor<4>>,
) -> Output {
    let [_, _, h, w] = input.image.dims();
    let mut state = network.enter(input);
    let mut total: Option<(Outcome, Stats)> = None;
    for (index, field) in network.fields().into_iter().enumerate() {
        if index > 0 {
            state = network.between(index - 1, state);
        }
        let solution = solve(field, state);
        state = solution.state;
        total = Some(joined(total, solution.outcome, solution.stats));
    }
    Output { phi_band: network.leave(state, [h, w]), solver: total }
}

/// Two solves as one: the first failure, all evaluations, the last step.
fn joined(before: Option<(Outcome, Stats)>, outcome: Outcome, stats: Stats) -> (Outcome, Stats) {
    let Some((first, total)) = before else { return (outcome, stats) };
    let sum = Stats {
        evaluations: total.evaluations + stats.evaluations,
        accepted: total.accepted + stats.accepted,
        rejected: total.rejected + stats.rejected,
        last_step: stats.last_step,
    };
    (if first == Outcome::Done { outcome } else { first }, sum)
}
