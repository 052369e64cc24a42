//! `zeroset segment` with a trained network.

use super::args::SegmentArgs;
use super::choice::{self, Named};
use super::{file_id, recipe, warn, write_json};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;
use zeroset_engine::analysis::{Part, side_labels};
use zeroset_engine::device::{Device, network_device_name};
use zeroset_engine::infer::{InferReport, OrganPhi};
use zeroset_engine::io;
use zeroset_engine::levelset::LevelSet;
use zeroset_engine::ode::SolverParams;
use zeroset_engine::propose::{Beginning, Proposal, Question, Stage, propose};
use zeroset_engine::recipe::FileId;
use zeroset_engine::{Geometry, LabelMap, Provenance, Roi, Volume};

/// Slices at once, where the user leaves it open: enough for two cores and for a GPU, some hundred MB at 200×200.
const BATCH: usize = 4;

/// What a run of a network leaves behind.
#[derive(Debug, Serialize)]
struct NetworkReport {
    program: String,
    version: String,
    source: FileId,
    method: String,
    /// Name of the network.
    model: String,
    organ: String,
    label: u16,
    /// Label of the right kidney, where the sides are told apart.
    label_right: Option<u16>,
    init: Option<FileId>,
    /// Seeds as x, y, z, radius in RAS mm.
    seeds: Vec<[f64; 4]>,
    roi: Option<Roi>,
    solver: Option<SolverParams>,
    /// Time t of the contour, and the absolute tolerance per step in band widths (of an adaptive solver).
    time: Option<f64>,
    tolerance: Option<f64>,
    /// The network that gave the start contour: its name, and its run.
    start_model: Option<String>,
    start: Option<InferReport>,
    run: InferReport,
    volume_ml: f64,
    voxels: usize,
    /// What the contour is made of.
    parts: Vec<Part>,
    /// Components and mL that were left out.
    left_out: (usize, f64),
    warnings: Vec<String>,
    device: String,
    duration_s: f64,
    geometry: Geometry,
}

/// Contours by a network, writes the mask and what else was asked for, and says how it went.
///
/// # Errors
/// Options or files that do not fit together, a network that finds nothing, files that cannot be written.
pub fn run(args: &SegmentArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let started = Instant::now();
    let device: Device = args.device.into();
    let burn = device.networks()?;
    let choice::Networks { organ, network, first } = choice::networks(args, &burn)?;
    let method = network.checkpoint.manifest.network.name();
    refuse_foreign_options(args, method)?;
    let scan = io::read(&args.image, &args.source.options())?;
    warn(&args.image, &scan.warnings);
    let init = args.init.as_deref().map(io::read_labels).transpose()?;
    let roi = args.roi.map(|roi| roi.0);

    let drawn = start_contour(args, init.as_ref().map(|mask| &mask.labels), &scan.volume, &organ)?;
    let question = Question {
        scan: &scan.volume,
        organ: &organ,
        network: &network.checkpoint,
        beginning: match (&drawn, &first) {
            (Some(contour), _) => Beginning::Contour(contour),
            (None, Some(first)) => Beginning::Network(&first.checkpoint),
            (None, None) => Beginning::Nothing,
        },
        region: roi.as_ref(),
        solver: args.tolerance.map(SolverParams::adaptive),
        batch: args.batch.map_or(BATCH, usize::from),
        anatomy: !args.keep_all,
    };
    let proposal = with_bar(&question)?;
    if proposal.findings.voxels == 0 {
        bail!("{}: the network found no {organ} in this scan: nothing was written", args.image.display());
    }
    let label_right = args.sides.then(|| args.label.checked_add(1).context("--label: no number is left for --sides"));
    let label_right = label_right.transpose()?;
    let labels = labels(args.label, label_right, &proposal, scan.volume.geometry())?;

    let geometry = scan.volume.geometry();
    let mut report = NetworkReport {
        program: zeroset_engine::provenance::PROGRAM.to_owned(),
        version: zeroset_engine::provenance::VERSION.to_owned(),
        source: file_id(&scan.source)?,
        method: method.to_owned(),
        model: network.name,
        label: args.label,
        label_right,
        init: init.as_ref().map(|mask| file_id(&mask.source)).transpose()?,
        seeds: args.seeds.iter().map(|s| sphere(&s.0)).collect(),
        roi,
        solver: proposal.solver,
        time: proposal.time(),
        tolerance: proposal.tolerance(),
        start_model: first.as_ref().map(|Named { name, .. }| name.clone()),
        start: proposal.first.clone(),
        volume_ml: proposal.findings.volume_ml,
        voxels: proposal.findings.voxels,
        parts: proposal.findings.parts.clone(),
        left_out: proposal.findings.left_out,
        warnings: proposal.warnings(),
        device: network_device_name(&burn),
        duration_s: 0.0,
        geometry: geometry.clone(),
        run: proposal.run.clone(),
        organ,
    };
    let provenance = provenance(&report);
    io::write_labels(&args.output, &labels, Some(&provenance))?;
    if let Some(path) = &args.phi {
        io::write_f32(path, geometry, &proposal.phi.phi_mm, Some(&provenance))?;
    }
    report.duration_s = started.elapsed().as_secs_f64();
    if let Some(path) = &args.report {
        write_json(path, &report)?;
    }
    for warning in &report.warnings {
        eprintln!("zeroset: {}: warning: {warning}", args.image.display());
    }
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", summary(&args.output, &report))?;
    }
    Ok(())
}

