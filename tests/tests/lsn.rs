//! The level set network: the solver step for step, its PyTorch twin, and what it learns.

use burn::module::Param;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;
use zeroset_engine::Geometry;
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::speed::EdgeOptions;
use zeroset_engine::levelset::{Fields, LevelSetParams, Method, SpeedField, Stepper, phi::grid_of};
use zeroset_engine::loss::{LossConfig, Target};
use zeroset_engine::models::lsn::{Curvature, Initial, Lsn, LsnConfig, LsnLayer, Start, TimeStep};
use zeroset_tests::networks::{relative_error, values};
use zeroset_tests::numbers::{count, golden, numbers, tensor};
use zeroset_tests::shapes::waves;

const BAND_PX: f64 = 5.0;
const EDGE_SCALE: f64 = 0.15;
const WEIGHTS: [f32; 3] = [1.0, 0.2, 2.0];
const STEPS: usize = 20;

/// An image, a start of two overlapping discs, and the solver's φ after each step; all in pixels.
fn solved(alpha: f32) -> (Vec<f32>, Vec<Vec<f32>>) {
    let geometry = Geometry::aligned([48, 40, 1], [1.0; 3], [0.0; 3]).unwrap();
    let grid = grid_of(&geometry);
    let image: Vec<f32> = waves(&grid, 5).iter().map(|v| 0.5 * v).collect();
    let options = EdgeOptions { sigma_mm: 0.0, scale: EDGE_SCALE as f32, exponent: 2.0 };
    let speed = SpeedField::edge(geometry, &image, options).unwrap();
    let disc = |i: usize, x: f64, y: f64, r: f64| ((i % 48) as f64 - x).hypot((i / 48) as f64 - y) - r;
    let start: Vec<f32> =
        (0..grid.len()).map(|i| disc(i, 18.0, 20.0, 9.0).min(disc(i, 30.0, 16.0, 6.0)) as f32).collect();
    let params = LevelSetParams {
        alpha,
        curvature_exponent: 1.0,
        // Wider than the grid: no clamping, every pixel in the band.
        band_voxels: 1000.0,
        reinitialize_every: 0,
        ..LevelSetParams::preset(Method::Edge)
    };
    let mut solver = CpuStepper::new(grid, Fields::Speed(speed.g), params, &start).unwrap();
    let mut states = vec![start];
    for _ in 0..STEPS {
        solver.advance(1).unwrap();
        states.push(solver.phi().unwrap());
    }
    (image, states)
}

fn map(values: &[f32]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, 1, 40, 48]), &Device::flex())
}

fn untrained(curvature: Curvature, alpha: f32) -> Lsn {
    let config = LsnConfig {
        steps: STEPS,
        share_layers: true,
        edge_kernels: 2,
        gradient_kernels: 2,
        curvature,
        time_step: TimeStep::Stable(0.9),
        weights: [alpha, WEIGHTS[1], WEIGHTS[2]],
        edge_scale: EDGE_SCALE,
        band_px: BAND_PX,
        ..LsnConfig::default()
    };
    config.check().unwrap();
    config.init(1, 1, &Device::flex())
}

/// φ after each step in pixels.
fn run(network: &Lsn, image: &[f32], start: &[f32]) -> Vec<Vec<f32>> {
    let steps = network.forward_steps(map(image), Some(map(start) / BAND_PX));
    steps.into_iter().map(|phi| values(phi * BAND_PX)).collect()
}

fn greatest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn with_finite_difference_kernels_it_is_the_solver_step_for_step() {
    for alpha in [1.0, -1.0] {
        let (image, expected) = solved(alpha);
        let found = run(&untrained(Curvature::Compact, alpha), &image, &expected[0]);
        assert!(greatest_difference(&expected[STEPS], &expected[0]) > 1.0, "the contour hardly moved");
        for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let difference = greatest_difference(found, expected);
            // Rounding of f32 at |φ| up to 30 px, carried along.
            assert!(difference < 1e-4, "alpha {alpha}, step {step}: {difference} px");
        }
        println!("alpha {alpha}: {:.1e} px after {STEPS} steps", greatest_difference(&found[STEPS], &expected[STEPS]));
    }
}

