//! A folder that appears whole or not at all.

use super::error::{CheckpointError, Problem};
use super::{CARD, MODEL, WEIGHTS};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Largest file that is read, bytes: a network of this product has at most some hundred MB.
const LARGEST: u64 = 4 << 30;

/// Reads one file of a checkpoint.
pub(super) fn read(dir: &Path, name: &str) -> Result<Vec<u8>, CheckpointError> {
    let path = dir.join(name);
    let fail = |error: std::io::Error| {
        let missing = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        CheckpointError::new(&path, if missing { Problem::Missing } else { Problem::Read(error) })
    };
    let length = fs::metadata(&path).map_err(fail)?.len();
    if length > LARGEST {
        let found = format!("{length} bytes, expected at most {LARGEST}");
        return Err(CheckpointError::new(&path, Problem::Container(found)));
    }
    fs::read(&path).map_err(fail)
}

/// Puts a folder with these files at `dir`, in the place of an older checkpoint.
///
/// The files are written and flushed in a folder beside it; then the older one steps aside under the name that
/// [`recover`] knows, and the new one takes its place. A kill between these two renames costs nothing.
pub(super) fn replace(dir: &Path, files: &[(&str, &[u8])]) -> Result<(), Problem> {
    recover(dir);
    refuse_others(dir)?;
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(Problem::Write)?;
    let fresh =
        tempfile::Builder::new().prefix(".zeroset-").suffix(".tmp").tempdir_in(parent).map_err(Problem::Write)?;
    for (name, bytes) in files {
        let mut file = File::create(fresh.path().join(name)).map_err(Problem::Write)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Problem::Write)?;
    }
    share(fresh.path()).map_err(Problem::Write)?;
    let aside = aside(dir);
    let older = dir.exists();
    if older {
        fs::rename(dir, &aside).map_err(Problem::Write)?;
    }
    if let Err(error) = fs::rename(fresh.path(), dir) {
        recover(dir);
        return Err(Problem::Write(error));
    }
    // The temporary folder has moved: there is nothing left for its guard to remove.
    let _ = fresh.keep();
    if older {
        let _ = fs::remove_dir_all(&aside);
    }
    Ok(())
}

/// Brings back a checkpoint that stepped aside for one that never came.
pub(super) fn recover(dir: &Path) {
    let aside = aside(dir);
    if !aside.is_dir() {
        return;
    }
    // Either outcome is a whole checkpoint at `dir`; one that cannot be moved is told by whoever reads it.
    let _ = if dir.exists() { fs::remove_dir_all(&aside) } else { fs::rename(&aside, dir) };
}

/// Where an older checkpoint waits while it is replaced.
fn aside(dir: &Path) -> PathBuf {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    dir.with_file_name(format!(".{name}.zeroset-previous"))
}

/// Only a checkpoint or an empty folder is replaced: whatever else lies there is not ours to remove.
fn refuse_others(dir: &Path) -> Result<(), Problem> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Problem::Write(error)),
    };
    for entry in entries {
        let name = entry.map_err(Problem::Write)?.file_name();
        if ![MODEL, WEIGHTS, CARD].iter().any(|known| name == *known) {
            return Err(Problem::Occupied(name.to_string_lossy().into_owned()));
        }
    }
    Ok(())
}

/// Temporary folders are private by default; a checkpoint is like any other folder.
#[cfg(unix)]
fn share(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn share(_: &Path) -> std::io::Result<()> {
    Ok(())
}
