//! What the intensities under a starting contour say: the organ's level, its spread, and a window around it.

use super::speed::Window;
use serde::{Deserialize, Serialize};

/// Half width of an automatic window, in robust standard deviations of the seeds' intensities.
pub const WINDOW_SIGMAS: f32 = 2.5;

/// Least standard deviation that an automatic window assumes, HU.
pub const LEAST_SIGMA_HU: f32 = 12.0;

/// Robust statistics of a sample of intensities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of voxels.
    pub voxels: usize,
    /// Median, HU.
    pub median: f32,
    /// Standard deviation estimated robustly, HU: 1.4826 times the median absolute deviation.
    pub sigma: f32,
}

impl Spread {
    /// Statistics of the intensities where φ < 0; `None` where φ has no inside.
    pub fn inside(phi: &[f32], intensities: &[f32]) -> Option<Self> {
        let values: Vec<f32> = phi.iter().zip(intensities).filter(|(p, _)| **p < 0.0).map(|(_, &v)| v).collect();
        Self::of(values)
    }

    /// The window that a clinician would draw around these intensities: median ± [`WINDOW_SIGMAS`] σ, where σ is at
    /// least [`LEAST_SIGMA_HU`] (a CT's own noise, which smoothing or clipping may hide).
    pub fn window(&self) -> Window {
        let half = WINDOW_SIGMAS * self.sigma.max(LEAST_SIGMA_HU);
        let mut window = Window { lower: Some(self.median - half), upper: Some(self.median + half), smoothness: 0.0 };
        window.smoothness = window.default_smoothness();
        window
    }

    /// Statistics of a sample; `None` for an empty one.
    pub fn of(mut values: Vec<f32>) -> Option<Self> {
        let median = percentile(&mut values, 0.5)?;
        let voxels = values.len();
        let mut deviations: Vec<f32> = values.iter().map(|v| (v - median).abs()).collect();
        let sigma = 1.4826 * percentile(&mut deviations, 0.5)?;
        Some(Self { voxels, median, sigma })
    }
}

/// The value below which the share `fraction` of the sample lies (nearest rank); `None` for an empty sample. Reorders
/// the sample.
pub fn percentile(values: &mut [f32], fraction: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let rank = (fraction.clamp(0.0, 1.0) * last as f64).round() as usize;
    Some(*values.select_nth_unstable_by(rank, f32::total_cmp).1)
}
