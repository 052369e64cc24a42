//! The application: the command line now, and the window that it opens.

pub mod brush;
pub mod cli;
pub mod desk;
pub mod evolver;
pub mod film;
pub mod line;
pub mod paint;
pub mod session;
pub mod starting;
pub mod theme;
pub mod views;
pub mod work;
pub mod worker;

use std::path::PathBuf;

/// Opens the window, with a scan and a mask over it where they are given.
///
/// # Errors
/// No display or no usable graphics adapter.
pub fn run_window(_file: Option<PathBuf>, _mask: Option<PathBuf>) -> anyhow::Result<()> {
    anyhow::bail!("this build has no window: use a subcommand (zeroset --help lists them)")
}
