//! Contour evolution (NODE paper, eq. 3): a start contour moves while an embedding of the image tells it where to.

use super::evolve::Evolving;
use super::field::UNetField;
use super::{from_state_grid, to_state_grid};
use crate::models::Input;
use crate::models::config::ConfigError;
use crate::models::unet::UNetConfig;
use crate::nn::{Activation, Conv2d, Conv2dConfig, ConvBlock, ConvBlockConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Sizes of a [`NodeContour`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeContourConfig {
    /// Channels of the image's embedding h.
    pub hidden: usize,
    /// Sizes of f; its stem is the whole network's.
    pub dynamics: UNetConfig,
    /// Channels inside the postnet ψ.
    pub postnet: usize,
    /// |φ(0)| is cut to this many band widths. A drawing far from the border and a UNet's guess there are equally
    /// right at any size; without the cut the largest number, not the contour, would set the scale of the state, and
    /// with it the solver's max-norm error and the convolutions' input.
    pub start_limit: f64,
}

impl Default for NodeContourConfig {
    /// About 0.12 M parameters.
    fn default() -> Self {
        Self { hidden: 8, dynamics: UNetConfig::dynamics(), postnet: 16, start_limit: 4.0 }
    }
}

impl NodeContourConfig {
    /// # Errors
    /// The first field that no network can be built from.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::range("hidden", self.hidden, 1..=256)?;
        ConfigError::range("postnet", self.postnet, 1..=256)?;
        if !(self.start_limit.is_finite() && self.start_limit > 0.0) {
            let expected = "a positive number of band widths";
            return Err(ConfigError::new("start_limit", self.start_limit.to_string(), expected));
        }
        self.dynamics.check().map_err(|error| error.within("dynamics"))
    }

    /// Random weights; the last layers of f and ψ are zero, so that the network returns φ(0).
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> NodeContour {
        let stem = self.dynamics.stem;
        let (square, activation) = (stem * stem, self.dynamics.activation);
        let state = organs * square + self.hidden;
        NodeContour {
            embed: ConvBlockConfig { inputs: channels * square, outputs: self.hidden, activation }.init(device),
            dynamics: UNetField::new(&self.dynamics, state, device),
            post1: Conv2dConfig::new(state, self.postnet, 3).init(device),
            post2: Conv2dConfig::new(self.postnet, organs * square, 3).init_zero(device),
            image_channels: channels,
            organs,
            stem,
            multiple: self.dynamics.multiple(),
            start_limit: self.start_limit,
            activation,
        }
    }
}

/// The network; its state γ is φ on the state's grid (`organs * stem²` channels), then h (`hidden` channels).
#[derive(Module, Debug)]
pub struct NodeContour {
    embed: ConvBlock,
    dynamics: UNetField,
    post1: Conv2d,
    post2: Conv2d,
    image_channels: usize,
    organs: usize,
    stem: usize,
    multiple: usize,
    start_limit: f64,
    #[module(skip)]
    activation: Activation,
}

impl NodeContour {
    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        [self.image_channels, self.organs]
    }

    /// |φ(0)| is cut to this many band widths.
    pub fn start_limit(&self) -> f64 {
        self.start_limit
    }

    /// Shape of γ for `n` maps of `size` rows and columns.
    pub fn state_shape(&self, n: usize, size: [usize; 2]) -> [usize; 4] {
        let [_, channels, _, _] = self.post1.weight.val().dims();
        let [h, w] = size.map(|side| side.next_multiple_of(self.multiple) / self.stem);
        [n, channels, h, w]
    }

    /// γ(0). Without a start contour φ(0) is "all outside".
    ///
    /// # Shapes
    /// - `input.image`: `[n, channels, h, w]`, `input.start`: `[n, organs, h, w]`
    /// - result: `[n, organs * stem² + hidden, H / stem, W / stem]`, H and W the padded sides
    pub fn start_state(&self, input: &Input) -> Tensor<4> {
        let [n, _, h, w] = input.image.dims();
        let limit = self.start_limit;
        let start = match &input.start {
            Some(start) => start.clone().clamp(-limit, limit),
            None => Tensor::full([n, self.organs, h, w], limit, &input.image.device()),
        };
        let grid = |map| to_state_grid(map, self.multiple, self.stem);
        Tensor::cat(vec![grid(start), self.embed.forward(grid(input.image.clone()))], 1)
    }

    /// f, the right-hand side.
    pub fn dynamics(&self) -> &UNetField {
        &self.dynamics
    }

    /// φ of a state, as it is on the way, without the postnet.
    ///
    /// # Shapes
    /// - `state`: as from [`start_state`](Self::start_state)
    /// - result: `[n, organs, size[0], size[1]]`, band widths
    pub fn phi(&self, state: &Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        from_state_grid(self.phi_channels(state), self.stem, size)
    }

    /// φ̂ = φ(1) + ψ(γ(1)).
    ///
    /// # Shapes
    /// - `state`: as from [`start_state`](Self::start_state)
    /// - result: `[n, organs, size[0], size[1]]`, band widths
    pub fn finish(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        let phi = self.phi_channels(&state);
        from_state_grid(phi + self.postnet(state), self.stem, size)
    }

    /// ψ(γ) alone: [`finish`](Self::finish) is [`phi`](Self::phi) plus this, bit for bit.
    ///
    /// # Shapes
    /// - `state`: as from [`start_state`](Self::start_state)
    /// - result: `[n, organs, size[0], size[1]]`, band widths
    pub fn correction(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        from_state_grid(self.postnet(state), self.stem, size)
    }

    /// A state, or a rate of it, whose φ is changed by so much; h is as it was.
    ///
    /// # Shapes
    /// - `state`: as from [`start_state`](Self::start_state)
    /// - `change`: `[n, organs, h, w]`, band widths
    pub fn with_phi_change(&self, state: Tensor<4>, change: Tensor<4>) -> Tensor<4> {
        let change = to_state_grid(change, self.multiple, self.stem);
        let channels = state.dims()[1];
        let phi = self.organs * self.stem * self.stem;
        let hidden = state.clone().narrow(1, phi, channels - phi);
        Tensor::cat(vec![state.narrow(1, 0, phi) + change, hidden], 1)
    }

    fn postnet(&self, state: Tensor<4>) -> Tensor<4> {
        self.post2.forward(self.activation.forward(self.post1.forward(state)))
    }

    fn phi_channels(&self, state: &Tensor<4>) -> Tensor<4> {
        state.clone().narrow(1, 0, self.organs * self.stem * self.stem)
    }
}

impl Evolving for NodeContour {
    type Field = UNetField;

    fn fields(&self) -> Vec<&UNetField> {
        vec![&self.dynamics]
    }

    fn enter(&self, input: &Input) -> Tensor<4> {
        self.start_state(input)
    }

    fn between(&self, _: usize, state: Tensor<4>) -> Tensor<4> {
        state
    }

    fn leave(&self, state: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        self.finish(state, size)
    }
}
