//! `zeroset demo`: the whole chain on the synthetic abdomen, without display, GPU or files of one's own: level sets from
//! seeds on a child, the program's own networks on an adult.

mod networks;

use crate::cli::film::Film;
use crate::cli::segment::{Bar, DeviceName, provenance, write_json};
use anyhow::Context;
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use zeroset_engine::animate::{Plane, voxel_axis};
use zeroset_engine::io;
use zeroset_engine::levelset::{Method, Seed};
use zeroset_engine::metrics::overlap::Overlap;
use zeroset_engine::phantom::{Phantom, PhantomOptions, Suggestion};
use zeroset_engine::pipeline::{self, Input, Outcome};
use zeroset_engine::recipe::{Recipe, Report, SpeedRecipe};
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Provenance};

/// Arguments of `zeroset demo`.
#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// Folder for the results; made when it is not there
    #[arg(short, long, value_name = "DIR", default_value = "zeroset-demo")]
    pub output: PathBuf,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceName,
    /// Which synthetic patient
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rng_seed: u64,
    /// Print the report as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What became of one organ.
#[derive(Debug, Serialize)]
struct Organ {
    label: u16,
    organ: String,
    /// Overlap with the phantom's labels.
    dice: Option<f64>,
    volume_ml: f64,
    truth_ml: f64,
    report: Report,
}

#[derive(Debug, Serialize)]
struct DemoReport<'a> {
    program: &'static str,
    version: &'static str,
    phantom: &'a PhantomOptions,
    organs: &'a [Organ],
    slice_2d: &'a Report,
    /// By the program's own networks, on a synthetic adult.
    networks: &'a [networks::Proposed],
    files: Vec<String>,
    total_s: f64,
}

/// Builds the phantoms, contours kidneys and liver in 3D and one kidney in 2D, then by networks, and writes everything.
///
/// # Errors
/// The folder cannot be written, or a GPU was asked for and there is none.
pub fn run(args: DemoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let started = Instant::now();
    let folder = args.output.as_path();
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot make the folder", folder.display()))?;
    let options = PhantomOptions { rng_seed: args.rng_seed, ..PhantomOptions::default() };
    eprintln!("zeroset: building the synthetic abdomen");
    let phantom = Phantom::generate(&options)?;
    io::write_volume(&folder.join("ct.nii.gz"), &phantom.ct, None)?;
    io::write_labels(&folder.join("labels.nii.gz"), &phantom.labels, None)?;

    let (mask, organs, film) = contour_organs(&phantom, &args)?;
    let mut origin = Provenance::new("demo: level sets, region, on the synthetic abdomen");
    origin.source_file = "ct.nii.gz".to_owned();
    origin.parameters = serde_json::to_value(organs.iter().map(|o| &o.report.recipe).collect::<Vec<_>>())?;
    origin.iterations = organs.iter().map(|o| o.report.iterations).sum();
    io::write_labels(&folder.join("mask.nii.gz"), &mask, Some(&origin))?;
    film.write(&folder.join("evolution_3d.gif"))?;
    let slice_2d = contour_slice(&phantom, &args, folder)?;

    let proposed = networks::run(args.rng_seed, args.device, folder)?;

    let mut files = vec![
        "ct.nii.gz",
        "labels.nii.gz",
        "mask.nii.gz",
        "slice_mask.nii.gz",
        "evolution_2d.gif",
        "evolution_3d.gif",
        "report.json",
    ];
    if !proposed.is_empty() {
        files.extend(networks::FILES);
    }
    let report = DemoReport {
        program: "Zeroset",
        version: env!("CARGO_PKG_VERSION"),
        phantom: &options,
        organs: &organs,
        slice_2d: &slice_2d,
        networks: &proposed,
        files: files.iter().map(|name| folder.join(name).display().to_string()).collect(),
        total_s: started.elapsed().as_secs_f64(),
    };
    write_json(&folder.join("report.json"), &report)?;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
        return Ok(());
    }
    for organ in &organs {
        let dice = organ.dice.map_or_else(|| "not defined".to_owned(), |d| format!("{d:.3}"));
        let Organ { organ, volume_ml, truth_ml, report, .. } = organ;
        writeln!(
            out,
            "{organ}: Dice {dice}, {volume_ml:.1} mL (truth {truth_ml:.1}), {} iterations on {}; {}",
            report.iterations, report.device, report.stop_text
        )?;
    }
    writeln!(out, "one kidney slice in 2D: {} iterations; {}", slice_2d.iterations, slice_2d.stop_text)?;
    for networks::Proposed { organ, network, dice, volume_ml, truth_ml, warnings, duration_s } in &proposed {
        let dice = dice.map_or_else(|| "not defined".to_owned(), |d| format!("{d:.3}"));
        writeln!(
            out,
            "{organ} of an adult by {network}: Dice {dice}, {volume_ml:.1} mL (truth {truth_ml:.1}), {duration_s:.1} s"
        )?;
        warnings.iter().try_for_each(|warning| writeln!(out, "  warning: {warning}"))?;
    }
    writeln!(out, "done in {:.1} s; the results:", report.total_s)?;
    for file in &report.files {
        writeln!(out, "  {file}")?;
    }
    Ok(())
}

