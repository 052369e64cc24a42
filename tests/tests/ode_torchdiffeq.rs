//! Solutions, counts of evaluations and dense output against torchdiffeq's for the same f and tolerances
//! (`fixtures/ode/make.py`).

use serde_json::Value;
use zeroset_engine::ode::{Controller, Outcome, Scheme, SolverParams, solve, solve_dense};
use zeroset_tests::files::fixture;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn count(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(most <= tolerance, "{what}: differs by {most:.2e}");
}

/// The right-hand sides of `make.py`.
struct Problems {
    matrix: Vec<f64>,
    weights1: Vec<f64>,
    bias1: Vec<f64>,
    weights2: Vec<f64>,
    bias2: Vec<f64>,
}

fn times_vector(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect()
}

/// Five-point sums of 2 periodic fields of 9 × 7, and a reaction.
fn fields(t: f64, y: &[f64]) -> Vec<f64> {
    let (rows, columns) = (9, 7);
    let at = |n: usize, i: usize, j: usize| y[(n * rows + i % rows) * columns + j % columns];
    let mut rate = Vec::with_capacity(y.len());
    for n in 0..2 {
        for i in 0..rows {
            for j in 0..columns {
                let here = at(n, i, j);
                let near = at(n, i + rows - 1, j) + at(n, i + 1, j) + at(n, i, j + columns - 1) + at(n, i, j + 1);
                rate.push(0.8 * (near - 4.0 * here) + (4.0 * t).sin() * here * (1.0 - here));
            }
        }
    }
    rate
}

impl Problems {
    fn rate(&self, name: &str, t: f64, y: &[f64]) -> Vec<f64> {
        match name {
            "decay" => y.iter().map(|y| -1.7 * y).collect(),
            "van-der-pol" => vec![y[1], 3.0 * (1.0 - y[0] * y[0]) * y[1] - y[0]],
            "linear" => times_vector(&self.matrix, y),
            "mlp" | "mlp-backward" => {
                let inputs: Vec<f64> = y.iter().copied().chain([t]).collect();
                let hidden = times_vector(&self.weights1, &inputs);
                let hidden: Vec<f64> = hidden.iter().zip(&self.bias1).map(|(h, b)| (h + b).tanh()).collect();
                times_vector(&self.weights2, &hidden).iter().zip(&self.bias2).map(|(y, b)| y + b).collect()
            }
            "fields" => fields(t, y),
            _ => panic!("make.py has a problem {name} that this test does not know"),
        }
    }
}

fn document() -> (Problems, Vec<Value>) {
    let text = std::fs::read_to_string(fixture("ode/torchdiffeq.json")).expect("fixture");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let problems = Problems {
        matrix: numbers(&document["matrix"]),
        weights1: numbers(&document["weights1"]),
        bias1: numbers(&document["bias1"]),
        weights2: numbers(&document["weights2"]),
        bias2: numbers(&document["bias2"]),
    };
    let cases = document["cases"].as_array().expect("cases").clone();
    assert!(cases.len() >= 6);
    (problems, cases)
}

#[test]
fn adaptive_solutions_and_counts_are_torchdiffeqs() {
    let (problems, cases) = document();
    let mut compared = 0;
    println!("problem, tolerances: evaluations as torchdiffeq (its default way past the end), PI");
    for case in &cases {
        let name = case["name"].as_str().expect("name");
        let (start, span) = (numbers(&case["start"]), numbers(&case["span"]));
        let rate = |t: f64, y: &Vec<f64>| problems.rate(name, t, y);
        for golden in case["solutions"].as_array().expect("solutions") {
            let params = SolverParams {
                controller: Controller::Proportional,
                absolute_tolerance: golden["absolute_tolerance"].as_f64().expect("tolerance"),
                relative_tolerance: golden["relative_tolerance"].as_f64().expect("tolerance"),
                min_step: 1e-12,
                ..SolverParams::default()
            };
            let label = format!("{name} {:.0e} {:.0e}", params.absolute_tolerance, params.relative_tolerance);
            let (solution, dense) = solve_dense(rate, start.clone(), [span[0], span[1]], &params);
            assert_eq!(solution.outcome, Outcome::Done, "{label}");
            let stats = solution.stats;
            assert_eq!(
                (stats.evaluations, stats.accepted, stats.rejected),
                (count(&golden["nfe"]), count(&golden["accepted"]), count(&golden["rejected"])),
                "{label}"
            );
            let end = numbers(&golden["end"]);
            assert_close(&label, &solution.state, &end, 1e-9);
            for (t, inner) in numbers(&case["inner_times"]).iter().zip(golden["inner"].as_array().expect("inner")) {
                assert_close(&format!("{label} at {t}"), &dense.at(*t), &numbers(inner), 1e-9);
                compared += 1;
            }
            let own = SolverParams { controller: Controller::ProportionalIntegral, ..params };
            let by_pi = solve(rate, start.clone(), [span[0], span[1]], &own, |_| std::ops::ControlFlow::Continue(()));
            println!(
                "{label}: {} ({}), {} ({} rejected to {})",
                stats.evaluations,
                count(&golden["nfe_default"]),
                by_pi.stats.evaluations,
                stats.rejected,
                by_pi.stats.rejected
            );
            let scale = end.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
            let allowed = 100.0 * (params.absolute_tolerance + params.relative_tolerance * scale);
            assert_close(&format!("{label} by PI"), &by_pi.state, &end, allowed);
        }
    }
    assert!(compared >= 18, "dense output was compared {compared} times");
}

#[test]
fn fixed_step_solutions_and_counts_are_torchdiffeqs() {
    let (problems, cases) = document();
    for case in &cases {
        let name = case["name"].as_str().expect("name");
        let span = numbers(&case["span"]);
        for golden in case["fixed"].as_array().expect("fixed") {
            let scheme: Scheme = serde_json::from_value(golden["scheme"].clone()).expect("scheme");
            let params = SolverParams::fixed(scheme, count(&golden["steps"]));
            let rate = |t: f64, y: &Vec<f64>| problems.rate(name, t, y);
            let solution = solve(rate, numbers(&case["start"]), [span[0], span[1]], &params, |_| {
                std::ops::ControlFlow::Continue(())
            });
            assert_eq!(solution.stats.evaluations, count(&golden["nfe"]), "{name} {scheme:?}");
            let end = numbers(&golden["end"]);
            let scale = end.iter().fold(1.0, |most: f64, y| most.max(y.abs()));
            assert_close(&format!("{name} {scheme:?}"), &solution.state, &end, 1e-9 * scale);
        }
    }
}

#[test]
fn a_linear_system_is_its_matrix_exponential() {
    let (problems, cases) = document();
    let case = cases.iter().find(|case| case["name"] == "linear").expect("linear");
    let span = numbers(&case["span"]);
    let rate = |t: f64, y: &Vec<f64>| problems.rate("linear", t, y);
    let params = SolverParams::adaptive(1e-11);
    let (solution, _) = solve_dense(rate, numbers(&case["start"]), [span[0], span[1]], &params);
    assert_close("expm", &solution.state, &numbers(&case["exact"]), 1e-9);
}
