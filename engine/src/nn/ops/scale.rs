//! Maps at half and at double size.

use super::extension::MapOps;
use super::is_fast;
use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::module::{interpolate, max_pool2d};
use burn::tensor::ops::{InterpolateMode, InterpolateOptions, MaxPoolOptions};

/// Each 2×2 square to its maximum; an odd last row or column is dropped. The gradient goes to the first of the
/// largest.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - result: `[n, c, h / 2, w / 2]`
pub fn max_pool2(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    if is_fast(&x) && h > 1 && w > 1 && n * c > 0 {
        return Tensor::from_dispatch(<Dispatch as MapOps>::map_max_pool2(x.into_dispatch()));
    }
    max_pool2d(x, MaxPoolOptions::new([2, 2]))
}

/// Each pixel to a 2×2 square.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - result: `[n, c, 2 h, 2 w]`
pub fn upsample2(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    if is_fast(&x) && n * c * h * w > 0 {
        return Tensor::from_dispatch(<Dispatch as MapOps>::map_upsample2(x.into_dispatch()));
    }
    interpolate(x, InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * h, 2 * w]))
}
