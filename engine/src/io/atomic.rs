//! Files that appear whole or not at all: written beside the target, then renamed over it.

use super::Problem;
use std::fs::{File, Permissions};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A file on its way. Dropped before [`AtomicFile::commit`], it leaves nothing behind.
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Starts a file that will take the place of `target`.
    ///
    /// # Errors
    /// The target is a folder or read-only, or its folder cannot be written.
    pub fn create(target: &Path) -> Result<Self, Problem> {
        // A link stays a link: the file that it names is replaced.
        let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
        let existing = std::fs::metadata(&target).ok();
        if existing.as_ref().is_some_and(|m| m.is_dir()) {
            return Err(Problem::Write(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        let kept = existing.map(|m| m.permissions());
        // Renaming would replace a read-only file in a writable folder without asking.
        if kept.as_ref().is_some_and(Permissions::readonly) {
            return Err(Problem::ReadOnly);
        }
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = Builder::new();
        builder.prefix(".zeroset-").suffix(".tmp");
        if let Some(permissions) = kept.or_else(usual_permissions) {
            builder.permissions(permissions);
        }
        let temporary = builder.tempfile_in(folder).map_err(Problem::Write)?;
        Ok(Self { temporary, target })
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Puts the file in its place once it is safely on the disk.
    ///
    /// # Errors
    /// The disk is full or the folder refuses; the old file is still there.
    pub fn commit(self) -> Result<(), Problem> {
        self.temporary.as_file().sync_all().map_err(Problem::Write)?;
        self.temporary.persist(&self.target).map_err(|e| Problem::Write(e.error))?;
        Ok(())
    }
}

/// Read and write for all, less the user's mask: temporary files are private by default.
#[cfg(unix)]
fn usual_permissions() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}
