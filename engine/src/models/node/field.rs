//! Right-hand sides: networks that give a state's rate of change.

use crate::models::unet::{UNet, UNetConfig};
use crate::nn::{Activation, Conv2d, Conv2dConfig, Norm, NormConfig};
use crate::ode::gradient::Dynamics;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// t as one more channel of a state.
///
/// # Shapes
/// - `state`: `[n, c, h, w]`
/// - result: `[n, c + 1, h, w]`
fn with_time(t: f64, state: Tensor<4>) -> Tensor<4> {
    let [n, _, h, w] = state.dims();
    let time = Tensor::full([n, 1, h, w], t, &state.device());
    Tensor::cat(vec![state, time], 1)
}

/// A small UNet of state and time; its last layer starts as zero, so that nothing moves before it is trained.
#[derive(Module, Debug)]
pub struct UNetField {
    unet: UNet,
}

impl UNetField {
    /// For a state of `channels` on the grid that the stem has already left.
    pub(super) fn new(config: &UNetConfig, channels: usize, device: &Device) -> Self {
        let inside = UNetConfig { stem: 1, ..config.clone() };
        Self { unet: inside.init_zero_end(channels + 1, channels, device) }
    }
}

impl Dynamics for UNetField {
    /// # Shapes
    /// - `state` and result: `[n, channels, h, w]`
    fn rate(&self, t: f64, state: Tensor<4>) -> Tensor<4> {
        self.unet.forward(with_time(t, state))
    }
}

/// Sizes of a [`GroupedField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupedFieldConfig {
    /// Channels of the state.
    pub channels: usize,
    /// Groups of the 3×3 convolution.
    pub groups: usize,
    /// Nonlinearity.
    pub activation: Activation,
}

impl GroupedFieldConfig {
    /// Random weights, and a last layer of zeros.
    pub fn init(&self, device: &Device) -> GroupedField {
        let c = self.channels;
        let grouped = Conv2dConfig { groups: self.groups, ..Conv2dConfig::new(c, c, 3).without_bias() };
        GroupedField {
            mix: Conv2dConfig::new(c + 1, c, 1).without_bias().init(device),
            norm1: NormConfig::group(c).init(device),
            spread: grouped.init(device),
            norm2: NormConfig::layer(c).init(device),
            end: Conv2dConfig::new(c, c, 1).init_zero(device),
            activation: self.activation,
        }
    }
}

/// Mixes channels, spreads within groups of them, mixes again. Layer normalisation stands behind the grouped
/// convolution, group normalisation behind the other (NODE paper, "Activation normalization").
#[derive(Module, Debug)]
pub struct GroupedField {
    mix: Conv2d,
    norm1: Norm,
    spread: Conv2d,
    norm2: Norm,
    end: Conv2d,
    #[module(skip)]
    activation: Activation,
}

impl Dynamics for GroupedField {
    /// # Shapes
    /// - `state` and result: `[n, channels, h, w]`
    fn rate(&self, t: f64, state: Tensor<4>) -> Tensor<4> {
        let x = self.norm1.forward(self.mix.forward(with_time(t, state)));
        let x = self.norm2.forward(self.spread.forward(self.activation.forward(x)));
        self.end.forward(self.activation.forward(x))
    }
}
