//! Sizes of a deep Chan–Vese network.

use super::DeepChanVese;
use super::heads::{Backbone, FeatureHead, HyperHead, REDUCTION, TsdfHead};
use crate::models::ConfigError;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// Sizes of a [`DeepChanVese`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeepChanVeseConfig {
    /// Unrolled steps N.
    pub steps: usize,
    /// Feature channels C.
    pub features: usize,
    /// Channels of the backbone's map at a quarter of the size.
    pub backbone: usize,
    /// Spacing of the taps of the backbone's 3×3 convolutions, one after the other.
    pub dilations: Vec<usize>,
    /// Weights of the loss of φ₀ and of φ_N in training (paper: 1 and 5 on Cityscapes, 0.2 and 1 on COCO).
    pub loss_weights: [f64; 2],
    /// Whether the network only ever evolves a contour that it is given: φ₀ is then that one, and the TSDF head idle.
    pub start_given: bool,
}

impl Default for DeepChanVeseConfig {
    /// The paper's N, C and weights; a backbone that sees about 130 pixels around each.
    fn default() -> Self {
        let (dilations, loss_weights) = (vec![1, 2, 4, 8], [1.0, 5.0]);
        Self { steps: 3, features: 64, backbone: 64, dilations, loss_weights, start_given: false }
    }
}

impl DeepChanVeseConfig {
    /// Sides of the grid that are no multiple of this are padded inside.
    pub fn multiple(&self) -> usize {
        REDUCTION
    }

    /// # Errors
    /// The first field that no network can be built with.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::range("steps", self.steps, 1..=100)?;
        ConfigError::range("features", self.features, 1..=1024)?;
        if !self.backbone.is_multiple_of(2) || !(2..=1024).contains(&self.backbone) {
            return Err(ConfigError::new("backbone", self.backbone.to_string(), "an even number from 2 to 1024"));
        }
        if !self.dilations.iter().all(|dilation| (1..=64).contains(dilation)) {
            return Err(ConfigError::new("dilations", format!("{:?}", self.dilations), "numbers from 1 to 64"));
        }
        if !self.loss_weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) {
            return Err(ConfigError::new("loss_weights", format!("{:?}", self.loss_weights), "two numbers, 0 or more"));
        }
        Ok(())
    }

    /// A network for images of `channels` channels and an output channel per organ.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> DeepChanVese {
        DeepChanVese {
            backbone: Backbone::new(channels, self, device),
            tsdf: TsdfHead::new(self.backbone, organs, device),
            hyper: HyperHead::new(self.backbone, organs * (2 * self.steps + 3), device),
            features: FeatureHead::new(self.backbone, channels, self.features, device),
            channels,
            organs,
            config: self.clone(),
        }
    }
}
