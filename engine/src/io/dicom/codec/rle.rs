//! RLE (PS3.5, G): each byte of the pixels in a segment of its own, the most significant first.

use super::{Reason, room};

/// Decodes one frame of pixels of one or two bytes.
pub(super) fn decode(data: &[u8], size: (usize, usize), bytes: usize) -> Result<Vec<u16>, Reason> {
    let word = |i: usize| data.get(4 * i..4 * i + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let segments = word(0).ok_or("no segment header")?;
    if segments != bytes {
        return Err(format!("{segments} segments, expected {bytes}"));
    }
    let mut image = room(size)?;
    let pixels = size.0 * size.1;
    image.resize(pixels, 0u16);
    for segment in 0..segments {
        let start = word(1 + segment).ok_or("no segment header")?;
        let end = if segment + 1 < segments { word(2 + segment).ok_or("no segment header")? } else { data.len() };
        let packed = data.get(start..end).ok_or("a segment lies outside the data")?;
        let shift = 8 * (segments - 1 - segment);
        unpack(packed, &mut image, shift)?;
    }
    Ok(image)
}

fn unpack(packed: &[u8], image: &mut [u16], shift: usize) -> Result<(), Reason> {
    let (mut at, mut filled) = (0, 0);
    while filled < image.len() {
        let control = *packed.get(at).ok_or("a segment ends early")? as i8;
        at += 1;
        if control >= 0 {
            let count = (control as usize + 1).min(image.len() - filled);
            let literal = packed.get(at..at + count).ok_or("a segment ends early")?;
            for (pixel, &byte) in image[filled..].iter_mut().zip(literal) {
                *pixel |= u16::from(byte) << shift;
            }
            at += control as usize + 1;
            filled += count;
        } else if control != -128 {
            let count = (1 - isize::from(control)) as usize;
            let count = count.min(image.len() - filled);
            let byte = u16::from(*packed.get(at).ok_or("a segment ends early")?) << shift;
            image[filled..filled + count].iter_mut().for_each(|pixel| *pixel |= byte);
            at += 1;
            filled += count;
        }
    }
    Ok(())
}
