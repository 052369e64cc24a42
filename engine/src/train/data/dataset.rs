//! The slices that train and those that validate.

use super::cache::{CachedCase, CaseError};
use super::{Case, DataProblem, DatasetError, Slice, SliceCache, find_cases, split};
use crate::prepare::Preprocessing;
use crate::train::random::random_for;
use crate::train::recipe::{DataRecipe, Source, Structure};
use rand::seq::SliceRandom;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A slice that can be read.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Patient, case and slice, for messages.
    pub name: String,
    /// Its patient.
    pub patient: String,
    case: Arc<CachedCase>,
    place: usize,
}

impl Sample {
    /// Reads it.
    ///
    /// # Errors
    /// The cache was changed or damaged since the start.
    pub fn slice(&self) -> Result<Slice, DatasetError> {
        self.case.slice(self.place)
    }
}

/// One side's slices.
#[derive(Clone, Debug, Default)]
pub struct Split {
    /// Slices that hold an organ, by case and position.
    pub with_organ: Vec<Sample>,
    /// Slices that hold none.
    pub empty: Vec<Sample>,
    /// Patients, sorted.
    pub patients: Vec<String>,
}

/// Everything that a training reads.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What the slices were laid with.
    pub preprocessing: Preprocessing,
    /// To learn from.
    pub train: Split,
    /// To judge by, in their order: no more than the recipe allows.
    pub validation: Vec<Sample>,
    /// Patients to judge by.
    pub validation_patients: Vec<String>,
    /// Slices without organ per slice with one.
    pub empty_slices: f64,
    /// Most slices of a pass.
    pub slices_per_epoch: Option<usize>,
    /// Passes that make an epoch.
    pub repeats: usize,
    /// What the user should know: cases without organ, cases left out.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Finds the cases of a recipe, reads every one and lays it on the network's grid (or takes it from the cache), with
    /// the structures whose contrast varies.
    /// `progress` is told how many of how many cases are done.
    ///
    /// # Errors
    /// Everything that is wrong with the cases at once, unless `skip_bad` leaves such cases out; a patient on both
    /// sides; no slices.
    pub fn open(
        recipe: &DataRecipe,
        preprocessing: &Preprocessing,
        structures: &[Structure],
        cache: &Path,
        skip_bad: bool,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, DatasetError> {
        let (cases, mut problems) = find_cases(&recipe.source)?;
        let others = match &recipe.validation_source {
            Some(source) => {
                let (cases, more) = find_cases(source)?;
                problems.extend(more);
                cases
            }
            None => Vec::new(),
        };
        let (sides, missing) = split(cases, others, recipe)?;
        problems.extend(missing);
        let cache = SliceCache::new(cache, preprocessing, structures, recipe.empty_slices > 0.0)?;
        let mut reader = Reader { cache, opened: BTreeMap::new(), problems, done: 0, progress };
        let total = sides.train.len() + if recipe.validate_on_train { 0 } else { sides.validation.len() };
        let validation_source = recipe.validation_source.as_ref().unwrap_or(&recipe.source);
        let train = reader.side(&sides.train, &recipe.source, total)?;
        let validation = reader.side(&sides.validation, validation_source, total)?;
        if !(reader.problems.is_empty() || skip_bad) {
            return Err(DatasetError::Problems { problems: reader.problems });
        }
        if !recipe.validate_on_train {
            same_scan(&train.cases, &validation.cases)?;
        }
        let mut warnings: Vec<String> = reader.problems.iter().map(|problem| format!("left out: {problem}")).collect();
        warnings.extend(train.without_organ.iter().chain(&validation.without_organ).cloned());
        warnings.sort();
        warnings.dedup();
        let mut training = train.split;
        training.with_organ = spread(training.with_organ, recipe.max_slices);
        let organs = preprocessing.organs.iter().map(|organ| organ.name.clone()).collect::<Vec<_>>().join(" or ");
        let none = |side, hint| DatasetError::NoSlices { side, organs: organs.clone(), hint };
        if training.with_organ.is_empty() {
            return Err(none("training", "check preprocessing.organs (names and label numbers) and data.train"));
        }
        let judged = if recipe.validate_on_train { training.clone() } else { validation.split };
        if judged.with_organ.is_empty() {
            return Err(none("validation", "check preprocessing.organs (names and label numbers) and data.validation"));
        }
        let empty = (recipe.empty_slices * judged.with_organ.len() as f64).round() as usize;
        let mut judged_slices = judged.with_organ;
        judged_slices.extend(spread(judged.empty, Some(empty)));
        Ok(Self {
            preprocessing: preprocessing.clone(),
            train: training,
            validation: spread(judged_slices, recipe.max_validation_slices),
            validation_patients: judged.patients,
            empty_slices: recipe.empty_slices,
            slices_per_epoch: recipe.slices_per_epoch,
            repeats: recipe.repeats,
            warnings,
        })
    }

    /// The slices of an epoch in their order: the same for the same seed and epoch.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<Sample> {
        let mut all = Vec::new();
        for pass in 0..self.repeats {
            let mut random = random_for("order", seed, [epoch, pass as u64]);
            let empty = (self.empty_slices * self.train.with_organ.len() as f64).round() as usize;
            let mut order: Vec<&Sample> = self.train.empty.iter().collect();
            order.shuffle(&mut random);
            order.truncate(empty);
            order.extend(&self.train.with_organ);
            order.shuffle(&mut random);
            order.truncate(self.slices_per_epoch.unwrap_or(usize::MAX));
            all.extend(order.into_iter().cloned());
        }
        all
    }
}

