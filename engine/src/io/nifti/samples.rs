//! From stored bytes to a volume's samples: scaled, in 16 bits where that loses nothing, and finite.

use super::datatype::{Datatype, Stored, with_stored_type};
use super::header::Header;
use crate::io::{NonFinite, Problem};
use crate::volume::Samples;

/// value = slope * stored + intercept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub slope: f64,
    pub intercept: f64,
}

impl Scale {
    /// The header's scaling; a slope of 0 or one that is no number means none (nifti1.h, nibabel).
    pub fn of(header: &Header) -> Result<Self, Problem> {
        let (slope, intercept) = (header.scl_slope, header.scl_inter);
        if slope == 0.0 || !slope.is_finite() {
            return Ok(Self { slope: 1.0, intercept: 0.0 });
        }
        if !intercept.is_finite() {
            return Err(Problem::Intercept { slope, intercept });
        }
        Ok(Self { slope, intercept })
    }

    /// Whether values are the stored numbers.
    pub fn is_identity(self) -> bool {
        self == Self { slope: 1.0, intercept: 0.0 }
    }

    fn apply(self, stored: f64) -> f32 {
        (stored * self.slope + self.intercept) as f32
    }
}

/// Takes bytes piece by piece. Integers are kept as `i16` until one does not fit: then everything
/// becomes f32.
pub(crate) struct SampleSink {
    datatype: Datatype,
    big_endian: bool,
    scale: Scale,
    voxels: usize,
    kept: Kept,
    /// Least and greatest finite value so far, of `i16` before scaling.
    least: f32,
    greatest: f32,
    non_finite: NonFinite,
}

enum Kept {
    I16(Vec<i16>),
    F32(Vec<f32>),
}

/// What came of the bytes.
pub(crate) struct Taken {
    pub samples: Samples,
    /// Least and greatest value.
    pub range: (f32, f32),
    /// Values that were no numbers, and have been replaced.
    pub non_finite: NonFinite,
}

impl SampleSink {
    /// Bytes that the samples will take.
    pub fn bytes_needed(datatype: Datatype, voxels: u64) -> u64 {
        let per_voxel = if datatype.bytes() == 1 || datatype == Datatype::I16 { 2 } else { 4 };
        voxels.saturating_mul(per_voxel)
    }

    /// Room for `voxels` numbers.
    ///
    /// # Errors
    /// No memory for them.
    pub fn new(datatype: Datatype, big_endian: bool, scale: Scale, voxels: usize) -> Result<Self, Problem> {
        let integer = !matches!(datatype, Datatype::F32 | Datatype::F64);
        // The 16-bit form scales in f32: a slope that f32 cannot hold needs the f64 path.
        let keeps = integer && (scale.slope as f32).is_normal() && (scale.intercept as f32).is_finite();
        let kept = if keeps { Kept::I16(reserved(voxels)?) } else { Kept::F32(reserved(voxels)?) };
        let (least, greatest) = (f32::INFINITY, f32::NEG_INFINITY);
        Ok(Self { datatype, big_endian, scale, voxels, kept, least, greatest, non_finite: NonFinite::default() })
    }

    /// Takes the next piece; it must not cut a number.
    ///
    /// # Errors
    /// No memory for the wider form.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        with_stored_type!(self.datatype, T => self.push_as::<T>(bytes))
    }

    fn push_as<T: Stored>(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let fits = T::FITS_I16 || T::position(bytes, self.big_endian, |v| v.to_i16().is_none()).is_none();
        if let Kept::I16(kept) = &mut self.kept {
            if fits {
                let start = kept.len();
                T::convert(bytes, self.big_endian, kept, |v| v.to_i16().unwrap_or(0));
                let (least, greatest) =
                    kept[start..].iter().fold((i16::MAX, i16::MIN), |(lo, hi), &v| (lo.min(v), hi.max(v)));
                if start < kept.len() {
                    self.least = self.least.min(f32::from(least));
                    self.greatest = self.greatest.max(f32::from(greatest));
                }
                return Ok(());
            }
            let scale = self.scale;
            let mut widened = reserved(self.voxels)?;
            widened.extend(kept.iter().map(|&v| scale.apply(f64::from(v))));
            // The range so far was that of the stored integers.
            (self.least, self.greatest) = (f32::INFINITY, f32::NEG_INFINITY);
            self.take_range(&widened);
            self.kept = Kept::F32(widened);
        }
        let Kept::F32(mut kept) = std::mem::replace(&mut self.kept, Kept::F32(Vec::new())) else { return Ok(()) };
        let (start, scale) = (kept.len(), self.scale);
        if scale.is_identity() {
            T::convert(bytes, self.big_endian, &mut kept, T::to_f32);
        } else {
            T::convert(bytes, self.big_endian, &mut kept, |v| scale.apply(v.to_f64()));
        }
        self.take_range(&kept[start..]);
        self.kept = Kept::F32(kept);
        Ok(())
    }

    fn take_range(&mut self, values: &[f32]) {
        // Branch-free over the whole piece; the rare piece with other values is counted afterwards.
        let (mut least, mut greatest, mut finite) = (f32::INFINITY, f32::NEG_INFINITY, true);
        for &v in values {
            finite &= v.is_finite();
            least = if v < least { v } else { least };
            greatest = if v > greatest { v } else { greatest };
        }
        if !finite {
            (least, greatest) = (f32::INFINITY, f32::NEG_INFINITY);
            for &v in values {
                if v.is_finite() {
                    (least, greatest) = (least.min(v), greatest.max(v));
                } else {
                    self.non_finite.count(v);
                }
            }
        }
        self.least = self.least.min(least);
        self.greatest = self.greatest.max(greatest);
    }

    /// The samples, with NaN and -inf replaced by the least finite value, +inf by the greatest.
    pub fn finish(self) -> Result<Taken, Problem> {
        let (least, greatest) = (self.least, self.greatest);
        match self.kept {
            Kept::I16(stored) => {
                let (slope, intercept) = (self.scale.slope as f32, self.scale.intercept as f32);
                let (a, b) = (least * slope + intercept, greatest * slope + intercept);
                if !(a.is_finite() && b.is_finite()) {
                    let Scale { slope, intercept } = self.scale;
                    return Err(Problem::ScaleOverflow { slope, intercept });
                }
                let samples = Samples::I16 { stored, slope, intercept };
                Ok(Taken { samples, range: (a.min(b), a.max(b)), non_finite: self.non_finite })
            }
            Kept::F32(mut values) => {
                if least > greatest {
                    return Err(Problem::NothingFinite { voxels: values.len() });
                }
                if self.non_finite.total() > 0 {
                    for v in values.iter_mut().filter(|v| !v.is_finite()) {
                        *v = if *v == f32::INFINITY { greatest } else { least };
                    }
                }
                Ok(Taken { samples: Samples::F32(values), range: (least, greatest), non_finite: self.non_finite })
            }
        }
    }
}

/// An empty vector with room, or an error without memory (instead of ending the program).
pub(super) fn reserved<T>(voxels: usize) -> Result<Vec<T>, Problem> {
    let mut room = Vec::new();
    room.try_reserve_exact(voxels)
        .map_err(|_| Problem::NoMemory { needed: voxels.saturating_mul(size_of::<T>()) as u64 })?;
    Ok(room)
}
