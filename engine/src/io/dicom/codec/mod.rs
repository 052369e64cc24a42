//! Decoders of compressed pixels: one frame of one grey component each.

mod bits;
mod dct;
mod huffman;
mod jpeg;
mod jpeg2000;
mod jpeg_ls;
mod lossless;
mod rle;

use super::slice::Format;
use super::syntax::Codec;

/// Pixels of one byte of compressed data that could be meant honestly: a wholly black image is short.
const MOST_PER_BYTE: usize = 40_000;

/// Why a frame cannot be decoded, in a few words.
pub(super) type Reason = String;

/// Decodes one frame into its stored bits, row by row.
pub(super) fn decode(codec: Codec, data: &[u8], format: &Format) -> Result<Vec<u16>, Reason> {
    let size = (format.columns, format.rows);
    match codec {
        Codec::Native => Err("it is not compressed".into()),
        Codec::Rle => rle::decode(data, size, usize::from(format.bits_allocated / 8)),
        Codec::Jpeg => jpeg::decode(data, size),
        Codec::JpegLs => jpeg_ls::decode(data, size),
        Codec::Jpeg2000 => jpeg2000::decode(data, size, format.signed),
    }
}

/// Whether this many compressed bytes could give an image of this size.
pub(super) fn plausible(codec: Codec, bytes: usize, pixels: usize) -> bool {
    let most = match codec {
        Codec::Native => 1,
        // A pair of bytes gives at most 128.
        Codec::Rle => 64,
        // At least a bit per pixel, or two per block of 64.
        Codec::Jpeg => 256,
        Codec::JpegLs | Codec::Jpeg2000 => MOST_PER_BYTE,
    };
    pixels <= bytes.saturating_mul(most)
}

/// Room for an image, or why there is none.
fn room(size: (usize, usize)) -> Result<Vec<u16>, Reason> {
    let pixels = size.0.checked_mul(size.1).ok_or("too many pixels")?;
    let mut image = Vec::new();
    image.try_reserve_exact(pixels).map_err(|_| "no memory for the pixels")?;
    Ok(image)
}

/// Whether the size in the stream is the header's.
fn same_size(found: (usize, usize), wanted: (usize, usize)) -> Result<(), Reason> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("the image is {}x{}, the header says {}x{}", found.0, found.1, wanted.0, wanted.1))
}
