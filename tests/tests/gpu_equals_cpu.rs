//! The GPU stepper gives the CPU's phi: every method, scheme and integrator, 2D and 3D, anisotropic spacing, within
//! 1e-3 mm RMS on the band after 100 steps. Runs on a software adapter and fails when there is none.

use std::sync::OnceLock;
use zeroset_engine::gpu::{AdapterChoice, GpuContext, GpuStepper};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{
    ChanVeseParams, Grid, Heaviside, Integrator, LevelSetParams, Method, Scheme, StepStats, Stepper,
};
use zeroset_tests::devices::{FLAT, SOLID, fields, seeds};

fn software() -> &'static GpuContext {
    static CONTEXT: OnceLock<GpuContext> = OnceLock::new();
    CONTEXT.get_or_init(|| GpuContext::new(AdapterChoice::Software).expect("these tests need lavapipe or WARP"))
}

/// RMS of the difference over voxels strictly inside the band of the CPU's phi, mm.
fn rms_on_band(cpu: &[f32], gpu: &[f32], band_mm: f32) -> f64 {
    let squares: Vec<f64> = cpu
        .iter()
        .zip(gpu)
        .filter(|(c, _)| c.abs() < band_mm)
        .map(|(c, g)| (f64::from(*c) - f64::from(*g)).powi(2))
        .collect();
    assert!(!squares.is_empty(), "the contour has vanished");
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

fn assert_same_stats(cpu: &StepStats, gpu: &StepStats, name: &str) {
    let close = |what: &str, c: f64, g: f64, relative: f64| {
        assert!((c - g).abs() <= relative * c.abs().max(1e-6), "{name}: {what}: CPU {c}, GPU {g}");
    };
    close("dt", cpu.dt, gpu.dt, 1e-5);
    close("rms rate", cpu.rms_rate, gpu.rms_rate, 1e-2);
    close("max rate", cpu.max_rate, gpu.max_rate, 5e-2);
    close("volume", cpu.volume_ml, gpu.volume_ml, 1e-3);
    close("energy", cpu.energy, gpu.energy, 1e-3);
    close("mean inside", cpu.means[0], gpu.means[0], 1e-3);
    close("mean outside", cpu.means[1], gpu.means[1], 1e-3);
    close("band voxels", cpu.band_voxels as f64, gpu.band_voxels as f64, 5e-3);
    close("border voxels", cpu.border_voxels as f64, gpu.border_voxels as f64, 5e-3);
}

/// Takes `steps` steps on both devices and compares phi and the statistics.
fn compare(name: &str, grid: Grid, params: LevelSetParams, steps: u32) {
    let (fields, phi) = (fields(&grid, params.method), seeds(&grid));
    let mut cpu = CpuStepper::new(grid, fields.clone(), params, &phi).expect("CPU stepper");
    let mut gpu = GpuStepper::new(software(), grid, fields, params, &phi).expect("GPU stepper");
    let (cpu_stats, gpu_stats) = (cpu.advance(steps).expect("CPU steps"), gpu.advance(steps).expect("GPU steps"));
    let (cpu_phi, gpu_phi) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
    let change = rms_on_band(&cpu_phi, &phi, grid.band_mm(&params));
    assert!(change > 0.05, "{name}: phi hardly moved ({change} mm): the comparison would say nothing");
    let rms = rms_on_band(&cpu_phi, &gpu_phi, grid.band_mm(&params));
    println!("{name}: {rms:.2e} mm on the band, phi moved by {change:.2} mm");
    assert!(rms <= 1e-3, "{name}: CPU and GPU differ by {rms} mm");
    assert_same_stats(&cpu_stats, &gpu_stats, name);
}

#[test]
fn edge_and_region_in_2d() {
    for method in [Method::Edge, Method::Region] {
        for scheme in [Scheme::Upwind1, Scheme::Eno2, Scheme::Weno5] {
            for integrator in [Integrator::Euler, Integrator::TvdRk2] {
                let params = LevelSetParams { scheme, integrator, ..LevelSetParams::preset(method) };
                compare(&format!("2D {method:?} {scheme:?} {integrator:?}"), FLAT, params, 100);
            }
        }
    }
}

#[test]
fn edge_and_region_in_3d() {
    for (method, scheme, integrator) in [
        (Method::Edge, Scheme::Upwind1, Integrator::Euler),
        (Method::Region, Scheme::Upwind1, Integrator::TvdRk2),
        (Method::Region, Scheme::Eno2, Integrator::Euler),
        (Method::Edge, Scheme::Weno5, Integrator::TvdRk2),
    ] {
        let params = LevelSetParams { scheme, integrator, ..LevelSetParams::preset(method) };
        compare(&format!("3D {method:?} {scheme:?} {integrator:?}"), SOLID, params, 100);
    }
}

#[test]
fn exponents_and_a_wide_band() {
    let params = LevelSetParams {
        propagation_exponent: 2.0,
        curvature_exponent: 0.5,
        advection_exponent: 1.5,
        band_voxels: 6.0,
        reinitialize_every: 3,
        reinitialize_iterations: 8,
        ..LevelSetParams::preset(Method::Edge)
    };
    compare("2D exponents", FLAT, params, 100);
    compare("3D exponents", SOLID, LevelSetParams { gamma: 0.4, ..params }, 60);
}

#[test]
fn chan_vese_dense() {
    for (name, grid) in [("2D", FLAT), ("3D", SOLID)] {
        for heaviside in [Heaviside::Atan, Heaviside::Tanh] {
            let chan_vese = ChanVeseParams { heaviside, nu: 0.02, ..ChanVeseParams::default() };
            let params = LevelSetParams { chan_vese, ..LevelSetParams::preset(Method::ChanVese) };
            compare(&format!("{name} Chan-Vese {heaviside:?}"), grid, params, 100);
        }
    }
}
