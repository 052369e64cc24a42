//! When an evolution is over, and when it looks as if it had leaked.

use super::history::StepReport;
use super::stepper::{Grid, StepStats};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;

/// When to stop. Each test is off where it is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopRule {
    /// Most steps.
    pub max_iterations: u64,
    /// Most time t.
    pub max_time: Option<f64>,
    /// Stop when the RMS of ∂φ/∂t near the contour falls below this, mm per unit of t.
    pub rms_rate_below: Option<f64>,
    /// Stop when the enclosed volume changes by less than this share of itself per unit of t, over the window.
    pub volume_change_below: Option<f64>,
    /// … and by less than this, mL per unit of t. A flood is so large that even a fast one is a small share of itself:
    /// without an ROI this keeps it running into the limits of [`LeakRule`] instead of passing for a contour at rest.
    #[serde(default)]
    pub volume_change_below_ml: Option<f64>,
    /// Length of that window in t (in region and edge mode: mm of free travel at α = 1).
    pub window_time: f64,
    /// When the contour has left the organ.
    pub leak: LeakRule,
}

/// What counts as a leak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeakRule {
    /// Stop above this enclosed volume, mL.
    pub max_volume_ml: Option<f64>,
    /// Stop when more than this share of the contour lies on the grid's border while the contact grows.
    pub max_border_share: Option<f64>,
    /// Warn (once) above this share of the ROI.
    pub warn_roi_share: f64,
}

impl Default for StopRule {
    fn default() -> Self {
        Self {
            max_iterations: 1000,
            max_time: None,
            rms_rate_below: None,
            volume_change_below: Some(6e-3),
            volume_change_below_ml: None,
            window_time: 5.0,
            leak: LeakRule::default(),
        }
    }
}

impl Default for LeakRule {
    fn default() -> Self {
        Self { max_volume_ml: None, max_border_share: None, warn_roi_share: 0.6 }
    }
}

/// Why an evolution stopped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum StopReason {
    /// The contour hardly moves.
    Rate {
        /// RMS of ∂φ/∂t, mm per unit of t.
        rms_rate: f64,
    },
    /// The enclosed volume hardly changes.
    VolumeSteady {
        /// Relative change per unit of t over the window.
        change: f64,
    },
    /// The most steps allowed were taken.
    MaxIterations,
    /// The most time allowed has passed.
    MaxTime,
    /// The contour left the organ.
    Leak {
        /// How that shows.
        warning: LeakWarning,
    },
    /// Nothing is enclosed any more.
    Vanished,
    /// The user stopped it.
    Cancelled,
}

/// Signs of a leak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "sign")]
pub enum LeakWarning {
    /// More volume than the organ can have.
    Volume {
        /// Enclosed volume, mL.
        volume_ml: f64,
        /// The limit, mL.
        limit_ml: f64,
    },
    /// The contour reaches the border of the grid.
    BorderContact {
        /// Voxels of the border layer inside the contour.
        voxels: u64,
        /// Their share of the contour, 0 to 1.
        share: f64,
    },
    /// The contour fills most of the ROI.
    RoiFilled {
        /// Enclosed share of the ROI, 0 to 1.
        share: f64,
    },
    /// The volume had slowed down and grows faster again: the contour has passed a gap.
    VolumeJump {
        /// Present growth, mL per unit of t.
        growth_ml: f64,
        /// Growth when it was slowest, mL per unit of t.
        slowest_ml: f64,
    },
}

impl StopReason {
    /// Whether the contour came to rest by itself.
    pub fn converged(&self) -> bool {
        matches!(self, Self::Rate { .. } | Self::VolumeSteady { .. })
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { rms_rate } => {
                write!(f, "converged: the contour moves by {rms_rate:.2e} mm per unit of t (RMS)")
            }
            Self::VolumeSteady { change } => {
                write!(f, "converged: the volume changes by {:.3} % per unit of t", 100.0 * change)
            }
            Self::MaxIterations => f.write_str("the most iterations allowed were taken"),
            Self::MaxTime => f.write_str("the most time allowed has passed"),
            Self::Leak { warning } => write!(f, "leak: {warning}"),
            Self::Vanished => f.write_str("the contour has vanished: nothing is enclosed any more"),
            Self::Cancelled => f.write_str("stopped by the user"),
        }
    }
}

impl fmt::Display for LeakWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume { volume_ml, limit_ml } => {
                write!(f, "the contour encloses {volume_ml:.0} mL, above the limit of {limit_ml:.0} mL")
            }
            Self::BorderContact { voxels, share } => {
                write!(
                    f,
                    "the contour touches the border of its region ({voxels} voxels, {:.1} % of the contour)",
                    100.0 * share
                )
            }
            Self::RoiFilled { share } => write!(f, "the contour fills {:.0} % of its region", 100.0 * share),
            Self::VolumeJump { growth_ml, slowest_ml } => {
                write!(
                    f,
                    "the volume grows faster again ({growth_ml:.2} mL per unit of t after {slowest_ml:.2}): the contour may have passed a gap"
                )
            }
        }
    }
}

