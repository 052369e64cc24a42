//! Gradients through a solution: adjoint = checkpointed = one graph over all steps = finite differences, in f64.

use burn::module::{Module, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData, activation};
use rand::{RngExt, SeedableRng};
use std::ops::ControlFlow;
use zeroset_engine::ode::gradient::{
    Differentiation, Dynamics, OdeTape, backward_adjoint, backward_checkpointed, solve_forward,
};
use zeroset_engine::ode::{Outcome, Scheme, SolverParams, solve_on_grid};

const STATE: [usize; 4] = [2, 1, 3, 4];
const HIDDEN: usize = 5;
/// Shapes of the parameters of a [`Field`].
const SHAPES: [[usize; 4]; 4] = [[1, 1, 4, HIDDEN], [1, 1, 1, HIDDEN], [1, 1, 1, HIDDEN], [1, 1, HIDDEN, 4]];
const SPAN: [f64; 2] = [0.2, 1.1];

/// dy/dt = tanh(y W₁ + t u + b) W₂ along the last axis.
#[derive(Module, Debug)]
struct Field {
    inner: Param<Tensor<4>>,
    time: Param<Tensor<4>>,
    bias: Param<Tensor<4>>,
    outer: Param<Tensor<4>>,
}

impl Dynamics for Field {
    fn rate(&self, t: f64, state: Tensor<4>) -> Tensor<4> {
        let drive = self.time.val().mul_scalar(t) + self.bias.val();
        activation::tanh(state.matmul(self.inner.val()) + drive).matmul(self.outer.val())
    }
}

impl Field {
    fn new(values: &[f64], device: &Device) -> Self {
        let mut from = 0;
        let [inner, time, bias, outer] = SHAPES.map(|shape| {
            let count: usize = shape.iter().product();
            from += count;
            Param::from_tensor(tensor(&values[from - count..from], shape, device))
        });
        Self { inner, time, bias, outer }
    }

    fn ids(&self) -> [ParamId; 4] {
        [self.inner.id, self.time.id, self.bias.id, self.outer.id]
    }

    fn gradient(&self, gradients: &GradientsParams) -> Vec<f64> {
        self.ids().into_iter().flat_map(|id| values(gradients.get::<4>(id).expect("a gradient"))).collect()
    }
}

fn tensor(values: &[f64], shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, DType::F64))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_to_vec::<f64>().expect("f64")
}

fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-0.9..0.9)).collect()
}

fn parameter_count() -> usize {
    SHAPES.iter().map(|shape| shape.iter().product::<usize>()).sum()
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let most = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("{what}: {:.1e} of the greatest", most / scale);
    assert!(scale > 1e-3 && most <= tolerance * scale, "{what}: {found:?} instead of {expected:?}");
}

/// ½ Σ w y², whose gradient is w y.
fn loss(end: Tensor<4>, weights: &Tensor<4>) -> Tensor<1> {
    (end.clone() * end * weights.clone()).sum().mul_scalar(0.5)
}

struct Case {
    field: Field,
    start: Tensor<4>,
    weights: Tensor<4>,
    parameters: Vec<f64>,
    start_values: Vec<f64>,
}

fn case() -> Case {
    let device = Device::flex();
    let (parameters, start_values) = (random(parameter_count(), 3), random(24, 4));
    Case {
        field: Field::new(&parameters, &device.clone().autodiff()),
        start: tensor(&start_values, STATE, &device),
        weights: tensor(&random(24, 5), STATE, &device),
        parameters,
        start_values,
    }
}

/// dL/dstart and dL/dθ from one graph over all steps.
fn one_graph(case: &Case, times: &[f64], scheme: Scheme) -> (Vec<f64>, Vec<f64>) {
    let start = case.start.clone().autodiff().require_grad();
    let rate = |t: f64, y: &Tensor<4>| case.field.rate(t, y.clone());
    let end = solve_on_grid(rate, start.clone(), times, scheme, |_| ControlFlow::Continue(())).state;
    let mut gradients = loss(end, &case.weights).backward();
    let of_start = values(start.grad_remove(&mut gradients).expect("gradient"));
    (of_start, case.field.gradient(&GradientsParams::from_module(&mut gradients, &case.field)))
}

/// The same by central differences over the same steps.
fn by_differences(case: &Case, times: &[f64], scheme: Scheme) -> (Vec<f64>, Vec<f64>) {
    let device = Device::flex();
    let solved = |start: &[f64], parameters: &[f64]| -> f64 {
        let field = Field::new(parameters, &device);
        let rate = |t: f64, y: &Tensor<4>| field.rate(t, y.clone());
        let start = tensor(start, STATE, &device);
        let end = solve_on_grid(rate, start, times, scheme, |_| ControlFlow::Continue(())).state;
        loss(end, &case.weights).into_scalar()
    };
    let differences = |values: &[f64], solved: &dyn Fn(&[f64]) -> f64| -> Vec<f64> {
        let mut moved = values.to_vec();
        (0..values.len())
            .map(|n| {
                let h = 1e-5;
                moved[n] = values[n] + h;
                let above = solved(&moved);
                moved[n] = values[n] - h;
                let below = solved(&moved);
                moved[n] = values[n];
                (above - below) / (2.0 * h)
            })
            .collect()
    };
    (
        differences(&case.start_values, &|start| solved(start, &case.parameters)),
        differences(&case.parameters, &|parameters| solved(&case.start_values, parameters)),
    )
}

