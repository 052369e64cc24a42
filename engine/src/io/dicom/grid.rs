//! The grid of a series: slices in order, and the affine (PS3.3, C.7.6.2.1.1) with the third axis from slice to slice.

use super::error::DicomProblem;
use super::place::{Placed, axes, name};
use super::series::SAME_PLACE_MM;
use super::slice::Slice;
use crate::geometry::Geometry;
use nalgebra::{Matrix4, Vector3};

/// Slices of a regular grid, or what is to be made one.
pub(super) struct Grid {
    pub slices: Vec<Slice>,
    pub geometry: Geometry,
    /// For each slice of the grid the stored slice before it, and how far it lies to the next one (0 to 1);
    /// `None` when the stored slices are the grid's.
    pub between: Option<Vec<(usize, f32)>>,
    pub warnings: Vec<String>,
}

/// Orders the slices of one series along their normal, and places them.
pub(super) fn of(slices: Vec<Slice>, resample: bool) -> Result<Grid, DicomProblem> {
    let mut placed = slices.into_iter().map(Placed::new).collect::<Result<Vec<_>, _>>()?;
    placed.sort_by(|a, b| a.along.total_cmp(&b.along));
    if let Some(pair) = placed.windows(2).find(|pair| pair[1].along - pair[0].along < SAME_PLACE_MM) {
        let [first, second] = [name(&pair[0].slice), name(&pair[1].slice)];
        return Err(DicomProblem::Duplicates { at_mm: pair[0].along, first, second });
    }
    let mut warnings = Vec::new();
    let (step, count, between) = if placed.len() == 1 {
        let place = &placed[0].slice.place;
        let depth = place.thickness.or(place.between).ok_or(DicomProblem::SingleSlice)?;
        warnings.push(format!("a single slice; its thickness of {depth} mm is taken as the voxels' depth"));
        let (row, column) = axes(&place.orientation.unwrap_or_default());
        (row.cross(&column).normalize() * depth, 1, None)
    } else {
        steps(&placed, resample)?
    };
    let geometry = geometry(&placed[0], step, count)?;
    if let Some(weights) = &between {
        warnings.push(format!(
            "resampled: {} slices were interpolated linearly onto {} even ones, {:.4} mm apart",
            placed.len(),
            weights.len(),
            step.norm()
        ));
    }
    warnings.extend(tilt_warning(&placed[0], step));
    warnings.extend(distance_warning(&placed, between.is_some()));
    Ok(Grid { slices: placed.into_iter().map(|p| p.slice).collect(), geometry, between, warnings })
}

type Steps = (Vector3<f64>, usize, Option<Vec<(usize, f32)>>);

/// The step from slice to slice when it is even, or with `resample` that of a grid laid over the slices.
fn steps(placed: &[Placed], resample: bool) -> Result<Steps, DicomProblem> {
    let (first, last) = (&placed[0], &placed[placed.len() - 1]);
    let (total, count) = (last.along - first.along, placed.len());
    let found: Vec<f64> = placed.windows(2).map(|pair| pair[1].along - pair[0].along).collect();
    let usual = median(&found);
    // Headers round positions to 0.1 mm or so, the ends of the line too: 0.1 mm, but never much of a step.
    let tolerance = (0.01 * usual).max(0.1_f64.min(0.1 * usual));
    let per_mm = (last.position - first.position) / total;
    // All on one line, so that one affine holds for all of them.
    let off = |p: &Placed| (p.position - first.position - per_mm * (p.along - first.along)).norm();
    if let Some(worst) = placed.iter().max_by(|a, b| off(a).total_cmp(&off(b))).filter(|p| off(p) > tolerance) {
        return Err(DicomProblem::Shifted { slice: worst.describe(), off_mm: off(worst) });
    }
    let even = total / (count - 1) as f64;
    let is_even = placed.iter().enumerate().all(|(i, p)| (p.along - first.along - i as f64 * even).abs() <= tolerance);
    if is_even {
        return Ok((per_mm * even, count, None));
    }
    if !resample {
        return Err(uneven(placed, &found, usual, tolerance));
    }
    let intervals = (total / usual).round().max(1.0);
    let step = total / intervals;
    let mut lower = 0;
    let weights = (0..=intervals as usize).map(|k| {
        let at = first.along + k as f64 * step;
        while lower + 2 < count && placed[lower + 1].along <= at {
            lower += 1;
        }
        let share = (at - placed[lower].along) / found[lower];
        (lower, share.clamp(0.0, 1.0) as f32)
    });
    let weights: Vec<_> = weights.collect();
    Ok((per_mm * step, weights.len(), Some(weights)))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// What is uneven: missing slices where all steps are whole numbers of the usual one.
fn uneven(placed: &[Placed], found: &[f64], usual: f64, tolerance: f64) -> DicomProblem {
    let whole = |&step: &f64| {
        let times = (step / usual).round();
        times >= 1.0 && (step - times * usual).abs() <= tolerance * times
    };
    let odd = |&step: &f64| (step - usual).abs() > tolerance;
    let at = found.iter().position(odd).unwrap_or(0);
    let (before, after) = (placed[at].describe(), placed[at + 1].describe());
    if found.iter().all(whole) {
        let others = found.iter().filter(|step| odd(step)).count().saturating_sub(1);
        let more = if others > 0 { format!(", and {others} more gap(s)") } else { String::new() };
        let missing = (found[at] / usual).round() as usize - 1;
        return DicomProblem::Gap { missing, before, after, found_mm: found[at], step_mm: usual, more };
    }
    let (least_mm, greatest_mm) =
        found.iter().fold((f64::INFINITY, 0.0_f64), |(lo, hi), &step| (lo.min(step), hi.max(step)));
    DicomProblem::Uneven { least_mm, greatest_mm, odd_mm: found[at], before, after }
}

/// The affine: `PixelSpacing[1]` along a row, `PixelSpacing[0]` along a column; DICOM's axes to left and posterior
/// are turned to right and anterior.
fn geometry(first: &Placed, step: Vector3<f64>, count: usize) -> Result<Geometry, DicomProblem> {
    let place = &first.slice.place;
    let (row, column) = axes(&place.orientation.unwrap_or_default());
    let [between_rows, between_columns] = place.spacing.unwrap_or_default();
    let columns = [row * between_columns, column * between_rows, step, first.position];
    let mut affine = Matrix4::identity();
    for (c, vector) in columns.iter().enumerate() {
        for (r, sign) in [-1.0, -1.0, 1.0].into_iter().enumerate() {
            affine[(r, c)] = sign * vector[r];
        }
    }
    let format = &first.slice.format;
    Geometry::new([format.columns, format.rows, count], affine).map_err(|error| DicomProblem::Geometry(Box::new(error)))
}

fn tilt_warning(first: &Placed, step: Vector3<f64>) -> Option<String> {
    let (row, column) = axes(&first.slice.place.orientation?);
    let cosine = row.cross(&column).normalize().dot(&step.normalize()).clamp(-1.0, 1.0);
    let degrees = cosine.acos().to_degrees();
    (degrees > 0.05).then(|| {
        format!("gantry tilt: slices follow each other {degrees:.2} degrees off their normal; the affine is sheared and kept")
    })
}

/// Slices much farther apart than they are thick: perhaps every second one was left out.
fn distance_warning(placed: &[Placed], resampled: bool) -> Option<String> {
    let thickness = placed[0].slice.place.thickness?;
    let step = (placed.get(1)?.along - placed[0].along).abs();
    (!resampled && step > 1.9 * thickness)
        .then(|| format!("slices are {step:.3} mm apart but {thickness} mm thick: are there more of them elsewhere?"))
}
