//! `[data]`: which files, which patients, which slices.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How image and truth of a case are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// `NAME_ct.nii.gz` beside `NAME_label.nii.gz` (the suffixes are keys of the recipe).
    NiftiPairs,
    /// `case_00000/imaging.nii.gz` with `case_00000/segmentation.nii.gz` (KiTS19; label 1 kidney, 2 tumour).
    Kits19,
    /// `volume-0.nii` beside `segmentation-0.nii`, also `.nii.gz` (LiTS; label 1 liver, 2 tumour).
    Lits,
    /// Pictures (JPEG, PNG) and masks (grey, at least 128 is label 1): MSRA10K, ECSSD, HKU-IS, PASCAL-S. One picture
    /// pixel counts as 1 mm; intensities are 0 to 255; a preprocessing with `neighbours = 1` shows the network red,
    /// green and blue as its three channels, one with 0 the luminance.
    ImageMask,
}

/// A folder of cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The folder. `${NAME}` stands for an environment variable; `--data` takes its place.
    pub folder: PathBuf,
    /// How files are named.
    pub convention: Convention,
    /// Folder of the images below `folder` (nifti-pairs and image-mask; default: itself).
    #[serde(default)]
    pub images: PathBuf,
    /// Folder of the truth below `folder` (nifti-pairs and image-mask; default: itself).
    #[serde(default)]
    pub labels: PathBuf,
    /// End of an image's name (nifti-pairs `_ct.nii.gz`, image-mask `.jpg`).
    #[serde(default)]
    pub image_suffix: Option<String>,
    /// End of a truth's name (nifti-pairs `_label.nii.gz`, image-mask `.png`).
    #[serde(default)]
    pub label_suffix: Option<String>,
    /// A patient's name is the case's name up to this text; without it every case is a patient.
    #[serde(default)]
    pub patient_until: Option<String>,
}

/// One of k folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// Number of folds, k.
    pub folds: usize,
    /// The fold that validates, 0 to k − 1.
    pub fold: usize,
    /// Which division of the patients into folds.
    #[serde(default)]
    pub seed: u64,
}

/// Files, patients and slices of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// Where the cases are.
    pub source: Source,
    /// A second folder whose cases validate, all of them.
    #[serde(default)]
    pub validation_source: Option<Source>,
    /// Patients to train on; none named: all that do not validate.
    #[serde(default)]
    pub train: Vec<String>,
    /// Patients to validate on.
    #[serde(default)]
    pub validation: Vec<String>,
    /// Instead of naming patients: k folds over all of them.
    #[serde(default)]
    pub fold: Option<Fold>,
    /// Validate on the training slices themselves: whether a network can learn them at all. Not a score.
    #[serde(default)]
    pub validate_on_train: bool,
    /// Slices without any organ, per slice with one (0: the NODE paper's protocol, which prunes them). Each epoch draws
    /// others; validation takes them evenly.
    #[serde(default)]
    pub empty_slices: f64,
    /// At most this many training slices with organ, spread evenly over all.
    #[serde(default)]
    pub max_slices: Option<usize>,
    /// At most this many validation slices, spread evenly over all.
    #[serde(default)]
    pub max_validation_slices: Option<usize>,
    /// At most this many training slices in one pass, drawn anew for each.
    #[serde(default)]
    pub slices_per_epoch: Option<usize>,
    /// Passes over the slices that make one epoch: more than 1 where a pass is shorter than a validation.
    #[serde(default = "one")]
    pub repeats: usize,
    /// Where slices on the network's grid are kept; default: `cache` in the output folder.
    #[serde(default)]
    pub cache: Option<PathBuf>,
}

fn one() -> usize {
    1
}
