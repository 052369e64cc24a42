//! Solvers against exact solutions: measured orders, counts of evaluations, and every way in which a solution ends.

// A solver hands a rate the state as it is, a `&Vec`.
#![allow(clippy::ptr_arg)]

use std::ops::ControlFlow;
use zeroset_engine::ode::{
    Controller, DenseSolution, Outcome, Scheme, Solution, SolverParams, State, Step, solve, solve_dense, solve_on_grid,
};

const SCHEMES: [(Scheme, f64); 4] =
    [(Scheme::Euler, 1.0), (Scheme::Midpoint, 2.0), (Scheme::Rk4, 4.0), (Scheme::DormandPrince, 5.0)];

/// y₀' = y₀ cos t, y₁' = y₁ (1 − y₁): not linear, and depends on time.
fn rate(t: f64, y: &Vec<f64>) -> Vec<f64> {
    vec![y[0] * t.cos(), y[1] * (1.0 - y[1])]
}

fn exact(t: f64) -> Vec<f64> {
    vec![t.sin().exp(), 1.0 / (1.0 + 9.0 * (-t).exp())]
}

fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn grid([start, end]: [f64; 2], steps: usize) -> Vec<f64> {
    (0..=steps).map(|n| start + (end - start) * n as f64 / steps as f64).collect()
}

fn go_on<S>(_: &Step<'_, S>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Slopes of log2 of the errors as the number of steps doubles.
fn slopes(errors: &[f64]) -> Vec<f64> {
    errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).collect()
}

#[test]
fn each_scheme_has_its_order_at_its_steps_and_at_all_times() {
    for (scheme, order) in SCHEMES {
        let (mut at_steps, mut within) = (Vec::new(), Vec::new());
        for doubling in 0..4 {
            let times = grid([0.0, 4.0], 20 << doubling);
            let (mut worst_end, mut worst): (f64, f64) = (0.0, 0.0);
            let solution = solve_on_grid(rate, exact(0.0), &times, scheme, |step| {
                worst_end = worst_end.max(difference(step.state, &exact(step.t)));
                for share in [0.1, 0.35, 0.6, 0.85] {
                    let t = step.t_start + share * step.dt;
                    worst = worst.max(difference(&step.dense.at(t), &exact(t)));
                }
                ControlFlow::Continue(())
            });
            assert_eq!(solution.outcome, Outcome::Done);
            at_steps.push(worst_end);
            within.push(worst);
        }
        println!("{scheme:?}: at the steps' ends {:.2?}, at all times {:.2?}", slopes(&at_steps), slopes(&within));
        for (what, errors) in [("ends", at_steps), ("dense", within)] {
            let slope = slopes(&errors)[2];
            assert!((slope - order).abs() < 0.25, "{scheme:?} at {what}: measured order {slope}, expected {order}");
        }
    }
}

#[test]
fn interpolants_have_their_own_order() {
    // One step from the exact state: what remains is the interpolant's error, h^(order + 1).
    for (scheme, order) in
        [(Scheme::Euler, 1.0), (Scheme::Midpoint, 2.0), (Scheme::Rk4, 3.0), (Scheme::DormandPrince, 4.0)]
    {
        let error = |h: f64| {
            let (start, mut worst) = (0.3, 0.0f64);
            solve_on_grid(rate, exact(start), &[start, start + h], scheme, |step| {
                for share in [0.2, 0.4, 0.7] {
                    let t = start + share * h;
                    worst = worst.max(difference(&step.dense.at(t), &exact(t)));
                }
                ControlFlow::Continue(())
            });
            worst
        };
        let slope = (error(0.1) / error(0.05)).log2();
        println!("{scheme:?}: interpolant of order {:.2}", slope - 1.0);
        assert!((slope - 1.0 - order).abs() < 0.3, "{scheme:?}: {slope}, expected {}", order + 1.0);
    }
}

