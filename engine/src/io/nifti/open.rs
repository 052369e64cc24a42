//! Opens a NIfTI file as far as its voxels, with everything checked that the header says.

use super::affine::{Placement, placement};
use super::datatype::Datatype;
use super::extension::Extensions;
use super::files::{Located, locate};
use super::header::{Header, INTENT_LABEL, Version};
use super::samples::Scale;
use super::stream::ByteSource;
use crate::geometry::Geometry;
use crate::io::{IoError, LabelDescription, Problem, SourceInfo};
use std::path::Path;

/// Longest text between header and voxels that is read; beyond it extensions are skipped.
const MAX_EXTENSION_BYTES: u64 = 16 * 1024 * 1024;

/// A file whose header is read and sound; the voxels are not read yet.
pub(crate) struct Opened {
    pub datatype: Datatype,
    pub big_endian: bool,
    pub scale: Scale,
    /// Whether the header declares label numbers.
    pub labels: bool,
    pub geometry: Geometry,
    pub source: SourceInfo,
    pub warnings: Vec<String>,
    /// Names and colours of labels, where the file tells them.
    pub descriptions: Vec<LabelDescription>,
    pub stream: ByteSource,
    /// First byte of the voxels in the stream.
    pub data_offset: u64,
}

impl Opened {
    /// Opens `path` (for a pair, either half).
    pub fn open(path: &Path) -> Result<Self, IoError> {
        if path.is_dir() {
            return Err(IoError::new(path, Problem::Folder));
        }
        let files = locate(path)?;
        Self::open_located(path, &files).map_err(|problem| IoError::new(path, problem))
    }

    fn open_located(path: &Path, files: &Located) -> Result<Self, Problem> {
        let mut stream = ByteSource::open(&files.header)?;
        let mut bytes = stream.take_up_to(Version::One.header_bytes())?;
        if bytes.len() < 4 {
            return Err(Problem::HeaderTooShort { expected: Version::One.header_bytes(), found: bytes.len() });
        }
        if Header::parse(&bytes).is_err_and(|p| matches!(p, Problem::HeaderTooShort { .. })) {
            let more = Version::Two.header_bytes().saturating_sub(bytes.len());
            bytes.extend(stream.take_up_to(more)?);
        }
        let header = Header::parse(&bytes)?;
        let mut warnings = header.warnings.clone();
        let pair = files.image.is_some();
        if header.single == pair {
            let (magic, found) = if pair { ("a single file", "pair") } else { ("a .hdr/.img pair", "single file") };
            warnings.push(format!("the magic says {magic}; it is read as the {found} that its name says"));
        }
        let datatype = Datatype::from_code(header.datatype)?;
        if i64::from(header.bitpix) != datatype.bytes() as i64 * 8 {
            let (found, expected) = (header.bitpix, datatype.bytes() * 8);
            warnings
                .push(format!("bitpix is {found}, expected {expected} for {}; the datatype is used", datatype.name()));
        }
        let (size, frames) = grid(&header)?;
        let data_offset = data_offset(&header, pair)?;
        let scale = Scale::of(&header)?;
        let Placement { rows, form, code, warnings: placing } = placement(&header, size)?;
        warnings.extend(placing);
        let geometry =
            Geometry::from_affine_rows(size, rows).map_err(|error| Problem::Geometry { form, error: error.into() })?;
        warnings.extend(unit_warning(&header));
        warnings.extend(angle_warnings(&geometry));

        let mut extensions = read_extensions(&mut stream, &header, pair, data_offset)?;
        warnings.append(&mut extensions.warnings);
        if let Some(image) = &files.image {
            stream = ByteSource::open(image)?;
        }
        let total = frame_bytes(size, datatype).and_then(|n| n.checked_mul(frames as u64));
        let end = total.and_then(|n| n.checked_add(data_offset));
        stream.check_holds(data_offset, end.ok_or_else(|| overflow(&header))?)?;

        let image = files.image.clone().unwrap_or_else(|| files.header.clone());
        let source = SourceInfo {
            file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            data_paths: vec![image],
            format: format_name(&header, pair, stream.is_gzip()),
            datatype: datatype.name().into(),
            slope: scale.slope,
            intercept: scale.intercept,
            frames,
            affine_from: if code > 0 { format!("{form}, code {code}") } else { "pixdim, centred".into() },
            descrip: header.descrip.clone(),
            comments: extensions.comments,
            extensions: extensions.listed,
        };
        let big_endian = header.big_endian;
        let labels = header.intent_code == INTENT_LABEL;
        let descriptions = Vec::new();
        Ok(Self { datatype, big_endian, scale, labels, geometry, source, warnings, descriptions, stream, data_offset })
    }

    /// Bytes of one volume.
    pub fn frame_bytes(&self) -> u64 {
        // Checked when the file was opened.
        frame_bytes(self.geometry.size(), self.datatype).unwrap_or(u64::MAX)
    }

