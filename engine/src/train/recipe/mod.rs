//! A training in one TOML file: data, preprocessing, network, loss, solver, augmentation, optimizer, output.

mod augmentation;
mod check;
mod data;
mod optimizer;
mod parse;
mod start;

pub use augmentation::{Augmentation, Structure};
pub use data::{Convention, DataRecipe, Fold, Source};
pub use optimizer::{Monitor, OptimizerRecipe, OutputRecipe, StopRecipe};
pub use parse::{RecipeError, defaults_text};
pub use start::StartRecipe;

use crate::loss::LossConfig;
use crate::models::checkpoint::CardText;
use crate::models::{GradientMethod, NetworkConfig};
use crate::ode::SolverParams;
use crate::prepare::Preprocessing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Every choice of a training. Defaults are the papers' numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRecipe {
    /// Chooses first weights, order of slices, augmentation and start contours.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu`, `gpu`, `gpu:1`; several share every batch. `auto`: a GPU where there is one, else the CPU.
    #[serde(default = "devices")]
    pub devices: Vec<String>,
    /// How gradients pass an ODE.
    #[serde(default)]
    pub gradients: GradientMethod,
    /// Files, patients, slices.
    pub data: DataRecipe,
    /// From a scan to the network's input.
    pub preprocessing: Preprocessing,
    /// The architecture and its sizes.
    pub network: NetworkConfig,
    /// What is minimised.
    #[serde(default)]
    pub loss: LossConfig,
    /// How much each organ's pixels weigh in a tanh-band loss, one number per organ; only their ratios count. A small
    /// organ has few pixels, and its gradient is lost among theirs. None: all alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organ_weights: Vec<f64>,
    /// Checkpoint folder of a network of the same kind whose weights are the first ones, instead of random ones.
    /// `${NAME}` stands for an environment variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin_with: Option<PathBuf>,
    /// How ODEs are solved.
    #[serde(default)]
    pub solver: SolverParams,
    /// Start contours, for a network that needs them.
    #[serde(default)]
    pub start: StartRecipe,
    /// By how much slices vary.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Adam, rates, batches, epochs.
    #[serde(default)]
    pub optimizer: OptimizerRecipe,
    /// When to stop early.
    #[serde(default)]
    pub stop: StopRecipe,
    /// Where results go.
    pub output: OutputRecipe,
    /// What the model card says beyond numbers.
    #[serde(default)]
    pub card: CardText,
}

fn devices() -> Vec<String> {
    vec!["auto".into()]
}

impl TrainRecipe {
    /// Weights of the organs with a mean of 1; `None`: all alike.
    pub fn relative_organ_weights(&self) -> Option<Vec<f32>> {
        let mean = self.organ_weights.iter().sum::<f64>() / self.organ_weights.len() as f64;
        (!self.organ_weights.is_empty()).then(|| self.organ_weights.iter().map(|w| (w / mean) as f32).collect())
    }

    /// A hash of all that decides the weights: a run can only be resumed with the same. Where results are written, how
    /// often, on how many devices, and how many epochs follow (unless the rate depends on it) may change.
    pub fn fingerprint(&self) -> String {
        let mut decisive = self.clone();
        decisive.output =
            OutputRecipe { folder: Default::default(), save_every_steps: 0, save_every_minutes: 0.0, pictures: 0 };
        decisive.card = CardText::default();
        decisive.devices.clear();
        decisive.data.cache = None;
        decisive.data.source.folder = Default::default();
        decisive.data.validation_source.iter_mut().for_each(|source| source.folder = Default::default());
        if !self.optimizer.schedule.needs_total() {
            decisive.optimizer.epochs = 0;
        }
        let text = serde_json::to_string(&decisive).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
