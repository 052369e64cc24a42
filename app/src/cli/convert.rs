//! `zeroset convert IN OUT`: the same volume in another format or layout.

use crate::cli::source::SourceArgs;
use std::io::Write;
use std::path::PathBuf;
use zeroset_engine::io;

/// Arguments of `zeroset convert`.
#[derive(clap::Args, Debug)]
pub struct ConvertArgs {
    /// Volume to read (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd), DICOM folder or one of its slices
    pub input: PathBuf,
    /// File to write; its ending says the format (.nii, .nii.gz, .hdr, .img, .nrrd, .seg.nrrd, .nhdr, .mha or .mhd)
    pub output: PathBuf,
    /// How it is to be read
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Converts, with every stored number, the datatype and the affine as they are.
///
/// # Errors
/// The input is no sound volume, or the output cannot be written.
pub fn run(args: ConvertArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let converted = io::convert(&args.input, &args.output, &args.source.options())?;
    for warning in &converted.warnings {
        eprintln!("zeroset: {}: warning: {warning}", args.input.display());
    }
    let datatype = &converted.source.datatype;
    writeln!(out, "{}: {datatype}, {}", args.output.display(), converted.geometry.describe())?;
    Ok(())
}
