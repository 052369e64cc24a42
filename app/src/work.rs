//! The work itself, one function per job: no threads, no window.

use crate::session::document::{Accepted, LoadedScan};
use crate::session::evolution::Place;
use crate::session::jobs::{AcceptJob, Content, Origin, SideLabels, WriteJob};
use crate::session::neural::{MOMENTS, NeuralOrigin};
use crate::session::proposal::ProposalRecord;
use crate::session::{Outcome, SpeedImage, SpeedKey};
use rayon::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroset_engine::analysis::side_labels;
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::label::LabelDelta;
use zeroset_engine::levelset::Method;
use zeroset_engine::levelset::measure::percentile;
use zeroset_engine::levelset::speed::{EdgeOptions, SpeedField, Window, edge_strength};
use zeroset_engine::provenance::Provenance;
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Volume};

/// Masks written by different programs differ by rounding of the affine; far below a voxel.
pub(crate) const GRID_TOLERANCE_MM: f64 = 0.01;

/// Reads a scan.
///
/// # Errors
/// The reader's reason, with the file's name.
pub fn load_scan(path: &Path) -> anyhow::Result<LoadedScan> {
    let read = io::read(path, &ReadOptions::default())?;
    Ok(LoadedScan {
        path: Some(path.to_owned()),
        image: Arc::new(read.volume),
        range: read.range,
        warnings: read.warnings,
    })
}

/// Reads a segmentation for a scan's grid.
///
/// # Errors
/// The reader's reason, with the file's name.
pub fn load_segmentation(path: &Path, serial: u64, scan: &Geometry) -> anyhow::Result<Outcome> {
    let read = io::read_labels(path)?;
    let labels = Arc::new(read.labels);
    if labels.geometry().same_grid(scan, GRID_TOLERANCE_MM) {
        return Ok(Outcome::Segmentation(serial, path.to_owned(), labels, read.descriptions));
    }
    let grids = format!("Segmentation: {}. Scan: {}.", labels.geometry().describe(), scan.describe());
    Ok(Outcome::OtherGrid(serial, path.to_owned(), labels, grids))
}

/// Reads names and colours of labels from ITK-SNAP's description file.
///
/// # Errors
/// The reader's reason, with the file's name.
pub fn load_descriptions(path: PathBuf, serial: u64) -> anyhow::Result<Outcome> {
    let names = io::read_label_file(&path)?;
    Ok(Outcome::Descriptions(serial, path, names))
}

/// Brings a segmentation onto another grid, by the nearest voxel; outside of it is background.
pub fn resample_labels(labels: &LabelMap, target: &Geometry) -> LabelMap {
    let source = labels.geometry();
    let affine = source.voxel_from_world() * target.world_from_voxel();
    let (size, [nx, ny, _]) = (source.size(), target.size());
    let mut output = vec![0u16; target.len()];
    output.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
        let (y, z) = ((row % ny) as f64, (row / ny) as f64);
        for (x, label) in out.iter_mut().enumerate() {
            let at: [f64; 3] = std::array::from_fn(|r| {
                affine[(r, 0)] * x as f64 + affine[(r, 1)] * y + affine[(r, 2)] * z + affine[(r, 3)]
            });
            let near = at.map(f64::round);
            if (0..3).all(|d| near[d] >= 0.0 && near[d] < size[d] as f64) {
                *label = labels.at(near.map(|v| v as usize));
            }
        }
    });
    LabelMap::new(target.clone(), output)
}

