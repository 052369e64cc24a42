//! Writes an evolution as an animated picture.

use crate::session::jobs::AnimationJob;
use std::path::Path;

/// Writes the animation.
///
/// # Errors
/// The file cannot be written.
pub fn write(_path: &Path, _job: &AnimationJob) -> anyhow::Result<()> {
    anyhow::bail!("animations are not written yet")
}
