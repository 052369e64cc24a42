//! Which files a name stands for: one `.nii`, or the two halves `.hdr` and `.img`, plain or gzip.

use crate::io::{IoError, Problem};
use std::path::{Path, PathBuf};

/// The files of a volume that exists.
pub(crate) struct Located {
    /// File with the header.
    pub header: PathBuf,
    /// File with the voxels, where it is another one.
    pub image: Option<PathBuf>,
}

/// The files of a volume to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// File with the header (and the voxels of a single file).
    pub header: PathBuf,
    /// File with the voxels of a pair.
    pub image: Option<PathBuf>,
    /// Whether to compress.
    pub gzip: bool,
}

/// A file name taken apart: `a/b.img.gz` is stem `a/b`, kind `img`, gzip.
struct Name {
    stem: PathBuf,
    kind: String,
    gzip: bool,
}

fn take_apart(path: &Path) -> Name {
    let is = |p: &Path, e: &str| p.extension().is_some_and(|found| found.eq_ignore_ascii_case(e));
    let gzip = is(path, "gz");
    let inner = if gzip { path.with_extension("") } else { path.to_path_buf() };
    let kind = inner.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    Name { stem: inner.with_extension(""), kind, gzip }
}

/// `stem` + `.` + `suffix`, also where the stem itself has dots.
fn joined(stem: &Path, suffix: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_os_string();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Finds the header and, for a pair, the other half.
///
/// # Errors
/// The other half is missing.
pub(crate) fn locate(path: &Path) -> Result<Located, IoError> {
    let name = take_apart(path);
    let other = match name.kind.as_str() {
        "hdr" => "img",
        "img" => "hdr",
        _ => return Ok(Located { header: path.into(), image: None }),
    };
    let plain = [other.to_string(), other.to_ascii_uppercase()];
    let gzip = [format!("{other}.gz"), format!("{}.GZ", other.to_ascii_uppercase())];
    let (first, second) = if name.gzip { (&gzip, &plain) } else { (&plain, &gzip) };
    let found = first.iter().chain(second).map(|suffix| joined(&name.stem, suffix)).find(|p| p.is_file());
    let Some(found) = found else {
        // The file itself may be missing too; that is the better message then.
        if let Err(error) = std::fs::metadata(path) {
            return Err(IoError::new(path, Problem::Read(error)));
        }
        return Err(IoError::new(path, Problem::MissingHalf { missing: joined(&name.stem, &first[0]) }));
    };
    Ok(match other {
        "img" => Located { header: path.into(), image: Some(found) },
        _ => Located { header: found, image: Some(path.into()) },
    })
}

impl Target {
    /// The files to write for a name.
    ///
    /// # Errors
    /// An extension that is not NIfTI's.
    pub fn new(path: &Path) -> Result<Self, IoError> {
        let name = take_apart(path);
        let gz = if name.gzip { ".gz" } else { "" };
        match name.kind.as_str() {
            "nii" => Ok(Self { header: path.into(), image: None, gzip: name.gzip }),
            "hdr" | "img" => Ok(Self {
                header: joined(&name.stem, &format!("hdr{gz}")),
                image: Some(joined(&name.stem, &format!("img{gz}"))),
                gzip: name.gzip,
            }),
            _ => Err(IoError::new(path, Problem::Extension)),
        }
    }

    /// All files that will be written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.header.as_path()).chain(self.image.as_deref())
    }
}
