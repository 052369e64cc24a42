//! A synthetic contrast-enhanced CT of the abdomen with exact labels: for the demo, tests and benchmarks.
//!
//! The anatomy is analytic (signed distances in the coordinates of a canonical adult), displaced by a smooth
//! random field, so every seed is another patient. The patient is scaled to the field of view: 365 mm and more
//! hold an adult; the default 205 mm a child of about five years, from the lung bases to the pelvis.
//! CT numbers are those of the portal venous phase; partial volume comes from 2 x 2 x 3 sub-samples; the
//! noise is band-passed as a CT's is. The stored axes are L, P, S, as clinical NIfTI files usually are.

mod anatomy;
mod field;
mod noise;
mod render;
mod rng;
mod shapes;
mod tissue;
mod tubes;

use crate::geometry::{Geometry, GeometryError};
use crate::label::LabelMap;
use crate::volume::{Samples, Volume};
use anatomy::{Anatomy, Target};
use nalgebra::Matrix4;
use render::{Placement, Scene};
use serde::{Deserialize, Serialize};
use thiserror::Error;
pub use tissue::LABEL_NAMES;
use tissue::TISSUES;

/// What to build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhantomOptions {
    /// Voxels along the stored axes (L, P, S).
    pub size: [usize; 3],
    /// Distance between voxel centres, mm.
    pub spacing_mm: [f64; 3],
    /// Which patient.
    pub rng_seed: u64,
    /// Standard deviation of the noise in the middle of the patient, HU.
    pub noise_hu: f32,
}

impl Default for PhantomOptions {
    fn default() -> Self {
        Self { size: [256, 256, 96], spacing_mm: [0.8, 0.8, 3.0], rng_seed: 0, noise_hu: 13.0 }
    }
}

/// Why a phantom cannot be built.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PhantomError {
    /// A grid of the wrong size.
    #[error("size {size:?}: expected 8 to 2048 voxels along each axis and at most {max} in all", max = MAX_VOXELS)]
    Size {
        /// The refused size.
        size: [usize; 3],
    },
    /// A spacing of no use.
    #[error("spacing {spacing_mm:?} mm: expected 0.1 to 50 mm along each axis")]
    Spacing {
        /// The refused spacing.
        spacing_mm: [f64; 3],
    },
    /// Noise that is negative or absurd.
    #[error("noise of {noise_hu} HU: expected 0 to 500")]
    Noise {
        /// The refused standard deviation.
        noise_hu: f32,
    },
    /// The grid could not be placed.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

/// Voxels of the largest phantom: 512 x 512 x 1024.
const MAX_VOXELS: usize = 1 << 28;

/// How to contour one organ of the phantom: what a user would enter by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Label number in [`Phantom::labels`].
    pub label: u16,
    /// Name of the organ.
    pub organ: String,
    /// First voxel of the box around the organ.
    pub roi_lower: [usize; 3],
    /// One past the last voxel of the box.
    pub roi_upper: [usize; 3],
    /// Threshold window, HU.
    pub lower_hu: f32,
    /// Threshold window, HU.
    pub upper_hu: f32,
    /// Smoothing of the intensities before the threshold (standard deviation of the Gaussian), mm.
    pub sigma_mm: f64,
    /// Spheres: centre (x, y, z) in RAS mm and radius in mm.
    pub seeds: Vec<[f64; 4]>,
}

/// A synthetic scan with its truth.
#[derive(Clone, Debug)]
pub struct Phantom {
    /// The scan, int16 HU.
    pub ct: Volume,
    /// The truth; numbers and names in [`LABEL_NAMES`].
    pub labels: LabelMap,
    /// Starting points for both kidneys and the liver, those whose seeds lie in this field of view.
    pub suggestions: Vec<Suggestion>,
}

impl Phantom {
    /// Builds the scan and its labels.
    ///
    /// # Errors
    /// Sizes, spacings or noise outside the stated ranges.
    pub fn generate(options: &PhantomOptions) -> Result<Self, PhantomError> {
        let geometry = grid(options)?;
        let seed = options.rng_seed;
        let anatomy = Anatomy::new(seed);
        let placement = Placement::new(options.size, options.spacing_mm, &mut rng::Rng::new(seed, "placement"));
        let scene = Scene {
            anatomy: &anatomy,
            placement,
            geometry: &geometry,
            spacing_mm: options.spacing_mm.map(|s| s as f32),
            noise_hu: options.noise_hu,
            seed,
        };
        let tissues = scene.tissues();
        let stored = scene.intensities(&tissues);
        let labels: Vec<u16> = tissues.iter().map(|&t| TISSUES[t as usize].label).collect();
        let labels = LabelMap::new(geometry.clone(), labels);
        let suggestions =
            anatomy.targets().iter().filter_map(|target| suggestion(target, &anatomy, &placement, &labels)).collect();
        let ct = Volume::with_samples(geometry, Samples::I16 { stored, slope: 1.0, intercept: 0.0 });
        Ok(Self { ct, labels, suggestions })
    }
}

