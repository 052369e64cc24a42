//! `zeroset bench`: how fast this machine runs what the product does. Tests never assert times; these figures are
//! for reports, and for scripts that run another tool beside them.

mod cases;
mod levelset;
mod machine;
mod network;
mod slice;

use std::io::Write;

/// Arguments of `zeroset bench`.
#[derive(clap::Args, Debug)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand, Debug)]
enum Subject {
    /// Steps of the level set solvers: one kidney of the synthetic abdomen, 2D 512² and 3D 128³
    Levelset(levelset::LevelsetArgs),
    /// A UNet from slice to distance map: inference and training step
    Unet(network::NetworkArgs),
    /// A neural ODE that moves a contour: solve and training step
    Node(network::NetworkArgs),
    /// One slice through the program's own networks: a proposal, and its contour evolved to t = 1
    Slice(slice::SliceArgs),
}

/// Runs the benchmark and prints a table, or one JSON document.
///
/// # Errors
/// A device that is not there, or an export folder that cannot be written.
pub fn run(args: BenchArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.subject {
        Subject::Levelset(args) => levelset::run(args, out),
        Subject::Unet(args) => network::unet(&args, out),
        Subject::Node(args) => network::node(&args, out),
        Subject::Slice(args) => slice::run(&args, out),
    }
}