fn all_params() -> Vec<SolverParams> {
    vec![
        SolverParams::fixed(Scheme::Euler, 23),
        SolverParams::fixed(Scheme::Midpoint, 40),
        SolverParams::fixed(Scheme::Rk4, 5),
        SolverParams::adaptive(1e-4),
        SolverParams::adaptive(1e-9),
    ]
}

#[test]
fn checkpointed_is_one_graph_is_finite_differences() {
    let case = case();
    for params in all_params() {
        let name = format!("{:?} {} {:.0e}", params.scheme, params.steps, params.absolute_tolerance);
        let forward = solve_forward(&case.field, case.start.clone(), SPAN, &params);
        assert_eq!(forward.outcome, Outcome::Done);
        let gradient = forward.end.clone() * case.weights.clone();
        let found = backward_checkpointed(&case.field, &forward, gradient);
        let (start, parameters) = one_graph(&case, forward.times(), params.scheme);
        let found_start = values(found.start);
        let found_parameters = case.field.gradient(&found.params);
        assert_close(&format!("{name}: start, one graph"), &found_start, &start, 1e-12);
        assert_close(&format!("{name}: parameters, one graph"), &found_parameters, &parameters, 1e-12);
        let (start, parameters) = by_differences(&case, forward.times(), params.scheme);
        assert_close(&format!("{name}: start, differences"), &found_start, &start, 1e-8);
        assert_close(&format!("{name}: parameters, differences"), &found_parameters, &parameters, 1e-8);
        assert_eq!(found.stats.accepted, forward.stats.accepted);
    }
}

#[test]
fn the_adjoint_comes_near_as_the_tolerance_falls() {
    let case = case();
    let reference = solve_forward(&case.field, case.start.clone(), SPAN, &SolverParams::adaptive(1e-11));
    let gradient = reference.end.clone() * case.weights.clone();
    let exact = backward_checkpointed(&case.field, &reference, gradient.clone());
    let (start, parameters) = (values(exact.start), case.field.gradient(&exact.params));
    for (params, tolerance) in [
        (SolverParams::adaptive(1e-4), 1e-3),
        (SolverParams::adaptive(1e-6), 1e-5),
        (SolverParams::adaptive(1e-9), 1e-8),
        (SolverParams::fixed(Scheme::Rk4, 32), 1e-6),
        (SolverParams::fixed(Scheme::Euler, 2000), 1e-2),
    ] {
        let found = backward_adjoint(&case.field, reference.end.clone(), gradient.clone(), SPAN, &params);
        assert_eq!(found.outcome, Outcome::Done);
        let name = format!("{:?} {:.0e} adjoint", params.scheme, params.absolute_tolerance);
        assert_close(&format!("{name}: start"), &values(found.start), &start, tolerance);
        assert_close(&format!("{name}: parameters"), &case.field.gradient(&found.params), &parameters, tolerance);
    }
}

#[test]
fn the_adjoint_of_a_small_gradient_is_as_exact_as_that_of_a_large_one() {
    let case = case();
    let params = SolverParams::adaptive(1e-5);
    let forward = solve_forward(&case.field, case.start.clone(), SPAN, &params);
    let gradient = forward.end.clone() * case.weights.clone();
    let adjoint = |factor: f64| {
        backward_adjoint(&case.field, forward.end.clone(), gradient.clone().mul_scalar(factor), SPAN, &params)
    };
    let (large, small) = (adjoint(1.0), adjoint(1e-9));
    assert_eq!(large.stats.evaluations, small.stats.evaluations);
    let scaled: Vec<f64> = values(small.start).iter().map(|x| x * 1e9).collect();
    assert_close("start", &scaled, &values(large.start), 1e-10);
    let none = adjoint(0.0);
    assert_eq!((none.stats.evaluations, none.outcome), (0, Outcome::Done));
    assert!(values(none.start).iter().all(|x| *x == 0.0));
    assert!(case.field.gradient(&none.params).iter().all(|x| *x == 0.0));
    let lost = adjoint(f64::NAN);
    assert_eq!(lost.outcome, Outcome::NotFinite);
}

#[test]
fn thinned_checkpoints_lose_nothing() {
    let case = case();
    for steps in [1, 15, 16, 17, 33, 100, 257] {
        let params = SolverParams::fixed(Scheme::Midpoint, steps);
        let forward = solve_forward(&case.field, case.start.clone(), SPAN, &params);
        let most = 16.max((3.0 * (steps as f64).sqrt()) as usize);
        assert!(forward.kept_states() <= most, "{steps} steps: {} states", forward.kept_states());
        let gradient = forward.end.clone() * case.weights.clone();
        let found = backward_checkpointed(&case.field, &forward, gradient);
        let (start, parameters) = one_graph(&case, forward.times(), params.scheme);
        assert_close(&format!("{steps} steps: start"), &values(found.start), &start, 1e-12);
        assert_close(&format!("{steps} steps: parameters"), &case.field.gradient(&found.params), &parameters, 1e-12);
    }
}