#[test]
fn evaluations_are_counted_and_the_last_one_of_a_step_is_used_again() {
    let count = |params: SolverParams| {
        let mut calls = 0;
        let counted = |t: f64, y: &Vec<f64>| {
            calls += 1;
            rate(t, y)
        };
        let solution = solve(counted, exact(0.0), [0.0, 2.0], &params, go_on);
        assert_eq!(solution.outcome, Outcome::Done);
        assert_eq!(solution.stats.evaluations, calls, "{params:?}");
        solution.stats
    };
    for (scheme, per_step) in [(Scheme::Euler, 1), (Scheme::Midpoint, 2), (Scheme::Rk4, 4)] {
        let stats = count(SolverParams::fixed(scheme, 7));
        assert_eq!((stats.evaluations, stats.accepted, stats.rejected), (7 * per_step, 7, 0));
        assert!((stats.last_step - 2.0 / 7.0).abs() < 1e-15);
    }
    for controller in [Controller::Proportional, Controller::ProportionalIntegral] {
        let params = SolverParams { controller, ..SolverParams::adaptive(1e-7) };
        let stats = count(params);
        assert_eq!(stats.evaluations, 2 + 6 * (stats.accepted + stats.rejected));
        let stats = count(SolverParams { first_step: Some(1.5), ..params });
        assert!(stats.rejected > 0, "a first step of 1.5 is too long for 1e-7");
        assert_eq!(stats.evaluations, 1 + 6 * (stats.accepted + stats.rejected));
    }
}

#[test]
fn the_error_follows_the_tolerance() {
    for controller in [Controller::Proportional, Controller::ProportionalIntegral] {
        for exponent in 3..11 {
            let tolerance = 10f64.powi(-exponent);
            let params = SolverParams { controller, ..SolverParams::adaptive(tolerance) };
            let mut greatest_share: f64 = 0.0;
            let solution = solve(rate, exact(0.0), [0.0, 6.0], &params, |step| {
                greatest_share = greatest_share.max(step.error);
                ControlFlow::Continue(())
            });
            let error = difference(&solution.state, &exact(6.0));
            println!("{controller:?} {tolerance:.0e}: error {error:.1e}, {:?}", solution.stats);
            assert!(error < 10.0 * tolerance, "{controller:?} {tolerance}: {error}");
            assert!(greatest_share > 0.0 && greatest_share <= 1.0, "{greatest_share}");
        }
    }
}

#[test]
fn forward_and_backward_lead_home() {
    for scheme in SCHEMES.map(|(scheme, _)| scheme) {
        let params = SolverParams { scheme, steps: 4000, absolute_tolerance: 1e-10, ..SolverParams::default() };
        let there = solve(rate, exact(0.5), [0.5, 2.0], &params, go_on);
        let back = solve(rate, there.state, [there.t, 0.5], &params, |step| {
            assert!(step.dt < 0.0 && step.t < step.t_start);
            ControlFlow::Continue(())
        });
        assert_eq!((back.outcome, back.t), (Outcome::Done, 0.5));
        assert!(back.stats.last_step < 0.0);
        let error = difference(&back.state, &exact(0.5));
        assert!(error < if scheme == Scheme::Euler { 1e-3 } else { 1e-7 }, "{scheme:?}: {error}");
    }
}

#[test]
fn a_span_of_no_length_is_done_without_an_evaluation() {
    for scheme in SCHEMES.map(|(scheme, _)| scheme) {
        let never = |_: f64, _: &Vec<f64>| -> Vec<f64> { panic!("no evaluation was needed") };
        let params = SolverParams { scheme, ..SolverParams::default() };
        let (solution, dense) = solve_dense(never, vec![3.0], [1.5, 1.5], &params);
        assert_eq!((solution.outcome, solution.t, solution.state), (Outcome::Done, 1.5, vec![3.0]));
        assert_eq!(solution.stats.evaluations, 0);
        assert_eq!(dense.at(1.5), vec![3.0]);
    }
}

/// y' = y², which is infinite at t = 1.
fn blow_up(_: f64, y: &Vec<f64>) -> Vec<f64> {
    y.iter().map(|y| y * y).collect()
}

fn solve_from_one(rate: impl FnMut(f64, &Vec<f64>) -> Vec<f64>, end: f64, params: &SolverParams) -> Solution<Vec<f64>> {
    solve(rate, vec![1.0], [0.0, end], params, go_on)
}

