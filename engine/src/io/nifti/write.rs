//! Writes one volume: header, comments, voxels; as one file or as a pair, plain or gzip.

use super::datatype::Datatype;
use super::extension::encode as encode_extensions;
use super::files::Target;
use super::header::Header;
use super::samples::Scale;
use crate::geometry::Geometry;
use crate::io::atomic::AtomicFile;
use crate::io::{IoError, LabelDescription, Problem};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What is written, apart from the voxels.
pub(crate) struct Image<'a> {
    pub geometry: &'a Geometry,
    pub datatype: Datatype,
    pub scale: Scale,
    /// Whether the voxels are label numbers.
    pub labels: bool,
    /// Names and colours of the labels, for formats that keep them.
    pub descriptions: &'a [LabelDescription],
    /// Texts for the header's comments.
    pub comments: Vec<String>,
    /// Volumes one after the other and the time between them, where there are several.
    pub series: Option<(u16, f64)>,
}

/// Writes the file(s) of `path`; `voxels` gives the little-endian bytes.
///
/// # Errors
/// The target cannot be written, or `voxels` fails; what was there before is untouched.
pub(crate) fn write(
    path: &Path,
    image: &Image,
    voxels: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let target = Target::new(path)?;
    let mut header = Header::for_volume(image.geometry, image.datatype, image.scale, image.labels)
        .map_err(|problem| IoError::new(path, problem))?;
    if let Some((volumes, step)) = image.series {
        (header.dim[0], header.dim[4], header.pixdim[4]) = (4, i64::from(volumes), step);
    }
    let extensions = encode_extensions(&image.comments);
    header.single = target.image.is_none();
    header.vox_offset = if header.single { (header.version.header_bytes() + extensions.len()) as f64 } else { 0.0 };
    let head = [header.encode(), extensions].concat();
    let Some(image_path) = &target.image else {
        return write_one(&target.header, target.gzip, |out| {
            put(&target.header, out, &head)?;
            voxels(out)
        })?
        .commit_as(path);
    };
    // The voxels go into place first: a header never stands without them.
    let voxels = write_one(image_path, target.gzip, voxels)?;
    let head = write_one(&target.header, target.gzip, |out| put(&target.header, out, &head))?;
    voxels.commit_as(path)?;
    head.commit_as(path)
}

/// Writes bytes, with errors that name the file.
pub(crate) fn put(path: &Path, out: &mut dyn Write, bytes: &[u8]) -> Result<(), IoError> {
    out.write_all(bytes).map_err(|e| IoError::new(path, Problem::Write(e)))
}

impl AtomicFile {
    fn commit_as(self, path: &Path) -> Result<(), IoError> {
        self.commit().map_err(|problem| IoError::new(path, problem))
    }
}

/// Writes a file completely, but not yet in its place.
fn write_one(
    path: &Path,
    gzip: bool,
    content: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<AtomicFile, IoError> {
    let failed = |e| IoError::new(path, Problem::Write(e));
    let mut file = AtomicFile::create(path).map_err(|problem| IoError::new(path, problem))?;
    let mut out = BufWriter::with_capacity(256 * 1024, file.file());
    if gzip {
        let mut encoder = GzEncoder::new(&mut out, Compression::new(GZIP_LEVEL));
        content(&mut encoder)?;
        encoder.finish().map_err(failed)?;
    } else {
        content(&mut out)?;
    }
    out.flush().map_err(failed)?;
    drop(out);
    Ok(file)
}

/// A good part of level 6's size for CT at a fraction of its time.
const GZIP_LEVEL: u32 = 4;
