//! Networks that find the start contours of a contour evolution: one for all patients, or for each training patient
//! one that never saw them. A network's contours on its own training patients are better than any later start.

use super::batch::Batch;
use super::data::Dataset;
use super::learner::tensor;
use super::recipe::TrainRecipe;
use super::{TrainError, weights};
use crate::models::{Checkpoint, Input, ModelError};
use crate::prepare::{Preprocessing, distance_of};
use burn::tensor::Device;
use std::path::Path;

/// The networks of `[start]`.
pub(crate) struct Starters {
    main: Checkpoint,
    folds: Vec<Checkpoint>,
}

impl Starters {
    /// Opens the networks and checks that they fit.
    ///
    /// # Errors
    /// A checkpoint that cannot be read, is for another input, needs start contours itself, or learned from a patient
    /// who validates here; folds of which none is without one of the training patients.
    pub(crate) fn open(recipe: &TrainRecipe, dataset: &Dataset, device: &Device) -> Result<Option<Self>, TrainError> {
        let Some(path) = recipe.start.checkpoint.as_ref().filter(|_| recipe.network.needs_start()) else {
            return Ok(None);
        };
        let open = |path: &Path| open(path, recipe, &dataset.validation_patients, device);
        let main = open(path)?;
        let folds = recipe.start.folds.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
        let unseen = |patient: &String| folds.iter().any(|fold| !has_seen(fold, patient));
        if let Some(patient) = dataset.train.patients.iter().find(|patient| !folds.is_empty() && !unseen(patient)) {
            let reason = format!("every network of start.folds learned from patient {patient}: give one that did not");
            return Err(TrainError::Start { path: path.clone(), reason });
        }
        Ok(Some(Self { main, folds }))
    }

    /// Hashes of the weights.
    pub(crate) fn hashes(&self) -> Vec<String> {
        std::iter::once(&self.main).chain(&self.folds).map(Checkpoint::hash).collect()
    }

    /// Finds the start contours of a batch that another network has to give.
    pub(crate) fn find(&self, batch: &mut Batch, band_px: f64, device: &Device) -> Result<(), ModelError> {
        let Some(start) = &mut batch.start else { return Ok(()) };
        let plane = batch.size[0] * batch.size[1];
        let each = [batch.channels * plane, batch.organs * plane];
        for &(k, share) in &batch.start_to_find {
            let starter = self.of(&batch.patients[k]);
            let shape = [1, batch.channels, batch.size[0], batch.size[1]];
            let image = tensor(&batch.image[k * each[0]..][..each[0]], shape, device);
            let found = starter.network.predict(Input { image, start: None }, &starter.manifest.solver)?;
            let phi = weights::to_host(&[weights::flat(found.phi_band)]).swap_remove(0);
            for (organ, phi) in phi.chunks_exact(plane).enumerate() {
                let place = k * each[1] + organ * plane;
                let mut found = distance_of(phi, batch.size, band_px);
                if share < 1.0 {
                    let truth = &batch.phi_band[place..place + plane];
                    let between: Vec<f32> =
                        found.iter().zip(truth).map(|(f, t)| share * f + (1.0 - share) * t).collect();
                    found = distance_of(&between, batch.size, band_px);
                }
                start[place..place + plane].copy_from_slice(&found);
            }
        }
        Ok(())
    }

    /// The network for a patient: a fold that never saw them, where the one for all did.
    fn of(&self, patient: &str) -> &Checkpoint {
        let fold = self.folds.iter().find(|fold| !has_seen(fold, patient));
        fold.filter(|_| has_seen(&self.main, patient)).unwrap_or(&self.main)
    }
}

fn has_seen(checkpoint: &Checkpoint, patient: &str) -> bool {
    checkpoint.manifest.training.training_cases.iter().any(|case| case == patient)
}

fn open(path: &Path, recipe: &TrainRecipe, validating: &[String], device: &Device) -> Result<Checkpoint, TrainError> {
    let starter = Checkpoint::load(path, device)?.for_inference();
    let refuse = |reason: String| Err(TrainError::Start { path: path.into(), reason });
    let manifest = &starter.manifest;
    if manifest.network.needs_start() {
        return refuse(format!(
            "a {} needs a start contour itself: give a network that finds one",
            manifest.network.name()
        ));
    }
    let (found, wanted) = (&manifest.preprocessing, &recipe.preprocessing);
    let inputs = |p: &Preprocessing| (p.window_hu, p.size, p.fit, p.neighbours, p.neighbour_mm, p.organs.clone());
    if inputs(found) != inputs(wanted) {
        return refuse(format!(
            "its preprocessing is another: found window {:?} HU, size {:?}, {:?}, {} neighbours, organs {:?}; expected {:?} HU, {:?}, {:?}, {}, {:?}",
            found.window_hu,
            found.size,
            found.fit,
            found.neighbours,
            names(found),
            wanted.window_hu,
            wanted.size,
            wanted.fit,
            wanted.neighbours,
            names(wanted),
        ));
    }
    let learned = |patient: &&String| has_seen(&starter, patient);
    if let Some(patient) = validating.iter().find(learned).filter(|_| !recipe.data.validate_on_train) {
        return refuse(format!(
            "it learned from patient {patient}, who validates here: its contours would give the truth away"
        ));
    }
    Ok(starter)
}

fn names(preprocessing: &Preprocessing) -> Vec<&str> {
    preprocessing.organs.iter().map(|organ| organ.name.as_str()).collect()
}
