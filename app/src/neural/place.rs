//! Between a neural evolution's slices and the grid on which the window evolves and shows φ.

use crate::session::evolution::{EvolutionSetup, Place, Start};
use crate::starting::onto;
use crate::work::slice_onto_scan;
use anyhow::{Context as _, ensure};
use rayon::prelude::*;
use std::ops::Range;
use zeroset_engine::Geometry;
use zeroset_engine::filter::resample;
use zeroset_engine::levelset::{LevelSet, seeds};
use zeroset_engine::neural::{Field, Moment};
use zeroset_engine::prepare::{FAR_BANDS, SliceGrid};
use zeroset_engine::slices::Slice;

/// φ on the grid of `place`, mm, from what `shown` gives for each of `slices` by its number in them (band widths); slices
/// that do not evolve are outside.
///
/// # Errors
/// A place that does not lie in the scan.
pub fn phi_mm(
    slices: &[usize],
    shown: impl Fn(usize) -> Vec<f32> + Sync,
    grid: &SliceGrid,
    place: &Place,
    scan: &Geometry,
) -> anyhow::Result<Vec<f32>> {
    map_mm(slices, shown, FAR_BANDS * grid.band_mm() as f32, grid, place, scan)
}

/// As [`phi_mm`], of any map in band widths, with its value in mm where there is none.
///
/// # Errors
/// As that.
pub fn map_mm(
    slices: &[usize],
    shown: impl Fn(usize) -> Vec<f32> + Sync,
    beyond_mm: f32,
    grid: &SliceGrid,
    place: &Place,
    scan: &Geometry,
) -> anyhow::Result<Vec<f32>> {
    let (mut lower, mut size) = (place.roi.lower, place.roi.size());
    if let Some(slice) = place.slice {
        (lower[slice.axis], size[slice.axis]) = (slice.index, 1);
    }
    let within = lower[grid.axis()]..lower[grid.axis()] + size[grid.axis()];
    let numbered = slices.par_iter().enumerate().filter(|(_, slice)| within.contains(slice));
    let shown: Vec<(usize, Vec<f32>)> = numbered.map(|(index, &slice)| (slice, shown(index))).collect();
    let mut phi = vec![beyond_mm; size.iter().product()];
    for (slice, map) in &shown {
        grid.put_mm_in(*slice, map, beyond_mm, lower, size, &mut phi);
    }
    let own = scan.cropped(lower, size)?;
    let target = crate::film::grid_with_scan_axes(place, scan)?;
    Ok(if own.same_grid(&target, 1e-9) { phi } else { resample(&phi, &own, &target) })
}

/// Where slices start.
pub struct Starts {
    /// The moment t = 0 of each slice that has a contour.
    pub moments: Vec<(usize, Moment)>,
    /// Whether a part of the contour lies where the network does not see.
    pub beyond: bool,
}

/// The moment t = 0 of every slice of the place that has a contour.
///
/// # Errors
/// Seeds outside the scan, a place that does not lie in it, a slice across another axis than the network's.
pub fn starts(setup: &EvolutionSetup, field: &Field) -> anyhow::Result<Starts> {
    let (scan, place, axis) = (&setup.scan, &setup.place, field.grid().axis());
    let slices = match place.slice {
        Some(slice) if slice.axis == axis => slice.index..slice.index + 1,
        Some(_) => anyhow::bail!("the network contours axial slices: choose 3D or Axial"),
        None => place.roi.lower[axis]..place.roi.upper[axis],
    };
    let far_mm = FAR_BANDS * field.grid().band_mm() as f32;
    let phi = match &setup.start {
        Start::Seeds(list) => {
            seeds::validate(list, scan, &place.roi, &setup.speed.geometry)?;
            let on_slice = |slice: &Slice| Some(LevelSet::from_seeds(slice.geometry.clone(), list));
            by_slices(scan, axis, slices.clone(), far_mm, on_slice)?
        }
        Start::Label(labels, label) => {
            let here = labels.labels().par_iter().map(|l| if l == label { -1.0 } else { 1.0 }).collect::<Vec<f32>>();
            let on_slice = |slice: &Slice| {
                let inside = slice.take(&here);
                LevelSet::from_mask(slice.geometry.clone(), |pixel| inside[pixel] < 0.0).ok()
            };
            by_slices(scan, axis, slices.clone(), far_mm, on_slice)?
        }
        Start::Field(own, phi) => onto(scan, own, phi),
        Start::Phi(phi) => {
            let mut lower = place.roi.lower;
            let mut size = place.roi.size();
            let in_box = match place.slice {
                None => place.roi.paste_phi(phi, &place.geometry, scan)?,
                Some(slice) => {
                    (lower[slice.axis], size[slice.axis]) = (slice.index, 1);
                    slice_onto_scan(phi, place, scan, lower, size)
                }
            };
            let upper = std::array::from_fn(|d| lower[d] + size[d]);
            let roi = zeroset_engine::Roi { lower, upper, resample: None };
            roi.spread_phi(&in_box, scan)
        }
    };
    let starts: Vec<(usize, Moment)> =
        slices.into_par_iter().filter_map(|slice| Some((slice, field.start(slice, |index| phi[index])?))).collect();
    ensure!(!starts.is_empty(), "no slice has a contour to start from: place a seed, or choose a label in the region");
    let [nx, ny, _] = scan.size();
    let voxel = |index: usize| [index % nx, index / nx % ny, index / (nx * ny)];
    let beyond = (0..phi.len()).into_par_iter().any(|index| phi[index] < 0.0 && !field.grid().covers(voxel(index)));
    Ok(Starts { moments: starts, beyond })
}

/// φ on the scan from a level set on each slice, mm.
fn by_slices(
    scan: &Geometry,
    axis: usize,
    slices: Range<usize>,
    far_mm: f32,
    on_slice: impl Fn(&Slice) -> Option<LevelSet>,
) -> anyhow::Result<Vec<f32>> {
    let mut phi = vec![far_mm; scan.len()];
    for index in slices {
        let slice = Slice::new(scan, axis, index).context("a slice of the scan")?;
        if let Some(set) = on_slice(&slice) {
            slice.put(&set.phi, &mut phi);
        }
    }
    Ok(phi)
}
