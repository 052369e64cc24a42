//! The CPU stepper against laws that hold exactly, and against the plain f64 oracle.

use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, Heaviside, Integrator, LevelSetParams, Method, Scheme, Stepper};
use zeroset_tests::oracle::Oracle;
use zeroset_tests::shapes::{ball, distance, middle, radius_of, sample, waves};

fn grid(size: [usize; 3], spacing_mm: [f32; 3]) -> Grid {
    Grid { size, spacing_mm }
}

/// Only the terms that are asked for.
fn terms(alpha: f32, beta: f32, gamma: f32) -> LevelSetParams {
    LevelSetParams { alpha, beta, gamma, ..LevelSetParams::preset(Method::Edge) }
}

/// Runs to time `t` with steps that end there exactly, and returns the radius of the enclosed ball.
fn radius_after(grid: Grid, params: LevelSetParams, speed: Vec<f32>, phi: &[f32], t: f64) -> f64 {
    let natural = CpuStepper::new(grid, Fields::Speed(speed.clone()), params, phi).unwrap().dt();
    let steps = (t / natural).ceil();
    let factor = params.time_step_factor * (t / steps / natural) as f32;
    let params = LevelSetParams { time_step_factor: factor, ..params };
    let mut stepper = CpuStepper::new(grid, Fields::Speed(speed), params, phi).unwrap();
    let stats = stepper.advance(steps as u32).unwrap();
    radius_of(&grid, stats.volume_ml)
}

/// Least squares slope of log(error) over log(h).
fn order(h: &[f64], error: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = h.iter().zip(error).map(|(h, e)| (h.ln(), e.ln())).collect();
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum::<f64>() / points.iter().map(|p| (p.0 - mx).powi(2)).sum::<f64>()
}

#[test]
fn a_circle_grows_at_unit_speed_with_first_order() {
    let (mut hs, mut errors) = (Vec::new(), Vec::new());
    for n in [48, 96, 192] {
        let h = 48.0 / n as f32;
        let g = grid([n, n, 1], [h, h, 1.0]);
        let r = radius_after(g, terms(1.0, 0.0, 0.0), vec![1.0; g.len()], &ball(&g, 8.0), 8.0);
        hs.push(f64::from(h));
        errors.push((r - 16.0).abs());
    }
    assert!(errors[2] < 0.15, "radius errors {errors:?} mm");
    let order = order(&hs, &errors);
    assert!(order > 0.8, "order {order}, errors {errors:?} mm");
}

#[test]
fn weno_and_rk2_are_far_more_accurate_than_upwind() {
    let g = grid([96, 96, 1], [0.5, 0.5, 1.0]);
    let phi = ball(&g, 8.0);
    let error = |scheme, integrator| {
        let params =
            LevelSetParams { scheme, integrator, reinitialize_every: 0, band_voxels: 6.0, ..terms(1.0, 0.0, 0.0) };
        (radius_after(g, params, vec![1.0; g.len()], &phi, 8.0) - 16.0).abs()
    };
    let upwind = error(Scheme::Upwind1, Integrator::Euler);
    let eno = error(Scheme::Eno2, Integrator::TvdRk2);
    let weno = error(Scheme::Weno5, Integrator::TvdRk2);
    assert!(eno < 0.25 * upwind && weno < 0.25 * upwind, "upwind {upwind}, ENO2 {eno}, WENO5 {weno} mm");
}

#[test]
fn a_negative_speed_shrinks() {
    let g = grid([64, 64, 1], [1.0, 1.0, 1.0]);
    let params = terms(1.0, 0.0, 0.0);
    let r = radius_after(g, params, vec![-1.0; g.len()], &ball(&g, 24.0), 10.0);
    assert!((r - 14.0).abs() < 0.3, "radius {r}");
}

/// Errors of the radius after curvature alone took a circle from 16 mm to sqrt(16² - 2·60) mm, for three grids.
fn shrinking_circle(params: LevelSetParams) -> Vec<f64> {
    let mut errors = Vec::new();
    for n in [32, 64, 128] {
        let h = 48.0 / n as f32;
        let g = grid([n, n, 1], [h, h, 1.0]);
        let r = radius_after(g, params, vec![1.0; g.len()], &ball(&g, 16.0), 60.0);
        errors.push((r - (16.0f64 * 16.0 - 2.0 * 60.0).sqrt()).abs());
    }
    errors
}

