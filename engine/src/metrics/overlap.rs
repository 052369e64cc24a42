//! Overlap of two masks, counted in voxels.

use rayon::prelude::*;
use serde::Serialize;
use std::ops::Add;

/// How many voxels are in both masks or in one of them. Counts of several cases add up to pooled metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// Voxels in both.
    pub both: u64,
    /// Voxels in the prediction only.
    pub prediction_only: u64,
    /// Voxels in the truth only.
    pub truth_only: u64,
}

impl Overlap {
    /// Counts two masks on one grid.
    ///
    /// # Panics
    /// When the masks differ in length.
    pub fn of(prediction: &[bool], truth: &[bool]) -> Self {
        assert_eq!(prediction.len(), truth.len(), "masks must lie on one grid");
        prediction
            .par_chunks(1 << 16)
            .zip(truth.par_chunks(1 << 16))
            .map(|(p, t)| {
                p.iter().zip(t).fold(Self::default(), |mut sum, (&p, &t)| {
                    sum.both += u64::from(p && t);
                    sum.prediction_only += u64::from(p && !t);
                    sum.truth_only += u64::from(!p && t);
                    sum
                })
            })
            .reduce(Self::default, Add::add)
    }

    /// Voxels of the prediction.
    pub fn prediction(&self) -> u64 {
        self.both + self.prediction_only
    }

    /// Voxels of the truth.
    pub fn truth(&self) -> u64 {
        self.both + self.truth_only
    }

    /// Dice's coefficient; not defined when both masks are empty.
    pub fn dice(&self) -> Option<f64> {
        ratio(2 * self.both, self.prediction() + self.truth())
    }

    /// Intersection over union (Jaccard); not defined when both masks are empty.
    pub fn iou(&self) -> Option<f64> {
        ratio(self.both, self.both + self.prediction_only + self.truth_only)
    }

    /// Part of the prediction that is right; not defined for an empty prediction.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.both, self.prediction())
    }

    /// Part of the truth that is found; not defined for an empty truth.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.both, self.truth())
    }
}

impl Add for Overlap {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            both: self.both + other.both,
            prediction_only: self.prediction_only + other.prediction_only,
            truth_only: self.truth_only + other.truth_only,
        }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
