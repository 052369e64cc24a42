//! κ|∇φ| of a layer.

use super::config::Curvature;
use crate::models::stencil::{channel, convolve};
use burn::tensor::Tensor;

/// Added to |∇û|² before the root: f32 still tells it from 0, and the gradient of the root stays finite.
const EPSILON: f64 = 1e-12;

/// κ|∇φ|, φ in pixels.
///
/// # Shapes
/// - `gradient`: `[n, r, h, w]`, the gradient kernels' answers
/// - `phi` and result: `[n, 1, h, w]`
/// - `kernels`: `[1, r, 3, 3]`, or `[3, 1, 3, 3]` with [`Curvature::Compact`]
pub fn curvature_flow(form: Curvature, phi: Tensor<4>, gradient: Tensor<4>, kernels: Tensor<4>) -> Tensor<4> {
    match form {
        Curvature::Divergence => {
            let norm = (gradient.clone().square().sum_dim(1) + EPSILON).sqrt();
            // The papers' ε beside the norm: what a flat region's curvature is divided by.
            convolve(gradient / (norm.clone() + 1e-6), kernels) * norm
        }
        Curvature::Compact => {
            let (x, y) = (channel(&gradient, 0), channel(&gradient, 1));
            let second = convolve(phi, kernels);
            let (xx, yy, xy) = (channel(&second, 0), channel(&second, 1), channel(&second, 2));
            let (x2, y2) = (x.clone().square(), y.clone().square());
            let square = x2.clone() + y2.clone() + EPSILON;
            let flow = (xx * (square.clone() - x2) + yy * (square.clone() - y2) - x * y * xy * 2.0) / square.clone();
            // |κ| ≤ 1 per pixel, the solver's limit.
            let limit = square.sqrt();
            flow.min_pair(limit.clone()).max_pair(limit.neg())
        }
    }
}
