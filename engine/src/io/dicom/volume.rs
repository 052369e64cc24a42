//! The slices of a grid as one volume in HU.

use super::error::DicomProblem;
use super::grid::Grid;
use super::pixels::{Pixels, check, number};
use super::place::name;
use super::slice::{Format, Slice};
use crate::volume::Samples;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Numbers of the slices, and what is to be said about them.
pub(super) struct Loaded {
    pub samples: Samples,
    /// Slope and intercept, where they are the same in all slices.
    pub scale: Option<(f64, f64)>,
    pub warnings: Vec<String>,
}

/// Bytes that the samples and the slices being decoded will take at most.
pub(super) fn bytes_needed(grid: &Grid) -> u64 {
    let format = &grid.slices[0].format;
    let plane = format.rows as u64 * format.columns as u64;
    let in_memory =
        if grid.between.is_some() { 4 * (grid.slices.len() + grid.geometry.size()[2]) } else { 2 * grid.slices.len() };
    plane.saturating_mul(in_memory as u64 + 8)
}

/// Decodes all slices.
pub(super) fn load(grid: &Grid) -> Result<Loaded, DicomProblem> {
    let slices = &grid.slices;
    let mut scales = Vec::with_capacity(slices.len());
    for slice in slices {
        let in_slice = |problem| of_slice(slice, problem);
        check(&slice.format).map_err(in_slice)?;
        scales.push(scale_of(slice).map_err(in_slice)?);
    }
    let common = scales.iter().all(|scale| *scale == scales[0]).then_some(scales[0]);
    let padded = AtomicUsize::new(0);
    let samples = if let Some(weights) = &grid.between {
        interpolated(&in_hu(slices, &scales, &padded)?, weights, &slices[0].format)?
    } else {
        stored(slices, &scales, common, &padded)?
    };
    let mut warnings = Vec::new();
    let without = slices.iter().filter(|s| s.meaning.scale.is_none()).count();
    if without > 0 {
        warnings.push(format!(
            "{without} slice(s) have no RescaleSlope and RescaleIntercept: their numbers are taken as they are, and may not be HU"
        ));
    }
    if slices[0].format.photometric == "MONOCHROME1" {
        warnings.push("stored as MONOCHROME1 (to be shown inverted): the numbers are kept as they are".to_owned());
    }
    match padded.into_inner() {
        0 => {}
        count => warnings
            .push(format!("{count} pixels lie outside the scanned field (PixelPaddingValue): they are kept as stored")),
    }
    Ok(Loaded { samples, scale: common, warnings })
}

fn of_slice(slice: &Slice, problem: DicomProblem) -> DicomProblem {
    DicomProblem::Slice { slice: name(slice), problem: Box::new(problem) }
}

fn scale_of(slice: &Slice) -> Result<(f64, f64), DicomProblem> {
    let (slope, intercept) = match slice.meaning.scale {
        Some(scale) => scale,
        None if slice.meaning.table => return Err(DicomProblem::Table),
        None => (1.0, 0.0),
    };
    let greatest = slope.abs() * 65536.0 + intercept.abs();
    if !(slope as f32).is_normal() || greatest >= f64::from(f32::MAX) {
        return Err(DicomProblem::Rescale { slope, intercept });
    }
    Ok((slope, intercept))
}

/// The samples in 16 bits where that loses nothing: the stored numbers, or whole HU; else f32.
fn stored(
    slices: &[Slice],
    scales: &[(f64, f64)],
    common: Option<(f64, f64)>,
    padded: &AtomicUsize,
) -> Result<Samples, DicomProblem> {
    let whole = |v: f64| v.fract() == 0.0 && v.abs() <= 65536.0;
    let narrow = match common {
        Some(scale) => exact_in_f32(scale).then_some((scale.0 as f32, scale.1 as f32)),
        None if scales.iter().all(|&(slope, intercept)| whole(slope) && whole(intercept)) => Some((1.0, 0.0)),
        None => None,
    };
    if let Some((slope, intercept)) = narrow {
        let too_wide = AtomicBool::new(false);
        let stored = planes(slices, padded, |slice, value| {
            let value = match common {
                Some(_) => i64::from(value),
                None => i64::from(value) * scales[slice].0 as i64 + scales[slice].1 as i64,
            };
            i16::try_from(value).unwrap_or_else(|_| {
                too_wide.store(true, Ordering::Relaxed);
                0
            })
        })?;
        if !too_wide.into_inner() {
            return Ok(Samples::I16 { stored, slope, intercept });
        }
        padded.store(0, Ordering::Relaxed);
    }
    Ok(Samples::F32(in_hu(slices, scales, padded)?))
}

