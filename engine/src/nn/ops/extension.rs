//! The operations as an extension of burn's backends: `Flex` runs our kernels, `Autodiff` records their gradients.
//! Tensors of other backends do not come here.

use super::cpu::conv::ConvShape;
use super::cpu::norm::NormShape;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

/// Operations that a backend offers to layers.
#[backend_extension(Autodiff, Flex)]
pub trait MapOps: Backend {
    /// Convolution of stride 1. An empty bias is none.
    fn map_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Group normalisation and the nonlinearity behind it.
    fn map_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        shape: NormShape,
    ) -> FloatTensor<Self>;

    /// Maximum of each 2×2 square.
    fn map_max_pool2(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Each pixel to a 2×2 square.
    fn map_upsample2(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What the recorded operations need of the backend below: the operations and their gradients.
pub trait MapKernels: Backend {
    /// As [`MapOps::map_conv2d`].
    fn conv2d_kernel(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Gradient of a convolution's input from that of its result.
    fn conv2d_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Gradient of a convolution's kernels.
    fn conv2d_weight_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>, shape: ConvShape)
    -> FloatTensor<Self>;

    /// Gradient of a convolution's bias.
    fn conv2d_bias_gradient(gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// As [`MapOps::map_norm`], and the groups' statistics for the gradient.
    fn norm_kernel(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        shape: NormShape,
    ) -> [FloatTensor<Self>; 2];

    /// Gradients of x, scale and offset.
    fn norm_gradient(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        stats: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: NormShape,
    ) -> [FloatTensor<Self>; 3];

    /// As [`MapOps::map_max_pool2`].
    fn max_pool2_kernel(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient of its input.
    fn max_pool2_gradient(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// As [`MapOps::map_upsample2`].
    fn upsample2_kernel(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient of its input.
    fn upsample2_gradient(gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl MapOps for Flex {
    fn map_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        Self::conv2d_kernel(x, weight, bias, shape)
    }

    fn map_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        shape: NormShape,
    ) -> FloatTensor<Self> {
        let [result, _] = Self::norm_kernel(x, scale, offset, shape);
        result
    }

    fn map_max_pool2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::max_pool2_kernel(x)
    }

    fn map_upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::upsample2_kernel(x)
    }
}
