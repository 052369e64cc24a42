//! Group normalisation with the nonlinearity behind it.

pub use super::cpu::activation::Nonlinearity;
use super::cpu::norm::NormShape;
use super::extension::MapOps;
use super::is_fast;
use burn::backend::Dispatch;
use burn::tensor::{Tensor, activation};

/// γ·(x − μ)/√(σ² + ε) + β with μ and σ² over the channels of a group and all pixels (Wu & He 2018), then the
/// nonlinearity. On the CPU in f32 two passes over the map instead of about twenty.
///
/// # Shapes
/// - `x` and result: `[n, c, h, w]`
/// - `scale` γ and `offset` β: `[c]`
///
/// # Panics
/// When `groups` does not divide the channels, or scale and offset have another length.
pub fn group_norm(
    x: Tensor<4>,
    scale: Tensor<1>,
    offset: Tensor<1>,
    groups: usize,
    epsilon: f64,
    nonlinearity: Nonlinearity,
) -> Tensor<4> {
    let [images, channels, height, width] = x.dims();
    assert!(channels.is_multiple_of(groups), "{channels} channels: expected a multiple of {groups} groups");
    let lengths = [scale.dims()[0], offset.dims()[0]];
    assert!(lengths == [channels; 2], "scale and offset for {lengths:?} channels: expected {channels}");
    let [channels, pixels] = [channels / groups, height * width];
    if is_fast(&x) && is_fast(&scale) && is_fast(&offset) && images * channels * pixels > 0 {
        let shape = NormShape { images, groups, channels, pixels, epsilon: epsilon as f32, nonlinearity };
        return Tensor::from_dispatch(<Dispatch as MapOps>::map_norm(
            x.into_dispatch(),
            scale.into_dispatch(),
            offset.into_dispatch(),
            shape,
        ));
    }
    let grouped = x.reshape([images, groups, channels * pixels]);
    let mean = grouped.clone().mean_dim(2);
    let centred = grouped - mean;
    let variance = centred.clone().square().mean_dim(2);
    let c = groups * channels;
    let normal = (centred / (variance + epsilon).sqrt()).reshape([images, c, height, width]);
    let result = normal * scale.reshape([1, c, 1, 1]) + offset.reshape([1, c, 1, 1]);
    match nonlinearity {
        Nonlinearity::Identity => result,
        Nonlinearity::Relu => activation::relu(result),
        Nonlinearity::Silu => activation::silu(result),
    }
}
