//! A training that goes on from another one's weights.

use super::TrainError;
use super::recipe::TrainRecipe;
use crate::models::Checkpoint;
use burn::tensor::Device;

/// The network to begin with, where the recipe names one.
///
/// # Errors
/// A checkpoint that cannot be read, that is another network, or that learned from a patient who validates here.
pub(super) fn open(
    recipe: &TrainRecipe,
    validating: &[String],
    device: &Device,
) -> Result<Option<Checkpoint>, TrainError> {
    let Some(path) = &recipe.begin_with else { return Ok(None) };
    let begun = Checkpoint::load(path, device)?.for_inference();
    let refuse = |reason: String| Err(TrainError::Begin { path: path.clone(), reason });
    let manifest = &begun.manifest;
    let sizes = |p: &crate::prepare::Preprocessing| (p.channels(), p.organs.len());
    if manifest.network != recipe.network || sizes(&manifest.preprocessing) != sizes(&recipe.preprocessing) {
        return refuse(format!(
            "it is another network: found {} with (image channels, organs) {:?}, expected the recipe's {} with {:?}, of the same sizes",
            manifest.network.name(),
            sizes(&manifest.preprocessing),
            recipe.network.name(),
            sizes(&recipe.preprocessing),
        ));
    }
    let learned = |patient: &&String| manifest.training.training_cases.contains(patient);
    if let Some(patient) = validating.iter().find(learned).filter(|_| !recipe.data.validate_on_train) {
        return refuse(format!("it learned from patient {patient}, who validates here: the score would be no score"));
    }
    Ok(Some(begun))
}
