//! Sums and means over the pixels that count.

use burn::tensor::Tensor;

/// `values` with zeros where a pixel does not count.
///
/// # Shapes
/// - `values` and result: `[n, k, h, w]`
/// - `mask`: `[n, 1, h, w]`
pub fn kept(values: Tensor<4>, mask: Option<&Tensor<4>>) -> Tensor<4> {
    match mask {
        Some(mask) => values * mask.clone(),
        None => values,
    }
}

/// Mean over the pixels that count and all channels; 0 when none counts.
///
/// # Shapes
/// - `values`: `[n, k, h, w]`
/// - `mask`: `[n, 1, h, w]`
/// - result: `[1]`
pub fn mean(values: Tensor<4>, mask: Option<&Tensor<4>>) -> Tensor<1> {
    let Some(mask) = mask else { return values.mean() };
    let channels = values.dims()[1] as f64;
    // At least one pixel in the denominator: a batch of nothing but padding costs nothing instead of 0 / 0.
    (values * mask.clone()).sum() / (mask.clone().sum() * channels).clamp_min(1.0)
}