/// The grid: axes L, P, S; world 0 in its middle.
fn grid(options: &PhantomOptions) -> Result<Geometry, PhantomError> {
    let PhantomOptions { size, spacing_mm, noise_hu, .. } = *options;
    let voxels = size.iter().try_fold(1usize, |n, &s| n.checked_mul(s)).unwrap_or(usize::MAX);
    if size.iter().any(|s| !(8..=2048).contains(s)) || voxels > MAX_VOXELS {
        return Err(PhantomError::Size { size });
    }
    if spacing_mm.iter().any(|s| !(0.1..=50.0).contains(s)) {
        return Err(PhantomError::Spacing { spacing_mm });
    }
    if !(0.0..=500.0).contains(&noise_hu) {
        return Err(PhantomError::Noise { noise_hu });
    }
    let mut affine = Matrix4::identity();
    for (d, sign) in [-1.0, -1.0, 1.0].into_iter().enumerate() {
        affine[(d, d)] = sign * spacing_mm[d];
        affine[(d, 3)] = -sign * spacing_mm[d] * (size[d] as f64 - 1.0) / 2.0;
    }
    Ok(Geometry::new(size, affine)?)
}

/// Little smoothing: the organs border on fat, and more of it would pull the contour inwards.
const SIGMA_MM: f64 = 0.3;

/// Threshold windows, HU: between fat or muscle and the organ, and above its brightest vessel or cortex.
fn window_hu(label: u16) -> (f32, f32) {
    if label == 5 { (83.0, 156.0) } else { (70.0, 260.0) }
}

fn suggestion(target: &Target, anatomy: &Anatomy, placement: &Placement, labels: &LabelMap) -> Option<Suggestion> {
    let geometry = labels.geometry();
    let size = geometry.size();
    let voxel = |canonical| {
        let world = placement.world(anatomy.actual(canonical)).map(f64::from);
        (world, geometry.voxel_of_world(world))
    };
    // The displaced box: all corners and face centres, and a margin for what bulges between them.
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for corner in 0..27 {
        let position = std::array::from_fn(|d| {
            let t = [0.0, 0.5, 1.0][corner / [1, 3, 9][d] % 3];
            target.lower[d] + (target.upper[d] - target.lower[d]) * t
        });
        let (_, v) = voxel(position);
        for d in 0..3 {
            low[d] = low[d].min(v[d]);
            high[d] = high[d].max(v[d]);
        }
    }
    let spacing = geometry.spacing_mm();
    let margin_mm = 4.0 / f64::from(placement.canonical_per_mm[0]);
    let bound = |v: f64, d: usize| v.clamp(0.0, size[d] as f64) as usize;
    let roi_lower = std::array::from_fn(|d| bound((low[d] - margin_mm / spacing[d]).floor(), d));
    let roi_upper = std::array::from_fn(|d| bound((high[d] + margin_mm / spacing[d]).ceil() + 1.0, d));
    let radius_mm = f64::from(target.seed_radius / placement.canonical_per_mm[0]);
    let seeds: Vec<[f64; 4]> = target
        .seeds
        .iter()
        .filter_map(|&seed| {
            let (world, v) = voxel(seed);
            let inside = (0..3).all(|d| v[d] >= 0.0 && v[d] <= size[d] as f64 - 1.0);
            (inside && labels.at(v.map(|c| c.round() as usize)) == target.label)
                .then_some([world[0], world[1], world[2], radius_mm])
        })
        .collect();
    let (lower_hu, upper_hu) = window_hu(target.label);
    (!seeds.is_empty()).then(|| Suggestion {
        label: target.label,
        organ: target.name.to_owned(),
        roi_lower,
        roi_upper,
        lower_hu,
        upper_hu,
        sigma_mm: SIGMA_MM,
        seeds,
    })
}
