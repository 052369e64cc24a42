//! The loss of LevelSet R-CNN on a truncated signed distance.

use super::Target;
use super::mask::mean;
use burn::tensor::Tensor;
use std::f64::consts::FRAC_1_PI;

/// The paper's ε.
pub fn default_epsilon() -> f64 {
    0.1
}

/// Truncated signed distance in −1…1, **positive inside** (the paper's sign), of a distance in band widths.
///
/// # Shapes
/// - `phi_band` and result: `[n, k, h, w]`
pub fn tsdf_of(phi_band: Tensor<4>) -> Tensor<4> {
    phi_band.neg().clamp(-1.0, 1.0)
}

/// ‖ψ − ψ_truth‖₁ + BCE(H_ε(ψ), M) with ψ = −φ in band widths, ψ_truth truncated to ±1 and
/// H_ε(z) = ½(1 + 2/π atan(z/ε)) (LevelSet R-CNN §4.2 and eq. 4). The ℓ₁ norm is taken as a mean over pixels, as the
/// cross-entropy is: the paper's sum would weigh the two by the size of the map. ψ itself is not truncated, else it
/// would have no gradient beyond ±1.
///
/// # Shapes
/// - `phi_band`: `[n, k, h, w]`, as the target's
/// - result: `[1]`
pub fn tsdf_loss(phi_band: Tensor<4>, truth: &Target, epsilon: f64) -> Tensor<1> {
    let tsdf = phi_band.neg();
    let distance = (tsdf.clone() - tsdf_of(truth.phi_band.clone())).abs();
    // H stays off 0 and 1 by ε / (π |ψ|) in exact arithmetic, but not in f32: 1e-6 keeps the logarithms finite.
    let heaviside = ((tsdf / epsilon).atan() * FRAC_1_PI + 0.5).clamp(1e-6, 1.0 - 1e-6);
    let outside = truth.inside.clone().neg() + 1.0;
    let entropy = (truth.inside.clone() * heaviside.clone().log() + outside * (heaviside.neg() + 1.0).log()).neg();
    mean(distance + entropy, truth.mask.as_ref())
}
