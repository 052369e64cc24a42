//! Which patients train and which validate.

use super::{Case, DataProblem, DatasetError};
use crate::train::random::random_for;
use crate::train::recipe::{DataRecipe, Fold};
use rand::seq::SliceRandom;
use std::collections::BTreeSet;

/// Cases by what they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// To learn from.
    pub train: Vec<Case>,
    /// To judge by.
    pub validation: Vec<Case>,
}

/// Divides the cases of the recipe's folders by patient; `others` are those of its validation folder, if it has one.
/// Patients whom the recipe names and the folder does not have come back as problems.
///
/// # Errors
/// A patient on both sides, or fewer patients than folds.
pub fn split(
    cases: Vec<Case>,
    others: Vec<Case>,
    recipe: &DataRecipe,
) -> Result<(Sides, Vec<DataProblem>), DatasetError> {
    let patients: BTreeSet<String> = cases.iter().map(|case| case.patient.clone()).collect();
    let named = recipe.train.iter().chain(&recipe.validation);
    let missing = named
        .filter(|patient| !patients.contains(*patient))
        .map(|patient| DataProblem::NoSuchPatient { patient: patient.clone(), folder: recipe.source.folder.clone() });
    let missing = missing.collect();
    let validating: BTreeSet<String> = match recipe.fold {
        Some(fold) => fold_patients(&patients, fold)?,
        None => recipe.validation.iter().cloned().collect(),
    };
    let mut sides = Sides { validation: others, ..Sides::default() };
    for case in cases {
        let trains =
            recipe.train.contains(&case.patient) || (recipe.train.is_empty() && !validating.contains(&case.patient));
        if validating.contains(&case.patient) || (trains && recipe.validate_on_train) {
            sides.validation.push(case.clone());
        }
        if trains {
            sides.train.push(case);
        }
    }
    if !recipe.validate_on_train {
        sides.check()?;
    }
    Ok((sides, missing))
}

impl Sides {
    /// # Errors
    /// A patient on both sides.
    pub fn check(&self) -> Result<(), DatasetError> {
        let crossing =
            self.train.iter().find_map(|t| Some((t, self.validation.iter().find(|v| v.patient == t.patient)?)));
        match crossing {
            None => Ok(()),
            Some((t, v)) => Err(DatasetError::Crossing {
                patient: t.patient.clone(),
                training: t.name.clone(),
                validating: v.name.clone(),
            }),
        }
    }
}

/// The patients of one fold: every k-th of a shuffled list, so that the folds differ by one patient at most.
fn fold_patients(patients: &BTreeSet<String>, fold: Fold) -> Result<BTreeSet<String>, DatasetError> {
    if patients.len() < fold.folds {
        return Err(DatasetError::Folds { patients: patients.len(), folds: fold.folds });
    }
    let mut order: Vec<&String> = patients.iter().collect();
    order.shuffle(&mut random_for("folds", fold.seed, [0, 0]));
    Ok(order.into_iter().skip(fold.fold).step_by(fold.folds).cloned().collect())
}
