//! What can be wrong with a file, each with what was expected and what was found.

use super::dicom::DicomProblem;
use crate::geometry::GeometryError;
use std::path::PathBuf;
use thiserror::Error;

/// A file that could not be read or written, and why.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct IoError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

impl IoError {
    /// An error about `path`.
    pub fn new(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { path: path.into(), problem }
    }
}

/// Why a file could not be read or written.
#[derive(Debug, Error)]
pub enum Problem {
    /// The operating system refused to open or read it.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// A folder where a file is needed.
    #[error("is a folder; give one file of {MASKS}")]
    Folder,
    /// A DICOM series that gives no volume.
    #[error(transparent)]
    Dicom(Box<DicomProblem>),
    /// Neither header size fits, and no magic either.
    #[error("is not a NIfTI file ({found}); Zeroset reads {READABLE}")]
    NotNifti {
        /// What the first bytes look like.
        found: String,
    },
    /// A NIfTI-sized header without NIfTI's magic.
    #[error(
        "has the magic {found} where NIfTI has {expected}; if it is an Analyze 7.5 file, it does not say left from right: convert it with the program that made it"
    )]
    Magic {
        /// Bytes found, escaped.
        found: String,
        /// Bytes that would do.
        expected: &'static str,
    },
    /// The file ends inside its header.
    #[error("ends inside its header: {found} bytes of {expected}")]
    HeaderTooShort {
        /// Bytes of a header.
        expected: usize,
        /// Bytes present.
        found: usize,
    },
    /// NIfTI-2's transfer check bytes are wrong.
    #[error(
        "was damaged by a text-mode transfer: bytes 8 to 11 are {found:?}, expected [13, 10, 26, 10]; copy it again in binary mode"
    )]
    LineEndings {
        /// Bytes found.
        found: [u8; 4],
    },
    /// `dim[0]`, the number of dimensions, is not 1 to 7.
    #[error("declares {found} dimensions (dim[0]), expected 1 to 7")]
    DimensionCount {
        /// The value of `dim[0]`.
        found: i64,
    },
    /// A size below 1.
    #[error("declares a size of {found} along dimension {index} (dim[{index}]), expected at least 1")]
    Dimension {
        /// Which dimension, 1 to 7.
        index: usize,
        /// Its declared size.
        found: i64,
    },
    /// More voxels than can be counted.
    #[error("declares {dims:?} voxels, more than a computer can count")]
    Overflow {
        /// The declared sizes.
        dims: Vec<i64>,
    },
    /// More voxels than fit in memory.
    #[error("needs {} of memory for {size:?} voxels, {} are available", mib(*needed), mib(*limit))]
    TooLarge {
        /// Voxels.
        size: [usize; 3],
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The operating system gives no more memory.
    #[error("needs {} of memory, which the system does not give", mib(*needed))]
    NoMemory {
        /// Bytes asked for.
        needed: u64,
    },
    /// The file is shorter than its header says.
    #[error("is truncated: the header promises {expected} bytes of data, {found} are there")]
    Truncated {
        /// Bytes promised.
        expected: u64,
        /// Bytes present.
        found: u64,
    },
    /// A compressed file too small for what it declares, whatever its content.
    #[error(
        "cannot hold what its header declares: {declared} bytes of voxels in {compressed} bytes of file (at most {ratio} to 1)"
    )]
    ImpossibleRatio {
        /// Bytes declared.
        declared: u64,
        /// Size of the compressed file.
        compressed: u64,
        /// Most bytes that one byte of this coding can stand for.
        ratio: u64,
    },
    /// gzip says the content is damaged.
    #[error("is damaged: gzip: {0}")]
    Gzip(std::io::Error),
    /// zlib says the content is damaged.
    #[error("is damaged: zlib: {0}")]
    Zlib(std::io::Error),
    /// Voxels written as text that are no numbers of their type.
    #[error("has voxels that cannot be read: {0}")]
    Text(std::io::Error),
    /// A field of a text header that cannot be used.
    #[error("has \"{field}: {found}\" in its {format} header, expected {expected}")]
    Field {
        /// `NRRD` or `MetaImage`.
        format: &'static str,
        /// Name of the field.
        field: &'static str,
        /// Its text, shortened.
        found: String,
        /// What would do.
        expected: String,
    },
    /// A field of a text header that has to be there.
    #[error("has no field \"{field}\" in its {format} header; without it the voxels cannot be read")]
    MissingField {
        /// `NRRD` or `MetaImage`.
        format: &'static str,
        /// Name of the field.
        field: &'static str,
    },
    /// A sound file of a kind that Zeroset does not read; the text says what to do.
    #[error("{0}")]
    Unsupported(String),
    /// A detached header that leads away from its folder, or to nothing.
    #[error("has its voxels in {found}, which {problem}; put that file beside the header, named without folders")]
    DataFile {
        /// The name in the header, shortened.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A line of a label description file that describes no label.
    #[error("has in line {line} \"{found}\", expected {expected}")]
    LabelLine {
        /// Its number, from 1.
        line: usize,
        /// Its text, shortened.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// A label description file without a label.
    #[error("describes no label; expected lines like {expected}")]
    NoLabels {
        /// What a line has to be.
        expected: &'static str,
    },
    /// A datatype without one real number per voxel.
    #[error(
        "holds {name} voxels (datatype {code}); Zeroset reads real numbers: 8 to 64-bit integers, float32 and float64"
    )]
    Datatype {
        /// NIfTI's code.
        code: i16,
        /// Its name in the standard.
        name: &'static str,
    },
    /// Voxels start where they cannot.
    #[error("puts its voxels at byte {found} (vox_offset), expected {expected}")]
    Offset {
        /// The declared offset.
        found: f64,
        /// What would do.
        expected: String,
    },
    /// A valid slope with a NaN or infinite intercept.
    #[error("has scl_slope {slope} with scl_inter {intercept}: intensities would not be numbers")]
    Intercept {
        /// Declared slope.
        slope: f64,
        /// Declared intercept.
        intercept: f64,
    },
    /// Slope and intercept lead beyond f32.
    #[error("has scl_slope {slope} and scl_inter {intercept}: intensities beyond ±3.4e38")]
    ScaleOverflow {
        /// Declared slope.
        slope: f64,
        /// Declared intercept.
        intercept: f64,
    },
    /// A quaternion that is no rotation.
    #[error("has a qform quaternion (b, c, d) = {found:?} longer than 1: it is no rotation")]
    Quaternion {
        /// The stored b, c, d.
        found: [f64; 3],
    },
    /// The affine cannot be used.
    #[error("cannot be placed in space by its {form}: {error}")]
    Geometry {
        /// `sform`, `qform` or `pixdim`.
        form: &'static str,
        /// What is wrong with it (boxed: it holds the whole affine).
        error: Box<GeometryError>,
    },
    /// A volume number outside the file.
    #[error("holds {frames} volume(s), numbered 0 to {}; volume {asked} was asked for", frames - 1)]
    Frame {
        /// Asked for.
        asked: usize,
        /// Volumes present.
        frames: usize,
    },
    /// No voxel with a number.
    #[error("holds no finite value: all {voxels} voxels are NaN or infinite")]
    NothingFinite {
        /// Voxels.
        voxels: usize,
    },
    /// A voxel of a mask that is no label number.
    #[error("is not a label map: voxel {voxel:?} has the value {value}; labels are whole numbers from 0 to 65535")]
    NotALabel {
        /// Voxel indices of the stored grid.
        voxel: [usize; 3],
        /// Its value.
        value: f64,
    },
    /// Header without image, or image without header.
    #[error("is one half of a .hdr/.img pair; the other half, {}, is missing", missing.display())]
    MissingHalf {
        /// The file that should be there.
        missing: PathBuf,
    },
    /// A target whose name does not say the format.
    #[error("has an extension that Zeroset does not write; use {WRITABLE}")]
    Extension,
    /// Existing target that may not be replaced.
    #[error("is read-only; it was left as it is: choose another name")]
    ReadOnly,
    /// The target cannot be written.
    #[error("cannot be written, and what was there before is untouched: {0}")]
    Write(std::io::Error),
    /// Reading was stopped because its receiver failed.
    #[error("was not read to its end")]
    Stopped,
    /// The format of the name cannot hold what is to be written; the text says what to do.
    #[error("cannot be written: {0}")]
    NotWritten(String),
    /// f32 cannot hold a number of the header.
    #[error("cannot be written as NIfTI: {0}")]
    NotRepresentable(String),
}

/// What [`crate::io::read`] reads, for messages.
pub const READABLE: &str = "NIfTI-1 and NIfTI-2 (.nii, .nii.gz, .hdr/.img), NRRD (.nrrd, .seg.nrrd, .nhdr), MetaImage (.mha, .mhd) and \
     folders of DICOM slices";
/// What [`crate::io::read_labels`] reads, for messages.
const MASKS: &str =
    "NIfTI-1 and NIfTI-2 (.nii, .nii.gz, .hdr/.img), NRRD (.nrrd, .seg.nrrd, .nhdr) and MetaImage (.mha, .mhd)";

/// Endings of what [`crate::io::write_volume`] writes, for messages.
pub const WRITABLE: &str = ".nii, .nii.gz, .hdr, .img, .nrrd, .seg.nrrd (labels), .nhdr, .mha or .mhd";

impl From<DicomProblem> for Problem {
    fn from(problem: DicomProblem) -> Self {
        Self::Dicom(Box::new(problem))
    }
}

/// Bytes as MiB, for messages.
pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}
