//! What can be wrong with a folder of cases: all of it is found before anything is said.

use std::path::PathBuf;
use thiserror::Error;

/// One thing that is wrong with a folder.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DataProblem {
    /// An image without truth.
    #[error("{case}: no truth: {} is missing", expected.display())]
    NoLabel {
        /// Name of the case.
        case: String,
        /// The file that should be there.
        expected: PathBuf,
    },
    /// A truth without image.
    #[error("{case}: no image: {} is missing", expected.display())]
    NoImage {
        /// Name of the case.
        case: String,
        /// The file that should be there.
        expected: PathBuf,
    },
    /// A file that belongs to no case.
    #[error("{}: belongs to no case of this convention", file.display())]
    Extra {
        /// The file.
        file: PathBuf,
    },
    /// Image and truth on two grids.
    #[error("{case}: image and truth lie on different grids: image {image}; truth {label}")]
    Mismatch {
        /// Name of the case.
        case: String,
        /// Grid of the image.
        image: String,
        /// Grid of the truth.
        label: String,
    },
    /// A file that cannot be read, or cannot be laid on the network's grid.
    #[error("{case}: {reason}")]
    Unreadable {
        /// Name of the case.
        case: String,
        /// Why, with the file's name.
        reason: String,
    },
    /// A patient that the recipe names and the folder does not have.
    #[error("patient {patient} is named in the recipe and has no case in {}", folder.display())]
    NoSuchPatient {
        /// Name of the patient.
        patient: String,
        /// The folder.
        folder: PathBuf,
    },
}

/// Why there is nothing to train on.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DatasetError {
    /// The folder is missing or cannot be listed.
    #[error("{}: cannot be listed: {reason}; name the data's folder in data.source.folder or with --data", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Bad cases.
    #[error("{} problem(s) in the data: {}; mend them, or leave these cases out with --skip-bad", problems.len(), join(problems))]
    Problems {
        /// All of them.
        problems: Vec<DataProblem>,
    },
    /// No case at all.
    #[error("{}: no case of the convention {convention}; expected {expected}", folder.display())]
    NoCases {
        /// The folder.
        folder: PathBuf,
        /// Name of the convention.
        convention: &'static str,
        /// How files would be named.
        expected: String,
    },
    /// A patient on both sides.
    #[error(
        "patient {patient} would train and validate ({training} and {validating}): no patient may be on both sides"
    )]
    Crossing {
        /// Name of the patient, or of the two cases with one scan.
        patient: String,
        /// Case that trains.
        training: String,
        /// Case that validates.
        validating: String,
    },
    /// A side without slices.
    #[error("no {side} slice holds {organs}: {hint}")]
    NoSlices {
        /// `training` or `validation`.
        side: &'static str,
        /// Names of the organs.
        organs: String,
        /// What to do.
        hint: &'static str,
    },
    /// Too few patients for the folds.
    #[error("{patients} patient(s) cannot be divided into {folds} folds")]
    Folds {
        /// Patients found.
        patients: usize,
        /// Folds asked for.
        folds: usize,
    },
    /// The slice cache cannot be written or read.
    #[error("{}: the slice cache cannot be used: {reason}", path.display())]
    Cache {
        /// File or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

fn join(problems: &[DataProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}
