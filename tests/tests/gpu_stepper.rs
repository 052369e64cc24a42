//! The GPU stepper by itself: exact laws, its narrow band, driving it without waiting, edits and bad input. Runs on a
//! software adapter and fails when there is none.

use std::sync::OnceLock;
use zeroset_engine::gpu::{AdapterChoice, GpuContext, GpuStepper};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, Integrator, LevelSetParams, Method, Scheme, Stepper, StepperError};
use zeroset_tests::devices::{FLAT, SOLID, fields, region_speed, seeds};
use zeroset_tests::shapes::{ball, radius_of};

fn software() -> &'static GpuContext {
    static CONTEXT: OnceLock<GpuContext> = OnceLock::new();
    CONTEXT.get_or_init(|| GpuContext::new(AdapterChoice::Software).expect("these tests need lavapipe or WARP"))
}

fn gpu(grid: Grid, params: LevelSetParams) -> GpuStepper {
    GpuStepper::new(software(), grid, fields(&grid, params.method), params, &seeds(&grid)).expect("GPU stepper")
}

/// Only propagation and curvature, on g = 1.
fn terms(alpha: f32, beta: f32) -> LevelSetParams {
    LevelSetParams { alpha, beta, gamma: 0.0, ..LevelSetParams::preset(Method::Edge) }
}

/// Radius after time `t` of a ball of `radius_mm` that moves by `params` on g = 1.
fn radius_after(grid: Grid, params: LevelSetParams, radius_mm: f64, t: f64) -> f64 {
    let (speed, phi) = (Fields::Speed(vec![1.0; grid.len()]), ball(&grid, radius_mm));
    let mut stepper = GpuStepper::new(software(), grid, speed, params, &phi).expect("GPU stepper");
    let steps = (t / stepper.dt()).ceil();
    let factor = params.time_step_factor * (t / steps / stepper.dt()) as f32;
    stepper.set_params(LevelSetParams { time_step_factor: factor, ..params }).expect("params");
    let stats = stepper.advance(steps as u32).expect("steps");
    assert!((steps * stats.dt - t).abs() < 1e-4 * t, "time {} instead of {t}", steps * stats.dt);
    radius_of(&grid, stats.volume_ml)
}

#[test]
fn a_circle_grows_with_alpha_and_shrinks_with_beta() {
    let grid = Grid { size: [80, 80, 1], spacing_mm: [0.6, 0.6, 1.0] };
    let params =
        LevelSetParams { scheme: Scheme::Weno5, integrator: Integrator::TvdRk2, band_voxels: 6.0, ..terms(1.0, 0.0) };
    let grown = radius_after(grid, params, 8.0, 8.0);
    assert!((grown - 16.0).abs() < 0.03, "radius {grown} instead of 16");
    // dr/dt = -beta / r.
    let shrunk = radius_after(grid, terms(0.0, 1.0), 16.0, 60.0);
    let exact = (16.0f64.powi(2) - 120.0).sqrt();
    assert!((shrunk - exact).abs() < 0.1, "radius {shrunk} instead of {exact}");
}

#[test]
fn a_sphere_shrinks_by_its_two_curvatures() {
    let grid = Grid { size: [40, 40, 40], spacing_mm: [0.8; 3] };
    // dr/dt = -2 beta / r.
    let shrunk = radius_after(grid, terms(0.0, 1.0), 12.0, 16.0);
    let exact = (144.0f64 - 64.0).sqrt();
    assert!((shrunk - exact).abs() < 0.1, "radius {shrunk} instead of {exact}");
}

#[test]
fn the_work_follows_the_contour_not_the_image() {
    let grid = Grid { size: [512, 512, 1], spacing_mm: [1.0; 3] };
    let speed = Fields::Speed(vec![1.0; grid.len()]);
    let mut stepper = GpuStepper::new(software(), grid, speed, terms(1.0, 0.0), &ball(&grid, 30.0)).expect("stepper");
    let (before, all) = stepper.active_tiles().expect("tiles");
    assert!(all == 1024 && before > 10 && before < all / 10, "{before} of {all} tiles");
    stepper.advance(60).expect("steps");
    let (after, _) = stepper.active_tiles().expect("tiles");
    assert!(after > before && after < 3 * before, "{before} tiles around 30 mm became {after} around 67 mm");
}

