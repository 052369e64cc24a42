//! `zeroset compare`: several methods from one contour, their table, masks, and a film of them side by side.

mod args;
mod film;
mod report;

pub use args::CompareArgs;

use crate::cli::film::check_name;
use crate::cli::segment::{MethodName, write_json};
use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use report::{in_columns, report};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use zeroset_engine::compare::{
    Comparison, Contender, Equation, Ground, Inside, Mover, Progress, Site, Track, csv, run as run_method, start_of,
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

fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let place = || path.display().to_string();
    let mut file = AtomicFile::create(path).with_context(place)?;
    file.file().write_all(text.as_bytes()).with_context(place)?;
    file.commit().with_context(place)?;
    Ok(())
}
