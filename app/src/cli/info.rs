//! `zeroset info FILE`: what a file holds.

use anyhow::Context;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `zeroset info`.
#[derive(clap::Args, Debug)]
pub struct InfoArgs {
    /// File to look into.
    pub file: PathBuf,
}

/// Prints what the file holds.
///
/// # Errors
/// The file cannot be read.
pub fn run(args: InfoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let bytes = std::fs::metadata(&args.file).with_context(|| format!("{}", args.file.display()))?.len();
    writeln!(out, "{}: {bytes} bytes", args.file.display())?;
    Ok(())
}
