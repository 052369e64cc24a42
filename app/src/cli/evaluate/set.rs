//! `zeroset evaluate --recipe RECIPE.toml --model DIR`: networks on all validation patients of a training.

use super::EvaluateArgs;
use crate::cli::segment::DeviceName;
use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use zeroset_engine::device::Device;
use zeroset_engine::evaluation::{
    CaseScore, Contender, EvaluationError, Patient, Summary, summarize, table_one, write_csv,
};
use zeroset_engine::io::{self, AtomicFile, ReadOptions};
use zeroset_engine::models::{ARCHITECTURES, Catalogue, Checkpoint, Listed};
use zeroset_engine::train::recipe::Convention;
use zeroset_engine::train::{Case, TrainError, TrainRecipe, find_cases, split};

#[derive(Serialize)]
struct Document<'a> {
    recipe: String,
    models: Vec<String>,
    anatomy: bool,
    patients: Vec<&'a str>,
    summaries: &'a [Summary],
    cases: &'a [CaseScore],
}

/// Networks to judge, with what they are called.
struct Contenders {
    networks: Vec<(String, Checkpoint)>,
    /// The place in `networks`, or a network of its own, whose contours the others start from.
    start: Option<Start>,
    region: bool,
}

enum Start {
    OneOf(usize),
    Another(String, Box<Checkpoint>),
}

impl Contenders {
    /// The networks that the arguments name, or the program's own.
    fn open(args: &EvaluateArgs) -> anyhow::Result<Self> {
        let device = Device::from(args.device.unwrap_or(DeviceName::Auto)).networks()?;
        if !args.model.is_empty() {
            let load = |dir: &Path| -> anyhow::Result<(String, Checkpoint)> {
                Ok((dir.display().to_string(), Checkpoint::load(dir, &device)?.for_inference()))
            };
            let networks = args.model.iter().map(|dir| load(dir)).collect::<Result<Vec<_>, _>>()?;
            let start = args.start_model.as_deref().map(load).transpose()?;
            let start = start.map(|(name, network)| Start::Another(name, Box::new(network)));
            return Ok(Self { networks, start, region: args.region });
        }
        let catalogue = match &args.models {
            Some(folder) => Catalogue::of_folder(folder)?,
            None => Catalogue::shipped().context("a network of this program")?,
        };
        let mut listed: Vec<&Listed> = catalogue.iter().collect();
        listed.sort_by_key(|network| ARCHITECTURES.iter().position(|name| *name == network.method()));
        let start = listed.iter().position(|network| network.finds()).map(Start::OneOf);
        let load = |network: &&Listed| anyhow::Ok((network.name.clone(), network.load(&device)?));
        let networks = listed.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        if networks.is_empty() {
            bail!("no network is part of this program: name one by --model DIR (`zeroset train` makes it)");
        }
        Ok(Self { networks, region: start.is_some(), start })
    }

    fn start(&self) -> Option<&Checkpoint> {
        self.start.as_ref().map(|start| match start {
            Start::OneOf(index) => &self.networks[*index].1,
            Start::Another(_, network) => network,
        })
    }

    /// Every network with its name.
    fn all(&self) -> impl Iterator<Item = (&str, &Checkpoint)> {
        let other = match &self.start {
            Some(Start::Another(name, network)) => Some((name.as_str(), network.as_ref())),
            _ => None,
        };
        self.networks.iter().map(|(name, network)| (name.as_str(), network)).chain(other)
    }

    /// The methods with their names, in the order of the table.
    fn methods(&self) -> impl Iterator<Item = (&str, Contender<'_>)> {
        let networks = self.networks.iter().map(|(name, network)| (name.as_str(), Contender::Network(network)));
        networks.chain(self.region.then_some(("region", Contender::Region)))
    }
}

/// Runs every method on every validation patient and prints the table, or one JSON document.
///
/// # Errors
/// A recipe, a model or a scan that cannot be read; a model that learned from one of the patients.
pub fn run(args: &EvaluateArgs, recipe_path: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let cases = validation_cases(args, recipe_path)?;
    let contenders = Contenders::open(args)?;
    for (name, model) in contenders.all() {
        refuse_known_patients(name, model, &cases)?;
    }
    let mut scores = Vec::new();
    for case in &cases {
        let place = || case.name.clone();
        let scan = io::read(&case.image, &ReadOptions::default()).with_context(place)?;
        let truth = io::read_labels(&case.label).with_context(place)?;
        let start = contenders.start();
        let mut patient =
            Patient::new(&case.patient, &scan.volume, &truth.labels, start, args.tolerance, !args.keep_all);
        for (name, contender) in contenders.methods() {
            let found = patient.judge(contender).map_err(|error| match error {
                EvaluationError::NoStart { .. } => anyhow!("{name}: {error}: add --start-model DIR"),
                other => other.into(),
            });
            let found = found.with_context(place)?;
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
            models: contenders.methods().map(|(name, _)| name.to_owned()).collect(),
            anatomy: !args.keep_all,
            patients: cases.iter().map(|case| case.patient.as_str()).collect(),
            summaries: &summaries,
            cases: &scores,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table_one(&summaries))?;
        writeln!(out, "[95 % interval over patients]; IoU and Dice pooled over slices with the organ; n patients;")?;
        let anatomy =
            if args.keep_all { "nothing is left out by anatomy" } else { "anatomy has its say, as in segment" };
        writeln!(out, "NFE: evaluations of the ODE's right-hand side, steps of the region level set; {anatomy}")?;
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
fn refuse_known_patients(name: &str, model: &Checkpoint, cases: &[Case]) -> anyhow::Result<()> {
    let learned = &model.manifest.training.training_cases;
    if let Some(case) = cases.iter().find(|case| learned.contains(&case.name)) {
        bail!("{name}: this network learned from {}: its score there means nothing", case.name);
    }
    Ok(())
}