/// What a user would enter by hand for this organ.
fn recipe(suggestion: &Suggestion, device: DeviceName) -> Recipe {
    let seeds = suggestion.seeds.iter().map(|&[x, y, z, radius_mm]| Seed { center_mm: [x, y, z], radius_mm });
    let roi = Roi { lower: suggestion.roi_lower, upper: suggestion.roi_upper, resample: None };
    let mut recipe = Recipe::new(Method::Region, seeds.collect(), Some(roi));
    if let SpeedRecipe::Threshold { sigma_mm, lower, upper, .. } = &mut recipe.speed {
        *sigma_mm = suggestion.sigma_mm;
        (*lower, *upper) = (Some(suggestion.lower_hu), Some(suggestion.upper_hu));
    }
    recipe.device = device.into();
    recipe.label = suggestion.label;
    recipe
}

/// Every organ in 3D into one mask, and a coronal film through the first kidney's middle.
fn contour_organs<'a>(phantom: &'a Phantom, args: &DemoArgs) -> anyhow::Result<(LabelMap, Vec<Organ>, Film<'a>)> {
    let scan = phantom.ct.geometry();
    let axis = voxel_axis(scan, Plane::Coronal);
    let middle =
        phantom.suggestions.first().map_or(scan.size()[axis] / 2, |s| (s.roi_lower[axis] + s.roi_upper[axis]) / 2);
    let mut film = Film::new(&phantom.ct, axis, middle, None);
    let mut mask = LabelMap::empty(scan.clone());
    // φ of the label that a voxel has: where two organs claim it, the one that holds it deeper gets it.
    let mut deepest = vec![0.0_f32; scan.len()];
    let mut organs = Vec::new();
    for suggestion in &phantom.suggestions {
        let recipe = recipe(suggestion, args.device);
        let outcome = segment(phantom, &recipe, &mut film).with_context(|| suggestion.organ.clone())?;
        let phi = outcome.roi.spread_phi(&outcome.phi_in_roi, scan);
        let delta = mask.delta(|index| (phi[index] < deepest[index]).then_some(suggestion.label));
        mask.apply(&delta);
        deepest.iter_mut().zip(&phi).for_each(|(least, &value)| *least = least.min(value));
        film.leave(&phi, scan, 1 + organs.len());
        let (label, organ) = (suggestion.label, suggestion.organ.clone());
        organs.push(Organ { label, organ, dice: None, volume_ml: 0.0, truth_ml: 0.0, report: outcome.report });
    }
    for organ in &mut organs {
        let of = |map: &LabelMap| -> Vec<bool> { map.labels().iter().map(|&l| l == organ.label).collect() };
        organ.dice = Overlap::of(&of(&mask), &of(&phantom.labels)).dice();
        organ.volume_ml = mask.volume_ml(organ.label);
        organ.truth_ml = phantom.labels.volume_ml(organ.label);
    }
    Ok((mask, organs, film))
}

/// One axial slice of the first organ alone, in 2D, with its film.
fn contour_slice(phantom: &Phantom, args: &DemoArgs, folder: &Path) -> anyhow::Result<Report> {
    let scan = phantom.ct.geometry();
    let suggestion = phantom.suggestions.first().context("the phantom suggests no organ")?;
    let mut recipe = recipe(suggestion, args.device);
    let axis = voxel_axis(scan, Plane::Axial);
    let index = slice_of(scan, axis, &recipe.seeds);
    recipe.seeds.retain(|seed| slice_of(scan, axis, std::slice::from_ref(seed)) == index);
    if let Some(roi) = &mut recipe.roi {
        (roi.lower[axis], roi.upper[axis]) = (index, index + 1);
    }
    recipe.dimension = 2;
    let mut film = Film::new(&phantom.ct, axis, index, recipe.roi.as_ref());
    let outcome = segment(phantom, &recipe, &mut film)?;
    film.write(&folder.join("evolution_2d.gif"))?;
    io::write_labels(&folder.join("slice_mask.nii.gz"), &outcome.labels, Some(&provenance(&outcome.report)?))?;
    Ok(outcome.report)
}

/// Slice of the first seed's centre.
fn slice_of(scan: &Geometry, axis: usize, seeds: &[Seed]) -> usize {
    let position = seeds.first().map_or(0.0, |seed| scan.voxel_of_world(seed.center_mm)[axis].round());
    position.clamp(0.0, (scan.size()[axis] - 1) as f64) as usize
}

fn segment(phantom: &Phantom, recipe: &Recipe, film: &mut Film<'_>) -> anyhow::Result<Outcome> {
    let input = Input { scan: &phantom.ct, init: None, speed: None };
    let mut bar = Bar::new(recipe);
    let mut filmed = Ok(());
    let outcome = pipeline::segment(&input, recipe, &mut |mut progress| {
        bar.show(&progress);
        filmed = film.look(&mut progress);
        if filmed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    bar.clear();
    filmed?;
    Ok(outcome?)
}