#[test]
fn with_the_papers_curvature_it_stays_near_the_solver() {
    let (image, expected) = solved(1.0);
    let found = run(&untrained(Curvature::Divergence, 1.0), &image, &expected[0]);
    // Another discretisation of the same curvature, which reaches two pixels: equal where φ is smooth.
    let near: Vec<f32> = found[STEPS]
        .iter()
        .zip(&expected[STEPS])
        .filter(|(_, expected)| expected.abs() < 3.0)
        .map(|(found, expected)| (found - expected).abs())
        .collect();
    let mean = near.iter().sum::<f32>() / near.len() as f32;
    println!("papers' curvature: mean {mean:.3} px on the band after {STEPS} steps");
    assert!(mean > 1e-4 && mean < 0.1, "{mean} px");
}

fn parameter<const D: usize>(value: &Value, shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(value, shape, device))
}

fn twin(case: &Value, device: &Device) -> Lsn {
    let (channels, edges, gradients) =
        (count(&case["channels"]), count(&case["edge_kernels"]), count(&case["gradient_kernels"]));
    let compact = case["curvature"] == "compact";
    let config = LsnConfig {
        steps: count(&case["steps"]),
        share_layers: case["share_layers"].as_bool().unwrap(),
        edge_kernels: edges,
        gradient_kernels: gradients,
        curvature: if compact { Curvature::Compact } else { Curvature::Divergence },
        time_step: case["stable"].as_f64().map_or(TimeStep::Fixed(1.0), TimeStep::Stable),
        band_px: case["band_px"].as_f64().unwrap(),
        ..LsnConfig::default()
    };
    let mut network = config.init(channels, 1, device);
    for (layer, stored) in network.layers.iter_mut().zip(case["layers"].as_array().unwrap()) {
        let value = &stored["values"];
        *layer = LsnLayer {
            edge: parameter(&value["edge"], [edges, channels, 3, 3], device),
            one_sided: parameter(&value["one_sided"], [4, 1, 3, 3], device),
            gradient: parameter(&value["gradient"], [gradients, 1, 3, 3], device),
            curvature: parameter(
                &value["curvature"],
                if compact { [3, 1, 3, 3] } else { [1, gradients, 3, 3] },
                device,
            ),
            weights: parameter(&value["weights"], [3], device),
        };
    }
    network
}

#[test]
fn states_and_gradients_are_those_of_the_pytorch_twin() {
    let device = Device::flex().autodiff();
    for case in golden("lsn/lsn.json").as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let [n, h, w] = [0, 1, 2].map(|i| count(&case["size"][i]));
        let network = twin(case, &device);
        let image = tensor(&case["image"], [n, count(&case["channels"]), h, w], &device);
        let start = tensor(&case["start"], [n, 1, h, w], &device).require_grad();
        let states = network.forward_steps(image, Some(start.clone()));
        for (found, expected) in states[1..].iter().zip(case["states"].as_array().unwrap()) {
            let error = relative_error(&values(found.clone()), &numbers(expected));
            assert!(error < 1e-5, "{name}: phi off by {error:e}");
        }
        let gradients = states.last().unwrap().clone().square().sum().backward();
        let check = |what: &str, found: Vec<f32>, expected: &Value| {
            let error = relative_error(&found, &numbers(expected));
            println!("{name}, {what}: {error:.1e}");
            assert!(error < 1e-4, "{name}: gradient of {what} off by {error:e} of its greatest value");
        };
        check("start", values(start.grad(&gradients).unwrap()), &case["start_gradient"]);
        for (layer, stored) in network.layers.iter().zip(case["layers"].as_array().unwrap()) {
            let expected = &stored["gradients"];
            for (what, param) in [
                ("edge", &layer.edge),
                ("one_sided", &layer.one_sided),
                ("gradient", &layer.gradient),
                ("curvature", &layer.curvature),
            ] {
                check(what, values(param.val().grad(&gradients).unwrap()), &expected[what]);
            }
            check("weights", values(layer.weights.val().grad(&gradients).unwrap()), &expected["weights"]);
        }
    }
}