/// Computes a speed image (for Chan–Vese: scales the intensities).
///
/// # Errors
/// A ROI or settings that give none.
pub fn compute_speed(key: &SpeedKey, image: &Volume) -> anyhow::Result<SpeedImage> {
    let geometry = key.roi.geometry_of_slices(image.geometry(), key.slices_along)?;
    let settings = &key.settings;
    let mut lambda = None;
    let samples = if let (Some(path), true) = (&settings.imported, key.method != Method::ChanVese) {
        let speed = io::read(path, &ReadOptions::default())?.volume;
        SpeedField::check_grid(&speed, image.geometry())?;
        SpeedField::imported(geometry.clone(), key.roi.crop(&speed, &geometry)?)?.g
    } else {
        let intensities = key.roi.crop(image, &geometry)?;
        match key.method {
            Method::Edge => {
                let sigma_mm = f64::from(settings.edge_sigma_mm);
                let scale = match settings.lambda {
                    Some(lambda) => lambda,
                    None => typical_edge(edge_strength(&geometry, &intensities, sigma_mm)?)?,
                };
                lambda = Some(scale);
                let options = EdgeOptions { sigma_mm, scale, exponent: settings.exponent };
                SpeedField::edge(geometry.clone(), &intensities, options)?.g
            }
            Method::Region => {
                let window = Window { lower: settings.lower, upper: settings.upper, smoothness: settings.smoothness };
                SpeedField::threshold(geometry.clone(), &intensities, window, f64::from(settings.window_sigma_mm))?.g
            }
            Method::ChanVese => scaled(intensities)?,
        }
    };
    Ok(SpeedImage { key: key.clone(), geometry, lambda, samples: Arc::new(samples) })
}

/// The gradient that 85 % of the ROI stays below: an organ's border is among the rest.
fn typical_edge(mut strength: Vec<f32>) -> anyhow::Result<f32> {
    let scale = percentile(&mut strength, 0.85).unwrap_or(0.0);
    anyhow::ensure!(scale > 0.0, "most of the ROI is flat: set the scale λ by hand");
    Ok(scale)
}

/// Intensities from the least (0) to the greatest (1).
fn scaled(mut intensities: Vec<f32>) -> anyhow::Result<Vec<f32>> {
    let (least, greatest) =
        intensities.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    anyhow::ensure!(greatest > least, "the image has the same value ({least}) everywhere in the ROI");
    let factor = 1.0 / (greatest - least);
    intensities.par_iter_mut().for_each(|v| *v = (*v - least) * factor);
    Ok(intensities)
}

/// Finds the label change that accepts a contour.
///
/// # Errors
/// A ROI that does not fit the scan.
pub fn accept(job: &AcceptJob) -> anyhow::Result<Outcome> {
    let empty;
    let labels = match &job.labels {
        Some(labels) => labels.as_ref(),
        None => {
            empty = LabelMap::empty(job.scan.clone());
            &empty
        }
    };
    let mut box_roi = job.place.roi;
    box_roi.resample = None;
    let delta = match job.place.slice {
        None => {
            let phi = job.place.roi.paste_phi(&job.phi, &job.place.geometry, &job.scan)?;
            match job.sides {
                Some((sides, midline_mm)) => sides_delta(&job.scan, &box_roi, &phi, sides, midline_mm, labels)?,
                None => box_roi.label_delta(&phi, labels, job.label),
            }
        }
        Some(slice) => {
            box_roi.lower[slice.axis] = slice.index;
            box_roi.upper[slice.axis] = slice.index + 1;
            let phi = slice_onto_scan(&job.phi, &job.place, &job.scan, box_roi.lower, box_roi.size());
            box_roi.label_delta(&phi, labels, job.label)
        }
    };
    Ok(Outcome::Accepted(job.serial, delta, Box::new(job.record.clone())))
}

/// The change that labels the two kidneys of a contour (φ on the scan's voxels in the box), each by its side.
fn sides_delta(
    scan: &Geometry,
    roi: &Roi,
    phi: &[f32],
    sides: SideLabels,
    midline_mm: f64,
    labels: &LabelMap,
) -> anyhow::Result<LabelDelta> {
    let grid = scan.cropped(roi.lower, roi.size())?;
    let by_side = side_labels(&grid, |index| phi[index] < 0.0, midline_mm, [sides.left, sides.right]);
    let ([nx, ny, _], size) = (scan.size(), roi.size());
    Ok(labels.delta(|index| {
        let voxel = [index % nx, index / nx % ny, index / (nx * ny)];
        if (0..3).any(|d| !(roi.lower[d]..roi.upper[d]).contains(&voxel[d])) {
            return None;
        }
        let local: [usize; 3] = std::array::from_fn(|d| voxel[d] - roi.lower[d]);
        Some(by_side[(local[2] * size[1] + local[1]) * size[0] + local[0]]).filter(|&label| label != 0)
    }))
}

