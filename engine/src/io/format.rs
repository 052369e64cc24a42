//! Which format a file has, by its content, or is to have, by its name.

use super::nifti::{Opened, Target};
use super::{IoError, Problem, metaimage, nrrd};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The formats of volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `.nii`, `.hdr`/`.img`, plain or gzip.
    Nifti,
    /// `.nrrd`, `.nhdr` with its voxels beside it.
    Nrrd,
    /// `.seg.nrrd`: a label map with the names and colours of its labels, as 3D Slicer writes it.
    SegNrrd,
    /// `.mha`, `.mhd` with its voxels beside it.
    MetaImage,
}

impl Format {
    /// The format that a name asks for.
    ///
    /// # Errors
    /// Another ending.
    pub fn of_target(path: &Path) -> Result<Self, IoError> {
        Self::of_name(path).ok_or_else(|| IoError::new(path, Problem::Extension))
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|end| name.ends_with(end));
        if ends(&[".seg.nrrd", ".seg.nhdr"]) {
            Some(Self::SegNrrd)
        } else if ends(&[".nrrd", ".nhdr"]) {
            Some(Self::Nrrd)
        } else if ends(&[".mha", ".mhd"]) {
            Some(Self::MetaImage)
        } else if Target::new(path).is_ok() {
            Some(Self::Nifti)
        } else {
            None
        }
    }

    /// Whether a file can say value = slope * stored + intercept.
    pub fn scales(self) -> bool {
        self == Self::Nifti
    }

    /// The files that are written for a name.
    ///
    /// # Errors
    /// Another ending.
    pub fn files(path: &Path) -> Result<Vec<PathBuf>, IoError> {
        match Self::of_target(path)? {
            Self::Nifti => Ok(Target::new(path)?.files().map(Path::to_path_buf).collect()),
            Self::Nrrd | Self::SegNrrd => Ok(nrrd::files(path)),
            Self::MetaImage => Ok(metaimage::files(path)),
        }
    }
}

/// Opens a volume of any format as far as its voxels.
///
/// # Errors
/// No sound volume; nothing is allocated for voxels yet.
pub(super) fn open(path: &Path) -> Result<Opened, IoError> {
    if path.is_dir() {
        return Err(IoError::new(path, Problem::Folder));
    }
    let nrrd = starts_with(path, nrrd::MAGIC);
    let opened = match Format::of_name(path) {
        _ if nrrd => nrrd::open(path),
        Some(Format::Nrrd | Format::SegNrrd) => nrrd::open(path),
        Some(Format::MetaImage) => metaimage::open(path),
        _ => return Opened::open(path),
    };
    opened.map_err(|problem| IoError::new(path, problem))
}

/// A file that cannot be read starts with nothing; its format's reader says why.
fn starts_with(path: &Path, magic: &[u8]) -> bool {
    let mut first = vec![0; magic.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == magic
}
