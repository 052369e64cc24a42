//! Opens an NRRD file as far as its voxels.

use super::header::Header;
use super::place::{Placed, place};
use super::segments;
use super::{COMMENT_KEY, NRRD};
use crate::io::header_text::{data_file, shortened, skip_lines};
use crate::io::nifti::{ByteSource, Coding, Datatype, Opened, Scale, angle_warnings};
use crate::io::{Problem, SourceInfo};
use std::path::{Path, PathBuf};

/// Opens `path`; for a detached header this is the header.
pub(in crate::io) fn open(path: &Path) -> Result<Opened, Problem> {
    let header = Header::read(path)?;
    let datatype = header.datatype()?;
    let Placed { geometry, from, mut warnings } = place(&header)?;
    let coding = coding(&header, datatype)?;
    let big_endian = match header.get("endian") {
        Some(text) if text.eq_ignore_ascii_case("big") => !matches!(coding, Coding::Text(_)),
        Some(text) if text.eq_ignore_ascii_case("little") => false,
        None if datatype.bytes() == 1 || matches!(coding, Coding::Text(_)) => false,
        None => return Err(Problem::MissingField { format: NRRD, field: "endian" }),
        Some(_) => return Err(header.bad("endian", "little or big")),
    };
    let (data_path, start) = data_place(path, &header)?;
    let bytes = geometry.len() as u64 * datatype.bytes() as u64;
    let (stream, data_offset) = stream(&header, &data_path, start, coding, bytes)?;
    stream.check_holds(data_offset, data_offset.saturating_add(bytes))?;
    warnings.extend(angle_warnings(&geometry));
    let descriptions = segments::read(&header, &mut warnings);
    let order = if big_endian { "big endian" } else { "little endian" };
    let layout = if data_path == path { "single file" } else { "header with voxels beside it" };
    let how = match coding {
        Coding::Plain => "raw",
        Coding::Text(_) => "text",
        Coding::Gzip | Coding::Zlib => "gzip",
    };
    let source = SourceInfo {
        file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        data_paths: vec![data_path],
        format: format!("NRRD {layout}, {order}, {how}"),
        datatype: datatype.name().into(),
        slope: 1.0,
        intercept: 0.0,
        frames: 1,
        affine_from: from,
        descrip: String::new(),
        comments: header.pairs.iter().filter(|(key, _)| key == COMMENT_KEY).map(|(_, v)| v.clone()).collect(),
        extensions: Vec::new(),
    };
    let scale = Scale { slope: 1.0, intercept: 0.0 };
    let labels = !descriptions.is_empty();
    Ok(Opened { datatype, big_endian, scale, labels, geometry, source, warnings, descriptions, stream, data_offset })
}

fn coding(header: &Header, datatype: Datatype) -> Result<Coding, Problem> {
    match header.required("encoding")?.to_ascii_lowercase().as_str() {
        "raw" => Ok(Coding::Plain),
        "gzip" | "gz" => Ok(Coding::Gzip),
        "ascii" | "text" | "txt" => Ok(Coding::Text(datatype)),
        _ => Err(header.bad("encoding", "raw, gzip or ascii: save it again in one of them")),
    }
}

/// The file with the voxels, and the byte at which they (or lines to skip) start.
fn data_place(path: &Path, header: &Header) -> Result<(PathBuf, u64), Problem> {
    let Some(name) = header.get("data file") else { return Ok((path.into(), header.end)) };
    if name.starts_with("LIST") || name.contains('%') {
        return Err(Problem::Unsupported(format!(
            "has its voxels in several files (data file: {}); Zeroset reads one: save the volume again as .nrrd",
            shortened(name)
        )));
    }
    Ok((data_file(path, name)?, 0))
}

/// Opens the voxels, with lines and bytes skipped as the header asks.
fn stream(header: &Header, path: &Path, start: u64, coding: Coding, bytes: u64) -> Result<(ByteSource, u64), Problem> {
    let lines = match header.get("line skip") {
        Some(text) => text.parse().map_err(|_| header.bad("line skip", "a whole number of at least 0"))?,
        None => 0_usize,
    };
    let start = if lines > 0 { skip_lines(path, start, lines)? } else { start };
    let expected = "a whole number of at least 0, or -1 with raw encoding";
    let skip: i64 = match header.get("byte skip") {
        Some(text) => text.parse().map_err(|_| header.bad("byte skip", expected))?,
        None => 0,
    };
    let first = if coding == Coding::Plain { start } else { 0 };
    let offset = match u64::try_from(skip) {
        Ok(0) => first,
        Ok(skip) if !matches!(coding, Coding::Text(_)) => first.saturating_add(skip),
        Err(_) if skip == -1 && coding == Coding::Plain => {
            let length = std::fs::metadata(path).map_err(Problem::Read)?.len();
            length.checked_sub(bytes).ok_or(Problem::Truncated { expected: bytes, found: length })?
        }
        _ => return Err(header.bad("byte skip", expected)),
    };
    Ok((ByteSource::open_at(path, start, coding)?, offset))
}
