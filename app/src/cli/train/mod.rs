//! `zeroset train RECIPE.toml`: a network learns from folders of scans.

mod dashboard;
mod watch;

use dashboard::Dashboard;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use watch::Watch;
use zeroset_engine::train::recipe::defaults_text;
use zeroset_engine::train::{self, Observer, RunOptions, TrainError, TrainRecipe};

/// Arguments of `zeroset train`.
#[derive(clap::Args, Debug)]
pub struct TrainArgs {
    /// Everything about the training (examples: assets/recipes)
    #[arg(required_unless_present = "print_defaults")]
    pub recipe: Option<PathBuf>,
    /// Go on with the run in the output folder; killed at any moment, it ends as it would have without
    #[arg(long)]
    pub resume: bool,
    /// Print one line of JSON per epoch
    #[arg(long)]
    pub json: bool,
    /// Leave bad cases out instead of stopping
    #[arg(long)]
    pub skip_bad: bool,
    /// Folder of the data, in place of the recipe's data.source.folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder of the run, in place of the recipe's output.folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Epochs, in place of the recipe's optimizer.epochs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub epochs: Option<u32>,
    /// At most so many batches per epoch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_batches: Option<u32>,
    /// Devices that share every batch, in place of the recipe's: auto, cpu, gpu, gpu:1
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub device: Vec<String>,
    /// Print the defaults of the recipe's optional sections, and do nothing else
    #[arg(long)]
    pub print_defaults: bool,
}

/// Trains.
///
/// # Errors
/// Recipe, data, devices, files; a loss that is no number.
pub fn run(args: TrainArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(path) = args.recipe.as_deref().filter(|_| !args.print_defaults) else {
        write!(out, "{}", defaults_text())?;
        return Ok(());
    };
    let recipe = recipe(path, &args)?;
    let options = RunOptions { resume: args.resume, skip_bad: args.skip_bad };
    let on_terminal = !args.json && std::io::stdout().is_terminal();
    let watched: Box<dyn Observer + '_> =
        if on_terminal { Box::new(Dashboard::new(path)) } else { Box::new(Watch::new(out, args.json)) };
    let mut watched = watched;
    let result = train::run(&recipe, &options, &mut *watched);
    // The dashboard gives the terminal back before the last words.
    drop(watched);
    let report = result?;
    if !args.json {
        let best = report.epochs.iter().find(|epoch| epoch.epoch == report.best_epoch);
        writeln!(
            out,
            "{}: {} after {} epochs",
            recipe.output.folder.display(),
            report.end.text(),
            report.epochs.len()
        )?;
        if let Some(best) = best {
            let scores: Vec<String> = best.organs.iter().map(watch::score).collect();
            writeln!(
                out,
                "best: epoch {}, {}, in {}",
                best.epoch,
                scores.join(", "),
                recipe.output.folder.join("best").display()
            )?;
        }
    }
    Ok(())
}

/// The recipe with what the command line says instead.
fn recipe(path: &Path, args: &TrainArgs) -> anyhow::Result<TrainRecipe> {
    let mut recipe = TrainRecipe::read(path)?;
    if let Some(folder) = &args.data {
        recipe.data.source.folder.clone_from(folder);
    }
    if let Some(folder) = &args.output {
        recipe.output.folder.clone_from(folder);
    }
    if let Some(epochs) = args.epochs {
        recipe.optimizer.epochs = epochs as usize;
    }
    if let Some(batches) = args.max_batches {
        let slices = batches as usize * recipe.optimizer.batch_size;
        recipe.data.slices_per_epoch = Some(recipe.data.slices_per_epoch.map_or(slices, |most| most.min(slices)));
    }
    if !args.device.is_empty() {
        recipe.devices.clone_from(&args.device);
    }
    recipe.resolve().map_err(|(key, name)| TrainError::Variable { key, name })?;
    Ok(recipe)
}
