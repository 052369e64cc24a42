//! `zeroset bench unet` and `zeroset bench node`: milliseconds of inference, of a training step, of an ODE solve.

use super::machine::Machine;
use crate::cli::segment::DeviceName;
use burn::module::Module;
use burn::optim::AdamConfig;
use burn::tensor::{Distribution, Tensor};
use serde::Serialize;
use std::io::Write;
use std::time::Instant;
use zeroset_engine::device::{Device, network_device_name};
use zeroset_engine::loss::tanh_band_mse;
use zeroset_engine::models::{GradientMethod, Input, NetworkConfig, NodeContourConfig, UNetConfig};
use zeroset_engine::ode::{Scheme, SolverParams};

/// Arguments of `zeroset bench unet` and `zeroset bench node`.
#[derive(clap::Args, Debug)]
pub struct NetworkArgs {
    /// Channels of each level, widest map first (default: unet 16,32,64,128; node 16,32,64)
    #[arg(long, value_name = "C,C,...", value_delimiter = ',')]
    channels: Option<Vec<usize>>,
    /// Side of the squares that become one pixel in front of the network: 1, 2 or 4
    #[arg(long, value_name = "N", default_value_t = 2)]
    stem: usize,
    /// Side of the slices
    #[arg(long, value_name = "PIXELS", default_value_t = 200)]
    size: usize,
    /// Slices at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    batch: u16,
    /// Evaluations of f in one solve (node): so many steps of Euler
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=1000))]
    evaluations: u16,
    /// Measurements; the fastest and the middle one are reported
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceName,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    machine: Machine,
    device: String,
    network: NetworkConfig,
    parameters: usize,
    size: usize,
    batch: u16,
    /// Of f, per solve; none for a UNet.
    evaluations: Option<u16>,
    /// One prediction of the whole batch.
    inference_ms: Times,
    /// Loss, gradients and one step of Adam for the whole batch.
    training_step_ms: Times,
}

/// Fastest and middle measurement, ms.
#[derive(Serialize)]
pub(super) struct Times {
    pub best: f64,
    pub median: f64,
}

/// A UNet from image to distance map.
///
/// # Errors
/// Sizes that no network has; a device that is not there.
pub fn unet(args: &NetworkArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let channels = args.channels.clone().unwrap_or_else(|| UNetConfig::default().channels);
    let config = NetworkConfig::Unet(UNetConfig { channels, stem: args.stem, ..UNetConfig::default() });
    run(args, config, SolverParams::default(), None, out)
}

/// A contour ODE; fixed steps, so that every machine and every tool does the same work.
///
/// # Errors
/// As [`unet`].
pub fn node(args: &NetworkArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let channels = args.channels.clone().unwrap_or_else(|| UNetConfig::dynamics().channels);
    let dynamics = UNetConfig { channels, stem: args.stem, ..UNetConfig::dynamics() };
    let config = NetworkConfig::NodeContour(NodeContourConfig { dynamics, ..NodeContourConfig::default() });
    let solver = SolverParams::fixed(Scheme::Euler, usize::from(args.evaluations));
    run(args, config, solver, Some(args.evaluations), out)
}

fn run(
    args: &NetworkArgs,
    config: NetworkConfig,
    solver: SolverParams,
    evaluations: Option<u16>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    config.check()?;
    let device = Device::from(args.device).networks()?;
    device.seed(1);
    let shape = [usize::from(args.batch), 1, args.size, args.size];
    let random = |low, high| Tensor::<4>::random(shape, Distribution::Uniform(low, high), &device);
    let (image, truth) = (random(-1.0, 1.0), random(-3.0, 3.0));
    let start = config.needs_start().then(|| random(-3.0, 3.0));
    let input = || Input { image: image.clone(), start: start.clone() };

    let network = config.init(1, 1, &device);
    let inference_ms = times(args.repeats, || {
        let output = network.predict(input(), &solver)?;
        output.phi_band.into_data();
        Ok(())
    })?;
    let tracked = device.clone().autodiff();
    let mut network = config.init(1, 1, &tracked);
    let target = truth.autodiff();
    let mut adam = AdamConfig::new().init();
    let training_step_ms = times(args.repeats, || {
        let (_, gradients) = network.loss_gradients(input(), &solver, GradientMethod::Checkpointed, |phi| {
            tanh_band_mse(phi, target.clone(), None, None)
        })?;
        network = adam.step(1e-4, network.clone(), gradients);
        device.sync()?;
        Ok(())
    })?;
    let document = Document {
        machine: Machine::detect(),
        device: network_device_name(&device),
        parameters: network.num_params(),
        network: config,
        size: args.size,
        batch: args.batch,
        evaluations,
        inference_ms,
        training_step_ms,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&document)?)?;
        return Ok(());
    }
    let per_slice = f64::from(args.batch);
    writeln!(out, "{} parameters, {} slices of {size}x{size}", document.parameters, args.batch, size = args.size)?;
    for (what, t) in [("inference", &document.inference_ms), ("training step", &document.training_step_ms)] {
        writeln!(
            out,
            "{what:<14} {:>8.1} ms (middle {:.1}), {:.1} ms per slice",
            t.best,
            t.median,
            t.best / per_slice
        )?;
    }
    Ok(())
}

/// Times of `repeats` runs behind one that warms caches and compiles a GPU's shaders.
pub(super) fn times(repeats: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Times> {
    work()?;
    let mut ms = Vec::new();
    for _ in 0..repeats {
        let begin = Instant::now();
        work()?;
        ms.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    ms.sort_by(f64::total_cmp);
    Ok(Times { best: ms[0], median: ms[ms.len() / 2] })
}