#[test]
fn no_steps_pass_the_gradient_on() {
    let case = case();
    let forward = solve_forward(&case.field, case.start.clone(), [1.0, 1.0], &SolverParams::default());
    let found = backward_checkpointed(&case.field, &forward, case.weights.clone());
    assert_eq!(values(found.start), values(case.weights.clone()));
    assert!(found.params.is_empty());
}

/// Two neural ODEs in a row with something to learn before, between and after them.
#[derive(Module, Debug)]
struct Model {
    encoder: Param<Tensor<4>>,
    first: Field,
    between: Param<Tensor<4>>,
    second: Field,
    head: Param<Tensor<4>>,
}

impl Model {
    fn new(device: &Device) -> Self {
        let param = |seed| Param::from_tensor(tensor(&random(16, seed), [1, 1, 4, 4], device));
        Self {
            encoder: param(11),
            first: Field::new(&random(parameter_count(), 12), device),
            between: param(13),
            second: Field::new(&random(parameter_count(), 14), device),
            head: param(15),
        }
    }

    fn gradient(&self, gradients: &GradientsParams) -> Vec<f64> {
        let outer = [self.encoder.id, self.between.id, self.head.id];
        let mut all: Vec<f64> =
            outer.into_iter().flat_map(|id| values(gradients.get::<4>(id).expect("outer"))).collect();
        all.extend(self.first.gradient(gradients));
        all.extend(self.second.gradient(gradients));
        all
    }
}

#[test]
fn a_tape_differentiates_a_model_of_two_solutions() {
    let model = Model::new(&Device::flex().autodiff());
    let (image, weights) = (case().start, case().weights);
    for (differentiation, tolerance) in [(Differentiation::Checkpointed, 1e-10), (Differentiation::Adjoint, 1e-6)] {
        let params = SolverParams::adaptive(1e-9);
        let mut tape = OdeTape::new(&model);
        let start = image.clone().matmul(model.encoder.val());
        let first = tape.solve(&model.first, start, [0.0, 1.0], &params, differentiation);
        let start = activation::tanh(first.state.matmul(model.between.val()));
        let second = tape.solve(&model.second, start, [0.0, 0.7], &params, differentiation);
        assert_eq!((first.outcome, second.outcome), (Outcome::Done, Outcome::Done));
        let found = tape.backward(loss(second.state.matmul(model.head.val()), &weights));
        assert_eq!(found.outcome, Outcome::Done);
        assert!(found.stats.evaluations > 0);

        let whole = |field: &Field, start: Tensor<4>, span: [f64; 2]| {
            let times = solve_forward(field, start.clone(), span, &params).times().to_vec();
            let rate = |t: f64, y: &Tensor<4>| field.rate(t, y.clone());
            solve_on_grid(rate, start, &times, params.scheme, |_| ControlFlow::Continue(())).state
        };
        let y = whole(&model.first, image.clone().matmul(model.encoder.val()), [0.0, 1.0]);
        let y = whole(&model.second, activation::tanh(y.matmul(model.between.val())), [0.0, 0.7]);
        let mut gradients = loss(y.matmul(model.head.val()), &weights).backward();
        let expected = model.gradient(&GradientsParams::from_module(&mut gradients, &model));
        assert_close(&format!("{differentiation:?}"), &model.gradient(&found.params), &expected, tolerance);
    }
}

#[test]
fn a_device_with_its_own_checkpointing_and_a_frozen_field_work() {
    let balanced = Device::flex().autodiff().gradient_checkpointing();
    let field = Field::new(&random(parameter_count(), 3), &balanced);
    let plain = case();
    let params = SolverParams::fixed(Scheme::Rk4, 4);
    let run = |field: &Field| {
        let forward = solve_forward(field, plain.start.clone(), SPAN, &params);
        let gradient = forward.end.clone() * plain.weights.clone();
        let adjoint = backward_adjoint(field, forward.end.clone(), gradient.clone(), SPAN, &params);
        (backward_checkpointed(field, &forward, gradient), adjoint)
    };
    let (expected, _) = run(&plain.field);
    let (found, _) = run(&field);
    assert_close("balanced", &field.gradient(&found.params), &plain.field.gradient(&expected.params), 1e-12);
    let (frozen, frozen_adjoint) = run(&plain.field.clone().no_grad());
    assert!(frozen.params.is_empty() && frozen_adjoint.params.is_empty());
    assert_close("frozen: start", &values(frozen.start.clone()), &values(expected.start), 1e-12);
    assert_close("frozen: start", &values(frozen_adjoint.start), &values(frozen.start), 1e-3);
}
