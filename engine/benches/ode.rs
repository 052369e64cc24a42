//! What a solver adds to the evaluations of its rate: a stage's sum and a norm on a network's maps (9 channels of
//! 200 × 200, f32, burn-flex), on the same numbers as a plain vector, and two whole steps whose rate costs nothing.
//!
//! `cargo bench --workspace --bench ode`. Most of a tensor's time is the allocator's: with glibc, maps of this size go
//! back to the system and are faulted in again for every result. `MALLOC_TRIM_THRESHOLD_=2000000000
//! MALLOC_MMAP_THRESHOLD_=1000000000` in front of the command shows what remains.

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::ops::ControlFlow;
use zeroset_engine::ode::{SolverParams, State, solve};

const SHAPE: [usize; 4] = [1, 9, 200, 200];

fn maps(count: usize) -> Vec<Tensor<4>> {
    (0..count).map(|_| Tensor::random(SHAPE, Distribution::Uniform(-1.0, 1.0), &Device::flex())).collect()
}

fn measure<S: State>(criterion: &mut Criterion, name: &str, states: &[S]) {
    let terms: Vec<(f64, &S)> = states[1..].iter().map(|k| (0.3, k)).collect();
    criterion.bench_function(&format!("{name}: state + 5 rates"), |b| {
        b.iter(|| black_box(states[0].add_scaled(&terms)));
    });
    criterion.bench_function(&format!("{name}: max norm"), |b| b.iter(|| black_box(states[0].max_norm())));
    criterion.bench_function(&format!("{name}: two steps of Dormand-Prince, rate at no cost"), |b| {
        b.iter(|| {
            let params = SolverParams { first_step: Some(0.5), ..SolverParams::adaptive(10.0) };
            let rate = |_: f64, _: &S| states[1].clone();
            black_box(solve(rate, states[0].clone(), [0.0, 1.0], &params, |_| ControlFlow::Continue(())).stats)
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let tensors = maps(6);
    let vectors: Vec<Vec<f32>> = tensors
        .iter()
        .map(|t| t.clone().into_data().try_to_vec().unwrap_or_else(|e| panic!("maps are f32: {e:?}")))
        .collect();
    measure(criterion, "tensor", &tensors);
    measure(criterion, "vector", &vectors);
}

criterion_group!(ode, benches);
criterion_main!(ode);