#[test]
fn a_circle_shrinks_by_its_curvature_with_second_order() {
    // Without band and reinitialisation phi itself is known: every level set is a circle that shrinks,
    // phi(r, t) = sqrt(r^2 + 2 t) - 16.
    let (mut hs, mut errors) = (Vec::new(), Vec::new());
    for n in [32, 64, 128] {
        let h = 48.0 / n as f32;
        let g = grid([n, n, 1], [h, h, 1.0]);
        let params = LevelSetParams { reinitialize_every: 0, band_voxels: 60.0 / h, ..terms(0.0, 1.0, 0.0) };
        let mut stepper = CpuStepper::new(g, Fields::Speed(vec![1.0; g.len()]), params, &ball(&g, 16.0)).unwrap();
        let steps = (30.0 / stepper.dt()) as u32;
        stepper.advance(steps).unwrap();
        let t = f64::from(steps) * stepper.dt();
        let c = middle(&g);
        let exact = sample(&g, |p| (distance(p, c, 2).powi(2) + 2.0 * t).sqrt() - 16.0);
        let radius = sample(&g, |p| distance(p, c, 2));
        let near: Vec<f64> = exact
            .iter()
            .zip(stepper.phi().unwrap())
            .zip(radius)
            .filter(|(_, r)| (10.0..18.0).contains(r))
            .map(|((e, v), _)| f64::from(e - v).abs())
            .collect();
        hs.push(f64::from(h));
        errors.push(near.iter().sum::<f64>() / near.len() as f64);
    }
    let order = order(&hs, &errors);
    assert!(order > 1.7, "order {order}, errors {errors:?} mm");
}

#[test]
fn a_circle_shrinks_by_its_curvature_in_the_band_too() {
    let errors = shrinking_circle(terms(0.0, 1.0, 0.0));
    assert!(errors.iter().all(|e| *e < 0.05), "errors {errors:?} mm");
}

#[test]
fn a_sphere_shrinks_by_its_curvature_on_anisotropic_voxels() {
    for spacing in [[1.0, 1.0, 1.0], [0.8, 0.8, 2.4]] {
        let size = spacing.map(|h: f32| (44.0 / h) as usize);
        let g = grid(size, spacing);
        let r = radius_after(g, terms(0.0, 1.0, 0.0), vec![1.0; g.len()], &ball(&g, 15.0), 25.0);
        let exact = (15.0f64 * 15.0 - 4.0 * 25.0).sqrt();
        assert!((r - exact).abs() < 0.2, "{spacing:?}: radius {r}, exact {exact}");
    }
}

#[test]
fn a_sphere_grows_equally_far_on_anisotropic_voxels() {
    for spacing in [[1.0, 1.0, 1.0], [0.8, 0.8, 3.0], [0.8, 0.8, 5.0]] {
        let size = spacing.map(|h: f32| (60.0 / h) as usize);
        let g = grid(size, spacing);
        let r = radius_after(g, terms(1.0, 0.0, 0.0), vec![1.0; g.len()], &ball(&g, 10.0), 10.0);
        assert!((r - 20.0).abs() < 0.75, "{spacing:?}: radius {r}, exact 20");
    }
}

#[test]
fn advection_alone_pulls_the_contour_to_the_edge_from_both_sides() {
    let g = grid([96, 96, 1], [0.5, 0.5, 1.0]);
    let c = middle(&g);
    let speed = sample(&g, |p| 1.0 - (-((distance(p, c, 2) - 14.0) / 3.0).powi(2)).exp());
    for start in [11.0, 17.0] {
        let r = radius_after(g, terms(0.0, 0.0, 2.0), speed.clone(), &ball(&g, start), 40.0);
        assert!((r - 14.0).abs() < 0.25, "from {start} to {r}, the edge is at 14");
    }
}

