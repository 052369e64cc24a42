//! Gradients of a solution with respect to its start and to the parameters of the burn module that gives the rate.
//!
//! Two ways, which agree as the tolerance goes to 0:
//! - [`backward_checkpointed`]: discretise, then optimise. Backpropagation through the steps that the solver took; the
//!   lengths of the steps are constants. Exact for the numbers that were computed.
//! - [`backward_adjoint`]: optimise, then discretise. The adjoint equation is solved backward together with the state
//!   (Chen et al., Neural Ordinary Differential Equations, 2018, algorithm 1). No state is kept; the error of the
//!   gradient is that of a second solution.
//!
//! A model strings encoder, solution and head together with an [`OdeTape`]:
//!
//! ```text
//! encoder (graph) -> start | solve, no graph | end -> head, loss (graph)
//! encoder <- dL/dstart     | backward_*      | dL/dend <- loss.backward()
//! ```
//!
//! Memory: greatest number of bytes in use during forward and backward together, above the model, in KiB. Midpoint,
//! state of 36 KiB, rate of two 3×3 convolutions, burn-flex on 2 CPU cores (the allocator's count, not a time, so it
//! hardly depends on the machine); the adjoint's includes the states that its way forward keeps in vain:
//!
//! | steps | checkpointed | adjoint | one graph over all steps |
//! |------:|-------------:|--------:|-------------------------:|
//! |     4 |          500 |     459 |                     1026 |
//! |     8 |          670 |     459 |                     1937 |
//! |    16 |          706 |     706 |                     3762 |
//! |    32 |          771 |     754 |                     7411 |
//! |    64 |          918 |     754 |                    14710 |
//! |   128 |         1213 |     755 |                    29337 |
//! |   256 |         1504 |     757 |                    58673 |
//!
//! `cargo test --release --workspace --test ode_memory -- --nocapture`
//!
//! Cost of the way back in evaluations of the rate, for N steps of a scheme with s stages: checkpointed at most N·s
//! without a graph (none while every state was kept, up to 15 steps) and N·s with one; adjoint as many as solving the
//! span once more, each with a graph and a backpropagation.

mod adjoint;
mod checkpointed;
mod flat;
mod forward;
mod leaf;
mod tape;

pub use adjoint::backward_adjoint;
pub use checkpointed::backward_checkpointed;
pub use forward::{Trajectory, solve_forward};
pub use tape::{ModelGradients, OdeTape};

use super::report::{Outcome, Stats};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The right-hand side of a neural ODE: a network that gives dy/dt.
pub trait Dynamics {
    /// dy/dt at time `t`, differentiable in `state` and in the module's parameters.
    ///
    /// # Shapes
    /// - `state`: `[n, c, h, w]`
    /// - result: as `state`
    fn rate(&self, t: f64, state: Tensor<4>) -> Tensor<4>;
}

/// How a solution is differentiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differentiation {
    /// Through the solver's steps, from kept states.
    #[default]
    Checkpointed,
    /// By the adjoint equation.
    Adjoint,
}

/// Gradient of a loss through a solution.
#[derive(Debug)]
pub struct OdeGradients {
    /// dL/dy at the start, without a graph.
    pub start: Tensor<4>,
    /// dL/dθ for the parameters of the dynamics; one that the rate does not depend on may be missing.
    pub params: GradientsParams,
    /// [`Outcome::Done`], or why the adjoint equation could not be solved: then the gradients are worth nothing.
    pub outcome: Outcome,
    /// Counts of the way back: evaluations of the rate with and without a graph.
    pub stats: Stats,
}
