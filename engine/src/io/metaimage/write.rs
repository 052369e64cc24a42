//! Writes MetaImage: little endian, zlib, LPS.

use super::COMMENT_FIELD;
use super::header::type_name;
use crate::io::header_text::{beside, commit, lps_rows, write_one};
use crate::io::nifti::{Coding, Image};
use crate::io::{IoError, Problem};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Longest value that MetaIO is sure to read.
const MAX_VALUE: usize = 4000;
/// The field that is known only after the voxels, with room for any number.
const SIZE_FIELD: &str = "CompressedDataSize = ";
const SIZE_DIGITS: usize = 15;

/// The files of a name: the header, and for `.mhd` the voxels beside it.
pub(in crate::io) fn files(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_path_buf()).chain(voxels_file(path)).collect()
}

fn voxels_file(path: &Path) -> Option<PathBuf> {
    let detached = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mhd"));
    detached.then(|| beside(path, ".zraw"))
}

/// Writes the file(s); `voxels` gives the little-endian bytes.
///
/// # Errors
/// The target cannot be written, or `voxels` fails; what was there before is untouched.
pub(in crate::io) fn write(
    path: &Path,
    image: &Image,
    voxels: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let Some(data_path) = voxels_file(path) else {
        let head = header(image, "LOCAL", 0);
        let (mut file, bytes) = write_one(path, head.as_bytes(), Coding::Zlib, voxels)?;
        let at = head.find(SIZE_FIELD).unwrap_or_default() + SIZE_FIELD.len();
        let put = |out: &mut std::fs::File| {
            out.seek(SeekFrom::Start(at as u64))?;
            out.write_all(size_text(bytes).as_bytes())
        };
        put(file.file()).map_err(|e| IoError::new(path, Problem::Write(e)))?;
        return commit(path, [file]);
    };
    let (data, bytes) = write_one(&data_path, b"", Coding::Zlib, voxels)?;
    let name = data_path.file_name().unwrap_or_default().to_string_lossy();
    let (head, _) = write_one(path, header(image, &name, bytes).as_bytes(), Coding::Plain, |_| Ok(()))?;
    commit(path, [data, head])
}

fn size_text(bytes: u64) -> String {
    format!("{bytes:0SIZE_DIGITS$}")
}

fn header(image: &Image, data_file: &str, compressed: u64) -> String {
    let rows = lps_rows(image.geometry);
    let spacing = image.geometry.spacing_mm();
    let axis = |c: usize| (0..3).map(move |r| rows[r][c] / spacing[c]);
    let words = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v.to_string()).collect::<Vec<_>>().join(" ");
    let [nx, ny, nz] = image.geometry.size();
    let mut comments = String::new();
    for comment in image.comments.iter().filter(|text| text.len() <= MAX_VALUE).take(1) {
        comments = format!("{COMMENT_FIELD} = {}\n", comment.replace(char::is_control, " "));
    }
    format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = True\n\
         {SIZE_FIELD}{}\nTransformMatrix = {}\nOffset = {}\nCenterOfRotation = 0 0 0\nElementSpacing = {}\n\
         DimSize = {nx} {ny} {nz}\n{comments}ElementType = {}\nElementDataFile = {data_file}\n",
        size_text(compressed),
        words(&mut (0..3).flat_map(axis)),
        words(&mut (0..3).map(|r| rows[r][3])),
        words(&mut spacing.into_iter()),
        type_name(image.datatype),
    )
}
