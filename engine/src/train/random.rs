//! Random numbers that depend on nothing but what they are for: no generator has to be saved for a run to be resumed.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A generator for one purpose: the same numbers for the same purpose, seed and indices, in any order of asking.
pub fn random_for(purpose: &str, seed: u64, indices: [u64; 2]) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    for (place, byte) in purpose.bytes().take(8).enumerate() {
        key[place] = byte;
    }
    for (slot, number) in [seed, indices[0], indices[1]].into_iter().enumerate() {
        key[8 * (slot + 1)..8 * (slot + 2)].copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}
