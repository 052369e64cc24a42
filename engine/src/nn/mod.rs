//! Layers of the networks: what the architectures of [`models`](crate::models) are built from.
//!
//! Tensors are `[n, c, h, w]`, f32. Convolutions keep the map's size (or divide it by their stride), and
//! normalisation never depends on the batch: a neural ODE evaluates its layers a varying number of times, so batch
//! statistics would mean something else on every device (NODE paper, "Activation normalization").

mod aspp;
mod block;
mod conv;
mod norm;
pub mod ops;
mod scale;
mod squeeze_excitation;

pub use aspp::{Aspp, AsppConfig};
pub use block::{Activation, ConvBlock, ConvBlockConfig};
pub use conv::{Conv2d, Conv2dConfig};
pub use norm::{Norm, NormConfig};
pub use ops::{max_pool2, upsample2};
pub use scale::{crop_to, depth_to_space, pad_to_multiple, resize_bilinear, space_to_depth};
pub use squeeze_excitation::{SqueezeExcitation, SqueezeExcitationConfig};
