//! Looks through a folder for slices: headers only, all cores.

use super::error::DicomProblem;
use super::file::is_dicom;
use super::slice::{Slice, slices_of};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Most files that are looked at.
const MOST_FILES: usize = 50_000;
/// Folders inside folders: patient, study, series, and some more.
const DEEPEST: usize = 8;

/// What lies in a folder.
pub(super) struct Found {
    /// All slices, in the order of their files' names.
    pub slices: Vec<Slice>,
    /// DICOM files that could not be read, and why.
    pub broken: Vec<(PathBuf, DicomProblem)>,
    /// Files looked at.
    pub files: usize,
}

/// The slices in a folder and the folders in it.
pub(super) fn folder(path: &Path) -> Result<Found, DicomProblem> {
    let mut files = Vec::new();
    list(path, DEEPEST, &mut files)?;
    files.sort();
    Ok(read(files))
}

/// The slices in the folder of a file, without the folders in it.
pub(super) fn beside(file: &Path) -> Result<Found, DicomProblem> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut files = Vec::new();
    list(folder, 0, &mut files)?;
    // The file itself may be a link, or in a folder that cannot be listed.
    if !files.iter().any(|f| f.file_name() == file.file_name()) {
        files.push(file.to_owned());
    }
    files.sort();
    Ok(read(files))
}

/// Files in a folder; links are not followed.
fn list(folder: &Path, deeper: usize, files: &mut Vec<PathBuf>) -> Result<(), DicomProblem> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() {
            files.push(entry.path());
        } else if kind.is_dir() && deeper > 0 {
            list(&entry.path(), deeper - 1, files)?;
        }
        if files.len() > MOST_FILES {
            return Err(DicomProblem::TooManyFiles { most: MOST_FILES });
        }
    }
    Ok(())
}

fn read(files: Vec<PathBuf>) -> Found {
    let read: Vec<_> = files.par_iter().map(|path| slices_of(path)).collect();
    let mut found = Found { slices: Vec::new(), broken: Vec::new(), files: files.len() };
    for (path, result) in files.into_iter().zip(read) {
        match result {
            Ok(slices) => found.slices.extend(slices),
            // A file that cannot be opened, and does not look like DICOM, is none of ours.
            Err(problem) if is_dicom(&path) => found.broken.push((path, problem)),
            Err(_) => {}
        }
    }
    found
}
