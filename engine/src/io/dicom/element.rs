//! One data element: its tag, and where its value lies (DICOM PS3.5, 7.1 and 7.5).

use std::ops::Range;

/// Group and element as one number, e.g. `0x0028_0010` for Rows.
pub(super) type Tag = u32;

/// The pixels of an image.
pub(super) const PIXEL_DATA: Tag = 0x7FE0_0010;
/// Starts an item of a sequence, or a fragment of compressed pixels.
pub(super) const ITEM: Tag = 0xFFFE_E000;
/// Ends an item of undefined length.
pub(super) const ITEM_END: Tag = 0xFFFE_E00D;
/// Ends a sequence of undefined length.
pub(super) const SEQUENCE_END: Tag = 0xFFFE_E0DD;
/// The length of what ends with a delimiter.
pub(super) const UNDEFINED: u32 = u32::MAX;

/// Sequences inside sequences; real files have 5 levels or so.
const DEEPEST: u32 = 24;

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Every element carries its type.
    pub explicit: bool,
    pub big_endian: bool,
}

impl Encoding {
    /// What a sequence of unknown type is always written in (PS3.5, 6.2.2).
    const IMPLICIT: Self = Self { explicit: false, big_endian: false };

    pub fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    pub fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    pub fn tag(self, bytes: &[u8], at: usize) -> Option<Tag> {
        Some(u32::from(self.u16(bytes, at)?) << 16 | u32::from(self.u16(bytes, at.checked_add(2)?)?))
    }
}

/// Why elements cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The bytes end before the element does.
    Cut,
    /// What stands there is no element.
    Nonsense,
}

/// Where an element's value lies.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub tag: Tag,
    pub value: Range<usize>,
    /// How sequences inside the value are written.
    pub inside: Encoding,
    /// Whether the length was left open; of pixels this means compressed fragments, and `value` is empty.
    pub undefined: bool,
    /// Where the next element starts.
    pub end: usize,
}

/// The element at `at`. Of pixel data only the start is looked at: its value may reach beyond `bytes`.
pub(super) fn element(bytes: &[u8], at: usize, encoding: Encoding, depth: u32) -> Result<Element, Broken> {
    let tag = encoding.tag(bytes, at).ok_or(Broken::Cut)?;
    let (length, start, inside) = length(bytes, at, tag, encoding)?;
    let undefined = length == UNDEFINED;
    if tag == PIXEL_DATA {
        let end = if undefined { start } else { start + length as usize };
        return Ok(Element { tag, value: start..end, inside, undefined, end });
    }
    if undefined {
        let (value, end) = open_sequence(bytes, start, inside, depth)?;
        return Ok(Element { tag, value: start..value, inside, undefined, end });
    }
    let end = start.checked_add(length as usize).ok_or(Broken::Cut)?;
    if end > bytes.len() {
        return Err(Broken::Cut);
    }
    Ok(Element { tag, value: start..end, inside, undefined, end })
}

/// Length of a value, where it starts, and how sequences in it are written.
fn length(bytes: &[u8], at: usize, tag: Tag, encoding: Encoding) -> Result<(u32, usize, Encoding), Broken> {
    // Items and delimiters have no type in any encoding.
    if !encoding.explicit || tag >> 16 == 0xFFFE {
        return Ok((encoding.u32(bytes, at + 4).ok_or(Broken::Cut)?, at + 8, encoding));
    }
    let vr = bytes.get(at + 4..at + 6).ok_or(Broken::Cut)?;
    if !vr.iter().all(u8::is_ascii_uppercase) {
        return Err(Broken::Nonsense);
    }
    let long = matches!(
        vr,
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
    );
    if !long {
        let length = encoding.u16(bytes, at + 6).ok_or(Broken::Cut)?;
        return Ok((u32::from(length), at + 8, encoding));
    }
    let length = encoding.u32(bytes, at + 8).ok_or(Broken::Cut)?;
    let inside = if vr == b"UN" && length == UNDEFINED { Encoding::IMPLICIT } else { encoding };
    Ok((length, at + 12, inside))
}

/// Where the items of a sequence of undefined length end, and where the element after it starts.
fn open_sequence(bytes: &[u8], mut at: usize, encoding: Encoding, depth: u32) -> Result<(usize, usize), Broken> {
    loop {
        match encoding.tag(bytes, at).ok_or(Broken::Cut)? {
            SEQUENCE_END => return Ok((at, at + 8)),
            ITEM => at = item(bytes, at, encoding, depth)?.1,
            _ => return Err(Broken::Nonsense),
        }
    }
}

/// Where the content of the item at `at` lies, and where the next one starts.
pub(super) fn item(bytes: &[u8], at: usize, encoding: Encoding, depth: u32) -> Result<(Range<usize>, usize), Broken> {
    if depth >= DEEPEST {
        return Err(Broken::Nonsense);
    }
    let length = encoding.u32(bytes, at + 4).ok_or(Broken::Cut)?;
    let start = at + 8;
    if length != UNDEFINED {
        let end = start.checked_add(length as usize).filter(|&end| end <= bytes.len()).ok_or(Broken::Cut)?;
        return Ok((start..end, end));
    }
    let mut at = start;
    while encoding.tag(bytes, at).ok_or(Broken::Cut)? != ITEM_END {
        at = element(bytes, at, encoding, depth + 1)?.end;
        if at > bytes.len() {
            return Err(Broken::Cut);
        }
    }
    Ok((start..at, at + 8))
}
