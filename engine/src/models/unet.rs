//! UNet (Ronneberger 2015) that regresses signed distance maps, shaped for CPUs: wide maps carry few channels.
//!
//! What differs from the first UNet, and why: a space-to-depth stem in front and a pixel shuffle behind, so that no
//! convolution runs on the full grid; on the way up a 1×1 convolution before the enlargement instead of a transposed
//! one behind it; zero padding, so that sizes stay; group normalisation, which does not depend on the batch.

use super::config::ConfigError;
use super::head::distance_head;
use crate::nn::{
    Activation, Conv2d, Conv2dConfig, ConvBlock, ConvBlockConfig, crop_to, depth_to_space, max_pool2, pad_to_multiple,
    resize_bilinear, space_to_depth, upsample2,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// How maps are enlarged on the way up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upsampling {
    /// Each pixel becomes a 2×2 square.
    #[default]
    Nearest,
    /// Interpolated between pixel centres.
    Bilinear,
}

/// Sizes of a [`UNet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UNetConfig {
    /// Channels of each level, widest map first; the map halves from one to the next.
    pub channels: Vec<usize>,
    /// Squares of this side become one pixel in front of the first level: 1, 2 or 4.
    pub stem: usize,
    /// Nonlinearity.
    pub activation: Activation,
    /// How maps are enlarged.
    pub up: Upsampling,
}

impl Default for UNetConfig {
    /// About 0.48 M parameters; the widest convolution runs on a quarter of the pixels.
    fn default() -> Self {
        Self { channels: vec![16, 32, 64, 128], stem: 2, activation: Activation::Relu, up: Upsampling::Nearest }
    }
}

impl UNetConfig {
    /// About 0.12 M parameters, a quarter of the default's: the right-hand side of a neural ODE. Smooth, because a
    /// kink in the rate of change costs an adaptive solver a rejected step.
    pub fn dynamics() -> Self {
        Self { channels: vec![16, 32, 64], activation: Activation::Silu, ..Self::default() }
    }

    /// Sides of the grid that are no multiple of this are padded inside.
    pub fn multiple(&self) -> usize {
        self.stem << (self.channels.len() - 1)
    }

    /// # Errors
    /// The first field that no network can be built from.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(1..=6).contains(&self.channels.len()) || !self.channels.iter().all(|c| (1..=1024).contains(c)) {
            return Err(ConfigError::new("channels", format!("{:?}", self.channels), "1 to 6 levels of 1 to 1024"));
        }
        if ![1, 2, 4].contains(&self.stem) {
            return Err(ConfigError::new("stem", self.stem.to_string(), "1, 2 or 4"));
        }
        Ok(())
    }

    /// A network from an image of `channels` to φ of each organ, with random weights; before training it says "outside"
    /// nearly everywhere.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> UNet {
        let head = distance_head(self.channels[0], organs, self.stem, 1, device);
        self.build(channels, organs, device, head)
    }

    /// A network from `inputs` to `outputs` channels with random weights and a last layer of zeros: its output is zero
    /// until it is trained.
    pub fn init_zero_end(&self, inputs: usize, outputs: usize, device: &Device) -> UNet {
        let head = Conv2dConfig::new(self.channels[0], outputs * self.stem * self.stem, 1).init_zero(device);
        self.build(inputs, outputs, device, head)
    }

    fn build(&self, inputs: usize, outputs: usize, device: &Device, head: Conv2d) -> UNet {
        let block = |inputs, outputs| ConvBlockConfig { inputs, outputs, activation: self.activation }.init(device);
        let square = self.stem * self.stem;
        let before = std::iter::once(inputs * square).chain(self.channels.iter().copied());
        UNet {
            down: before.zip(&self.channels).map(|(from, &to)| block(from, to)).collect(),
            reduce: self.channels.windows(2).map(|pair| Conv2dConfig::new(pair[1], pair[0], 1).init(device)).collect(),
            up: self.channels[..self.channels.len() - 1].iter().map(|&c| block(2 * c, c)).collect(),
            head,
            inputs,
            outputs,
            stem: self.stem,
            upsampling: self.up,
        }
    }
}

/// A UNet.
#[derive(Module, Debug)]
pub struct UNet {
    down: Vec<ConvBlock>,
    reduce: Vec<Conv2d>,
    up: Vec<ConvBlock>,
    head: Conv2d,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    stem: usize,
    #[module(skip)]
    upsampling: Upsampling,
}

impl UNet {
    /// # Shapes
    /// - `x`: `[n, inputs, h, w]`, any h and w
    /// - result: `[n, outputs, h, w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let padded = pad_to_multiple(x, self.stem << self.reduce.len());
        let y = self.levels(if self.stem == 1 { padded } else { space_to_depth(padded, self.stem) });
        crop_to(if self.stem == 1 { y } else { depth_to_space(y, self.stem) }, [h, w])
    }

    /// Down and up again.
    ///
    /// # Shapes
    /// - `x`: `[n, inputs * stem², h, w]`, h and w multiples of 2^(levels - 1)
    /// - result: `[n, outputs * stem², h, w]`
    fn levels(&self, x: Tensor<4>) -> Tensor<4> {
        let mut skips = Vec::with_capacity(self.down.len());
        let mut x = self.down[0].forward(x);
        for block in &self.down[1..] {
            let smaller = max_pool2(x.clone());
            skips.push(std::mem::replace(&mut x, block.forward(smaller)));
        }
        for ((reduce, block), skip) in self.reduce.iter().zip(&self.up).zip(skips).rev() {
            // A 1×1 convolution and an enlargement may change places; this order costs a quarter.
            let enlarged = self.enlarge(reduce.forward(x));
            x = block.forward(Tensor::cat(vec![skip, enlarged], 1));
        }
        self.head.forward(x)
    }

    fn enlarge(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        match self.upsampling {
            Upsampling::Nearest => upsample2(x),
            Upsampling::Bilinear => resize_bilinear(x, [2 * h, 2 * w]),
        }
    }
}
