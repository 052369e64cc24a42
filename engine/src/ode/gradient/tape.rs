//! Strings the parts of a model together: graph, solution, graph, …, loss.

use super::super::params::SolverParams;
use super::super::report::{Outcome, Solution, Stats};
use super::leaf::{backward_from, leaf};
use super::{Differentiation, Dynamics, OdeGradients};
use super::{backward_adjoint, backward_checkpointed, solve_forward};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

/// Gradients of a whole model.
#[derive(Debug)]
pub struct ModelGradients {
    /// dL/dθ for the parameters that the loss depends on; what an optimiser's step takes.
    pub params: GradientsParams,
    /// [`Outcome::Done`], or why the first adjoint that failed did: then the gradients are worth nothing.
    pub outcome: Outcome,
    /// Counts of the way back, all solutions together.
    pub stats: Stats,
}

type Backward<'m> = Box<dyn FnOnce(Tensor<4>) -> OdeGradients + 'm>;

/// One solution on the tape.
struct Link<'m> {
    /// What led to the start, with its graph.
    input: Tensor<4>,
    /// The end as it went on.
    output: Tensor<4>,
    backward: Backward<'m>,
}

/// Records the solutions within a model's forward pass, so that a loss can be differentiated through them.
///
/// ```text
/// let mut tape = OdeTape::new(&model);
/// let start = model.encode(image);
/// let end = tape.solve(&model.dynamics, start, [0.0, 1.0], &params, Differentiation::Checkpointed).state;
/// let loss = criterion(model.decode(end), target);
/// let gradients = tape.backward(loss).params;
/// ```
///
/// What comes after a solution sees what came before it through the solution alone: a connection that skips it (a head
/// that also reads the encoder's maps) would be cut off from its gradient, and burn panics when it is tried.
pub struct OdeTape<'m, M: Module> {
    model: &'m M,
    links: Vec<Link<'m>>,
}

impl<'m, M: Module> OdeTape<'m, M> {
    /// A tape of the model whose modules are used between the solutions and within them.
    pub fn new(model: &'m M) -> Self {
        Self { model, links: Vec::new() }
    }

    /// Solves `dynamics`, a part of the model, from `input`. The solution's state begins a new graph.
    ///
    /// # Shapes
    /// - `input`, state of the result: `[n, c, h, w]`
    pub fn solve<D: Dynamics + Module>(
        &mut self,
        dynamics: &'m D,
        input: Tensor<4>,
        span: [f64; 2],
        params: &SolverParams,
        differentiation: Differentiation,
    ) -> Solution<Tensor<4>> {
        let trajectory = solve_forward(dynamics, input.clone(), span, params);
        let t = trajectory.times().last().copied().unwrap_or(span[0]);
        let (outcome, stats) = (trajectory.outcome, trajectory.stats);
        let output = leaf(self.model, trajectory.end.clone());
        let backward: Backward<'m> = match differentiation {
            Differentiation::Checkpointed => {
                Box::new(move |gradient| backward_checkpointed(dynamics, &trajectory, gradient))
            }
            Differentiation::Adjoint => {
                let (end, params) = (trajectory.end, *params);
                Box::new(move |gradient| backward_adjoint(dynamics, end, gradient, [span[0], t], &params))
            }
        };
        self.links.push(Link { input, output: output.clone(), backward });
        Solution { state: output, t, outcome, stats }
    }

    /// Gradients of the loss with respect to the model's parameters.
    ///
    /// # Shapes
    /// - `loss`: `[1]`
    pub fn backward(self, loss: Tensor<1>) -> ModelGradients {
        let mut params = GradientsAccumulator::<M>::new();
        let (mut outcome, mut stats) = (Outcome::Done, Stats::default());
        let mut gradients = loss.backward();
        params.accumulate(self.model, GradientsParams::from_module(&mut gradients, self.model));
        for link in self.links.into_iter().rev() {
            // A loss that does not depend on the solution does not depend on what came before it either.
            let Some(end_gradient) = link.output.grad_remove(&mut gradients) else { break };
            let solved = (link.backward)(end_gradient);
            params.accumulate(self.model, solved.params);
            stats.evaluations += solved.stats.evaluations;
            stats.accepted += solved.stats.accepted;
            stats.rejected += solved.stats.rejected;
            stats.last_step = solved.stats.last_step;
            if outcome == Outcome::Done {
                outcome = solved.outcome;
            }
            if !link.input.is_tracked() {
                break;
            }
            gradients = backward_from(link.input, solved.start);
            params.accumulate(self.model, GradientsParams::from_module(&mut gradients, self.model));
        }
        ModelGradients { params: params.grads(), outcome, stats }
    }
}
