//! Bits of entropy-coded JPEG and JPEG-LS data, without what is stuffed after 0xFF.

use super::Reason;

/// Zero bits that may be read beyond the end before it is an error.
const SPARE: u32 = 64;

/// Reads bits, the most significant first, up to the next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
    /// JPEG-LS stuffs one bit after 0xFF, JPEG a whole byte.
    one_bit: bool,
    after_ff: bool,
    missing: u32,
}

impl<'a> Bits<'a> {
    /// Bits of JPEG data.
    pub fn of_jpeg(data: &'a [u8]) -> Self {
        Self { data, at: 0, held: 0, count: 0, one_bit: false, after_ff: false, missing: 0 }
    }

    /// Bits of JPEG-LS data.
    pub fn of_jpeg_ls(data: &'a [u8]) -> Self {
        Self { one_bit: true, ..Self::of_jpeg(data) }
    }

    fn fill(&mut self) {
        while self.count <= 48 {
            let Some(&byte) = self.data.get(self.at) else { return self.pad() };
            let mut bits = 8;
            if self.one_bit {
                if self.after_ff {
                    if byte >= 0x80 {
                        return self.pad();
                    }
                    bits = 7;
                }
                self.after_ff = byte == 0xFF;
                if self.after_ff && self.data.get(self.at + 1).is_none_or(|&next| next >= 0x80) {
                    return self.pad();
                }
                self.at += 1;
            } else if byte == 0xFF {
                if self.data.get(self.at + 1) != Some(&0) {
                    return self.pad();
                }
                self.at += 2;
            } else {
                self.at += 1;
            }
            self.held = self.held << bits | u64::from(byte);
            self.count += bits;
        }
    }

    /// Zeros at the end of the data.
    fn pad(&mut self) {
        self.held <<= 16;
        self.count += 16;
        self.missing += 16;
    }

    /// The next bits (at most 32) without taking them.
    pub fn peek(&mut self, bits: u32) -> u32 {
        while self.count < bits {
            self.fill();
        }
        (self.held >> (self.count - bits)) as u32 & (((1u64 << bits) - 1) as u32)
    }

    /// Takes bits that were looked at.
    pub fn skip(&mut self, bits: u32) {
        self.count -= bits.min(self.count);
    }

    /// The next bits (at most 32).
    pub fn take(&mut self, bits: u32) -> u32 {
        if bits == 0 {
            return 0;
        }
        let value = self.peek(bits);
        self.skip(bits);
        value
    }

    /// Whether the data ended before what was read did.
    pub fn check(&self) -> Result<(), Reason> {
        if self.missing > self.count + SPARE { Err("the data end early".into()) } else { Ok(()) }
    }

    /// Goes on behind the next restart marker.
    pub fn restart(&mut self) -> Result<(), Reason> {
        // Bytes in `held` may belong to the data before the marker only: the reader never passes a marker.
        while let Some(pair) = self.data.get(self.at..self.at + 2) {
            if pair[0] == 0xFF && (0xD0..=0xD7).contains(&pair[1]) {
                self.at += 2;
                (self.held, self.count, self.missing, self.after_ff) = (0, 0, 0, false);
                return Ok(());
            }
            self.at += 1;
        }
        Err("a restart marker is missing".into())
    }
}
