//! The layers' own kernels equal burn's operations: results, gradients, and the same bits on any number of threads.

use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions, PadMode};
use burn::tensor::{DType, Device, Tensor, activation, module};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use zeroset_engine::nn::ops::{self, Nonlinearity};

fn device() -> Device {
    Device::flex().autodiff()
}

/// Numbers in -1..1 from a generator of the test's own: burn's is shared by tests that run side by side.
fn random<const D: usize>(shape: [usize; D], rng: &mut StdRng, device: &Device) -> Tensor<D> {
    let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(shape)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

/// Two tensors agree to `tolerance` times the largest value.
fn assert_close<const D: usize>(ours: Tensor<D>, burns: Tensor<D>, tolerance: f32, what: &str) {
    assert_eq!(ours.dims(), burns.dims(), "{what}");
    let (ours, burns) = (values(ours), values(burns));
    let scale = burns.iter().fold(1e-3_f32, |scale, v| scale.max(v.abs()));
    let worst = ours.iter().zip(&burns).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance * scale, "{what}: difference {worst} at values up to {scale}");
    assert!(ours.iter().all(|v| v.is_finite()), "{what}: not finite");
}

/// A map that does not lie in memory in the order of its indices: a transposed and cut view of a larger one.
fn view(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let larger = x.permute([0, 1, 3, 2]).pad([(1, 2), (3, 1)], PadMode::Constant(7.0));
    larger.permute([0, 1, 3, 2]).slice([0..n, 0..c, 3..3 + h, 1..1 + w])
}

/// A convolution of random size.
#[derive(Debug)]
struct Case {
    x: [usize; 4],
    weight: [usize; 4],
    options: ConvOptions<2>,
    bias: bool,
    view: bool,
}

impl Case {
    fn random(rng: &mut StdRng) -> Self {
        let groups = [1, 1, 1, 2, 3][rng.random_range(0..5)];
        let (inputs, outputs) = (groups * rng.random_range(1..14), groups * rng.random_range(1..21));
        let kernel = [1, 3, 3, 3, 5][rng.random_range(0..5)];
        let dilation = [1, 1, 2, 3][rng.random_range(0..4)];
        let padding = if rng.random_bool(0.8) { dilation * (kernel / 2) } else { 0 };
        let stride = if rng.random_bool(0.85) { 1 } else { 2 };
        let least = dilation * (kernel - 1) + 1 - 2 * padding.min(dilation * (kernel - 1) / 2);
        let side =
            |rng: &mut StdRng| least + [0, 1, rng.random_range(0..12), rng.random_range(0..70)][rng.random_range(0..4)];
        Self {
            x: [rng.random_range(1..4), inputs, side(rng), side(rng)],
            weight: [outputs, inputs / groups, kernel, kernel],
            options: ConvOptions::new([stride; 2], [padding; 2], [dilation; 2], groups),
            bias: rng.random_bool(0.5),
            view: rng.random_bool(0.3),
        }
    }

    /// The result and the gradients of its product with random numbers.
    fn run(
        &self,
        conv: impl Fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, ConvOptions<2>) -> Tensor<4>,
        inputs: &(Tensor<4>, Tensor<4>, Tensor<1>),
    ) -> (Tensor<4>, Tensor<4>, Tensor<4>, Option<Tensor<1>>) {
        let x = inputs.0.clone().require_grad();
        let weight = inputs.1.clone().require_grad();
        let bias = self.bias.then(|| inputs.2.clone().require_grad());
        let seen = if self.view { view(x.clone()) } else { x.clone() };
        let y = conv(seen, weight.clone(), bias.clone(), self.options.clone());
        let factor = random(y.dims(), &mut StdRng::seed_from_u64(5), &y.device());
        let gradients = (y.clone() * factor).sum().backward();
        (
            y,
            x.grad(&gradients).expect("gradient of x"),
            weight.grad(&gradients).expect("gradient of the kernels"),
            bias.map(|bias| bias.grad(&gradients).expect("gradient of the bias")),
        )
    }
}

#[test]
fn convolutions_and_their_gradients_are_those_of_burn() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(1);
    let mut own = 0;
    for number in 0..80 {
        let case = Case::random(rng);
        let inputs =
            (random(case.x, rng, &device), random(case.weight, rng, &device), random([case.weight[0]], rng, &device));
        let (y, x, weight, bias) = case.run(ops::conv2d, &inputs);
        let (burns_y, burns_x, burns_weight, burns_bias) = case.run(module::conv2d, &inputs);
        let what = |part: &str| format!("case {number}, {part}: {case:?}");
        own += usize::from(values(y.clone()) != values(burns_y.clone()));
        assert_close(y, burns_y, 2e-5, &what("result"));
        assert_close(x, burns_x, 2e-5, &what("gradient of x"));
        assert_close(weight, burns_weight, 5e-5, &what("gradient of the kernels"));
        if let (Some(bias), Some(burns)) = (bias, burns_bias) {
            assert_close(bias, burns, 5e-5, &what("gradient of the bias"));
        }
    }
    // The last bits differ where the sum has another order: a sign that it was not burn that summed.
    assert!(own > 20, "only {own} of 80 results differ from burn's in any bit: the own kernels were not used");
}

