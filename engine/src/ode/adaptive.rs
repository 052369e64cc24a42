//! Dormand–Prince with steps as long as the tolerance allows.

use super::controller::{MOST_SHRINK, StepControl, first_step};
use super::dense::DenseStep;
use super::params::{Scheme, SolverParams};
use super::report::{Outcome, Solution, Stats, Step};
use super::state::State;
use super::tableau::{ERROR, STAGES, Tableau};
use std::ops::ControlFlow;

/// As [`super::solve`].
pub(super) fn solve_adaptive<S: State>(
    mut rate: impl FnMut(f64, &S) -> S,
    start: S,
    [t_start, end]: [f64; 2],
    params: &SolverParams,
    mut on_step: impl FnMut(&Step<'_, S>) -> ControlFlow<()>,
) -> Solution<S> {
    let mut stats = Stats::default();
    let mut t = t_start;
    let mut state = start;
    if t == end {
        return Solution { state, t, outcome: Outcome::Done, stats };
    }
    let mut first = rate(t, &state);
    stats.evaluations = 1;
    if state.max_norm().is_nan() || first.max_norm().is_nan() {
        return Solution { state, t, outcome: Outcome::NotFinite, stats };
    }
    let mut length = params.first_step.unwrap_or_else(|| {
        stats.evaluations += 1;
        first_step(&mut rate, [t, end], &state, &first, params)
    });
    if !length.is_finite() {
        // The rate is not finite a little further on: the error estimate will say how far the solution goes.
        length = (end - t).abs();
    }
    let mut control = StepControl::new(params.controller);
    let outcome = loop {
        if t == end {
            break Outcome::Done;
        }
        if stats.accepted + stats.rejected >= params.max_steps {
            break Outcome::MaxSteps;
        }
        let lands = length >= (end - t).abs();
        let t_next = if lands { end } else { t + length.copysign(end - t) };
        if !lands && length < params.min_step {
            break Outcome::StepTooSmall;
        }
        let (next, mut rates) = Tableau::of(Scheme::DormandPrince).step(&mut rate, [t, t_next], &state, first);
        rates.push(rate(t_next, &next));
        stats.evaluations += STAGES - 1;
        let ratio = error_ratio(&rates, t_next - t, &state, &next, params);
        let tried = (t_next - t).abs();
        if ratio <= 1.0 {
            stats.accepted += 1;
            stats.last_step = t_next - t;
            let mut step =
                DenseStep { scheme: Scheme::DormandPrince, span: [t, t_next], start: state, end: next, rates };
            let told =
                Step { t_start: t, t: t_next, dt: t_next - t, state: &step.end, error: ratio, stats, dense: &step };
            let flow = on_step(&told);
            t = t_next;
            state = step.end;
            first = step.rates.swap_remove(STAGES - 1);
            length = tried * control.factor(ratio);
            if flow.is_break() {
                break Outcome::Cancelled;
            }
        } else {
            stats.rejected += 1;
            first = rates.swap_remove(0);
            // A step so long that the rate overflows is like any other that is too long.
            length = tried * if ratio.is_nan() { MOST_SHRINK } else { control.factor(ratio) };
            if ratio.is_nan() && length < params.min_step {
                break Outcome::NotFinite;
            }
        }
    };
    Solution { state, t, outcome, stats }
}

/// Greatest share of the tolerance that the error of the step takes over the elements; NaN when it is not finite.
fn error_ratio<S: State>(rates: &[S], dt: f64, start: &S, end: &S, params: &SolverParams) -> f64 {
    // Error = scale (k₁ + Σ (eᵢ/e₁) kᵢ): added up from a rate, not from a state, whose rounding would drown it.
    let scale = ERROR[0] * dt;
    let terms: Vec<(f64, &S)> =
        ERROR.iter().zip(rates).skip(1).filter(|(e, _)| **e != 0.0).map(|(e, k)| (e / ERROR[0], k)).collect();
    let error = rates[0].add_scaled(&terms);
    let [absolute, relative] = [params.absolute_tolerance, params.relative_tolerance].map(|x| x / scale.abs());
    error.max_ratio(start, end, absolute, relative)
}
