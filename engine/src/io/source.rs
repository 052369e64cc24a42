//! What a file says about itself, beside its voxels.

use super::{IoError, Problem};
use crate::provenance::{Provenance, sha256_of_file};
use serde::Serialize;
use std::path::PathBuf;

/// Where a volume came from.
#[derive(Clone, Debug, Serialize)]
pub struct SourceInfo {
    /// Name of the opened file, without folders.
    pub file_name: String,
    /// The file that holds the voxels (of a pair, the `.img`).
    #[serde(skip)]
    pub data_path: PathBuf,
    /// Format in words, e.g. `NIfTI-1 single file, little endian, gzip`.
    pub format: String,
    /// Stored datatype, e.g. `int16`.
    pub datatype: String,
    /// value = slope * stored + intercept.
    pub slope: f64,
    /// See `slope`.
    pub intercept: f64,
    /// Volumes in the file (1 unless it has more than three dimensions).
    pub frames: usize,
    /// Which field of the header placed the volume, e.g. `sform, code 1`.
    pub affine_from: String,
    /// The header's description.
    pub descrip: String,
    /// Comments in the header, in their order.
    pub comments: Vec<String>,
    /// Code and size in bytes of every header extension.
    pub extensions: Vec<(i32, usize)>,
}

impl SourceInfo {
    /// SHA-256 of the file that holds the voxels, lower-case hexadecimal. Reads the file.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn sha256(&self) -> Result<String, IoError> {
        sha256_of_file(&self.data_path).map_err(|e| IoError::new(&self.data_path, Problem::Read(e)))
    }

    /// The first comment that tells how the file came about.
    pub fn provenance(&self) -> Option<Provenance> {
        self.comments.iter().find_map(|comment| Provenance::from_comment(comment))
    }
}
