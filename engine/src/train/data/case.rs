//! One case: an image and its truth.

use std::path::PathBuf;

/// An image and its truth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Its patient: what a split divides.
    pub patient: String,
    /// Its own name.
    pub name: String,
    /// The scan or picture.
    pub image: PathBuf,
    /// The truth.
    pub label: PathBuf,
}
