//! How a proposal is made: networks from the catalogue onto a device, over the scan, and the result cut to its box.

use crate::session::evolution::Place;
use crate::session::jobs::ProposeJob;
use crate::session::proposal::{Proposal, ProposalRecord};
use crate::session::{DeviceChoice, Scope};
use anyhow::{Context, bail};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;
use zeroset_engine::Geometry;
use zeroset_engine::device::{Device, network_device_name};
use zeroset_engine::propose::{self, Beginning, Question, Stage, propose_near};
use zeroset_engine::roi::Roi;
use zeroset_engine::slices::axial_axis;

/// Slices at once: enough for two cores and for a GPU, and a stop is heard soon.
const BATCH: usize = 4;
/// Room around the contour in the box that is kept of φ, mm.
const ROOM_MM: f64 = 10.0;

/// Makes a proposal; stopped as soon as the job says so.
///
/// # Errors
/// No network, no device, a network that finds nothing, in words for the user.
pub fn make(job: &ProposeJob) -> anyhow::Result<Arc<Proposal>> {
    let started = Instant::now();
    if job.run.is_cancelled() {
        bail!("stopped");
    }
    let chosen = job.catalogue.choose(&job.organ, Some(&job.method))?;
    let device = match job.device {
        DeviceChoice::Auto => Device::Auto,
        DeviceChoice::Cpu => Device::Cpu,
        DeviceChoice::Gpu => Device::Gpu,
    };
    let burn = device.networks()?;
    let network = chosen.network.load(&burn)?;
    let first = chosen.first.map(|first| first.load(&burn)).transpose()?;
    let question = Question {
        scan: &job.scan,
        organ: &job.organ,
        network: &network,
        beginning: first.as_ref().map_or(Beginning::Nothing, Beginning::Network),
        region: job.region.as_ref(),
        solver: None,
        batch: BATCH,
        anatomy: true,
    };
    let near = propose_near(&question, &mut |stage, progress| {
        job.run.report(progress.slices, progress.of, stage == Stage::Evolving);
        if job.run.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let found = near.proposal;
    let Some(bounds) = found.findings.bounds else {
        let place = match job.scope {
            Scope::Scan => "this scan",
            Scope::Region => "the region",
            Scope::Slice => "this slice",
        };
        bail!("No {} was found in {place}: seed it by hand, or try another method", job.organ);
    };
    let grid = job.scan.geometry();
    let roi = box_around(grid, bounds, job.region.as_ref());
    let geometry = grid.cropped(roi.lower, roi.size()).context("the box of the proposal")?;
    let phi = Arc::new(cut(&found.phi.phi_mm, &near.geometry, near.lower, &roi));
    let warnings = found.warnings();
    let (time, tolerance) = (found.time(), found.tolerance());
    let propose::Proposal { findings, first: first_run, run, solver, .. } = found;
    let start = chosen.first.zip(first_run);
    let record = ProposalRecord {
        organ: job.organ.clone(),
        method: job.method.clone(),
        network: (chosen.network.name.clone(), run.weights_sha256),
        first: start.map(|(network, run)| (network.name.clone(), run.weights_sha256)),
        solver,
        time,
        tolerance,
        region: job.region.unwrap_or_else(|| Roi::whole(grid)),
        device: network_device_name(&burn),
        duration_s: started.elapsed().as_secs_f64(),
    };
    Ok(Arc::new(Proposal {
        document: job.serial,
        place: Place { roi, geometry, slice: None },
        phi,
        scope: job.scope,
        findings,
        warnings,
        record: Arc::new(record),
    }))
}

/// The contour's box with room around it, within the scan and along the patient within the region.
fn box_around(grid: &Geometry, (lower, upper): ([usize; 3], [usize; 3]), region: Option<&Roi>) -> Roi {
    let axis = axial_axis(grid);
    let room = |d: usize| (ROOM_MM / grid.spacing_mm()[d]).ceil() as usize;
    let (mut least, mut greatest) = ([0; 3], grid.size());
    if let Some(region) = region {
        (least[axis], greatest[axis]) = (region.lower[axis], region.upper[axis]);
    }
    Roi {
        lower: std::array::from_fn(|d| lower[d].saturating_sub(room(d)).max(least[d])),
        upper: std::array::from_fn(|d| (upper[d] + room(d)).min(greatest[d])),
        resample: None,
    }
}

/// The values in a box of the scan, x fastest, from those of a part of it that begins at `first` and holds the box.
fn cut(values: &[f32], part: &Geometry, first: [usize; 3], roi: &Roi) -> Vec<f32> {
    let [nx, ny, nz] = roi.size();
    let mut cut = Vec::with_capacity(nx * ny * nz);
    for row in 0..ny * nz {
        let voxel = [roi.lower[0], roi.lower[1] + row % ny, roi.lower[2] + row / ny];
        let start = part.index(std::array::from_fn(|d| voxel[d] - first[d]));
        cut.extend_from_slice(&values[start..start + nx]);
    }
    cut
}
