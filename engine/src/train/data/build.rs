//! Lays a case on the network's grid, slice by slice.

use super::slice::Slice;
use super::{Case, DataProblem, picture};
use crate::geometry::Geometry;
use crate::io::{self, ReadOptions};
use crate::label::LabelMap;
use crate::prepare::{Fit, Organ, Preprocessing, SliceGrid};
use crate::roi::Roi;
use crate::train::recipe::{Convention, Structure};
use crate::volume::Volume;
use rayon::prelude::*;
use std::ops::Range;

/// A slice and where it comes from.
pub(super) struct Built {
    pub slice: Slice,
    pub index: usize,
    pub region: Option<u16>,
    pub organ_px: Vec<usize>,
}

/// All slices of a case, in the order of the scan; those without organ only `with_empty`.
pub(super) fn slices_of(
    case: &Case,
    convention: Convention,
    preprocessing: &Preprocessing,
    structures: &[Structure],
    with_empty: bool,
) -> Result<Vec<Built>, DataProblem> {
    let unreadable = |reason: String| DataProblem::Unreadable { case: case.name.clone(), reason };
    let is_picture = convention == Convention::ImageMask;
    let colours = preprocessing.neighbours == 1;
    let (scan, truth) = if is_picture {
        (
            picture::read_picture(&case.image, colours).map_err(unreadable)?,
            picture::read_mask(&case.label, colours).map_err(unreadable)?,
        )
    } else {
        let scan = io::read(&case.image, &ReadOptions::default()).map_err(|e| unreadable(e.to_string()))?.volume;
        (scan, io::read_labels(&case.label).map_err(|e| unreadable(e.to_string()))?.labels)
    };
    same_grid(case, scan.geometry(), truth.geometry())?;
    let grids = grids(&truth, preprocessing).map_err(unreadable)?;
    let mut built = Vec::new();
    for (grid, region, slices) in grids {
        let slices = if is_picture && colours { 1..2 } else { slices };
        let valid = is_picture.then(|| grid.resample(slices.start, 0.0, |_| 1.0));
        let lay = |index: usize| lay(&scan, &truth, &grid, index, region, valid.clone(), preprocessing, structures);
        let laid: Vec<Built> = slices.into_par_iter().map(lay).collect();
        built.extend(laid.into_iter().filter(|b| with_empty || b.organ_px.iter().any(|&px| px > 0)));
    }
    Ok(built)
}

fn same_grid(case: &Case, image: &Geometry, label: &Geometry) -> Result<(), DataProblem> {
    // A hundredth of a voxel, as in evaluation.
    let slack_mm = 0.01 * image.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    if image.same_grid(label, slack_mm) {
        return Ok(());
    }
    Err(DataProblem::Mismatch { case: case.name.clone(), image: image.describe(), label: label.describe() })
}

/// A grid, the label whose region it is, and its slices.
type Laid = (SliceGrid, Option<u16>, Range<usize>);

/// The grids to lay, each with the label whose region it is and its range of slices: one grid for the whole scan, or
/// one around each label (left and right kidney are two regions).
fn grids(truth: &LabelMap, preprocessing: &Preprocessing) -> Result<Vec<Laid>, String> {
    let lay = |roi: Option<&Roi>| SliceGrid::new(truth.geometry(), preprocessing, roi).map_err(|e| e.to_string());
    if !matches!(preprocessing.fit, Fit::Region { .. }) {
        let grid = lay(None)?;
        let slices = 0..grid.slices();
        return Ok(vec![(grid, None, slices)]);
    }
    let mut grids = Vec::new();
    for &label in preprocessing.organs.iter().flat_map(|organ| &organ.labels) {
        if let Some(roi) = bounding_box(truth, label) {
            let grid = lay(Some(&roi))?;
            let slices = roi.lower[grid.axis()]..roi.upper[grid.axis()];
            grids.push((grid, Some(label), slices));
        }
    }
    Ok(grids)
}

fn bounding_box(truth: &LabelMap, label: u16) -> Option<Roi> {
    let size = truth.geometry().size();
    let (mut lower, mut upper) = ([usize::MAX; 3], [0; 3]);
    for (index, _) in truth.labels().iter().enumerate().filter(|&(_, &l)| l == label) {
        let voxel = [index % size[0], index / size[0] % size[1], index / (size[0] * size[1])];
        for d in 0..3 {
            lower[d] = lower[d].min(voxel[d]);
            upper[d] = upper[d].max(voxel[d] + 1);
        }
    }
    (upper[0] > 0).then_some(Roi { lower, upper, resample: None })
}

fn lay(
    scan: &Volume,
    truth: &LabelMap,
    grid: &SliceGrid,
    index: usize,
    region: Option<u16>,
    valid: Option<Vec<f32>>,
    preprocessing: &Preprocessing,
    structures: &[Structure],
) -> Built {
    let image_hu = grid.channel_slices(index).flat_map(|slice| grid.image_hu(scan, slice)).collect();
    let planes: Vec<Vec<f32>> = preprocessing.organs.iter().map(|organ| grid.labels(truth, index, organ)).collect();
    let organ_px = planes.iter().map(|plane| plane.iter().filter(|&&part| part >= 0.5).count()).collect();
    let structures = match structures {
        [] => Vec::new(),
        _ => grid.channel_slices(index).flat_map(|slice| structures_of(truth, grid, slice, structures)).collect(),
    };
    let slice = Slice { size: grid.pixels(), image_hu, inside: planes.concat(), valid, structures };
    Built { slice, index, region, organ_px }
}

/// The structure that holds at least half of each pixel, by its place from 1 up; 0 for none.
fn structures_of(truth: &LabelMap, grid: &SliceGrid, slice: usize, structures: &[Structure]) -> Vec<u8> {
    let [h, w] = grid.pixels();
    let mut places = vec![0; h * w];
    for (place, structure) in (1..).zip(structures) {
        let organ = Organ { name: String::new(), labels: structure.labels.clone() };
        let parts = grid.labels(truth, slice, &organ);
        places.iter_mut().zip(parts).filter(|(_, part)| *part >= 0.5).for_each(|(to, _)| *to = place);
    }
    places
}
