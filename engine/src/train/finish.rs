//! The checkpoints of an epoch, with their record.

use super::TrainError;
use super::report::EpochReport;
use super::run::Run;
use crate::models::checkpoint::{Score, TrainingRecord};
use crate::models::{Checkpoint, Network};

/// Writes `best` (if it is) and `last`.
///
/// # Errors
/// A folder cannot be written; the older checkpoint is untouched.
pub(super) fn checkpoints(run: &Run<'_>, network: &Network, report: &EpochReport) -> Result<(), TrainError> {
    let recipe = run.recipe;
    let (config, preprocessing) = (recipe.network.clone(), recipe.preprocessing.clone());
    let mut checkpoint = Checkpoint::new(network.clone(), config, preprocessing, recipe.solver)?;
    checkpoint.manifest.training = TrainingRecord {
        recipe: serde_json::to_value(recipe.without_places()).unwrap_or_default(),
        epochs: report.epoch as usize,
        steps: report.step,
        duration_s: run.state.seconds,
        device: recipe.devices.join(", "),
        rng_seed: recipe.seed,
        built_on: run.built_on.clone(),
        training_cases: run.dataset.train.patients.clone(),
        validation_cases: run.dataset.validation_patients.clone(),
        training_loss: Some(report.training_loss),
        validation_loss: Some(report.validation_loss),
    };
    let data = if recipe.data.validate_on_train {
        "the training slices themselves, on the network's grid".to_owned()
    } else {
        format!("validation ({} patients), pooled on the network's grid", run.dataset.validation_patients.len())
    };
    for organ in &report.organs {
        for (metric, value) in [("IoU", organ.iou), ("Dice", organ.dice)] {
            checkpoint.manifest.scores.extend(value.map(|value| Score {
                data: data.clone(),
                organ: organ.organ.clone(),
                metric: metric.into(),
                value,
                interval: None,
            }));
        }
    }
    checkpoint.manifest.card = recipe.card.clone();
    if report.best {
        checkpoint.save(&run.paths.best())?;
    }
    Ok(checkpoint.save(&run.paths.last())?)
}
