//! What a file says about itself, beside its voxels.

use super::{IoError, Problem, ReadOptions, dicom};
use crate::provenance::{Provenance, sha256_of_files};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where a volume came from.
#[derive(Clone, Debug, Serialize)]
pub struct SourceInfo {
    /// Name of the opened file, without folders; of a DICOM series no name of a file or folder, which often
    /// hold the patient's.
    pub file_name: String,
    /// The files that hold the voxels (of a pair, the `.img`; of a DICOM series, its slices in their order).
    #[serde(skip)]
    pub data_paths: Vec<PathBuf>,
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
    /// SHA-256 of the files that hold the voxels, one after the other, lower-case hexadecimal. Reads them.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn sha256(&self) -> Result<String, IoError> {
        hash(&self.data_paths)
    }

    /// The first comment that tells how the file came about.
    pub fn provenance(&self) -> Option<Provenance> {
        self.comments.iter().find_map(|comment| Provenance::from_comment(comment))
    }
}

/// Name and SHA-256 that a scan is known by in provenance: what [`super::read`] says of it, without reading voxels.
///
/// # Errors
/// The scan cannot be read any more.
pub fn identity(path: &Path) -> Result<(String, String), IoError> {
    if dicom::is_dicom(path) {
        // Which slices it was; whether they were interpolated does not change their bytes.
        let options = ReadOptions { resample: true, ..ReadOptions::default() };
        return Ok((dicom::NAME.to_owned(), hash(&dicom::files(path, &options)?)?));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, hash(&[path.to_owned()])?))
}

fn hash(paths: &[PathBuf]) -> Result<String, IoError> {
    sha256_of_files(paths).map_err(|(path, e)| IoError::new(path, Problem::Read(e)))
}
