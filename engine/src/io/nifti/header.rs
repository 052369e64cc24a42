//! The two headers, NIfTI-1 (348 bytes) and NIfTI-2 (540 bytes), read into one struct.

use crate::io::Problem;

/// NIfTI's intent code for label numbers.
pub(super) const INTENT_LABEL: i32 = 1002;

/// Which of the two layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 348 bytes, f32 and i16 fields.
    One,
    /// 540 bytes, f64 and i64 fields.
    Two,
}

impl Version {
    /// Bytes of the header, without the four that announce extensions.
    pub fn header_bytes(self) -> usize {
        match self {
            Self::One => 348,
            Self::Two => 540,
        }
    }

    /// First byte at which voxels or extensions may stand in a single file.
    pub fn single_file_offset(self) -> usize {
        self.header_bytes() + 4
    }
}

/// The fields that Zeroset uses, widened to the larger of the two layouts.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub version: Version,
    pub big_endian: bool,
    /// Magic of a single file (`n+1`, `n+2`) rather than of a pair.
    pub single: bool,
    /// dim[0] is the number of dimensions.
    pub dim: [i64; 8],
    pub datatype: i16,
    pub bitpix: i16,
    /// pixdim[0] is qfac.
    pub pixdim: [f64; 8],
    pub vox_offset: f64,
    pub scl_slope: f64,
    pub scl_inter: f64,
    pub xyzt_units: i32,
    pub descrip: String,
    pub qform_code: i32,
    pub sform_code: i32,
    /// Quaternion b, c, d; then the offset in mm.
    pub quatern: [f64; 3],
    pub qoffset: [f64; 3],
    pub srow: [[f64; 4]; 3],
    pub intent_code: i32,
    /// What was odd but could be read.
    pub warnings: Vec<String>,
}

impl Header {
    /// Reads a header from the first bytes of a file (540 are enough; 348 for NIfTI-1).
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let (version, big_endian, mut warnings) = recognise(bytes)?;
        if bytes.len() < version.header_bytes() {
            return Err(Problem::HeaderTooShort { expected: version.header_bytes(), found: bytes.len() });
        }
        let fields = Fields { bytes, big_endian };
        let mut header = match version {
            Version::One => Self::from_one(fields)?,
            Version::Two => Self::from_two(fields, &mut warnings)?,
        };
        header.warnings = warnings;
        Ok(header)
    }

    fn from_one(f: Fields) -> Result<Self, Problem> {
        let single = match f.array::<4>(344) {
            [b'n', b'+', b'1', 0] => true,
            [b'n', b'i', b'1', 0] => false,
            other => return Err(bad_magic(&other, "n+1 or ni1")),
        };
        Ok(Self {
            version: Version::One,
            big_endian: f.big_endian,
            single,
            dim: std::array::from_fn(|i| i64::from(f.i16(40 + 2 * i))),
            intent_code: i32::from(f.i16(68)),
            datatype: f.i16(70),
            bitpix: f.i16(72),
            pixdim: std::array::from_fn(|i| f64::from(f.f32(76 + 4 * i))),
            vox_offset: f64::from(f.f32(108)),
            scl_slope: f64::from(f.f32(112)),
            scl_inter: f64::from(f.f32(116)),
            xyzt_units: i32::from(f.array::<1>(123)[0]),
            descrip: text(&f.array::<80>(148)),
            qform_code: i32::from(f.i16(252)),
            sform_code: i32::from(f.i16(254)),
            quatern: std::array::from_fn(|i| f64::from(f.f32(256 + 4 * i))),
            qoffset: std::array::from_fn(|i| f64::from(f.f32(268 + 4 * i))),
            srow: std::array::from_fn(|r| std::array::from_fn(|c| f64::from(f.f32(280 + 16 * r + 4 * c)))),
            warnings: Vec::new(),
        })
    }

    fn from_two(f: Fields, warnings: &mut Vec<String>) -> Result<Self, Problem> {
        let single = match f.array::<4>(4) {
            [b'n', b'+', b'2', 0] => true,
            [b'n', b'i', b'2', 0] => false,
            other => return Err(bad_magic(&other, "n+2 or ni2")),
        };
        match f.array::<4>(8) {
            [13, 10, 26, 10] => {}
            [0, 0, 0, 0] => warnings.push("the NIfTI-2 signature lacks its line-ending check".into()),
            found => return Err(Problem::LineEndings { found }),
        }
        Ok(Self {
            version: Version::Two,
            big_endian: f.big_endian,
            single,
            datatype: f.i16(12),
            bitpix: f.i16(14),
            dim: std::array::from_fn(|i| f.i64(16 + 8 * i)),
            pixdim: std::array::from_fn(|i| f.f64(104 + 8 * i)),
            vox_offset: f.i64(168) as f64,
            scl_slope: f.f64(176),
            scl_inter: f.f64(184),
            descrip: text(&f.array::<80>(240)),
            qform_code: f.i32(344),
            sform_code: f.i32(348),
            quatern: std::array::from_fn(|i| f.f64(352 + 8 * i)),
            qoffset: std::array::from_fn(|i| f.f64(376 + 8 * i)),
            srow: std::array::from_fn(|r| std::array::from_fn(|c| f.f64(400 + 32 * r + 8 * c))),
            xyzt_units: f.i32(500),
            intent_code: f.i32(504),
            warnings: Vec::new(),
        })
    }
}

