//! Everything that goes into a segmentation, and everything that is known of it afterwards: both as JSON.

use crate::device::Device;
use crate::geometry::Geometry;
use crate::levelset::speed::Window;
use crate::levelset::stop::LeakRule;
use crate::levelset::{LeakWarning, LevelSetParams, Method, Seed, StepReport, StopReason, StopRule};
use crate::roi::Roi;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every choice of a segmentation. The scan, an initial mask and an imported speed image are files beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Weights and numerics, the method among them.
    pub params: LevelSetParams,
    /// 3: the ROI evolves as a whole; 2: slice by slice, each result starting the next slice.
    pub dimension: usize,
    /// Spheres to start from; empty when an initial mask is given.
    pub seeds: Vec<Seed>,
    /// The box to work in; `None` is the whole scan.
    pub roi: Option<Roi>,
    /// How the speed image is made.
    pub speed: SpeedRecipe,
    /// When to stop.
    pub stop: StopRule,
    /// Steps between two looks at the stop rule.
    pub steps_per_check: u32,
    /// What steps.
    pub device: Device,
    /// Label number of the result.
    pub label: u16,
}

/// How a speed image is made; the numbers not given are found in the scan and appear in the report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum SpeedRecipe {
    /// g = 1 / (1 + (|∇(G_σ ∗ I)| / λ)^p).
    Edge {
        /// σ, mm.
        sigma_mm: f64,
        /// λ, HU per mm; `None` takes it from the gradients in the ROI.
        scale: Option<f32>,
        /// p.
        exponent: f32,
    },
    /// A soft threshold window.
    Threshold {
        /// σ of the smoothing before, mm.
        sigma_mm: f64,
        /// Least HU; with `upper` also `None`, the window is taken from the start contour.
        lower: Option<f32>,
        /// Greatest HU.
        upper: Option<f32>,
        /// Width of the soft edge, HU; `None` takes a share of the window.
        smoothness: Option<f32>,
    },
    /// The imported speed image.
    Imported,
    /// None: Chan–Vese works on the intensities.
    Intensities,
}

/// Least volume, mL, that no single abdominal organ reaches unless it is grossly enlarged (a liver has about 1500).
pub const WHOLE_SCAN_MAX_VOLUME_ML: f64 = 2500.0;

/// Without an ROI this share of the contour on the scan's border means that it left the organ.
pub const WHOLE_SCAN_MAX_BORDER_SHARE: f64 = 0.02;

/// Without an ROI a contour that grows by more than this, mL per unit of t, is not at rest, however large it is.
pub const WHOLE_SCAN_GROWTH_AT_REST_ML: f64 = 1.5;

impl Recipe {
    /// The defaults of a method: ITK-SNAP's weights, and stop rules that let nothing flood the body. Without an ROI
    /// edge and region stop at [`WHOLE_SCAN_MAX_VOLUME_ML`] and at the scan's border.
    pub fn new(method: Method, seeds: Vec<Seed>, roi: Option<Roi>) -> Self {
        let speed = match method {
            Method::Edge => SpeedRecipe::Edge { sigma_mm: 1.0, scale: None, exponent: 2.0 },
            Method::Region => SpeedRecipe::Threshold { sigma_mm: 0.0, lower: None, upper: None, smoothness: None },
            Method::ChanVese => SpeedRecipe::Intensities,
        };
        let open = roi.is_none() && method != Method::ChanVese;
        let leak = LeakRule {
            max_volume_ml: open.then_some(WHOLE_SCAN_MAX_VOLUME_ML),
            max_border_share: open.then_some(WHOLE_SCAN_MAX_BORDER_SHARE),
            ..LeakRule::default()
        };
        let mut params = LevelSetParams::preset(method);
        // The force reaches as far as the smoothed step: a wider one finds a large organ from a small seed in
        // hundreds of steps instead of thousands, and the contour where it ends is the same.
        params.chan_vese.epsilon_mm = 3.0;
        Self {
            params,
            dimension: 3,
            seeds,
            roi,
            speed,
            stop: stop_rule(method, leak),
            steps_per_check: 5,
            device: Device::Auto,
            label: 1,
        }
    }
}

/// When a method's contour is at rest. In region and edge mode t is mm of free travel, and a contour of which all but
/// a few percent rest, while the others creep, is done: what creeps is a leak. Chan–Vese's t is another, slower one.
fn stop_rule(method: Method, leak: LeakRule) -> StopRule {
    match method {
        Method::Edge | Method::Region => StopRule {
            volume_change_below_ml: leak.max_volume_ml.map(|_| WHOLE_SCAN_GROWTH_AT_REST_ML),
            leak,
            ..StopRule::default()
        },
        Method::ChanVese => StopRule {
            max_iterations: 5000,
            volume_change_below: Some(2e-5),
            window_time: 100.0,
            leak,
            ..StopRule::default()
        },
    }
}

/// A file by name and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    /// File name without folders.
    pub file: String,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// Numbers that the recipe left to the scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// Window of a region speed.
    pub window: Option<Window>,
    /// λ of an edge speed, HU per mm.
    pub edge_scale: Option<f32>,
    /// Intensities that Chan–Vese maps to 0 and 1.
    pub intensity_range: Option<[f32; 2]>,
}

/// What happened in one slice of a slice-by-slice segmentation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceReport {
    /// Slice of the stored grid.
    pub slice: usize,
    /// The slice whose result it started from; `None` for a start slice.
    pub carried_from: Option<usize>,
    /// The last step.
    pub last: StepReport,
    /// Why it stopped.
    pub stop: StopReason,
    /// Whether its contour is part of the result; the walk ends at a slice where it is not.
    pub kept: bool,
}

/// All that is known of a segmentation: enough to repeat it and to judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// `Zeroset`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The scan's file.
    pub source: Option<FileId>,
    /// The initial mask's file.
    pub init: Option<FileId>,
    /// The imported speed's file.
    pub speed_file: Option<FileId>,
    /// Every choice.
    pub recipe: Recipe,
    /// What the recipe left open.
    pub resolved: Resolved,
    /// Steps taken (slice by slice: in all slices together).
    pub iterations: u64,
    /// Time t reached (slice by slice: the longest).
    pub time: f64,
    /// Time step of the last step.
    pub dt: f64,
    /// Why it stopped (slice by slice: the start slice).
    pub stop: StopReason,
    /// The same in words.
    pub stop_text: String,
    /// Signs of a leak.
    pub leaks: Vec<LeakWarning>,
    /// Everything the user should know, in words.
    pub warnings: Vec<String>,
    /// Volume of the label on the scan's grid, mL.
    pub volume_ml: f64,
    /// Voxels of the label on the scan's grid.
    pub voxels: usize,
    /// Rates, contact and energy after the last step.
    pub last: StepReport,
    /// Slice by slice: each slice, in the order of work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceReport>,
    /// What stepped.
    pub device: String,
    /// Seconds per stage.
    pub timings_s: BTreeMap<String, f64>,
    /// The scan's grid.
    pub geometry: Geometry,
    /// The grid on which the contour evolved.
    pub grid: Geometry,
}
