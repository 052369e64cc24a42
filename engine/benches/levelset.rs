//! Criterion: one step of each solver, and the distance transform. `cargo bench -p zeroset-engine`.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use zeroset_engine::filter::distance::signed_distance_mm;
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, LevelSetParams, Method, Stepper};

fn ball(grid: &Grid, radius: f32) -> Vec<f32> {
    let [nx, ny, _] = grid.size;
    (0..grid.len())
        .map(|i| {
            let at = [i % nx, i / nx % ny, i / (nx * ny)];
            let d = |k: usize| at[k] as f32 - (grid.size[k] as f32 - 1.0) / 2.0;
            (d(0).powi(2) + d(1).powi(2) + d(2).powi(2)).sqrt() - radius
        })
        .collect()
}

/// A contour at rest on a sphere: the speed vanishes there, so that every step costs the same.
fn at_rest(grid: Grid, method: Method) -> CpuStepper {
    let phi = ball(&grid, 30.0);
    let fields = match method {
        Method::ChanVese => Fields::Intensity(phi.iter().map(|v| f32::from(u8::from(*v < 0.0))).collect()),
        _ => Fields::Speed(phi.iter().map(|v| (-0.2 * v).clamp(-1.0, 1.0)).collect()),
    };
    CpuStepper::new(grid, fields, LevelSetParams::preset(method), &phi).expect("the fields fit the grid")
}

fn steps(c: &mut Criterion) {
    let two = Grid { size: [512, 512, 1], spacing_mm: [1.0; 3] };
    let three = Grid { size: [128, 128, 128], spacing_mm: [1.0; 3] };
    for (name, grid, method) in [
        ("region 2d 512", two, Method::Region),
        ("region 3d 128", three, Method::Region),
        ("chan-vese 2d 512", two, Method::ChanVese),
        ("chan-vese 3d 128", three, Method::ChanVese),
    ] {
        let mut stepper = at_rest(grid, method);
        c.bench_function(&format!("10 steps, {name}"), |b| b.iter(|| black_box(stepper.advance(10))));
    }
}

fn distance(c: &mut Criterion) {
    let grid = Grid { size: [128, 128, 128], spacing_mm: [0.8, 0.8, 3.0] };
    let mask: Vec<bool> = ball(&grid, 30.0).iter().map(|v| *v < 0.0).collect();
    c.bench_function("signed distance, 128 cubed", |b| {
        b.iter(|| black_box(signed_distance_mm(&mask, grid.size, [0.8, 0.8, 3.0])));
    });
}

criterion_group!(benches, steps, distance);
criterion_main!(benches);