#[test]
fn tiles_that_the_band_left_are_right_when_it_comes_back() {
    for (grid, scheme) in [(FLAT, Scheme::Upwind1), (SOLID, Scheme::Eno2), (SOLID, Scheme::Weno5)] {
        for integrator in [Integrator::Euler, Integrator::TvdRk2] {
            let params = LevelSetParams { scheme, integrator, band_voxels: 3.0, ..terms(1.0, 0.05) };
            let (speed, phi) = (Fields::Speed(vec![1.0; grid.len()]), seeds(&grid));
            let mut cpu = CpuStepper::new(grid, speed.clone(), params, &phi).expect("CPU stepper");
            let mut gpu = GpuStepper::new(software(), grid, speed, params, &phi).expect("GPU stepper");
            for alpha in [1.0, -1.0, 1.0] {
                let params = LevelSetParams { alpha, ..params };
                for stepper in [&mut cpu as &mut dyn Stepper, &mut gpu] {
                    stepper.set_params(params).expect("params");
                    stepper.advance(33).expect("steps");
                }
                // Every voxel counts here, the saturated ones too.
                let (c, g) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
                let most = c.iter().zip(&g).map(|(c, g)| (c - g).abs()).fold(0.0, f32::max);
                assert!(most < 2e-3, "{scheme:?} {integrator:?} alpha {alpha}: {most} mm");
            }
        }
    }
}

/// The plateau outside lies just below +B: one reinitialisation lifts all of it, and most tiles leave the list while
/// the other two phi buffers still hold the plateau, which the next steps must not see.
#[test]
fn tiles_that_leave_the_band_at_once_are_the_same_in_every_buffer() {
    let grid = Grid { size: [60, 52, 21], spacing_mm: [0.8, 0.9, 1.0] };
    let params = LevelSetParams { reinitialize_every: 2, reinitialize_iterations: 1, ..terms(1.0, 0.05) };
    let plateau = 0.97 * grid.band_mm(&params);
    let speed = Fields::Speed(vec![1.0; grid.len()]);
    let phi: Vec<f32> = ball(&grid, 3.3).iter().map(|v| v.min(plateau)).collect();
    let mut cpu = CpuStepper::new(grid, speed.clone(), params, &phi).expect("CPU stepper");
    let mut gpu = GpuStepper::new(software(), grid, speed, params, &phi).expect("GPU stepper");
    let (before, all) = gpu.active_tiles().expect("tiles");
    assert_eq!(before, all);
    for stepper in [&mut cpu as &mut dyn Stepper, &mut gpu] {
        stepper.advance(2).expect("steps");
        stepper.set_params(LevelSetParams { reinitialize_every: 0, ..params }).expect("params");
        stepper.advance(5).expect("steps");
    }
    let (c, g) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
    let most = c.iter().zip(&g).map(|(c, g)| (c - g).abs()).fold(0.0, f32::max);
    assert!(most < 1e-4, "{most} mm");
    let (after, _) = gpu.active_tiles().expect("tiles");
    assert!(after < 2 * all / 3, "{after} of {all} tiles");
}

#[test]
fn runs_repeat_bit_for_bit_however_they_are_cut() {
    let params = LevelSetParams::preset(Method::Region);
    let (mut whole, mut cut) = (gpu(SOLID, params), gpu(SOLID, params));
    whole.advance(31).expect("steps");
    let expected = whole.stats().expect("stats");
    for steps in [1, 7, 3, 20] {
        cut.advance(steps).expect("steps");
    }
    assert_eq!(cut.steps_done(), 31);
    assert_eq!(whole.phi().expect("phi"), cut.phi().expect("phi"));
    assert_eq!(cut.stats().expect("stats"), expected);
    // Resumed from a stored phi.
    let mut resumed = gpu(SOLID, params);
    let mut first = gpu(SOLID, params);
    first.advance(12).expect("steps");
    resumed.set_phi(&first.phi().expect("phi"), 12).expect("phi");
    resumed.advance(19).expect("steps");
    assert_eq!(whole.phi().expect("phi"), resumed.phi().expect("phi"));
}

#[test]
fn it_can_be_driven_without_waiting() {
    for params in [LevelSetParams::preset(Method::Edge), LevelSetParams::preset(Method::ChanVese)] {
        let (mut waiting, mut live) = (gpu(FLAT, params), gpu(FLAT, params));
        let expected = waiting.advance(13).expect("steps");
        assert_eq!(live.poll_stats().expect("nothing asked"), None);
        live.submit(13).expect("steps");
        assert!(live.request_stats().expect("request"));
        assert!(!live.request_stats().expect("second request"), "one request at a time");
        let stats = loop {
            if let Some(stats) = live.poll_stats().expect("poll") {
                break stats;
            }
            std::thread::yield_now();
        };
        assert_eq!(stats, expected);
        assert_eq!(live.phi().expect("phi"), waiting.phi().expect("phi"));
    }
}

