//! What can be wrong with a checkpoint, each with what was expected and what was found.

use crate::models::config::{ARCHITECTURES, ConfigError};
use crate::ode::SolverError;
use crate::prepare::PreprocessingError;
use std::path::PathBuf;
use thiserror::Error;

/// A checkpoint that could not be read or written, and why.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct CheckpointError {
    /// The folder, or the file in it.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

impl CheckpointError {
    /// An error about `path`.
    pub fn new(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { path: path.into(), problem }
    }
}

/// Why a checkpoint could not be read or written.
#[derive(Debug, Error)]
pub enum Problem {
    /// Not a folder, or a file of it is not there.
    #[error("is missing; a model is a folder with model.json, weights.safetensors and CARD.md")]
    Missing,
    /// The operating system refused to read it.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// The operating system refused to write it.
    #[error("cannot be written, and what was there before is untouched: {0}")]
    Write(std::io::Error),
    /// A folder with something else in it.
    #[error("holds {0}, which is no part of a model: choose another folder")]
    Occupied(String),
    /// No JSON, or fields that do not fit.
    #[error("is not a model's description: {0}")]
    Json(String),
    /// Written by another version.
    #[error("has format {found}, this program reads format {expected}; train again or use the program that wrote it")]
    Format {
        /// Format of the file.
        found: String,
        /// Format of this program.
        expected: u32,
    },
    /// An architecture that this program does not have, or another than the network's.
    #[error("is of the architecture {found:?}, expected {expected}")]
    Architecture {
        /// Name found.
        found: String,
        /// Names that would do.
        expected: String,
    },
    /// Sizes that no network can have.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Preprocessing that no network can have.
    #[error("preprocessing.{0}")]
    Preprocessing(#[from] PreprocessingError),
    /// Parameters that no solver can work with.
    #[error("solver.{0}")]
    Solver(#[from] SolverError),
    /// Preprocessing for another network.
    #[error("the preprocessing gives {expected:?} channels of image and organs, the network has {found:?}")]
    Channels {
        /// Image and output channels of the network.
        found: [usize; 2],
        /// Those of the preprocessing.
        expected: [usize; 2],
    },
    /// The container of the weights is damaged.
    #[error("is damaged: {0}")]
    Container(String),
    /// Tensors that do not fit the architecture.
    #[error("does not fit the architecture: {}", list(.0))]
    Tensors(Vec<TensorProblem>),
    /// The weights are not those that the description was written for.
    #[error(
        "holds weights with SHA-256 {found}, model.json was written for {expected}: the files are not of one model"
    )]
    Hash {
        /// SHA-256 in model.json.
        expected: String,
        /// SHA-256 of the weights.
        found: String,
    },
    /// A PyTorch file that cannot be understood.
    #[error("is not a PyTorch state_dict: {0}")]
    PyTorch(String),
}

/// What is wrong with one tensor.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TensorProblem {
    /// The network has it, the file does not.
    #[error("{name} is missing, expected {expected:?}")]
    Missing {
        /// Path in the network.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
    },
    /// The file has it, the network does not.
    #[error("{name} {found:?} is not part of it")]
    Extra {
        /// Name in the file.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// Another shape.
    #[error("{name} is {found:?}, expected {expected:?}")]
    Shape {
        /// Path in the network.
        name: String,
        /// Shape in the network.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// Another type of numbers.
    #[error("{name} holds {found}, expected f16 or f32")]
    Kind {
        /// Path in the network.
        name: String,
        /// Type of its numbers.
        found: String,
    },
    /// NaN or infinite.
    #[error("{name} holds {count} value(s) that are NaN or infinite")]
    NotFinite {
        /// Path in the network.
        name: String,
        /// How many.
        count: usize,
    },
}

/// The first few problems and the number of the others.
fn list(problems: &[TensorProblem]) -> String {
    const SHOWN: usize = 4;
    let mut text = problems.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if problems.len() > SHOWN {
        text += &format!("; and {} more", problems.len() - SHOWN);
    }
    text
}

/// An unknown architecture, with the known ones.
pub(super) fn unknown_architecture(found: &str) -> Problem {
    Problem::Architecture { found: found.into(), expected: format!("one of {}", ARCHITECTURES.join(", ")) }
}
