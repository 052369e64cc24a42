//! Learning rates and moving averages, number by number.

use burn::tensor::{Device, Tensor};
use zeroset_engine::train::{Plateau, Rates, Schedule, weights};

fn rates(schedule: Schedule) -> Rates {
    Rates { rate: 1e-3, least_rate: 1e-4, warm_up_steps: 0, schedule, total_steps: 100 }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
}

#[test]
fn warm_up_rises_linearly() {
    let rates = Rates { warm_up_steps: 4, ..rates(Schedule::Constant) };
    for (step, part) in [(0, 0.25), (1, 0.5), (2, 0.75), (3, 1.0), (4, 1.0), (50, 1.0)] {
        close(rates.at(step, &Plateau::default()), 1e-3 * part);
    }
}

#[test]
fn poly_and_cosine_follow_their_formulas() {
    let none = Plateau::default();
    let poly = Rates { least_rate: 0.0, ..rates(Schedule::Poly { power: 0.9 }) };
    for step in [0, 1, 37, 99, 100, 200] {
        let part: f64 = (step as f64 / 100.0).min(1.0);
        close(poly.at(step, &none), 1e-3 * (1.0 - part).powf(0.9));
    }
    let cosine = rates(Schedule::Cosine);
    close(cosine.at(0, &none), 1e-3);
    close(cosine.at(50, &none), 0.5 * (1e-3 + 1e-4));
    close(cosine.at(100, &none), 1e-4);
}

#[test]
fn a_plateau_lowers_the_rate_down_to_the_least() {
    let schedule = Schedule::Plateau { patience: 2, factor: 0.5 };
    let rates = rates(schedule);
    let mut plateau = Plateau::default();
    let mut found = Vec::new();
    for loss in [1.0, 0.9, 0.95, 0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9] {
        plateau.observe(&schedule, loss);
        found.push(rates.at(0, &plateau));
    }
    let expected = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.1, 0.1, 0.1];
    for (found, expected) in found.iter().zip(expected) {
        close(*found, 1e-3 * expected);
    }
}

#[test]
fn an_average_is_exact() {
    let device = Device::flex();
    let tensor = |values: [f32; 2]| vec![Tensor::<1>::from_floats(values, &device)];
    let mut averaged = tensor([1.0, -2.0]);
    weights::average(&mut averaged, &tensor([3.0, 2.0]), 0.75);
    weights::average(&mut averaged, &tensor([5.0, 6.0]), 0.75);
    // 0.75 (0.75 * 1 + 0.25 * 3) + 0.25 * 5, and so on: exact in binary.
    assert_eq!(weights::to_host(&averaged), [vec![2.375, 0.75]]);
}
