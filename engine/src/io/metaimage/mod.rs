//! MetaImage: `.mha`, and `.mhd` with its voxels beside it; world coordinates are LPS mm.
//!
//! Sources: the MetaIO documentation (itk.org/Wiki/MetaIO/Documentation), and ITK's `MetaImageIO` and MetaIO's
//! `metaObject.cxx` where it leaves a choice.

mod header;
mod open;
mod write;

pub(super) use open::open;
pub(super) use write::{files, write};

/// The format's name in messages.
const META_IMAGE: &str = "MetaImage";
/// Field of what Zeroset says about the making of a file.
const COMMENT_FIELD: &str = "ZerosetProvenance";
