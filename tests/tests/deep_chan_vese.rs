//! Deep Chan–Vese: eq. 7–9 in plain f64, the engine's Chan–Vese on a noisy disc, PyTorch twins, and what it learns.

use burn::optim::AdamConfig;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use std::f64::consts::PI;
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, LevelSetParams, Method, Stepper};
use zeroset_engine::loss::{LossConfig, Target};
use zeroset_engine::metrics::Overlap;
use zeroset_engine::models::deep_chan_vese::{Hyperparameters, evolve};
use zeroset_engine::models::{DeepChanVeseConfig, GradientMethod, Input, Network, NetworkConfig};
use zeroset_engine::ode::SolverParams;
use zeroset_tests::networks::{Golden, golden_network, gradients_by_name, relative_error, values};
use zeroset_tests::numbers::{count, golden, numbers, tensor};

/// φ, features and weights of one evolution, in f64.
struct Plain {
    size: [usize; 2],
    phi: Vec<f64>,
    features: Vec<Vec<f64>>,
    weights: [f64; 3],
    epsilon: f64,
    dt: f64,
}

impl Plain {
    fn at(&self, map: &[f64], y: isize, x: isize) -> f64 {
        let inside = |v: isize, side: usize| v.clamp(0, side as isize - 1) as usize;
        map[inside(y, self.size[0]) * self.size[1] + inside(x, self.size[1])]
    }

    fn sobel(&self, map: &[f64], y: isize, x: isize) -> [f64; 2] {
        let mut slope = [0.0; 2];
        for side in -1..=1 {
            let weight = if side == 0 { 2.0 } else { 1.0 } / 8.0;
            slope[0] += weight * (self.at(map, y + side, x + 1) - self.at(map, y + side, x - 1));
            slope[1] += weight * (self.at(map, y + 1, x + side) - self.at(map, y - 1, x + side));
        }
        slope
    }

    fn each(&self, f: impl Fn(isize, isize) -> f64) -> Vec<f64> {
        let [h, w] = self.size;
        (0..h * w).map(|i| f((i / w) as isize, (i % w) as isize)).collect()
    }

    /// Eq. 7 with the bracket of eq. 8 and the means of eq. 9.
    fn step(&mut self) {
        let direction = |axis: usize| {
            self.each(|y, x| {
                let s = self.sobel(&self.phi, y, x);
                s[axis] / (s[0] * s[0] + s[1] * s[1] + 1e-6).sqrt()
            })
        };
        let (along_x, along_y) = (direction(0), direction(1));
        let curvature = self.each(|y, x| self.sobel(&along_x, y, x)[0] + self.sobel(&along_y, y, x)[1]);
        let h: Vec<f64> = self.phi.iter().map(|z| 0.5 * (1.0 + 2.0 / PI * (z / self.epsilon).atan())).collect();
        let mut force: Vec<f64> = curvature.iter().map(|k| self.weights[2] * k).collect();
        for feature in &self.features {
            let mean = |weight: &dyn Fn(usize) -> f64| {
                let total: f64 = (0..h.len()).map(weight).sum();
                (0..h.len()).map(|i| weight(i) * feature[i]).sum::<f64>() / total
            };
            let (c1, c2) = (mean(&|i| h[i]), mean(&|i| 1.0 - h[i]));
            for (force, f) in force.iter_mut().zip(feature) {
                *force += self.weights[1] * (f - c2).powi(2) - self.weights[0] * (f - c1).powi(2);
            }
        }
        for (phi, force) in self.phi.iter_mut().zip(force) {
            *phi += self.dt * force * self.epsilon / (PI * (self.epsilon * self.epsilon + *phi * *phi));
        }
    }
}

/// A disc of radius 18 around (30, 33), bright on dark, with noise: in [0, 1].
fn noisy_disc() -> Vec<f32> {
    let mut state = 9u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
    };
    (0..64 * 64).map(|i| if distance(i, 30.0, 33.0) < 18.0 { 0.7 } else { 0.3 } + 0.5 * noise()).collect()
}

