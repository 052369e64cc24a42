//! How the speed image is made, and the finished one.

use super::document::Document;
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::Geometry;
use zeroset_engine::levelset::Method;
use zeroset_engine::roi::Roi;

/// Settings of the presegmentation step.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedSettings {
    /// Lower end of the window in HU; `None` leaves it open.
    pub lower: Option<f32>,
    /// Upper end of the window in HU; `None` leaves it open.
    pub upper: Option<f32>,
    /// Width of the soft edge of the window, HU.
    pub smoothness: f32,
    /// Gaussian over the intensities before the window, mm.
    pub window_sigma_mm: f32,
    /// Gaussian over the intensities before the gradient, mm (edge).
    pub edge_sigma_mm: f32,
    /// Gradient at which the edge speed is one half, HU/mm; `None` takes it from the ROI (85 % of its gradients are
    /// weaker).
    pub lambda: Option<f32>,
    /// Exponent of the edge speed.
    pub exponent: f32,
    /// A speed image made elsewhere, used in place of the above.
    pub imported: Option<PathBuf>,
}

impl SpeedSettings {
    /// A window over contrast-enhanced soft tissue, cut to the scan's range.
    pub fn starting(range: (f32, f32)) -> Self {
        let inside = |v: f32| v.clamp(range.0, range.1.max(range.0));
        let (mut lower, mut upper) = (inside(100.0), inside(300.0));
        if upper <= lower {
            (lower, upper) = (range.0 + 0.4 * (range.1 - range.0), range.1);
        }
        Self {
            lower: Some(lower),
            upper: Some(upper),
            smoothness: 20.0,
            window_sigma_mm: 0.0,
            edge_sigma_mm: 1.0,
            lambda: None,
            exponent: 2.0,
            imported: None,
        }
    }
}

/// What a speed image depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedKey {
    /// Document it belongs to.
    pub serial: u64,
    /// Method that will use it.
    pub method: Method,
    /// Settings.
    pub settings: SpeedSettings,
    /// Region it covers.
    pub roi: Roi,
    /// Voxel axis along which resampling is left out (work slice by slice).
    pub slices_along: Option<usize>,
}

impl SpeedKey {
    /// What the speed image of this document depends on now.
    pub fn of(document: &Document) -> Self {
        Self {
            serial: document.serial,
            method: document.evolve.params.method,
            settings: document.speed.clone(),
            roi: document.roi,
            slices_along: document.slices_along(),
        }
    }
}

/// A speed image on the ROI's grid (for Chan–Vese: the scaled intensities).
#[derive(Clone, Debug)]
pub struct SpeedImage {
    /// What it was made from.
    pub key: SpeedKey,
    /// Its grid.
    pub geometry: Geometry,
    /// The λ that was used (edge), HU/mm.
    pub lambda: Option<f32>,
    /// Samples, x fastest: g in [0, 1] (edge), in [-1, 1] (region), or intensity in [0, 1] (Chan–Vese).
    pub samples: Arc<Vec<f32>>,
}
