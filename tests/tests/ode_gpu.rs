//! φ on the GPU as a solver's state against `Vec<f32>`. Runs on a software adapter and fails when there is none.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use zeroset_engine::filter::gradient_magnitude;
use zeroset_engine::gpu::{AdapterChoice, GpuContext};
use zeroset_engine::levelset::Grid;
use zeroset_engine::ode::{GpuPhi, Outcome, Scheme, SolverParams, State, solve, solve_dense};
use zeroset_tests::devices::{FLAT, SOLID, region_speed, seeds};
use zeroset_tests::shapes::{distance, middle, sample, waves};

const THIN: Grid = Grid { size: [1, 33, 5], spacing_mm: [0.7, 0.7, 4.0] };

fn software() -> &'static GpuContext {
    static CONTEXT: OnceLock<GpuContext> = OnceLock::new();
    CONTEXT.get_or_init(|| GpuContext::new(AdapterChoice::Software).expect("these tests need lavapipe or WARP"))
}

fn upload(grid: Grid, values: &[f32]) -> GpuPhi {
    GpuPhi::upload(software(), grid, values).unwrap_or_else(|e| panic!("{e}"))
}

fn read(phi: &GpuPhi) -> Vec<f32> {
    phi.read().unwrap_or_else(|e| panic!("{e}"))
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn sums_and_norms_are_those_of_the_cpu() {
    for grid in [FLAT, SOLID, THIN] {
        let fields: Vec<Vec<f32>> = (0..9).map(|seed| waves(&grid, seed)).collect();
        let on_gpu: Vec<GpuPhi> = fields.iter().map(|field| upload(grid, field)).collect();
        for count in 0..9 {
            let weight = |n: usize| 0.7 - 0.31 * n as f64;
            let cpu_terms: Vec<(f64, &Vec<f32>)> = (1..=count).map(|n| (weight(n), &fields[n])).collect();
            let gpu_terms: Vec<(f64, &GpuPhi)> = (1..=count).map(|n| (weight(n), &on_gpu[n])).collect();
            let (cpu, gpu) = (fields[0].add_scaled(&cpu_terms), on_gpu[0].add_scaled(&gpu_terms));
            assert!(difference(&cpu, &read(&gpu)) < 1e-5, "{count} terms on {:?}", grid.size);
            assert!((cpu.max_norm() - gpu.max_norm()).abs() < 1e-5);
            let cpu_ratio = cpu.max_ratio(&fields[1], &fields[2], 1e-3, 0.1);
            let gpu_ratio = gpu.max_ratio(&on_gpu[1], &on_gpu[2], 1e-3, 0.1);
            assert!((cpu_ratio - gpu_ratio).abs() < 1e-4 * cpu_ratio, "{cpu_ratio} {gpu_ratio}");
        }
        let last = grid.len() - 1;
        for (place, bad) in [(0, f32::NAN), (last, f32::INFINITY), (last / 2, f32::NEG_INFINITY)] {
            let mut field = fields[0].clone();
            field[place] = bad;
            assert!(upload(grid, &field).max_norm().is_nan(), "{bad} at {place}");
        }
    }
}

#[test]
fn an_uploaded_force_drives_phi_as_on_the_cpu() {
    // ∂φ/∂t = 4 cos(t) g(x) − φ/2 moves the contour to and fro.
    for grid in [FLAT, SOLID] {
        let (start, force) = (seeds(&grid), region_speed(&grid));
        let params = SolverParams::adaptive(1e-3);
        let drive = |t: f64| 4.0 * t.cos() + 0.5;
        let (gpu, dense) = {
            let force = upload(grid, &force);
            let rate = |t: f64, phi: &GpuPhi| force.add_scaled(&[(drive(t) - 1.0, &force), (-0.5, phi)]);
            solve_dense(rate, upload(grid, &start), [0.0, 2.0], &params)
        };
        let rate = |t: f64, phi: &Vec<f32>| force.add_scaled(&[(drive(t) - 1.0, &force), (-0.5, phi)]);
        let (cpu, cpu_dense) = solve_dense(rate, start.clone(), [0.0, 2.0], &params);
        assert_eq!((gpu.outcome, cpu.outcome), (Outcome::Done, Outcome::Done));
        assert_eq!(gpu.stats.accepted, cpu.stats.accepted);
        let moved = difference(&cpu.state, &start);
        let apart = difference(&cpu.state, &read(&gpu.state));
        println!("{:?}: moved {moved} mm, apart {apart:.1e} mm, {:?}", grid.size, gpu.stats);
        assert!(moved > 1.0 && apart < 1e-3, "moved {moved}, apart {apart}");
        let apart = difference(&cpu_dense.at(0.77), &read(&dense.at(0.77)));
        assert!(apart < 1e-3, "dense output: {apart}");
    }
}

#[test]
fn a_pass_of_the_gpu_gives_the_rate() {
    // ∂φ/∂t = −|∇φ| moves every contour outward at 1 mm per unit of t.
    let grid = SOLID;
    let spacing_mm = grid.spacing_mm.map(f64::from);
    let start = sample(&grid, |p| distance(p, middle(&grid), 3) - 8.0);
    let params = SolverParams::fixed(Scheme::Rk4, 10);
    let gpu = solve(
        |_, phi: &GpuPhi| {
            let slope = phi.map(|image| image.gradient_magnitude());
            slope.add_scaled(&[(-2.0, &slope)])
        },
        upload(grid, &start),
        [0.0, 2.0],
        &params,
        |_| ControlFlow::Continue(()),
    );
    let cpu = solve(
        |_, phi: &Vec<f32>| gradient_magnitude(phi, grid.size, spacing_mm).iter().map(|slope| -slope).collect(),
        start.clone(),
        [0.0, 2.0],
        &params,
        |_| ControlFlow::Continue(()),
    );
    assert_eq!((gpu.outcome, cpu.outcome), (Outcome::Done, Outcome::Done));
    let found = read(&gpu.state);
    let apart = difference(&cpu.state, &found);
    assert!(apart < 1e-3, "{apart}");
    let shell: Vec<usize> = (0..grid.len()).filter(|&n| (start[n] - 2.0).abs() < 0.4).collect();
    let worst = shell.iter().map(|&n| (found[n] - (start[n] - 2.0)).abs()).fold(0.0, f32::max);
    println!("apart {apart:.1e} mm; contour off by {worst:.3} mm after 2 mm, {} voxels", shell.len());
    assert!(shell.len() > 100 && worst < 0.1, "{worst}");
}

#[test]
fn what_the_device_refuses_ends_the_solution_and_is_told() {
    let (phi, other) = (upload(FLAT, &seeds(&FLAT)), upload(THIN, &waves(&THIN, 1)));
    let solution = solve(
        |_, _: &GpuPhi| other.clone(),
        phi,
        [0.0, 1.0],
        &SolverParams::fixed(Scheme::Euler, 3),
        |_| ControlFlow::Continue(()),
    );
    assert_eq!(solution.outcome, Outcome::NotFinite);
    assert_eq!(read(&solution.state), seeds(&FLAT), "the last good state");
    let refused = solution.state.add_scaled(&[(1.0, &other)]);
    assert!(refused.max_norm().is_nan());
    let told = refused.read().expect_err("two sizes").to_string();
    assert!(told.contains("[1, 33, 5]") && told.contains("[96, 83, 1]"), "{told}");
}
