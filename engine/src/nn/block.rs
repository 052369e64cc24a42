//! Two convolutions with normalisation and activation: the unit that UNets repeat.

use super::ops::Nonlinearity;
use super::{Conv2d, Conv2dConfig, Norm, NormConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

/// Nonlinearity behind a normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x·sigmoid(x): smooth, so that an ODE's error control sees no kinks.
    Silu,
}

impl Activation {
    /// # Shapes
    /// - `x` and result: any
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(x),
            Self::Silu => activation::silu(x),
        }
    }
}

impl From<Activation> for Nonlinearity {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Relu => Self::Relu,
            Activation::Silu => Self::Silu,
        }
    }
}

/// Shape of a [`ConvBlock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvBlockConfig {
    /// Input channels.
    pub inputs: usize,
    /// Output channels, and those between the two convolutions.
    pub outputs: usize,
    /// Nonlinearity.
    pub activation: Activation,
}

impl ConvBlockConfig {
    /// Random weights.
    pub fn init(&self, device: &Device) -> ConvBlock {
        let conv = |inputs| Conv2dConfig::new(inputs, self.outputs, 3).without_bias().init(device);
        let norm = || NormConfig::group(self.outputs).init(device);
        ConvBlock {
            conv1: conv(self.inputs),
            norm1: norm(),
            conv2: conv(self.outputs),
            norm2: norm(),
            activation: self.activation,
        }
    }
}

/// (3×3 convolution, group normalisation, activation) twice.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv1: Conv2d,
    norm1: Norm,
    conv2: Conv2d,
    norm2: Norm,
    #[module(skip)]
    activation: Activation,
}

impl ConvBlock {
    /// # Shapes
    /// - `x`: `[n, inputs, h, w]`
    /// - result: `[n, outputs, h, w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.norm1.forward_then(self.conv1.forward(x), self.activation.into());
        self.norm2.forward_then(self.conv2.forward(x), self.activation.into())
    }
}
