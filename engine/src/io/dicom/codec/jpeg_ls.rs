//! JPEG-LS (ITU T.87), lossless and near-lossless, of one component.

use super::bits::Bits;
use super::{Reason, room, same_size};

/// Lengths of runs, as powers of 2.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Decodes one image.
pub(super) fn decode(data: &[u8], size: (usize, usize)) -> Result<Vec<u16>, Reason> {
    let (params, coded) = markers(data, size)?;
    let (columns, rows) = size;
    if columns == 0 || rows == 0 {
        return Err("it is empty".into());
    }
    let mut image = room(size)?;
    let mut coder = Coder::new(params, Bits::of_jpeg_ls(coded));
    // One pixel before the row and one behind it.
    let mut above = vec![0i32; columns + 2];
    let mut row = vec![0i32; columns + 2];
    for _ in 0..rows {
        row[0] = above[1];
        above[columns + 1] = above[columns];
        coder.row(&above, &mut row, columns)?;
        image.extend(row[1..=columns].iter().map(|&v| v as u16));
        std::mem::swap(&mut above, &mut row);
    }
    Ok(image)
}

#[derive(Clone, Copy)]
struct Params {
    most: i32,
    near: i32,
    thresholds: [i32; 3],
    reset: i32,
}

fn markers(data: &[u8], size: (usize, usize)) -> Result<(Params, &[u8]), Reason> {
    if data.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err("it does not start as JPEG-LS does".into());
    }
    let (mut at, mut precision, mut preset) = (2, None, None);
    loop {
        let head = data.get(at..at + 4).ok_or("the data end early")?;
        if head[0] != 0xFF {
            return Err("a marker is missing".into());
        }
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])).max(2);
        let body = data.get(at + 4..at + 2 + length).ok_or("the data end early")?;
        let word = |i: usize| body.get(i..i + 2).map(|b| i32::from(u16::from_be_bytes([b[0], b[1]])));
        let cut = "a marker is cut";
        at += 2 + length;
        match head[1] {
            0xF7 => {
                let found = (word(3).ok_or(cut)? as usize, word(1).ok_or(cut)? as usize);
                same_size(found, size)?;
                if body.get(5) != Some(&1) {
                    return Err("it has several components".into());
                }
                precision = Some(u32::from(body[0])).filter(|p| (2..=16).contains(p));
            }
            0xF8 if body.first() == Some(&1) => {
                let [most, t1, t2, t3, reset] = [1, 3, 5, 7, 9].map(word);
                preset = Some([most, t1, t2, t3, reset].map(|v| v.unwrap_or(0)));
            }
            0xF8 => return Err("it has a mapping table".into()),
            0xDD => return Err("it has restart markers".into()),
            0xDA => {
                let precision = precision.ok_or("a frame header is missing")?;
                let near = i32::from(*body.get(3).ok_or(cut)?);
                return Ok((params((1 << precision) - 1, near, preset)?, &data[at..]));
            }
            _ => {}
        }
    }
}

/// The default parameters (C.2.4.1.1), with those that are given in their place.
fn params(most: i32, near: i32, preset: Option<[i32; 5]>) -> Result<Params, Reason> {
    let given = preset.unwrap_or_default();
    let or = |value: i32, default: i32| if value == 0 { default } else { value };
    let most = or(given[0], most);
    let clamp = |value: i32, least: i32| if value > most || value < least { least } else { value };
    let wanted = if most >= 128 {
        let factor = (most.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (most + 1);
        [2.max(3 / factor + 3 * near), 3.max(7 / factor + 5 * near), 4.max(21 / factor + 7 * near)]
    };
    let t1 = or(given[1], clamp(wanted[0], near + 1));
    let t2 = or(given[2], clamp(wanted[1], t1));
    let t3 = or(given[3], clamp(wanted[2], t2));
    let reset = or(given[4], 64);
    if near > most / 2 || reset < 3 {
        return Err("its parameters do not fit together".into());
    }
    Ok(Params { most, near, thresholds: [t1, t2, t3], reset })
}

struct Coder<'a> {
    params: Params,
    bits: Bits<'a>,
    range: i32,
    /// Bits of a difference that is written plainly.
    plain: u32,
    limit: u32,
    a: [i32; 367],
    b: [i32; 365],
    c: [i32; 365],
    n: [i32; 367],
    /// Negative differences after runs.
    negative: [i32; 2],
    run: usize,
}

impl<'a> Coder<'a> {
    fn new(params: Params, bits: Bits<'a>) -> Self {
        let range = (params.most + 2 * params.near) / (2 * params.near + 1) + 1;
        let bits_of = |values: i32| 32 - (values - 1).leading_zeros();
        let depth = bits_of(params.most + 1).max(2);
        let a = [2.max((range + 32) / 64); 367];
        Self {
            params,
            bits,
            range,
            plain: bits_of(range),
            limit: 2 * (depth + depth.max(8)),
            a,
            b: [0; 365],
            c: [0; 365],
            n: [1; 367],
            negative: [0; 2],
            run: 0,
        }
    }

    fn row(&mut self, above: &[i32], row: &mut [i32], columns: usize) -> Result<(), Reason> {
        let near = self.params.near;
        let mut x = 1;
        while x <= columns {
            let (ra, rb, rc, rd) = (row[x - 1], above[x], above[x - 1], above[x + 1]);
            let gradients = [rd - rb, rb - rc, rc - ra];
            if gradients.iter().all(|g| g.abs() <= near) {
                x = self.run(above, row, x, columns)?;
            } else {
                row[x] = self.regular(gradients, ra, rb, rc)?;
                x += 1;
            }
        }
        self.bits.check()
    }

