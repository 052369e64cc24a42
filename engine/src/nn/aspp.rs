//! Atrous spatial pyramid pooling (Chen et al. 2017, DeepLabV3): one map seen at several distances at once.

use super::{Activation, Conv2d, Conv2dConfig, Norm, NormConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Shape of an [`Aspp`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsppConfig {
    /// Input channels.
    pub inputs: usize,
    /// Output channels, and those of every branch.
    pub outputs: usize,
    /// Distance between the taps of each 3×3 branch, in pixels of the map.
    pub rates: Vec<usize>,
    /// Nonlinearity.
    pub activation: Activation,
}

impl AsppConfig {
    /// Random weights.
    pub fn init(&self, device: &Device) -> Aspp {
        let layer = |conv: Conv2dConfig| ConvNorm {
            conv: conv.without_bias().init(device),
            norm: NormConfig::group(self.outputs).init(device),
        };
        let dilated = |&dilation| Conv2dConfig { dilation, ..Conv2dConfig::new(self.inputs, self.outputs, 3) };
        Aspp {
            point: layer(Conv2dConfig::new(self.inputs, self.outputs, 1)),
            dilated: self.rates.iter().map(|rate| layer(dilated(rate))).collect(),
            pooled: Conv2dConfig::new(self.inputs, self.outputs, 1).init(device),
            project: layer(Conv2dConfig::new((self.rates.len() + 2) * self.outputs, self.outputs, 1)),
            activation: self.activation,
        }
    }
}

/// A 1×1 convolution, 3×3 convolutions at several rates and the map's mean, side by side, then mixed by a 1×1
/// convolution.
#[derive(Module, Debug)]
pub struct Aspp {
    point: ConvNorm,
    dilated: Vec<ConvNorm>,
    pooled: Conv2d,
    project: ConvNorm,
    #[module(skip)]
    activation: Activation,
}

impl Aspp {
    /// # Shapes
    /// - `x`: `[n, inputs, h, w]`
    /// - result: `[n, outputs, h, w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let mut branches = vec![self.activation.forward(self.point.forward(x.clone()))];
        branches.extend(self.dilated.iter().map(|layer| self.activation.forward(layer.forward(x.clone()))));
        // The mean is a single pixel: a normalisation there would compare channels, not pixels, so it has none.
        let mean = self.pooled.forward(x.mean_dim(3).mean_dim(2));
        branches.push(self.activation.forward(mean).repeat(&[1, 1, h, w]));
        self.activation.forward(self.project.forward(Tensor::cat(branches, 1)))
    }
}

/// A convolution without bias and its normalisation.
#[derive(Module, Debug)]
pub struct ConvNorm {
    conv: Conv2d,
    norm: Norm,
}

impl ConvNorm {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }
}
