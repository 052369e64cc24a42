//! A trained network on disk: one folder that says what it is, where it comes from and what it is good for.
//!
//! ```text
//! DIR/model.json            Manifest: architecture, preprocessing, solver, training, scores
//! DIR/weights.safetensors   the weights, one tensor per parameter, named by its path in the network
//! DIR/CARD.md               the same for people
//! ```
//!
//! The folder appears whole or not at all, and what does not fit is refused by name.

mod card;
mod error;
mod folder;
mod manifest;
mod pytorch;
mod weights;

pub use error::{CheckpointError, Problem, TensorProblem};
pub use manifest::{CardText, FORMAT, Manifest, Precision, Score, TrainingRecord};
pub use pytorch::import_pytorch;

use super::{Network, NetworkConfig};
use crate::ode::SolverParams;
use crate::prepare::Preprocessing;
use burn::module::Module;
use burn::tensor::Device;
use std::path::Path;

const MODEL: &str = "model.json";
const WEIGHTS: &str = "weights.safetensors";
const CARD: &str = "CARD.md";

/// A network and all that is known about it.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The network with its weights.
    pub network: Network,
    /// All that is known about it.
    pub manifest: Manifest,
}

impl Checkpoint {
    /// A network with what is needed to run it; record, scores and card are empty.
    ///
    /// # Errors
    /// A configuration that is not this network's; a preprocessing that does not fit it.
    pub fn new(
        network: Network,
        config: NetworkConfig,
        preprocessing: Preprocessing,
        solver: SolverParams,
    ) -> Result<Self, CheckpointError> {
        let manifest = Manifest::new(config, preprocessing, solver);
        let checkpoint = Self { network, manifest };
        checkpoint.manifest.check().map_err(|problem| CheckpointError::new("", problem))?;
        checkpoint.check_channels().map_err(|problem| CheckpointError::new("", problem))?;
        Ok(checkpoint)
    }

    /// SHA-256 over names, shapes and values of the weights, lower-case hexadecimal: what provenance keeps.
    pub fn hash(&self) -> String {
        hash_of(&self.network)
    }

    /// Writes the folder; an older checkpoint there is replaced once the new one is safely on the disk.
    ///
    /// # Errors
    /// The folder holds something else, or cannot be written; what was there before is untouched. Weights that are not
    /// numbers.
    pub fn save(&self, dir: &Path) -> Result<(), CheckpointError> {
        let fail = |problem| CheckpointError::new(dir, problem);
        let (bytes, hash) = weights::encode(&self.network, self.manifest.precision).map_err(fail)?;
        let mut manifest = self.manifest.clone();
        manifest.weights_sha256 = hash;
        manifest.parameters = self.network.parameters();
        let model = serde_json::to_string_pretty(&manifest).map_err(|error| fail(Problem::Json(error.to_string())))?;
        let card = card::render(&manifest);
        let files = [(MODEL, model.as_bytes()), (WEIGHTS, &bytes), (CARD, card.as_bytes())];
        folder::replace(dir, &files).map_err(fail)
    }

    /// Reads a folder; the network lives on `device` (an autodiff device to train on).
    ///
    /// # Errors
    /// A file that is missing or damaged, another format version, an unknown architecture, values that no network can
    /// have, weights that do not fit: the file, what was found and what was expected.
    pub fn load(dir: &Path, device: &Device) -> Result<Self, CheckpointError> {
        folder::recover(dir);
        Self::from_files(dir, &folder::read(dir, MODEL)?, folder::read(dir, WEIGHTS)?, device)
    }

    /// As [`load`](Self::load), from the contents of model.json and weights.safetensors; errors name files in `dir`.
    pub(super) fn from_files(
        dir: &Path,
        model: &[u8],
        weights: Vec<u8>,
        device: &Device,
    ) -> Result<Self, CheckpointError> {
        let fail = |problem| CheckpointError::new(dir.join(WEIGHTS), problem);
        let manifest = Self::manifest_from(dir, model)?;
        let channels = manifest.preprocessing.channels();
        let mut network = manifest.network.init(channels, manifest.preprocessing.organs.len(), device);
        let tensors = weights::decode(weights).map_err(fail)?;
        let found = weights::hash(&tensors);
        weights::apply(&mut network, tensors).map_err(fail)?;
        if found != manifest.weights_sha256 {
            return Err(fail(Problem::Hash { expected: manifest.weights_sha256, found }));
        }
        Ok(Self { network, manifest })
    }

    /// What the model.json of a folder says, without the weights.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn manifest_of(dir: &Path) -> Result<Manifest, CheckpointError> {
        folder::recover(dir);
        Self::manifest_from(dir, &folder::read(dir, MODEL)?)
    }

    /// What a model.json says; errors name it as a file of `dir`.
    pub(super) fn manifest_from(dir: &Path, model: &[u8]) -> Result<Manifest, CheckpointError> {
        Manifest::parse(model).map_err(|problem| CheckpointError::new(dir.join(MODEL), problem))
    }

    /// The same network without a tape, for inference.
    pub fn for_inference(self) -> Self {
        Self { network: self.network.valid(), manifest: self.manifest }
    }

    fn check_channels(&self) -> Result<(), Problem> {
        let expected = [self.manifest.preprocessing.channels(), self.manifest.preprocessing.organs.len()];
        let found = self.network.channels();
        let (name, config) = (self.network.name(), self.manifest.network.name());
        if name != config {
            return Err(Problem::Architecture { found: name.into(), expected: config.into() });
        }
        if found != expected {
            return Err(Problem::Channels { found, expected });
        }
        Ok(())
    }
}

/// SHA-256 over names, shapes and values of a network's weights, lower-case hexadecimal.
pub fn hash_of(network: &Network) -> String {
    weights::hash(&weights::collect(network))
}
