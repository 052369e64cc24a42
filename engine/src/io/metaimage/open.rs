//! Opens a MetaImage as far as its voxels.

use super::header::Header;
use super::{COMMENT_FIELD, META_IMAGE};
use crate::geometry::Geometry;
use crate::io::header_text::{LPS, data_file, grid_size, shortened, turned};
use crate::io::nifti::{ByteSource, Coding, Opened, Scale, angle_warnings};
use crate::io::{Problem, SourceInfo};
use std::path::{Path, PathBuf};

/// Opens `path`; of `.mhd` with its voxels beside it this is the `.mhd`.
pub(in crate::io) fn open(path: &Path) -> Result<Opened, Problem> {
    let header = Header::read(path)?;
    check_kind(&header)?;
    let datatype = header.datatype()?;
    let mut warnings = Vec::new();
    let geometry = place(&header, &mut warnings)?;
    let binary = header.flag("BinaryData", true)?;
    let coding = match (header.flag("CompressedData", false)?, binary) {
        (true, _) => Coding::Zlib,
        (false, true) => Coding::Plain,
        (false, false) => Coding::Text(datatype),
    };
    let order = header.any(&["BinaryDataByteOrderMSB", "ElementByteOrderMSB"]);
    let big_endian = order.map_or(Ok(false), |field| header.flag(field, false))? && !matches!(coding, Coding::Text(_));
    let (data_path, start) = data_place(path, &header)?;
    let bytes = geometry.len() as u64 * datatype.bytes() as u64;
    let start = skipped(&header, &data_path, start, coding, bytes)?;
    let stream = ByteSource::open_at(&data_path, start, coding)?;
    let data_offset = if coding == Coding::Plain { start } else { 0 };
    stream.check_holds(data_offset, data_offset.saturating_add(bytes))?;
    warnings.extend(angle_warnings(&geometry));
    let layout = if data_path == path { "single file" } else { "header with voxels beside it" };
    let order = if big_endian { "big endian" } else { "little endian" };
    let how = match coding {
        Coding::Plain => "",
        Coding::Text(_) => ", text",
        Coding::Gzip | Coding::Zlib => ", zlib",
    };
    let scale = scale(&header, &mut warnings)?;
    let source = SourceInfo {
        file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        data_paths: vec![data_path],
        format: format!("MetaImage {layout}, {order}{how}"),
        datatype: datatype.name().into(),
        slope: scale.slope,
        intercept: scale.intercept,
        frames: 1,
        affine_from: "TransformMatrix, Offset, ElementSpacing".into(),
        descrip: String::new(),
        comments: header.get(COMMENT_FIELD).map(str::to_owned).into_iter().collect(),
        extensions: Vec::new(),
    };
    let (labels, descriptions) = (false, Vec::new());
    Ok(Opened { datatype, big_endian, scale, labels, geometry, source, warnings, descriptions, stream, data_offset })
}

/// An image of three axes and one number per voxel.
fn check_kind(header: &Header) -> Result<(), Problem> {
    if header.get("ObjectType").is_some_and(|kind| !kind.eq_ignore_ascii_case("Image")) {
        return Err(header.bad("ObjectType", "Image: Zeroset reads images, no other objects"));
    }
    if header.required("NDims")? != "3" {
        return Err(header.bad("NDims", "3: save one volume on its own"));
    }
    match header.get("ElementNumberOfChannels") {
        None | Some("1") => Ok(()),
        Some(_) => Err(header.bad("ElementNumberOfChannels", "1: save one channel on its own")),
    }
}