#[test]
fn large_maps_cut_into_parts_are_whole() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(2);
    for (x, weight) in
        [([1, 16, 97, 203], [12, 16, 3, 3]), ([2, 70, 41, 26], [67, 70, 3, 3]), ([3, 33, 64, 65], [9, 33, 1, 1])]
    {
        let padding = weight[2] / 2;
        let case =
            Case { x, weight, options: ConvOptions::new([1; 2], [padding; 2], [1; 2], 1), bias: true, view: false };
        let inputs = (random(x, rng, &device), random(weight, rng, &device), random([weight[0]], rng, &device));
        let (y, dx, dw, db) = case.run(ops::conv2d, &inputs);
        let (burns_y, burns_dx, burns_dw, burns_db) = case.run(module::conv2d, &inputs);
        assert_close(y, burns_y, 2e-5, "result");
        assert_close(dx, burns_dx, 2e-5, "gradient of x");
        assert_close(dw, burns_dw, 1e-4, "gradient of the kernels");
        assert_close(db.expect("bias"), burns_db.expect("bias"), 1e-4, "gradient of the bias");
    }
}

#[test]
fn a_gradient_of_the_kernels_is_the_slope_of_the_result() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(3);
    let (x, weight) = (random([2, 3, 9, 11], rng, &device), random([5, 3, 3, 3], rng, &device));
    let options = || ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
    let factor = random([2, 5, 9, 11], rng, &device);
    let tracked = weight.clone().require_grad();
    let loss = |weight: Tensor<4>| (ops::conv2d(x.clone(), weight, None, options()) * factor.clone()).sum();
    let gradient = values(tracked.grad(&loss(tracked.clone()).backward()).expect("gradient"));
    let numbers = values(weight.clone());
    for index in [0, 17, 60, 134] {
        let at = |step: f32| {
            let mut numbers = numbers.clone();
            numbers[index] += step;
            loss(Tensor::<1>::from_floats(numbers.as_slice(), &device).reshape(weight.dims())).into_scalar::<f32>()
        };
        let slope = (at(0.5) - at(-0.5)) / 1.0;
        assert!((slope - gradient[index]).abs() < 2e-3 * slope.abs().max(1.0), "{index}: {slope}, {}", gradient[index]);
    }
}

fn plain_norm(x: Tensor<4>, scale: Tensor<1>, offset: Tensor<1>, groups: usize, kind: Nonlinearity) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let grouped = x.reshape([n, groups, c / groups * h * w]);
    let centred = grouped.clone() - grouped.mean_dim(2);
    let normal = centred.clone() / (centred.square().mean_dim(2) + 1e-5).sqrt();
    let z = normal.reshape([n, c, h, w]) * scale.reshape([1, c, 1, 1]) + offset.reshape([1, c, 1, 1]);
    match kind {
        Nonlinearity::Identity => z,
        Nonlinearity::Relu => activation::relu(z),
        Nonlinearity::Silu => activation::silu(z),
    }
}

#[test]
fn normalisation_and_its_gradients_are_those_of_its_definition() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(4);
    for number in 0..40 {
        let (n, groups, size) = (rng.random_range(1..4), rng.random_range(1..4), rng.random_range(1..9));
        let (c, h, w) = (groups * size, rng.random_range(2..40), rng.random_range(2..60));
        let kind = [Nonlinearity::Identity, Nonlinearity::Relu, Nonlinearity::Silu][number % 3];
        // A mean far from zero is where sums of squares lose their digits.
        let x = random([n, c, h, w], rng, &device) * 3.0 + f64::from(number as u32 % 5) * 20.0;
        let (scale, offset) = (random([c], rng, &device) + 1.0, random([c], rng, &device));
        let factor = random([n, c, h, w], rng, &device);
        let run = |norm: &dyn Fn(Tensor<4>, Tensor<1>, Tensor<1>) -> Tensor<4>| {
            let (x, scale, offset) =
                (x.clone().require_grad(), scale.clone().require_grad(), offset.clone().require_grad());
            let seen = if number % 4 == 0 { view(x.clone()) } else { x.clone() };
            let y = norm(seen, scale.clone(), offset.clone());
            let gradients = (y.clone() * factor.clone()).sum().backward();
            (y, x.grad(&gradients), scale.grad(&gradients), offset.grad(&gradients))
        };
        let ours = run(&|x, scale, offset| ops::group_norm(x, scale, offset, groups, 1e-5, kind));
        let burns = run(&|x, scale, offset| plain_norm(x, scale, offset, groups, kind));
        let what = |part: &str| format!("case {number}, {part}: {n}x{c}x{h}x{w}, {groups} groups, {kind:?}");
        assert_close(ours.0, burns.0, 5e-5, &what("result"));
        assert_close(ours.1.expect("dx"), burns.1.expect("dx"), 2e-4, &what("gradient of x"));
        assert_close(ours.2.expect("dγ"), burns.2.expect("dγ"), 2e-4, &what("gradient of the scale"));
        assert_close(ours.3.expect("dβ"), burns.3.expect("dβ"), 2e-4, &what("gradient of the offset"));
    }
}

