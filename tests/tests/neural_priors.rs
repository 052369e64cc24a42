//! Priors on a neural evolution's right-hand side, each with a case whose answer is known.

use std::f64::consts::PI;
use std::ops::ControlFlow;
use zeroset_engine::neural::Priors;
use zeroset_engine::neural::priors::Ground;
use zeroset_engine::ode::{Outcome, Scheme, SolverParams, solve};

const PIXELS: [usize; 2] = [72, 90];
const PIXEL_MM: [f64; 2] = [0.8, 1.0];
const BAND_MM: f64 = 5.0;

fn ground(slices: Vec<usize>) -> Ground {
    Ground::of(PIXELS, PIXEL_MM, BAND_MM, 3.0, slices)
}

/// φ of a circle in the middle, band widths.
fn circle(radius_mm: f64) -> Vec<f32> {
    let [h, w] = PIXELS;
    (0..h * w)
        .map(|pixel| {
            let x = ((pixel % w) as f64 - 0.5 * (w - 1) as f64) * PIXEL_MM[0];
            let y = ((pixel / w) as f64 - 0.5 * (h - 1) as f64) * PIXEL_MM[1];
            (((x * x + y * y).sqrt() - radius_mm) / BAND_MM) as f32
        })
        .collect()
}

/// φ at the end of the priors alone, over a span of t.
fn end(priors: &Priors, ground: &Ground, phi: Vec<f32>, span: f64, extra: impl Fn(&[f32], &mut [f32])) -> Vec<f32> {
    let rate = |_: f64, phi: &Vec<f32>| {
        let mut rate = vec![0.0; phi.len()];
        extra(phi, &mut rate);
        priors.apply(ground, phi, &mut rate);
        rate
    };
    let solver = SolverParams { scheme: Scheme::DormandPrince, absolute_tolerance: 1e-5, ..SolverParams::default() };
    let solution = solve(rate, phi, [0.0, span], &solver, |_| ControlFlow::Continue(()));
    assert_eq!(solution.outcome, Outcome::Done);
    solution.state
}

fn nothing(_: &[f32], _: &mut [f32]) {}

#[test]
fn off_they_change_nothing() {
    let priors = Priors::default();
    assert!(!priors.act() && !priors.tie_slices());
    let phi = circle(20.0);
    let mut rate: Vec<f32> = phi.iter().map(|v| v.sin()).collect();
    let before = rate.clone();
    priors.apply(&ground(vec![4]), &phi, &mut rate);
    assert_eq!(rate, before);
}

#[test]
fn under_curvature_a_circle_shrinks_as_the_law_says() {
    let mut priors = Priors::default();
    (priors.curvature.on, priors.curvature.weight) = (true, 40.0);
    let ground = ground(vec![0]);
    // R² = R₀² − 2 w t.
    for (radius_mm, t) in [(20.0, 1.0), (14.0, 0.5), (25.0, 1.5)] {
        let phi = end(&priors, &ground, circle(radius_mm), t, nothing);
        let found_mm = (ground.smooth_area_mm2(&phi) / PI).sqrt();
        let expected_mm = f64::sqrt(radius_mm * radius_mm - 2.0 * 40.0 * t);
        assert!((found_mm - expected_mm).abs() < 0.05, "{radius_mm}: {found_mm} mm, expected {expected_mm}");
    }
    // A straight edge has no curvature.
    let flat: Vec<f32> = (0..PIXELS[0] * PIXELS[1]).map(|i| ((i % PIXELS[1]) as f32 - 40.0) * 0.16).collect();
    let mut rate = vec![0.0; flat.len()];
    priors.apply(&ground, &flat, &mut rate);
    assert!(rate.iter().all(|r| r.abs() < 1e-4));
}

#[test]
fn volume_preservation_keeps_the_area_of_every_slice() {
    let mut priors = Priors::default();
    priors.volume.on = true;
    let ground = ground(vec![3, 4]);
    let phi = [circle(20.0), circle(12.0)].concat();
    // Grows everywhere, and on the right faster than on the left.
    let push = |_: &[f32], rate: &mut [f32]| {
        rate.iter_mut().enumerate().for_each(|(i, r)| *r -= 1.0 + 0.02 * (i % PIXELS[1]) as f32);
    };
    let count = PIXELS[0] * PIXELS[1];
    let areas = |phi: &[f32]| [ground.smooth_area_mm2(&phi[..count]), ground.smooth_area_mm2(&phi[count..])];
    let (before, after) = (areas(&phi), areas(&end(&priors, &ground, phi.clone(), 0.5, push)));
    for slice in 0..2 {
        let change = after[slice] / before[slice] - 1.0;
        assert!(change.abs() < 1e-3, "slice {slice}: {change}");
    }
    // The middle still moves: the right side gains what the left side loses.
    let moved = end(&priors, &ground, phi.clone(), 0.5, push);
    let right = |phi: &[f32]| phi[36 * PIXELS[1] + 70];
    assert!(right(&moved) < right(&phi) - 0.1);
    // With half the weight half the growth is left at first; without any all of it.
    let gain = |weight: f64| {
        let mut priors = priors.clone();
        priors.volume.weight = weight;
        let mut rate = vec![-1.0; phi.len()];
        priors.apply(&ground, &phi, &mut rate);
        f64::from(rate[36 * PIXELS[1] + 20])
    };
    assert!(gain(1.0).abs() < 1e-5 && (gain(0.5) + 0.5).abs() < 1e-5 && (gain(0.0) + 1.0).abs() < 1e-6);
}

#[test]
fn between_slices_what_one_gives_the_other_takes() {
    let mut priors = Priors::default();
    (priors.between.on, priors.between.weight) = (true, 9.0);
    assert!(priors.tie_slices());
    // Two slices 3 mm apart, φ differing by a constant: d(b − a)/dt = −2 w / h² (b − a) = −2 (b − a).
    let flat = |value: f32| vec![value; PIXELS[0] * PIXELS[1]];
    let phi = end(&priors, &ground(vec![7, 8]), [flat(0.2), flat(0.6)].concat(), 0.5, nothing);
    let half = 0.2 * (-1.0_f32).exp();
    assert!((phi[0] - (0.4 - half)).abs() < 1e-4 && (phi[phi.len() - 1] - (0.4 + half)).abs() < 1e-4);
    // Equal slices stay; across a gap nothing flows.
    let same = [circle(20.0), circle(20.0), circle(20.0)].concat();
    assert_eq!(end(&priors, &ground(vec![1, 2, 3]), same.clone(), 1.0, nothing), same);
    let apart = [circle(20.0), circle(12.0)].concat();
    assert_eq!(end(&priors, &ground(vec![1, 3]), apart.clone(), 1.0, nothing), apart);
}
