//! Writes masks, volumes and phi, on exactly the grid they are given with.

use super::atomic::AtomicFile;
use super::format::Format;
use super::nifti::{self, Datatype, Image, Scale, put};
use super::{IoError, LabelDescription, Problem, metaimage, nrrd};
use crate::geometry::Geometry;
use crate::label::LabelMap;
use crate::provenance::Provenance;
use crate::volume::{Samples, Volume};
use std::io::Write;
use std::path::Path;

/// Numbers converted to bytes at a time.
const PIECE: usize = 64 * 1024;

/// Whether a volume could be written to `path` now: to be asked before long work, not after it.
///
/// # Errors
/// Another ending than [`super::WRITABLE`], no such folder, a folder or file that may not be written.
pub fn check_target(path: &Path) -> Result<(), IoError> {
    for file in Format::files(path)? {
        // Dropped at once: nothing stays behind.
        AtomicFile::create(&file).map_err(|problem| IoError::new(&file, problem))?;
    }
    Ok(())
}

/// Writes an image in the format of its name.
pub(super) fn write(
    path: &Path,
    image: &Image,
    voxels: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let format = Format::of_target(path)?;
    let refuse = |words: &str| Err(IoError::new(path, Problem::NotWritten(words.into())));
    if image.series.is_some() && format != Format::Nifti {
        return refuse("a series of volumes is written as NIfTI only: choose a name that ends in .nii.gz");
    }
    if !image.labels && format == Format::SegNrrd {
        return refuse("a .seg.nrrd holds labels: choose a name that ends in .nrrd");
    }
    match format {
        Format::Nifti => nifti::write(path, image, voxels),
        Format::Nrrd => nrrd::write(path, image, false, voxels),
        Format::SegNrrd => nrrd::write(path, image, true, voxels),
        Format::MetaImage => metaimage::write(path, image, voxels),
    }
}

/// Writes a label map: uint8, or uint16 when a label is above 255. The format follows the name's ending
/// ([`super::WRITABLE`]); formats of two files write the other one beside it.
///
/// # Errors
/// Another ending, or a target that cannot be written: then what was there before is untouched.
pub fn write_labels(path: &Path, labels: &LabelMap, provenance: Option<&Provenance>) -> Result<(), IoError> {
    write_named_labels(path, labels, &[], provenance)
}

/// [`write_labels`] with names and colours, for formats that keep them (`.seg.nrrd`); labels without one get
/// `Label 12`.
///
/// # Errors
/// As [`write_labels`].
pub fn write_named_labels(
    path: &Path,
    labels: &LabelMap,
    names: &[LabelDescription],
    provenance: Option<&Provenance>,
) -> Result<(), IoError> {
    let named = |n: u16| names.iter().find(|d| d.number == n).cloned().unwrap_or_else(|| LabelDescription::unnamed(n));
    let descriptions: Vec<LabelDescription> = labels.present().into_iter().map(named).collect();
    let values = labels.labels();
    let narrow = values.iter().all(|&v| v <= 255);
    let datatype = if narrow { Datatype::U8 } else { Datatype::U16 };
    let image = Image { descriptions: &descriptions, ..image(labels.geometry(), datatype, true, provenance) };
    write(path, &image, |out| {
        if narrow {
            put_all(path, out, values, |&v| [v as u8])
        } else {
            put_all(path, out, values, |v| v.to_le_bytes())
        }
    })
}

/// Writes a volume as it is kept: f32, or int16 with slope and intercept (f32 where the format has no place for these).
/// Formats as [`write_labels`].
///
/// # Errors
/// As [`write_labels`].
pub fn write_volume(path: &Path, volume: &Volume, provenance: Option<&Provenance>) -> Result<(), IoError> {
    match volume.samples() {
        Samples::F32(values) => write_f32(path, volume.geometry(), values, provenance),
        Samples::I16 { stored, slope, intercept } => {
            let scale = Scale { slope: f64::from(*slope), intercept: f64::from(*intercept) };
            if !scale.is_identity() && !Format::of_target(path)?.scales() {
                return write_f32(path, volume.geometry(), &volume.to_f32(), provenance);
            }
            let image = Image { scale, ..image(volume.geometry(), Datatype::I16, false, provenance) };
            write(path, &image, |out| put_all(path, out, stored, |v| v.to_le_bytes()))
        }
    }
}

/// Writes one f32 per voxel (phi in mm, a speed), x fastest. Formats as [`write_labels`].
///
/// # Errors
/// As [`write_labels`].
///
/// # Panics
/// When the number of values is not the grid's.
pub fn write_f32(
    path: &Path,
    geometry: &Geometry,
    values: &[f32],
    provenance: Option<&Provenance>,
) -> Result<(), IoError> {
    assert_eq!(values.len(), geometry.len(), "values must fill the grid");
    let image = image(geometry, Datatype::F32, false, provenance);
    write(path, &image, |out| put_all(path, out, values, |v| v.to_le_bytes()))
}

/// Writes float32 volumes of one grid as a 4D file, `step` of t apart. Formats as [`write_labels`].
///
/// # Errors
/// As [`write_labels`].
///
/// # Panics
/// When a volume does not fill the grid, or there are more than 65535.
pub fn write_f32_series(
    path: &Path,
    geometry: &Geometry,
    volumes: &[&[f32]],
    step: f64,
    provenance: Option<&Provenance>,
) -> Result<(), IoError> {
    assert!(volumes.iter().all(|values| values.len() == geometry.len()), "values must fill the grid");
    let count = u16::try_from(volumes.len()).expect("at most 65535 volumes");
    let image = Image { series: Some((count, step)), ..image(geometry, Datatype::F32, false, provenance) };
    write(path, &image, |out| volumes.iter().try_for_each(|values| put_all(path, out, values, |v| v.to_le_bytes())))
}

fn image<'a>(geometry: &'a Geometry, datatype: Datatype, labels: bool, provenance: Option<&Provenance>) -> Image<'a> {
    let comments = provenance.map(Provenance::to_json).into_iter().collect();
    let scale = Scale { slope: 1.0, intercept: 0.0 };
    Image { geometry, datatype, scale, labels, descriptions: &[], comments, series: None }
}

fn put_all<T, const N: usize>(
    path: &Path,
    out: &mut dyn Write,
    values: &[T],
    bytes_of: impl Fn(&T) -> [u8; N],
) -> Result<(), IoError> {
    let mut bytes: Vec<u8> = Vec::with_capacity(PIECE.min(values.len()) * N);
    for piece in values.chunks(PIECE) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(&bytes_of));
        put(path, out, &bytes)?;
    }
    Ok(())
}
