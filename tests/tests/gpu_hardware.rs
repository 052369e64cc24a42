//! How fast a real GPU steps, printed for the eye: nothing is asserted about time.

use std::time::Instant;
use zeroset_engine::gpu::{AdapterChoice, GpuContext, GpuStepper};
use zeroset_engine::levelset::{Grid, LevelSetParams, Method, Stepper};
use zeroset_tests::devices::fields;
use zeroset_tests::shapes::ball;

#[test]
#[ignore = "needs a GPU"]
fn milliseconds_per_step_of_a_real_gpu() {
    let context = GpuContext::new(AdapterChoice::Hardware).expect("a GPU");
    println!("{} ({}, {})", context.adapter_info.name, context.adapter_info.backend, context.adapter_info.driver_info);
    for size in [[512, 512, 1], [128, 128, 128], [256, 256, 256]] {
        let grid = Grid { size, spacing_mm: [1.0; 3] };
        for method in [Method::Edge, Method::Region, Method::ChanVese] {
            let params = LevelSetParams::preset(method);
            let phi = ball(&grid, 0.25 * size[0] as f64);
            let mut stepper =
                GpuStepper::new(&context, grid, fields(&grid, method), params, &phi).expect("GPU stepper");
            stepper.advance(20).expect("warm up");
            let start = Instant::now();
            let stats = stepper.advance(200).expect("steps");
            let ms = start.elapsed().as_secs_f64() * 1000.0 / 200.0;
            let (active, all) = stepper.active_tiles().expect("tiles");
            let band = stats.band_voxels;
            println!("{size:?} {method:?}: {ms:.4} ms per step, {active} of {all} tiles, {band} voxels on the contour");
            assert!(stats.volume_ml > 0.0);
        }
    }
}
