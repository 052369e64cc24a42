//! DICOM series: slices of a folder as one volume, right or refused with a reason.
//!
//! Sources: DICOM PS3.3 (C.7.6.2, C.7.6.16, C.11.1), PS3.5 (7, 8, A, G), ITU T.81 and T.87.
//!
//! Own code rather than a crate for elements: headers are read without the pixels, and never more is
//! allocated than a file has bytes. Of the patient nothing is read.

mod choose;
mod codec;
mod dataset;
mod element;
mod error;
mod file;
mod fragments;
mod frames;
mod grid;
mod pixels;
mod place;
mod scan;
mod series;
mod slice;
mod syntax;
mod volume;

pub use error::DicomProblem;
pub use series::SeriesInfo;

use super::{IoError, NonFinite, Problem, ReadOptions, ReadScan, SourceInfo, memory};
use crate::volume::{Samples, Volume};
use std::path::{Path, PathBuf};

/// What a series is called in reports and headers: names of files and folders often hold the patient's.
pub(super) const NAME: &str = "DICOM series";

/// Whether a path is to be read as DICOM: a folder, or a file that starts as DICOM does.
pub(super) fn is_dicom(path: &Path) -> bool {
    path.is_dir() || file::is_dicom(path)
}

/// The series in a folder (and the folders in it), or beside a DICOM file: CT first.
///
/// # Errors
/// No DICOM image there, or a folder that cannot be listed.
pub fn list_series(path: &Path) -> Result<Vec<SeriesInfo>, IoError> {
    Ok(choose::list(path).map_err(|problem| IoError::new(path, problem.into()))?.infos())
}

/// A file of one series of the list; opening it opens that series.
///
/// # Errors
/// As [`list_series`]; no series of this number.
pub fn file_of_series(path: &Path, number: usize) -> Result<PathBuf, IoError> {
    let at = |problem: DicomProblem| IoError::new(path, problem.into());
    let series = choose::list(path).map_err(at)?.choose(path, Some(&number.to_string())).map_err(at)?;
    Ok(series.slices[0].path.to_path_buf())
}

/// The files of the series that [`super::read`] takes, in the order of the slices.
pub(super) fn files(path: &Path, options: &ReadOptions) -> Result<Vec<PathBuf>, IoError> {
    let grid = chosen(path, options).map_err(|problem| IoError::new(path, problem.into()))?.grid;
    Ok(paths(&grid))
}

/// Reads a series as one volume.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<ReadScan, IoError> {
    let at = |problem: DicomProblem| IoError::new(path, problem.into());
    if let Some(asked) = options.frame.filter(|&frame| frame > 0) {
        return Err(IoError::new(path, Problem::Frame { asked, frames: 1 }));
    }
    let Chosen { grid, mut warnings } = chosen(path, options).map_err(at)?;
    let size = grid.geometry.size();
    memory::check(size, volume::bytes_needed(&grid), options.memory_limit_bytes)
        .map_err(|problem| IoError::new(path, problem))?;
    let loaded = volume::load(&grid).map_err(at)?;
    warnings.extend(grid.warnings.iter().cloned());
    warnings.extend(loaded.warnings);
    let first = &grid.slices[0];
    let format = &first.format;
    let (slope, intercept) = loaded.scale.unwrap_or((1.0, 0.0));
    let sign = if format.signed { "signed" } else { "unsigned" };
    let kept = if matches!(loaded.samples, Samples::F32(_)) { ", as float32" } else { "" };
    let source = SourceInfo {
        file_name: NAME.to_owned(),
        data_paths: paths(&grid),
        format: format!(
            "DICOM {}, {} slices, {}",
            first.about.modality,
            grid.slices.len(),
            syntax::name(&format.syntax)
        ),
        datatype: format!("{sign} {} of {} bits{kept}", format.bits_stored, format.bits_allocated),
        slope,
        intercept,
        frames: 1,
        affine_from: "ImagePositionPatient, ImageOrientationPatient, PixelSpacing".to_owned(),
        descrip: String::new(),
        comments: Vec::new(),
        extensions: Vec::new(),
    };
    let window = first.meaning.window;
    let volume = Volume::with_samples(grid.geometry, loaded.samples);
    let range = volume.range();
    if range.0 == range.1 {
        warnings.push(format!("every voxel has the same value, {}: there is nothing to see", range.0));
    }
    Ok(ReadScan { volume, range, non_finite: NonFinite::default(), warnings, source, window })
}

struct Chosen {
    grid: grid::Grid,
    warnings: Vec<String>,
}

fn chosen(path: &Path, options: &ReadOptions) -> Result<Chosen, DicomProblem> {
    let listed = choose::list(path)?;
    let mut warnings = listed.warnings.clone();
    let series = listed.choose(path, options.series.as_deref())?;
    if series.about.localizer {
        return Err(DicomProblem::Localizer);
    }
    if series.copies > 0 {
        warnings.push(format!("{} copies of slices (same SOPInstanceUID) were left out", series.copies));
    }
    Ok(Chosen { grid: grid::of(series.slices, options.resample)?, warnings })
}

fn paths(grid: &grid::Grid) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = grid.slices.iter().map(|slice| slice.path.to_path_buf()).collect();
    // Frames of one file.
    paths.dedup();
    paths
}
