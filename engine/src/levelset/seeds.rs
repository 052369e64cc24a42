//! Seeds: spheres in the patient from which a contour starts.

use crate::geometry::Geometry;
use crate::roi::Roi;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A sphere in the patient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seed {
    /// Centre, RAS+ mm.
    pub center_mm: [f64; 3],
    /// Radius, mm.
    pub radius_mm: f64,
}

/// Why a contour cannot start from these seeds. Seeds are numbered from 1, as the user gave them.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SeedError {
    /// No seed at all.
    #[error("there is no seed: give at least one sphere inside the organ, or an initial mask")]
    None,
    /// A radius or a coordinate that is no length.
    #[error("seed {number} at {} has the radius {radius_mm} mm: expected finite coordinates and a radius above 0", mm(*.center_mm))]
    Number {
        /// Which seed, from 1.
        number: usize,
        /// Its centre, RAS+ mm.
        center_mm: [f64; 3],
        /// Its radius, mm.
        radius_mm: f64,
    },
    /// A centre beyond the scan.
    #[error("seed {number} at {} lies outside the volume, which is {grid}", mm(*.center_mm))]
    OutsideVolume {
        /// Which seed, from 1.
        number: usize,
        /// Its centre, RAS+ mm.
        center_mm: [f64; 3],
        /// The scan's grid in words.
        grid: String,
    },
    /// A centre in the scan but not in the ROI.
    #[error(
        "seed {number} at {} (voxel {voxel:?}) lies outside the ROI {lower:?}..{upper:?}: move the seed or enlarge the ROI",
        mm(*.center_mm)
    )]
    OutsideRoi {
        /// Which seed, from 1.
        number: usize,
        /// Its centre, RAS+ mm.
        center_mm: [f64; 3],
        /// Nearest voxel of the scan.
        voxel: [i64; 3],
        /// The ROI's first voxel.
        lower: [usize; 3],
        /// One past the ROI's last voxel.
        upper: [usize; 3],
    },
    /// A sphere that holds no voxel centre.
    #[error(
        "seed {number} at {} with radius {radius_mm} mm is smaller than a voxel ({:.2}x{:.2}x{:.2} mm): give it a radius of at least {:.1} mm",
        mm(*.center_mm), .spacing_mm[0], .spacing_mm[1], .spacing_mm[2], .needed_mm
    )]
    TooSmall {
        /// Which seed, from 1.
        number: usize,
        /// Its centre, RAS+ mm.
        center_mm: [f64; 3],
        /// Its radius, mm.
        radius_mm: f64,
        /// Spacing of the grid on which the contour evolves, mm.
        spacing_mm: [f64; 3],
        /// A radius that always holds a voxel centre: half the voxel's diagonal, mm.
        needed_mm: f64,
    },
}

fn mm(p: [f64; 3]) -> String {
    format!("({:.1}, {:.1}, {:.1}) mm RAS", p[0], p[1], p[2])
}

/// Checks that every seed lies in the scan, in the ROI, and holds a voxel centre of `grid`, the grid on which the
/// contour evolves.
///
/// # Errors
/// The first seed that does not, by its number and coordinates; or no seed at all.
pub fn validate(seeds: &[Seed], scan: &Geometry, roi: &Roi, grid: &Geometry) -> Result<(), SeedError> {
    if seeds.is_empty() {
        return Err(SeedError::None);
    }
    for (index, &Seed { center_mm, radius_mm }) in seeds.iter().enumerate() {
        let number = index + 1;
        if !(center_mm.iter().all(|v| v.is_finite()) && radius_mm > 0.0 && radius_mm.is_finite()) {
            return Err(SeedError::Number { number, center_mm, radius_mm });
        }
        // A voxel reaches half a voxel around its centre, so the scan spans -0.5 .. size - 0.5.
        let at = scan.voxel_of_world(center_mm);
        let within = |lower: [usize; 3], upper: [usize; 3]| {
            (0..3).all(|d| at[d] >= lower[d] as f64 - 0.5 && at[d] <= upper[d] as f64 - 0.5)
        };
        if !within([0; 3], scan.size()) {
            return Err(SeedError::OutsideVolume { number, center_mm, grid: scan.describe() });
        }
        let (lower, upper) = (roi.lower, roi.upper);
        if !within(lower, upper) {
            return Err(SeedError::OutsideRoi { number, center_mm, voxel: at.map(|v| v.round() as i64), lower, upper });
        }
        if !holds_voxel_center(center_mm, radius_mm, grid) {
            let spacing_mm = grid.spacing_mm();
            let needed_mm = spacing_mm.iter().map(|h| h * h).sum::<f64>().sqrt() / 2.0;
            return Err(SeedError::TooSmall { number, center_mm, radius_mm, spacing_mm, needed_mm });
        }
    }
    Ok(())
}

/// Whether any of the voxel centres around the sphere's centre lies inside it. On sheared grids, too, some centre of
/// the 4x4x4 block around the position is as near as it gets for a sphere that holds only a few.
fn holds_voxel_center(center_mm: [f64; 3], radius_mm: f64, grid: &Geometry) -> bool {
    let base = grid.voxel_of_world(center_mm).map(f64::floor);
    (0..64).any(|corner| {
        let offset = [corner % 4, corner / 4 % 4, corner / 16];
        let voxel: [f64; 3] = std::array::from_fn(|d| base[d] + offset[d] as f64 - 1.0);
        let inside_grid = (0..3).all(|d| voxel[d] >= 0.0 && voxel[d] < grid.size()[d] as f64);
        let world = grid.world_of_voxel(voxel);
        let squared: f64 = (0..3).map(|d| (world[d] - center_mm[d]).powi(2)).sum();
        inside_grid && squared < radius_mm * radius_mm
    })
}
