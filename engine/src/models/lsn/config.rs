//! Sizes of a level set network, and its start contour.

use super::{Lsn, LsnLayer};
use crate::models::ConfigError;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How the curvature term is formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curvature {
    /// κ = Σ_j σ_j ∗ (∇û / (|∇û| + ε)), ∇û = (ρ_i ∗ φ)_i, times |∇û|: the papers' form.
    #[default]
    Divergence,
    /// κ|∇φ| = (φ_xx φ_y² + φ_yy φ_x² − 2 φ_x φ_y φ_xy) / |∇φ|² from five kernels: the solver's form, which reaches
    /// one pixel where the other reaches two.
    Compact,
}

/// The time step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStep {
    /// The same for every image; the papers' is 1.
    Fixed(f64),
    /// This part of the solver's stable step, worked out per image from the greatest speeds; the gradient passes it.
    Stable(f64),
}

/// Weights before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// Finite differences: the untrained network is a solver. What kernels there are beyond those it needs start small
    /// and random, so that they can be learned.
    #[default]
    FiniteDifference,
    /// Standard normal, as the papers draw every weight (and lost one of their five folds).
    Normal,
}

/// The contour that the network starts from when nobody gives one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The disc around the middle of the image whose radius is this part of the shorter side.
    Disc(f64),
    /// Uniform in −1…1 band widths at every pixel, the same for the same seed (the papers' start; they give no range).
    Uniform {
        /// Seed.
        rng_seed: u64,
    },
    /// None: the network only ever evolves a contour that it is given.
    Given,
}

/// Sizes of an [`Lsn`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LsnConfig {
    /// Time steps N_t.
    pub steps: usize,
    /// Whether all steps share one layer's kernels.
    pub share_layers: bool,
    /// Kernels σ_j of the edge indicator; at least 2.
    pub edge_kernels: usize,
    /// Components of ∇û with [`Curvature::Divergence`]; at least 2.
    pub gradient_kernels: usize,
    /// Form of the curvature term.
    pub curvature: Curvature,
    /// Time step.
    pub time_step: TimeStep,
    /// Weights before training.
    pub initial: Initial,
    /// Starting α, β, γ. With the default's sum dt = 1 is stable: √2 α + 4 β + γ is below 1 (|∂g| is at most ½).
    pub weights: [f32; 3],
    /// Gradient of the image, per pixel of its −1…1, at which an untrained g is ½.
    pub edge_scale: f64,
    /// Band width in pixels: what φ is divided by at the network's edge.
    pub band_px: f64,
    /// Start contour.
    pub start: Start,
}

impl Default for LsnConfig {
    /// The papers' N_t and dt, and the number of kernels in the authors' code.
    fn default() -> Self {
        Self {
            steps: 5,
            share_layers: false,
            edge_kernels: 16,
            gradient_kernels: 16,
            curvature: Curvature::Divergence,
            time_step: TimeStep::Fixed(1.0),
            initial: Initial::FiniteDifference,
            weights: [0.25, 0.05, 0.25],
            edge_scale: 0.1,
            band_px: 5.0,
            start: Start::Disc(0.25),
        }
    }
}

impl LsnConfig {
    /// # Errors
    /// The first field that no network can be built with.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::range("steps", self.steps, 1..=1000)?;
        ConfigError::range("edge_kernels", self.edge_kernels, 2..=1024)?;
        ConfigError::range("gradient_kernels", self.gradient_kernels, 2..=1024)?;
        let positive = |field: &str, found: f64| match found > 0.0 && found.is_finite() {
            true => Ok(()),
            false => Err(ConfigError::new(field, found.to_string(), "a positive number")),
        };
        let (TimeStep::Fixed(step) | TimeStep::Stable(step)) = self.time_step;
        positive("time_step", step)?;
        positive("edge_scale", self.edge_scale)?;
        positive("band_px", self.band_px)?;
        if let Some(weight) = self.weights.iter().find(|weight| !weight.is_finite()) {
            return Err(ConfigError::new("weights", weight.to_string(), "three finite numbers"));
        }
        match self.start {
            Start::Disc(part) => positive("start.disc", part),
            Start::Uniform { .. } | Start::Given => Ok(()),
        }
    }

    /// A network for images of `channels` channels, with kernels of its own for every organ.
    pub fn init(&self, channels: usize, organs: usize, device: &Device) -> Lsn {
        let count = organs * if self.share_layers { 1 } else { self.steps };
        let layers = (0..count).map(|_| LsnLayer::new(self, channels, device)).collect();
        Lsn { layers, channels, organs, config: *self }
    }

    /// φ of the start contour in band widths, negative inside; with [`Start::Given`] there is none, all is outside.
    ///
    /// # Shapes
    /// - `size` and result: `[n, organs, h, w]`, every map the same
    pub fn start(&self, size: [usize; 4], device: &Device) -> Tensor<4> {
        let [n, organs, h, w] = size;
        let phi: Vec<f32> = match self.start {
            Start::Disc(part) => {
                let middle = |side: usize| (side as f64 - 1.0) / 2.0;
                let radius = part * h.min(w) as f64;
                let distance = |y: usize, x: usize| (y as f64 - middle(h)).hypot(x as f64 - middle(w)) - radius;
                (0..h * w).map(|i| (distance(i / w, i % w) / self.band_px) as f32).collect()
            }
            Start::Uniform { rng_seed } => {
                let mut rng = ChaCha8Rng::seed_from_u64(rng_seed);
                (0..h * w).map(|_| rng.random_range(-1.0..1.0)).collect()
            }
            Start::Given => vec![1.0; h * w],
        };
        Tensor::from_data(TensorData::new(phi, [1, 1, h, w]), device).repeat(&[n, organs, 1, 1])
    }
}