    /// The volume to read: the one asked for, or the first, with a warning when there are others.
    pub fn choose_frame(&mut self, asked: Option<usize>) -> Result<usize, Problem> {
        let frames = self.source.frames;
        match asked {
            Some(frame) if frame < frames => Ok(frame),
            Some(asked) => Err(Problem::Frame { asked, frames }),
            None => {
                if frames > 1 {
                    self.warnings.push(format!(
                        "the file holds {frames} volumes, numbered 0 to {}; volume 0 is used",
                        frames - 1
                    ));
                }
                Ok(0)
            }
        }
    }

    /// Hands the bytes of one volume to `consume`, in pieces that cut no number.
    pub fn read_frame(
        mut self,
        frame: usize,
        consume: impl FnMut(&[u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let bytes = self.frame_bytes();
        self.stream.skip_to(self.data_offset + frame as u64 * bytes)?;
        let declared_end = self.data_offset + self.source.frames as u64 * bytes;
        self.stream.for_each_chunk(bytes, declared_end, consume)
    }
}

fn overflow(header: &Header) -> Problem {
    Problem::Overflow { dims: header.dim[1..].to_vec() }
}

/// Bytes of one volume, if they can be counted.
fn frame_bytes(size: [usize; 3], datatype: Datatype) -> Option<u64> {
    size.iter().try_fold(datatype.bytes() as u64, |product, &n| product.checked_mul(n as u64))
}

/// Size of the grid, and the number of volumes (dimensions 4 to 7 multiplied).
fn grid(header: &Header) -> Result<([usize; 3], usize), Problem> {
    let count = header.dim[0];
    let declared = usize::try_from(count).ok().filter(|n| (1..=7).contains(n));
    let declared = declared.ok_or(Problem::DimensionCount { found: count })?;
    let mut dims = [1_usize; 7];
    for index in 1..=declared {
        let found = header.dim[index];
        let size = usize::try_from(found).ok().filter(|&n| n > 0);
        dims[index - 1] = size.ok_or(Problem::Dimension { index, found })?;
    }
    let product = |dims: &[usize]| dims.iter().try_fold(1_usize, |p, &n| p.checked_mul(n));
    let voxels = product(&dims[..3]).filter(|&n| n <= isize::MAX as usize / 8);
    let frames = product(&dims[3..]);
    match (voxels, frames) {
        (Some(_), Some(frames)) => Ok(([dims[0], dims[1], dims[2]], frames)),
        _ => Err(overflow(header)),
    }
}

/// Where the voxels start.
fn data_offset(header: &Header, pair: bool) -> Result<u64, Problem> {
    let found = header.vox_offset;
    let least = if pair { 0 } else { header.version.single_file_offset() as u64 };
    if found == 0.0 {
        return Ok(least);
    }
    let expected = format!("a whole number of at least {least}");
    if !(found >= least as f64 && found <= 2f64.powi(62) && found.fract() == 0.0) {
        return Err(Problem::Offset { found, expected });
    }
    Ok(found as u64)
}

/// Reads what stands between header and voxels, if it is not unreasonably long.
fn read_extensions(
    stream: &mut ByteSource,
    header: &Header,
    pair: bool,
    data_offset: u64,
) -> Result<Extensions, Problem> {
    let start = header.version.header_bytes() as u64;
    let room = if pair { MAX_EXTENSION_BYTES } else { data_offset.saturating_sub(start).min(MAX_EXTENSION_BYTES) };
    let mut bytes = Vec::new();
    // In pieces, so that a wrong offset costs no more memory than the file has bytes.
    while (bytes.len() as u64) < room {
        let want = (room - bytes.len() as u64).min(64 * 1024) as usize;
        let piece = stream.take_up_to(want)?;
        bytes.extend_from_slice(&piece);
        if piece.len() < want {
            break;
        }
    }
    Ok(Extensions::parse(&bytes, header.big_endian))
}

/// nibabel takes every affine as mm; ITK does not. Files in other units are rare enough to say so.
fn unit_warning(header: &Header) -> Option<String> {
    let unit = match header.xyzt_units & 7 {
        1 => "metres",
        3 => "micrometres",
        _ => return None,
    };
    Some(format!("the header gives lengths in {unit}; they are taken as mm, as nibabel does"))
}

/// Angles that other programs refuse or ignore.
pub(crate) fn angle_warnings(geometry: &Geometry) -> Vec<String> {
    let mut warnings = Vec::new();
    let (shear, oblique) = (geometry.shear_degrees(), geometry.oblique_degrees());
    if shear > 0.01 {
        warnings.push(format!(
            "the affine is sheared: its axes are {shear:.2} degrees off a right angle (gantry tilt?); it is kept as it is"
        ));
    }
    if oblique > 0.01 && shear <= 0.01 {
        warnings.push(format!("the grid is oblique: {oblique:.2} degrees off the patient's axes"));
    }
    warnings
}

fn format_name(header: &Header, pair: bool, gzip: bool) -> String {
    let version = match header.version {
        Version::One => "NIfTI-1",
        Version::Two => "NIfTI-2",
    };
    let layout = if pair { ".hdr/.img pair" } else { "single file" };
    let order = if header.big_endian { "big endian" } else { "little endian" };
    let gzip = if gzip { ", gzip" } else { "" };
    format!("{version} {layout}, {order}{gzip}")
}
