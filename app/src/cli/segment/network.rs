//! `zeroset segment` with a trained network.

use super::args::{MethodName, SegmentArgs};
use super::{file_id, recipe, warn, write_json};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;
use zeroset_engine::device::Device;
use zeroset_engine::infer::{InferReport, OrganPhi, Prediction, Request, Start, infer};
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::levelset::LevelSet;
use zeroset_engine::models::Checkpoint;
use zeroset_engine::ode::SolverParams;
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
    organ: String,
    label: u16,
    init: Option<FileId>,
    /// Seeds as x, y, z, radius in RAS mm.
    seeds: Vec<[f64; 4]>,
    roi: Option<Roi>,
    solver: Option<SolverParams>,
    /// The network that gave the start contour.
    start: Option<InferReport>,
    run: InferReport,
    volume_ml: f64,
    voxels: usize,
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
    refuse_foreign_options(args)?;
    let device: Device = args.device.into();
    let burn = device.networks()?;
    let checkpoint = load(args.model.as_deref(), args.method, &burn)?;
    let organ = organ_of(args, &checkpoint)?;
    let scan = io::read(&args.image, &ReadOptions { frame: args.frame, memory_limit_bytes: None })?;
    warn(&args.image, &scan.warnings);
    let init = args.init.as_deref().map(io::read_labels).transpose()?;
    let roi = args.roi.map(|roi| roi.0);

    let mut request = Request {
        scan: &scan.volume,
        checkpoint: &checkpoint,
        organs: &[&organ],
        start: Start::None,
        roi: roi.as_ref(),
        solver: args.tolerance.map(SolverParams::adaptive),
        batch: args.batch.map_or(BATCH, usize::from),
    };
    let from_network = args.start_model.as_deref().map(|dir| start_network(dir, &request, &burn)).transpose()?;
    let drawn = start_contour(args, init.as_ref().map(|mask| &mask.labels), &scan.volume, &organ)?;
    if let Some(start) = from_network.as_ref().map(|run| run.organs.as_slice()).or(drawn.as_deref()) {
        request.start = Start::Phi(start);
    }
    let Prediction { organs, report: run } = with_bar(&request, "evolve")?;
    let phi_mm = &organs.first().context("the network gave no contour")?.phi_mm;

    let geometry = scan.volume.geometry();
    let labels = phi_mm.iter().map(|&phi| if phi < 0.0 { args.label } else { 0 }).collect();
    let labels = LabelMap::new(geometry.clone(), labels);
    let mut report = NetworkReport {
        program: zeroset_engine::provenance::PROGRAM.to_owned(),
        version: zeroset_engine::provenance::VERSION.to_owned(),
        source: file_id(&scan.source)?,
        method: args.method.word(),
        label: args.label,
        init: init.as_ref().map(|mask| file_id(&mask.source)).transpose()?,
        seeds: args.seeds.iter().map(|s| sphere(&s.0)).collect(),
        roi,
        solver: checkpoint.manifest.network.solves().then(|| request.solver.unwrap_or(checkpoint.manifest.solver)),
        start: from_network.as_ref().map(|start| start.report.clone()),
        volume_ml: labels.volume_ml(args.label),
        voxels: labels.count(args.label),
        warnings: run
            .unfinished
            .iter()
            .map(|(slice, why)| format!("slice {slice}: the solver stopped: {why}"))
            .collect(),
        device: format!("{burn:?}"),
        duration_s: 0.0,
        geometry: geometry.clone(),
        run,
        organ,
    };
    if report.voxels == 0 {
        bail!("{}: the network found no {} in this scan: nothing was written", args.image.display(), report.organ);
    }
    let provenance = provenance(&report)?;
    io::write_labels(&args.output, &labels, Some(&provenance))?;
    if let Some(path) = &args.phi {
        io::write_f32(path, geometry, phi_mm, Some(&provenance))?;
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

fn refuse_foreign_options(args: &SegmentArgs) -> anyhow::Result<()> {
    let mut options: Vec<(&str, bool)> = recipe::options(args).iter().map(|&(name, given, _)| (name, given)).collect();
    options.push(("--animate", args.animate.is_some()));
    options.push(("--save-speed", args.save_speed.is_some()));
    if let Some((name, _)) = options.iter().find(|(_, given)| *given) {
        bail!(
            "{name} has no meaning for {}: leave it out, or choose --method edge, region or chan-vese",
            args.method.word()
        );
    }
    Ok(())
}

/// Reads a model and checks that it is of the method asked for.
fn load(dir: Option<&Path>, method: MethodName, device: &burn::tensor::Device) -> anyhow::Result<Checkpoint> {
    let word = method.word();
    let Some(dir) = dir else {
        bail!(
            "--method {word} runs a trained network: give its folder by --model DIR (train one with `zeroset train`)"
        );
    };
    let checkpoint = Checkpoint::load(dir, device)?.for_inference();
    let found = checkpoint.manifest.network.name();
    if found != word {
        bail!("{}: this is a network for --method {found}, not for {word}", dir.display());
    }
    Ok(checkpoint)
}

fn organ_of(args: &SegmentArgs, checkpoint: &Checkpoint) -> anyhow::Result<String> {
    let organs = &checkpoint.manifest.preprocessing.organs;
    match (&args.organ, organs.as_slice()) {
        (Some(organ), _) => Ok(organ.clone()),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => {
            let names: Vec<&str> = organs.iter().map(|o| o.name.as_str()).collect();
            bail!("this network contours several organs: choose one of {} by --organ", names.join(", "))
        }
    }
}

/// What another network says of the same organ.
fn start_network(dir: &Path, request: &Request<'_>, device: &burn::tensor::Device) -> anyhow::Result<Prediction> {
    let checkpoint = Checkpoint::load(dir, device)?.for_inference();
    let request = Request { checkpoint: &checkpoint, start: Start::None, solver: None, ..*request };
    with_bar(&request, "start contour").with_context(|| dir.display().to_string())
}

/// φ of the mask or the seeds; `None` where neither is given.
fn start_contour(
    args: &SegmentArgs,
    init: Option<&LabelMap>,
    scan: &Volume,
    organ: &str,
) -> anyhow::Result<Option<Vec<OrganPhi>>> {
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
        return Ok(Some(vec![OrganPhi::from_mask(organ, mask, inside)]));
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
    Ok(Some(vec![OrganPhi::from_mask(organ, &mask, |label| label == 1)]))
}

/// Runs with a bar on standard error, hidden where that is no terminal.
fn with_bar(request: &Request<'_>, stage: &str) -> anyhow::Result<Prediction> {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} slices, {msg}") {
        bar.set_style(style);
    }
    bar.set_message(stage.to_owned());
    let result = infer(request, &mut |progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.slices as u64);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    Ok(result?)
}

fn provenance(report: &NetworkReport) -> anyhow::Result<Provenance> {
    let mut provenance = Provenance::new(format!("network, {}", report.method));
    provenance.source_file.clone_from(&report.source.file);
    provenance.source_sha256.clone_from(&report.source.sha256);
    provenance.parameters = serde_json::json!({
        "organ": report.organ, "weights_sha256": report.run.weights_sha256, "solver": report.solver,
        "start_weights_sha256": report.start.as_ref().map(|start| &start.weights_sha256), "roi": report.roi,
    });
    provenance.seeds.clone_from(&report.seeds);
    provenance.time = 1.0;
    Ok(provenance)
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
    format!(
        "{}: {} as label {}, {:.1} mL ({} voxels); {} on {} slices, {} without a start{evaluations}; {:.2} s on {}",
        mask.display(),
        report.organ,
        report.label,
        report.volume_ml,
        report.voxels,
        report.method,
        report.run.slices,
        report.run.skipped,
        report.duration_s,
        report.device,
    )
}
