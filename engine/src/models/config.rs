//! Which architecture, and its sizes: what a recipe chooses and a checkpoint keeps.

use super::Network;
use super::deep_chan_vese::DeepChanVeseConfig;
use super::lsn::{LsnConfig, Start};
use super::node::{NodeContourConfig, NodeImageConfig, NodeStackConfig};
use super::unet::UNetConfig;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An architecture and its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "architecture", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// Image to distance map in one pass.
    Unet(UNetConfig),
    /// A neural ODE evolves a start contour beside an embedding of the image.
    NodeContour(NodeContourConfig),
    /// A neural ODE evolves an embedding of the image, which is then read as a distance map.
    NodeImage(NodeImageConfig),
    /// Several neural ODEs on an embedding, then atrous spatial pyramid pooling.
    NodeStack(NodeStackConfig),
    /// The level set solver unrolled, with learned kernels.
    Lsn(LsnConfig),
    /// Chan–Vese on learned features of a region of interest, unrolled.
    DeepChanVese(DeepChanVeseConfig),
}

/// Names of the architectures, as in recipes, checkpoints and on the command line.
pub const ARCHITECTURES: [&str; 6] = ["unet", "node-contour", "node-image", "node-stack", "lsn", "deep-chan-vese"];

/// A size that no network can be built with.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("network.{field}: found {found}, expected {expected}")]
pub struct ConfigError {
    /// Name of the field, as in the recipe.
    pub field: String,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
}

impl ConfigError {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), found: found.into(), expected: expected.into() }
    }

    /// The same about a field of the part `name`.
    pub(super) fn within(mut self, name: &str) -> Self {
        self.field = format!("{name}.{}", self.field);
        self
    }

    /// `Ok` when `found` lies in the range.
    pub(super) fn range(field: &str, found: usize, range: std::ops::RangeInclusive<usize>) -> Result<(), ConfigError> {
        if range.contains(&found) {
            return Ok(());
        }
        Err(Self::new(field, found.to_string(), format!("{} to {}", range.start(), range.end())))
    }
}

impl NetworkConfig {
    /// The default sizes of an architecture of [`ARCHITECTURES`].
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "unet" => Some(Self::Unet(UNetConfig::default())),
            "node-contour" => Some(Self::NodeContour(NodeContourConfig::default())),
            "node-image" => Some(Self::NodeImage(NodeImageConfig::default())),
            "node-stack" => Some(Self::NodeStack(NodeStackConfig::default())),
            "lsn" => Some(Self::Lsn(LsnConfig::default())),
            "deep-chan-vese" => Some(Self::DeepChanVese(DeepChanVeseConfig::default())),
            _ => None,
        }
    }

    /// Name of the architecture, as on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unet(_) => "unet",
            Self::NodeContour(_) => "node-contour",
            Self::NodeImage(_) => "node-image",
            Self::NodeStack(_) => "node-stack",
            Self::Lsn(_) => "lsn",
            Self::DeepChanVese(_) => "deep-chan-vese",
        }
    }

    /// Whether the network evolves a start contour, which it has to be given.
    pub fn needs_start(&self) -> bool {
        match self {
            Self::NodeContour(_) => true,
            Self::Lsn(config) => config.start == Start::Given,
            Self::DeepChanVese(config) => config.start_given,
            Self::Unet(_) | Self::NodeImage(_) | Self::NodeStack(_) => false,
        }
    }

    /// Whether the network can evolve a start contour: those that need one, and those that else begin with their own.
    pub fn takes_start(&self) -> bool {
        self.needs_start() || matches!(self, Self::Lsn(_) | Self::DeepChanVese(_))
    }

    /// Whether the network solves an ODE, so that solver parameters mean something to it.
    pub fn solves(&self) -> bool {
        matches!(self, Self::NodeContour(_) | Self::NodeImage(_) | Self::NodeStack(_))
    }

    /// What both sides of the grid should be multiples of; others are padded inside, at some cost.
    pub fn multiple(&self) -> usize {
        match self {
            Self::Unet(config) => config.multiple(),
            Self::NodeContour(config) => config.dynamics.multiple(),
            Self::NodeImage(config) => config.dynamics.multiple(),
            Self::NodeStack(config) => config.stem,
            Self::Lsn(_) => 1,
            Self::DeepChanVese(config) => config.multiple(),
        }
    }

    /// # Errors
    /// The first field that no network can be built with.
    pub fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::Unet(config) => config.check(),
            Self::NodeContour(config) => config.check(),
            Self::NodeImage(config) => config.check(),
            Self::NodeStack(config) => config.check(),
            Self::Lsn(config) => config.check(),
            Self::DeepChanVese(config) => config.check(),
        }
    }

    /// A network with random weights for images of `channels` and an output channel per organ.
    ///
    /// The weights are drawn here and now from the device's generator: after the same `device.seed` they are the same.
    ///
    /// # Panics
    /// Sizes that [`check`](Self::check) refuses.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> Network {
        let network = match self {
            Self::Unet(config) => Network::Unet(config.init(channels, organs, device)),
            Self::NodeContour(config) => Network::NodeContour(config.init(channels, organs, device)),
            Self::NodeImage(config) => Network::NodeImage(config.init(channels, organs, device)),
            Self::NodeStack(config) => Network::NodeStack(config.init(channels, organs, device)),
            Self::Lsn(config) => Network::Lsn(config.init(channels, organs, device)),
            Self::DeepChanVese(config) => Network::DeepChanVese(config.init(channels, organs, device)),
        };
        // burn draws a parameter when it is first used: without this, weights would depend on what runs first.
        network.visit(&mut Draw);
        network
    }
}

/// Makes every parameter draw its values.
struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}
