//! The networks: equal to their PyTorch twins on random weights, the identity before training, gradients of all three
//! methods, and refusals of what does not fit.

use burn::tensor::{Device, Distribution, Tensor};
use std::ops::ControlFlow;
use zeroset_engine::models::{
    ARCHITECTURES, GradientMethod, Input, ModelError, Network, NetworkConfig, NodeContourConfig, NodeImageConfig,
    NodeStackConfig, UNetConfig, Upsampling,
};
use zeroset_engine::nn::{self, Activation, AsppConfig, ConvBlockConfig, SqueezeExcitationConfig};
use zeroset_engine::ode::gradient::Dynamics;
use zeroset_engine::ode::{Controller, Outcome, Scheme, SolverParams, solve};
use zeroset_tests::networks::{Golden, golden_network, gradients_by_name, load_layer, relative_error, values};

/// Relative to the greatest element: f32 with sums in another order than PyTorch's, through some ten layers.
const FORWARD: f32 = 2e-5;
const GRADIENT: f32 = 2e-4;

fn assert_close(found: Tensor<4>, golden: &Golden, name: &str, tolerance: f32) {
    let error = relative_error(&values(found), &golden.values(name));
    assert!(error < tolerance, "{name}: relative error {error:e}");
}

fn unet(channels: &[usize], stem: usize, activation: Activation, up: Upsampling) -> NetworkConfig {
    NetworkConfig::Unet(UNetConfig { channels: channels.to_vec(), stem, activation, up })
}

fn dynamics() -> UNetConfig {
    UNetConfig { channels: vec![8, 8], stem: 2, activation: Activation::Silu, up: Upsampling::Nearest }
}

fn contour() -> NetworkConfig {
    NetworkConfig::NodeContour(NodeContourConfig { hidden: 4, dynamics: dynamics(), postnet: 5, start_limit: 4.0 })
}

fn image() -> NetworkConfig {
    NetworkConfig::NodeImage(NodeImageConfig { hidden: 6, dynamics: dynamics(), postnet: 5 })
}

fn stack() -> NetworkConfig {
    NetworkConfig::NodeStack(NodeStackConfig {
        stem: 4,
        channels: 8,
        blocks: 2,
        groups: 2,
        reduction: 4,
        rates: vec![1, 2],
        pyramid: 6,
        activation: Activation::Silu,
    })
}

/// The solver of the goldens: steps as torchdiffeq chooses them.
fn torchdiffeq() -> SolverParams {
    SolverParams { first_step: Some(0.05), controller: Controller::Proportional, ..SolverParams::adaptive(1e-4) }
}

fn rk4() -> SolverParams {
    SolverParams::fixed(Scheme::Rk4, 4)
}

