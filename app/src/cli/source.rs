//! How a scan is to be read: the options that all subcommands with a scan share.

use std::path::Path;
use zeroset_engine::io::{DicomProblem, IoError, Problem, ReadOptions, SeriesInfo, list_series};

/// Options for reading a scan.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SourceArgs {
    /// Which volume of a file with several, counted from 0
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
    /// Which series of a DICOM folder: its number as `zeroset info FOLDER` lists it, or its UID
    #[arg(long, value_name = "N|UID")]
    pub series: Option<String>,
    /// Interpolate DICOM slices with gaps or uneven steps linearly onto even ones
    #[arg(long)]
    pub resample: bool,
}

impl SourceArgs {
    /// The same for the engine.
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            frame: self.frame,
            memory_limit_bytes: None,
            series: self.series.clone(),
            resample: self.resample,
        }
    }
}

/// The series to choose from, when that is why a scan could not be read.
pub fn choices(path: &Path, error: &IoError) -> Option<Vec<SeriesInfo>> {
    let Problem::Dicom(problem) = &error.problem else { return None };
    matches!(**problem, DicomProblem::Several { .. } | DicomProblem::NoCt { .. })
        .then(|| list_series(path).ok())
        .flatten()
}
