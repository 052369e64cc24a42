//! What NRRD and MetaImage share: a header of text lines, voxels after it or in a file beside it.

use super::{Problem, nifti::Coding};
use crate::geometry::Geometry;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use super::IoError;
use super::atomic::AtomicFile;

/// Longest header that is read: real ones have a few thousand bytes.
const MAX_HEADER_BYTES: u64 = 4 * 1024 * 1024;
/// A good part of level 6's size for CT at a fraction of its time.
const LEVEL: u32 = 4;
/// Longest piece of a file's text in a message.
const SHOWN: usize = 60;

/// Lines of a header, and the byte after the last of them.
pub(super) struct Lines {
    pub lines: Vec<String>,
    pub end: u64,
}

/// Reads lines until one for which `last` holds (it is kept), or the end of the file.
pub(super) fn read_lines(path: &Path, last: impl Fn(&str) -> bool) -> Result<Lines, Problem> {
    let mut reader = BufReader::new(File::open(path).map_err(Problem::Read)?).take(MAX_HEADER_BYTES);
    let (mut lines, mut end) = (Vec::new(), 0);
    loop {
        let mut line = Vec::new();
        let n = reader.read_until(b'\n', &mut line).map_err(Problem::Read)?;
        if n == 0 {
            return Ok(Lines { lines, end });
        }
        end += n as u64;
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_string();
        let stop = last(&text);
        lines.push(text);
        if stop {
            return Ok(Lines { lines, end });
        }
    }
}

/// The byte after `count` lines from `offset` on.
pub(super) fn skip_lines(path: &Path, offset: u64, count: usize) -> Result<u64, Problem> {
    let mut file = File::open(path).map_err(Problem::Read)?;
    file.seek(SeekFrom::Start(offset)).map_err(Problem::Read)?;
    let mut reader = BufReader::new(file);
    let mut at = offset;
    for _ in 0..count {
        match reader.skip_until(b'\n').map_err(Problem::Read)? {
            0 => break,
            n => at += n as u64,
        }
    }
    Ok(at)
}

/// The file that a detached header names: beside it, or in a folder below.
pub(super) fn data_file(header: &Path, name: &str) -> Result<PathBuf, Problem> {
    let refuse = |problem: String| Problem::DataFile { found: shortened(name), problem };
    let inside = Path::new(name).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if name.is_empty() || !inside {
        return Err(refuse("is not in the header's folder".into()));
    }
    let path = header.parent().unwrap_or(Path::new("")).join(name);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => Ok(path),
        Ok(_) => Err(refuse("is no file".into())),
        Err(error) => Err(refuse(format!("cannot be read ({error})"))),
    }
}

/// A file's text in a message: short, and without characters that steer a terminal.
pub(super) fn shortened(text: &str) -> String {
    let cut = text.floor_char_boundary(SHOWN);
    let dots = if cut < text.len() { "…" } else { "" };
    format!("{}{dots}", text[..cut].escape_debug())
}

/// Exactly `N` numbers apart by white space.
pub(super) fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let found: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    found.try_into().ok()
}

/// The size of a grid of three axes; each at least 1, all together countable.
pub(super) fn grid_size(dims: &[i64]) -> Result<[usize; 3], Problem> {
    let mut size = [1_usize; 3];
    for (index, (&found, out)) in dims.iter().zip(&mut size).enumerate() {
        *out = usize::try_from(found).ok().filter(|&n| n > 0).ok_or(Problem::Dimension { index: index + 1, found })?;
    }
    let voxels = size.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    match voxels.filter(|&n| n <= isize::MAX as usize / 8) {
        Some(_) => Ok(size),
        None => Err(Problem::Overflow { dims: dims.to_vec() }),
    }
}

/// Rows of an affine with the first two turned: from LPS to RAS, or back.
pub(super) fn turned(rows: [[f64; 4]; 3], signs: [f64; 3]) -> [[f64; 4]; 3] {
    // Adding 0 makes -0 a plain 0.
    std::array::from_fn(|r| rows[r].map(|v| v * signs[r] + 0.0))
}

/// LPS to RAS and back.
pub(super) const LPS: [f64; 3] = [-1.0, -1.0, 1.0];

/// The affine rows of a grid in LPS mm.
pub(super) fn lps_rows(geometry: &Geometry) -> [[f64; 4]; 3] {
    turned(geometry.affine_rows(), LPS)
}

/// `stem` of `folder/stem.ending` with another ending: the file beside a detached header.
pub(super) fn beside(header: &Path, ending: &str) -> PathBuf {
    let mut name = header.with_extension("").into_os_string();
    name.push(ending);
    name.into()
}

/// Writes a file completely, but not yet in its place; returns it with the bytes that the voxels take in it.
pub(super) fn write_one(
    path: &Path,
    head: &[u8],
    coding: Coding,
    voxels: impl FnOnce(&mut dyn Write) -> Result<(), IoError>,
) -> Result<(AtomicFile, u64), IoError> {
    let failed = |e| IoError::new(path, Problem::Write(e));
    let mut file = AtomicFile::create(path).map_err(|problem| IoError::new(path, problem))?;
    let mut out = BufWriter::with_capacity(256 * 1024, file.file());
    out.write_all(head).map_err(failed)?;
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(&mut out, Compression::new(LEVEL));
            voxels(&mut encoder)?;
            encoder.finish().map_err(failed)?;
        }
        Coding::Zlib => {
            let mut encoder = ZlibEncoder::new(&mut out, Compression::new(LEVEL));
            voxels(&mut encoder)?;
            encoder.finish().map_err(failed)?;
        }
        Coding::Plain | Coding::Text(_) => voxels(&mut out)?,
    }
    out.flush().map_err(failed)?;
    let end = out.stream_position().map_err(failed)?;
    drop(out);
    Ok((file, end - head.len() as u64))
}

/// Puts written files in their places; the last one is the header, which never stands without its voxels.
pub(super) fn commit(path: &Path, files: impl IntoIterator<Item = AtomicFile>) -> Result<(), IoError> {
    files.into_iter().try_for_each(|file| file.commit().map_err(|problem| IoError::new(path, problem)))
}
