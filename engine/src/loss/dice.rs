//! Dice's coefficient, relaxed to real values.

use super::mask::kept;
use burn::tensor::Tensor;

/// 1 − 2⟨A, B⟩ / (‖A‖² + ‖B‖²) = ‖A − B‖² / (‖A‖² + ‖B‖²), the mean over organs of the value pooled over the batch
/// (Actor 2020 eq. 3; its printed first form has |⟨A, B⟩| / (A² + B²), the norms without their bars).
///
/// Pooled, because slice by slice an empty truth would give 1 whatever the network says, with a zero gradient.
///
/// # Shapes
/// - `probability`: `[n, k, h, w]`, 0 to 1
/// - `inside`: `[n, k, h, w]`, 0 or 1
/// - `mask`: `[n, 1, h, w]`, 1 where a pixel counts
/// - result: `[1]`
pub fn dice(probability: Tensor<4>, inside: Tensor<4>, mask: Option<Tensor<4>>) -> Tensor<1> {
    let over_organ = |values: Tensor<4>| kept(values, mask.as_ref()).sum_dims_squeeze::<1, i64>(&[0, 2, 3]);
    let difference = over_organ((probability.clone() - inside.clone()).square());
    let size = over_organ(probability.square() + inside.square());
    // Only a batch of padding alone has no size at all.
    (difference / size.clamp_min(f64::from(f32::MIN_POSITIVE))).mean()
}
