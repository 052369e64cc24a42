//! Squeeze and Excitation (Hu et al. 2018): each channel scaled by what the whole map holds.

use super::{Conv2d, Conv2dConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

/// Shape of a [`SqueezeExcitation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqueezeExcitationConfig {
    /// Channels of the map.
    pub channels: usize,
    /// Channels / hidden units (16 in the paper).
    pub reduction: usize,
}

impl SqueezeExcitationConfig {
    /// Random weights.
    pub fn init(&self, device: &Device) -> SqueezeExcitation {
        let hidden = (self.channels / self.reduction).max(1);
        SqueezeExcitation {
            squeeze: Conv2dConfig::new(self.channels, hidden, 1).init(device),
            excite: Conv2dConfig::new(hidden, self.channels, 1).init(device),
        }
    }
}

/// Channel means through two dense layers to one factor in 0..1 per channel.
#[derive(Module, Debug)]
pub struct SqueezeExcitation {
    squeeze: Conv2d,
    excite: Conv2d,
}

impl SqueezeExcitation {
    /// # Shapes
    /// - `x` and result: `[n, channels, h, w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mean = x.clone().mean_dim(3).mean_dim(2);
        let hidden = activation::relu(self.squeeze.forward(mean));
        x * activation::sigmoid(self.excite.forward(hidden))
    }
}
