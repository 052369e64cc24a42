//! NodeStack (NODE paper, "Training setup"): several neural ODEs with Squeeze-and-Excitation between them, then atrous
//! spatial pyramid pooling as in DeepLabV3.

use super::evolve::Evolving;
use super::field::{GroupedField, GroupedFieldConfig};
use super::to_state_grid;
use crate::models::Input;
use crate::models::config::ConfigError;
use crate::models::head::distance_head;
use crate::nn::{
    Activation, Aspp, AsppConfig, Conv2d, ConvBlock, ConvBlockConfig, SqueezeExcitation, SqueezeExcitationConfig,
    crop_to, resize_bilinear,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Sizes of a [`NodeStack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeStackConfig {
    /// Squares of this side become one pixel in front: 1, 2, 4 or 8.
    pub stem: usize,
    /// Channels of the state.
    pub channels: usize,
    /// Neural ODEs in the stack.
    pub blocks: usize,
    /// Groups of the 3×3 convolutions of their right-hand sides; divides the channels.
    pub groups: usize,
    /// Channels / hidden units of the Squeeze-and-Excitation behind each of them.
    pub reduction: usize,
    /// Distances between the taps of the pyramid's 3×3 convolutions.
    pub rates: Vec<usize>,
    /// Channels of the pyramid's branches.
    pub pyramid: usize,
    /// Nonlinearity.
    pub activation: Activation,
}

impl Default for NodeStackConfig {
    /// About 0.18 M parameters.
    fn default() -> Self {
        Self {
            stem: 4,
            channels: 64,
            blocks: 3,
            groups: 4,
            reduction: 4,
            rates: vec![2, 4, 8],
            pyramid: 32,
            activation: Activation::Silu,
        }
    }
}

impl NodeStackConfig {
    /// # Errors
    /// The first field that no network can be built from.
    pub fn check(&self) -> Result<(), ConfigError> {
        if ![1, 2, 4, 8].contains(&self.stem) {
            return Err(ConfigError::new("stem", self.stem.to_string(), "1, 2, 4 or 8"));
        }
        ConfigError::range("channels", self.channels, 1..=1024)?;
        ConfigError::range("blocks", self.blocks, 1..=16)?;
        if self.groups == 0 || !self.channels.is_multiple_of(self.groups) {
            let expected = format!("a divisor of the {} channels", self.channels);
            return Err(ConfigError::new("groups", self.groups.to_string(), expected));
        }
        ConfigError::range("reduction", self.reduction, 1..=1024)?;
        ConfigError::range("pyramid", self.pyramid, 1..=1024)?;
        if self.rates.len() > 8 || self.rates.iter().any(|rate| !(1..=64).contains(rate)) {
            return Err(ConfigError::new("rates", format!("{:?}", self.rates), "at most 8 distances of 1 to 64"));
        }
        Ok(())
    }

    /// Random weights; every right-hand side starts as zero, and φ as "outside" nearly everywhere.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> NodeStack {
        let (c, activation) = (self.channels, self.activation);
        let field = GroupedFieldConfig { channels: c, groups: self.groups, activation };
        let excite = SqueezeExcitationConfig { channels: c, reduction: self.reduction };
        let pyramid = AsppConfig { inputs: c, outputs: self.pyramid, rates: self.rates.clone(), activation };
        let inputs = channels * self.stem * self.stem;
        NodeStack {
            embed: ConvBlockConfig { inputs, outputs: c, activation }.init(device),
            fields: (0..self.blocks).map(|_| field.init(device)).collect(),
            excite: (0..self.blocks).map(|_| excite.init(device)).collect(),
            pyramid: pyramid.init(device),
            head: distance_head(self.pyramid, organs, 1, 1, device),
            image_channels: channels,
            organs,
            stem: self.stem,
        }
    }
}

/// The network; its state is an embedding of the image.
#[derive(Module, Debug)]
pub struct NodeStack {
    embed: ConvBlock,
    fields: Vec<GroupedField>,
    excite: Vec<SqueezeExcitation>,
    pyramid: Aspp,
    head: Conv2d,
    image_channels: usize,
    organs: usize,
    stem: usize,
}

impl NodeStack {
    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        [self.image_channels, self.organs]
    }
}

impl Evolving for NodeStack {
    type Field = GroupedField;

    fn fields(&self) -> Vec<&GroupedField> {
        self.fields.iter().collect()
    }

    fn enter(&self, input: &Input) -> Tensor<4> {
        self.embed.forward(to_state_grid(input.image.clone(), self.stem, self.stem))
    }

    fn between(&self, solved: usize, state: Tensor<4>) -> Tensor<4> {
        self.excite[solved].forward(state)
    }

    fn leave(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        let [_, _, h, w] = state.dims();
        let last = self.between(self.fields.len() - 1, state);
        let phi = self.head.forward(self.pyramid.forward(last));
        crop_to(resize_bilinear(phi, [h * self.stem, w * self.stem]), size)
    }
}
