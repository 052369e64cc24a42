//! `zeroset compare`: several methods from one contour, their table, masks, and a film of them side by side.

mod film;

use crate::cli::film::check_name;
use crate::cli::segment::{DeviceName, MethodName, RoiArg, SeedArg, write_json};
use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroset_engine::compare::{
    Comparison, Contender, Equation, Ground, Inside, Mover, Progress, Row, Site, Track, csv, run as run_method,
    start_of,
};
use zeroset_engine::device::Device;
use zeroset_engine::io::{self, AtomicFile, ReadOptions};
use zeroset_engine::levelset::LevelSet;
use zeroset_engine::models::Catalogue;
use zeroset_engine::recipe::{Recipe, SpeedRecipe};
use zeroset_engine::slices::axial_axis;
use zeroset_engine::{Geometry, LabelMap, Provenance, Roi, Volume};

/// Space left around the start where no box is given, mm.
const MARGIN_MM: f64 = 30.0;

/// Arguments of `zeroset compare`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Every method starts from the same contour and works in the same box (by default 30 mm around the \
    start). Level sets run by the defaults of `zeroset segment`; node-contour, lsn and deep-chan-vese evolve the start, \
    other networks find the organ in the box on their own. The first method is what the others are measured against."
)]
pub struct CompareArgs {
    /// Scan (.nii, .nii.gz, .hdr/.img)
    pub image: PathBuf,
    /// Method; repeat for two or more
    #[arg(long = "method", value_enum, required = true)]
    pub methods: Vec<MethodName>,
    /// Mask to start from, on the scan's grid
    #[arg(long, value_name = "MASK", required_unless_present = "seeds", conflicts_with = "seeds")]
    pub start: Option<PathBuf>,
    /// Sphere to start from, inside the organ; repeat for more
    #[arg(long = "seed", value_name = "X,Y,Z,RADIUS", allow_hyphen_values = true)]
    pub seeds: Vec<SeedArg>,
    /// Label of the mask to start from, where it occurs in it, and of the masks written
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub label: u16,
    /// Organ of the networks
    #[arg(long, value_name = "NAME")]
    pub organ: Option<String>,
    /// Folder of networks (DIR/NAME/model.json) to take in the place of the program's
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Mask to judge all methods by, on the scan's grid: its --label, or all that is not background
    #[arg(long, value_name = "MASK")]
    pub reference: Option<PathBuf>,
    /// Box to work in: voxels of the stored grid, half-open
    #[arg(long, value_name = "X0,Y0,Z0,X1,Y1,Z1")]
    pub roi: Option<RoiArg>,
    /// Only this axial slice of the stored grid, counted from 0
    #[arg(long, value_name = "N")]
    pub slice: Option<usize>,
    /// Least HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub lower: Option<f32>,
    /// Greatest HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub upper: Option<f32>,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceName,
    /// Folder to write into: table.csv, table.json, a mask for each method, compare.gif
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Print the table as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The table with what it takes to repeat it.
#[derive(Serialize)]
struct Report<'a> {
    program: &'static str,
    version: &'static str,
    image: String,
    roi: Roi,
    slice: Option<usize>,
    start_ml: f64,
    rows: &'a [Row],
    /// SHA-256 of each network's weights.
    weights_sha256: Vec<Option<&'a str>>,
    warnings: Vec<String>,
}

/// Compares, writes table, masks and film, and prints the table.
///
/// # Errors
/// Inputs that cannot be read or do not fit together, a method that does not work there, files that cannot be written.
pub fn run(args: CompareArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(args.methods.len() > 1, "give --method two or more times: there is nothing to compare one method with");
    let film_path = args.output.join("compare.gif");
    check_name(&film_path)?;
    let scan = io::read(&args.image, &ReadOptions::default())?;
    let scan = Arc::new(scan.volume);
    let init = args.start.as_deref().map(io::read_labels).transpose()?.map(|mask| mask.labels);
    let site = site(&args, &scan, init.as_ref())?;
    let first = recipe(&args, MethodName::Region, &site);
    let phi = start_of(&scan, &site, &first, init.as_ref()).context("the start")?;
    let start = Inside::of_phi(&phi);
    let ground = Ground::new(scan.clone(), site, &phi)?;
    let names = names(&args.methods);
    let tracks = args.methods.iter().zip(&names).map(|(method, name)| track(&args, &ground, *method, name));
    let tracks = tracks.collect::<anyhow::Result<Vec<Track>>>()?;
    let comparison = Comparison { site: ground.site.clone(), start, tracks };
    let reference =
        args.reference.as_deref().map(|path| reference(path, &args, &comparison.site, &scan)).transpose()?;
    let rows = comparison.table(1.0, Some(&comparison.hd95_mm(1.0)), reference.as_ref());
    std::fs::create_dir_all(&args.output).with_context(|| args.output.display().to_string())?;
    let report = report(&args, &comparison, &rows);
    write_text(&args.output.join("table.csv"), &csv(&rows))?;
    write_json(&args.output.join("table.json"), &report)?;
    for (track, name) in comparison.tracks.iter().zip(&names) {
        let path = args.output.join(format!("{name}.nii.gz"));
        io::write_labels(
            &path,
            &mask(&args, track, &comparison.site, scan.geometry())?,
            Some(&provenance(&args, track)),
        )?;
    }
    film::write(&film_path, &scan, &comparison, &ground.start)?;
    for warning in &report.warnings {
        eprintln!("zeroset: {}: warning: {warning}", args.image.display());
    }
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", in_columns(&rows, reference.is_some()))?;
    }
    Ok(())
}