/// Finds layout and byte order: by the header's size field, or by the magic when that field is wrong
/// (nibabel opens such files too).
fn recognise(bytes: &[u8]) -> Result<(Version, bool, Vec<String>), Problem> {
    let Some(&size) = bytes.first_chunk::<4>() else {
        return Err(Problem::HeaderTooShort { expected: 348, found: bytes.len() });
    };
    for version in [Version::One, Version::Two] {
        let expected = version.header_bytes() as i32;
        if i32::from_le_bytes(size) == expected {
            return Ok((version, false, Vec::new()));
        }
        if i32::from_be_bytes(size) == expected {
            return Ok((version, true, Vec::new()));
        }
    }
    let version = if matches!(bytes.get(344..348), Some(b"n+1\0" | b"ni1\0")) {
        Version::One
    } else if matches!(bytes.get(4..8), Some(b"n+2\0" | b"ni2\0")) {
        Version::Two
    } else {
        return Err(Problem::NotNifti { found: looks_like(bytes) });
    };
    let found = i32::from_le_bytes(size);
    let warning = format!("sizeof_hdr is {found}, expected {}; the magic says NIfTI", version.header_bytes());
    // The number of dimensions, 1 to 7, tells the byte order: its low byte comes first or last.
    let high_byte_of_dim0 = match version {
        Version::One => bytes.get(41),
        Version::Two => bytes.get(23),
    };
    let big_endian = high_byte_of_dim0.is_some_and(|&b| b != 0);
    Ok((version, big_endian, vec![warning]))
}

/// What other kinds of file start with, for the message.
fn looks_like(bytes: &[u8]) -> String {
    let known: [(usize, &[u8], &str); 9] = [
        (128, b"DICM", "it is a DICOM file"),
        (0, b"NRRD", "it is an NRRD file"),
        (0, b"ObjectType", "it is a MetaImage file"),
        (0, b"NDims", "it is a MetaImage file"),
        (0, b"\x89PNG", "it is a PNG image"),
        (0, b"\xff\xd8\xff", "it is a JPEG image"),
        (0, b"PK\x03\x04", "it is a zip archive"),
        (0, b"BZh", "it is a bzip2 file"),
        (0, b"\x89HDF", "it is an HDF5 or MINC file"),
    ];
    for (at, magic, name) in known {
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            return name.into();
        }
    }
    let start = bytes.get(..4).unwrap_or(bytes);
    format!("it starts with the bytes {start:02x?}, where NIfTI has its header size 348 or 540")
}

fn bad_magic(found: &[u8], expected: &'static str) -> Problem {
    Problem::Magic { found: format!("{:?}", String::from_utf8_lossy(found)), expected }
}

/// Text up to its first NUL, with control characters replaced.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Numbers at fixed offsets. The offsets are the standard's, the length has been checked.
#[derive(Clone, Copy)]
struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

macro_rules! number {
    ($name:ident) => {
        fn $name(self, at: usize) -> $name {
            let raw = self.array(at);
            if self.big_endian { $name::from_be_bytes(raw) } else { $name::from_le_bytes(raw) }
        }
    };
}

impl Fields<'_> {
    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
    }

    number!(i16);
    number!(i32);
    number!(i64);
    number!(f32);
    number!(f64);
}
