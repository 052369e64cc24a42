//! Why there is no network for something, and what to do instead.

use crate::models::checkpoint::CheckpointError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a catalogue has no network to give.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// No network knows the organ, or none by this method.
    #[error("{}", unknown(.organ, .method.as_deref(), .known))]
    Unknown {
        /// What was to be contoured.
        organ: String,
        /// The method, if one was asked for.
        method: Option<String>,
        /// Organs with their methods, in words; empty when there is no network at all.
        known: String,
    },
    /// A network that evolves a contour, and none that gives it one.
    #[error(
        "{method} evolves a contour, and no network at hand finds the {organ} for it: give one by --start-model DIR, or \
         a contour by --seed or --init"
    )]
    NoFinder {
        /// Organ.
        organ: String,
        /// Method.
        method: String,
    },
    /// A network that works in a box.
    #[error("{method} works in a box: draw one around the organ (--roi)")]
    NeedsRegion {
        /// Method.
        method: String,
    },
    /// A folder that cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A folder without a network.
    #[error(
        "{}: no network in it: expected folders with model.json and weights.safetensors, as `zeroset train` writes them",
        path.display()
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A network that cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn unknown(organ: &str, method: Option<&str>, known: &str) -> String {
    let by = method.map_or_else(String::new, |method| format!(" by {method}"));
    let known = if known.is_empty() { "there is none in this program".into() } else { format!("known are {known}") };
    format!(
        "no trained network contours {organ:?}{by}: {known}; give one by --model DIR (`zeroset train` makes it), or \
         contour from seeds: --method region --seed X,Y,Z,RADIUS"
    )
}
