//! Regression of the signed distance in a narrow band.

use super::mask::mean;
use burn::tensor::Tensor;

/// Mean of (tanh φ − tanh φ_truth)², φ in band widths: beyond a band or two tanh is flat, so that only the
/// neighbourhood of the contour counts (NODE paper, "UNet regression").
///
/// # Shapes
/// - `phi_band`, `truth_band`: `[n, k, h, w]`
/// - `mask`: `[n, 1, h, w]`, 1 where a pixel counts
/// - result: `[1]`
pub fn tanh_band_mse(phi_band: Tensor<4>, truth_band: Tensor<4>, mask: Option<Tensor<4>>) -> Tensor<1> {
    mean((phi_band.tanh() - truth_band.tanh()).square(), mask.as_ref())
}
