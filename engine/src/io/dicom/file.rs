//! A DICOM file as a data set: its header alone, or with its pixels.

use super::dataset::{DataSet, View};
use super::element::{Broken, Encoding, element};
use super::error::DicomProblem;
use super::syntax;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of a header that are read at first; four times as many each time that they do not suffice.
const FIRST_PIECE: usize = 32 * 1024;
/// Group 2 is never longer than a few hundred bytes.
const LONGEST_META: usize = 64 * 1024;
/// Longest way to the pixels; what is longer is no image (a document, a waveform).
const LONGEST_HEADER: usize = 64 * 1024 * 1024;
/// Longest data set that a deflated file may become.
const LONGEST_INFLATED: u64 = 4 * 1024 * 1024 * 1024;

/// A data set in memory, from its first element on.
pub(super) struct Opened {
    bytes: Vec<u8>,
    set: DataSet,
    /// UID of the transfer syntax.
    pub syntax: String,
    /// Most bytes that the data set can have.
    pub longest: u64,
}

impl Opened {
    /// The elements.
    pub fn view(&self) -> View<'_> {
        self.set.with(&self.bytes)
    }

    /// The data set with its pixels' place.
    pub fn set(&self) -> &DataSet {
        &self.set
    }

    /// All bytes that were read, from the first element on.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether a file starts as DICOM files do. Files that cannot be read do not.
pub(super) fn is_dicom(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(132).read_to_end(&mut start));
    read.is_ok() && (start.get(128..132) == Some(b"DICM") || bare(&start).is_some())
}

/// The encoding of a data set without preamble, as old programs write it: it starts with group 8.
fn bare(start: &[u8]) -> Option<Encoding> {
    if start.len() < 16 || start[0] != 8 || start[1] != 0 || start[3] != 0 {
        return None;
    }
    if start[4..6].iter().all(u8::is_ascii_uppercase) {
        return Some(Encoding { explicit: true, big_endian: false });
    }
    let length = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
    (length <= 256).then_some(Encoding { explicit: false, big_endian: false })
}

/// Opens a file as far as its pixels; `None` when it is no DICOM file.
pub(super) fn open_header(path: &Path) -> Result<Option<Opened>, DicomProblem> {
    open(path, false)
}

/// Opens a file with its pixels; `None` when it is no DICOM file.
pub(super) fn open_whole(path: &Path) -> Result<Option<Opened>, DicomProblem> {
    open(path, true)
}

fn open(path: &Path, whole: bool) -> Result<Option<Opened>, DicomProblem> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(LONGEST_META as u64).read_to_end(&mut start)?;
    let (syntax, encoding, offset) = if start.get(128..132) == Some(b"DICM") {
        let (syntax, offset) = meta(&start)?;
        let encoding = syntax::encoding(&syntax);
        (syntax, encoding, offset)
    } else if let Some(encoding) = bare(&start) {
        let syntax = if encoding.explicit { syntax::EXPLICIT } else { syntax::IMPLICIT };
        (syntax.to_owned(), encoding, 0)
    } else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(offset as u64))?;
    let stored = length.saturating_sub(offset as u64);
    let (mut reader, longest): (Box<dyn Read>, u64) = if syntax == syntax::DEFLATED {
        (Box::new(DeflateDecoder::new(file)), stored.saturating_mul(1032).min(LONGEST_INFLATED))
    } else {
        (Box::new(file), stored)
    };
    let mut bytes = Vec::new();
    let mut piece = if whole { longest } else { FIRST_PIECE as u64 };
    loop {
        let wanted = piece.min(longest - bytes.len() as u64);
        let got = (&mut reader).take(wanted).read_to_end(&mut bytes)? as u64;
        let complete = got < wanted || bytes.len() as u64 >= longest;
        match DataSet::read(&bytes, 0..bytes.len(), encoding) {
            // Without pixels yet, more may follow.
            Ok(set) if set.pixels.is_some() || complete => return Ok(Some(Opened { bytes, set, syntax, longest })),
            Err(Broken::Nonsense) => return Err(DicomProblem::Damaged),
            Err(Broken::Cut) if complete => return Err(DicomProblem::Cut { found: bytes.len() as u64 }),
            _ if !whole && bytes.len() > LONGEST_HEADER => return Ok(None),
            Ok(_) | Err(Broken::Cut) => piece = 3 * bytes.len() as u64,
        }
    }
}

/// The transfer syntax in group 2, and where the data set starts.
fn meta(start: &[u8]) -> Result<(String, usize), DicomProblem> {
    let encoding = Encoding { explicit: true, big_endian: false };
    let (mut at, mut syntax) = (132, None);
    while encoding.u16(start, at) == Some(2) {
        let found = element(start, at, encoding, 0).map_err(|_| DicomProblem::Damaged)?;
        if found.tag == 0x0002_0010 {
            let text = String::from_utf8_lossy(&start[found.value.clone()]);
            syntax = Some(text.trim_matches(['\0', ' ']).to_owned());
        }
        at = found.end;
    }
    Ok((syntax.ok_or(DicomProblem::NoTransferSyntax)?, at))
}
