//! The level set loss (Kim et al., "CNN-based semantic segmentation using level set loss", WACV 2019).

use super::mask::kept;
use super::{Target, cross_entropy, inside_probability};
use burn::tensor::Tensor;

/// The paper's λ.
pub fn default_lambda() -> f64 {
    4e-4
}

/// The paper's ε.
pub fn default_epsilon() -> f64 {
    0.05
}

/// E = Σ_l ∫|G_l − c_{l,1}|² H*(φ_l) + ∫|G_l − c_{l,2}|² (1 − H*(φ_l)), the mean over the batch (eq. 4–6), with
/// φ_l = P_l − ½, H*(z) = ½(1 + tanh(z/ε)) and c_{l,1}, c_{l,2} the means of G_l under H* and 1 − H*.
///
/// Integrals are sums over pixels, so λ belongs to the size of the map. Only the organs that are present in a slice's
/// truth count in it (the paper's l ∈ L). The background of a binary problem is not summed beside its organ: its
/// term is the same number, and it would only double λ.
///
/// # Gradient
/// Eq. 7, ∂E/∂φ_l = δ*(φ_l) [(G_l − c_{l,1})² − (G_l − c_{l,2})²], leaves out that c_{l,1} and c_{l,2} depend on φ_l.
/// Nothing is lost: they minimise E for the given φ_l, so ∂E/∂c = 0 and the full derivative, which this function
/// has, equals eq. 7.
///
/// # Shapes
/// - `probability`: `[n, k, h, w]`, P, 0 to 1
/// - `inside`: `[n, k, h, w]`, G, 0 or 1
/// - `mask`: `[n, 1, h, w]`, 1 where a pixel counts
/// - result: `[1]`
pub fn level_set_energy(
    probability: Tensor<4>,
    inside: Tensor<4>,
    mask: Option<&Tensor<4>>,
    epsilon: f64,
) -> Tensor<1> {
    let slices = probability.dims()[0] as f64;
    let integral = |values: Tensor<4>| values.sum_dim(2).sum_dim(3);
    let h = ((probability - 0.5) / epsilon).tanh() * 0.5 + 0.5;
    let not_h = kept(h.clone().neg() + 1.0, mask);
    let h = kept(h, mask);
    // An empty side has no mean; its term is 0 whatever stands here.
    let mean_under = |weight: &Tensor<4>| {
        integral(inside.clone() * weight.clone()) / integral(weight.clone()).clamp_min(f64::from(f32::MIN_POSITIVE))
    };
    let (c1, c2) = (mean_under(&h), mean_under(&not_h));
    let present = kept(inside.clone(), mask).max_dim(2).max_dim(3);
    let terms = (inside.clone() - c1).square() * h + (inside - c2).square() * not_h;
    (integral(terms) * present).sum() / slices
}

/// Cross-entropy + λ E (eq. 8) of φ in band widths.
///
/// # Shapes
/// - `phi_band`: `[n, k, h, w]`, as the target's
/// - result: `[1]`
pub fn level_set_loss(phi_band: Tensor<4>, truth: &Target, lambda: f64, epsilon: f64) -> Tensor<1> {
    let (inside, mask) = (truth.inside.clone(), truth.mask.as_ref());
    let entropy = cross_entropy(phi_band.clone(), inside.clone(), mask);
    entropy + level_set_energy(inside_probability(phi_band), inside, mask, epsilon) * lambda
}
