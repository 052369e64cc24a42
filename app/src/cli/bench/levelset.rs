//! `zeroset bench levelset`: milliseconds per step and in total, memory, and the contour reached.

use super::cases::{Case, cases};
use super::machine::Machine;
use anyhow::Context;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;
use zeroset_engine::Geometry;
use zeroset_engine::LabelMap;
use zeroset_engine::io;
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, LevelSetParams, Method, Stepper};

/// Arguments of `zeroset bench levelset`.
#[derive(clap::Args, Debug)]
pub struct LevelsetArgs {
    /// Steps of each run (default: 400 region, 200 and 40 Chan-Vese in 2D and 3D)
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// Runs of each case; the fastest and the middle one are reported
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// Time step of the region cases in voxels (ITK's is 1 / (2 · dimension))
    #[arg(long, value_name = "DT")]
    dt: Option<f32>,
    /// Also write speed images, starts and results as NIfTI, for another tool to run on
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    machine: Machine,
    cases: Vec<Figures>,
}

/// What was measured of one case.
#[derive(Serialize)]
struct Figures {
    name: &'static str,
    device: String,
    size: [usize; 3],
    method: Method,
    steps: u32,
    dt: f64,
    /// Fastest run: steps only.
    ms_per_step: f64,
    /// Middle run.
    median_ms_per_step: f64,
    /// Fastest preparation: fields to coefficients, phi to tiles.
    setup_ms: f64,
    /// Fastest preparation + steps.
    total_ms: f64,
    /// Voxels with phi < 0 at the end.
    inside_voxels: usize,
    /// Voxels within one voxel of the contour.
    band_voxels: u64,
}

/// Measures every case.
///
/// # Errors
/// An export folder that cannot be written, or a step that fails.
pub fn run(args: LevelsetArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    for case in cases(args.steps)? {
        figures.push(measure(&case, &args)?);
    }
    let document = Document { machine: Machine::detect(), cases: figures };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&document)?)?;
        return Ok(());
    }
    writeln!(out, "case           steps  ms/step (median)   setup ms   total ms   inside")?;
    for f in &document.cases {
        writeln!(
            out,
            "{:<14} {:>5}  {:>7.4} ({:>7.4})   {:>8.2}   {:>8.2}   {:>6}",
            f.name, f.steps, f.ms_per_step, f.median_ms_per_step, f.setup_ms, f.total_ms, f.inside_voxels
        )?;
    }
    Ok(())
}

fn measure(case: &Case, args: &LevelsetArgs) -> anyhow::Result<Figures> {
    let params = with_dt(case, args.dt)?;
    let mut runs = Vec::new();
    let mut last = None;
    for _ in 0..args.repeats {
        let fields = case.fields.clone();
        let begin = Instant::now();
        let mut stepper = CpuStepper::new(case.grid, fields, params, &case.phi)?;
        let setup = begin.elapsed();
        let stats = stepper.advance(case.steps)?;
        runs.push((setup.as_secs_f64() * 1e3, begin.elapsed().as_secs_f64() * 1e3));
        last = Some((stepper, stats));
    }
    let (mut stepper, stats) = last.context("no run was asked for")?;
    let phi = stepper.phi()?;
    if let Some(folder) = &args.export {
        export(folder, case, &phi)?;
    }
    let least = |of: &dyn Fn(&(f64, f64)) -> f64| runs.iter().map(of).fold(f64::INFINITY, f64::min);
    let mut per_step: Vec<f64> = runs.iter().map(|r| (r.1 - r.0) / f64::from(case.steps)).collect();
    per_step.sort_by(f64::total_cmp);
    Ok(Figures {
        name: case.name,
        device: stepper.device(),
        size: case.grid.size,
        method: params.method,
        steps: case.steps,
        dt: stepper.dt(),
        ms_per_step: per_step[0],
        median_ms_per_step: per_step[per_step.len() / 2],
        setup_ms: least(&|r| r.0),
        total_ms: least(&|r| r.1),
        inside_voxels: phi.iter().filter(|v| **v < 0.0).count(),
        band_voxels: stats.band_voxels,
    })
}

/// The case's weights with the asked-for time step, where it is stable.
fn with_dt(case: &Case, dt: Option<f32>) -> anyhow::Result<LevelSetParams> {
    let Some(dt) = dt.filter(|_| case.params.method != Method::ChanVese) else { return Ok(case.params) };
    let whole = LevelSetParams { time_step_factor: 1.0, ..case.params };
    let limit = CpuStepper::new(case.grid, case.fields.clone(), whole, &case.phi)?.dt() as f32;
    anyhow::ensure!(
        dt > 0.0 && dt <= limit,
        "time step {dt} for {}: expected more than 0 and at most {limit}",
        case.name
    );
    Ok(LevelSetParams { time_step_factor: dt / limit, ..case.params })
}

/// Writes `NAME_field.nii.gz`, `NAME_start.nii.gz` and `NAME_mask.nii.gz`.
fn export(folder: &Path, case: &Case, phi: &[f32]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("folder {}", folder.display()))?;
    let geometry = Geometry::aligned(case.grid.size, [1.0; 3], [0.0; 3])?;
    let (Fields::Speed(field) | Fields::Intensity(field)) = &case.fields;
    let path = |what: &str| folder.join(format!("{}_{what}.nii.gz", case.name));
    io::write_f32(&path("field"), &geometry, field, None)?;
    io::write_f32(&path("start"), &geometry, &case.phi, None)?;
    let labels = LabelMap::new(geometry, phi.iter().map(|v| u16::from(*v < 0.0)).collect());
    io::write_labels(&path("mask"), &labels, None)?;
    Ok(())
}