/// φ of a slice at the scan's voxels of that slice within the ROI, x fastest.
pub(crate) fn slice_onto_scan(
    phi: &[f32],
    place: &Place,
    scan: &Geometry,
    lower: [usize; 3],
    size: [usize; 3],
) -> Vec<f32> {
    let affine = place.geometry.voxel_from_world() * scan.world_from_voxel();
    let grid = place.geometry.size();
    let mut onto = Vec::with_capacity(size.iter().product());
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let voxel = [lower[0] + x, lower[1] + y, lower[2] + z].map(|v| v as f64);
                let at: [f64; 3] = std::array::from_fn(|r| {
                    affine[(r, 0)] * voxel[0] + affine[(r, 1)] * voxel[1] + affine[(r, 2)] * voxel[2] + affine[(r, 3)]
                });
                onto.push(zeroset_engine::filter::trilinear(phi, grid, [at[0], at[1], 0.0]));
            }
        }
    }
    onto
}

/// Writes a file; returns for a mask the number of changes in it.
///
/// # Errors
/// The writer's reason, with the file's name. An old file stays as it was.
pub fn write(job: &WriteJob) -> anyhow::Result<Option<u64>> {
    match &job.content {
        Content::Mask(labels, revision, names) => {
            io::write_named_labels(&job.path, labels, names, Some(&provenance(&job.origin, "mask")))?;
            Ok(Some(*revision))
        }
        Content::Descriptions(names) => {
            io::write_label_file(&job.path, names)?;
            Ok(None)
        }
        Content::Samples(geometry, samples) => {
            io::write_f32(&job.path, geometry, samples, Some(&provenance(&job.origin, "level set")))?;
            Ok(None)
        }
        Content::Series(geometry, volumes, step) => {
            let volumes: Vec<&[f32]> = volumes.iter().map(|phi| phi.as_slice()).collect();
            let provenance = provenance(&job.origin, "level set over time");
            io::write_f32_series(&job.path, geometry, &volumes, *step, Some(&provenance))?;
            Ok(None)
        }
        Content::Animation(animation) => {
            crate::film::write(&job.path, animation)?;
            Ok(None)
        }
    }
}

/// What a file says about how it came about: the last contour's settings, and one line for each contour in it.
fn provenance(origin: &Origin, otherwise: &str) -> Provenance {
    let last = origin.accepted.last();
    let mut provenance = Provenance::new(last.map_or_else(|| otherwise.to_owned(), method_of));
    if let Some(source) = &origin.source {
        (provenance.source_file, provenance.source_sha256) = io::identity(source).unwrap_or_default();
    }
    if let Some(last) = last {
        provenance.parameters = parameters(last);
        provenance.seeds =
            last.seeds.iter().map(|s| [s.center_mm[0], s.center_mm[1], s.center_mm[2], s.radius_mm]).collect();
        provenance.iterations = last.step;
        provenance.time = last.time;
    }
    if let Some(neural) = &origin.neural {
        provenance.method = format!("{otherwise}, contour NODE");
        provenance.parameters = json!({ "neural": neural_parameters(neural) });
        provenance.time = neural.t;
    }
    provenance.history = origin.log.clone();
    provenance.history.extend(origin.accepted.iter().map(in_words));
    provenance
}

/// What moved an accepted contour.
fn neural_parameters(neural: &NeuralOrigin) -> serde_json::Value {
    json!({
        "model": neural.model,
        "weights_sha256": neural.weights_sha256,
        "organ": neural.organ,
        "t": neural.t,
        "solver": neural.solver,
        "priors": neural.priors,
        "edited_at_t": neural.edits,
    })
}

