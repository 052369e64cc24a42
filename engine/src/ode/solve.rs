//! Solving from a start to the end of a span.

use super::adaptive::solve_adaptive;
use super::dense::{DenseSolution, DenseStep};
use super::params::{Scheme, SolverParams};
use super::report::{Outcome, Solution, Stats, Step};
use super::state::State;
use super::tableau::Tableau;
use std::ops::ControlFlow;

/// Solves dy/dt = `rate(t, y)` from `start` at `span[0]` to `span[1]`, which may lie before it. `on_step` hears of each
/// accepted step and may stop the solution.
///
/// Never fails: a solution that does not reach its end says so by its [`Outcome`] and holds the last good state.
/// Parameters outside their range ([`SolverParams::check`]) end it in the same way. A span of no length is done without
/// an evaluation.
pub fn solve<S: State>(
    rate: impl FnMut(f64, &S) -> S,
    start: S,
    span: [f64; 2],
    params: &SolverParams,
    on_step: impl FnMut(&Step<'_, S>) -> ControlFlow<()>,
) -> Solution<S> {
    if params.scheme == Scheme::DormandPrince {
        return solve_adaptive(rate, start, span, params, on_step);
    }
    if span[0] != span[1] && params.steps == 0 {
        return Solution { state: start, t: span[0], outcome: Outcome::MaxSteps, stats: Stats::default() };
    }
    solve_on_grid(rate, start, &equal_steps(span, params.steps), params.scheme, on_step)
}

/// Solves and keeps every step.
pub fn solve_dense<S: State>(
    rate: impl FnMut(f64, &S) -> S,
    start: S,
    span: [f64; 2],
    params: &SolverParams,
) -> (Solution<S>, DenseSolution<S>) {
    let mut kept = DenseSolution::new(span[0], start.clone());
    let solution = solve(rate, start, span, params, |step| {
        kept.keep(step);
        ControlFlow::Continue(())
    });
    (solution, kept)
}

/// Solves with steps that end at the given times, the first of which is the start's; tolerances play no part. With the
/// times that an adaptive solution chose it gives that solution again.
pub fn solve_on_grid<S: State>(
    mut rate: impl FnMut(f64, &S) -> S,
    start: S,
    times: &[f64],
    scheme: Scheme,
    mut on_step: impl FnMut(&Step<'_, S>) -> ControlFlow<()>,
) -> Solution<S> {
    let mut stats = Stats::default();
    let mut t = times.first().copied().unwrap_or(0.0);
    let mut state = start;
    let mut ahead = None;
    for &t_next in times.iter().skip(1) {
        if t_next == t {
            continue;
        }
        let mut counted = |t: f64, state: &S| {
            stats.evaluations += 1;
            rate(t, state)
        };
        let first = ahead.take().unwrap_or_else(|| counted(t, &state));
        let (next, mut rates) = Tableau::of(scheme).step(&mut counted, [t, t_next], &state, first);
        if scheme == Scheme::DormandPrince {
            rates.push(counted(t_next, &next));
        }
        if next.max_norm().is_nan() {
            return Solution { state, t, outcome: Outcome::NotFinite, stats };
        }
        stats.accepted += 1;
        stats.last_step = t_next - t;
        let mut step = DenseStep { scheme, span: [t, t_next], start: state, end: next, rates };
        let told = Step { t_start: t, t: t_next, dt: t_next - t, state: &step.end, error: 0.0, stats, dense: &step };
        let flow = on_step(&told);
        t = t_next;
        state = step.end;
        if scheme == Scheme::DormandPrince {
            ahead = step.rates.pop();
        }
        if flow.is_break() {
            return Solution { state, t, outcome: Outcome::Cancelled, stats };
        }
    }
    Solution { state, t, outcome: Outcome::Done, stats }
}

/// Ends of `steps` equal steps, the start first; the last one is the end of the span to the bit.
fn equal_steps([start, end]: [f64; 2], steps: usize) -> Vec<f64> {
    let at = |n: usize| if n == steps { end } else { start + (end - start) * n as f64 / steps as f64 };
    (0..=steps).map(at).collect()
}
