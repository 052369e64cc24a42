//! From a moment to t = 1: the network's rate with the priors, in the solver's steps.

use super::error::NeuralError;
use super::field::{Field, values};
use super::moment::{Moment, Source};
use super::priors::{Ground, Priors};
use super::track::{Kept, StepFigures};
use crate::ode::gradient::Dynamics;
use crate::ode::{Outcome, Scheme, SolverParams, Step, solve, solve_on_grid};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// End of every solution (NODE paper, eq. 1 to 3).
pub(super) const END: f64 = 1.0;

/// What a branch follows: how it is solved, and what acts beside the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Law {
    /// Solver.
    pub solver: SolverParams,
    /// Priors.
    pub priors: Priors,
}

/// Slices to be solved together, in steps of the same lengths.
#[derive(Clone, Debug)]
pub struct Job {
    /// Slices of the scan.
    pub slices: Vec<usize>,
    /// The moment that each begins at, all at the same t.
    pub from: Vec<Moment>,
    /// What the solver has counted on these slices' tracks before.
    pub counted: StepFigures,
    /// What they follow.
    pub law: Arc<Law>,
}

/// An accepted step of a job.
#[derive(Debug)]
pub struct Advance {
    /// One for each slice of the job.
    pub kept: Vec<Kept>,
}

impl Field {
    /// Solves a job to t = 1; `on_step` is given each accepted step and may stop.
    ///
    /// # Errors
    /// Parameters that no solver can work with; a device that went away.
    pub fn solve(
        &self,
        job: &Job,
        on_step: &mut dyn FnMut(Advance) -> ControlFlow<()>,
    ) -> Result<Outcome, NeuralError> {
        job.law.solver.check()?;
        // burn has no other way to say that its device is gone, or that the memory of a GPU is full.
        let run = catch_unwind(AssertUnwindSafe(|| self.run(job, on_step)));
        run.map_err(|panic| NeuralError::Device { reason: words(panic.as_ref()) })
    }

    fn run(&self, job: &Job, on_step: &mut dyn FnMut(Advance) -> ControlFlow<()>) -> Outcome {
        let Some(t) = job.from.first().map(|moment| moment.t) else { return Outcome::Done };
        let state = self.states(&job.slices, &job.from);
        let ground = Ground::new(self, &job.slices, &job.law.priors);
        let rate = |t: f64, state: &Tensor<4>| self.rate(t, state, &job.law.priors, &ground);
        let told = |step: &Step<'_, Tensor<4>>| on_step(Advance { kept: self.keep(step, job, &ground) });
        let solver = &job.law.solver;
        if solver.scheme == Scheme::DormandPrince {
            solve(rate, state, [t, END], solver, told).outcome
        } else {
            solve_on_grid(rate, state, &grid_from(t, solver.steps), solver.scheme, told).outcome
        }
    }

    /// The network's rate with the priors.
    fn rate(&self, t: f64, state: &Tensor<4>, priors: &Priors, ground: &Ground) -> Tensor<4> {
        let rate = self.network.dynamics().rate(t, state.clone());
        if !priors.act() {
            return rate;
        }
        let phi = self.phi(state);
        let own = self.phi(&rate);
        let mut whole = own.clone();
        priors.apply(ground, &phi, &mut whole);
        let change: Vec<f32> = whole.iter().zip(&own).map(|(new, old)| new - old).collect();
        self.with_phi_change(rate, &change)
    }

    /// An accepted step as it is kept, slice by slice.
    fn keep(&self, step: &Step<'_, Tensor<4>>, job: &Job, ground: &Ground) -> Vec<Kept> {
        let mut coefficients = step.dense.coefficients();
        coefficients.pop();
        let inner: Vec<Vec<f32>> = coefficients.iter().map(|c| self.phi(c)).collect();
        let phi = self.phi(step.state);
        let mut correction = self.organ(self.network.correction(step.state.clone(), self.grid.pixels()));
        let share = step.t as f32;
        correction.iter_mut().for_each(|u| *u *= share);
        job.law.priors.hold(ground, &phi, &mut correction);
        let state = values(step.state.clone());
        let figures = StepFigures {
            t: step.t,
            dt: step.dt,
            error: step.error,
            evaluations: job.counted.evaluations + step.stats.evaluations,
            rejected: job.counted.rejected + step.stats.rejected,
        };
        let n = job.slices.len();
        let part = |all: &[f32], index: usize| all[index * all.len() / n..(index + 1) * all.len() / n].to_vec();
        (0..n)
            .map(|index| Kept {
                figures,
                inner: inner.iter().map(|all| part(all, index)).collect(),
                end: Moment {
                    t: step.t,
                    phi: Arc::new(part(&phi, index)),
                    correction: Arc::new(part(&correction, index)),
                    change: None,
                    source: Source::State(Arc::new(part(&state, index))),
                },
            })
            .collect()
    }

    /// γ at moments, one for each slice.
    pub(super) fn states(&self, slices: &[usize], moments: &[Moment]) -> Tensor<4> {
        let states = slices.iter().zip(moments).map(|(&slice, moment)| self.state(slice, moment)).collect();
        Tensor::cat(states, 0)
    }

    fn state(&self, slice: usize, moment: &Moment) -> Tensor<4> {
        let state = match &moment.source {
            Source::Start => self.start_state(slice, &moment.phi),
            Source::State(state) => self.tensor(state.to_vec(), self.state_shape(1)),
            Source::Within { before, index, end, law } => {
                self.within(before, [before[*index].1.t, *end], moment.t, law).narrow(0, *index, 1)
            }
        };
        match &moment.change {
            // φ(0) of a painted start is its own: the network's start takes it as a whole.
            Some(change) if !matches!(moment.source, Source::Start) => self.with_phi_change(state, change),
            _ => state,
        }
    }

    /// γ at `t` inside a step, which is taken again: the same numbers, since nothing in it depends on anything else.
    fn within(&self, before: &[(usize, Moment)], span: [f64; 2], t: f64, law: &Law) -> Tensor<4> {
        let slices: Vec<usize> = before.iter().map(|(slice, _)| *slice).collect();
        let moments: Vec<Moment> = before.iter().map(|(_, moment)| moment.clone()).collect();
        let start = self.states(&slices, &moments);
        let ground = Ground::new(self, &slices, &law.priors);
        let rate = |t: f64, state: &Tensor<4>| self.rate(t, state, &law.priors, &ground);
        let mut found = start.clone();
        solve_on_grid(rate, start, &span, law.solver.scheme, |step| {
            found = step.dense.at(t);
            ControlFlow::Continue(())
        });
        found
    }
}

/// `t`, then the ends of `steps` equal steps of [0, 1] that lie after it.
fn grid_from(t: f64, steps: usize) -> Vec<f64> {
    let end_of = |n: usize| if n == steps { END } else { n as f64 / steps as f64 };
    std::iter::once(t).chain((1..=steps).map(end_of).filter(|&end| end > t)).collect()
}

/// The words of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it gave no reason").lines().next().unwrap_or_default().to_owned()
}
