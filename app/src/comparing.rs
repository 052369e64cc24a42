//! How a comparison is made: the start on the place's grid, then one method after the other.

use crate::session::DeviceChoice;
use crate::session::compare::Compared;
use crate::session::jobs::{CompareJob, Entrant, EntrantKind};
use crate::{starting, work};
use anyhow::{Context as _, bail};
use std::ops::ControlFlow;
use std::sync::Arc;
use zeroset_engine::compare::{CompareError, Comparison, Contender, Equation, Ground, Inside, Mover, Site, Track, run};
use zeroset_engine::device::{Device, OpenDevice};
use zeroset_engine::neural::Law;

/// Bytes that the frames of all methods may take together.
const BUDGET_BYTES: usize = 512 << 20;
/// Steps between two looks at the stop rule: those of the command line.
const STEPS_PER_CHECK: u32 = 5;

/// Runs the methods of a job; stopped as soon as the job says so.
///
/// # Errors
/// No contour to start from, fewer than two methods that can be run, in words for the user.
pub fn make(job: &CompareJob) -> anyhow::Result<Box<Compared>> {
    let scan = job.scan.geometry();
    let slice = job.place.slice.map(|slice| (slice.axis, slice.index));
    let site = Site::new(scan, job.place.roi, slice)?;
    let whole = job.place.roi.geometry_of_slices(scan, slice.map(|(axis, _)| axis))?;
    let phi = starting::contour(&job.start, scan, &job.place.roi, &whole, &site.grid)?;
    let start = Inside::of_phi(&phi);
    let mut ground = Ground::new(job.scan.clone(), site.clone(), &phi)?;
    ground.budget_bytes = BUDGET_BYTES / job.entrants.len().max(1);
    let (mut tracks, mut failures) = (Vec::new(), Vec::new());
    for (number, entrant) in job.entrants.iter().enumerate() {
        match track(job, &ground, number, entrant) {
            _ if job.run.is_cancelled() => bail!("stopped"),
            Ok(track) => tracks.push(track),
            Err(error) => failures.push(format!("{}: {}", entrant.name, crate::cli::one_line(&error))),
        }
    }
    if tracks.len() < 2 {
        bail!("Fewer than two methods could be run here: {}", failures.join("; "));
    }
    let reference = job.reference.as_ref().map(|(name, map, labels)| {
        let inside = site.inside_of(map, |own| labels.contains(&own));
        (name.clone(), inside)
    });
    let reference = reference.filter(|(_, inside)| inside.voxels() > 0);
    let comparison = Comparison { site, start, tracks };
    let hd95_mm = comparison.hd95_mm(1.0);
    let (document, place) = (job.serial, job.place.clone());
    Ok(Box::new(Compared { document, comparison, place, hd95_mm, reference, failures }))
}

fn track(job: &CompareJob, ground: &Ground, number: usize, entrant: &Entrant) -> anyhow::Result<Track> {
    let mut watch = |progress| {
        job.run.report(number, progress);
        if job.run.is_cancelled() || job.run.ends_here() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let contend = |mover: Mover<'_>, watch: &mut dyn FnMut(_) -> ControlFlow<()>| -> Result<Track, CompareError> {
        run(ground, &Contender { name: entrant.name.clone(), mover }, watch)
    };
    match &entrant.kind {
        EntrantKind::Equation { params, stop, speed, made } => {
            let image = match made {
                Some(image) => image.clone(),
                None => Arc::new(work::compute_speed(speed, &job.scan)?),
            };
            let drawn = !matches!(job.start, crate::session::evolution::Start::Seeds(_));
            let grid = &ground.site.grid;
            let equation = Equation {
                params: *params,
                stop: *stop,
                fields: starting::fields(&image, &job.place, params.method)?,
                draw_in_mm: if drawn { starting::draw_in_mm(params.method, grid) } else { 0.0 },
                steps_per_check: STEPS_PER_CHECK,
                device: &OpenDevice::Cpu,
            };
            Ok(contend(Mover::Equation(equation), &mut watch)?)
        }
        EntrantKind::Network { network, organ, neural } => {
            let device = match job.device {
                DeviceChoice::Auto => Device::Auto,
                DeviceChoice::Cpu => Device::Cpu,
                DeviceChoice::Gpu => Device::Gpu,
            };
            let checkpoint = network.load(&device.networks()?).context("the network")?;
            let solver = neural.solver.unwrap_or(checkpoint.manifest.solver);
            let law = Law { solver, priors: neural.priors.clone() };
            Ok(contend(Mover::of_network(&checkpoint, organ, Some(law)), &mut watch)?)
        }
    }
}
