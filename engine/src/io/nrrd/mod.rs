//! NRRD: attached (`.nrrd`) and detached (`.nhdr`), raw, gzip and text; label maps with 3D Slicer's segment fields.
//!
//! Sources: "Definition of NRRD File Format" (teem.sourceforge.net/nrrd/format.html), ITK's `NrrdImageIO` where it
//! leaves a choice, and 3D Slicer's `vtkMRMLSegmentationStorageNode` for `.seg.nrrd`.

mod header;
mod open;
mod place;
mod segments;
mod write;

pub(super) use open::open;
pub(super) use write::{files, write};

/// First bytes of every NRRD file; the version follows.
pub(super) const MAGIC: &[u8] = b"NRRD000";
/// The format's name in messages.
const NRRD: &str = "NRRD";
/// Key of what Zeroset says about the making of a file.
const COMMENT_KEY: &str = "Zeroset";
