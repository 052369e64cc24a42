//! JPEG 2000 by the `hayro-jpeg2000` crate, which is safe Rust, with what it leaves out: signed samples.

use super::{Reason, room, same_size};
use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use std::panic::catch_unwind;

/// Decodes one image. `signed` is the header's word; the stream's goes first.
pub(super) fn decode(data: &[u8], size: (usize, usize), signed: bool) -> Result<Vec<u16>, Reason> {
    // Foreign code on bytes from anywhere: a panic of it is an error here, not the end of the program.
    catch_unwind(|| decode_trusting(data, size, signed)).unwrap_or_else(|_| Err("the decoder gave up".into()))
}

fn decode_trusting(data: &[u8], size: (usize, usize), signed: bool) -> Result<Vec<u16>, Reason> {
    let stream = Stream::find(data).ok_or("it does not start as JPEG 2000 does")?;
    if stream.components != 1 {
        return Err(format!("it has {} components, expected 1", stream.components));
    }
    if stream.irreversible {
        return Err("it is compressed with loss (irreversible wavelet), which no two programs decode alike".into());
    }
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let image = Image::new(data, &settings).map_err(|error| error.to_string())?;
    same_size((image.width() as usize, image.height() as usize), size)?;
    let precision = u32::from(image.original_bit_depth());
    if precision > 16 {
        return Err(format!("it has {precision} bits"));
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|error| error.to_string())?;
    let samples = decoded.components().first().ok_or("it has no component")?.samples();
    if samples.len() != size.0 * size.1 {
        return Err(format!("it gave {} pixels", samples.len()));
    }
    let mut pixels = room(size)?;
    let half = 1i32 << (precision - 1);
    pixels.extend(samples.iter().map(|&sample| {
        // The decoder takes all samples as unsigned, and adds half the range.
        let value = sample.round() as i32 - if stream.signed { half } else { 0 };
        // An unsigned stream for signed pixels holds their bits.
        let value = if signed && !stream.signed { (value << (32 - precision)) >> (32 - precision) } else { value };
        value as u16
    }));
    Ok(pixels)
}

/// What the first markers of the code stream say.
struct Stream {
    components: u16,
    signed: bool,
    irreversible: bool,
}

impl Stream {
    fn find(data: &[u8]) -> Option<Self> {
        // The code stream may be wrapped in a JP2 file: it starts with SOC and SIZ.
        let at = data.windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51])?;
        let stream = &data[at..];
        let components = u16::from_be_bytes([*stream.get(40)?, *stream.get(41)?]);
        let signed = stream.get(42)? & 0x80 != 0;
        let mut at = 2;
        loop {
            let marker = stream.get(at..at + 4)?;
            let length = usize::from(u16::from_be_bytes([marker[2], marker[3]]));
            match marker[..2] {
                [0xFF, 0x52] => {
                    let irreversible = *stream.get(at + 13)? == 0;
                    return Some(Self { components, signed, irreversible });
                }
                [0xFF, 0x90 | 0x93] => return None,
                [0xFF, _] => at += 2 + length,
                _ => return None,
            }
        }
    }
}
