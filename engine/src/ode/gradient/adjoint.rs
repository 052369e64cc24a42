//! The continuous adjoint: state y, adjoint a = dL/dy and the parameters' gradient, solved backward in time together
//! (Chen et al. 2018, algorithm 1):
//!
//!   dy/dt = f(t, y),   da/dt = −aᵀ ∂f/∂y,   dg/dt = −aᵀ ∂f/∂θ,   a(t₁) = dL/dy(t₁), g(t₁) = 0.
//!
//! The equations are linear in (a, g), so they are solved for the incoming gradient scaled to max norm 1: a gradient of
//! a mean over pixels is far below any absolute tolerance. The error is measured in y and a alone: g is an integral on
//! which neither depends (Kidger, Chen & Lyons, "Hey, that's not an ODE", 2021).

use super::super::params::SolverParams;
use super::super::report::{Outcome, Stats};
use super::super::solve::solve;
use super::super::state::{State, greatest};
use super::flat::{flatten, unflatten};
use super::leaf::{backward_from, leaf};
use super::{Dynamics, OdeGradients};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use std::ops::ControlFlow;

/// y, a and g.
#[derive(Clone, Debug)]
struct Augmented {
    state: Tensor<4>,
    adjoint: Tensor<4>,
    params: Option<Tensor<1>>,
}

impl State for Augmented {
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
        let states: Vec<_> = terms.iter().map(|(c, k)| (*c, &k.state)).collect();
        let adjoints: Vec<_> = terms.iter().map(|(c, k)| (*c, &k.adjoint)).collect();
        let params = self.params.as_ref().map(|params| {
            let terms: Vec<_> = terms.iter().filter_map(|(c, k)| k.params.as_ref().map(|k| (*c, k))).collect();
            params.add_scaled(&terms)
        });
        Self { state: self.state.add_scaled(&states), adjoint: self.adjoint.add_scaled(&adjoints), params }
    }

    fn max_norm(&self) -> f64 {
        greatest([self.state.max_norm(), self.adjoint.max_norm()].into_iter())
    }

    fn max_ratio(&self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
        let state = self.state.max_ratio(&a.state, &b.state, absolute, relative);
        let adjoint = self.adjoint.max_ratio(&a.adjoint, &b.adjoint, absolute, relative);
        greatest([state, adjoint].into_iter())
    }
}

/// Gradient of a loss with respect to start and parameters, given the state at the end of `span` and the loss's gradient
/// with respect to it.
///
/// `dynamics` has autodiff. `span` and `params` are those of the way forward (or others: tolerances are a choice of
/// their own here; the absolute one is in the unit of the state, and for the adjoint a share of its greatest element).
///
/// # Shapes
/// - `end_state`, `end_gradient`: `[n, c, h, w]`
pub fn backward_adjoint<D: Dynamics + Module>(
    dynamics: &D,
    end_state: Tensor<4>,
    end_gradient: Tensor<4>,
    span: [f64; 2],
    params: &SolverParams,
) -> OdeGradients {
    let end_gradient = end_gradient.inner();
    let scale = end_gradient.max_norm();
    let end = Augmented {
        state: end_state.inner(),
        adjoint: end_gradient.zeros_like(),
        params: flatten(dynamics, GradientsParams::new()),
    };
    if scale == 0.0 {
        let params = unflatten(dynamics, end.params);
        return OdeGradients { start: end.adjoint, params, outcome: Outcome::Done, stats: Stats::default() };
    }
    let end = Augmented { adjoint: end_gradient.div_scalar(scale), ..end };
    let rate = |t: f64, at: &Augmented| augmented_rate(dynamics, t, at);
    let solved = solve(rate, end, [span[1], span[0]], params, |_| ControlFlow::Continue(()));
    let Augmented { adjoint, params, .. } = solved.state;
    OdeGradients {
        start: adjoint.mul_scalar(scale),
        params: unflatten(dynamics, params.map(|g| g.mul_scalar(scale))),
        outcome: solved.outcome,
        stats: solved.stats,
    }
}

fn augmented_rate<D: Dynamics + Module>(dynamics: &D, t: f64, at: &Augmented) -> Augmented {
    let state = leaf(dynamics, at.state.clone());
    let rate = dynamics.rate(t, state.clone());
    let plain_rate = rate.clone().inner();
    let mut gradients = backward_from(rate, at.adjoint.clone());
    let params = flatten(dynamics, GradientsParams::from_module(&mut gradients, dynamics));
    // A rate that does not depend on the state leaves the adjoint as it is.
    let adjoint = state.grad_remove(&mut gradients).map(|g| g.neg()).unwrap_or_else(|| at.adjoint.zeros_like());
    Augmented { state: plain_rate, adjoint, params: params.map(|g| g.neg()) }
}
