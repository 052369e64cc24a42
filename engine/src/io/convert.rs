//! From one format (or a DICOM series) to another with every stored number as it is: datatype, slope, intercept, affine
//! and comments stay; only byte order, layout and compression may change. Where the other format has no slope and
//! intercept, the values that they give are written as float32.

use super::format::{Format, open};
use super::nifti::{Image, put};
use super::source::SourceInfo;
use super::write::write;
use super::{IoError, ReadOptions, dicom, read, read_labels_with, write_f32, write_named_labels, write_volume};
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

/// Writes one volume of `input` to `output`; the format follows the output's ending. Memory does not grow with the
/// volume, unless values have to be computed (see above), labels counted (for `.seg.nrrd`), or a DICOM series is read.
///
/// # Errors
/// The input is no sound volume, or the output cannot be written: then what was there before is
/// untouched.
pub fn convert(input: &Path, output: &Path, options: &ReadOptions) -> Result<Converted, IoError> {
    let format = Format::of_target(output)?;
    if dicom::is_dicom(input) {
        let scan = read(input, options)?;
        write_volume(output, &scan.volume, None)?;
        let geometry = scan.volume.geometry().clone();
        return Ok(Converted { geometry, warnings: scan.warnings, source: scan.source });
    }
    let mut opened = open(input)?;
    if format == Format::SegNrrd {
        return convert_labels(input, output, options);
    }
    if !opened.scale.is_identity() && !format.scales() {
        return convert_values(input, output, options);
    }
    let frame = opened.choose_frame(options.frame).map_err(|problem| IoError::new(input, problem))?;
    let (geometry, source) = (opened.geometry.clone(), opened.source.clone());
    let warnings = std::mem::take(&mut opened.warnings);
    let (width, swap) = (opened.datatype.bytes(), opened.big_endian);
    let image = Image {
        geometry: &geometry,
        datatype: opened.datatype,
        scale: opened.scale,
        labels: opened.labels,
        descriptions: &[],
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

/// A label map with names: those of the input, or numbers.
fn convert_labels(input: &Path, output: &Path, options: &ReadOptions) -> Result<Converted, IoError> {
    let read = read_labels_with(input, options)?;
    write_named_labels(output, &read.labels, &read.descriptions, read.source.provenance().as_ref())?;
    Ok(Converted { geometry: read.labels.geometry().clone(), warnings: read.warnings, source: read.source })
}

/// The values that slope and intercept give.
fn convert_values(input: &Path, output: &Path, options: &ReadOptions) -> Result<Converted, IoError> {
    let mut read = read(input, options)?;
    let geometry = read.volume.geometry().clone();
    write_f32(output, &geometry, &read.volume.to_f32(), read.source.provenance().as_ref())?;
    read.warnings.push(format!(
        "the format of {} has no place for slope and intercept: the values that they give were written as float32",
        output.file_name().unwrap_or_default().to_string_lossy()
    ));
    Ok(Converted { geometry, warnings: read.warnings, source: read.source })
}