#[test]
fn a_constant_advection_carries_a_circle_along_with_first_order() {
    // g rises by 0.05 per mm along x and gamma is 20: A = (1, 0), phi moves by -1 mm per unit of t along x.
    let (mut hs, mut errors) = (Vec::new(), Vec::new());
    for n in [48, 96, 192] {
        let h = 48.0 / n as f32;
        let g = grid([n, n, 1], [h, h, 1.0]);
        let speed = sample(&g, |p| 0.05 * p[0]);
        let params = LevelSetParams { reinitialize_every: 0, band_voxels: 60.0 / h, ..terms(0.0, 0.0, 20.0) };
        let mut stepper = CpuStepper::new(g, Fields::Speed(speed), params, &ball(&g, 10.0)).unwrap();
        let steps = (8.0 / stepper.dt()) as u32;
        stepper.advance(steps).unwrap();
        let t = f64::from(steps) * stepper.dt();
        let c = middle(&g);
        let exact = sample(&g, |p| distance(p, [c[0] - t, c[1], 0.0], 2) - 10.0);
        let phi = stepper.phi().unwrap();
        let near: Vec<f64> =
            exact.iter().zip(&phi).filter(|(e, _)| e.abs() < 2.0).map(|(e, v)| f64::from(e - v).abs()).collect();
        hs.push(f64::from(h));
        errors.push(near.iter().sum::<f64>() / near.len() as f64);
    }
    let order = order(&hs, &errors);
    assert!(order > 0.85 && errors[2] < 0.05, "order {order}, errors {errors:?} mm");
}

#[test]
fn a_sphere_grows_at_unit_speed_with_first_order() {
    let (mut hs, mut errors) = (Vec::new(), Vec::new());
    for n in [24, 48, 96] {
        let h = 48.0 / n as f32;
        let g = grid([n, n, n], [h, h, h]);
        let r = radius_after(g, terms(1.0, 0.0, 0.0), vec![1.0; g.len()], &ball(&g, 8.0), 8.0);
        hs.push(f64::from(h));
        errors.push((r - 16.0).abs());
    }
    let order = order(&hs, &errors);
    assert!(order > 0.8 && errors[2] < 0.25, "order {order}, errors {errors:?} mm");
}

#[test]
fn reinitialisation_converges_with_its_order() {
    // Mean error of the distance near a circle whose phi was stretched by 0.5 to 2.5.
    let (mut hs, mut errors) = (Vec::new(), Vec::new());
    for n in [40, 80, 160] {
        let h = 80.0 / n as f32;
        let g = grid([n, n, 1], [h, h, 1.0]);
        let c = middle(&g);
        let exact = ball(&g, 25.0);
        let phi = sample(&g, |p| (distance(p, c, 2) - 25.0) * (1.5 + (0.3 * p[0]).sin() * (0.2 * p[1]).cos()));
        let params = LevelSetParams {
            time_step_factor: 1e-6,
            reinitialize_every: 1,
            reinitialize_iterations: 200,
            band_voxels: 8.0 / h,
            ..terms(0.0, 1e-6, 0.0)
        };
        let mut stepper = CpuStepper::new(g, Fields::Speed(vec![1.0; g.len()]), params, &phi).unwrap();
        stepper.advance(1).unwrap();
        let phi = stepper.phi().unwrap();
        let near: Vec<f64> =
            exact.iter().zip(&phi).filter(|(e, _)| e.abs() < 4.0).map(|(e, v)| f64::from(e - v).abs()).collect();
        hs.push(f64::from(h));
        errors.push(near.iter().sum::<f64>() / near.len() as f64);
    }
    let order = order(&hs, &errors);
    assert!(order > 1.0, "order {order}, errors {errors:?} mm");
}

#[test]
fn reinitialisation_restores_the_distance_and_keeps_the_contour() {
    let g = grid([80, 80, 1], [1.0, 1.0, 1.0]);
    let c = middle(&g);
    let exact = ball(&g, 25.0);
    let phi: Vec<f32> = sample(&g, |p| {
        let d = distance(p, c, 2) - 25.0;
        d * (1.5 + (0.3 * p[0]).sin() * (0.2 * p[1]).cos())
    });
    let params = LevelSetParams {
        alpha: 0.0,
        beta: 1e-6,
        gamma: 0.0,
        reinitialize_every: 1,
        reinitialize_iterations: 60,
        band_voxels: 5.0,
        ..LevelSetParams::preset(Method::Edge)
    };
    // One step of (almost) nothing, dt tiny, then the reinitialisation.
    let params = LevelSetParams { time_step_factor: 1e-6, ..params };
    let mut stepper = CpuStepper::new(g, Fields::Speed(vec![1.0; g.len()]), params, &phi).unwrap();
    stepper.advance(1).unwrap();
    let after = stepper.phi().unwrap();
    let near: Vec<f64> =
        exact.iter().zip(&after).filter(|(e, _)| e.abs() < 3.0).map(|(e, a)| f64::from(e - a).abs()).collect();
    let mean = near.iter().sum::<f64>() / near.len() as f64;
    let most = near.iter().copied().fold(0.0, f64::max);
    assert!(mean < 0.06 && most < 0.4, "distance error: mean {mean} mm, most {most} mm");
}