/// Whether slope times any 16-bit number plus intercept is exact in f32: 16 bits before and 8 after the point.
fn exact_in_f32((slope, intercept): (f64, f64)) -> bool {
    let few_bits = |v: f64| (v * 256.0).fract() == 0.0;
    few_bits(slope) && few_bits(intercept) && slope.abs() * 32768.0 + intercept.abs() < 65536.0
}

fn in_hu(slices: &[Slice], scales: &[(f64, f64)], padded: &AtomicUsize) -> Result<Vec<f32>, DicomProblem> {
    planes(slices, padded, |slice, value| (f64::from(value) * scales[slice].0 + scales[slice].1) as f32)
}

/// One number per pixel of every slice, by `convert` from the number of the slice and the stored one.
fn planes<T: Copy + Default + Send>(
    slices: &[Slice],
    padded: &AtomicUsize,
    convert: impl Fn(usize, i32) -> T + Sync,
) -> Result<Vec<T>, DicomProblem> {
    let plane = slices[0].format.rows * slices[0].format.columns;
    let total = plane.checked_mul(slices.len()).ok_or(DicomProblem::Damaged)?;
    let mut values: Vec<T> = Vec::new();
    values
        .try_reserve_exact(total)
        .map_err(|_| DicomProblem::Read(std::io::Error::from(std::io::ErrorKind::OutOfMemory)))?;
    values.resize(total, T::default());
    // A multi-frame file is read once for all of its frames.
    let mut files: BTreeMap<&Path, Vec<(usize, &mut [T])>> = BTreeMap::new();
    for (index, out) in values.chunks_exact_mut(plane).enumerate() {
        files.entry(slices[index].path.as_path()).or_default().push((index, out));
    }
    let files: Vec<_> = files.into_iter().collect();
    files.into_par_iter().try_for_each(|(path, frames)| {
        let first = &slices[frames[0].0];
        let pixels = Pixels::open(path, &first.format).map_err(|problem| of_slice(first, problem))?;
        frames.into_par_iter().try_for_each(|(index, out)| {
            let slice = &slices[index];
            let format: &Format = &slice.format;
            let cells = pixels.cells(format, slice.frame).map_err(|problem| of_slice(slice, problem))?;
            for (value, &cell) in out.iter_mut().zip(&cells) {
                *value = convert(index, number(cell, format));
            }
            padded.fetch_add(count_padding(&cells, format), Ordering::Relaxed);
            Ok::<(), DicomProblem>(())
        })
    })?;
    Ok(values)
}

/// Pixels with the number, or between the two numbers, that mean "outside".
fn count_padding(cells: &[u16], format: &Format) -> usize {
    let Some((a, b)) = format.padding else { return 0 };
    let wide = |bits: u16| if format.signed { i32::from(bits as i16) } else { i32::from(bits) };
    let (least, greatest) = (wide(a).min(wide(b)), wide(a).max(wide(b)));
    cells.iter().filter(|&&cell| (least..=greatest).contains(&number(cell, format))).count()
}

/// Slices between the stored ones.
fn interpolated(values: &[f32], weights: &[(usize, f32)], format: &Format) -> Result<Samples, DicomProblem> {
    let plane = format.rows * format.columns;
    let mut out = vec![0.0f32; plane * weights.len()];
    out.par_chunks_mut(plane).zip(weights).for_each(|(out, &(lower, share))| {
        let below = &values[lower * plane..(lower + 1) * plane];
        let above = &values[(lower + 1) * plane..(lower + 2) * plane];
        for ((out, &a), &b) in out.iter_mut().zip(below).zip(above) {
            *out = if share == 0.0 { a } else { a + (b - a) * share };
        }
    });
    Ok(Samples::F32(out))
}