/// The box: the user's, or the start's surroundings.
fn site(args: &CompareArgs, scan: &Volume, init: Option<&LabelMap>) -> anyhow::Result<Site> {
    let grid = scan.geometry();
    let inside: Vec<bool> = match init {
        Some(mask) => {
            let wanted = mask.count(args.label) > 0;
            mask.labels().iter().map(|&label| if wanted { label == args.label } else { label > 0 }).collect()
        }
        None => {
            let seeds: Vec<_> = args.seeds.iter().map(|seed| seed.0).collect();
            LevelSet::from_seeds(grid.clone(), &seeds).to_mask()
        }
    };
    ensure!(inside.len() == grid.len(), "--start: the mask lies on another grid than the scan ({})", grid.describe());
    let roi = match args.roi {
        Some(roi) => roi.0,
        None => match Roi::around(grid, &inside, MARGIN_MM) {
            Some(roi) => roi,
            None => bail!("the start touches no voxel of the scan: {}", grid.describe()),
        },
    };
    Ok(Site::new(grid, roi, args.slice.map(|index| (axial_axis(grid), index)))?)
}

/// The recipe of a level set method as `segment` begins with it.
fn recipe(args: &CompareArgs, method: MethodName, site: &Site) -> Recipe {
    let method = method.classical().unwrap_or(zeroset_engine::levelset::Method::Region);
    let seeds = args.seeds.iter().map(|seed| seed.0).collect();
    let mut recipe = Recipe::new(method, seeds, Some(site.roi));
    recipe.label = args.label;
    recipe.device = args.device.into();
    if let SpeedRecipe::Threshold { lower, upper, .. } = &mut recipe.speed {
        (*lower, *upper) = (args.lower, args.upper);
    }
    recipe
}

fn track(args: &CompareArgs, ground: &Ground, method: MethodName, name: &str) -> anyhow::Result<Track> {
    let bar = ProgressBar::new(100);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
        bar.set_style(style);
    }
    let device: Device = args.device.into();
    let mut watch = |progress| {
        match progress {
            Progress::Steps(steps) => bar.set_message(format!("{name}, step {steps}")),
            Progress::Share(share) => {
                bar.set_position((100.0 * share) as u64);
                bar.set_message(name.to_owned());
            }
        }
        ControlFlow::Continue(())
    };
    let track = if method.classical().is_some() {
        let open = device.open()?;
        let equation =
            Equation::of_recipe(&recipe(args, method, &ground.site), ground, &open).context(name.to_owned())?;
        run_method(ground, &Contender { name: name.to_owned(), mover: Mover::Equation(equation) }, &mut watch)
    } else {
        let catalogue = match &args.models {
            Some(folder) => Catalogue::of_folder(folder)?,
            None => Catalogue::shipped().context("a network of this program")?,
        };
        let organ = organ(args, &catalogue)?;
        let found = catalogue.find(&organ, &method.word());
        let Some(listed) = found else {
            bail!("no network contours {organ} by --method {}: give a folder that has one by --models", method.word())
        };
        let checkpoint = listed.load(&device.networks()?)?;
        let mover = Mover::of_network(&checkpoint, &organ, None);
        run_method(ground, &Contender { name: name.to_owned(), mover }, &mut watch)
    };
    bar.finish_and_clear();
    track.with_context(|| name.to_owned())
}

