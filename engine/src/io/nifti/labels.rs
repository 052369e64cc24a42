//! From stored bytes to label numbers, exactly: no float between them for integers without scaling.

use super::datatype::{Datatype, Stored, whole, with_stored_type};
use super::samples::{Scale, reserved};
use crate::io::Problem;

/// Takes bytes piece by piece.
pub(crate) struct LabelSink {
    datatype: Datatype,
    big_endian: bool,
    scale: Scale,
    size: [usize; 3],
    labels: Vec<u16>,
}

impl LabelSink {
    /// Room for a label per voxel.
    ///
    /// # Errors
    /// No memory for them.
    pub fn new(datatype: Datatype, big_endian: bool, scale: Scale, size: [usize; 3]) -> Result<Self, Problem> {
        let labels = reserved(size.iter().product())?;
        Ok(Self { datatype, big_endian, scale, size, labels })
    }

    /// Takes the next piece; it must not cut a number.
    ///
    /// # Errors
    /// A value that is no label, with its voxel.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        with_stored_type!(self.datatype, T => self.push_as::<T>(bytes))
    }

    fn push_as<T: Stored>(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let Scale { slope, intercept } = self.scale;
        let identity = self.scale.is_identity();
        let label = |v: T| if identity { v.to_label() } else { whole(v.to_f64() * slope + intercept) };
        if let Some(at) = T::position(bytes, self.big_endian, |v| label(v).is_none()) {
            let index = self.labels.len() + at;
            let [nx, ny, _] = self.size;
            let mut value = Vec::new();
            let one = bytes.get(at * self.datatype.bytes()..).unwrap_or_default();
            let one = &one[..one.len().min(self.datatype.bytes())];
            T::convert(one, self.big_endian, &mut value, |v| v.to_f64() * slope + intercept);
            return Err(Problem::NotALabel {
                voxel: [index % nx, index / nx % ny, index / nx / ny],
                value: value.first().copied().unwrap_or(f64::NAN),
            });
        }
        T::convert(bytes, self.big_endian, &mut self.labels, |v| label(v).unwrap_or(0));
        Ok(())
    }

    /// The labels, x fastest.
    pub fn finish(self) -> Vec<u16> {
        self.labels
    }
}
