//! Speed images: what makes the contour run, stop, or turn back.

use crate::filter::{gaussian, gradient_magnitude};
use crate::geometry::Geometry;
use crate::volume::Volume;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a speed image comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeedKind {
    /// g in [0, 1], small on edges.
    Edge,
    /// g in [-1, 1], positive inside a threshold window.
    Region,
    /// g in [-1, 1], read from a file.
    Imported,
}

/// A speed g per voxel on the grid where the contour evolves, x fastest.
#[derive(Clone, Debug)]
pub struct SpeedField {
    /// Its grid.
    pub grid: Geometry,
    /// The speed.
    pub g: Vec<f32>,
    /// Where it comes from.
    pub kind: SpeedKind,
}

/// A soft threshold window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Least intensity of the organ, HU; `None` is open below.
    pub lower: Option<f32>,
    /// Greatest intensity of the organ, HU; `None` is open above.
    pub upper: Option<f32>,
    /// Width of the soft edge, HU: this far inside a bound its factor is 88 % of the way to 1.
    pub smoothness: f32,
}

/// Why there is no speed image.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SpeedError {
    /// No edge anywhere.
    #[error("the image has the same value ({value}) everywhere in the ROI: there is no edge that could stop a contour")]
    Constant {
        /// That value.
        value: f32,
    },
    /// A window that is upside down, open on both sides, or without a soft edge.
    #[error("the threshold window {}..{} with smoothness {smoothness} is no window: expected lower < upper, at least one of them, and a smoothness above 0", bound(*.lower), bound(*.upper))]
    Window {
        /// Lower bound.
        lower: Option<f32>,
        /// Upper bound.
        upper: Option<f32>,
        /// Softness.
        smoothness: f32,
    },
    /// An edge parameter out of range.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// A speed file on another grid.
    #[error(
        "the speed image lies on another grid than the scan: speed {speed}; scan {scan}: export it on the scan's grid"
    )]
    Grid {
        /// The speed's grid in words.
        speed: String,
        /// The scan's grid in words.
        scan: String,
    },
    /// Values outside [-1, 1].
    #[error(
        "the speed image holds values from {least} to {greatest}, expected -1 to 1: divide it by its greatest magnitude"
    )]
    Range {
        /// Least value.
        least: f32,
        /// Greatest value.
        greatest: f32,
    },
}

fn bound(value: Option<f32>) -> String {
    value.map_or_else(|| "open".to_owned(), |v| v.to_string())
}

/// Parameters of an edge speed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeOptions {
    /// Standard deviation σ of the Gaussian before the gradient, mm.
    pub sigma_mm: f64,
    /// Gradient λ at which g is ½, HU per mm.
    pub scale: f32,
    /// Exponent p: how sharply g falls.
    pub exponent: f32,
}

impl SpeedField {
    /// Edge speed g = 1 / (1 + (|∇(G_σ ∗ I)| / λ)^p) (Caselles 1997; Yushkevich 2006).
    ///
    /// # Errors
    /// A constant image; σ negative, λ or p not above 0.
    pub fn edge(grid: Geometry, intensities: &[f32], options: EdgeOptions) -> Result<Self, SpeedError> {
        let EdgeOptions { sigma_mm, scale, exponent } = options;
        parameter("the smoothing sigma", sigma_mm, "0 mm or more", sigma_mm >= 0.0)?;
        parameter("the edge scale lambda", f64::from(scale), "above 0 HU/mm", scale > 0.0)?;
        parameter("the edge exponent", f64::from(exponent), "above 0", exponent > 0.0)?;
        let mut g = edge_strength(&grid, intensities, sigma_mm)?;
        g.par_iter_mut().with_min_len(4096).for_each(|v| *v = 1.0 / (1.0 + (*v / scale).powf(exponent)));
        Ok(Self { grid, g, kind: SpeedKind::Edge })
    }