#[test]
fn too_many_steps_and_too_short_ones_end_a_solution() {
    let few = SolverParams { max_steps: 3, ..SolverParams::adaptive(1e-9) };
    let solution = solve_from_one(|t, y| vec![y[0] * t.cos()], 5.0, &few);
    assert_eq!(solution.outcome, Outcome::MaxSteps);
    assert_eq!(solution.stats.accepted + solution.stats.rejected, 3);
    assert!(solution.t > 0.0 && solution.t < 5.0);
    assert!((solution.state[0] - solution.t.sin().exp()).abs() < 1e-8, "the last good state");

    let solution = solve_from_one(blow_up, 2.0, &SolverParams { min_step: 1e-5, ..SolverParams::adaptive(1e-6) });
    println!("{} at {}: {:?}", solution.outcome, solution.t, solution.stats);
    assert_eq!(solution.outcome, Outcome::StepTooSmall);
    assert!((solution.t - 1.0).abs() < 1e-2, "{}", solution.t);

    let none = SolverParams::fixed(Scheme::Rk4, 0);
    assert_eq!(solve_from_one(blow_up, 2.0, &none).outcome, Outcome::MaxSteps);
}

#[test]
fn what_is_not_finite_ends_a_solution() {
    let nan_later = |t: f64, y: &Vec<f64>| vec![if t > 0.5 { f64::NAN } else { y[0] }];
    let solution = solve_from_one(nan_later, 1.0, &SolverParams::default());
    assert_eq!(solution.outcome, Outcome::NotFinite);
    assert!(solution.t <= 0.5 && solution.t > 0.45, "{}", solution.t);
    assert!((solution.state[0] - solution.t.exp()).abs() < 1e-3, "the last good state");

    let nan_at_once = |_: f64, _: &Vec<f64>| vec![f64::INFINITY];
    for scheme in SCHEMES.map(|(scheme, _)| scheme) {
        let params = SolverParams { scheme, ..SolverParams::default() };
        let solution = solve_from_one(nan_at_once, 1.0, &params);
        assert_eq!((solution.outcome, solution.t), (Outcome::NotFinite, 0.0), "{scheme:?}");
        assert_eq!(solution.state, [1.0]);
    }
    let overflow = solve_from_one(blow_up, 50.0, &SolverParams::fixed(Scheme::Euler, 50));
    assert_eq!(overflow.outcome, Outcome::NotFinite);
    assert!(overflow.state[0].is_finite() && overflow.t < 50.0);
}

#[test]
fn a_step_that_overflows_is_taken_shorter() {
    let params = SolverParams { first_step: Some(1.0), ..SolverParams::adaptive(1e-6) };
    let solution = solve_from_one(|_, y| vec![-1e3 * y[0].powi(31)], 1.0, &params);
    assert_eq!(solution.outcome, Outcome::Done);
    assert!(solution.stats.rejected > 0);
    let exact = (1.0f64 + 30.0 * 1e3).powf(-1.0 / 30.0);
    assert!((solution.state[0] - exact).abs() < 1e-5, "{} instead of {exact}", solution.state[0]);
}

