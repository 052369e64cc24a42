//! φ in little memory, bit for bit: runs of ±B and the band between them.
//!
//! A clamped φ is mostly +B or −B. Each voxel belongs to one of three classes (exactly +B, exactly −B, anything else);
//! the classes are stored as run lengths, the values of the third class as four planes of bytes (all first bytes, all
//! second bytes, …), in which exponents and leading mantissa bits repeat. Both go through LZ4. Without a band (B
//! infinite) all voxels are of the third class, and the same code stores a dense φ.

use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use thiserror::Error;

/// A stored φ.
#[derive(Clone, Debug)]
pub struct PackedPhi {
    len: usize,
    bound_mm: f32,
    runs: Vec<u8>,
    planes: Vec<u8>,
}

/// A stored φ that cannot be read back: memory was damaged.
#[derive(Debug, Error)]
#[error("a stored level set cannot be read back: {0}")]
pub struct UnpackError(String);

/// Voxel classes in the order of their run codes.
const PLUS: u8 = 0;
const MINUS: u8 = 1;
const BAND: u8 = 2;

impl PackedPhi {
    /// Stores φ, which was clamped to ±`bound_mm` (infinite: not at all).
    pub fn pack(phi: &[f32], bound_mm: f32) -> Self {
        let (plus, minus) = (bound_mm.to_bits(), (-bound_mm).to_bits());
        let class = |v: f32| match v.to_bits() {
            bits if bits == plus => PLUS,
            bits if bits == minus => MINUS,
            _ => BAND,
        };
        let mut runs = Vec::new();
        let mut band = Vec::new();
        let mut start = 0;
        while start < phi.len() {
            let kind = class(phi[start]);
            let len = phi[start..].iter().position(|&v| class(v) != kind).unwrap_or(phi.len() - start);
            push_varint(&mut runs, (len as u64) << 2 | u64::from(kind));
            if kind == BAND {
                band.extend_from_slice(&phi[start..start + len]);
            }
            start += len;
        }
        let mut planes = Vec::with_capacity(4 * band.len());
        for byte in 0..4 {
            planes.extend(band.iter().map(|v| v.to_le_bytes()[byte]));
        }
        Self { len: phi.len(), bound_mm, runs: compress_prepend_size(&runs), planes: compress_prepend_size(&planes) }
    }

    /// The φ that was stored, bit for bit.
    ///
    /// # Errors
    /// Only when memory was damaged.
    pub fn unpack(&self) -> Result<Vec<f32>, UnpackError> {
        let damaged = |what: &str| UnpackError(what.to_owned());
        let runs = decompress_size_prepended(&self.runs).map_err(|e| UnpackError(e.to_string()))?;
        let planes = decompress_size_prepended(&self.planes).map_err(|e| UnpackError(e.to_string()))?;
        let count = planes.len() / 4;
        let value = |i: usize| f32::from_le_bytes(std::array::from_fn(|byte| planes[byte * count + i]));
        let mut phi = Vec::with_capacity(self.len);
        let mut rest = runs.as_slice();
        let mut taken = 0;
        while !rest.is_empty() {
            let (code, after) = take_varint(rest).ok_or_else(|| damaged("a run is cut off"))?;
            rest = after;
            let len = (code >> 2) as usize;
            if len > self.len - phi.len() {
                return Err(damaged("more voxels than the grid has"));
            }
            match (code & 3) as u8 {
                PLUS => phi.resize(phi.len() + len, self.bound_mm),
                MINUS => phi.resize(phi.len() + len, -self.bound_mm),
                _ if taken + len <= count => {
                    phi.extend((taken..taken + len).map(value));
                    taken += len;
                }
                _ => return Err(damaged("more band voxels than values")),
            }
        }
        if phi.len() == self.len { Ok(phi) } else { Err(damaged("fewer voxels than the grid has")) }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.runs.len() + self.planes.len()
    }
}

/// Little-endian base 128.
fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 127) << (7 * i);
        if byte < 128 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}
