//! Compressed pixels: fragments, and which of them make up a frame (PS3.5, A.4).

use super::element::{Encoding, ITEM, SEQUENCE_END};
use super::error::DicomProblem;
use std::borrow::Cow;
use std::ops::Range;

/// Where the fragments of a file lie, and where its frames start among them.
pub(super) struct Fragments {
    /// Offsets of the frames' first items from the first fragment's item; may be empty.
    offsets: Vec<u32>,
    /// Content of each fragment.
    ranges: Vec<Range<usize>>,
    /// Where the first fragment's item starts.
    origin: usize,
}

impl Fragments {
    /// Reads the items at `at`, the first of which is the table of offsets.
    pub fn read(bytes: &[u8], mut at: usize) -> Result<Self, DicomProblem> {
        let encoding = Encoding { explicit: true, big_endian: false };
        let mut items: Vec<Range<usize>> = Vec::new();
        loop {
            match encoding.tag(bytes, at) {
                Some(ITEM) => {
                    let length = encoding.u32(bytes, at + 4).ok_or_else(|| cut(bytes, at + 8))? as usize;
                    let content = at + 8..at + 8 + length;
                    if content.end > bytes.len() {
                        return Err(cut(bytes, content.end));
                    }
                    at = content.end;
                    items.push(content);
                }
                // Some writers leave the delimiter out.
                Some(SEQUENCE_END) | None => break,
                Some(_) => return Err(DicomProblem::Damaged),
            }
        }
        if items.is_empty() {
            return Err(cut(bytes, at + 8));
        }
        let table = &bytes[items.remove(0)];
        let offsets = table.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let origin = items.first().map_or(at, |first| first.start - 8);
        Ok(Self { offsets, ranges: items, origin })
    }

    /// The compressed bytes of one frame of `frames`.
    pub fn frame<'a>(&self, bytes: &'a [u8], frame: usize, frames: usize) -> Option<Cow<'a, [u8]>> {
        if self.ranges.len() == frames {
            return Some(Cow::Borrowed(&bytes[self.ranges.get(frame)?.clone()]));
        }
        let (first, last) = if frames == 1 {
            (0, usize::MAX)
        } else {
            let starts = self.starts(bytes, frames)?;
            (*starts.get(frame)?, starts.get(frame + 1).copied().unwrap_or(usize::MAX))
        };
        let inside = |range: &&Range<usize>| (first..last).contains(&(range.start - 8 - self.origin));
        let parts: Vec<_> = self.ranges.iter().filter(inside).map(|range| &bytes[range.clone()]).collect();
        (!parts.is_empty()).then(|| Cow::Owned(parts.concat()))
    }
}

impl Fragments {
    /// Where the frames start: by the table of offsets, else by the marker that JPEG streams of all kinds start with.
    fn starts(&self, bytes: &[u8], frames: usize) -> Option<Vec<usize>> {
        if self.offsets.len() == frames {
            return Some(self.offsets.iter().map(|&offset| offset as usize).collect());
        }
        let begins = |range: &&Range<usize>| {
            let start = &bytes[(*range).clone()];
            start.starts_with(&[0xFF, 0xD8, 0xFF]) || start.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
        };
        let starts: Vec<usize> = self.ranges.iter().filter(begins).map(|r| r.start - 8 - self.origin).collect();
        (starts.len() == frames).then_some(starts)
    }
}

fn cut(bytes: &[u8], expected: usize) -> DicomProblem {
    DicomProblem::PixelsCut { expected: expected as u64, found: bytes.len() as u64 }
}