fn method_name(method: Method) -> String {
    let name = match method {
        Method::Edge => "edge",
        Method::Region => "region",
        Method::ChanVese => "chan-vese",
    };
    format!("level set, {name}")
}

/// What drew an accepted contour.
fn method_of(accepted: &Accepted) -> String {
    let equation = || method_name(accepted.evolve.params.method);
    match (&accepted.neural, &accepted.proposal) {
        (Some(neural), _) if accepted.step > (neural.t * MOMENTS as f64).round() as u64 => {
            format!("contour NODE, then {}", equation())
        }
        (Some(_), _) => "contour NODE".to_owned(),
        (None, Some(proposal)) if accepted.step == 0 => format!("network, {}", proposal.method),
        (None, _) => equation(),
    }
}

/// How a network's contour came about.
fn proposal_parameters(proposal: &ProposalRecord) -> serde_json::Value {
    json!({
        "organ": proposal.organ,
        "model": proposal.network.0,
        "weights_sha256": proposal.network.1,
        "start_model": proposal.first.as_ref().map(|first| &first.0),
        "start_weights_sha256": proposal.first.as_ref().map(|first| &first.1),
        "solver": proposal.solver,
        "time": proposal.time,
        "tolerance": proposal.tolerance,
        "roi": proposal.region,
        "device": proposal.device,
    })
}

fn parameters(accepted: &Accepted) -> serde_json::Value {
    let proposal = accepted.proposal.as_deref().map(proposal_parameters);
    match proposal {
        Some(proposal) if accepted.step == 0 => json!({ "proposal": proposal, "edited_at_steps": accepted.edits }),
        proposal => evolution_parameters(accepted, proposal),
    }
}

/// `start`: the proposal that the evolution began from.
fn evolution_parameters(accepted: &Accepted, start: Option<serde_json::Value>) -> serde_json::Value {
    json!({
        "start": start,
        "level_set": accepted.evolve.params,
        "stop": accepted.evolve.stop,
        "two_dimensional": matches!(accepted.evolve.dimension, crate::session::Dimension::Two(_)),
        "roi": accepted.roi,
        "speed": {
            "lower_hu": accepted.speed.lower,
            "upper_hu": accepted.speed.upper,
            "smoothness_hu": accepted.speed.smoothness,
            "window_sigma_mm": accepted.speed.window_sigma_mm,
            "edge_sigma_mm": accepted.speed.edge_sigma_mm,
            "lambda_hu_per_mm": accepted.speed.lambda,
            "exponent": accepted.speed.exponent,
            "imported": accepted.speed.imported.as_ref().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned()),
        },
        "neural": accepted.neural.as_ref().map(neural_parameters),
        "edited_at_steps": accepted.edits,
    })
}

fn in_words(accepted: &Accepted) -> String {
    let edits =
        if accepted.edits.is_empty() { String::new() } else { format!(", {} edits by brush", accepted.edits.len()) };
    let label = match accepted.label_right {
        Some(right) => format!("labels {} (left) and {right} (right)", accepted.label),
        None => format!("label {}", accepted.label),
    };
    let start = match &accepted.proposal {
        Some(proposal) if accepted.step == 0 => format!("{} proposed by {}", proposal.organ, proposal.network.0),
        Some(proposal) => format!("from {} proposed by {}", proposal.organ, proposal.network.0),
        None => format!("{} seeds", accepted.seeds.len()),
    };
    format!("{label}: {}, {start}, step {}, t = {:.2}{edits}", method_of(accepted), accepted.step, accepted.time)
}

/// Adds `.nii.gz` (or another ending) to a name that has none of the known ones.
pub fn with_ending(path: PathBuf, known: &[&str]) -> PathBuf {
    let name = path.to_string_lossy().to_lowercase();
    if known.iter().any(|end| name.ends_with(end)) {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(known.first().copied().unwrap_or_default());
    PathBuf::from(name)
}
