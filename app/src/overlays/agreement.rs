//! How the contour agrees with the reference, voxel by voxel of the scan.

use crate::session::evolution::Place;
use crate::session::overlay::Agreement;
use crate::session::reference::ReferenceMask;
use crate::work::slice_onto_scan;
use rayon::prelude::*;
use std::borrow::Cow;
use zeroset_engine::metrics::Overlap;

/// Counts the inside of φ (mm, on the place's grid) and the reference on the scan's voxels of the region; in 2D of its
/// slice alone. φ of a resampled region is brought onto the scan's voxels first, as it is when it is accepted.
pub fn agreement(phi: &[f32], place: &Place, reference: &ReferenceMask) -> Agreement {
    let scan = &reference.scan;
    let (mut lower, mut size) = (place.roi.lower, place.roi.size());
    let phi: Cow<'_, [f32]> = match place.slice {
        Some(slice) => {
            (lower[slice.axis], size[slice.axis]) = (slice.index, 1);
            Cow::Owned(slice_onto_scan(phi, place, scan, lower, size))
        }
        None if place.roi.resample.is_none() => Cow::Borrowed(phi),
        None => place.roi.paste_phi(phi, &place.geometry, scan).map_or(Cow::Borrowed(phi), Cow::Owned),
    };
    // Most of a region is neither: rows are counted as a whole, and compared where the reference has a row too.
    let of_row = |(row, phi): (usize, &[f32])| {
        let first = [lower[0], lower[1] + row % size[1], lower[2] + row / size[1]];
        let inside = |phi: &&f32| **phi < 0.0;
        let prediction = phi.iter().filter(inside).count();
        let (offset, reference) = reference.row(first, phi.len());
        let truth = reference.iter().filter(inside).count();
        let both = phi[offset..].iter().zip(reference).filter(|(a, b)| **a < 0.0 && **b < 0.0).count();
        let [both, prediction_only, truth_only] = [both, prediction - both, truth - both].map(|count| count as u64);
        Overlap { both, prediction_only, truth_only }
    };
    let rows = phi.par_chunks(size[0]).with_min_len(64).enumerate();
    let overlap = rows.map(of_row).reduce(Overlap::default, |a, b| a + b);
    let voxel_ml = scan.voxel_volume_mm3() / 1000.0;
    let all = match place.slice {
        Some(slice) => in_slice(reference, slice.axis, slice.index),
        None => reference.phi.par_iter().filter(|&&phi| phi < 0.0).count() as u64,
    };
    let outside_ml = all.saturating_sub(overlap.truth()) as f64 * voxel_ml;
    Agreement { overlap, voxel_ml, outside_ml, slice: place.slice.is_some() }
}

/// Voxels of the reference in a slice of the scan.
fn in_slice(reference: &ReferenceMask, axis: usize, index: usize) -> u64 {
    let size = reference.geometry.size();
    let here = |i: usize| [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])][axis] + reference.lower[axis];
    (0..reference.phi.len()).into_par_iter().filter(|&i| reference.phi[i] < 0.0 && here(i) == index).count() as u64
}
