//! Sequential DCT of JPEG, with the integer inverse transform that libjpeg calls `islow` (Loeffler, Ligtenberg
//! and Moschytz 1989): other transforms differ from it by 1 here and there.

use super::bits::Bits;
use super::huffman::{Huffman, extend};
use super::jpeg::{Frame, Scan, Tables};
use super::{Reason, room};

/// Place in a block of the coefficients in their stored order.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Decodes a scan of one component.
pub(super) fn decode(data: &[u8], tables: &Tables, frame: Frame, scan: Scan) -> Result<Vec<u16>, Reason> {
    let missing = "a table is missing";
    let dc = tables.dc[scan.dc].as_ref().ok_or(missing)?;
    let ac = tables.ac[scan.ac].as_ref().ok_or(missing)?;
    let quantisation = tables.quantisation[frame.quantisation].as_ref().ok_or(missing)?;
    let (columns, rows) = (frame.columns, frame.rows);
    let mut image = room((columns, rows))?;
    image.resize(columns * rows, 0u16);
    let mut bits = Bits::of_jpeg(data);
    let mut before = 0i32;
    let across = columns.div_ceil(8);
    for unit in 0..across * rows.div_ceil(8) {
        if tables.restart > 0 && unit > 0 && unit % tables.restart == 0 {
            bits.restart()?;
            before = 0;
        }
        let mut block = coefficients(&mut bits, dc, ac, quantisation, &mut before)?;
        inverse(&mut block, frame.precision);
        let (x, y) = (unit % across * 8, unit / across * 8);
        let (centre, most) = (1i64 << (frame.precision - 1), (1i64 << frame.precision) - 1);
        for (row, values) in block.chunks_exact(8).enumerate().take(rows - y) {
            let start = (y + row) * columns + x;
            let width = 8.min(columns - x);
            for (pixel, &value) in image[start..start + width].iter_mut().zip(values) {
                *pixel = (value + centre).clamp(0, most) as u16;
            }
        }
        bits.check()?;
    }
    Ok(image)
}

/// The next block, dequantised.
fn coefficients(
    bits: &mut Bits<'_>,
    dc: &Huffman,
    ac: &Huffman,
    quantisation: &[u16; 64],
    before: &mut i32,
) -> Result<[i64; 64], Reason> {
    let mut block = [0i64; 64];
    let category = u32::from(dc.next(bits)?);
    if category > 16 {
        return Err(format!("a difference of {category} bits"));
    }
    *before = before.wrapping_add(extend(bits, category));
    block[0] = i64::from(*before) * i64::from(quantisation[0]);
    let mut k = 1;
    while k < 64 {
        let symbol = ac.next(bits)?;
        let (run, category) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if category == 0 {
            if run != 15 {
                break;
            }
            k += 16;
            continue;
        }
        k += run;
        if k > 63 {
            return Err("a block has too many coefficients".into());
        }
        block[ZIGZAG[k]] = i64::from(extend(bits, category)) * i64::from(quantisation[k]);
        k += 1;
    }
    Ok(block)
}

/// The inverse transform, columns first.
fn inverse(block: &mut [i64; 64], precision: u32) {
    let pass1 = if precision == 8 { 2 } else { 1 };
    for x in 0..8 {
        let column = std::array::from_fn(|y| block[8 * y + x]);
        for (y, value) in eight(column, 13 - pass1).into_iter().enumerate() {
            block[8 * y + x] = value;
        }
    }
    for row in block.chunks_exact_mut(8) {
        row.copy_from_slice(&eight(std::array::from_fn(|x| row[x]), 13 + pass1 + 3));
    }
}

/// Eight values at once, divided by 2^`shift` with rounding. Constants are multiplied by 2^13.
fn eight(v: [i64; 8], shift: u32) -> [i64; 8] {
    let common = (v[2] + v[6]) * 4433;
    let (a, b) = (common - v[6] * 15137, common + v[2] * 6270);
    let (c, d) = ((v[0] + v[4]) << 13, (v[0] - v[4]) << 13);
    let even = [c + b, d + a, d - a, c - b];
    let (z1, z2, z3, z4) = (v[7] + v[1], v[5] + v[3], v[7] + v[3], v[5] + v[1]);
    let z5 = (z3 + z4) * 9633;
    let (z1, z2, z3, z4) = (-z1 * 7373, -z2 * 20995, z5 - z3 * 16069, z5 - z4 * 3196);
    let odd = [v[1] * 12299 + z1 + z4, v[3] * 25172 + z2 + z3, v[5] * 16819 + z2 + z4, v[7] * 2446 + z1 + z3];
    let descale = |value: i64| (value + (1 << (shift - 1))) >> shift;
    std::array::from_fn(|i| if i < 4 { descale(even[i] + odd[i]) } else { descale(even[7 - i] - odd[7 - i]) })
}