/// Compares the banded CPU stepper with the dense oracle after 40 steps.
fn assert_equals_oracle(g: Grid, fields: &Fields, params: LevelSetParams, phi: &[f32], what: &str) {
    let mut fast = CpuStepper::new(g, fields.clone(), params, phi).unwrap();
    let mut plain = Oracle::new(g, fields, params, phi);
    let dt = plain.dt();
    assert!((fast.dt() - dt).abs() < 1e-5 * dt, "{what}: dt {} and {dt}", fast.dt());
    for _ in 0..40 {
        plain.step(fast.dt());
    }
    fast.advance(40).unwrap();
    let fast = fast.phi().unwrap();
    let band = f64::from(g.band_mm(&params));
    let differences: Vec<f64> =
        fast.iter().zip(&plain.phi).filter(|(_, p)| p.abs() < band).map(|(f, p)| (f64::from(*f) - p).powi(2)).collect();
    let rms = (differences.iter().sum::<f64>() / differences.len() as f64).sqrt();
    assert!(differences.len() > 50, "{what}: the band is nearly empty");
    assert!(rms < 2e-4, "{what}: rms difference {rms} mm over {} voxels", differences.len());
}

#[test]
fn the_narrow_band_equals_the_dense_oracle() {
    for (k, g) in [grid([67, 45, 1], [0.7, 1.1, 3.0]), grid([37, 29, 23], [0.8, 0.9, 2.0])].into_iter().enumerate() {
        let phi = ball(&g, 9.0);
        let edge: Vec<f32> = waves(&g, 7 + k as u64).iter().map(|v| 0.5 + 0.45 * v.clamp(-1.0, 1.0)).collect();
        let region: Vec<f32> = waves(&g, 17 + k as u64).iter().map(|v| v.clamp(-1.0, 1.0)).collect();
        for scheme in [Scheme::Upwind1, Scheme::Eno2, Scheme::Weno5] {
            for integrator in [Integrator::Euler, Integrator::TvdRk2] {
                let params = LevelSetParams { scheme, integrator, ..LevelSetParams::preset(Method::Edge) };
                assert_equals_oracle(
                    g,
                    &Fields::Speed(edge.clone()),
                    params,
                    &phi,
                    &format!("edge {scheme:?} {integrator:?} {k}"),
                );
            }
        }
        let params = LevelSetParams {
            curvature_exponent: 1.0,
            advection_exponent: 2.0,
            gamma: 0.5,
            ..LevelSetParams::preset(Method::Region)
        };
        assert_equals_oracle(g, &Fields::Speed(region.clone()), params, &phi, &format!("region {k}"));
        let never = LevelSetParams { reinitialize_every: 0, ..LevelSetParams::preset(Method::Region) };
        assert_equals_oracle(g, &Fields::Speed(region), never, &phi, &format!("region without reinitialisation {k}"));
    }
}

#[test]
fn chan_vese_equals_the_dense_oracle() {
    for (k, g) in [grid([51, 38, 1], [0.7, 1.1, 3.0]), grid([33, 21, 17], [0.8, 0.9, 2.0])].into_iter().enumerate() {
        let phi = ball(&g, 8.0);
        let image: Vec<f32> = waves(&g, 27 + k as u64).iter().map(|v| (0.5 + 0.5 * v).clamp(0.0, 1.0)).collect();
        for heaviside in [Heaviside::Atan, Heaviside::Tanh] {
            for band_voxels in [0.0, 4.0] {
                let mut params = LevelSetParams { band_voxels, ..LevelSetParams::preset(Method::ChanVese) };
                params.chan_vese.heaviside = heaviside;
                params.reinitialize_every = if band_voxels > 0.0 { 5 } else { 0 };
                let what = format!("{heaviside:?} band {band_voxels} {k}");
                assert_equals_oracle(g, &Fields::Intensity(image.clone()), params, &phi, &what);
            }
        }
    }
}