/// Evenly spread samples, at most so many.
fn spread(samples: Vec<Sample>, most: Option<usize>) -> Vec<Sample> {
    let (found, wanted) = (samples.len(), most.unwrap_or(usize::MAX));
    if found <= wanted {
        return samples;
    }
    (0..wanted).map(|k| samples[(2 * k + 1) * found / (2 * wanted)].clone()).collect()
}

/// One scan under two names on both sides is a patient on both sides.
fn same_scan(train: &[(Case, Arc<CachedCase>)], validation: &[(Case, Arc<CachedCase>)]) -> Result<(), DatasetError> {
    for (t, scan) in train {
        if let Some((v, _)) = validation.iter().find(|(_, other)| other.image_sha256() == scan.image_sha256()) {
            return Err(DatasetError::Crossing {
                patient: format!("{} = {} (the same scan under two names)", t.patient, v.patient),
                training: t.name.clone(),
                validating: v.name.clone(),
            });
        }
    }
    Ok(())
}

struct Side {
    split: Split,
    cases: Vec<(Case, Arc<CachedCase>)>,
    without_organ: Vec<String>,
}

struct Reader<'a> {
    cache: SliceCache,
    opened: BTreeMap<Case, Arc<CachedCase>>,
    problems: Vec<DataProblem>,
    done: usize,
    progress: &'a mut dyn FnMut(usize, usize),
}

impl Reader<'_> {
    fn side(&mut self, cases: &[Case], source: &Source, total: usize) -> Result<Side, DatasetError> {
        let mut side = Side { split: Split::default(), cases: Vec::new(), without_organ: Vec::new() };
        for case in cases {
            let Some(cached) = self.open(case, source, total)? else { continue };
            let named = |info: &super::cache::SliceInfo| match info.region {
                Some(label) => format!("{} slice {} around label {label}", case.name, info.slice),
                None => format!("{} slice {}", case.name, info.slice),
            };
            let mut found = false;
            for (place, info) in cached.slices().iter().enumerate() {
                let sample = Sample { name: named(info), patient: case.patient.clone(), case: cached.clone(), place };
                let has_organ = info.organ_px.iter().any(|&px| px > 0);
                found |= has_organ;
                if has_organ { side.split.with_organ.push(sample) } else { side.split.empty.push(sample) }
            }
            if !found {
                side.without_organ.push(format!("{}: its truth holds none of the recipe's organs", case.name));
            }
            side.split.patients.push(case.patient.clone());
            side.cases.push((case.clone(), cached));
        }
        side.split.patients.sort();
        side.split.patients.dedup();
        Ok(side)
    }

    /// The slices of a case; `None` and a problem noted when it is bad.
    fn open(&mut self, case: &Case, source: &Source, total: usize) -> Result<Option<Arc<CachedCase>>, DatasetError> {
        if let Some(cached) = self.opened.get(case) {
            return Ok(Some(cached.clone()));
        }
        let opened = self.cache.open(case, source);
        self.done += 1;
        (self.progress)(self.done, total);
        match opened {
            Ok(cached) => {
                let cached = Arc::new(cached);
                self.opened.insert(case.clone(), cached.clone());
                Ok(Some(cached))
            }
            Err(CaseError::Cache(error)) => Err(error),
            Err(CaseError::Case(problem)) => {
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
                Ok(None)
            }
        }
    }
}
