//! Convolution of stride 1 and its gradients.

mod forward;
mod pack;
mod shape;
mod weight;

pub use shape::ConvShape;
pub use weight::{bias_gradient, weight_gradient};

use super::simd::tile_rows;
use forward::convolve;
use pack::Packed;

/// `x` `[images, groups·inputs, ..size]` convolved with `weight` `[groups·outputs, inputs, ..kernel]`.
pub fn conv(shape: &ConvShape, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    convolve(shape, x, &Packed::forward(shape, weight, tile_rows()), bias)
}

/// Gradient of `x` from that of the result.
pub fn input_gradient(shape: &ConvShape, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    let backward = shape.backward();
    convolve(&backward, gradient, &Packed::backward(&backward, weight, tile_rows()), None)
}
