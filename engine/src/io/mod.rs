//! Scans, masks and phi from and to disk.
//!
//! Reading never changes the grid: the affine is the file's, oblique or sheared as it may be, and
//! what is odd about a file comes as a warning, in words. Writing gives exactly the grid it was given.

mod atomic;
mod convert;
mod description;
mod dicom;
mod error;
mod format;
mod header_text;
mod label_file;
mod memory;
mod metaimage;
mod nifti;
mod nrrd;
mod read;
mod source;
mod write;

pub use atomic::AtomicFile;
pub use convert::{Converted, convert};
pub use description::{LabelDescription, spread_colour};
pub use dicom::{DicomProblem, SeriesInfo, file_of_series, list_series};
pub use error::{IoError, Problem, READABLE, WRITABLE};
pub use label_file::{read_label_file, write_label_file};
pub use read::{NonFinite, ReadLabels, ReadOptions, ReadScan, read, read_labels, read_labels_with};
pub use source::{SourceInfo, identity};
pub use write::{check_target, write_f32, write_f32_series, write_labels, write_named_labels, write_volume};