fn distance(i: usize, x: f64, y: f64) -> f64 {
    ((i % 64) as f64 - x).hypot((i / 64) as f64 - y)
}

fn map(values: &[f32], h: usize, w: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len() / (h * w), h, w]), &Device::flex())
}

#[test]
fn the_evolution_is_that_of_eq_7_to_9() {
    let device = Device::flex();
    let disc: Vec<f32> =
        (0..64 * 64).map(|i| ((15.0 - distance(i, 34.0, 28.0)) / 10.0).clamp(-1.0, 1.0) as f32).collect();
    let waves =
        |k: f32| -> Vec<f32> { (0..64 * 64).map(|i| (k * (i % 64) as f32 + (i / 64) as f32 / k).sin()).collect() };
    for features in [vec![noisy_disc()], vec![noisy_disc(), waves(0.2), waves(0.31)]] {
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let mut plain = Plain {
            size: [64, 64],
            phi: wide(&disc),
            features: features.iter().map(|f| wide(f)).collect(),
            weights: [1.1, 0.9, 0.3],
            epsilon: 0.4,
            dt: 0.7,
        };
        let hyper = Hyperparameters::constant(plain.weights, plain.epsilon, plain.dt, 10, &device);
        let states = evolve(map(&disc, 64, 64), map(&features.concat(), 64, 64), &hyper);
        let mut greatest = 0.0f64;
        for state in &states[1..] {
            plain.step();
            let found = values(state.clone());
            let difference = found.iter().zip(&plain.phi).map(|(f, e)| (f64::from(*f) - e).abs()).fold(0.0, f64::max);
            greatest = greatest.max(difference);
        }
        println!("{} features: {greatest:.1e} after 10 steps", features.len());
        // Where the truncated φ is flat the direction of ∇φ divides its rounding by a thousandth.
        assert!(greatest < 5e-5, "{} features: off by {greatest:e}", features.len());
        let moved = plain.phi.iter().zip(&disc).filter(|(a, b)| (**a > 0.0) != (**b > 0.0)).count();
        assert!(moved > 100, "the contour hardly moved: {moved} pixels");
    }
}

#[test]
fn on_the_image_itself_it_is_chan_vese_up_to_sobels_stencils() {
    let (image, device) = (noisy_disc(), Device::flex());
    let grid = Grid { size: [64, 64, 1], spacing_mm: [1.0; 3] };
    let start: Vec<f32> = (0..64 * 64).map(|i| (distance(i, 36.0, 28.0) - 12.0) as f32).collect();
    let mut params = LevelSetParams::preset(Method::ChanVese);
    // A wide δ, so that both arrive within the steps; a μ that outweighs single noisy pixels, whose fate would hang on
    // the stencil.
    params.chan_vese.epsilon_mm = 3.0;
    params.chan_vese.mu = 0.2;
    let (steps, chan_vese) = (3000, params.chan_vese);
    let mut solver = CpuStepper::new(grid, Fields::Intensity(image.clone()), params, &start).unwrap();
    solver.advance(steps).unwrap();
    let weights = [chan_vese.lambda1, chan_vese.lambda2, chan_vese.mu].map(f64::from);
    let epsilon = f64::from(chan_vese.epsilon_mm);
    let hyper = Hyperparameters::constant(weights, epsilon, solver.dt(), steps as usize, &device);
    let tsdf: Vec<f32> = start.iter().map(|v| -v).collect();
    let last = evolve(map(&tsdf, 64, 64), map(&image, 64, 64), &hyper).pop().unwrap();
    let found: Vec<bool> = values(last).iter().map(|&v| v > 0.0).collect();
    let expected: Vec<bool> = solver.phi().unwrap().iter().map(|&v| v < 0.0).collect();
    let truth: Vec<bool> = (0..64 * 64).map(|i| distance(i, 30.0, 33.0) < 18.0).collect();
    let agreement = Overlap::of(&found, &expected).dice().unwrap();
    let [with_truth, engine, before] =
        [&found, &expected, &start.iter().map(|v| *v < 0.0).collect()].map(|m| Overlap::of(m, &truth).dice().unwrap());
    println!(
        "Dice with the engine {agreement:.4}; with the truth {with_truth:.4} (engine {engine:.4}, start {before:.4})"
    );
    assert!(before < 0.8, "the start was right already");
    assert!(agreement >= 0.98, "Dice with the engine's contour {agreement}");
    assert!(with_truth >= 0.97, "Dice with the disc {with_truth}");
}

