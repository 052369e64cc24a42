//! Normalisation over the channels and pixels of one slice.

use super::ops::{Nonlinearity, group_norm};
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Added to the variance.
pub const EPSILON: f64 = 1e-5;

/// Shape of a [`Norm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NormConfig {
    /// Channels of the map.
    pub channels: usize,
    /// Groups of channels with statistics of their own. 1 is layer normalisation.
    pub groups: usize,
}

impl NormConfig {
    /// Group normalisation in groups of 8 channels, or the largest divisor of `channels` below.
    pub fn group(channels: usize) -> Self {
        let size = (1..=channels.min(8)).rev().find(|size| channels.is_multiple_of(*size)).unwrap_or(1);
        Self { channels, groups: channels / size }
    }

    /// Layer normalisation: one group; what the NODE paper uses behind grouped convolutions.
    pub fn layer(channels: usize) -> Self {
        Self { channels, groups: 1 }
    }

    /// Scale 1, offset 0.
    ///
    /// # Panics
    /// When the groups do not divide the channels.
    pub fn init(&self, device: &Device) -> Norm {
        assert!(
            self.channels.is_multiple_of(self.groups),
            "{} channels: expected a multiple of {} groups",
            self.channels,
            self.groups
        );
        Norm {
            scale: Initializer::Ones.init([self.channels], device),
            offset: Initializer::Zeros.init([self.channels], device),
            groups: self.groups,
        }
    }
}

/// Group normalisation (Wu & He 2018); with one group layer normalisation (Ba 2016) over channels and pixels.
#[derive(Module, Debug)]
pub struct Norm {
    /// `[channels]`, multiplies the normalised map.
    pub scale: Param<Tensor<1>>,
    /// `[channels]`, added to it.
    pub offset: Param<Tensor<1>>,
    groups: usize,
}

impl Norm {
    /// # Shapes
    /// - `x` and result: `[n, channels, h, w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_then(x, Nonlinearity::Identity)
    }

    /// The same with what follows it in the same pass over the map.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward).
    pub fn forward_then(&self, x: Tensor<4>, nonlinearity: Nonlinearity) -> Tensor<4> {
        group_norm(x, self.scale.val(), self.offset.val(), self.groups, EPSILON, nonlinearity)
    }
}
