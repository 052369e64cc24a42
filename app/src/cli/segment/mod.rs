//! `zeroset segment`: contours one organ of a scan.

mod args;
mod bar;
mod choice;
mod network;
mod recipe;

pub use args::{DeviceName, MethodName, RoiArg, SeedArg, SegmentArgs};
pub use bar::Bar;

use crate::cli::film::{self, Film};
use anyhow::{Context, bail};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;
use zeroset_engine::Provenance;
use zeroset_engine::animate::{Plane, voxel_axis};
use zeroset_engine::io::{self, AtomicFile, ReadOptions, SourceInfo};
use zeroset_engine::levelset::StopReason;
use zeroset_engine::pipeline::{self, Input, Outcome, Progress};
use zeroset_engine::recipe::{FileId, Recipe, Report};

/// Contours, writes the mask and what else was asked for, and says how it went.
///
/// # Errors
/// Inputs that cannot be read or do not fit together, a contour that vanishes, files that cannot be written.
pub fn run(args: SegmentArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(method) = args.classical() else { return network::run(&args, out) };
    let started = Instant::now();
    let scan = io::read(&args.image, &args.source.options())?;
    warn(&args.image, &scan.warnings);
    if let Some(path) = &args.animate {
        film::check_name(path)?;
    }
    let recipe = recipe::from_args(&args, method, scan.volume.geometry())?;
    let init = args.init.as_deref().map(io::read_labels).transpose()?;
    let speed = args.speed.as_deref().map(|path| io::read(path, &ReadOptions::default())).transpose()?;
    let read_s = started.elapsed().as_secs_f64();

    let input = Input {
        scan: &scan.volume,
        init: init.as_ref().map(|mask| &mask.labels),
        speed: speed.as_ref().map(|speed| &speed.volume),
    };
    let mut bar = Bar::new(&recipe);
    let mut film = args.animate.is_some().then(|| film_of(&input, &recipe));
    let mut filmed = Ok(());
    let outcome = pipeline::segment(&input, &recipe, &mut |mut progress: Progress<'_>| {
        bar.show(&progress);
        filmed = film.as_mut().map_or(Ok(()), |film| film.look(&mut progress));
        if filmed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    bar.clear();
    filmed?;
    let Outcome { labels, phi_in_roi, roi, speed: speed_field, mut report } =
        outcome.with_context(|| args.image.display().to_string())?;
    report.source = Some(file_id(&scan.source)?);
    report.init = init.as_ref().map(|mask| file_id(&mask.source)).transpose()?;
    report.speed_file = speed.as_ref().map(|speed| file_id(&speed.source)).transpose()?;
    report.timings_s.insert("read".to_owned(), read_s);
    if report.stop == StopReason::Vanished || report.voxels == 0 {
        bail!("{}", vanished(&args.image, &report));
    }

    let writing = Instant::now();
    let provenance = provenance(&report)?;
    io::write_labels(&args.output, &labels, Some(&provenance))?;
    if let Some(path) = &args.phi {
        let geometry = scan.volume.geometry();
        let phi = roi.spread_phi(&phi_in_roi, geometry);
        io::write_f32(path, geometry, &phi, Some(&provenance))?;
    }
    if let (Some(path), Some(speed)) = (&args.save_speed, &speed_field) {
        io::write_f32(path, &speed.grid, &speed.g, Some(&provenance))?;
    }
    if let (Some(path), Some(film)) = (&args.animate, film) {
        film.write(path)?;
    }
    report.timings_s.insert("write".to_owned(), writing.elapsed().as_secs_f64());
    report.timings_s.insert("total".to_owned(), started.elapsed().as_secs_f64());
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

/// A film of the axial slice through the first seed, or through the middle of the initial mask.
fn film_of<'a>(input: &Input<'a>, recipe: &Recipe) -> Film<'a> {
    let scan = input.scan.geometry();
    let axis = voxel_axis(scan, Plane::Axial);
    let of_seed = recipe.seeds.first().map(|seed| scan.voxel_of_world(seed.center_mm)[axis].round().max(0.0) as usize);
    let stride: usize = scan.size()[..axis].iter().product();
    let of_mask = || {
        let labels = input.init?.labels();
        let inside: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] > 0).collect();
        Some(inside.get(inside.len() / 2)? / stride % scan.size()[axis])
    };
    let index = of_seed.or_else(of_mask).unwrap_or(0).min(scan.size()[axis] - 1);
    Film::new(input.scan, axis, index, recipe.roi.as_ref().filter(|roi| roi.validate(scan).is_ok()))
}

fn warn(path: &Path, warnings: &[String]) {
    for warning in warnings {
        eprintln!("zeroset: {}: warning: {warning}", path.display());
    }
}

fn file_id(source: &SourceInfo) -> anyhow::Result<FileId> {
    Ok(FileId { file: source.file_name.clone(), sha256: source.sha256()? })
}

/// How the mask came about, for its header.
pub fn provenance(report: &Report) -> anyhow::Result<Provenance> {
    let recipe = &report.recipe;
    let method = serde_json::to_value(recipe.params.method)?;
    let mut provenance = Provenance::new(format!("level set, {}", method.as_str().unwrap_or_default()));
    if let Some(source) = &report.source {
        provenance.source_file.clone_from(&source.file);
        provenance.source_sha256.clone_from(&source.sha256);
    }
    provenance.parameters = serde_json::json!({ "recipe": recipe, "resolved": report.resolved });
    let sphere = |s: &zeroset_engine::levelset::Seed| {
        let [x, y, z] = s.center_mm;
        [x, y, z, s.radius_mm]
    };
    provenance.seeds = recipe.seeds.iter().map(sphere).collect();
    provenance.iterations = report.iterations;
    provenance.time = report.time;
    Ok(provenance)
}

/// Writes a document whole or not at all.
///
/// # Errors
/// The target cannot be written; what was there before is untouched then.
pub fn write_json(path: &Path, document: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    let place = || path.display().to_string();
    let mut file = AtomicFile::create(path).with_context(place)?;
    file.file().write_all(text.as_bytes()).with_context(place)?;
    file.commit().with_context(place)?;
    Ok(())
}

/// One line for people.
fn summary(mask: &Path, report: &Report) -> String {
    let window = report.resolved.window.map_or_else(String::new, |w| {
        let bound = |b: Option<f32>| b.map_or_else(|| "open".to_owned(), |v| format!("{v:.0}"));
        format!(", window {} to {} HU", bound(w.lower), bound(w.upper))
    });
    format!(
        "{}: label {}, {:.1} mL ({} voxels){window}; {} iterations to t = {:.1} on {} in {:.2} s; {}",
        mask.display(),
        report.recipe.label,
        report.volume_ml,
        report.voxels,
        report.iterations,
        report.time,
        report.device,
        report.timings_s.get("total").copied().unwrap_or_default(),
        report.stop_text,
    )
}

fn vanished(image: &Path, report: &Report) -> String {
    let hint = match report.resolved.window {
        Some(_) => "the intensities at the start lie outside the window: move the seeds, or set --lower and --upper",
        None => "the start lies where the contour can only shrink: move or enlarge the seeds, or change the weights",
    };
    format!("{}: the contour has vanished after {} iterations: {hint}", image.display(), report.iterations)
}
