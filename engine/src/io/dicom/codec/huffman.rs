//! Huffman tables of JPEG (ITU T.81, C and F.2.2).

use super::Reason;
use super::bits::Bits;

const QUICK: u32 = 9;

/// A table: codes by their length, and the values that they stand for.
pub(super) struct Huffman {
    /// Length and value of every code of at most [`QUICK`] bits, by the bits that follow; length 0 if longer.
    quick: Vec<(u8, u8)>,
    /// Per length: the first code, the last one, and where its values start.
    lengths: [(i32, i32, i32); 17],
    values: Vec<u8>,
}

impl Huffman {
    /// From the numbers of codes of 1 to 16 bits, and the values in the order of the codes.
    pub fn new(counts: &[u8; 16], values: &[u8]) -> Result<Self, Reason> {
        let (mut code, mut index) = (0i32, 0i32);
        let mut lengths = [(0, -1, 0); 17];
        let mut quick = vec![(0u8, 0u8); 1 << QUICK];
        for (length, &count) in (1..=16u32).zip(counts) {
            let count = i32::from(count);
            if code + count > 1 << length {
                return Err("a Huffman table has too many codes".into());
            }
            lengths[length as usize] = (code, code + count - 1, index);
            if length <= QUICK {
                let spread = 1usize << (QUICK - length);
                for i in 0..count {
                    let first = ((code + i) as usize) << (QUICK - length);
                    let value = *values.get((index + i) as usize).ok_or("a Huffman table is cut")?;
                    quick[first..first + spread].fill((length as u8, value));
                }
            }
            index += count;
            code = (code + count) << 1;
        }
        if values.len() < index as usize {
            return Err("a Huffman table is cut".into());
        }
        Ok(Self { quick, lengths, values: values.to_vec() })
    }

    /// The next value.
    pub fn next(&self, bits: &mut Bits<'_>) -> Result<u8, Reason> {
        let word = bits.peek(16);
        let (length, value) = self.quick[(word >> (16 - QUICK)) as usize];
        if length > 0 {
            bits.skip(u32::from(length));
            return Ok(value);
        }
        for length in QUICK + 1..=16 {
            let code = (word >> (16 - length)) as i32;
            let (first, last, index) = self.lengths[length as usize];
            if code <= last && code >= first {
                bits.skip(length);
                return Ok(self.values[(index + code - first) as usize]);
            }
        }
        Err("a code is in no Huffman table".into())
    }
}

/// The number of a category (EXTEND of T.81): its bits follow.
pub(super) fn extend(bits: &mut Bits<'_>, category: u32) -> i32 {
    if category == 0 {
        return 0;
    }
    let value = bits.take(category) as i32;
    if value < 1 << (category - 1) { value - (1 << category) + 1 } else { value }
}