/// The organ asked for, or the only one known.
fn organ(args: &CompareArgs, catalogue: &Catalogue) -> anyhow::Result<String> {
    if let Some(organ) = &args.organ {
        return Ok(organ.clone());
    }
    let mut known: Vec<&str> = catalogue.iter().flat_map(|network| network.organs()).collect();
    known.sort_unstable();
    known.dedup();
    match known.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => bail!("no network is at hand: give a folder of them by --models DIR"),
        several => bail!("several organs can be contoured: choose one of {} by --organ", several.join(", ")),
    }
}

/// Words of the command line; a method that is named twice is numbered.
fn names(methods: &[MethodName]) -> Vec<String> {
    let name = |(number, method): (usize, &MethodName)| {
        let before = methods[..number].iter().filter(|other| *other == method).count();
        if before == 0 { method.word() } else { format!("{}-{}", method.word(), before + 1) }
    };
    methods.iter().enumerate().map(name).collect()
}

fn reference(path: &Path, args: &CompareArgs, site: &Site, scan: &Volume) -> anyhow::Result<Inside> {
    let mask = io::read_labels(path)?.labels;
    let tolerance_mm = zeroset_engine::levelset::speed::GRID_TOLERANCE_MM;
    ensure!(
        mask.geometry().same_grid(scan.geometry(), tolerance_mm),
        "{}: lies on another grid than the scan",
        path.display()
    );
    let wanted = mask.count(args.label) > 0;
    Ok(site.inside_of(&mask, |label| if wanted { label == args.label } else { label > 0 }))
}

/// Where a method ended, on the scan's own grid.
fn mask(args: &CompareArgs, track: &Track, site: &Site, scan: &Geometry) -> anyhow::Result<LabelMap> {
    let phi = site.onto_box(&track.last().phi()?, scan)?;
    let mut labels = LabelMap::empty(scan.clone());
    let delta = site.own_box().label_delta(&phi, &labels, args.label);
    labels.apply(&delta);
    Ok(labels)
}

fn provenance(args: &CompareArgs, track: &Track) -> Provenance {
    let mut provenance = Provenance::new(format!("comparison, {}", track.name));
    provenance.source_file = args.image.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    provenance.parameters = serde_json::json!({ "work": track.work, "weights_sha256": track.weights_sha256 });
    provenance.iterations = track.last().step;
    provenance.time = track.last().t;
    provenance
}

fn report<'a>(args: &CompareArgs, comparison: &'a Comparison, rows: &'a [Row]) -> Report<'a> {
    let voxel_ml = comparison.site.grid.voxel_volume_mm3() / 1000.0;
    let warned = |track: &Track| {
        let thinned = track.thinned.then(|| "moments were left out: they did not fit the memory".to_owned());
        let all = track.warnings.iter().cloned().chain(thinned);
        all.map(|warning| format!("{}: {warning}", track.name)).collect::<Vec<_>>()
    };
    Report {
        program: "Zeroset",
        version: env!("CARGO_PKG_VERSION"),
        image: args.image.display().to_string(),
        roi: comparison.site.roi,
        slice: args.slice,
        start_ml: comparison.start.voxels() as f64 * voxel_ml,
        rows,
        weights_sha256: comparison.tracks.iter().map(|track| track.weights_sha256.as_deref()).collect(),
        warnings: comparison.tracks.iter().flat_map(warned).collect(),
    }
}

/// The table for people.
fn in_columns(rows: &[Row], with_reference: bool) -> String {
    let first = rows.first().map_or("", |row| row.method.as_str());
    let number = |value: Option<f64>, digits: usize| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    let mut text = format!(
        "{:<16} {:>12} {:>8} {:>10} {:>10} {:>10} {:>9}{}\n",
        "method",
        "work",
        "s",
        "mL",
        "change",
        "Dice*",
        "HD95* mm",
        if with_reference { "  Dice to reference" } else { "" }
    );
    for row in rows {
        let judged = if with_reference { format!("  {:>17}", number(row.dice_to_reference, 4)) } else { String::new() };
        text += &format!(
            "{:<16} {:>12} {:>8.2} {:>10.2} {:>+10.2} {:>10} {:>9}{judged}\n",
            row.method,
            row.work.words(),
            row.duration_s,
            row.volume_ml,
            row.change_ml,
            number(row.dice_to_first, 4),
            number(row.hd95_to_first_mm, 2),
        );
    }
    text + &format!("* to {first}\n")
}

fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let place = || path.display().to_string();
    let mut file = AtomicFile::create(path).with_context(place)?;
    file.file().write_all(text.as_bytes()).with_context(place)?;
    file.commit().with_context(place)?;
    Ok(())
}