#[test]
fn a_box_of_phi_can_be_replaced() {
    let params = LevelSetParams::preset(Method::Region);
    let (mut whole, mut part) = (gpu(SOLID, params), gpu(SOLID, params));
    whole.advance(10).expect("steps");
    part.advance(10).expect("steps");
    let (lower, size) = ([3, 5, 2], [9, 7, 6]);
    let mut phi = whole.phi().expect("phi");
    let mut patch = Vec::new();
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let value = -0.4 + 0.3 * (x as f32 - 4.0).abs() + 0.1 * y as f32;
                patch.push(value);
                phi[((lower[2] + z) * SOLID.size[1] + lower[1] + y) * SOLID.size[0] + lower[0] + x] = value;
            }
        }
    }
    whole.set_phi(&phi, 10).expect("phi");
    part.set_phi_box(lower, size, &patch).expect("box");
    assert_eq!(whole.phi().expect("phi"), part.phi().expect("phi"));
    whole.advance(10).expect("steps");
    part.advance(10).expect("steps");
    assert_eq!(whole.phi().expect("phi"), part.phi().expect("phi"));
    assert!(matches!(part.set_phi_box([40, 0, 0], [2, 1, 1], &[0.0; 2]), Err(StepperError::Size { .. })));
    assert!(matches!(part.set_phi_box([0; 3], [2, 1, 1], &[0.0; 3]), Err(StepperError::Size { .. })));
    assert!(matches!(part.set_phi_box([0; 3], [1; 3], &[f32::NAN]), Err(StepperError::Value { .. })));
}

#[test]
fn weights_fields_and_band_change_between_steps_as_on_the_cpu() {
    let params = LevelSetParams::preset(Method::Edge);
    let mut cpu = CpuStepper::new(FLAT, fields(&FLAT, Method::Edge), params, &seeds(&FLAT)).expect("CPU stepper");
    let mut gpu = gpu(FLAT, params);
    for stepper in [&mut cpu as &mut dyn Stepper, &mut gpu] {
        stepper.advance(9).expect("steps");
        let wider = LevelSetParams { band_voxels: 5.0, ..LevelSetParams::preset(Method::Region) };
        stepper.set_params(wider).expect("other method and band");
        stepper.set_fields(Fields::Speed(region_speed(&FLAT))).expect("other speed");
        stepper.advance(17).expect("steps");
        let refused = stepper.set_params(LevelSetParams::preset(Method::ChanVese));
        assert!(matches!(refused, Err(StepperError::Fields { .. })), "{refused:?}");
        assert_eq!(stepper.params(), wider);
        stepper.set_params(LevelSetParams { scheme: Scheme::Eno2, ..params }).expect("other scheme and band");
        stepper.advance(9).expect("steps");
    }
    let (c, g) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
    let most = c.iter().zip(&g).map(|(c, g)| (c - g).abs()).fold(0.0, f32::max);
    assert!(most < 1e-3, "{most} mm");
    assert!((cpu.dt() - gpu.dt()).abs() < 1e-5 * cpu.dt());
}

#[test]
fn a_contour_that_vanishes_and_grids_one_voxel_thin() {
    // Shrinks to nothing: no tile is left, and nothing fails.
    let grid = Grid { size: [40, 40, 1], spacing_mm: [1.0; 3] };
    let speed = Fields::Speed(vec![1.0; grid.len()]);
    let mut stepper = GpuStepper::new(software(), grid, speed, terms(-1.0, 0.0), &ball(&grid, 4.0)).expect("stepper");
    let stats = stepper.advance(40).expect("steps");
    assert_eq!((stats.volume_ml, stats.band_voxels, stats.rms_rate), (0.0, 0, 0.0));
    stepper.advance(20).expect("steps without a contour");
    assert_eq!(stepper.active_tiles().expect("tiles").0, 0);
    assert!(stepper.phi().expect("phi").iter().all(|&v| v == 3.0));
    for size in [[1, 1, 1], [1, 30, 1], [30, 1, 1], [1, 17, 9], [20, 1, 20], [3, 3, 2]] {
        let grid = Grid { size, spacing_mm: [1.0, 0.8, 1.3] };
        for method in [Method::Edge, Method::ChanVese] {
            let (params, phi) = (LevelSetParams::preset(method), ball(&grid, 4.2));
            let fields = fields(&grid, method);
            let mut cpu = CpuStepper::new(grid, fields.clone(), params, &phi).expect("CPU stepper");
            let mut gpu = GpuStepper::new(software(), grid, fields, params, &phi).expect("GPU stepper");
            cpu.advance(12).expect("CPU steps");
            gpu.advance(12).expect("GPU steps");
            let (c, g) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
            let most = c.iter().zip(&g).map(|(c, g)| (c - g).abs()).fold(0.0, f32::max);
            assert!(most < 1e-3, "{method:?} on {size:?}: {most} mm");
        }
    }
}

