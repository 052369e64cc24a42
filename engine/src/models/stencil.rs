//! 3×3 kernels on maps whose border pixels repeat outwards, as in the level set solver; a layer's and the deep
//! Chan–Vese's stencils.

use crate::nn::ops::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Tensor, TensorData};

/// Cross-correlation with 3×3 kernels.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - `kernels`: `[k, c, 3, 3]`, rows along y, columns along x
/// - result: `[n, k, h, w]`
pub fn convolve(x: Tensor<4>, kernels: Tensor<4>) -> Tensor<4> {
    conv2d(x.pad([(1, 1), (1, 1)], PadMode::Edge), kernels, None, ConvOptions::new([1; 2], [0; 2], [1; 2], 1))
}

/// Channel `index` alone.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - result: `[n, 1, h, w]`
pub fn channel(x: &Tensor<4>, index: usize) -> Tensor<4> {
    x.clone().narrow(1, index, 1)
}

/// The pixels themselves and their neighbours along one axis (2: y, 3: x).
struct Neighbours {
    before: Tensor<4>,
    here: Tensor<4>,
    after: Tensor<4>,
}

fn neighbours(x: &Tensor<4>, axis: usize) -> Neighbours {
    let side = x.dims()[axis];
    let first = x.clone().narrow(axis, 0, 1);
    let last = x.clone().narrow(axis, side - 1, 1);
    let long = Tensor::cat(vec![first, x.clone(), last], axis);
    Neighbours { before: long.clone().narrow(axis, 0, side), here: x.clone(), after: long.narrow(axis, 2, side) }
}

/// Central difference along an axis, per pixel.
///
/// # Shapes
/// - `x` and result: `[n, c, h, w]`
pub fn central(x: &Tensor<4>, axis: usize) -> Tensor<4> {
    let near = neighbours(x, axis);
    (near.after - near.before) * 0.5
}

/// Backward and forward difference along an axis, per pixel.
///
/// # Shapes
/// - `x` and results: `[n, c, h, w]`
pub fn one_sided(x: &Tensor<4>, axis: usize) -> (Tensor<4>, Tensor<4>) {
    let near = neighbours(x, axis);
    (near.here.clone() - near.before, near.after - near.here)
}

/// Sobel's derivatives along x and y, per pixel (the integer kernels over 8, so that a ramp has its own slope).
///
/// # Shapes
/// - `x` and results: `[n, 1, h, w]`
pub fn sobel(x: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    const X: [f32; 9] = [-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0];
    const Y: [f32; 9] = [-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0];
    let kernels = [X, Y].concat().into_iter().map(|tap| tap / 8.0).collect::<Vec<f32>>();
    let slopes = convolve(x.clone(), Tensor::from_data(TensorData::new(kernels, [2, 1, 3, 3]), &x.device()));
    (channel(&slopes, 0), channel(&slopes, 1))
}
