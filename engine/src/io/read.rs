//! Reads a file into a [`Volume`] or a [`LabelMap`].

use super::format::open;
use super::nifti::{LabelSink, SampleSink};
use super::source::SourceInfo;
use super::{IoError, LabelDescription, dicom, memory};
use crate::label::LabelMap;
use crate::volume::Volume;
use serde::Serialize;
use std::path::Path;

/// Choices for reading.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Which volume of a file with several, counted from 0. Without a choice it is the first, with a
    /// warning.
    pub frame: Option<usize>,
    /// Most bytes that the samples may take. Without a limit it is what the system has left.
    pub memory_limit_bytes: Option<u64>,
    /// Which series of a DICOM folder: its number in the list, from 1, or its UID. Without a choice it is
    /// the one of the given file, or the only CT.
    pub series: Option<String>,
    /// Whether DICOM slices with gaps or uneven steps may be interpolated onto even ones.
    pub resample: bool,
}

/// A scan and what is to be said about it.
#[derive(Debug)]
pub struct ReadScan {
    /// The scan.
    pub volume: Volume,
    /// Least and greatest value.
    pub range: (f32, f32),
    /// Voxels that held no number and were replaced: NaN and -inf by the least finite value, +inf
    /// by the greatest.
    pub non_finite: NonFinite,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// Where it came from.
    pub source: SourceInfo,
    /// Centre and width of the window that the file asks for, in its intensities.
    pub window: Option<[f64; 2]>,
}

/// A label map and what is to be said about it.
#[derive(Debug)]
pub struct ReadLabels {
    /// The label map.
    pub labels: LabelMap,
    /// Names and colours of labels, where the file tells them (`.seg.nrrd`).
    pub descriptions: Vec<LabelDescription>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// Where it came from.
    pub source: SourceInfo,
}

/// Numbers of voxels without a finite value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NonFinite {
    /// Not a number.
    pub nan: usize,
    /// +infinity.
    pub positive_infinity: usize,
    /// -infinity.
    pub negative_infinity: usize,
}

impl NonFinite {
    /// All of them.
    pub fn total(&self) -> usize {
        self.nan + self.positive_infinity + self.negative_infinity
    }

    /// Counts one value that is known not to be finite.
    pub(super) fn count(&mut self, value: f32) {
        if value.is_nan() {
            self.nan += 1;
        } else if value > 0.0 {
            self.positive_infinity += 1;
        } else {
            self.negative_infinity += 1;
        }
    }
}

/// Reads a scan: a NIfTI file, a folder of DICOM slices or one file of them. Integers that fit are kept in
/// 16 bits, everything else as f32.
///
/// # Errors
/// The file cannot be read, is damaged, is no volume of real numbers, has no usable affine, or is too
/// large. Nothing is allocated for voxels before the header is found sound.
pub fn read(path: &Path, options: &ReadOptions) -> Result<ReadScan, IoError> {
    if dicom::is_dicom(path) {
        return dicom::read(path, options);
    }
    let at = |problem| IoError::new(path, problem);
    let mut opened = open(path)?;
    let frame = opened.choose_frame(options.frame).map_err(at)?;
    let (geometry, source) = (opened.geometry.clone(), opened.source.clone());
    let mut warnings = std::mem::take(&mut opened.warnings);
    let voxels = geometry.len();
    let needed = SampleSink::bytes_needed(opened.datatype, voxels as u64);
    memory::check(geometry.size(), needed, options.memory_limit_bytes).map_err(at)?;
    let mut sink = SampleSink::new(opened.datatype, opened.big_endian, opened.scale, voxels).map_err(at)?;
    opened.read_frame(frame, |bytes| sink.push(bytes)).map_err(at)?;
    let taken = sink.finish().map_err(at)?;
    let (least, greatest) = taken.range;
    let non_finite = taken.non_finite;
    if non_finite.total() > 0 {
        warnings.push(format!(
            "{} NaN, {} +infinity and {} -infinity among {voxels} voxels: +infinity was replaced by the greatest \
             finite value {greatest}, the others by the least, {least}",
            non_finite.nan, non_finite.positive_infinity, non_finite.negative_infinity
        ));
    }
    if least == greatest {
        warnings.push(format!("every voxel has the same value, {least}: there is nothing to see"));
    }
    let volume = Volume::with_samples(geometry, taken.samples);
    Ok(ReadScan { volume, range: taken.range, non_finite, warnings, source, window: None })
}

/// Reads a label map: whole numbers from 0 to 65535, in any datatype.
///
/// # Errors
/// As [`read`]; and a value that is no label, with its voxel.
pub fn read_labels(path: &Path) -> Result<ReadLabels, IoError> {
    read_labels_with(path, &ReadOptions::default())
}

/// [`read_labels`] with choices.
///
/// # Errors
/// As [`read_labels`].
pub fn read_labels_with(path: &Path, options: &ReadOptions) -> Result<ReadLabels, IoError> {
    let at = |problem| IoError::new(path, problem);
    let mut opened = open(path)?;
    let frame = opened.choose_frame(options.frame).map_err(at)?;
    let (geometry, source) = (opened.geometry.clone(), opened.source.clone());
    let warnings = std::mem::take(&mut opened.warnings);
    let descriptions = std::mem::take(&mut opened.descriptions);
    let size = geometry.size();
    memory::check(size, 2 * geometry.len() as u64, options.memory_limit_bytes).map_err(at)?;
    let mut sink = LabelSink::new(opened.datatype, opened.big_endian, opened.scale, size).map_err(at)?;
    opened.read_frame(frame, |bytes| sink.push(bytes)).map_err(at)?;
    Ok(ReadLabels { labels: LabelMap::new(geometry, sink.finish()), descriptions, warnings, source })
}
