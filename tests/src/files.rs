//! Where fixtures and real data lie.

use std::path::PathBuf;

/// A file or folder under `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A file or folder of the real data.
///
/// # Panics
/// When `ZEROSET_DATA` is not set: a test that needs it must not pass without.
pub fn real_data(name: &str) -> PathBuf {
    let root = std::env::var_os("ZEROSET_DATA").expect("ZEROSET_DATA must name the folder with the real scans");
    PathBuf::from(root).join(name)
}
