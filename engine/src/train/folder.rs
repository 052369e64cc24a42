//! The folder of a run, and what lies in it.
//!
//! ```text
//! FOLDER/run.state      all that the run needs to go on (--resume)
//! FOLDER/best, last     checkpoints: of the best epoch, of the last one
//! FOLDER/epochs.jsonl   one line of JSON per epoch
//! FOLDER/curves.svg     losses and IoU over the epochs
//! FOLDER/pictures/      validation slices: prediction orange, truth black
//! FOLDER/cache/         slices on the network's grid; may be deleted
//! ```

use super::TrainError;
use super::error::write_error;
use crate::io::AtomicFile;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Paths of a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    folder: PathBuf,
}

impl RunFolder {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    /// It cannot be written; or it holds a run, which is not to be gone on with.
    pub fn open(folder: &Path, resume: bool) -> Result<Self, TrainError> {
        let run = Self { folder: folder.into() };
        if run.state().exists() && !resume {
            return Err(TrainError::RunExists { folder: folder.into() });
        }
        std::fs::create_dir_all(run.pictures()).map_err(|e| write_error(run.pictures(), e))?;
        Ok(run)
    }

    /// The saved state.
    pub fn state(&self) -> PathBuf {
        self.folder.join("run.state")
    }

    /// Checkpoint of the best epoch.
    pub fn best(&self) -> PathBuf {
        self.folder.join("best")
    }

    /// Checkpoint of the last epoch.
    pub fn last(&self) -> PathBuf {
        self.folder.join("last")
    }

    /// One line per epoch.
    pub fn epochs(&self) -> PathBuf {
        self.folder.join("epochs.jsonl")
    }

    /// Losses and IoU over the epochs.
    pub fn curves(&self) -> PathBuf {
        self.folder.join("curves.svg")
    }

    /// Validation slices.
    pub fn pictures(&self) -> PathBuf {
        self.folder.join("pictures")
    }

    /// Slices on the network's grid.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let mut file = AtomicFile::create(path).map_err(|e| write_error(path, e))?;
    file.file().write_all(bytes).map_err(|e| write_error(path, e))?;
    file.commit().map_err(|e| write_error(path, e))
}
