//! Losses: what training brings down. One per file, each a function from tensors to one number.
//!
//! A network gives φ in band widths, negative inside, one channel per organ; every organ is a binary problem of its
//! own. The losses that compare probabilities read P = ½(1 − tanh φ) = σ(−2φ), the smooth Heaviside of the level set
//! loss at a width of one band.

mod cross_entropy;
mod dice;
mod level_set;
mod mask;
mod tanh_band;
mod tsdf;

pub use cross_entropy::cross_entropy;
pub use dice::dice;
pub use level_set::{level_set_energy, level_set_loss};
pub use tanh_band::tanh_band_mse;
pub use tsdf::{tsdf_loss, tsdf_of};

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// What a network's output is compared with.
#[derive(Clone, Debug)]
pub struct Target {
    /// Signed distance to the truth's boundary in band widths, negative inside; `[n, k, h, w]`.
    pub phi_band: Tensor<4>,
    /// 1 inside the organ, 0 outside; `[n, k, h, w]`.
    pub inside: Tensor<4>,
    /// 1 where a pixel counts, 0 where it is padding; `[n, 1, h, w]`. All count without it.
    pub mask: Option<Tensor<4>>,
    /// How much each organ's pixels weigh in the tanh-band loss, mean 1; `[1, k, 1, 1]`. All alike without it.
    pub organ_weights: Option<Tensor<4>>,
}

/// The loss of a recipe, with its weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossConfig {
    /// Mean squared difference of tanh φ (NODE paper: the narrow band by tanh).
    #[default]
    TanhBand,
    /// That, and two terms that go on teaching where it has no gradient: tanh is flat where a network is sure, so one
    /// that has once called a small organ "outside" hardly learns of it again.
    TanhBandPlus {
        /// Weight of the cross-entropy, whose gradient is greatest where a network is sure and wrong.
        cross_entropy: f64,
        /// Weight of the Dice loss, which a small organ counts in as much as a large one.
        dice: f64,
        /// Width of the Dice loss's Heaviside in band widths.
        #[serde(default = "tanh_band::default_dice_width")]
        width: f64,
    },
    /// Dice's coefficient in its L2 form (LSN, Actor 2020 eq. 3).
    Dice,
    /// ℓ₁ of the truncated distance and cross-entropy of its Heaviside (LevelSet R-CNN §4.2).
    Tsdf {
        /// Width ε of the soft Heaviside in band widths.
        #[serde(default = "tsdf::default_epsilon")]
        epsilon: f64,
    },
    /// Cross-entropy and λ times the level set energy (level set loss, eq. 8).
    LevelSet {
        /// Weight λ of the energy.
        #[serde(default = "level_set::default_lambda")]
        lambda: f64,
        /// Width ε of the Heaviside H* of P − ½.
        #[serde(default = "level_set::default_epsilon")]
        epsilon: f64,
    },
}

impl LossConfig {
    /// The TSDF loss with the paper's ε.
    pub fn tsdf() -> Self {
        Self::Tsdf { epsilon: tsdf::default_epsilon() }
    }

    /// The level set loss with the paper's λ and ε.
    pub fn level_set() -> Self {
        Self::LevelSet { lambda: level_set::default_lambda(), epsilon: level_set::default_epsilon() }
    }

    /// The loss of one φ.
    ///
    /// # Shapes
    /// - `phi_band`: `[n, k, h, w]`, as the target's
    /// - result: `[1]`
    pub fn value(&self, phi_band: Tensor<4>, truth: &Target) -> Tensor<1> {
        match *self {
            Self::TanhBand => regression(phi_band, truth),
            Self::TanhBandPlus { cross_entropy: entropy_weight, dice: dice_weight, width } => {
                let probability = inside_probability(phi_band.clone() / width);
                let dice = dice(probability, truth.inside.clone(), truth.mask.clone());
                let entropy = cross_entropy(phi_band.clone(), truth.inside.clone(), truth.mask.as_ref());
                regression(phi_band, truth) + entropy * entropy_weight + dice * dice_weight
            }
            Self::Dice => dice(inside_probability(phi_band), truth.inside.clone(), truth.mask.clone()),
            Self::Tsdf { epsilon } => tsdf_loss(phi_band, truth, epsilon),
            Self::LevelSet { lambda, epsilon } => level_set_loss(phi_band, truth, lambda, epsilon),
        }
    }
}

fn regression(phi_band: Tensor<4>, truth: &Target) -> Tensor<1> {
    tanh_band_mse(phi_band, truth.phi_band.clone(), truth.organ_weights.clone(), truth.mask.clone())
}

/// P = ½(1 − tanh φ): 1 deep inside, ½ on the contour, 0 far outside.
///
/// # Shapes
/// - `phi_band` and result: any
pub fn inside_probability<const D: usize>(phi_band: Tensor<D>) -> Tensor<D> {
    activation::sigmoid(phi_band * -2.0)
}