#[test]
fn states_and_gradients_of_the_evolution_are_those_of_pytorch() {
    let (device, fixture) = (Device::flex().autodiff(), golden("deep_chan_vese/evolve.json"));
    let [n, c, h, w] = [0, 1, 2, 3].map(|i| count(&fixture["size"][i]));
    let phi0 = tensor(&fixture["phi0"], [n, 1, h, w], &device).require_grad();
    let features = tensor(&fixture["features"], [n, c, h, w], &device).require_grad();
    let logits = tensor(&fixture["logits"], [n, 9, 1, 1], &device).require_grad();
    let states = evolve(phi0.clone(), features.clone(), &Hyperparameters::from_logits(logits.clone()));
    for (found, expected) in states[1..].iter().zip(fixture["states"].as_array().unwrap()) {
        let error = relative_error(&values(found.clone()), &numbers(expected));
        assert!(error < 1e-5, "phi off by {error:e}");
    }
    let loss = states[1..].iter().map(|s| s.clone().square().mean()).reduce(|a, b| a + b).unwrap();
    let gradients = loss.backward();
    for (name, input) in [("phi0", phi0), ("features", features), ("logits", logits)] {
        let error = relative_error(&values(input.grad(&gradients).unwrap()), &numbers(&fixture["gradients"][name]));
        println!("gradient of {name}: {error:.1e}");
        assert!(error < 1e-4, "gradient of {name} off by {error:e}");
    }
}

fn small() -> DeepChanVeseConfig {
    DeepChanVeseConfig { features: 4, backbone: 16, dilations: vec![1, 2], ..DeepChanVeseConfig::default() }
}

#[test]
fn the_network_is_its_pytorch_twin() {
    let device = Device::flex().autodiff();
    let config = NetworkConfig::DeepChanVese(small());
    let network = golden_network("../deep_chan_vese/net", &config, 1, 2, &device);
    let expected = Golden::read("../deep_chan_vese/net");
    let image = expected.tensor("image", &device);
    let Network::DeepChanVese(module) = &network else { unreachable!("the configuration's architecture") };
    for (step, phi) in module.forward_steps(image.clone(), None).into_iter().enumerate() {
        let error = relative_error(&values(phi), &expected.values(&format!("phi{step}")));
        println!("step {step}: {error:.1e}");
        assert!(error < 2e-5, "step {step}: phi off by {error:e}");
    }
    let drawn = Some(expected.tensor("drawn", &device));
    let error = relative_error(&values(module.forward(image.clone(), drawn)), &expected.values("phi_drawn"));
    assert!(error < 2e-5, "from a drawn contour: phi off by {error:e}");
    let input = Input { image, start: None };
    let (_, gradients) = network
        .loss_gradients(input, &SolverParams::default(), GradientMethod::default(), |phi| phi.square().mean())
        .unwrap();
    let found = gradients_by_name(&network, &gradients);
    let mut compared = 0;
    for (name, expected) in expected.gradients() {
        let error = relative_error(&found[&name], &expected);
        assert!(error < 5e-4, "gradient of {name} off by {error:e}");
        compared += 1;
    }
    assert_eq!(compared, found.len());
}

