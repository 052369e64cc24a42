//! The voxels inside a contour as runs: small, and compared without a mask.

use crate::metrics::Overlap;

/// A set of voxels, x fastest, as runs that neither touch nor overlap, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// First voxel and number of voxels.
    runs: Vec<(u32, u32)>,
    voxels: u64,
}

impl Inside {
    /// The voxels with φ < 0.
    pub fn of_phi(phi: &[f32]) -> Self {
        Self::of(phi.len(), |index| phi[index] < 0.0)
    }

    /// The voxels, of `len`, for which `is_inside` holds.
    pub fn of(len: usize, is_inside: impl Fn(usize) -> bool) -> Self {
        // A grid of 2³² voxels would need 16 GiB for one φ: none gets here.
        let mut inside = Self::default();
        let mut start = None;
        for index in 0..=len {
            match (start, index < len && is_inside(index)) {
                (None, true) => start = Some(index),
                (Some(first), false) => {
                    inside.runs.push((first as u32, (index - first) as u32));
                    inside.voxels += (index - first) as u64;
                    start = None;
                }
                _ => {}
            }
        }
        inside
    }

    /// Number of voxels.
    pub fn voxels(&self) -> u64 {
        self.voxels
    }

    /// As a mask of `len` voxels.
    pub fn mask(&self, len: usize) -> Vec<bool> {
        let mut mask = vec![false; len];
        for &(start, count) in &self.runs {
            let start = (start as usize).min(len);
            mask[start..(start + count as usize).min(len)].fill(true);
        }
        mask
    }

    /// Voxels in both sets and in one of them: this one as prediction, the other as truth.
    pub fn overlap(&self, other: &Self) -> Overlap {
        let (mut a, mut b) = (self.runs.iter().peekable(), other.runs.iter().peekable());
        let mut both = 0;
        while let (Some(&&(start_a, count_a)), Some(&&(start_b, count_b))) = (a.peek(), b.peek()) {
            let (end_a, end_b) = (u64::from(start_a) + u64::from(count_a), u64::from(start_b) + u64::from(count_b));
            let from = u64::from(start_a.max(start_b));
            both += end_a.min(end_b).saturating_sub(from);
            if end_a <= end_b {
                a.next()
            } else {
                b.next()
            };
        }
        Overlap { both, prediction_only: self.voxels - both, truth_only: other.voxels - both }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(self.runs.as_slice())
    }
}
