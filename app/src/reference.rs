//! A reference read from a file, and made ready to be drawn and counted.

use crate::overlays::agreement;
use crate::session::reference::{Compared, ReferenceJob, ReferenceMask};
use crate::session::{Outcome, Scope};
use crate::work::{GRID_TOLERANCE_MM, resample_labels};
use anyhow::ensure;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;
use zeroset_engine::levelset::LevelSet;
use zeroset_engine::{Geometry, LabelMap, io};

/// Voxels kept around the labels.
const MARGIN: usize = 3;

/// Reads a reference; one on another grid is brought onto the scan's by the nearest voxel.
///
/// # Errors
/// The reader's reason, with the file's name; a reference without a label, or with none of them in the scan.
pub fn load(path: &Path, document: u64, scan: &Geometry) -> anyhow::Result<Outcome> {
    let name = || path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let labels = io::read_labels(path)?.labels;
    ensure!(labels.labels().iter().any(|&l| l != 0), "the reference {} has no label: every voxel is 0", name());
    if labels.geometry().same_grid(scan, GRID_TOLERANCE_MM) {
        let labels = Arc::new(labels);
        return Ok(Outcome::Reference { document, path: path.to_owned(), labels, grids: None });
    }
    let grids = format!("Reference: {}. Scan: {}.", labels.geometry().describe(), scan.describe());
    let resampled = resample_labels(&labels, scan);
    ensure!(
        resampled.labels().iter().any(|&l| l != 0),
        "the reference {} does not lie in this scan: open one of the same patient. {grids}",
        name()
    );
    Ok(Outcome::Reference { document, path: path.to_owned(), labels: Arc::new(resampled), grids: Some(grids) })
}

/// The chosen labels as a signed distance in a box around them.
///
/// # Errors
/// None of the labels occurs.
pub fn prepare(job: &ReferenceJob) -> anyhow::Result<Outcome> {
    let scan = job.labels.geometry();
    let is_chosen = |label: u16| job.chosen.contains(&label);
    let Some((lower, upper)) = bounds(&job.labels, is_chosen) else {
        anyhow::bail!("the reference has no voxel of the chosen labels: choose another one in Overlays")
    };
    let lower: [usize; 3] = lower.map(|v: usize| v.saturating_sub(MARGIN));
    let upper: [usize; 3] = std::array::from_fn(|d| (upper[d] + MARGIN).min(scan.size()[d]));
    let size: [usize; 3] = std::array::from_fn(|d| upper[d] - lower[d]);
    let geometry = scan.cropped(lower, size)?;
    let inside = |index: usize| {
        let local = [index % size[0], index / size[0] % size[1], index / (size[0] * size[1])];
        is_chosen(job.labels.at(std::array::from_fn(|d| lower[d] + local[d])))
    };
    // Labels that fill their box, and so the scan, have no border: all of it is inside.
    let phi = LevelSet::from_mask(geometry.clone(), inside).map_or_else(|_| vec![-1.0; geometry.len()], |set| set.phi);
    Ok(Outcome::ReferenceMask(Arc::new(ReferenceMask {
        document: job.document,
        labels: job.chosen.clone(),
        scan: scan.clone(),
        lower,
        geometry,
        phi: Arc::new(phi),
    })))
}

/// Counts a proposal beside the reference: on the voxels where it was looked for, though φ fills a smaller box.
pub fn compare(job: Compared) -> Compared {
    let (proposal, mask) = (&job.proposal, &job.mask);
    let mut agreement = agreement(&proposal.phi, &proposal.place, mask);
    let ([nx, ny, _], searched) = (mask.geometry.size(), proposal.record.region);
    let in_search = |index: usize| {
        let local = [index % nx, index / nx % ny, index / (nx * ny)];
        (0..3).all(|d| (searched.lower[d]..searched.upper[d]).contains(&(mask.lower[d] + local[d])))
    };
    let inside = (0..mask.phi.len()).into_par_iter().filter(|&i| mask.phi[i] < 0.0);
    let (all, searched) =
        inside.map(|index| (1, u64::from(in_search(index)))).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let missed = searched.saturating_sub(agreement.overlap.truth());
    agreement.overlap.truth_only += missed;
    agreement.outside_ml = (all - searched) as f64 * agreement.voxel_ml;
    agreement.slice = proposal.scope == Scope::Slice;
    Compared { agreement: Some(agreement), ..job }
}

/// First and one past the last voxel of labels along x, y, z.
fn bounds(labels: &LabelMap, is_chosen: impl Fn(u16) -> bool + Sync) -> Option<([usize; 3], [usize; 3])> {
    let [nx, ny, _] = labels.geometry().size();
    let join = |a: Option<([usize; 3], [usize; 3])>, b: Option<([usize; 3], [usize; 3])>| match (a, b) {
        (Some(a), Some(b)) => {
            Some((std::array::from_fn(|d| a.0[d].min(b.0[d])), std::array::from_fn(|d| a.1[d].max(b.1[d]))))
        }
        (a, b) => a.or(b),
    };
    let of_row = |(row, values): (usize, &[u16])| {
        let first = values.iter().position(|&l| is_chosen(l))?;
        let last = values.iter().rposition(|&l| is_chosen(l))?;
        let (y, z) = (row % ny, row / ny);
        Some(([first, y, z], [last + 1, y + 1, z + 1]))
    };
    labels.labels().par_chunks(nx).enumerate().map(of_row).reduce(|| None, join)
}