fn refuse_foreign_options(args: &SegmentArgs, method: &str) -> anyhow::Result<()> {
    let mut options: Vec<(&str, bool)> = recipe::options(args).iter().map(|&(name, given, _)| (name, given)).collect();
    options.push(("--animate", args.animate.is_some()));
    options.push(("--save-speed", args.save_speed.is_some()));
    if let Some((name, _)) = options.iter().find(|(_, given)| *given) {
        bail!("{name} has no meaning for {method}: leave it out, or choose --method edge, region or chan-vese");
    }
    Ok(())
}

/// The mask: one label, or one for each side.
fn labels(label: u16, right: Option<u16>, proposal: &Proposal, grid: &Geometry) -> anyhow::Result<LabelMap> {
    let phi_mm = &proposal.phi.phi_mm;
    let labels = match (right, proposal.findings.midline_mm) {
        (None, _) => phi_mm.iter().map(|&phi| if phi < 0.0 { label } else { 0 }).collect(),
        (Some(right), Some(midline_mm)) => side_labels(grid, |index| phi_mm[index] < 0.0, midline_mm, [label, right]),
        (Some(_), None) => {
            bail!("--sides tells the left from the right kidney: leave it out for {}", proposal.phi.organ)
        }
    };
    Ok(LabelMap::new(grid.clone(), labels))
}

/// φ of the mask or the seeds; `None` where neither is given.
fn start_contour(
    args: &SegmentArgs,
    init: Option<&LabelMap>,
    scan: &Volume,
    organ: &str,
) -> anyhow::Result<Option<OrganPhi>> {
    let geometry = scan.geometry();
    if let Some(mask) = init {
        // As everywhere: the label asked for where it occurs, else all that is not background.
        let has_label = mask.count(args.label) > 0;
        if !mask.geometry().same_grid(geometry, zeroset_engine::levelset::speed::GRID_TOLERANCE_MM) {
            bail!(
                "--init: the mask lies on another grid ({}) than the scan ({})",
                mask.geometry().describe(),
                geometry.describe()
            );
        }
        let inside = |label: u16| if has_label { label == args.label } else { label != 0 };
        return Ok(Some(OrganPhi::from_mask(organ, mask, inside)));
    }
    if args.seeds.is_empty() {
        return Ok(None);
    }
    let seeds: Vec<_> = args.seeds.iter().map(|seed| seed.0).collect();
    let phi = LevelSet::from_seeds(geometry.clone(), &seeds).phi;
    let mask = LabelMap::new(geometry.clone(), phi.iter().map(|&v| u16::from(v < 0.0)).collect());
    if mask.count(1) == 0 {
        bail!("the seeds touch no voxel of the scan: positions are RAS mm ({})", geometry.describe());
    }
    Ok(Some(OrganPhi::from_mask(organ, &mask, |label| label == 1)))
}

/// Runs with a bar on standard error, hidden where that is no terminal.
fn with_bar(question: &Question<'_>) -> anyhow::Result<Proposal> {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} slices, {msg}") {
        bar.set_style(style);
    }
    let result = propose(question, &mut |stage, progress| {
        bar.set_message(if stage == Stage::Finding { "looking for the organ" } else { "evolving its contour" });
        bar.set_length(progress.of as u64);
        bar.set_position(progress.slices as u64);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    Ok(result?)
}

fn provenance(report: &NetworkReport) -> Provenance {
    let mut provenance = Provenance::new(format!("network, {}", report.method));
    provenance.source_file.clone_from(&report.source.file);
    provenance.source_sha256.clone_from(&report.source.sha256);
    provenance.parameters = serde_json::json!({
        "organ": report.organ, "model": report.model, "weights_sha256": report.run.weights_sha256,
        "solver": report.solver, "time": report.time, "tolerance": report.tolerance,
        "start_model": report.start_model,
        "start_weights_sha256": report.start.as_ref().map(|start| &start.weights_sha256),
        "roi": report.roi, "left_out": report.left_out, "label_right": report.label_right,
    });
    provenance.seeds.clone_from(&report.seeds);
    provenance.time = report.time.unwrap_or(0.0);
    provenance
}

fn sphere(seed: &zeroset_engine::levelset::Seed) -> [f64; 4] {
    let [x, y, z] = seed.center_mm;
    [x, y, z, seed.radius_mm]
}

/// One line for people.
fn summary(mask: &Path, report: &NetworkReport) -> String {
    let evaluations = report.run.evaluations.map_or_else(String::new, |[least, mean, most]| {
        format!(", {mean:.1} evaluations per solve ({least:.0} to {most:.0})")
    });
    let label = match report.label_right {
        Some(right) => format!("labels {} (left) and {right} (right)", report.label),
        None => format!("label {}", report.label),
    };
    let start = report.start_model.as_ref().map_or_else(String::new, |name| format!(" from {name}"));
    format!(
        "{}: {} as {label}, {:.1} mL ({} voxels); {}{start} on {} slices, {} without a start{evaluations}; {:.2} s on {}",
        mask.display(),
        report.organ,
        report.volume_ml,
        report.voxels,
        report.method,
        report.run.slices,
        report.run.skipped,
        report.duration_s,
        report.device,
    )
}
