//! `zeroset evaluate PRED TRUTH`: overlap and surface distances, label by label; with `--recipe`, of a whole validation
//! set.

mod set;

use crate::cli::segment::DeviceName;
use anyhow::{Context, bail};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroset_engine::LabelMap;
use zeroset_engine::io;
use zeroset_engine::metrics::{self, LabelMetrics};

/// Arguments of `zeroset evaluate`.
#[derive(clap::Args, Debug, Default)]
pub struct EvaluateArgs {
    /// Mask to judge
    #[arg(required_unless_present = "recipe")]
    pub prediction: Option<PathBuf>,
    /// Mask to judge it by, on the same grid
    #[arg(required_unless_present = "recipe")]
    pub truth: Option<PathBuf>,
    /// Instead of two masks: run networks on the validation patients of this training recipe (without --model the
    /// program's own networks, and the region level set)
    #[arg(long, value_name = "RECIPE.toml", conflicts_with_all = ["prediction", "truth", "label"])]
    pub recipe: Option<PathBuf>,
    /// Trained network to run; repeat to compare several
    #[arg(long = "model", value_name = "DIR", requires = "recipe")]
    pub model: Vec<PathBuf>,
    /// Folder of networks to run in place of the program's own
    #[arg(long, value_name = "DIR", requires = "recipe", conflicts_with_all = ["model", "start_model"])]
    pub models: Option<PathBuf>,
    /// Network whose contours a contour network starts from
    #[arg(long, value_name = "DIR", requires = "model")]
    pub start_model: Option<PathBuf>,
    /// Also the region level set, from the start network's contours
    #[arg(long, requires = "start_model")]
    pub region: bool,
    /// Judge what the methods find as it is: anatomy leaves nothing out
    #[arg(long, requires = "recipe")]
    pub keep_all: bool,
    /// Folder of the data, in place of the recipe's
    #[arg(long, value_name = "DIR", requires = "recipe")]
    pub data: Option<PathBuf>,
    /// What computes
    #[arg(long, value_enum, requires = "recipe")]
    pub device: Option<DeviceName>,
    /// Also write every patient's metrics as a table
    #[arg(long, value_name = "FILE.csv", requires = "recipe")]
    pub csv: Option<PathBuf>,
    /// Seed of the bootstrap over patients
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub rng_seed: u64,
    /// Only this label (default: every label in either mask)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub label: Option<u16>,
    /// Tolerance of the surface Dice, mm
    #[arg(long, value_name = "MM", default_value_t = 2.0)]
    pub tolerance: f64,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    prediction: String,
    truth: String,
    spacing_mm: [f64; 3],
    labels: &'a [LabelMetrics],
}

/// Compares two masks.
///
/// # Errors
/// Files that are no masks, different grids, or nothing to compare.
pub fn run(args: EvaluateArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(recipe) = &args.recipe {
        return set::run(&args, recipe, out);
    }
    let (Some(prediction_path), Some(truth_path)) = (&args.prediction, &args.truth) else {
        bail!("evaluate needs two masks, or --recipe");
    };
    let prediction = read(prediction_path)?;
    let truth = read(truth_path)?;
    let pair = || format!("{} against {}", prediction_path.display(), truth_path.display());
    let found = match args.label {
        Some(label) => metrics::evaluate_label(&prediction, &truth, label, args.tolerance).map(|m| vec![m]),
        None => metrics::evaluate(&prediction, &truth, args.tolerance),
    }
    .with_context(pair)?;
    if found.is_empty() {
        bail!("{}: both masks are empty, nothing is defined", pair());
    }
    if args.json {
        let document = Document {
            prediction: prediction_path.display().to_string(),
            truth: truth_path.display().to_string(),
            spacing_mm: truth.geometry().spacing_mm(),
            labels: &found,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
        return Ok(());
    }
    table(&found, args.tolerance, out)
}

fn read(path: &Path) -> anyhow::Result<LabelMap> {
    let read = io::read_labels(path)?;
    for warning in &read.warnings {
        eprintln!("zeroset: {}: warning: {warning}", path.display());
    }
    Ok(read.labels)
}

fn table(found: &[LabelMetrics], tolerance: f64, out: &mut dyn Write) -> anyhow::Result<()> {
    let sdice = format!("SDice@{tolerance}mm");
    writeln!(
        out,
        "label    Dice     IoU    prec.  recall    HD mm  HD95 mm  ASSD mm  {sdice:>10}   pred. mL   truth mL"
    )?;
    let cell = |value: Option<f64>, width: usize, digits: usize| match value {
        Some(v) => format!("{v:width$.digits$}"),
        None => format!("{:>width$}", "-"),
    };
    for m in found {
        writeln!(
            out,
            "{:5} {} {} {} {} {} {} {} {}  {:9.2}  {:9.2}",
            m.label,
            cell(m.dice, 7, 4),
            cell(m.iou, 7, 4),
            cell(m.precision, 8, 4),
            cell(m.recall, 7, 4),
            cell(m.hausdorff_mm, 8, 3),
            cell(m.hd95_mm, 8, 3),
            cell(m.assd_mm, 8, 3),
            cell(m.surface_dice, 11, 4),
            m.prediction_ml,
            m.truth_ml,
        )?;
    }
    if found.iter().any(|m| m.dice.is_none() || m.hausdorff_mm.is_none()) {
        writeln!(out, "-: not defined, a mask is empty")?;
    }
    Ok(())
}
