//! φ on its grid: from seeds, from labels, to a mask, and slice by slice.

use super::seeds::Seed;
use super::stepper::Grid;
use crate::filter::signed_distance_mm;
use crate::geometry::Geometry;
use nalgebra::Vector3;
use rayon::prelude::*;
use thiserror::Error;

/// A level set function in mm, negative inside, x fastest.
#[derive(Clone, Debug)]
pub struct LevelSet {
    /// Its grid.
    pub geometry: Geometry,
    /// One value per voxel.
    pub phi: Vec<f32>,
}

/// Why a starting contour cannot be made.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LevelSetError {
    /// A mask without an inside or without an outside has no contour.
    #[error("the initial mask has no contour in the ROI: {inside} of its {total} voxels are inside")]
    NoContour {
        /// Voxels inside.
        inside: usize,
        /// Voxels of the grid.
        total: usize,
    },
}

impl LevelSet {
    /// The union of spheres: φ is the least of |x − centre| − radius, in mm through the affine (so also on oblique
    /// and sheared grids); exact outside, and inside wherever the spheres do not overlap.
    ///
    /// On a grid of one slice (`size[2] == 1`) the spheres' circles in that plane count, so that φ is the distance
    /// within the slice; spheres that do not reach the plane are left out. Without any sphere φ is +∞.
    pub fn from_seeds(geometry: Geometry, seeds: &[Seed]) -> Self {
        let affine = geometry.world_from_voxel();
        let column = |c: usize| Vector3::new(affine[(0, c)], affine[(1, c)], affine[(2, c)]);
        let (ex, ey, ez, origin) = (column(0), column(1), column(2), column(3));
        let spheres: Vec<(Vector3<f64>, f64)> = if geometry.size()[2] == 1 {
            let normal = ex.cross(&ey).normalize();
            seeds.iter().filter_map(|seed| circle_in_plane(seed, origin, normal)).collect()
        } else {
            seeds.iter().map(|seed| (Vector3::from(seed.center_mm), seed.radius_mm)).collect()
        };
        let [nx, ny, _] = geometry.size();
        let mut phi = vec![f32::INFINITY; geometry.len()];
        phi.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
            let start = origin + ey * (row % ny) as f64 + ez * (row / ny) as f64;
            for (x, value) in out.iter_mut().enumerate() {
                let point = start + ex * x as f64;
                let distances = spheres.iter().map(|(center, radius)| (point - center).norm() - radius);
                *value = distances.fold(f64::INFINITY, f64::min) as f32;
            }
        });
        Self { geometry, phi }
    }

    /// The exact signed distance to the faces of the voxels where `inside(index)` holds.
    ///
    /// # Errors
    /// A mask that is empty or fills the grid.
    pub fn from_mask(geometry: Geometry, inside: impl Fn(usize) -> bool) -> Result<Self, LevelSetError> {
        let mask: Vec<bool> = (0..geometry.len()).map(inside).collect();
        let count = mask.iter().filter(|&&v| v).count();
        if count == 0 || count == mask.len() {
            return Err(LevelSetError::NoContour { inside: count, total: mask.len() });
        }
        let phi = signed_distance_mm(&mask, geometry.size(), geometry.spacing_mm());
        Ok(Self { geometry, phi })
    }

    /// The voxels with φ < 0.
    pub fn to_mask(&self) -> Vec<bool> {
        self.phi.iter().map(|&v| v < 0.0).collect()
    }

    /// The computation grid.
    pub fn grid(&self) -> Grid {
        grid_of(&self.geometry)
    }

    /// Clamps to ±`bound_mm` (nothing for an infinite bound but the infinities themselves).
    pub fn clamp(&mut self, bound_mm: f32) {
        let bound = bound_mm.min(f32::MAX);
        self.phi.par_iter_mut().for_each(|v| *v = v.clamp(-bound, bound));
    }
}

/// The computation grid of a geometry: its size and spacing. Shear is not part of it: the solver takes the axes as
/// orthogonal.
pub fn grid_of(geometry: &Geometry) -> Grid {
    Grid { size: geometry.size(), spacing_mm: geometry.spacing_mm().map(|h| h as f32) }
}

/// Where a plane cuts a sphere.
fn circle_in_plane(seed: &Seed, origin: Vector3<f64>, normal: Vector3<f64>) -> Option<(Vector3<f64>, f64)> {
    let center = Vector3::from(seed.center_mm);
    let height = (center - origin).dot(&normal);
    let squared = seed.radius_mm * seed.radius_mm - height * height;
    (squared > 0.0).then(|| (center - normal * height, squared.sqrt()))
}
