//! A network judged on slices that it has not learned from.

use super::batch::{Batch, Purpose};
use super::learner::{Learner, input, target};
use super::loader::load;
use super::recipe::TrainRecipe;
use super::report::{Event, Observer, OrganScore};
use super::{TrainError, data::Sample, weights};
use crate::metrics::Overlap;
use crate::models::Network;

/// Scores of a validation.
pub(crate) struct Validation {
    pub(crate) loss: f64,
    pub(crate) organs: Vec<OrganScore>,
    pub(crate) evaluations: Option<f64>,
}

impl Validation {
    /// Mean IoU over the organs for which it is defined.
    pub(crate) fn iou(&self) -> Option<f64> {
        let defined: Vec<f64> = self.organs.iter().filter_map(|organ| organ.iou).collect();
        (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
    }
}

/// Runs `network` on the samples; `each` sees every slice of every batch with its φ.
pub(crate) fn validate(
    network: &Network,
    learner: &Learner,
    samples: &[Sample],
    recipe: &TrainRecipe,
    observer: &mut dyn Observer,
    mut each: impl FnMut(usize, &Batch, usize, &[f32]),
) -> Result<Validation, TrainError> {
    let organs = &recipe.preprocessing.organs;
    let mut overlaps = vec![Overlap::default(); organs.len()];
    let (mut loss, mut done, mut evaluations) = (0.0, 0, Vec::new());
    std::thread::scope(|scope| {
        for (number, batch) in load(scope, samples, 0, recipe, Purpose::Validate).into_iter().enumerate() {
            let mut batch = batch?;
            let failed =
                |error| TrainError::Model { epoch: 0, batch: number as u64 + 1, slices: "validation".into(), error };
            learner.find_starts(&mut batch, recipe.preprocessing.band_px).map_err(failed)?;
            let output = network.predict(input(&batch, learner.device()), &recipe.solver).map_err(failed)?;
            evaluations.extend(output.solver.map(|(_, stats)| stats.evaluations as f64));
            let value = recipe.loss.value(output.phi_band.clone(), &target(&batch, recipe, learner.device()));
            loss += value.into_scalar::<f32>() as f64 * batch.len() as f64;
            let phi = weights::to_host(&[weights::flat(output.phi_band)]).swap_remove(0);
            for (k, overlap) in count(&batch, &phi) {
                overlaps[k] = overlaps[k] + overlap;
            }
            let planes = organs.len() * batch.plane();
            for k in 0..batch.len() {
                each(done + k, &batch, k, &phi[k * planes..(k + 1) * planes]);
            }
            done += batch.len();
            // A validation is short: who asks for the end gets it after the epoch.
            let _ = observer.event(Event::Validated { done, total: samples.len() });
        }
        Ok::<(), TrainError>(())
    })?;
    let scores = organs.iter().zip(&overlaps);
    Ok(Validation {
        loss: loss / done.max(1) as f64,
        organs: scores
            .map(|(organ, o)| OrganScore { organ: organ.name.clone(), iou: o.iou(), dice: o.dice() })
            .collect(),
        evaluations: (!evaluations.is_empty()).then(|| evaluations.iter().sum::<f64>() / evaluations.len() as f64),
    })
}

/// Overlap of each plane with its organ's number, pixels that do not count left out.
fn count(batch: &Batch, phi: &[f32]) -> Vec<(usize, Overlap)> {
    let plane = batch.plane();
    (0..batch.len() * batch.organs)
        .map(|p| {
            let counts = |i: usize| batch.mask.as_ref().is_none_or(|mask| mask[p / batch.organs * plane + i] > 0.0);
            let predicted: Vec<bool> = (0..plane).map(|i| phi[p * plane + i] < 0.0 && counts(i)).collect();
            let truth: Vec<bool> = (0..plane).map(|i| batch.inside[p * plane + i] >= 0.5 && counts(i)).collect();
            (p % batch.organs, Overlap::of(&predicted, &truth))
        })
        .collect()
}
