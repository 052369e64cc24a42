//! The networks' part of the demo: on a synthetic adult, proposals for kidneys and liver, and the evolution strip: a
//! kidney's contour at a few t.

use crate::cli::segment::DeviceName;
use anyhow::Context;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use zeroset_engine::analysis::side_labels;
use zeroset_engine::animate::{
    Animation, CONTOUR_COLOURS, Contour, PhiSlice, PictureOptions, RgbImage, SlicePicture, write_png,
};
use zeroset_engine::device::Device;
use zeroset_engine::infer::OrganPhi;
use zeroset_engine::io;
use zeroset_engine::metrics::overlap::Overlap;
use zeroset_engine::models::{Catalogue, Checkpoint, Listed};
use zeroset_engine::neural::{Field, Law, NeuralEvolution, Trajectory};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::phantom::{Phantom, PhantomOptions, Suggestion};
use zeroset_engine::propose::{Beginning, Question, propose};
use zeroset_engine::slices::axial_axis;
use zeroset_engine::{LabelMap, Provenance, Volume};

/// Organs with their labels in the phantom.
const ORGANS: [(&str, &[u16]); 2] = [("kidney", &[3, 4]), ("liver", &[5])];
/// Slices at once.
const BATCH: usize = 4;
/// The strip's start lies this far inside the contour that the network finds: how the ODE brings it back can be seen.
const SHRUNK_MM: f32 = 4.0;
/// Moments of the strip.
const STRIP: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Pictures of the film.
const FILM_PICTURES: u32 = 40;
/// How long a picture and the last one stay, ms.
const DELAYS_MS: [u32; 2] = [60, 2000];
/// Voxels shown around the kidney.
const MARGIN: usize = 14;
/// Edge of a picture's pixel, mm.
const PIXEL_MM: f64 = 0.4;

/// What became of one organ.
#[derive(Debug, Serialize)]
pub(super) struct Proposed {
    pub organ: String,
    pub network: String,
    /// Overlap with the phantom's labels.
    pub dice: Option<f64>,
    pub volume_ml: f64,
    pub truth_ml: f64,
    pub warnings: Vec<String>,
    pub duration_s: f64,
}

/// Files that the part writes, beside those of the others.
pub(super) const FILES: [&str; 5] =
    ["adult_ct.nii.gz", "adult_labels.nii.gz", "adult_mask.nii.gz", "evolution_node.gif", "evolution_node.png"];

/// Contours kidneys and liver of a synthetic adult by the program's own networks; nothing when there are none.
///
/// # Errors
/// A folder that cannot be written; a device that is not there.
pub(super) fn run(rng_seed: u64, device: DeviceName, folder: &Path) -> anyhow::Result<Vec<Proposed>> {
    let catalogue = Catalogue::shipped().context("a network of this program")?;
    if catalogue.organs().is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("zeroset: building a synthetic adult for the networks");
    let options = PhantomOptions { size: [256, 256, 80], spacing_mm: [1.5, 1.5, 5.0], rng_seed, ..Default::default() };
    let phantom = Phantom::generate(&options)?;
    let scan = Arc::new(phantom.ct);
    io::write_volume(&folder.join("adult_ct.nii.gz"), &scan, None)?;
    io::write_labels(&folder.join("adult_labels.nii.gz"), &phantom.labels, None)?;
    let device = Device::from(device).networks()?;

    let mut mask = LabelMap::empty(scan.geometry().clone());
    let mut proposed = Vec::new();
    for (organ, labels) in ORGANS {
        let Ok(choice) = catalogue.choose(organ, None) else { continue };
        let load = |listed: &Listed| listed.load(&device);
        let (network, first) = (load(choice.network)?, choice.first.map(load).transpose()?);
        let found = propose(&question(&scan, organ, &network, first.as_ref()), &mut |_, _| ControlFlow::Continue(()))?;
        let inside: Vec<bool> = found.phi.phi_mm.iter().map(|&phi| phi < 0.0).collect();
        let of_voxel = match (labels, found.findings.midline_mm) {
            (&[left, right], Some(midline_mm)) => {
                side_labels(scan.geometry(), |index| inside[index], midline_mm, [left, right])
            }
            _ => inside.iter().map(|&is_organ| if is_organ { labels[0] } else { 0 }).collect(),
        };
        mask.apply(&mask.delta(|index| Some(of_voxel[index]).filter(|&label| label != 0)));
        let truth: Vec<bool> = phantom.labels.labels().iter().map(|label| labels.contains(label)).collect();
        proposed.push(Proposed {
            organ: organ.to_owned(),
            network: choice.network.name.clone(),
            dice: Overlap::of(&inside, &truth).dice(),
            volume_ml: found.findings.volume_ml,
            truth_ml: labels.iter().map(|&label| phantom.labels.volume_ml(label)).sum(),
            warnings: found.warnings(),
            duration_s: found.run.duration_s + found.first.as_ref().map_or(0.0, |run| run.duration_s),
        });
    }
    let mut origin = Provenance::new("demo: the program's own networks on a synthetic adult");
    origin.source_file = "adult_ct.nii.gz".to_owned();
    io::write_labels(&folder.join("adult_mask.nii.gz"), &mask, Some(&origin))?;
    // The right one: it has the liver beside it.
    if let Some(kidney) = phantom.suggestions.iter().find(|suggestion| suggestion.label == 4)
        && let (Some(finder), Some(evolver)) = (catalogue.finder("kidney"), catalogue.find("kidney", "node-contour"))
    {
        strip(&scan, kidney, &finder.load(&device)?, &evolver.load(&device)?, folder)?;
    }
    Ok(proposed)
}

