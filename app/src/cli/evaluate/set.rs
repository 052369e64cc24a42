//! `zeroset evaluate --recipe RECIPE.toml --model DIR`: networks on all validation patients of a training.

use super::EvaluateArgs;
use crate::cli::segment::DeviceName;
use anyhow::{Context, bail};
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use zeroset_engine::device::Device;
use zeroset_engine::evaluation::{CaseScore, Judged, Summary, judge, summarize, table_one, write_csv};
use zeroset_engine::io::{self, AtomicFile, ReadOptions};
use zeroset_engine::models::Checkpoint;
use zeroset_engine::train::recipe::Convention;
use zeroset_engine::train::{Case, TrainError, TrainRecipe, find_cases, split};

#[derive(Serialize)]
struct Document<'a> {
    recipe: String,
    models: Vec<String>,
    patients: Vec<&'a str>,
    summaries: &'a [Summary],
    cases: &'a [CaseScore],
}

/// Runs every model on every validation patient and prints the table, or one JSON document.
///
/// # Errors
/// A recipe, a model or a scan that cannot be read; a model that learned from one of the patients.
pub fn run(args: &EvaluateArgs, recipe_path: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let cases = validation_cases(args, recipe_path)?;
    let device = Device::from(args.device.unwrap_or(DeviceName::Auto)).networks()?;
    let load = |dir: &Path| Checkpoint::load(dir, &device).map(Checkpoint::for_inference);
    let models = args.models.iter().map(|dir| load(dir)).collect::<Result<Vec<_>, _>>()?;
    let start = args.start_model.as_deref().map(load).transpose()?;
    for (dir, model) in args.models.iter().zip(&models).chain(args.start_model.iter().zip(&start)) {
        refuse_known_patients(dir, model, &cases)?;
    }
    let mut scores = Vec::new();
    for case in &cases {
        let place = || case.name.clone();
        let scan = io::read(&case.image, &ReadOptions::default()).with_context(place)?;
        let truth = io::read_labels(&case.label).with_context(place)?;
        for (dir, model) in args.models.iter().zip(&models) {
            let start = if model.manifest.network.needs_start() {
                let Some(start) = &start else {
                    bail!("{}: this network evolves a contour: add --start-model DIR", dir.display());
                };
                Some(start)
            } else {
                None
            };
            let judged = Judged { checkpoint: model, start };
            let found =
                judge(judged, &case.patient, &scan.volume, &truth.labels, args.tolerance).with_context(place)?;
            for score in &found {
                let dice = score.whole.dice().map_or_else(|| "-".to_owned(), |d| format!("{d:.4}"));
                eprintln!("{} {} {}: Dice {dice}, {:.1} s", case.name, score.method, score.organ, score.duration_s);
            }
            scores.extend(found);
        }
    }
    let summaries = summarize(&scores, args.rng_seed);
    if let Some(path) = &args.csv {
        let mut file = AtomicFile::create(path).with_context(|| path.display().to_string())?;
        write_csv(&scores, file.file())?;
        file.commit().with_context(|| path.display().to_string())?;
    }
    if args.json {
        let document = Document {
            recipe: recipe_path.display().to_string(),
            models: args.models.iter().map(|dir| dir.display().to_string()).collect(),
            patients: cases.iter().map(|case| case.patient.as_str()).collect(),
            summaries: &summaries,
            cases: &scores,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table_one(&summaries))?;
        writeln!(out, "[95 % interval over patients]; IoU and Dice pooled over slices with the organ; n patients")?;
    }
    Ok(())
}

/// The validation side of the recipe; all of its data must be there.
fn validation_cases(args: &EvaluateArgs, recipe_path: &Path) -> anyhow::Result<Vec<Case>> {
    let mut recipe = TrainRecipe::read(recipe_path)?;
    if let Some(folder) = &args.data {
        recipe.data.source.folder.clone_from(folder);
    }
    recipe.resolve().map_err(|(key, name)| TrainError::Variable { key, name })?;
    if recipe.data.source.convention == Convention::ImageMask {
        bail!("{}: evaluate reads scans; pictures are judged during training", recipe_path.display());
    }
    let (cases, mut problems) = find_cases(&recipe.data.source)?;
    let others = match &recipe.data.validation_source {
        Some(source) => {
            let (others, more) = find_cases(source)?;
            problems.extend(more);
            others
        }
        None => Vec::new(),
    };
    let (sides, missing) = split(cases, others, &recipe.data)?;
    problems.extend(missing);
    if let Some(first) = problems.first() {
        bail!("{} problem(s) with the data, the first: {first}", problems.len());
    }
    if sides.validation.is_empty() {
        bail!("{}: the recipe validates on nobody: name patients in data.validation", recipe_path.display());
    }
    Ok(sides.validation)
}

/// A score on a patient that a network learned from means nothing.
fn refuse_known_patients(dir: &Path, model: &Checkpoint, cases: &[Case]) -> anyhow::Result<()> {
    let learned = &model.manifest.training.training_cases;
    if let Some(case) = cases.iter().find(|case| learned.contains(&case.name)) {
        bail!("{}: this network learned from {}: its score there means nothing", dir.display(), case.name);
    }
    Ok(())
}