#[test]
fn chan_vese_separates_two_levels_and_its_energy_does_not_rise() {
    let g = grid([64, 64, 1], [1.0, 1.0, 1.0]);
    let c = middle(&g);
    let truth = |p: [f64; 3]| distance(p, [c[0] + 4.0, c[1] - 3.0, 0.0], 2) < 14.0;
    let noise = waves(&g, 3);
    let image: Vec<f32> = sample(&g, |p| if truth(p) { 0.8 } else { 0.2 })
        .iter()
        .zip(&noise)
        .map(|(v, n)| (v + 0.08 * n).clamp(0.0, 1.0))
        .collect();
    let mut params = LevelSetParams::preset(Method::ChanVese);
    params.time_step_factor = 0.3;
    let mut stepper = CpuStepper::new(g, Fields::Intensity(image), params, &ball(&g, 10.0)).unwrap();
    let mut energies = Vec::new();
    for _ in 0..4000 {
        energies.push(stepper.advance(1).unwrap().energy);
    }
    assert!(energies[3999] < 0.3 * energies[0]);
    // Later pieces of contour meet or vanish; there the limited curvature is not the gradient of the length.
    for pair in energies[..1500].windows(2) {
        assert!(pair[1] <= pair[0] * (1.0 + 1e-6), "energy rises from {} to {}", pair[0], pair[1]);
    }
    let phi = stepper.phi().unwrap();
    let inside: Vec<bool> = sample(&g, |p| f64::from(u8::from(truth(p)))).iter().map(|v| *v > 0.5).collect();
    let both = phi.iter().zip(&inside).filter(|(v, t)| **v < 0.0 && **t).count();
    let sum = phi.iter().filter(|v| **v < 0.0).count() + inside.iter().filter(|t| **t).count();
    let dice = 2.0 * both as f64 / sum as f64;
    assert!(dice > 0.98, "Dice {dice}");
}

#[test]
fn a_resumed_run_repeats_the_original_bit_for_bit() {
    let g = grid([40, 36, 20], [0.8, 0.9, 2.0]);
    let speed: Vec<f32> = waves(&g, 5).iter().map(|v| v.clamp(-1.0, 1.0)).collect();
    let params = LevelSetParams::preset(Method::Region);
    let mut whole = CpuStepper::new(g, Fields::Speed(speed.clone()), params, &ball(&g, 10.0)).unwrap();
    whole.advance(13).unwrap();
    let (middle, steps) = (whole.phi().unwrap(), whole.steps_done());
    whole.advance(29).unwrap();
    let mut resumed = CpuStepper::new(g, Fields::Speed(speed), params, &ball(&g, 3.0)).unwrap();
    resumed.set_phi(&middle, steps).unwrap();
    for _ in 0..29 {
        resumed.advance(1).unwrap();
    }
    assert!(whole.phi().unwrap() == resumed.phi().unwrap());
}

#[test]
fn a_vanished_contour_and_thin_grids_are_no_trouble() {
    for size in [[1, 1, 1], [1, 40, 1], [40, 1, 1], [3, 3, 3], [17, 2, 9]] {
        let g = grid(size, [1.0, 1.0, 1.0]);
        for phi in [vec![5.0; g.len()], vec![-5.0; g.len()], ball(&g, 1.2)] {
            let mut stepper =
                CpuStepper::new(g, Fields::Speed(vec![-1.0; g.len()]), terms(1.0, 0.2, 1.0), &phi).unwrap();
            let stats = stepper.advance(50).unwrap();
            assert!(stats.volume_ml >= 0.0 && stats.rms_rate.is_finite());
        }
    }
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let g = grid([8, 8, 1], [1.0, 1.0, 1.0]);
    let phi = ball(&g, 2.0);
    let region = LevelSetParams::preset(Method::Region);
    let error = |fields, params, phi: &[f32]| CpuStepper::new(g, fields, params, phi).unwrap_err().to_string();
    assert!(error(Fields::Speed(vec![1.0; 63]), region, &phi).contains("63"));
    assert!(error(Fields::Speed(vec![f32::NAN; 64]), region, &phi).contains("NaN"));
    assert!(error(Fields::Intensity(vec![1.0; 64]), region, &phi).contains("speed image"));
    assert!(error(Fields::Speed(vec![1.0; 64]), region, &[f32::INFINITY; 64]).contains("phi"));
    let steep = LevelSetParams { time_step_factor: 7.0, ..region };
    assert!(error(Fields::Speed(vec![1.0; 64]), steep, &phi).contains("time step factor"));
}
