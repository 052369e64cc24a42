//! Lossless JPEG: differences from a prediction (ITU T.81, H).

use super::bits::Bits;
use super::huffman::extend;
use super::jpeg::{Frame, Scan, Tables};
use super::{Reason, room};

/// Decodes a scan of one component.
pub(super) fn decode(data: &[u8], tables: &Tables, frame: Frame, scan: Scan) -> Result<Vec<u16>, Reason> {
    let table = tables.dc[scan.dc].as_ref().ok_or("a Huffman table is missing")?;
    if !(1..=7).contains(&scan.start) {
        return Err(format!("it has predictor {}", scan.start));
    }
    if scan.low >= frame.precision {
        return Err(format!("it has point transform {}", scan.low));
    }
    let (columns, rows) = (frame.columns, frame.rows);
    if columns == 0 || !tables.restart.is_multiple_of(columns) {
        return Err("it restarts within a row".into());
    }
    let rows_between = tables.restart / columns;
    let mut image = room((columns, rows))?;
    image.resize(columns * rows, 0u16);
    let mut bits = Bits::of_jpeg(data);
    let origin = 1i32 << (frame.precision - scan.low - 1);
    for y in 0..rows {
        let restarted = rows_between > 0 && y > 0 && y % rows_between == 0;
        if restarted {
            bits.restart()?;
        }
        let first_row = y == 0 || restarted;
        let (above, row) = image.split_at_mut(y * columns);
        let above = &above[y.saturating_sub(1) * columns..];
        let mut left = 0i32;
        for x in 0..columns {
            let prediction = match (x, first_row) {
                (0, true) => origin,
                (0, false) => i32::from(above[0]),
                (_, true) => left,
                _ => predict(scan.start, left, i32::from(above[x]), i32::from(above[x - 1])),
            };
            let category = u32::from(table.next(&mut bits)?);
            let difference = match category {
                0..=15 => extend(&mut bits, category),
                16 => 32768,
                _ => return Err(format!("a difference of {category} bits")),
            };
            left = (prediction + difference) & 0xFFFF;
            row[x] = left as u16;
        }
        bits.check()?;
    }
    if scan.low > 0 {
        image.iter_mut().for_each(|v| *v <<= scan.low);
    }
    Ok(image)
}

/// The seven predictors from the pixels to the left, above, and above to the left.
fn predict(which: u8, left: i32, above: i32, corner: i32) -> i32 {
    match which {
        1 => left,
        2 => above,
        3 => corner,
        4 => left + above - corner,
        5 => left + ((above - corner) >> 1),
        6 => above + ((left - corner) >> 1),
        _ => (left + above) >> 1,
    }
}