fn question<'a>(
    scan: &'a Volume,
    organ: &'a str,
    network: &'a Checkpoint,
    first: Option<&'a Checkpoint>,
) -> Question<'a> {
    let beginning = first.map_or(Beginning::Nothing, Beginning::Network);
    Question { scan, organ, network, beginning, region: None, solver: None, batch: BATCH, anatomy: true }
}

/// One kidney slice: the contour that the UNet finds, shrunk, and how the ODE moves it; as a strip and as a film.
fn strip(
    scan: &Arc<Volume>,
    kidney: &Suggestion,
    finder: &Checkpoint,
    evolver: &Checkpoint,
    folder: &Path,
) -> anyhow::Result<()> {
    let grid = scan.geometry();
    let axis = axial_axis(grid);
    let slice = (kidney.roi_lower[axis] + kidney.roi_upper[axis]) / 2;
    let found = propose(&question(scan, "kidney", finder, None), &mut |_, _| ControlFlow::Continue(()))?;
    // Exact distances: a network's own are none far from its contour.
    let mask = LabelMap::new(grid.clone(), found.phi.phi_mm.iter().map(|&phi| u16::from(phi < 0.0)).collect());
    let OrganPhi { phi_mm, .. } = OrganPhi::from_mask("kidney", &mask, |label| label == 1);
    let start: Vec<f32> = phi_mm.iter().map(|phi| phi + SHRUNK_MM).collect();
    let field = Field::new(evolver, scan.clone(), "kidney", None)?;
    let law = Law { solver: SolverParams::adaptive(1e-3), ..Law::default() };
    let slices = slice..slice + 1;
    let mut evolution = NeuralEvolution::new(field, &start, slices, law, Trajectory::DEFAULT_BUDGET_BYTES)?;
    evolution.run(|_, _| ControlFlow::Continue(()))?;

    let crop = (
        std::array::from_fn(|d| kidney.roi_lower[d].saturating_sub(MARGIN)),
        std::array::from_fn(|d| (kidney.roi_upper[d] + MARGIN).min(grid.size()[d])),
    );
    let options = PictureOptions { crop: Some(crop), pixel_mm: Some(PIXEL_MM), ..PictureOptions::default() };
    let picture = SlicePicture::new(scan, axis, slice, &options);
    let contour = |t: f64, colour: usize| {
        let phi = PhiSlice::new(&evolution.phi_mm(t), grid, grid, axis, slice)?;
        Some(Contour { phi, colour: CONTOUR_COLOURS[colour], width: 2.0 })
    };
    let start = contour(0.0, 1);
    let at = |t: f64| {
        let contours: Vec<Contour> = start.iter().cloned().chain(contour(t, 0)).collect();
        picture.draw(&contours, &format!("t {t:.2}"))
    };
    write_png(&folder.join("evolution_node.png"), &side_by_side(&STRIP.map(at)))?;
    let mut film = Animation::new();
    for number in 0..=FILM_PICTURES {
        let delay_ms = DELAYS_MS[usize::from(number == FILM_PICTURES)];
        film.push(at(f64::from(number) / f64::from(FILM_PICTURES)), delay_ms);
    }
    film.write_gif(&folder.join("evolution_node.gif"))?;
    Ok(())
}

/// Pictures of one size in a row, with a gap between them.
fn side_by_side(pictures: &[RgbImage]) -> RgbImage {
    const GAP: u32 = 6;
    let (width, height) = pictures.first().map_or((1, 1), RgbImage::dimensions);
    let mut row = RgbImage::new((width + GAP) * pictures.len() as u32 - GAP, height);
    row.pixels_mut().for_each(|pixel| pixel.0 = [255; 3]);
    for (number, picture) in (0..).zip(pictures) {
        for (x, y, pixel) in picture.enumerate_pixels() {
            row.put_pixel(number * (width + GAP) + x, y, *pixel);
        }
    }
    row
}