fn random(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn mean_square(phi: Tensor<4>) -> Tensor<1> {
    phi.square().mean()
}

#[test]
fn layers_equal_pytorch() {
    let device = Device::flex();
    let golden = Golden::read("conv_block");
    let block = ConvBlockConfig { inputs: 3, outputs: 12, activation: Activation::Silu }.init(&device);
    assert_close(load_layer("conv_block", block).forward(golden.tensor("x", &device)), &golden, "y", FORWARD);

    let golden = Golden::read("squeeze_excitation");
    let layer = SqueezeExcitationConfig { channels: 12, reduction: 4 }.init(&device);
    assert_close(load_layer("squeeze_excitation", layer).forward(golden.tensor("x", &device)), &golden, "y", FORWARD);

    let golden = Golden::read("aspp");
    let layer = AsppConfig { inputs: 8, outputs: 6, rates: vec![1, 2, 3], activation: Activation::Relu }.init(&device);
    assert_close(load_layer("aspp", layer).forward(golden.tensor("x", &device)), &golden, "y", FORWARD);
}

#[test]
fn scales_equal_pytorch() {
    let device = Device::flex();
    let golden = Golden::read("scale");
    let x = || golden.tensor("x", &device);
    assert_close(nn::max_pool2(x()), &golden, "max_pool", 1e-7);
    assert_close(nn::upsample2(x()), &golden, "upsample", 1e-7);
    assert_close(nn::resize_bilinear(x(), [15, 9]), &golden, "bilinear", 1e-6);
    assert_close(nn::space_to_depth(x(), 2), &golden, "space_to_depth", 1e-7);
    let fourfold = Tensor::cat(vec![x(), x(), x(), x()], 1);
    assert_close(nn::depth_to_space(fourfold, 2), &golden, "depth_to_space", 1e-7);
    assert_close(nn::pad_to_multiple(x(), 5), &golden, "padded", 1e-7);
}

#[test]
fn unets_equal_pytorch() {
    let device = Device::flex();
    for (name, config, channels) in [
        ("unet", unet(&[6, 8, 12], 2, Activation::Relu, Upsampling::Nearest), 1),
        ("unet_plain", unet(&[8, 8], 1, Activation::Silu, Upsampling::Bilinear), 3),
        ("unet_stem4", unet(&[8, 10], 4, Activation::Relu, Upsampling::Nearest), 1),
    ] {
        let golden = Golden::read(name);
        let network = golden_network(name, &config, channels, 2, &device);
        let input = Input { image: golden.tensor("image", &device), start: None };
        let output = network.predict(input, &SolverParams::default()).unwrap();
        assert!(output.solver.is_none());
        assert_close(output.phi_band, &golden, "phi", FORWARD);
    }
}

#[test]
fn node_networks_equal_pytorch_and_torchdiffeq() {
    let device = Device::flex();
    for (name, config, channels, organs) in
        [("node_contour", contour(), 1, 2), ("node_image", image(), 3, 1), ("node_stack", stack(), 1, 2)]
    {
        let golden = Golden::read(name);
        let network = golden_network(name, &config, channels, organs, &device);
        let input = || Input {
            image: golden.tensor("image", &device),
            start: config.needs_start().then(|| golden.tensor("start", &device)),
        };
        let fixed = network.predict(input(), &rk4()).unwrap();
        assert_close(fixed.phi_band, &golden, "phi_rk4", FORWARD);
        let solves = if name == "node_stack" { 2 } else { 1 };
        assert_eq!(fixed.solver.unwrap().1.evaluations, solves * 16, "{name}");

        let adaptive = network.predict(input(), &torchdiffeq()).unwrap();
        let (outcome, stats) = adaptive.solver.unwrap();
        assert_eq!(outcome, Outcome::Done, "{name}");
        assert_eq!(stats.evaluations as f32, golden.values("evaluations")[0], "{name}");
        assert_close(adaptive.phi_band, &golden, "phi_dopri5", 1e-4);
    }
}

/// Compares all gradients of mean(φ²) with the golden ones.
fn check_gradients(name: &str, config: &NetworkConfig, method: GradientMethod, solver: &SolverParams, tolerance: f32) {
    let device = Device::flex().autodiff();
    let golden = Golden::read(name);
    let network = golden_network(name, config, 1, 2, &device);
    let input = Input {
        image: golden.tensor("image", &device),
        start: config.needs_start().then(|| golden.tensor("start", &device)),
    };
    let (loss, gradients) = network.loss_gradients(input, solver, method, mean_square).unwrap();
    let phi = golden.values(if config.solves() { "phi_rk4" } else { "phi" });
    let expected = phi.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / phi.len() as f64;
    assert!((loss / expected - 1.0).abs() < 1e-4, "{name}: loss {loss}, expected {expected}");
    let found = gradients_by_name(&network, &gradients);
    let mut compared = 0;
    for (path, expected) in golden.gradients() {
        let gradient = found.get(&path).unwrap_or_else(|| panic!("{name}: no gradient of {path}"));
        let error = relative_error(gradient, &expected);
        assert!(error < tolerance, "{name} {method:?}: {path}: relative error {error:e}");
        compared += 1;
    }
    assert_eq!(compared, found.len(), "{name}: gradients of other parameters");
}

#[test]
fn gradients_of_a_unet_equal_pytorch() {
    let config = unet(&[6, 8, 12], 2, Activation::Relu, Upsampling::Nearest);
    check_gradients("unet", &config, GradientMethod::default(), &SolverParams::default(), GRADIENT);
}

#[test]
fn gradients_through_the_solver_equal_pytorch() {
    for (name, config) in [("node_contour", contour()), ("node_stack", stack())] {
        for method in [GradientMethod::Backprop, GradientMethod::Checkpointed] {
            check_gradients(name, &config, method, &rk4(), GRADIENT);
        }
    }
}

#[test]
fn adjoint_gradients_approach_those_through_the_solver() {
    // The golden is the gradient of four RK4 steps, this that of the exact solution: they differ by the steps' error.
    check_gradients("node_contour", &contour(), GradientMethod::Adjoint, &SolverParams::adaptive(1e-5), 2e-2);
}

#[test]
fn an_untrained_contour_network_returns_its_start() {
    let device = Device::flex();
    for solver in [SolverParams::default(), rk4(), SolverParams::fixed(Scheme::Euler, 3)] {
        let network = NetworkConfig::NodeContour(NodeContourConfig::default()).init(1, 2, &device);
        let start = random([2, 2, 22, 30], &device).clamp(-3.9, 3.9);
        let input = Input { image: random([2, 1, 22, 30], &device), start: Some(start.clone()) };
        let output = network.predict(input, &solver).unwrap();
        assert_eq!(values(output.phi_band), values(start), "{solver:?}");
    }
}

#[test]
fn a_start_far_from_the_contour_is_cut() {
    let device = Device::flex();
    let network = contour().init(1, 1, &device);
    let start = Tensor::<4>::from_data([[[[-90.0, -4.0, -1.0, 0.0], [0.5, 4.0, 5.0, 1e6]]]], &device);
    let input = Input { image: Tensor::zeros([1, 1, 2, 4], &device), start: Some(start) };
    let found = values(network.predict(input, &rk4()).unwrap().phi_band);
    assert_eq!(found, [-4.0, -4.0, -1.0, 0.0, 0.5, 4.0, 4.0, 4.0]);
}

#[test]
fn step_by_step_gives_what_predict_gives() {
    let device = Device::flex();
    let golden = Golden::read("node_contour");
    let network = golden_network("node_contour", &contour(), 1, 2, &device);
    let start = golden.tensor("start", &device);
    let input = Input { image: golden.tensor("image", &device), start: Some(start.clone()) };
    let Network::NodeContour(node) = &network else { panic!("another architecture") };
    let state = node.start_state(&input);
    assert_eq!(values(node.phi(&state, [14, 12])), values(start.clamp(-4.0, 4.0)));
    let mut steps = 0;
    let rate = |t, state: &Tensor<4>| node.dynamics().rate(t, state.clone());
    let solution = solve(rate, state, [0.0, 1.0], &rk4(), |step| {
        assert_eq!(node.phi(step.state, [14, 12]).dims(), [2, 2, 14, 12]);
        steps += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(steps, 4);
    let whole = network.predict(input, &rk4()).unwrap().phi_band;
    assert_eq!(values(node.finish(solution.state, [14, 12])), values(whole));
}

#[test]
fn predictions_keep_no_graph() {
    let device = Device::flex().autodiff();
    for name in ARCHITECTURES {
        let network = NetworkConfig::preset(name).unwrap().init(1, 1, &device);
        let image = random([1, 1, 16, 16], &device);
        let input = Input { image: image.clone(), start: Some(image) };
        let phi = network.predict(input, &SolverParams::fixed(Scheme::Euler, 1)).unwrap().phi_band;
        assert!(!phi.is_autodiff() && phi.dims() == [1, 1, 16, 16], "{name}");
    }
}

#[test]
fn every_weight_learns_after_the_first_step() {
    // A zero last layer lets nothing behind it learn in the first step; with any other weight there all must.
    let device = Device::flex().autodiff();
    for name in ARCHITECTURES {
        let config = NetworkConfig::preset(name).unwrap();
        let network = perturbed(config.init(1, 1, &device));
        let image = random([1, 1, 32, 32], &device);
        let input = Input { image: image.clone(), start: Some(image) };
        let solver = SolverParams::fixed(Scheme::Midpoint, 2);
        let (_, gradients) = network.loss_gradients(input, &solver, GradientMethod::Checkpointed, mean_square).unwrap();
        let found = gradients_by_name(&network, &gradients);
        for (path, gradient) in found {
            assert!(gradient.iter().any(|g| *g != 0.0), "{name}: {path} has no gradient");
        }
    }
}

/// Every weight moved a little.
fn perturbed(network: Network) -> Network {
    use burn::module::{Module, ModuleMapper, Param};
    struct Perturb;
    impl ModuleMapper for Perturb {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| {
                let value = value.inner();
                let noise = value.random_like(Distribution::Normal(0.0, 0.05));
                (value + noise).autodiff().require_grad()
            })
        }
    }
    network.map(&mut Perturb)
}

#[test]
fn presets_have_the_stated_numbers_of_parameters() {
    let device = Device::flex();
    for (name, stated) in [("unet", 0.48e6), ("node-contour", 0.12e6), ("node-image", 0.12e6), ("node-stack", 0.18e6)] {
        let config = NetworkConfig::preset(name).unwrap();
        assert_eq!(config.name(), name);
        config.check().unwrap();
        let network = config.init(1, 1, &device);
        let found = network.parameters() as f64;
        assert!((found / stated - 1.0).abs() < 0.1, "{name}: {found} parameters");
        assert_eq!(network.name(), name);
        assert_eq!(network.channels(), [1, 1]);
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let network = contour().init(3, 2, &device);
    let image = || Tensor::<4>::zeros([1, 3, 8, 8], &device);
    let refused = |image, start| network.predict(Input { image, start }, &rk4()).unwrap_err();
    assert_eq!(refused(Tensor::zeros([1, 1, 8, 8], &device), None), ModelError::Channels { expected: 3, found: 1 });
    assert_eq!(refused(image(), None), ModelError::NoStart { network: "node-contour" });
    assert_eq!(
        refused(image(), Some(Tensor::zeros([1, 2, 8, 9], &device))),
        ModelError::Start { expected: [1, 2, 8, 8], found: [1, 2, 8, 9] }
    );
}

#[test]
fn a_solver_that_stops_early_is_told() {
    let device = Device::flex().autodiff();
    let golden = Golden::read("node_image");
    let network = golden_network("node_image", &image(), 3, 1, &device);
    let input = || Input { image: golden.tensor("image", &device), start: None };
    let solver = SolverParams { max_steps: 1, ..torchdiffeq() };
    let output = network.predict(input(), &solver).unwrap();
    assert_eq!(output.solver.unwrap().0, Outcome::MaxSteps);
    for method in [GradientMethod::Backprop, GradientMethod::Checkpointed, GradientMethod::Adjoint] {
        let error = network.loss_gradients(input(), &solver, method, mean_square).unwrap_err();
        assert_eq!(error, ModelError::Solver { network: "node-image", outcome: Outcome::MaxSteps });
    }
}

#[test]
fn impossible_sizes_are_refused_by_name() {
    let named = |config: NetworkConfig| config.check().unwrap_err().to_string();
    let plain = |channels: &[usize], stem| unet(channels, stem, Activation::Relu, Upsampling::Nearest);
    assert!(named(plain(&[], 1)).starts_with("network.channels: found []"));
    assert!(named(plain(&[8, 0], 1)).starts_with("network.channels: found [8, 0]"));
    assert_eq!(named(plain(&[8], 3)), "network.stem: found 3, expected 1, 2 or 4");
    let bad = NodeContourConfig { dynamics: UNetConfig { stem: 5, ..dynamics() }, ..NodeContourConfig::default() };
    assert_eq!(named(NetworkConfig::NodeContour(bad)), "network.dynamics.stem: found 5, expected 1, 2 or 4");
    let bad = NodeContourConfig { start_limit: f64::NAN, ..NodeContourConfig::default() };
    assert!(named(NetworkConfig::NodeContour(bad)).starts_with("network.start_limit: found NaN"));
    let bad = NodeStackConfig { groups: 5, ..NodeStackConfig::default() };
    assert_eq!(named(NetworkConfig::NodeStack(bad)), "network.groups: found 5, expected a divisor of the 64 channels");
}

#[test]
fn configurations_are_read_by_architecture() {
    let read = |text: &str| serde_json::from_str::<NetworkConfig>(text);
    let config = read(r#"{"architecture": "node-contour", "hidden": 12, "dynamics": {"channels": [8, 16]}}"#).unwrap();
    let NetworkConfig::NodeContour(contour) = &config else { panic!("{config:?}") };
    assert_eq!((contour.hidden, contour.dynamics.channels.as_slice(), contour.postnet), (12, &[8, 16][..], 16));
    assert_eq!(config.multiple(), 4);
    assert!(read(r#"{"architecture": "node-contour", "widen": 12}"#).unwrap_err().to_string().contains("widen"));
    for name in ARCHITECTURES {
        let config = read(&format!(r#"{{"architecture": "{name}"}}"#)).unwrap();
        assert_eq!(config, NetworkConfig::preset(name).unwrap());
    }
}

#[test]
fn untrained_networks_say_outside() {
    let device = Device::flex();
    for (name, organs) in [("unet", 2), ("node-image", 1), ("node-stack", 3)] {
        // A single network may by chance say something else; most must not.
        let outside = (0..8).flat_map(|_| {
            let network = NetworkConfig::preset(name).unwrap().init(1, organs, &device);
            let input = Input { image: random([1, 1, 32, 32], &device), start: None };
            values(network.predict(input, &rk4()).unwrap().phi_band)
        });
        let outside: Vec<bool> = outside.map(|phi| phi > 0.0).collect();
        let share = outside.iter().filter(|outside| **outside).count() as f64 / outside.len() as f64;
        assert!(share > 0.8, "{name}: {share} of the pixels are outside");
    }
}

#[test]
fn pixels_of_a_square_start_alike() {
    let device = Device::flex();
    let config = unet(&[8, 8], 2, Activation::Relu, Upsampling::Nearest);
    let input = Input { image: random([1, 1, 8, 8], &device), start: None };
    let phi = config.init(1, 2, &device).predict(input, &SolverParams::default()).unwrap().phi_band;
    let corner = nn::space_to_depth(phi.clone(), 2).slice([0..1, 0..1]);
    let other = nn::space_to_depth(phi, 2).slice([0..1, 3..4]);
    assert_eq!(values(corner), values(other));
}