    /// Region speed from a soft window, in [-1, 1]: with T(z) = ½(1 + tanh z) and smoothness s,
    /// g = 2 T((I − lower)/s) T((upper − I)/s) − 1 (ITK-SNAP's form); an open bound's factor is 1. `sigma_mm` above 0
    /// smooths the intensities first.
    ///
    /// # Errors
    /// A constant image, or a window that is none.
    pub fn threshold(grid: Geometry, intensities: &[f32], window: Window, sigma_mm: f64) -> Result<Self, SpeedError> {
        let Window { lower, upper, smoothness } = window;
        let upside_down =
            matches!((lower, upper), (Some(l), Some(u)) if l.partial_cmp(&u) != Some(std::cmp::Ordering::Less));
        let soft = smoothness > 0.0 && smoothness.is_finite();
        if upside_down || !soft || (lower.is_none() && upper.is_none()) {
            return Err(SpeedError::Window { lower, upper, smoothness });
        }
        parameter("the smoothing sigma", sigma_mm, "0 mm or more", sigma_mm >= 0.0)?;
        refuse_constant(intensities)?;
        let mut g = gaussian(intensities, grid.size(), grid.spacing_mm(), sigma_mm);
        g.par_iter_mut().with_min_len(4096).for_each(|v| *v = window.speed(*v));
        Ok(Self { grid, g, kind: SpeedKind::Region })
    }

    /// A speed image from a file, already on the grid where the contour evolves.
    ///
    /// # Errors
    /// Values outside [-1, 1] (with a rounding margin of 1e-3, to which they are clamped).
    pub fn imported(grid: Geometry, mut g: Vec<f32>) -> Result<Self, SpeedError> {
        let (least, greatest) = range(&g);
        if !(least >= -1.001 && greatest <= 1.001) {
            return Err(SpeedError::Range { least, greatest });
        }
        g.iter_mut().for_each(|v| *v = v.clamp(-1.0, 1.0));
        Ok(Self { grid, g, kind: SpeedKind::Imported })
    }

    /// Refuses a speed file that does not lie on the scan's grid.
    ///
    /// # Errors
    /// Another size or affine, naming both grids.
    pub fn check_grid(speed: &Volume, scan: &Geometry) -> Result<(), SpeedError> {
        if speed.geometry().same_grid(scan, GRID_TOLERANCE_MM) {
            Ok(())
        } else {
            Err(SpeedError::Grid { speed: speed.geometry().describe(), scan: scan.describe() })
        }
    }
}

/// Affines of one grid written by different programs differ by rounding to f32: 0.01 mm is far above that and far
/// below a voxel.
pub const GRID_TOLERANCE_MM: f64 = 0.01;

/// Smoothness taken when none is given, HU: about the noise of an abdominal CT.
const SMOOTHNESS_HU: f32 = 20.0;

impl Window {
    /// The soft edge taken when none is given: 20 HU, but at most a quarter of the window's width, so that the middle
    /// of a narrow window keeps its full speed.
    pub fn default_smoothness(&self) -> f32 {
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) if upper > lower => SMOOTHNESS_HU.min((upper - lower) / 4.0),
            _ => SMOOTHNESS_HU,
        }
    }

    /// The speed of one intensity.
    pub fn speed(&self, intensity: f32) -> f32 {
        let factor = |z: f32| 0.5 * (1.0 + (z / self.smoothness).tanh());
        let above = self.lower.map_or(1.0, |lower| factor(intensity - lower));
        let below = self.upper.map_or(1.0, |upper| factor(upper - intensity));
        2.0 * above * below - 1.0
    }
}

/// |∇(G_σ ∗ I)| in HU per mm: what an edge speed is made of, and what its scale λ is measured in.
///
/// # Errors
/// A constant image.
pub fn edge_strength(grid: &Geometry, intensities: &[f32], sigma_mm: f64) -> Result<Vec<f32>, SpeedError> {
    refuse_constant(intensities)?;
    let smooth = gaussian(intensities, grid.size(), grid.spacing_mm(), sigma_mm);
    Ok(gradient_magnitude(&smooth, grid.size(), grid.spacing_mm()))
}

fn refuse_constant(intensities: &[f32]) -> Result<(), SpeedError> {
    let (least, greatest) = range(intensities);
    if greatest > least { Ok(()) } else { Err(SpeedError::Constant { value: least }) }
}

fn range(values: &[f32]) -> (f32, f32) {
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), &v| (lo.min(v), hi.max(v)))
}

fn parameter(name: &'static str, value: f64, expected: &'static str, holds: bool) -> Result<(), SpeedError> {
    if holds && value.is_finite() { Ok(()) } else { Err(SpeedError::Parameter { name, value, expected }) }
}