/// The result of an operation on one map, and the gradient of its product with random numbers.
fn run_map(x: &Tensor<4>, cut: bool, operation: impl Fn(Tensor<4>) -> Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    let x = x.clone().require_grad();
    let y = operation(if cut { view(x.clone()) } else { x.clone() });
    let factor = random(y.dims(), &mut StdRng::seed_from_u64(9), &y.device());
    let gradients = (y.clone() * factor).sum().backward();
    (y, x.grad(&gradients).expect("gradient"))
}

#[test]
fn pooling_and_enlargement_are_those_of_burn() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(8);
    for number in 0..40 {
        let shape = [rng.random_range(1..4), rng.random_range(1..9), rng.random_range(1..70), rng.random_range(1..70)];
        let (x, cut) = (random(shape, rng, &device), number % 3 == 0);
        let double = |x: Tensor<4>| {
            let [_, _, h, w] = x.dims();
            let options = InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * h, 2 * w]);
            module::interpolate(x, options)
        };
        let (ours, burns) = (run_map(&x, cut, ops::upsample2), run_map(&x, cut, double));
        assert_close(ours.0, burns.0, 0.0, &format!("enlarged {shape:?}"));
        assert_close(ours.1, burns.1, 1e-6, &format!("gradient enlarged {shape:?}"));
        if shape[2] > 1 && shape[3] > 1 {
            let half = |x| module::max_pool2d(x, MaxPoolOptions::new([2, 2]));
            let (ours, burns) = (run_map(&x, cut, ops::max_pool2), run_map(&x, cut, half));
            assert_close(ours.0, burns.0, 0.0, &format!("pooled {shape:?}"));
            assert_close(ours.1, burns.1, 0.0, &format!("gradient pooled {shape:?}"));
        }
    }
}

#[test]
fn of_equal_pixels_the_first_has_the_gradient() {
    let x = Tensor::<4>::from_floats([[[[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 2.0, 2.0]]]], &device()).require_grad();
    let gradients = ops::max_pool2(x.clone()).sum().backward();
    let gradient = values(x.grad(&gradients).expect("gradient"));
    assert_eq!(gradient, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let device = device();
    let rng = &mut StdRng::seed_from_u64(6);
    let x = random([3, 24, 61, 77], rng, &device);
    let (weight, bias) = (random([20, 24, 3, 3], rng, &device), random([20], rng, &device));
    let (scale, offset) = (random([20], rng, &device), random([20], rng, &device));
    let step = || {
        let inputs = (x.clone().require_grad(), weight.clone().require_grad(), bias.clone().require_grad());
        let norm = (scale.clone().require_grad(), offset.clone().require_grad());
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        let y = ops::conv2d(inputs.0.clone(), inputs.1.clone(), Some(inputs.2.clone()), options);
        let y = ops::group_norm(y, norm.0.clone(), norm.1.clone(), 5, 1e-5, Nonlinearity::Silu);
        let gradients = (y.clone() * y.clone()).sum().backward();
        let mut bits = values(y);
        bits.extend(values(inputs.0.grad(&gradients).expect("dx")));
        bits.extend(values(inputs.1.grad(&gradients).expect("dw")));
        bits.extend(values(inputs.2.grad(&gradients).expect("db")));
        bits.extend(values(norm.0.grad(&gradients).expect("dγ")));
        bits.extend(values(norm.1.grad(&gradients).expect("dβ")));
        bits.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let one = pool(1).install(step);
    for threads in [1, 2, 3, 5] {
        assert!(one == pool(threads).install(step), "{threads} threads gave other bits");
    }
}

#[test]
fn other_number_formats_fall_back_to_burn() {
    let device = Device::flex();
    let rng = &mut StdRng::seed_from_u64(7);
    let (x, weight) = (random([1, 3, 8, 8], rng, &device), random([4, 3, 3, 3], rng, &device));
    let options = || ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
    let expected = ops::conv2d(x.clone(), weight.clone(), None, options());
    for (format, tolerance) in [(DType::F64, 1e-5), (DType::F16, 1e-2)] {
        let y = ops::conv2d(x.clone().cast(format), weight.clone().cast(format), None, options());
        assert_eq!(y.dtype(), format);
        assert_close(y.cast(DType::F32), expected.clone(), tolerance, "convolution");
        let one = || Tensor::<1>::ones([3], &device).cast(format);
        let y = ops::group_norm(x.clone().cast(format), one(), one(), 3, 1e-5, Nonlinearity::Relu);
        assert_eq!(y.dtype(), format);
    }
}
