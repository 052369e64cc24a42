//! `zeroset bench slice`: one slice of an adult synthetic abdomen through the program's own networks, as the window
//! does it: the proposal of a UNet, then a contour ODE from its contour to t = 1 by an adaptive solver.

use super::machine::Machine;
use super::network::{Times, times};
use crate::cli::segment::{DeviceName, write_json};
use anyhow::Context;
use burn::tensor::{Tensor, TensorData};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use zeroset_engine::Geometry;
use zeroset_engine::device::{Device, network_device_name};
use zeroset_engine::models::catalogue::Catalogue;
use zeroset_engine::models::{Checkpoint, Input, Listed};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::phantom::{Phantom, PhantomOptions};
use zeroset_engine::prepare::{SliceGrid, distance_of};
use zeroset_engine::propose::{Beginning, Question, propose_near};
use zeroset_engine::roi::Roi;
use zeroset_engine::slices::axial_axis;

/// The organ whose middle slice is taken.
const ORGAN: &str = "kidney";

/// Arguments of `zeroset bench slice`.
#[derive(clap::Args, Debug)]
pub struct SliceArgs {
    /// Folder of networks to run in place of the program's own
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Absolute tolerance of the contour ODE's solver, band widths
    #[arg(long, value_name = "TOLERANCE", default_value_t = 1e-3)]
    tolerance: f64,
    /// Measurements; the fastest and the middle one are reported
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceName,
    /// Also write what went in and what came out, so that another tool can do the same work
    #[arg(long, value_name = "FILE.json")]
    export: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    machine: Machine,
    device: String,
    finder: String,
    evolver: Option<String>,
    tolerance: f64,
    /// Evaluations of the ODE's right-hand side in one solve.
    evaluations: Option<usize>,
    /// The finder alone, picture in, distances out.
    network_ms: Times,
    /// A proposal for this slice of the scan: grid, network, distances back on the scan, what anatomy says.
    proposal_ms: Times,
    /// The contour ODE from the finder's contour to t = 1.
    solve_ms: Option<Times>,
}

/// What another tool needs, `[channel or organ][row][column]`.
#[derive(Serialize)]
struct Export {
    size: [usize; 2],
    image: Vec<f32>,
    found_phi_band: Vec<f32>,
    start_phi_band: Vec<f32>,
    evolved_phi_band: Vec<f32>,
}

/// Runs the benchmark.
///
/// # Errors
/// No network that finds kidneys; a device that is not there; a file that cannot be written.
pub fn run(args: &SliceArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let device = Device::from(args.device).networks()?;
    let catalogue = match &args.models {
        Some(folder) => Catalogue::of_folder(folder)?,
        None => Catalogue::shipped().context("a network of this program")?,
    };
    let finder = catalogue.choose(ORGAN, Some("unet"))?.network;
    let evolver = catalogue.find(ORGAN, "node-contour");
    let load = |listed: &Listed| listed.load(&device);
    let (unet, node) = (load(finder)?, evolver.map(load).transpose()?);

    // As many voxels and mm as an adult's scan has.
    let options = PhantomOptions { size: [512, 512, 131], spacing_mm: [0.76, 0.76, 3.0], ..PhantomOptions::default() };
    let phantom = Phantom::generate(&options)?;
    let scan = phantom.ct.geometry();
    let kidney = phantom.suggestions.iter().find(|s| s.label == 3).context("the phantom has no left kidney")?;
    let axis = axial_axis(scan);
    let slice = (kidney.roi_lower[axis] + kidney.roi_upper[axis]) / 2;
    let roi = slice_of(scan, axis, slice);
    let question = Question {
        scan: &phantom.ct,
        organ: ORGAN,
        network: &unet,
        beginning: Beginning::Nothing,
        region: Some(&roi),
        solver: None,
        batch: 1,
        anatomy: true,
    };
    let proposal_ms = times(args.repeats, || {
        propose_near(&question, &mut |_, _| ControlFlow::Continue(()))?;
        Ok(())
    })?;

    let preprocessing = &unet.manifest.preprocessing;
    let [h, w] = preprocessing.size;
    let picture = SliceGrid::new(scan, preprocessing, None)?.network_image(&phantom.ct, slice, preprocessing);
    let tensor = |values: &[f32]| {
        let channels = values.len() / (h * w);
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, channels, h, w]), &device)
    };
    let image = tensor(&picture);
    let mut found = Vec::new();
    let network_ms = times(args.repeats, || {
        found = predict(&unet, Input { image: image.clone(), start: None }, &SolverParams::default())?.0;
        Ok(())
    })?;
    let planes = found.chunks_exact(h * w);
    let start: Vec<f32> = planes.flat_map(|plane| distance_of(plane, [h, w], preprocessing.band_px)).collect();
    let (mut evolved, mut evaluations) = (Vec::new(), None);
    let solver = SolverParams::adaptive(args.tolerance);
    let solve = |node: &Checkpoint| {
        times(args.repeats, || {
            let input = Input { image: image.clone(), start: Some(tensor(&start)) };
            (evolved, evaluations) = predict(node, input, &solver)?;
            Ok(())
        })
    };
    let solve_ms = node.as_ref().map(solve).transpose()?;

    if let Some(path) = &args.export {
        let export = Export {
            size: [h, w],
            image: picture,
            found_phi_band: found,
            start_phi_band: start,
            evolved_phi_band: evolved,
        };
        write_json(path, &export)?;
    }
    let document = Document {
        machine: Machine::detect(),
        device: network_device_name(&device),
        finder: finder.name.clone(),
        evolver: evolver.map(|network| network.name.clone()),
        tolerance: args.tolerance,
        evaluations,
        network_ms,
        proposal_ms,
        solve_ms,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&document)?)?;
        return Ok(());
    }
    let mut line = |what: &str, t: &Times| writeln!(out, "{what:<44} {:>8.1} ms (middle {:.1})", t.best, t.median);
    line(&format!("proposal for one slice of {:?}", scan.size()), &document.proposal_ms)?;
    line(&format!("  of it {} alone", document.finder), &document.network_ms)?;
    if let (Some(name), Some(t), Some(n)) = (&document.evolver, &document.solve_ms, evaluations) {
        line(&format!("{name} to t = 1, {n} evaluations"), t)?;
    }
    Ok(())
}

/// φ in band widths, and the evaluations of one solve.
fn predict(network: &Checkpoint, input: Input, solver: &SolverParams) -> anyhow::Result<(Vec<f32>, Option<usize>)> {
    let output = network.network.predict(input, solver)?;
    let phi = output.phi_band.into_data().convert::<f32>().try_into_vec::<f32>();
    let phi = phi.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok((phi, output.solver.map(|(_, stats)| stats.evaluations)))
}

/// The box around one slice.
fn slice_of(scan: &Geometry, axis: usize, slice: usize) -> Roi {
    let mut roi = Roi::whole(scan);
    (roi.lower[axis], roi.upper[axis]) = (slice, slice + 1);
    roi
}
