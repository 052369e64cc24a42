//! `zeroset phantom`: a synthetic contrast-enhanced CT of the abdomen, with its labels.

use anyhow::Context;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use zeroset_engine::io;
use zeroset_engine::phantom::{LABEL_NAMES, Phantom, PhantomOptions, Suggestion};

/// Arguments of `zeroset phantom`.
#[derive(clap::Args, Debug)]
pub struct PhantomArgs {
    /// Scan to write, int16 HU (.nii, .nii.gz, .hdr or .img)
    #[arg(short, long, value_name = "CT")]
    pub output: PathBuf,
    /// Also write the truth, one label number per voxel
    #[arg(long, value_name = "LABELS")]
    pub labels: Option<PathBuf>,
    /// Voxels along the stored axes L, P, S
    #[arg(long, value_name = "X,Y,Z", default_value = "256,256,96", value_parser = three::<usize>)]
    pub size: [usize; 3],
    /// Distance between voxel centres, mm; the patient is scaled to the field of view
    #[arg(long, value_name = "X,Y,Z", default_value = "0.8,0.8,3", value_parser = three::<f64>)]
    pub spacing: [f64; 3],
    /// Which patient: anatomy, tissue and noise vary with it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rng_seed: u64,
    /// Print one JSON document: options, label names and volumes, suggested seeds, windows and boxes
    #[arg(long)]
    pub json: bool,
}

/// Three comma-separated numbers.
fn three<T: std::str::FromStr>(text: &str) -> Result<[T; 3], String> {
    let numbers: Vec<T> =
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().ok().unwrap_or_default();
    numbers.try_into().map_err(|_| format!("expected three numbers as in 1,2,3, found '{text}'"))
}

#[derive(Serialize)]
struct Organ {
    label: u16,
    name: &'static str,
    volume_ml: f64,
}

#[derive(Serialize)]
struct Document<'a> {
    ct: String,
    labels_file: Option<String>,
    options: &'a PhantomOptions,
    organs: Vec<Organ>,
    suggestions: &'a [Suggestion],
}

/// Builds the phantom and writes it.
///
/// # Errors
/// Options out of range, or files that cannot be written.
pub fn run(args: PhantomArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let options = PhantomOptions {
        size: args.size,
        spacing_mm: args.spacing,
        rng_seed: args.rng_seed,
        ..PhantomOptions::default()
    };
    let phantom = Phantom::generate(&options).context("phantom")?;
    io::write_volume(&args.output, &phantom.ct, None)?;
    if let Some(path) = &args.labels {
        io::write_labels(path, &phantom.labels, None)?;
    }
    let present = phantom.labels.present();
    let organs: Vec<Organ> = LABEL_NAMES
        .iter()
        .filter(|(label, _)| present.contains(label))
        .map(|&(label, name)| Organ { label, name, volume_ml: phantom.labels.volume_ml(label) })
        .collect();
    if args.json {
        let document = Document {
            ct: args.output.display().to_string(),
            labels_file: args.labels.as_ref().map(|path| path.display().to_string()),
            options: &options,
            organs,
            suggestions: &phantom.suggestions,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(out, "{}: {}", args.output.display(), phantom.ct.geometry().describe())?;
    if let Some(path) = &args.labels {
        writeln!(out, "{}: {} labels", path.display(), organs.len())?;
        for organ in &organs {
            writeln!(out, "  {:2} {:24} {:8.1} mL", organ.label, organ.name, organ.volume_ml)?;
        }
    }
    Ok(())
}
