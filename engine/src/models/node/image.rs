//! Image evolution (NODE paper, §2.2): an embedding of the image evolves until φ can be read from it.

use super::evolve::Evolving;
use super::field::UNetField;
use super::{from_state_grid, to_state_grid};
use crate::models::Input;
use crate::models::config::ConfigError;
use crate::models::head::distance_head;
use crate::models::unet::UNetConfig;
use crate::nn::{Activation, Conv2d, Conv2dConfig, ConvBlock, ConvBlockConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Sizes of a [`NodeImage`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeImageConfig {
    /// Channels of the embedding h.
    pub hidden: usize,
    /// Sizes of f; its stem is the whole network's.
    pub dynamics: UNetConfig,
    /// Channels inside ψ.
    pub postnet: usize,
}

impl Default for NodeImageConfig {
    /// About 0.12 M parameters.
    fn default() -> Self {
        Self { hidden: 16, dynamics: UNetConfig::dynamics(), postnet: 16 }
    }
}

impl NodeImageConfig {
    /// # Errors
    /// The first field that no network can be built from.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::range("hidden", self.hidden, 1..=256)?;
        ConfigError::range("postnet", self.postnet, 1..=256)?;
        self.dynamics.check().map_err(|error| error.within("dynamics"))
    }

    /// Random weights; the last layer of f is zero, so that training starts from an embedding at rest. That of ψ is
    /// not: there is no φ(0) to return, and a zero there would keep every other weight from learning at first. It says
    /// "outside" nearly everywhere.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> NodeImage {
        let stem = self.dynamics.stem;
        let (square, activation) = (stem * stem, self.dynamics.activation);
        NodeImage {
            embed: ConvBlockConfig { inputs: channels * square, outputs: self.hidden, activation }.init(device),
            dynamics: UNetField::new(&self.dynamics, self.hidden, device),
            post1: Conv2dConfig::new(self.hidden, self.postnet, 3).init(device),
            post2: distance_head(self.postnet, organs, stem, 3, device),
            image_channels: channels,
            organs,
            stem,
            multiple: self.dynamics.multiple(),
            activation,
        }
    }
}

/// The network; its state is h.
#[derive(Module, Debug)]
pub struct NodeImage {
    embed: ConvBlock,
    dynamics: UNetField,
    post1: Conv2d,
    post2: Conv2d,
    image_channels: usize,
    organs: usize,
    stem: usize,
    multiple: usize,
    #[module(skip)]
    activation: Activation,
}

impl NodeImage {
    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        [self.image_channels, self.organs]
    }

    /// h(0) = λ(I).
    ///
    /// # Shapes
    /// - `image`: `[n, channels, h, w]`
    /// - result: `[n, hidden, H / stem, W / stem]`, H and W the padded sides
    pub fn start_state(&self, image: &Tensor<4>) -> Tensor<4> {
        self.embed.forward(to_state_grid(image.clone(), self.multiple, self.stem))
    }

    /// f, the right-hand side.
    pub fn dynamics(&self) -> &UNetField {
        &self.dynamics
    }

    /// φ = ψ(h), at t = 1 the result and before it what the result would be if time stopped there.
    ///
    /// # Shapes
    /// - `state`: as from [`start_state`](Self::start_state)
    /// - result: `[n, organs, size[0], size[1]]`, band widths
    pub fn finish(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        let phi = self.post2.forward(self.activation.forward(self.post1.forward(state)));
        from_state_grid(phi, self.stem, size)
    }
}

impl Evolving for NodeImage {
    type Field = UNetField;

    fn fields(&self) -> Vec<&UNetField> {
        vec![&self.dynamics]
    }

    fn enter(&self, input: &Input) -> Tensor<4> {
        self.start_state(&input.image)
    }

    fn between(&self, _: usize, state: Tensor<4>) -> Tensor<4> {
        state
    }

    fn leave(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        self.finish(state, size)
    }
}
