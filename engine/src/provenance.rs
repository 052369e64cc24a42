//! How a result came about: everything needed to make it again, as JSON inside the result.
//!
//! Only the scan's file name and hash are kept, never what a scan says about the patient.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The origin of a mask or phi, stored as a comment in the file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The program: `Zeroset`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Name (without folders) of the scan's file.
    pub source_file: String,
    /// SHA-256 of that file, lower-case hexadecimal.
    pub source_sha256: String,
    /// What was done, e.g. `level set, region`.
    pub method: String,
    /// The method's parameters.
    #[serde(default)]
    pub parameters: serde_json::Value,
    /// Seed spheres: x, y, z of the centre and the radius, mm, RAS+.
    #[serde(default)]
    pub seeds: Vec<[f64; 4]>,
    /// Steps of evolution.
    #[serde(default)]
    pub iterations: u64,
    /// Time t reached by the evolution.
    #[serde(default)]
    pub time: f64,
    /// Further steps and hand edits, oldest first.
    #[serde(default)]
    pub history: Vec<String>,
}

impl Provenance {
    /// An origin with this program and version, a method, and nothing else yet.
    pub fn new(method: impl Into<String>) -> Self {
        Self {
            program: PROGRAM.into(),
            version: VERSION.into(),
            source_file: String::new(),
            source_sha256: String::new(),
            method: method.into(),
            parameters: serde_json::Value::Null,
            seeds: Vec::new(),
            iterations: 0,
            time: 0.0,
            history: Vec::new(),
        }
    }

    /// The origin as JSON text, as it is stored in a header.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The origin that a header comment holds, if the comment is one.
    pub fn from_comment(comment: &str) -> Option<Self> {
        serde_json::from_str(comment).ok()
    }
}

/// The program's name in everything it writes.
pub const PROGRAM: &str = "Zeroset";
/// The program's version in everything it writes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// SHA-256 of a file in lower-case hexadecimal, read in pieces.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of_file(path: &Path) -> std::io::Result<String> {
    sha256_of_files(&[path.to_owned()]).map_err(|(_, error)| error)
}

/// SHA-256 of files one after the other, as if they were one.
///
/// # Errors
/// The first file that cannot be read, and why.
pub fn sha256_of_files(paths: &[PathBuf]) -> Result<String, (PathBuf, std::io::Error)> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    for path in paths {
        let mut add = || {
            let mut file = File::open(path)?;
            loop {
                match file.read(&mut piece)? {
                    0 => return Ok(()),
                    n => hash.update(&piece[..n]),
                }
            }
        };
        add().map_err(|error| (path.clone(), error))?;
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
