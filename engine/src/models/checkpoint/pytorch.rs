//! Weights of the same architecture, trained in PyTorch.
//!
//! The twin's `state_dict` has this network's paths, with two differences that are translated here:
//!
//! | PyTorch | here |
//! |---|---|
//! | `….norm1.weight`, `….norm.weight` of `GroupNorm` | `….norm1.scale`, `….norm.scale` |
//! | `….norm1.bias` | `….norm1.offset` |
//! | `module.…` (DataParallel), `_orig_mod.…` (torch.compile) | without it |
//!
//! Convolutions are stored alike. `tests/fixtures/models/twins.py` holds the twins.

use super::error::{CheckpointError, Problem};
use super::weights::{self, Tensors};
use crate::models::{Network, NetworkConfig};
use burn::store::{PytorchStore, SafetensorsStore};
use burn::tensor::Device;
use std::path::Path;

/// Reads a `.pt`, `.pth` or `.safetensors` file with a `state_dict` (alone, or under `state_dict`, `model` or
/// `model_state_dict`) into a network for images of `channels` and an output channel per organ.
///
/// # Errors
/// A file that cannot be read or is no `state_dict`; sizes that no network can have; every tensor that is missing, too
/// many or of another shape.
pub fn import_pytorch(
    path: &Path,
    config: &NetworkConfig,
    channels: usize,
    organs: usize,
    device: &Device,
) -> Result<Network, CheckpointError> {
    let fail = |problem| CheckpointError::new(path, problem);
    config.check().map_err(|error| fail(error.into()))?;
    if let Err(error) = std::fs::File::open(path) {
        return Err(fail(Problem::Read(error)));
    }
    let tensors = read(path).map_err(fail)?;
    let mut network = config.init(channels, organs, device);
    weights::apply(&mut network, tensors.into_iter().map(|(name, data)| (own_name(&name), data)).collect())
        .map_err(fail)?;
    Ok(network)
}

fn read(path: &Path) -> Result<Tensors, Problem> {
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        let bytes = std::fs::read(path).map_err(Problem::Read)?;
        return weights::unpack(&mut SafetensorsStore::from_bytes(Some(bytes)));
    }
    let refuse = |why: String| Err(Problem::PyTorch(why));
    let mut tensors = match weights::unpack(&mut PytorchStore::from_file(path).map_indices_contiguous(false)) {
        Ok(tensors) if tensors.is_empty() => return refuse("it holds no tensors".into()),
        Ok(tensors) => tensors,
        Err(error) => return refuse(error.to_string()),
    };
    // A training script's file holds an optimiser and more beside the weights, each under its key.
    let within = |key: &&&str| tensors.keys().any(|name| name.starts_with(**key));
    if let Some(key) = ["state_dict.", "model_state_dict.", "model."].iter().find(within) {
        tensors = tensors.into_iter().filter_map(|(name, data)| Some((name.strip_prefix(key)?.into(), data))).collect();
    }
    Ok(tensors)
}

/// The path here of a name in PyTorch.
fn own_name(name: &str) -> String {
    let name = ["module.", "_orig_mod."].iter().fold(name, |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
    let mut parts: Vec<&str> = name.split('.').collect();
    if let [.., layer, leaf] = parts.as_mut_slice()
        && layer.trim_end_matches(|c: char| c.is_ascii_digit()) == "norm"
    {
        match *leaf {
            "weight" => *leaf = "scale",
            "bias" => *leaf = "offset",
            _ => {}
        }
    }
    parts.join(".")
}
