//! Counter-based random numbers (SplitMix64): the same phantom on every machine and with any number of threads.

/// SplitMix64's output function (Steele, Lea & Flood 2014): a well mixed 64-bit value of a counter.
pub(crate) fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Approximately normal value (mean 0, variance 1) of a counter: the sum of four uniform 16-bit numbers.
/// Only integer additions and one product, so it is the same everywhere; filtering makes it Gaussian.
pub(crate) fn normal_of(key: u64, counter: u64) -> f32 {
    let bits = mix(key ^ mix(counter));
    let sum = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum::<u64>();
    // Mean 4 * 32767.5, variance 4 * (2^32 - 1) / 12.
    (sum as f32 - 131_070.0) * 2.642_8e-5
}

/// A stream of random numbers for one part of the anatomy; streams do not disturb each other.
pub(crate) struct Rng {
    key: u64,
    counter: u64,
}

impl Rng {
    /// The stream `name` of the phantom `seed`.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let key = name.bytes().fold(mix(seed), |key, byte| mix(key ^ u64::from(byte)));
        Self { key, counter: 0 }
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        mix(self.key ^ mix(self.counter))
    }

    /// Uniform in \[lower, upper).
    pub(crate) fn uniform(&mut self, lower: f32, upper: f32) -> f32 {
        let unit = (self.next() >> 40) as f32 / (1u64 << 24) as f32;
        lower + (upper - lower) * unit
    }

    /// Normal with this mean and standard deviation, cut at 1.7 deviations so that every patient stays plausible.
    pub(crate) fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        let value = normal_of(self.key, self.next()).clamp(-1.7, 1.7);
        mean + deviation * value
    }

    /// A key for per-voxel noise.
    pub(crate) fn key(&mut self) -> u64 {
        self.next()
    }
}
