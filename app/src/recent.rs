//! The list of recent scans: paths only, in the user's configuration folder.

use std::path::{Path, PathBuf};

/// Longest list.
const MOST: usize = 8;

/// Paths of the scans opened last, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    paths: Vec<PathBuf>,
    file: Option<PathBuf>,
}

impl Recent {
    /// The list of this user; empty when there is none or it cannot be read.
    pub fn of_user() -> Self {
        let file = directories::ProjectDirs::from("", "", "zeroset").map(|d| d.config_dir().join("recent.json"));
        Self::at(file)
    }

    /// The list kept in this file; `None` keeps it for this run only.
    pub fn at(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|f| std::fs::read_to_string(f).ok());
        let paths = text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
        Self { paths, file }
    }

    /// The paths, newest first.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Puts a path first and stores the list. A list that cannot be stored is kept for this run.
    pub fn push(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.paths.retain(|p| *p != path);
        self.paths.insert(0, path);
        self.paths.truncate(MOST);
        if let Err(error) = self.store() {
            tracing::warn!("the list of recent scans cannot be stored: {error}");
        }
    }

    fn store(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let Some(folder) = file.parent() else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let mut whole = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut whole, &self.paths)?;
        whole.persist(file)?;
        Ok(())
    }
}
