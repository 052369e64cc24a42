//! The stored numbers of a slice: decoded, cut out of their bits, and with their sign.

use super::codec;
use super::error::DicomProblem;
use super::file::{Opened, open_whole};
use super::fragments::Fragments;
use super::slice::Format;
use super::syntax::{self, Codec};
use std::path::Path;

/// A file with its pixels in memory.
pub(super) struct Pixels {
    opened: Opened,
    codec: Codec,
    /// Where the pixels start, and how many bytes they claim to have.
    start: usize,
    length: usize,
    fragments: Option<Fragments>,
}

impl Pixels {
    /// Opens a file whose pixels have this format.
    pub fn open(path: &Path, format: &Format) -> Result<Self, DicomProblem> {
        let codec = check(format)?;
        let opened = open_whole(path)?.ok_or(DicomProblem::Damaged)?;
        let element = opened.set().pixels.as_ref().ok_or(DicomProblem::Missing { what: "PixelData" })?;
        let (start, length, open) = (element.value.start, element.value.len(), element.undefined);
        if open != (codec != Codec::Native) {
            return Err(DicomProblem::Damaged);
        }
        let fragments = open.then(|| Fragments::read(opened.bytes(), start)).transpose()?;
        Ok(Self { opened, codec, start, length, fragments })
    }

    /// The stored bits of one frame, row by row.
    pub fn cells(&self, format: &Format, frame: usize) -> Result<Vec<u16>, DicomProblem> {
        match &self.fragments {
            None => self.native(format, frame),
            Some(fragments) => self.decoded(fragments, format, frame),
        }
    }

    fn native(&self, format: &Format, frame: usize) -> Result<Vec<u16>, DicomProblem> {
        let width = usize::from(format.bits_allocated / 8);
        let pixels = format.rows * format.columns;
        // In u64 and checked: all of these are claims of the file.
        let end = (pixels as u64 * width as u64).saturating_mul(frame as u64 + 1);
        let present = self.opened.bytes().len().saturating_sub(self.start).min(self.length);
        if end > present as u64 {
            return Err(DicomProblem::PixelsCut { expected: end, found: present as u64 });
        }
        let end = self.start + end as usize;
        let bytes = &self.opened.bytes()[end - pixels * width..end];
        let big_endian = self.opened.set().encoding.big_endian;
        Ok(match (width, big_endian) {
            (1, _) => bytes.iter().map(|&b| u16::from(b)).collect(),
            (_, false) => bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
            (_, true) => bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect(),
        })
    }

    fn decoded(&self, fragments: &Fragments, format: &Format, frame: usize) -> Result<Vec<u16>, DicomProblem> {
        let name = || syntax::name(&format.syntax).to_owned();
        let failed = |reason: String| DicomProblem::Codec { name: name(), reason };
        let data = fragments
            .frame(self.opened.bytes(), frame, format.frames)
            .ok_or_else(|| failed("which fragments make up a frame is not said".to_owned()))?;
        let pixels = format.rows * format.columns;
        if !codec::plausible(self.codec, data.len(), pixels) {
            let declared = 2 * pixels as u64;
            return Err(DicomProblem::ImpossibleRatio { declared, found: data.len() as u64, name: name() });
        }
        let cells = codec::decode(self.codec, &data, format).map_err(failed)?;
        if cells.len() != pixels {
            return Err(failed(format!("{} pixels came out", cells.len())));
        }
        Ok(cells)
    }
}

/// Whether pixels of this format are read here, and what decodes them.
pub(super) fn check(format: &Format) -> Result<Codec, DicomProblem> {
    let unknown = || DicomProblem::Syntax { name: syntax::name(&format.syntax).to_owned(), uid: format.syntax.clone() };
    if format.samples != 1 || !format.photometric.starts_with("MONOCHROME") {
        return Err(DicomProblem::Colour { found: format.photometric.clone(), samples: format.samples });
    }
    let Format { bits_allocated: allocated, bits_stored: stored, high_bit: high, .. } = *format;
    let fits = stored >= 1 && high < allocated && high + 1 >= stored;
    // Bytes swapped in pairs are written by too few programs to be sure of them.
    let swapped = allocated == 8 && format.syntax == syntax::BIG_ENDIAN;
    if !fits || swapped || !(allocated == 8 || allocated == 16) {
        return Err(DicomProblem::Bits { allocated, stored, high });
    }
    if format.rows == 0 || format.columns == 0 {
        return Err(DicomProblem::Missing { what: "Rows and Columns above 0" });
    }
    syntax::codec(&format.syntax).ok_or_else(unknown)
}

/// Cuts the stored number out of its bits; what stands beside it (old overlays) does not count.
pub(super) fn number(cell: u16, format: &Format) -> i32 {
    let (left, right) = (31 - u32::from(format.high_bit), 32 - u32::from(format.bits_stored));
    let up = u32::from(cell) << left;
    if format.signed { (up as i32) >> right } else { (up >> right) as i32 }
}
