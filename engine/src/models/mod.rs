//! The networks, one architecture per file, and the folder that keeps a trained one.
//!
//! ```text
//! NetworkConfig --init--> Network --predict--> phi in band widths
//!                           | loss_gradients --> optimizer (train)
//!                           | Checkpoint::save / load <--> model.json, weights.safetensors, CARD.md
//! Catalogue --Listed::load--> Checkpoint                  the networks that are part of the program
//! ```
//!
//! φ inside networks is in units of the band width w and **negative inside**; a network never sees mm. Tensors are
//! `[n, c, h, w]`, f32.

pub mod catalogue;
pub mod checkpoint;
mod config;
pub mod deep_chan_vese;
mod error;
mod head;
pub mod lsn;
mod network;
pub mod node;
mod stencil;
mod unet;

pub use catalogue::{Catalogue, CatalogueError, Listed};
pub use checkpoint::{Checkpoint, Manifest};
pub use config::{ARCHITECTURES, ConfigError, NetworkConfig};
pub use deep_chan_vese::{DeepChanVese, DeepChanVeseConfig};
pub use error::ModelError;
pub use lsn::{Lsn, LsnConfig};
pub use network::{GradientMethod, Input, Network, Output};
pub use node::{NodeContour, NodeContourConfig, NodeImage, NodeImageConfig, NodeStack, NodeStackConfig};
pub use unet::{UNet, UNetConfig, Upsampling};