    fn regular(&mut self, gradients: [i32; 3], ra: i32, rb: i32, rc: i32) -> Result<i32, Reason> {
        let [q1, q2, q3] = gradients.map(|g| self.quantised(g));
        let context = 81 * q1 + 9 * q2 + q3;
        let (q, sign) = (context.unsigned_abs() as usize, context.signum());
        let median = if rc >= ra.max(rb) {
            ra.min(rb)
        } else if rc <= ra.min(rb) {
            ra.max(rb)
        } else {
            ra + rb - rc
        };
        let prediction = (median + sign * self.c[q]).clamp(0, self.params.most);
        let k = self.golomb_k(self.n[q], self.a[q])?;
        let mapped = self.golomb(k, self.limit)?;
        let near = self.params.near;
        let error = if near == 0 && k == 0 && 2 * self.b[q] <= -self.n[q] {
            if mapped & 1 == 1 { (mapped - 1) / 2 } else { -(mapped / 2) - 1 }
        } else if mapped & 1 == 1 {
            -(mapped + 1) / 2
        } else {
            mapped / 2
        };
        self.b[q] += error * (2 * near + 1);
        self.a[q] += error.abs();
        if self.n[q] == self.params.reset {
            self.a[q] >>= 1;
            self.b[q] >>= 1;
            self.n[q] >>= 1;
        }
        self.n[q] += 1;
        let n = self.n[q];
        if self.b[q] <= -n {
            self.b[q] = (self.b[q] + n).max(1 - n);
            self.c[q] = (self.c[q] - 1).max(-128);
        } else if self.b[q] > 0 {
            self.b[q] = (self.b[q] - n).min(0);
            self.c[q] = (self.c[q] + 1).min(127);
        }
        Ok(self.restored(prediction, sign * error))
    }

    /// Decodes a run and the pixel that ends it; returns where to go on.
    fn run(&mut self, above: &[i32], row: &mut [i32], start: usize, columns: usize) -> Result<usize, Reason> {
        let (ra, mut x) = (row[start - 1], start);
        while self.bits.take(1) == 1 {
            let whole = 1usize << J[self.run];
            let count = whole.min(columns + 1 - x);
            row[x..x + count].fill(ra);
            x += count;
            if count == whole && self.run < 31 {
                self.run += 1;
            }
            if x > columns {
                return Ok(x);
            }
        }
        let count = self.bits.take(J[self.run]) as usize;
        if x + count > columns {
            return Err("a run leaves its row".into());
        }
        row[x..x + count].fill(ra);
        x += count;
        let rb = above[x];
        let kind = usize::from((ra - rb).abs() <= self.params.near);
        let (prediction, sign) = if kind == 1 { (ra, 1) } else { (rb, if ra > rb { -1 } else { 1 }) };
        let q = 365 + kind;
        let scale = self.a[q] + if kind == 1 { self.n[q] >> 1 } else { 0 };
        let k = self.golomb_k(self.n[q], scale)?;
        let mapped = self.golomb(k, self.limit - J[self.run] - 1)?;
        let coded = mapped + kind as i32;
        let odd = coded & 1;
        let size = (coded + odd) / 2;
        let mostly_negative = k != 0 || 2 * self.negative[kind] >= self.n[q];
        let error = if mostly_negative == (odd == 1) { -size } else { size };
        if error < 0 {
            self.negative[kind] += 1;
        }
        self.a[q] += (mapped + 1 - kind as i32) >> 1;
        if self.n[q] == self.params.reset {
            self.a[q] >>= 1;
            self.n[q] >>= 1;
            self.negative[kind] >>= 1;
        }
        self.n[q] += 1;
        self.run = self.run.saturating_sub(1);
        row[x] = self.restored(prediction, sign * error);
        Ok(x + 1)
    }

    fn quantised(&self, gradient: i32) -> i32 {
        let [t1, t2, t3] = self.params.thresholds;
        let size = gradient.abs();
        let level = if size >= t3 {
            4
        } else if size >= t2 {
            3
        } else if size >= t1 {
            2
        } else {
            i32::from(size > self.params.near)
        };
        level * gradient.signum()
    }

    /// The pixel from its prediction and difference, back in its range.
    fn restored(&self, prediction: i32, error: i32) -> i32 {
        let Params { most, near, .. } = self.params;
        let step = 2 * near + 1;
        let mut value = prediction.wrapping_add(error.wrapping_mul(step));
        if value < -near {
            value = value.wrapping_add(self.range * step);
        } else if value > most + near {
            value = value.wrapping_sub(self.range * step);
        }
        value.clamp(0, most)
    }

    fn golomb_k(&self, n: i32, a: i32) -> Result<u32, Reason> {
        (0..24).find(|&k| i64::from(n) << k >= i64::from(a)).ok_or_else(|| "its statistics run away".to_owned())
    }

    fn golomb(&mut self, k: u32, limit: u32) -> Result<i32, Reason> {
        let most = limit - self.plain - 1;
        let mut zeros = 0;
        while self.bits.take(1) == 0 {
            zeros += 1;
            if zeros > most {
                return Err("a code is too long".into());
            }
        }
        let value = if zeros < most { (zeros << k) + self.bits.take(k) } else { self.bits.take(self.plain) + 1 };
        // Honest ones are at most the range.
        i32::try_from(value).ok().filter(|&v| v <= 2 * self.range).ok_or_else(|| "a difference is too large".to_owned())
    }
}
