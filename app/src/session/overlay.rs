//! What may be laid over the slices beside labels: a map of φ or of a force, the contours of earlier moments, and a
//! reference's contour with how well the contour agrees with it.

use std::sync::Arc;
use zeroset_engine::levelset::{Force, Method};
use zeroset_engine::metrics::Overlap;

/// Most earlier contours that are drawn.
pub const TRAIL: usize = 8;

/// What a map shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Map {
    /// φ in a band around the contour.
    #[default]
    Phi,
    /// The speed image.
    Speed,
    /// What a force, or all of them, adds to dφ/dt.
    Force(Force),
}

impl Map {
    /// The maps of an evolution by this method, or by a network, in the order of the list.
    pub fn of(method: Method, by_network: bool) -> Vec<Map> {
        let mut maps = vec![Self::Phi];
        if !by_network {
            maps.push(Self::Speed);
        }
        maps.push(Self::Force(Force::Total));
        if !by_network {
            maps.extend(Force::of(method).iter().copied().map(Self::Force));
        }
        maps
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phi => "φ",
            Self::Speed => "Speed",
            Self::Force(Force::Total) => "dφ/dt",
            Self::Force(Force::Propagation) => "Propagation",
            Self::Force(Force::Curvature) => "Curvature",
            Self::Force(Force::Advection) => "Advection",
            Self::Force(Force::Length) => "Length",
            Self::Force(Force::Area) => "Area",
            Self::Force(Force::Region) => "Region",
        }
    }
}

/// What the user wants to see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverlaySettings {
    /// Whether the map is drawn.
    pub show_map: bool,
    /// Which one.
    pub map: Map,
    /// Its opacity, 0 to 1.
    pub opacity: f32,
    /// Half width of the band around the contour in which φ and forces are shown, mm.
    pub band_mm: f32,
    /// Whether earlier contours are drawn.
    pub trail: bool,
    /// Whether the reference is drawn.
    pub reference: bool,
}

impl Default for OverlaySettings {
    fn default() -> Self {
        Self { show_map: false, map: Map::Phi, opacity: 0.6, band_mm: 6.0, trail: false, reference: true }
    }
}

impl OverlaySettings {
    /// What of it the evolution thread has to make.
    pub fn wanted(&self) -> Wanted {
        let force = match self.map {
            Map::Force(force) if self.show_map => Some(force),
            _ => None,
        };
        Wanted { force, band_mm: self.band_mm, trail: self.trail }
    }
}

/// What the evolution thread makes beside φ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The map of this force.
    pub force: Option<Force>,
    /// Half width of the band in which it is shown, mm: its range is that of the values in the inner third.
    pub band_mm: f32,
    /// Earlier contours.
    pub trail: bool,
}

/// What the evolution thread made of it, of φ as shown.
#[derive(Clone, Debug, Default)]
pub struct OverlayView {
    /// The map of the wanted force, or why there is none.
    pub force: Option<Result<Arc<ForceMap>, &'static str>>,
    /// Earlier contours.
    pub trail: Option<Arc<Trail>>,
    /// How the contour agrees with the reference.
    pub agreement: Option<Agreement>,
    /// Beyond this distance φ is cut off, mm; 0 when it is not known.
    pub limit_mm: f32,
}

/// A force over φ's grid.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceMap {
    /// Which one.
    pub force: Force,
    /// What it adds to dφ/dt, mm per unit of t, x fastest; negative where the contour grows.
    pub samples: Vec<f32>,
    /// Magnitude of the full colour, mm per unit of t: 1, 2 or 5 times a power of ten, which at most one voxel of twenty
    /// in the inner third of the band exceeds by more than a tenth.
    pub range: f32,
}

/// φ of earlier moments in little memory: enough to draw their contours.
#[derive(Clone, Debug, PartialEq)]
pub struct Trail {
    /// Steps behind each, the oldest first; at most [`TRAIL`].
    pub moments: Vec<u64>,
    /// Per voxel a signed byte for each moment, in two words of four, as WGSL's `unpack4x8snorm` reads them.
    pub packed: Vec<[u32; 2]>,
    /// Distance of a stored 1, mm.
    pub range_mm: f32,
}

/// The contour's inside beside the reference, counted on the scan's voxels: of the region that evolves, in 2D of its
/// slice; a proposal's where it was looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Voxels of the contour and of the reference.
    pub overlap: Overlap,
    /// Volume of a voxel, mL.
    pub voxel_ml: f64,
    /// What of the reference lies outside the region (in 2D: of the region's part of the slice), mL.
    pub outside_ml: f64,
    /// Whether one slice was counted.
    pub slice: bool,
}

impl Agreement {
    /// Volume inside the contour, mL.
    pub fn contour_ml(&self) -> f64 {
        self.overlap.prediction() as f64 * self.voxel_ml
    }

    /// Volume of the reference there, mL.
    pub fn reference_ml(&self) -> f64 {
        self.overlap.truth() as f64 * self.voxel_ml
    }
}
