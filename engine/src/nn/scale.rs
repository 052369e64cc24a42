//! Maps made smaller and larger, without parameters.

use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions, PadMode};

/// Bilinear interpolation between pixel centres (the corners of the maps, not of the centres, are aligned).
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - result: `[n, c, size[0], size[1]]`
pub fn resize_bilinear(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
    interpolate(x, options.with_output_size(size))
}

/// Each `factor`×`factor` square to one pixel with `factor`² times the channels (torch's PixelUnshuffle).
///
/// # Shapes
/// - `x`: `[n, c, h, w]`, h and w multiples of `factor`
/// - result: `[n, c * factor², h / factor, w / factor]`
pub fn space_to_depth(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    x.reshape([n, c, h / factor, factor, w / factor, factor]).permute([0, 1, 3, 5, 2, 4]).reshape([
        n,
        c * factor * factor,
        h / factor,
        w / factor,
    ])
}

/// Undoes [`space_to_depth`] (torch's PixelShuffle).
///
/// # Shapes
/// - `x`: `[n, c * factor², h, w]`
/// - result: `[n, c, h * factor, w * factor]`
pub fn depth_to_space(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let c = c / (factor * factor);
    x.reshape([n, c, factor, factor, h, w]).permute([0, 1, 4, 2, 5, 3]).reshape([n, c, h * factor, w * factor])
}

/// Repeats the last row and column until both sides are multiples of `multiple`.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - result: `[n, c, H, W]`, the next multiples
pub fn pad_to_multiple(x: Tensor<4>, multiple: usize) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let (bottom, right) = (h.next_multiple_of(multiple) - h, w.next_multiple_of(multiple) - w);
    if bottom + right == 0 {
        return x;
    }
    x.pad([(0, bottom), (0, right)], PadMode::Edge)
}

/// The top left corner of a map.
///
/// # Shapes
/// - `x`: `[n, c, H, W]`
/// - result: `[n, c, size[0], size[1]]`
pub fn crop_to(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    if [h, w] == size { x } else { x.slice([0..n, 0..c, 0..size[0], 0..size[1]]) }
}
