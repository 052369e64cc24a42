//! The command line: one file per subcommand, each with its `Args` and a `run(args, out)`.
//!
//! `out` is standard output: results only, and with `--json` exactly one document. Progress and
//! warnings go to standard error. Exit code 0 on success; 1 on failure, with one line on standard
//! error; 2 on wrong usage (clap's).

pub mod bench;
pub mod compare;
pub mod convert;
pub mod demo;
pub mod evaluate;
pub mod film;
pub mod info;
pub mod mesh;
pub mod phantom;
pub mod segment;
pub mod source;
pub mod train;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Contours organs in CT by level sets that can be watched, scrubbed, branched and painted.
///
/// Without a subcommand the window opens, on FILE if it is given.
#[derive(Parser, Debug)]
#[command(name = "zeroset", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do without the window.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Scan to open in the window (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd, or DICOM: a folder or one of its
    /// slices).
    pub file: Option<PathBuf>,
    /// Mask on the scan's grid to show over it.
    #[arg(long, value_name = "MASK", requires = "file")]
    pub mask: Option<PathBuf>,
    /// Segmentation to compare the contour with: drawn in black, with Dice and volumes; never saved.
    #[arg(long, value_name = "MASK", requires = "file")]
    pub reference: Option<PathBuf>,
    /// Folder of networks (DIR/NAME/model.json) to propose with, in the place of the program's
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
}

/// The subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Measure how fast this machine runs
    Bench(bench::BenchArgs),
    /// Show a scan's geometry, orientation, datatype and intensity range, or the series in a DICOM folder
    Info(info::InfoArgs),
    /// Write a volume or a DICOM series in another format or layout, every number as it is
    Convert(convert::ConvertArgs),
    /// Write the surface of a label or of phi as triangles in the patient: STL, OBJ, PLY
    Mesh(mesh::MeshArgs),
    /// Compare a mask with another one: Dice, IoU, surface distances, volumes
    Evaluate(evaluate::EvaluateArgs),
    /// Write a synthetic contrast-enhanced CT of the abdomen, with its labels
    Phantom(phantom::PhantomArgs),
    /// Run the whole chain on a synthetic abdomen: mask, films, report; needs no file, display or GPU
    Demo(demo::DemoArgs),
    /// Run several methods from one contour: table, masks, and a film of them side by side
    Compare(Box<compare::CompareArgs>),
    /// Contour one organ from seeds or a mask, and write it as a mask on the scan's grid
    Segment(Box<segment::SegmentArgs>),
    /// Train a network by a recipe: data, architecture, loss, optimizer
    Train(train::TrainArgs),
}

/// The process's arguments and streams in, its exit code out.
pub fn main() -> ExitCode {
    zeroset_engine::nn::ops::keep_freed_memory();
    let code = run_from(std::env::args_os(), &mut std::io::stdout(), &mut std::io::stderr());
    ExitCode::from(code)
}

/// Parses arguments (the first is the program's name) and runs them; returns the exit code.
///
/// A failure is one line on `err`; so is wrong usage, in clap's words.
pub fn run_from<T>(args: impl IntoIterator<Item = T>, out: &mut dyn Write, err: &mut dyn Write) -> u8
where
    T: Into<OsString> + Clone,
{
    // When a stream is gone there is nowhere left to complain.
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(usage) => {
            let text = usage.render();
            let _ = if usage.use_stderr() { write!(err, "{text}") } else { write!(out, "{text}") };
            return u8::try_from(usage.exit_code()).unwrap_or(2);
        }
    };
    match run(cli, out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) => 0,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            let _ = writeln!(err, "zeroset: {}", one_line(&error));
            1
        }
    }
}

/// Runs a parsed command line; results are written to `out`.
///
/// # Errors
/// Whatever the subcommand could not do, ready to be shown in one line.
pub fn run(cli: Cli, out: &mut dyn Write) -> anyhow::Result<()> {
    match cli.command {
        None => crate::run_window(cli.file, cli.mask, cli.reference, cli.models.as_deref()),
        Some(Command::Bench(args)) => bench::run(args, out),
        Some(Command::Info(args)) => info::run(args, out),
        Some(Command::Convert(args)) => convert::run(args, out),
        Some(Command::Mesh(args)) => mesh::run(args, out),
        Some(Command::Evaluate(args)) => evaluate::run(args, out),
        Some(Command::Phantom(args)) => phantom::run(args, out),
        Some(Command::Demo(args)) => demo::run(args, out),
        Some(Command::Compare(args)) => compare::run(*args, out),
        Some(Command::Segment(args)) => segment::run(*args, out),
        Some(Command::Train(args)) => train::run(args, out),
    }
}

/// The error and its causes as `what: cause: cause`, on one line whatever they contain.
pub fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The reader of our output has left (`zeroset info x | head -1`): nothing failed.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
}
