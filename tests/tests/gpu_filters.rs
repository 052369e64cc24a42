//! Filters on the GPU against their twins on the CPU. Runs on a software adapter and fails when there is none.

use zeroset_engine::filter::{gaussian, gradient_magnitude};
use zeroset_engine::gpu::filter::GpuImage;
use zeroset_engine::gpu::{AdapterChoice, GpuContext};
use zeroset_engine::levelset::Grid;
use zeroset_engine::levelset::speed::Window;
use zeroset_tests::devices::{FLAT, SOLID, intensity};

/// A CT-like image: -200 to 300 HU.
fn image(grid: &Grid) -> Vec<f32> {
    intensity(grid).iter().map(|v| 500.0 * v - 200.0).collect()
}

fn assert_close(name: &str, cpu: &[f32], gpu: &[f32], tolerance: f32) {
    assert_eq!(cpu.len(), gpu.len());
    let most = cpu.iter().zip(gpu).map(|(c, g)| (c - g).abs()).fold(0.0, f32::max);
    assert!(most <= tolerance, "{name}: {most}");
}

#[test]
fn every_filter_equals_its_twin() {
    let context = GpuContext::new(AdapterChoice::Software).expect("this test needs lavapipe or WARP");
    let thin = Grid { size: [1, 33, 5], spacing_mm: [0.7, 0.7, 4.0] };
    for grid in [FLAT, SOLID, thin] {
        let intensities = image(&grid);
        let spacing_mm = grid.spacing_mm.map(f64::from);
        let on_gpu = GpuImage::upload(&context, grid, &intensities).expect("upload");
        for sigma_mm in [0.0, 0.9, 3.1] {
            let cpu_smooth = gaussian(&intensities, grid.size, spacing_mm, sigma_mm);
            let gpu_smooth = on_gpu.gaussian(sigma_mm).expect("gaussian");
            assert_close("gaussian", &cpu_smooth, &gpu_smooth.read().expect("read"), 1e-3);

            let cpu_slope = gradient_magnitude(&cpu_smooth, grid.size, spacing_mm);
            let gpu_slope = gpu_smooth.gradient_magnitude().expect("gradient");
            assert_close("gradient", &cpu_slope, &gpu_slope.read().expect("read"), 1e-3);

            for (lambda, exponent) in [(20.0f32, 2.0f32), (5.0, 1.3)] {
                let g: Vec<f32> = cpu_slope.iter().map(|v| 1.0 / (1.0 + (v / lambda).powf(exponent))).collect();
                let gpu = gpu_slope.edge_speed(lambda, exponent).expect("edge speed").read().expect("read");
                assert_close("edge speed", &g, &gpu, 1e-4);
            }
        }
        for (lower, upper) in [(Some(-50.0), Some(150.0)), (None, Some(80.0)), (Some(10.0), None)] {
            let window = Window { lower, upper, smoothness: 12.0 };
            let g: Vec<f32> = intensities.iter().map(|&v| window.speed(v)).collect();
            let gpu = on_gpu.threshold_speed(lower, upper, 12.0).expect("threshold speed").read().expect("read");
            assert_close("threshold speed", &g, &gpu, 1e-4);
        }
    }
    let wrong = GpuImage::upload(&context, FLAT, &[0.0; 3]).expect_err("three values").to_string();
    assert!(wrong.contains("3 values"), "{wrong}");
}
