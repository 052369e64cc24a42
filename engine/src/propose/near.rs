//! A question about some slices of a scan, answered on as many slices as that takes.

use super::{Beginning, Proposal, Question, Stage, propose};
use crate::geometry::Geometry;
use crate::infer::{InferError, OrganPhi, Progress};
use crate::prepare::{SliceGrid, SliceGridError};
use crate::roi::{Roi, RoiError};
use crate::slices::axial_axis;
use std::ops::ControlFlow;

/// A proposal on a part of its scan.
#[derive(Clone, Debug)]
pub struct Near {
    /// φ lies on `geometry`; slices and bounds are counted on the whole scan.
    pub proposal: Proposal,
    /// The part's grid.
    pub geometry: Geometry,
    /// Voxel of the scan at which the part begins.
    pub lower: [usize; 3],
}

/// As [`propose`], but φ of a question with a region covers its slices and their neighbours only: what a whole scan's φ
/// costs (memory, and a tenth of a second) is not paid for one slice.
///
/// # Errors
/// As [`propose`].
pub fn propose_near(
    question: &Question<'_>,
    progress: &mut dyn FnMut(Stage, Progress) -> ControlFlow<()>,
) -> Result<Near, InferError> {
    let scan = question.scan.geometry();
    let Some(region) = question.region else {
        let proposal = propose(question, progress)?;
        return Ok(Near { proposal, geometry: scan.clone(), lower: [0; 3] });
    };
    region.validate(scan).map_err(SliceGridError::from)?;
    let axis = axial_axis(scan);
    // One slice more than the networks look at: a contour that ends with the region does not end with the scan.
    let (mut lower, mut upper) = ([0; 3], scan.size());
    (lower[axis], upper[axis]) = (region.lower[axis].saturating_sub(1), (region.upper[axis] + 1).min(upper[axis]));
    for network in [Some(question.network), question.beginning.network()].into_iter().flatten() {
        let grid = SliceGrid::new(scan, &network.manifest.preprocessing, Some(region))?;
        for seen in [region.lower[axis], region.upper[axis] - 1].into_iter().flat_map(|s| grid.channel_slices(s)) {
            (lower[axis], upper[axis]) = (lower[axis].min(seen), upper[axis].max(seen + 1));
        }
    }
    let size = std::array::from_fn(|d| upper[d] - lower[d]);
    let part = question.scan.cropped(lower, size).map_err(RoiError::from).map_err(SliceGridError::from)?;
    let moved = |voxel: [usize; 3]| std::array::from_fn(|d| voxel[d] - lower[d]);
    let own = Roi { lower: moved(region.lower), upper: moved(region.upper), resample: region.resample };
    let contour = match question.beginning {
        Beginning::Contour(contour) => Some(cropped(contour, scan, lower, size)),
        Beginning::Nothing | Beginning::Network(_) => None,
    };
    let beginning = contour.as_ref().map_or(question.beginning, Beginning::Contour);
    let mut proposal = propose(&Question { scan: &part, region: Some(&own), beginning, ..*question }, progress)?;
    proposal.move_by(axis, lower[axis]);
    Ok(Near { proposal, geometry: part.geometry().clone(), lower })
}

/// φ in a box of the scan.
fn cropped(contour: &OrganPhi, scan: &Geometry, lower: [usize; 3], size: [usize; 3]) -> OrganPhi {
    let rows = (0..size[1] * size[2]).map(|row| {
        let first = scan.index([lower[0], lower[1] + row % size[1], lower[2] + row / size[1]]);
        &contour.phi_mm[first..first + size[0]]
    });
    OrganPhi { organ: contour.organ.clone(), phi_mm: rows.flatten().copied().collect() }
}

impl Proposal {
    /// Counts slices from another first one.
    fn move_by(&mut self, axis: usize, slices: usize) {
        if let Some((lower, upper)) = &mut self.findings.bounds {
            (lower[axis], upper[axis]) = (lower[axis] + slices, upper[axis] + slices);
        }
        for run in self.first.iter_mut().chain([&mut self.run]) {
            run.unfinished.iter_mut().for_each(|(slice, _)| *slice += slices);
        }
    }
}