/// Follows an evolution and applies its rule.
#[derive(Clone, Debug)]
pub struct StopWatch {
    grid: Grid,
    window: VecDeque<Sample>,
    fastest_ml: f64,
    slowest_ml: f64,
    warned: Vec<LeakWarning>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    time: f64,
    volume_ml: f64,
    border_voxels: u64,
}

impl StopWatch {
    /// A watch over a run on this grid.
    pub fn new(grid: Grid) -> Self {
        Self { grid, window: VecDeque::new(), fastest_ml: 0.0, slowest_ml: f64::INFINITY, warned: Vec::new() }
    }

    /// Takes in the state from which the run starts.
    pub fn begin(&mut self, report: &StepReport) {
        let StepReport { time, stats, .. } = *report;
        self.window.push_back(Sample { time, volume_ml: stats.volume_ml, border_voxels: stats.border_voxels });
    }

    /// Warnings so far, each kind once, with its latest figures.
    pub fn warnings(&self) -> &[LeakWarning] {
        &self.warned
    }

    /// Takes in the state after `step` steps at time `time`, and says whether to stop.
    pub fn check(&mut self, rule: &StopRule, step: u64, time: f64, stats: &StepStats) -> Option<StopReason> {
        let now = Sample { time, volume_ml: stats.volume_ml, border_voxels: stats.border_voxels };
        while self.window.len() > 1 && self.window[1].time <= time - rule.window_time {
            self.window.pop_front();
        }
        let oldest = self.window.front().copied();
        self.window.push_back(now);
        if stats.volume_ml <= 0.5 * self.grid.voxel_ml() {
            return Some(StopReason::Vanished);
        }
        if let Some(warning) = self.leak(&rule.leak, oldest, now, stats) {
            return Some(StopReason::Leak { warning });
        }
        if rule.rms_rate_below.is_some_and(|limit| stats.rms_rate < limit) {
            return Some(StopReason::Rate { rms_rate: stats.rms_rate });
        }
        let full_window = oldest.filter(|o| time - o.time >= rule.window_time);
        if let (Some(limit), Some(oldest)) = (rule.volume_change_below, full_window) {
            let change = (now.volume_ml - oldest.volume_ml).abs() / (now.volume_ml * (time - oldest.time));
            if change < limit && rule.volume_change_below_ml.is_none_or(|limit_ml| change * now.volume_ml < limit_ml) {
                return Some(StopReason::VolumeSteady { change });
            }
        }
        if step >= rule.max_iterations {
            return Some(StopReason::MaxIterations);
        }
        rule.max_time.is_some_and(|limit| time >= limit).then_some(StopReason::MaxTime)
    }

    fn leak(&mut self, rule: &LeakRule, oldest: Option<Sample>, now: Sample, stats: &StepStats) -> Option<LeakWarning> {
        if let Some(limit_ml) = rule.max_volume_ml.filter(|&limit| now.volume_ml > limit) {
            return Some(self.warn(LeakWarning::Volume { volume_ml: now.volume_ml, limit_ml }));
        }
        let share = now.volume_ml / (self.grid.len() as f64 * self.grid.voxel_ml());
        if share > rule.warn_roi_share {
            let warning = self.warn(LeakWarning::RoiFilled { share });
            if stats.band_voxels == 0 {
                return Some(warning);
            }
        }
        if now.border_voxels > 0 {
            // The band counts both sides of the contour.
            let share = (2.0 * now.border_voxels as f64 / (stats.band_voxels.max(1)) as f64).min(1.0);
            let warning = self.warn(LeakWarning::BorderContact { voxels: now.border_voxels, share });
            let grows = oldest.is_none_or(|o| now.border_voxels > o.border_voxels);
            if grows && rule.max_border_share.is_some_and(|limit| share > limit) {
                return Some(warning);
            }
        }
        let oldest = oldest.filter(|o| now.time > o.time)?;
        self.watch_growth((now.volume_ml - oldest.volume_ml) / (now.time - oldest.time), now.volume_ml);
        None
    }

    /// Growth that has clearly slowed down (to a third of its fastest) and then doubles, by a share of the volume
    /// that matters, has passed a gap.
    fn watch_growth(&mut self, growth_ml: f64, volume_ml: f64) {
        self.fastest_ml = self.fastest_ml.max(growth_ml);
        if growth_ml < self.fastest_ml / 3.0 {
            self.slowest_ml = self.slowest_ml.min(growth_ml.max(0.0));
        }
        let slowest_ml = self.slowest_ml;
        if slowest_ml.is_finite() && growth_ml > 2.0 * slowest_ml && growth_ml > 0.02 * volume_ml {
            self.warn(LeakWarning::VolumeJump { growth_ml, slowest_ml });
        }
    }

    fn warn(&mut self, warning: LeakWarning) -> LeakWarning {
        let same_kind = |w: &LeakWarning| std::mem::discriminant(w) == std::mem::discriminant(&warning);
        match self.warned.iter_mut().find(|w| same_kind(w)) {
            Some(known) => *known = warning,
            None => self.warned.push(warning),
        }
        warning
    }
}