#[test]
fn the_callback_sees_every_step_and_can_stop() {
    for scheme in SCHEMES.map(|(scheme, _)| scheme) {
        let params = SolverParams { scheme, absolute_tolerance: 1e-6, ..SolverParams::default() };
        let mut seen = Vec::new();
        let solution = solve(rate, exact(0.0), [0.0, 2.0], &params, |step| {
            assert_eq!(step.t_start, seen.last().copied().unwrap_or(0.0));
            assert_eq!(step.stats.accepted, seen.len() + 1);
            seen.push(step.t);
            if seen.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((solution.outcome, solution.t), (Outcome::Cancelled, seen[2]), "{scheme:?}");
        assert!(difference(&solution.state, &exact(solution.t)) < 0.5);
    }
}

#[test]
fn a_kept_solution_can_be_asked_at_any_time() {
    for span in [[0.0, 2.0], [2.0, 0.0]] {
        let (solution, dense) = solve_dense(rate, exact(span[0]), span, &SolverParams::adaptive(1e-8));
        assert_eq!(dense.times().count(), solution.stats.accepted + 1);
        assert_eq!((dense.at(span[0]), dense.at(span[1])), (exact(span[0]), solution.state.clone()));
        assert_eq!(dense.at(9.0), dense.at(2.0), "beyond the end is the end");
        for n in 0..=40 {
            let t = 0.05 * f64::from(n);
            let error = difference(&dense.at(t), &exact(t));
            assert!(error < 1e-6, "{span:?} at {t}: {error}");
        }
    }
    let nothing = DenseSolution::new(0.0, vec![2.5f64]);
    assert_eq!(nothing.at(0.3), [2.5]);
}

#[test]
fn a_steps_coefficients_are_its_dense_output() {
    for scheme in [Scheme::Euler, Scheme::Midpoint, Scheme::Rk4, Scheme::DormandPrince] {
        let degree = match scheme {
            Scheme::Euler => 1,
            Scheme::Midpoint => 2,
            Scheme::Rk4 => 3,
            Scheme::DormandPrince => 4,
        };
        let mut start = exact(0.2);
        solve_on_grid(rate, start.clone(), &[0.2, 0.5, 1.1], scheme, |step| {
            let coefficients = step.dense.coefficients();
            assert_eq!(coefficients.len(), degree, "{scheme:?}");
            for x in [0.0, 0.3, 0.75, 1.0] {
                let power = |k: usize| f64::powi(x, k as i32 + 1);
                let sum = |i: usize| start[i] + (0..degree).map(|k| power(k) * coefficients[k][i]).sum::<f64>();
                let found: Vec<f64> = (0..start.len()).map(sum).collect();
                let error = difference(&found, &step.dense.at(step.t_start + x * step.dt));
                assert!(error < 1e-13, "{scheme:?} at {x}: {error}");
            }
            start.clone_from(step.state);
            ControlFlow::Continue(())
        });
    }
}

#[test]
fn the_times_of_an_adaptive_solution_give_it_again() {
    let (solution, dense) = solve_dense(rate, exact(0.0), [0.0, 2.0], &SolverParams::adaptive(1e-5));
    let times: Vec<f64> = dense.times().collect();
    let again = solve_on_grid(rate, exact(0.0), &times, Scheme::DormandPrince, go_on);
    assert_eq!(again.state, solution.state);
    assert_eq!(again.stats.evaluations, 1 + 6 * solution.stats.accepted);
}

#[test]
fn a_rate_of_zero_costs_one_step() {
    let at_rest =
        solve(|_, y: &Vec<f32>| vec![0.0; y.len()], vec![-3.5; 40], [0.0, 1.0], &SolverParams::default(), go_on);
    assert_eq!((at_rest.outcome, at_rest.stats.evaluations), (Outcome::Done, 8));
    assert_eq!(at_rest.state, vec![-3.5; 40], "to the bit");
}

#[test]
fn norms_tell_what_is_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for place in 0..3 {
            let mut state = vec![1.0, -7.0, 2.0];
            assert_eq!(state.max_norm(), 7.0);
            assert_eq!(state.max_ratio(&vec![0.0; 3], &vec![2.0; 3], 1.0, 0.5), 3.5);
            state[place] = bad;
            assert!(state.max_norm().is_nan() && state.max_ratio(&vec![0.0; 3], &vec![0.0; 3], 1.0, 0.0).is_nan());
        }
    }
}

#[test]
fn parameters_are_read_from_a_recipe_and_checked() {
    let read = |text: &str| serde_json::from_str::<SolverParams>(text);
    let params = read(r#"{"scheme": "dormand-prince", "absolute_tolerance": 1e-4}"#).expect("params");
    assert_eq!(params, SolverParams::adaptive(1e-4));
    let unknown = read(r#"{"tolerance": 1e-4}"#).expect_err("no such key").to_string();
    assert!(unknown.contains("tolerance"), "{unknown}");
    assert_eq!(serde_json::to_value(Outcome::StepTooSmall).expect("outcome"), "step-too-small");

    let good = SolverParams::default();
    good.check().expect("default");
    SolverParams::fixed(Scheme::Euler, 1).check().expect("one step");
    for (bad, name) in [
        (SolverParams::fixed(Scheme::Rk4, 0), "steps"),
        (SolverParams { absolute_tolerance: 0.0, ..good }, "absolute_tolerance"),
        (SolverParams { absolute_tolerance: f64::NAN, ..good }, "absolute_tolerance"),
        (SolverParams { relative_tolerance: -1e-3, ..good }, "relative_tolerance"),
        (SolverParams { first_step: Some(0.0), ..good }, "first_step"),
        (SolverParams { min_step: 0.0, ..good }, "min_step"),
        (SolverParams { max_steps: 0, ..good }, "max_steps"),
    ] {
        let told = bad.check().expect_err(name).to_string();
        assert!(told.starts_with(name) && told.contains("expected"), "{told}");
        // Unchecked parameters end a solution, they do not hang or panic.
        let solution =
            solve(rate, exact(0.0), [0.0, 2.0], &SolverParams { max_steps: bad.max_steps.min(50), ..bad }, go_on);
        println!("{name}: {}", solution.outcome);
    }
}
