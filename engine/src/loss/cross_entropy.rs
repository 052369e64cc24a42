//! Binary cross-entropy of φ.

use super::mask::mean;
use burn::tensor::{Tensor, activation::log_sigmoid};

/// Mean of −M ln P − (1 − M) ln(1 − P) with P = σ(−2 φ): finite however far φ is from the contour.
///
/// # Shapes
/// - `phi_band`: `[n, k, h, w]`, in band widths
/// - `inside`: `[n, k, h, w]`, 0 or 1
/// - `mask`: `[n, 1, h, w]`, 1 where a pixel counts
/// - result: `[1]`
pub fn cross_entropy(phi_band: Tensor<4>, inside: Tensor<4>, mask: Option<&Tensor<4>>) -> Tensor<1> {
    let outside = inside.clone().neg() + 1.0;
    let log_probability = inside * log_sigmoid(phi_band.clone() * -2.0) + outside * log_sigmoid(phi_band * 2.0);
    mean(log_probability.neg(), mask)
}
