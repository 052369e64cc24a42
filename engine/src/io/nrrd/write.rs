//! Writes NRRD: little endian, gzip, left-posterior-superior.

use super::header::escaped;
use super::{COMMENT_KEY, segments};
use crate::io::IoError;
use crate::io::header_text::{beside, commit, lps_rows, write_one};
use crate::io::nifti::{Coding, Datatype, Image};
use crate::provenance::{PROGRAM, VERSION};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The files of a name: the header, and for `.nhdr` the voxels beside it.
pub(in crate::io) fn files(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_path_buf()).chain(voxels_file(path)).collect()
}

fn voxels_file(path: &Path) -> Option<PathBuf> {
    let detached = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("nhdr"));
    detached.then(|| beside(path, ".raw.gz"))
}

/// Writes the file(s); `voxels` gives the little-endian bytes. `segments`: whether the labels' names go with them.
///
/// # Errors
/// The target cannot be written, or `voxels` fails; what was there before is untouched.
pub(in crate::io) fn write(
    path: &Path,
    image: &Image,
    segments: bool,
    voxels: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let mut head = header(image, segments);
    let Some(data) = voxels_file(path) else {
        head.push('\n');
        let (file, _) = write_one(path, head.as_bytes(), Coding::Gzip, voxels)?;
        return commit(path, [file]);
    };
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    head.push_str(&format!("data file: {name}\n"));
    let (data, _) = write_one(&data, b"", Coding::Gzip, voxels)?;
    let (head, _) = write_one(path, head.as_bytes(), Coding::Plain, |_| Ok(()))?;
    commit(path, [data, head])
}

fn header(image: &Image, with_segments: bool) -> String {
    let rows = lps_rows(image.geometry);
    let vector = |c: usize| format!("({},{},{})", rows[0][c], rows[1][c], rows[2][c]);
    let [nx, ny, nz] = image.geometry.size();
    let mut out = format!(
        "NRRD0004\n# written by {PROGRAM} {VERSION}\ntype: {}\ndimension: 3\nspace: left-posterior-superior\n\
         sizes: {nx} {ny} {nz}\nspace directions: {} {} {}\nkinds: domain domain domain\nendian: little\n\
         encoding: gzip\nspace origin: {}\n",
        type_name(image.datatype),
        vector(0),
        vector(1),
        vector(2),
        vector(3)
    );
    for comment in &image.comments {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{COMMENT_KEY}:={}", escaped(comment));
    }
    if with_segments {
        out.push_str(&segments::write(image.geometry, image.descriptions));
    }
    out
}

fn type_name(datatype: Datatype) -> &'static str {
    match datatype {
        Datatype::F32 => "float",
        Datatype::F64 => "double",
        integer => integer.name(),
    }
}