fn place(header: &Header, warnings: &mut Vec<String>) -> Result<Geometry, Problem> {
    let sizes = header.required("DimSize")?.split_whitespace().map(str::parse::<i64>);
    let sizes: Vec<i64> = sizes.collect::<Result<_, _>>().map_err(|_| header.bad("DimSize", "3 whole numbers"))?;
    if sizes.len() != 3 {
        return Err(header.bad("DimSize", "3 whole numbers"));
    }
    let size = grid_size(&sizes)?;
    let spacing = match header.any(&["ElementSpacing", "ElementSize"]) {
        Some(field) => {
            let found: [f64; 3] = header.numbers(field)?;
            if !found.iter().all(|&v| v > 0.0) {
                return Err(header.bad(field, "3 distances above 0, in mm"));
            }
            found
        }
        None => {
            warnings.push("the header gives no distance between voxels (ElementSpacing): 1 mm is assumed".into());
            [1.0; 3]
        }
    };
    let axes = match header.any(&["TransformMatrix", "Rotation", "Orientation"]) {
        Some(field) => header.numbers(field)?,
        None => {
            warnings.push(
                "the header does not say how the volume lies (TransformMatrix): left and right are assumed (x towards \
                 the patient's left, y to the back), as ITK does"
                    .into(),
            );
            [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        }
    };
    let origin = match header.any(&["Offset", "Position", "Origin"]) {
        Some(field) => header.numbers(field)?,
        None => {
            warnings.push("the header has no Offset: the first voxel is put at (0, 0, 0)".into());
            [0.0; 3]
        }
    };
    if let Some(unit) = header.get("DistanceUnits").filter(|unit| !matches!(*unit, "mm" | "?" | "")) {
        warnings.push(format!("the header gives lengths in \"{}\"; they are taken as mm", shortened(unit)));
    }
    // Three numbers after each other are one voxel axis.
    let rows =
        std::array::from_fn(|r| std::array::from_fn(|c| if c == 3 { origin[r] } else { axes[3 * c + r] * spacing[c] }));
    Geometry::from_affine_rows(size, turned(rows, LPS))
        .map_err(|error| Problem::Geometry { form: "TransformMatrix", error: error.into() })
}

/// The file with the voxels, and the byte at which they start.
fn data_place(path: &Path, header: &Header) -> Result<(PathBuf, u64), Problem> {
    let name = header.required("ElementDataFile")?;
    if name.eq_ignore_ascii_case("LOCAL") {
        return Ok((path.into(), header.end));
    }
    if name.starts_with("LIST") || name.contains('%') {
        return Err(Problem::Unsupported(format!(
            "has its voxels in several files (ElementDataFile = {}); Zeroset reads one: save the volume again as .mha",
            shortened(name)
        )));
    }
    Ok((data_file(path, name)?, 0))
}

/// `HeaderSize`: bytes to skip; -1 means that the voxels end with the file.
fn skipped(header: &Header, path: &Path, start: u64, coding: Coding, bytes: u64) -> Result<u64, Problem> {
    let Some(text) = header.get("HeaderSize") else { return Ok(start) };
    let bad = || header.bad("HeaderSize", "a whole number of at least 0, or -1 without compression");
    match text.parse::<i64>().map_err(|_| bad())? {
        -1 if coding == Coding::Plain => {
            let length = std::fs::metadata(path).map_err(Problem::Read)?.len();
            length.checked_sub(bytes).ok_or(Problem::Truncated { expected: bytes, found: length })
        }
        skip => Ok(start.saturating_add(u64::try_from(skip).map_err(|_| bad())?)),
    }
}

/// The function from stored numbers to intensities, which other programs leave out.
fn scale(header: &Header, warnings: &mut Vec<String>) -> Result<Scale, Problem> {
    let number = |field, otherwise| match header.get(field) {
        Some(_) => header.numbers::<1>(field).map(|[v]| v),
        None => Ok(otherwise),
    };
    let slope = number("ElementToIntensityFunctionSlope", 1.0)?;
    let intercept = number("ElementToIntensityFunctionOffset", 0.0)?;
    if !(slope.is_finite() && intercept.is_finite()) || slope == 0.0 {
        return Err(Problem::Field {
            format: META_IMAGE,
            field: "ElementToIntensityFunctionSlope, …Offset",
            found: format!("{slope}, {intercept}"),
            expected: "a slope other than 0 and an offset".into(),
        });
    }
    let scale = Scale { slope, intercept };
    if !scale.is_identity() {
        warnings.push(format!(
            "intensities are {slope} times the stored numbers plus {intercept}, as the header says; programs that use \
             ITK show the stored numbers"
        ));
    }
    Ok(scale)
}
