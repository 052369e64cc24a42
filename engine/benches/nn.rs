//! Criterion: the layers' own kernels beside burn's operations, forward, and forward with gradients.
//! `cargo bench -p zeroset-engine --bench nn`; `tests/scripts/bench_torch_ops.py` times the same in PyTorch.

use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Device, Distribution, Tensor, activation, module};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use zeroset_engine::models::UNetConfig;
use zeroset_engine::nn::ops::{self, Nonlinearity};

/// Maps of batch 4: channels and side.
const MAPS: [(usize, usize); 3] = [(16, 200), (32, 100), (128, 25)];

fn random(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// One operation on a map: forward, and forward with the gradients of all that it is given.
fn both(c: &mut Criterion, name: &str, inputs: &[Tensor<4>], operation: impl Fn(&[Tensor<4>]) -> Tensor<4>) {
    c.bench_function(&format!("{name}, forward"), |b| b.iter(|| black_box(operation(inputs))));
    let tracked: Vec<_> = inputs.iter().map(|x| x.clone().autodiff().require_grad()).collect();
    c.bench_function(&format!("{name}, forward and gradients"), |b| {
        b.iter(|| black_box(operation(&tracked).sum().backward()));
    });
}

fn operations(c: &mut Criterion) {
    ops::keep_freed_memory();
    let device = Device::flex();
    for (channels, side) in MAPS {
        let x = || random([4, channels, side, side], &device);
        let map = format!("4x{channels}x{side}x{side}");
        for kernel in [3, 1] {
            let inputs = [x(), random([channels, channels, kernel, kernel], &device)];
            let options = || ConvOptions::new([1; 2], [kernel / 2; 2], [1; 2], 1);
            let name = format!("conv {kernel}x{kernel} {map}");
            both(c, &format!("{name}, own"), &inputs, |x| ops::conv2d(x[0].clone(), x[1].clone(), None, options()));
            both(c, &format!("{name}, burn"), &inputs, |x| module::conv2d(x[0].clone(), x[1].clone(), None, options()));
        }
        let groups = channels / 8;
        let inputs = [x(), random([1, channels, 1, 1], &device), random([1, channels, 1, 1], &device)];
        both(c, &format!("group norm and relu {map}, own"), &inputs, |x| {
            let [scale, offset] = [1, 2].map(|k| x[k].clone().reshape([channels]));
            ops::group_norm(x[0].clone(), scale, offset, groups, 1e-5, Nonlinearity::Relu)
        });
        both(c, &format!("group norm and relu {map}, burn"), &inputs, |x| {
            let grouped = x[0].clone().reshape([4, groups, 8 * side * side]);
            let centred = grouped.clone() - grouped.mean_dim(2);
            let normal = centred.clone() / (centred.square().mean_dim(2) + 1e-5).sqrt();
            activation::relu(normal.reshape([4, channels, side, side]) * x[1].clone() + x[2].clone())
        });
        let inputs = [x()];
        both(c, &format!("max pool {map}, own"), &inputs, |x| ops::max_pool2(x[0].clone()));
        both(c, &format!("max pool {map}, burn"), &inputs, |x| {
            module::max_pool2d(x[0].clone(), MaxPoolOptions::new([2, 2]))
        });
        both(c, &format!("upsample {map}, own"), &inputs, |x| ops::upsample2(x[0].clone()));
        both(c, &format!("upsample {map}, burn"), &inputs, |x| {
            let options = InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * side; 2]);
            module::interpolate(x[0].clone(), options)
        });
    }
}

fn networks(c: &mut Criterion) {
    let device = Device::flex();
    for stem in [2, 1] {
        let config = UNetConfig { stem, ..UNetConfig::default() };
        let (network, x) = (config.init(1, 1, &device), random([1, 1, 200, 200], &device));
        c.bench_function(&format!("unet, stem {stem}, 1x1x200x200, inference"), |b| {
            b.iter(|| black_box(network.forward(x.clone())));
        });
        let (network, x) =
            (config.init(1, 1, &device.clone().autodiff()), random([4, 1, 200, 200], &device).autodiff());
        c.bench_function(&format!("unet, stem {stem}, 4x1x200x200, forward and gradients"), |b| {
            b.iter(|| black_box(network.forward(x.clone()).square().mean().backward()));
        });
        let config = UNetConfig { stem, ..UNetConfig::dynamics() };
        let (network, x) = (config.init(3, 2, &device), random([1, 3, 200, 200], &device));
        c.bench_function(&format!("dynamics, stem {stem}, 1x3x200x200, 14 evaluations"), |b| {
            b.iter(|| {
                for _ in 0..14 {
                    black_box(network.forward(x.clone()));
                }
            });
        });
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = operations, networks }
criterion_main!(benches);