#[test]
fn bad_input_is_refused_in_words() {
    let params = LevelSetParams::preset(Method::Region);
    let new =
        |grid, speed: Vec<f32>, phi: Vec<f32>| GpuStepper::new(software(), grid, Fields::Speed(speed), params, &phi);
    let n = FLAT.len();
    let empty = Grid { size: [0, 10, 1], ..FLAT };
    assert!(matches!(new(empty, Vec::new(), Vec::new()), Err(StepperError::Size { .. })));
    assert!(matches!(new(FLAT, vec![1.0; n - 1], vec![1.0; n]), Err(StepperError::Size { .. })));
    assert!(matches!(new(FLAT, vec![1.0; n], vec![1.0; n + 1]), Err(StepperError::Size { .. })));
    assert!(matches!(new(FLAT, vec![f32::NAN; n], vec![1.0; n]), Err(StepperError::Value { .. })));
    assert!(matches!(new(FLAT, vec![1.0; n], vec![f32::INFINITY; n]), Err(StepperError::Value { .. })));
    let too_large = software().check_size([1 << 20, 1 << 20, 1 << 20]).expect_err("4 EiB").to_string();
    assert!(too_large.contains("max_") && too_large.contains("--device cpu"), "{too_large}");
}

#[test]
fn a_hardware_adapter_is_never_software() {
    match GpuContext::new(AdapterChoice::Hardware) {
        Ok(context) => assert!(!context.is_software(), "{:?}", context.adapter_info),
        Err(error) => assert!(error.to_string().contains("run with --device cpu"), "{error}"),
    }
    assert!(software().is_software());
}

#[test]
fn another_device_can_be_shared() {
    let own = software();
    let shared = GpuContext::from_existing(own.device.clone(), own.queue.clone(), (*own.adapter_info).clone());
    let params = LevelSetParams::preset(Method::Edge);
    let mut stepper =
        GpuStepper::new(&shared, FLAT, fields(&FLAT, Method::Edge), params, &seeds(&FLAT)).expect("stepper");
    stepper.advance(5).expect("steps");
    assert!(stepper.device().contains(&own.adapter_info.name));
}

#[test]
fn a_lost_device_is_an_error_and_no_panic() {
    for is_shared in [false, true] {
        let own = GpuContext::new(AdapterChoice::Software).expect("this test needs lavapipe or WARP");
        let info = (*own.adapter_info).clone();
        let context =
            if is_shared { GpuContext::from_existing(own.device.clone(), own.queue.clone(), info) } else { own };
        let params = LevelSetParams::preset(Method::Edge);
        let mut stepper =
            GpuStepper::new(&context, FLAT, fields(&FLAT, Method::Edge), params, &seeds(&FLAT)).expect("stepper");
        stepper.advance(3).expect("steps");
        context.device.destroy();
        let lost = |what: &str, result: Result<(), StepperError>| match result {
            Err(StepperError::Gpu(words)) => {
                assert!(words.contains("--device cpu") && !words.contains('\n'), "{what}: {words}");
            }
            other => panic!("{what} gave {other:?} after the device was lost (shared: {is_shared})"),
        };
        lost("advance", stepper.advance(3).map(drop));
        lost("phi", stepper.phi().map(drop));
        lost("stats", stepper.stats().map(drop));
        lost("set_phi", stepper.set_phi(&seeds(&FLAT), 0));
        lost("new", GpuStepper::new(&context, FLAT, fields(&FLAT, Method::Edge), params, &seeds(&FLAT)).map(drop));
    }
}

/// wgpu runs a callback on whichever thread polls first: each stepper must wait for its own answer all the same.
#[test]
fn steppers_on_many_threads_share_a_device() {
    let grid = Grid { size: [24, 20, 1], spacing_mm: [1.0; 3] };
    let params = LevelSetParams::preset(Method::Region);
    let run = || {
        let speed = Fields::Speed(vec![0.3; grid.len()]);
        let mut stepper = GpuStepper::new(software(), grid, speed, params, &ball(&grid, 4.3)).expect("stepper");
        for _ in 0..60 {
            stepper.advance(1).expect("step");
            stepper.phi().expect("phi");
        }
        stepper.phi().expect("phi")
    };
    let results: Vec<Vec<f32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().expect("thread")).collect()
    });
    assert!(results.iter().all(|phi| *phi == results[0]));
}
