//! What model.json holds.

use super::error::{Problem, unknown_architecture};
use crate::models::config::{ARCHITECTURES, NetworkConfig};
use crate::ode::SolverParams;
use crate::prepare::Preprocessing;
use crate::provenance::{PROGRAM, VERSION};
use serde::{Deserialize, Serialize};

/// Format of the folder; another one is refused.
pub const FORMAT: u32 = 1;

/// All that is known about a trained network but its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The program that wrote it and its version.
    pub program: String,
    /// Architecture and sizes.
    pub network: NetworkConfig,
    /// What the network expects of its input, and what its output channels are.
    pub preprocessing: Preprocessing,
    /// How its ODE is solved, as it was trained; without meaning for a network that has none.
    pub solver: SolverParams,
    /// Numbers of the weights on disk; in memory they are f32.
    #[serde(default)]
    pub precision: Precision,
    /// Number of weights; set by saving.
    #[serde(default)]
    pub parameters: usize,
    /// SHA-256 over names, shapes and values of the weights; set by saving.
    #[serde(default)]
    pub weights_sha256: String,
    /// How it was trained.
    #[serde(default)]
    pub training: TrainingRecord,
    /// What it reached, on which data.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// What the card says beyond that.
    #[serde(default)]
    pub card: CardText,
}

/// Numbers of the weights on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// f32.
    #[default]
    Full,
    /// f16: half the size, three decimal digits.
    Half,
}

/// How a network was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingRecord {
    /// The recipe as it was run.
    pub recipe: serde_json::Value,
    /// Epochs until this checkpoint.
    pub epochs: usize,
    /// Optimiser steps until this checkpoint.
    pub steps: u64,
    /// Seconds spent on them.
    pub duration_s: f64,
    /// What computed, e.g. `CPU`.
    pub device: String,
    /// Seed of all random numbers.
    pub rng_seed: u64,
    /// Weights that training started from or that gave the start contours, by their SHA-256.
    pub built_on: Vec<String>,
    /// Names of the cases whose slices it learned from. Scores on these mean nothing.
    pub training_cases: Vec<String>,
    /// Names of the cases by which it was chosen.
    pub validation_cases: Vec<String>,
    /// Mean loss over the last epoch.
    pub training_loss: Option<f64>,
    /// Loss on the validation cases.
    pub validation_loss: Option<f64>,
}

/// One number that a network reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Which cases, e.g. `validation (6 patients)`.
    pub data: String,
    /// Name of the organ.
    pub organ: String,
    /// Name of the metric with its unit, e.g. `IoU`, `HD95 (mm)`.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// 95 % interval over patients.
    #[serde(default)]
    pub interval: Option<[f64; 2]>,
}

/// What a model card says that no number can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CardText {
    /// Name of the model.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// Which data it learned from, and where they come from.
    pub data: String,
    /// Licence and attribution of the data and the weights.
    pub licence: String,
    /// How data were split and scores were taken.
    pub protocol: String,
    /// Where it fails, as far as known.
    pub limits: String,
}

impl Manifest {
    /// What is needed to run a network; record, scores and card are empty.
    pub fn new(network: NetworkConfig, preprocessing: Preprocessing, solver: SolverParams) -> Self {
        Self {
            format: FORMAT,
            program: format!("{PROGRAM} {VERSION}"),
            network,
            preprocessing,
            solver,
            precision: Precision::Full,
            parameters: 0,
            weights_sha256: String::new(),
            training: TrainingRecord::default(),
            scores: Vec::new(),
            card: CardText::default(),
        }
    }

    /// Reads model.json; the version first, so that a file of another version is called that and not damaged.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Problem> {
        let json = |error: serde_json::Error| Problem::Json(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(text).map_err(json)?;
        match value.get("format") {
            Some(format) if format.as_u64() == Some(FORMAT.into()) => {}
            Some(format) => return Err(Problem::Format { found: format.to_string(), expected: FORMAT }),
            None => return Err(Problem::Json("it has no field \"format\"".into())),
        }
        let architecture = value.get("network").and_then(|network| network.get("architecture")?.as_str());
        match architecture {
            Some(name) if !ARCHITECTURES.contains(&name) => return Err(unknown_architecture(name)),
            _ => {}
        }
        let manifest: Self = serde_json::from_value(value).map_err(json)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The first field that no network can be run with.
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.network.check()?;
        self.preprocessing.check()?;
        self.solver.check()?;
        Ok(())
    }
}