#[test]
fn organs_have_kernels_and_contours_of_their_own() {
    let device = Device::flex();
    let config =
        LsnConfig { steps: 2, initial: Initial::Normal, time_step: TimeStep::Stable(0.5), ..LsnConfig::default() };
    let network = config.init(1, 2, &device);
    assert_eq!((network.channels(), network.layers.len()), ([1, 2], 4));
    let image = Tensor::<4>::random([3, 1, 16, 20], burn::tensor::Distribution::Uniform(-1.0, 1.0), &device);
    let phi = network.forward(image.clone(), None);
    assert_eq!(phi.dims(), [3, 2, 16, 20]);
    let organs: Vec<Vec<f32>> = (0..2).map(|organ| values(phi.clone().narrow(1, organ, 1))).collect();
    assert!(greatest_difference(&organs[0], &organs[1]) > 1e-3);
    // The second organ alone, with its own layers.
    let mut alone = config.init(1, 1, &device);
    alone.layers = network.layers[2..].to_vec();
    assert_eq!(values(alone.forward(image, None)), organs[1]);
}

#[test]
fn start_contours() {
    let device = Device::flex();
    let disc = LsnConfig { start: Start::Disc(0.25), ..LsnConfig::default() }.start([2, 1, 33, 41], &device);
    let phi = values(disc);
    assert_eq!(phi[16 * 41 + 20], (-0.25 * 33.0 / 5.0) as f32);
    assert_eq!(phi[..33 * 41], phi[33 * 41..]);
    let uniform = |rng_seed| {
        values(LsnConfig { start: Start::Uniform { rng_seed }, ..LsnConfig::default() }.start([1, 1, 8, 8], &device))
    };
    assert_eq!(uniform(3), uniform(3));
    assert_ne!(uniform(3), uniform(4));
    assert!(uniform(3).iter().all(|v| (-1.0..1.0).contains(v)));
}

#[test]
fn sizes_that_no_network_has_are_refused() {
    assert_eq!(LsnConfig::default().check(), Ok(()));
    let refused = |config: LsnConfig| config.check().unwrap_err().field;
    assert_eq!(refused(LsnConfig { steps: 0, ..LsnConfig::default() }), "steps");
    assert_eq!(refused(LsnConfig { gradient_kernels: 1, ..LsnConfig::default() }), "gradient_kernels");
    assert_eq!(refused(LsnConfig { time_step: TimeStep::Fixed(0.0), ..LsnConfig::default() }), "time_step");
    assert_eq!(refused(LsnConfig { weights: [1.0, f32::NAN, 0.0], ..LsnConfig::default() }), "weights");
}

#[test]
fn training_brings_the_contour_to_a_bright_disc() {
    let device = Device::flex().autodiff();
    device.seed(11);
    let distance: Vec<f32> =
        (0..32 * 32).map(|i| ((i % 32) as f32 - 15.5).hypot((i / 32) as f32 - 15.5) - 9.0).collect();
    let tensor = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, [1, 1, 32, 32]), &device);
    let image = tensor(distance.iter().map(|d| -(d / 1.5).tanh() * 0.8).collect());
    let truth = Target {
        phi_band: tensor(distance.iter().map(|d| d / 5.0).collect()),
        inside: tensor(distance.iter().map(|d| f32::from(*d < 0.0)).collect()),
        mask: None,
        organ_weights: None,
    };
    let config = LsnConfig { edge_kernels: 4, gradient_kernels: 4, start: Start::Disc(0.2), ..LsnConfig::default() };
    let mut network = config.init(1, 1, &device);
    let mut optimizer = AdamConfig::new().init();
    let mut losses = Vec::new();
    for _ in 0..60 {
        let loss = LossConfig::Dice.value(network.forward(image.clone(), None), &truth);
        losses.push(loss.clone().into_scalar::<f64>());
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(0.02, network, gradients);
    }
    println!("Dice loss {:.3} -> {:.3}", losses[0], losses[59]);
    assert!(losses[59] < 0.25 * losses[0], "{losses:?}");
}
