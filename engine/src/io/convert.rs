//! From one NIfTI format (or a DICOM series) to another with every stored number as it is: datatype, slope, intercept,
//! affine and comments stay; only byte order, layout and compression may change.

use super::nifti::{Image, Opened, put, write};
use super::source::SourceInfo;
use super::{IoError, ReadOptions, dicom, read, write_volume};
use crate::geometry::Geometry;
use std::path::Path;

/// What was converted.
#[derive(Debug)]
pub struct Converted {
    /// The grid, the same in both files.
    pub geometry: Geometry,
    /// What the user should know about the input, one sentence each.
    pub warnings: Vec<String>,
    /// The input.
    pub source: SourceInfo,
}

/// Writes one volume of `input` to `output`; the format follows the output's extension. Memory does not
/// grow with the volume, except for a DICOM series: it is read and written as it is kept.
///
/// # Errors
/// The input is no sound NIfTI file, or the output cannot be written: then what was there before is
/// untouched.
pub fn convert(input: &Path, output: &Path, options: &ReadOptions) -> Result<Converted, IoError> {
    if dicom::is_dicom(input) {
        let scan = read(input, options)?;
        write_volume(output, &scan.volume, None)?;
        let geometry = scan.volume.geometry().clone();
        return Ok(Converted { geometry, warnings: scan.warnings, source: scan.source });
    }
    let mut opened = Opened::open(input)?;
    let frame = opened.choose_frame(options.frame).map_err(|problem| IoError::new(input, problem))?;
    let (geometry, source) = (opened.geometry.clone(), opened.source.clone());
    let warnings = std::mem::take(&mut opened.warnings);
    let (width, swap) = (opened.datatype.bytes(), opened.big_endian);
    let image = Image {
        geometry: &geometry,
        datatype: opened.datatype,
        scale: opened.scale,
        labels: opened.labels,
        comments: source.comments.clone(),
        series: None,
    };
    write(output, &image, |out| {
        let mut failure = None;
        let mut swapped = Vec::new();
        let outcome = opened.read_frame(frame, |bytes| {
            let bytes = if swap {
                swapped.clear();
                swapped.extend_from_slice(bytes);
                swapped.chunks_exact_mut(width).for_each(<[u8]>::reverse);
                &swapped
            } else {
                bytes
            };
            put(output, out, bytes).map_err(|error| {
                failure = Some(error);
                super::Problem::Stopped
            })
        });
        // A failed write stops the reading; the write's own error is the one to show.
        match (failure, outcome) {
            (Some(error), _) => Err(error),
            (None, outcome) => outcome.map_err(|problem| IoError::new(input, problem)),
        }
    })?;
    Ok(Converted { geometry, warnings, source })
}
