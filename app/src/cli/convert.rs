//! `zeroset convert IN OUT`: the same volume in another format or layout.

use std::io::Write;
use std::path::PathBuf;
use zeroset_engine::io::{self, ReadOptions};

/// Arguments of `zeroset convert`.
#[derive(clap::Args, Debug)]
pub struct ConvertArgs {
    /// Volume to read (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd)
    pub input: PathBuf,
    /// File to write; its ending says the format (.nii, .nii.gz, .hdr, .img, .nrrd, .seg.nrrd, .nhdr, .mha or .mhd)
    pub output: PathBuf,
    /// Which volume of a file with several, counted from 0
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
}

/// Converts, with every stored number, the datatype and the affine as they are.
///
/// # Errors
/// The input is no sound volume, or the output cannot be written.
pub fn run(args: ConvertArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let options = ReadOptions { frame: args.frame, memory_limit_bytes: None };
    let converted = io::convert(&args.input, &args.output, &options)?;
    for warning in &converted.warnings {
        eprintln!("zeroset: {}: warning: {warning}", args.input.display());
    }
    let datatype = &converted.source.datatype;
    writeln!(out, "{}: {datatype}, {}", args.output.display(), converted.geometry.describe())?;
    Ok(())
}
