//! JPEG (ITU T.81): sequential DCT of 8 and 12 bits, and lossless of 2 to 16 bits, of one component.

use super::huffman::Huffman;
use super::{Reason, dct, lossless, same_size};

/// What stands before the scan.
#[derive(Default)]
pub(super) struct Tables {
    /// Quantisation in zigzag order.
    pub quantisation: [Option<[u16; 64]>; 4],
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    /// Units between restart markers; 0 for none.
    pub restart: usize,
}

/// The frame header.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub lossless: bool,
    pub precision: u32,
    pub columns: usize,
    pub rows: usize,
    pub quantisation: usize,
}

/// The scan header: tables, and the three parameters.
#[derive(Clone, Copy)]
pub(super) struct Scan {
    pub dc: usize,
    pub ac: usize,
    /// Predictor of a lossless scan.
    pub start: u8,
    /// Point transform of a lossless scan.
    pub low: u32,
}

/// Decodes one image.
pub(super) fn decode(data: &[u8], size: (usize, usize)) -> Result<Vec<u16>, Reason> {
    if data.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err("it does not start as JPEG does".into());
    }
    let (mut tables, mut frame) = (Tables::default(), None);
    let mut at = 2;
    loop {
        let &[mark, kind] = data.get(at..at + 2).ok_or("the data end early")? else { unreachable!() };
        if mark != 0xFF {
            return Err("a marker is missing".into());
        }
        if kind == 0xFF {
            at += 1;
            continue;
        }
        let length = data.get(at + 2..at + 4).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]])));
        let length = length.filter(|&n| n >= 2).ok_or("the data end early")?;
        let body = data.get(at + 4..at + 2 + length).ok_or("the data end early")?;
        at += 2 + length;
        match kind {
            0xC0 | 0xC1 | 0xC3 => {
                let found = frame_header(body, kind == 0xC3)?;
                same_size((found.columns, found.rows), size)?;
                frame = Some(found);
            }
            0xC4 => huffman_tables(body, &mut tables)?,
            0xC2 => return Err("it is progressive JPEG".into()),
            0xC5..=0xCF => return Err(format!("it is JPEG of another kind (SOF{})", kind & 15)),
            0xDA => {
                let frame = frame.ok_or("a frame header is missing")?;
                let scan = scan_header(body)?;
                let coded = &data[at..];
                return if frame.lossless {
                    lossless::decode(coded, &tables, frame, scan)
                } else {
                    dct::decode(coded, &tables, frame, scan)
                };
            }
            0xDB => quantisation(body, &mut tables)?,
            0xDD => tables.restart = usize::from(word(body, 0)?),
            0xD9 => return Err("it holds no image".into()),
            _ => {}
        }
    }
}

fn byte(body: &[u8], at: usize) -> Result<u8, Reason> {
    body.get(at).copied().ok_or_else(|| "a marker is cut".to_owned())
}

fn word(body: &[u8], at: usize) -> Result<u16, Reason> {
    Ok(u16::from_be_bytes([byte(body, at)?, byte(body, at + 1)?]))
}

fn frame_header(body: &[u8], lossless: bool) -> Result<Frame, Reason> {
    let precision = u32::from(byte(body, 0)?);
    let known = if lossless { (2..=16).contains(&precision) } else { precision == 8 || precision == 12 };
    if !known {
        return Err(format!("it has {precision} bits"));
    }
    if byte(body, 5)? != 1 {
        return Err(format!("it has {} components, expected 1", body[5]));
    }
    Ok(Frame {
        lossless,
        precision,
        rows: word(body, 1)?.into(),
        columns: word(body, 3)?.into(),
        quantisation: usize::from(byte(body, 8)? & 3),
    })
}

fn scan_header(body: &[u8]) -> Result<Scan, Reason> {
    if byte(body, 0)? != 1 {
        return Err("its scan has several components".into());
    }
    let tables = byte(body, 2)?;
    let (dc, ac) = (usize::from(tables >> 4 & 3), usize::from(tables & 3));
    Ok(Scan { dc, ac, start: byte(body, 3)?, low: u32::from(byte(body, 5)? & 15) })
}

fn huffman_tables(mut body: &[u8], tables: &mut Tables) -> Result<(), Reason> {
    while !body.is_empty() {
        let (class, place) = (body[0] >> 4, usize::from(body[0] & 3));
        let counts: &[u8; 16] = body.get(1..17).and_then(|c| c.try_into().ok()).ok_or("a Huffman table is cut")?;
        let total = counts.iter().map(|&c| usize::from(c)).sum::<usize>();
        let values = body.get(17..17 + total).ok_or("a Huffman table is cut")?;
        let table = Some(Huffman::new(counts, values)?);
        if class == 0 {
            tables.dc[place] = table;
        } else {
            tables.ac[place] = table;
        }
        body = &body[17 + total..];
    }
    Ok(())
}

fn quantisation(mut body: &[u8], tables: &mut Tables) -> Result<(), Reason> {
    while !body.is_empty() {
        let (wide, place) = (body[0] >> 4 == 1, usize::from(body[0] & 3));
        let bytes = if wide { 128 } else { 64 };
        let values = body.get(1..1 + bytes).ok_or("a quantisation table is cut")?;
        let value = |i: usize| {
            if wide { u16::from_be_bytes([values[2 * i], values[2 * i + 1]]) } else { u16::from(values[i]) }
        };
        tables.quantisation[place] = Some(std::array::from_fn(value));
        body = &body[1 + bytes..];
    }
    Ok(())
}
