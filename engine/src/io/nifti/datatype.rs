//! NIfTI's datatype codes, and how one stored number becomes a value.

use crate::io::Problem;

/// The datatypes with one real number per voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Datatype {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Datatype {
    /// The datatype of a NIfTI code.
    pub fn from_code(code: i16) -> Result<Self, Problem> {
        let name = match code {
            2 => return Ok(Self::U8),
            4 => return Ok(Self::I16),
            8 => return Ok(Self::I32),
            16 => return Ok(Self::F32),
            64 => return Ok(Self::F64),
            256 => return Ok(Self::I8),
            512 => return Ok(Self::U16),
            768 => return Ok(Self::U32),
            1024 => return Ok(Self::I64),
            1280 => return Ok(Self::U64),
            0 => "unknown",
            1 => "binary (1-bit)",
            32 => "complex64",
            128 => "RGB24 colour",
            1536 => "float128",
            1792 => "complex128",
            2048 => "complex256",
            2304 => "RGBA32 colour",
            _ => "unlisted",
        };
        Err(Problem::Datatype { code, name })
    }

    /// NIfTI's code.
    pub fn code(self) -> i16 {
        match self {
            Self::U8 => 2,
            Self::I16 => 4,
            Self::I32 => 8,
            Self::F32 => 16,
            Self::F64 => 64,
            Self::I8 => 256,
            Self::U16 => 512,
            Self::U32 => 768,
            Self::I64 => 1024,
            Self::U64 => 1280,
        }
    }

    /// Bytes per voxel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Name for people, e.g. `int16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// A number as it is stored, in either byte order.
pub(super) trait Stored: Copy + Sized {
    /// Whether every value is an `i16`.
    const FITS_I16: bool;
    /// Appends `f(number)` for each number of a run; a rest shorter than one number is left out.
    fn convert<U>(bytes: &[u8], big_endian: bool, out: &mut Vec<U>, f: impl Fn(Self) -> U);
    /// Which number of a run is the first that `f` holds for.
    fn position(bytes: &[u8], big_endian: bool, f: impl Fn(Self) -> bool) -> Option<usize>;
    /// The same number as `i16`, if it is one. Never for floating point: 3.0 stays a float.
    fn to_i16(self) -> Option<i16>;
    /// The number as f64 (64-bit integers are rounded).
    fn to_f64(self) -> f64;
    /// The number as f32 (rounded once).
    fn to_f32(self) -> f32;
    /// The number as a label, if it is a whole number from 0 to 65535.
    fn to_label(self) -> Option<u16>;
}

macro_rules! stored {
    ($type:ty, $fits:expr, $to_i16:expr, $to_label:expr) => {
        impl Stored for $type {
            const FITS_I16: bool = $fits;

            // The byte order is decided once per run, so that each loop can be vectorised.
            fn convert<U>(bytes: &[u8], big_endian: bool, out: &mut Vec<U>, f: impl Fn(Self) -> U) {
                let raw = bytes.as_chunks().0.iter();
                if big_endian {
                    out.extend(raw.map(|b| f(<$type>::from_be_bytes(*b))));
                } else {
                    out.extend(raw.map(|b| f(<$type>::from_le_bytes(*b))));
                }
            }

            fn position(bytes: &[u8], big_endian: bool, f: impl Fn(Self) -> bool) -> Option<usize> {
                let mut raw = bytes.as_chunks().0.iter();
                if big_endian {
                    raw.position(|b| f(<$type>::from_be_bytes(*b)))
                } else {
                    raw.position(|b| f(<$type>::from_le_bytes(*b)))
                }
            }

            fn to_i16(self) -> Option<i16> {
                ($to_i16)(self)
            }

            fn to_f64(self) -> f64 {
                self as f64
            }

            fn to_f32(self) -> f32 {
                self as f32
            }

            fn to_label(self) -> Option<u16> {
                ($to_label)(self)
            }
        }
    };
}

macro_rules! stored_integers {
    ($($type:ty: $fits:expr),*) => {
        $(stored!($type, $fits, |v: $type| i16::try_from(v).ok(), |v: $type| u16::try_from(v).ok());)*
    };
}

stored_integers!(u8: true, i8: true, i16: true, u16: false, u32: false, i32: false, u64: false, i64: false);
stored!(f32, false, |_| None, |v: f32| whole(f64::from(v)));
stored!(f64, false, |_| None, whole);

/// A float as a label number, if it is one.
pub(super) fn whole(value: f64) -> Option<u16> {
    let inside = (0.0..=65535.0).contains(&value);
    (inside && value.fract() == 0.0).then_some(value as u16)
}

/// Runs `$body` with `$t` standing for the Rust type of a [`Datatype`].
macro_rules! with_stored_type {
    ($datatype:expr, $t:ident => $body:expr) => {
        match $datatype {
            $crate::io::nifti::Datatype::U8 => {
                type $t = u8;
                $body
            }
            $crate::io::nifti::Datatype::I8 => {
                type $t = i8;
                $body
            }
            $crate::io::nifti::Datatype::U16 => {
                type $t = u16;
                $body
            }
            $crate::io::nifti::Datatype::I16 => {
                type $t = i16;
                $body
            }
            $crate::io::nifti::Datatype::U32 => {
                type $t = u32;
                $body
            }
            $crate::io::nifti::Datatype::I32 => {
                type $t = i32;
                $body
            }
            $crate::io::nifti::Datatype::U64 => {
                type $t = u64;
                $body
            }
            $crate::io::nifti::Datatype::I64 => {
                type $t = i64;
                $body
            }
            $crate::io::nifti::Datatype::F32 => {
                type $t = f32;
                $body
            }
            $crate::io::nifti::Datatype::F64 => {
                type $t = f64;
                $body
            }
        }
    };
}
pub(super) use with_stored_type;
