//! 2D convolution that keeps the map's size.

use super::ops::conv2d;
use burn::module::{Initializer, Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Shape of a [`Conv2d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv2dConfig {
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Side of the square kernel; odd.
    pub kernel: usize,
    /// Step between outputs, in input pixels.
    pub stride: usize,
    /// Distance between the kernel's taps, in input pixels.
    pub dilation: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Whether each output channel has an offset.
    pub bias: bool,
}

impl Conv2dConfig {
    /// A dense convolution with bias: stride, dilation and groups 1.
    pub fn new(inputs: usize, outputs: usize, kernel: usize) -> Self {
        Self { inputs, outputs, kernel, stride: 1, dilation: 1, groups: 1, bias: true }
    }

    /// The same without bias, for a convolution that a normalisation follows.
    pub fn without_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// Weights and bias uniform in ±1/√(inputs·kernel²/groups), PyTorch's default.
    ///
    /// # Panics
    /// An even kernel, or channels that the groups do not divide.
    pub fn init(&self, device: &Device) -> Conv2d {
        self.with(&Initializer::KaimingUniform { gain: 1.0 / f64::sqrt(3.0), fan_out_only: false }, device)
    }

    /// Weights and bias zero: the last layer of a network that starts as the identity (NODE paper, "Parameter
    /// initialization").
    ///
    /// # Panics
    /// As [`init`](Self::init).
    pub fn init_zero(&self, device: &Device) -> Conv2d {
        self.with(&Initializer::Zeros, device)
    }

    fn with(&self, initializer: &Initializer, device: &Device) -> Conv2d {
        assert!(self.kernel % 2 == 1, "kernel side {}: expected an odd number", self.kernel);
        assert!(
            self.inputs.is_multiple_of(self.groups) && self.outputs.is_multiple_of(self.groups),
            "{} input and {} output channels: expected multiples of {} groups",
            self.inputs,
            self.outputs,
            self.groups
        );
        let shape = [self.outputs, self.inputs / self.groups, self.kernel, self.kernel];
        let fan_in = shape[1..].iter().product();
        let fan_out = self.outputs / self.groups * self.kernel * self.kernel;
        Conv2d {
            weight: initializer.init_with(shape, Some(fan_in), Some(fan_out), device),
            bias: self.bias.then(|| initializer.init_with([self.outputs], Some(fan_in), Some(fan_out), device)),
            stride: self.stride,
            dilation: self.dilation,
            groups: self.groups,
        }
    }
}

/// A 2D convolution (cross-correlation, as everywhere in deep learning) with zero padding.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// `[outputs, inputs / groups, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
    stride: usize,
    dilation: usize,
    groups: usize,
}

impl Conv2d {
    /// # Shapes
    /// - `x`: `[n, inputs, h, w]`
    /// - result: `[n, outputs, ceil(h / stride), ceil(w / stride)]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let kernel = self.weight.dims()[2];
        let padding = self.dilation * (kernel / 2);
        let options = ConvOptions::new([self.stride; 2], [padding; 2], [self.dilation; 2], self.groups);
        conv2d(x, self.weight.val(), self.bias.as_ref().map(Param::val), options)
    }
}
