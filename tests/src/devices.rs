//! Images and contours on which the CPU and the GPU are compared, and the comparison.

use crate::shapes::{distance, middle, sample, waves};
use zeroset_engine::gpu::{GpuContext, GpuStepper};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, LevelSetParams, Method, StepStats, Stepper};

/// Anisotropic in 2D; its size is no multiple of any tile's.
pub const FLAT: Grid = Grid { size: [96, 83, 1], spacing_mm: [0.8, 1.1, 3.0] };
/// Anisotropic in 3D; its size is no multiple of any tile's.
pub const SOLID: Grid = Grid { size: [41, 38, 27], spacing_mm: [0.8, 0.9, 1.7] };

/// Extent along x, mm.
fn width_mm(grid: &Grid) -> f64 {
    grid.size[0] as f64 * f64::from(grid.spacing_mm[0])
}

/// 1 with a smooth trough around a ball, and waves, in [0, 1].
pub fn edge_speed(grid: &Grid) -> Vec<f32> {
    let radius_mm = 0.33 * width_mm(grid);
    let trough = sample(grid, |p| {
        let d = distance(p, middle(grid), grid.dimension()) - radius_mm;
        1.0 - 0.95 * (-(d / 2.5).powi(2)).exp()
    });
    trough.iter().zip(waves(grid, 11)).map(|(t, r)| (t + 0.1 * r).clamp(0.0, 1.0)).collect()
}

/// Positive inside a ball, and waves, in [-1, 1].
pub fn region_speed(grid: &Grid) -> Vec<f32> {
    let radius_mm = 0.3 * width_mm(grid);
    let inside = sample(grid, |p| ((radius_mm - distance(p, middle(grid), grid.dimension())) / 2.0).tanh());
    inside.iter().zip(waves(grid, 23)).map(|(t, r)| (t + 0.4 * r).clamp(-1.0, 1.0)).collect()
}

/// A bright ball and waves, in [0, 1].
pub fn intensity(grid: &Grid) -> Vec<f32> {
    region_speed(grid).iter().map(|v| 0.5 + 0.5 * v).collect()
}

/// What a method reads.
pub fn fields(grid: &Grid, method: Method) -> Fields {
    match method {
        Method::Edge => Fields::Speed(edge_speed(grid)),
        Method::Region => Fields::Speed(region_speed(grid)),
        Method::ChanVese => Fields::Intensity(intensity(grid)),
    }
}

/// Two balls off the voxel centres, so that no phi is exactly 0.
pub fn seeds(grid: &Grid) -> Vec<f32> {
    let c = middle(grid);
    let h = f64::from(grid.h_min());
    let (first, second) = ([c[0] - 5.3 * h, c[1] + 2.1 * h, c[2]], [c[0] + 6.2 * h, c[1] - 1.7 * h, c[2] + 0.3 * h]);
    let to = |p, center, radius: f64| distance(p, center, grid.dimension()) - radius * h;
    sample(grid, |p| to(p, first, 5.07).min(to(p, second, 6.13)))
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
///
/// # Panics
/// When phi differs by more than 1e-3 mm RMS on the band, or the statistics by more than that explains.
pub fn compare(context: &GpuContext, name: &str, grid: Grid, params: LevelSetParams, steps: u32) {
    let (fields, phi) = (fields(&grid, params.method), seeds(&grid));
    let mut cpu = CpuStepper::new(grid, fields.clone(), params, &phi).expect("CPU stepper");
    let mut gpu = GpuStepper::new(context, grid, fields, params, &phi).expect("GPU stepper");
    let (cpu_stats, gpu_stats) = (cpu.advance(steps).expect("CPU steps"), gpu.advance(steps).expect("GPU steps"));
    let (cpu_phi, gpu_phi) = (cpu.phi().expect("CPU phi"), gpu.phi().expect("GPU phi"));
    let change = rms_on_band(&cpu_phi, &phi, grid.band_mm(&params));
    assert!(change > 0.05, "{name}: phi hardly moved ({change} mm): the comparison would say nothing");
    let rms = rms_on_band(&cpu_phi, &gpu_phi, grid.band_mm(&params));
    println!("{name}: {rms:.2e} mm on the band, phi moved by {change:.2} mm");
    assert!(rms <= 1e-3, "{name}: CPU and GPU differ by {rms} mm");
    assert_same_stats(&cpu_stats, &gpu_stats, name);
}
