//! NIfTI-1 and NIfTI-2, single files and pairs, plain and gzip.
//!
//! Sources: `nifti1.h` (Cox et al. 2004), `nifti2.h` (2011), and nibabel where they leave a choice.
//!
//! Own code rather than the `nifti` crate: that crate knows NIfTI-1 only, panics on some values of
//! pixdim and qform, and reads a volume at once, whereas here decoding overlaps with conversion.

mod affine;
mod datatype;
mod encode;
mod extension;
mod files;
mod header;
mod labels;
mod open;
mod samples;
mod stream;
mod text;
mod write;

pub(super) use datatype::Datatype;
pub(super) use files::Target;
pub(super) use labels::LabelSink;
pub(super) use open::{Opened, angle_warnings};
pub(super) use samples::{SampleSink, Scale};
pub(super) use stream::{ByteSource, Coding};
pub(super) use write::{Image, put, write};
