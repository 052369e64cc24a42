//! `[optimizer]`, `[stop]` and `[output]`.

use crate::train::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Adam and what surrounds it. The defaults are the NODE paper's ("Adam with default params and learning rates between
/// 1e-3 and 1e-4", annealed on plateau, with ramp-up); what the paper leaves open is marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerRecipe {
    /// Greatest learning rate.
    pub rate: f64,
    /// Least learning rate.
    pub least_rate: f64,
    /// How the rate falls.
    pub schedule: Schedule,
    /// Steps of linear ramp-up (the paper ramps up, and gives no number).
    pub warm_up_steps: u64,
    /// Adam's β₁.
    pub beta_1: f32,
    /// Adam's β₂.
    pub beta_2: f32,
    /// Adam's ε.
    pub epsilon: f32,
    /// Longest gradient, over all weights together; `0` lets every gradient pass (the paper).
    pub clip_norm: f64,
    /// Decay per step of the averaged weights that validate and are kept; `0` uses the weights themselves (the paper).
    /// In step s at most (1 + s) / (10 + s), so that the first weights are soon forgotten.
    pub ema_decay: f64,
    /// Slices per step (the paper: as many as fit).
    pub batch_size: usize,
    /// Parts that a batch is worked through in, one after the other: as many times less memory.
    pub accumulate: usize,
    /// Passes over the training slices (open in the paper).
    pub epochs: usize,
}

impl Default for OptimizerRecipe {
    fn default() -> Self {
        Self {
            rate: 1e-3,
            least_rate: 1e-4,
            schedule: Schedule::default(),
            warm_up_steps: 100,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            clip_norm: 0.0,
            ema_decay: 0.0,
            batch_size: 8,
            accumulate: 1,
            epochs: 100,
        }
    }
}

/// What a checkpoint is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// Mean over the organs of the pooled IoU; more is better.
    #[default]
    Iou,
    /// Validation loss; less is better (how the NODE paper chooses the UNet for its start contours).
    Loss,
}

/// When to stop before the last epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StopRecipe {
    /// What the best checkpoint and the patience are judged by.
    pub monitor: Monitor,
    /// Epochs without a better score; `0` never stops early.
    pub patience: usize,
    /// Stop as soon as every organ's pooled IoU is above this.
    pub iou_above: Option<f64>,
}

impl Default for StopRecipe {
    fn default() -> Self {
        Self { monitor: Monitor::Iou, patience: 20, iou_above: None }
    }
}

/// What is written, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputRecipe {
    /// The run's folder. `${NAME}` stands for an environment variable; `--output` takes its place.
    pub folder: PathBuf,
    /// Steps between two saved states of the run; `0` saves by time only.
    #[serde(default)]
    pub save_every_steps: u64,
    /// Minutes between two saved states of the run; the end of an epoch always saves.
    #[serde(default = "save_every_minutes")]
    pub save_every_minutes: f64,
    /// Validation slices to draw after every epoch.
    #[serde(default = "pictures")]
    pub pictures: usize,
}

fn save_every_minutes() -> f64 {
    5.0
}

fn pictures() -> usize {
    4
}