#[test]
fn any_size_goes_through_and_all_hyperparameters_start_at_one() {
    let device = Device::flex();
    let network = small().init(3, 2, &device);
    let image = Tensor::random([2, 3, 21, 30], Distribution::Uniform(-1.0, 1.0), &device);
    let steps = network.forward_steps(image.clone(), None);
    assert_eq!(steps.len(), 4);
    assert!(steps.iter().all(|phi| phi.dims() == [2, 2, 21, 30]));
    assert_eq!(values(network.forward(image, None)), values(steps[3].clone()));
    let hyper = Hyperparameters::from_logits(Tensor::zeros([2, 9, 1, 1], &device));
    assert_eq!((hyper.epsilon.len(), hyper.dt.len()), (3, 3));
    for value in [hyper.lambda1, hyper.lambda2, hyper.mu].into_iter().chain(hyper.epsilon).chain(hyper.dt) {
        assert_eq!(values(value), [1.0, 1.0]);
    }
}

#[test]
fn a_drawn_contour_is_truncated_and_keeps_its_side() {
    let device = Device::flex();
    let network = small().init(1, 1, &device);
    let start: Vec<f32> = (0..64 * 64).map(|i| ((distance(i, 30.0, 33.0) - 15.0) / 5.0) as f32).collect();
    let steps = network.forward_steps(map(&noisy_disc(), 64, 64), Some(map(&start, 64, 64)));
    let expected: Vec<f32> = start.iter().map(|v| v.clamp(-1.0, 1.0)).collect();
    assert_eq!(values(steps[0].clone()), expected);
}

#[test]
fn sizes_that_no_network_has_are_refused() {
    assert_eq!(DeepChanVeseConfig::default().check(), Ok(()));
    let refused = |config: DeepChanVeseConfig| config.check().unwrap_err().field;
    assert_eq!(refused(DeepChanVeseConfig { steps: 0, ..small() }), "steps");
    assert_eq!(refused(DeepChanVeseConfig { backbone: 7, ..small() }), "backbone");
    assert_eq!(refused(DeepChanVeseConfig { dilations: vec![1, 0], ..small() }), "dilations");
    assert_eq!(refused(DeepChanVeseConfig { loss_weights: [-1.0, 5.0], ..small() }), "loss_weights");
}

#[test]
fn training_brings_the_contour_to_the_disc() {
    let device = Device::flex().autodiff();
    device.seed(4);
    let phi_mm: Vec<f32> = (0..64 * 64).map(|i| (distance(i, 30.0, 33.0) - 18.0) as f32).collect();
    let tensor = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, [1, 1, 64, 64]), &device);
    let truth = Target {
        phi_band: tensor(phi_mm.iter().map(|d| d / 5.0).collect()),
        inside: tensor(phi_mm.iter().map(|d| f32::from(*d < 0.0)).collect()),
        mask: None,
        organ_weights: None,
    };
    let image = tensor(noisy_disc().iter().map(|v| 2.0 * v - 1.0).collect());
    let mut network = NetworkConfig::DeepChanVese(small()).init(1, 1, &device);
    let (solver, mut optimizer, mut losses) = (SolverParams::default(), AdamConfig::new().init(), Vec::new());
    for _ in 0..80 {
        let input = Input { image: image.clone(), start: None };
        let (loss, gradients) = network
            .loss_gradients(input, &solver, GradientMethod::default(), |phi| LossConfig::tsdf().value(phi, &truth))
            .unwrap();
        losses.push(loss);
        network = optimizer.step(0.003, network, gradients);
    }
    let output = network.predict(Input { image, start: None }, &solver).unwrap();
    let found: Vec<bool> = values(output.phi_band).iter().map(|&v| v < 0.0).collect();
    let expected: Vec<bool> = phi_mm.iter().map(|&v| v < 0.0).collect();
    let dice = Overlap::of(&found, &expected).dice().unwrap();
    println!("loss {:.3} -> {:.3}, Dice {dice:.3}", losses[0], losses[79]);
    assert!(dice > 0.95, "Dice {dice}; losses {losses:?}");
}
