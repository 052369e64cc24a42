//! Where methods are compared, and the contour that all of them start from.

use super::error::CompareError;
use super::frame::Frame;
use super::inside::Inside;
use crate::filter::{resample, signed_distance_mm};
use crate::geometry::Geometry;
use crate::label::LabelMap;
use crate::levelset::phi::grid_of;
use crate::levelset::{LevelSetParams, Method};
use crate::roi::Roi;
use crate::slices::Slice;
use crate::volume::Volume;
use rayon::prelude::*;
use std::sync::Arc;

/// From this share of its extremes on φ counts as clamped.
const CLAMPED: f32 = 0.98;

/// A box of a scan, or one slice of it, with the grid on which contours are compared.
#[derive(Clone, Debug)]
pub struct Site {
    /// The box.
    pub roi: Roi,
    /// Grid of φ; of a slice as [`Slice`] has it.
    pub grid: Geometry,
    /// The same grid with its axes in the scan's order: values lie in the same order.
    pub stored: Geometry,
    /// Voxel axis across the slice, and its index on the scan.
    pub slice: Option<(usize, usize)>,
}

impl Site {
    /// A box of `scan`, or the slice (axis, index) of it.
    ///
    /// # Errors
    /// A box that does not lie in the scan, or does not hold the slice.
    pub fn new(scan: &Geometry, roi: Roi, slice: Option<(usize, usize)>) -> Result<Self, CompareError> {
        let whole = roi.geometry_of_slices(scan, slice.map(|(axis, _)| axis))?;
        let Some((axis, index)) = slice else {
            return Ok(Self { roi, grid: whole.clone(), stored: whole, slice });
        };
        let inner = Roi { lower: roi.lower, upper: roi.upper, resample: None };
        let mut only = inner;
        (only.lower[axis], only.upper[axis]) = (index.max(roi.lower[axis]), (index + 1).min(roi.upper[axis]));
        only.validate(scan)?;
        let local = index - roi.lower[axis];
        let (mut lower, mut size) = ([0; 3], whole.size());
        (lower[axis], size[axis]) = (local, 1);
        let grid = Slice::new(&whole, axis, local)?.geometry;
        Ok(Self { roi, grid, stored: whole.cropped(lower, size)?, slice })
    }

    /// The box of the scan's own voxels that it covers.
    pub fn own_box(&self) -> Roi {
        let mut own = Roi { resample: None, ..self.roi };
        if let Some((axis, index)) = self.slice {
            (own.lower[axis], own.upper[axis]) = (index, index + 1);
        }
        own
    }

    /// φ on the site from φ on the scan's voxels of [`own_box`](Self::own_box).
    ///
    /// # Errors
    /// A box that does not lie in the scan.
    pub fn from_box(&self, phi: Vec<f32>, scan: &Geometry) -> Result<Vec<f32>, CompareError> {
        let own = self.own_box();
        let grid = scan.cropped(own.lower, own.size())?;
        Ok(if grid.same_grid(&self.stored, 1e-9) { phi } else { resample(&phi, &grid, &self.stored) })
    }

    /// φ on the scan's voxels of [`own_box`](Self::own_box) from φ on the site.
    ///
    /// # Errors
    /// A box that does not lie in the scan.
    pub fn onto_box(&self, phi: &[f32], scan: &Geometry) -> Result<Vec<f32>, CompareError> {
        let own = self.own_box();
        let grid = scan.cropped(own.lower, own.size())?;
        Ok(if grid.same_grid(&self.stored, 1e-9) { phi.to_vec() } else { resample(phi, &self.stored, &grid) })
    }

    /// φ on the site from φ on a part of the scan that holds the site's box and begins at voxel `lower` of the scan.
    ///
    /// # Errors
    /// A box that does not lie in the scan.
    pub fn of_part(
        &self,
        phi: &[f32],
        part: &Geometry,
        lower: [usize; 3],
        scan: &Geometry,
    ) -> Result<Vec<f32>, CompareError> {
        let own = self.own_box();
        let first: [usize; 3] = std::array::from_fn(|d| own.lower[d] - lower[d]);
        let [nx, ny, nz] = own.size();
        let mut cut = Vec::with_capacity(nx * ny * nz);
        for row in 0..ny * nz {
            let start = part.index([first[0], first[1] + row % ny, first[2] + row / ny]);
            cut.extend_from_slice(&phi[start..start + nx]);
        }
        self.from_box(cut, scan)
    }

    /// The voxels of the site whose nearest voxel of `labels` is one of those that `is_inside` picks.
    pub fn inside_of(&self, labels: &LabelMap, is_inside: impl Fn(u16) -> bool) -> Inside {
        let affine = labels.geometry().voxel_from_world() * self.grid.world_from_voxel();
        let (size, [nx, ny, _]) = (labels.geometry().size(), self.grid.size());
        Inside::of(self.grid.len(), |index| {
            let voxel = [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64);
            let near: [f64; 3] = std::array::from_fn(|r| {
                let row = affine[(r, 0)] * voxel[0] + affine[(r, 1)] * voxel[1] + affine[(r, 2)] * voxel[2];
                (row + affine[(r, 3)]).round()
            });
            (0..3).all(|d| near[d] >= 0.0 && near[d] < size[d] as f64) && is_inside(labels.at(near.map(|v| v as usize)))
        })
    }

    /// The layers of [`stored`](Self::stored) across voxel axis `axis` between which slice `index` of the scan lies (two,
    /// or one twice), and the nearer one of them; `None` for a slice beside the site.
    pub fn layers_at(&self, scan: &Geometry, axis: usize, index: usize) -> Option<([usize; 2], usize)> {
        let at = |voxel: [f64; 3]| scan.voxel_of_world(self.stored.world_of_voxel(voxel))[axis];
        let mut second = [0.0; 3];
        second[axis] = 1.0;
        let (first, step) = (at([0.0; 3]), at(second) - at([0.0; 3]));
        let layer = (index as f64 - first) / step;
        let last = (self.stored.size()[axis] - 1) as f64;
        // A rounding of the affines must not lose the outermost layer.
        if !(-0.5 - 1e-3..=last + 0.5 + 1e-3).contains(&layer) {
            return None;
        }
        let inside = layer.clamp(0.0, last);
        // Nearly a whole number is one: the grids of an unresampled box are the scan's own.
        let whole = (inside - inside.round()).abs() < 1e-6;
        let low = if whole { inside.round() } else { inside.floor() };
        let high = if whole { low } else { low + 1.0 };
        Some(([low as usize, high as usize], inside.round() as usize))
    }

    /// Layers of φ of a frame across voxel axis `axis`, both ends included, with their grid.
    ///
    /// # Errors
    /// Only when memory was damaged.
    ///
    /// # Panics
    /// Layers that the site does not have.
    pub fn slab(&self, frame: &Frame, axis: usize, layers: [usize; 2]) -> Result<(Geometry, Vec<f32>), CompareError> {
        let (mut lower, mut size) = ([0; 3], self.stored.size());
        let [nx, ny, _] = size;
        (lower[axis], size[axis]) = (layers[0], layers[1] + 1 - layers[0]);
        let grid = self.stored.cropped(lower, size)?;
        if axis == 2 {
            return Ok((grid, frame.layers(layers[0]..layers[1] + 1)?));
        }
        let phi = frame.phi()?;
        let mut slab = Vec::with_capacity(grid.len());
        for row in 0..size[1] * size[2] {
            let start = lower[0] + nx * (lower[1] + row % size[1] + ny * (lower[2] + row / size[1]));
            slab.extend_from_slice(&phi[start..start + size[0]]);
        }
        Ok((grid, slab))
    }

    /// Values in one layer of [`stored`](Self::stored).
    pub(super) fn layer(&self) -> usize {
        let [nx, ny, _] = self.stored.size();
        nx * ny
    }
}

/// What all methods have in common: the scan, the place, the start, and how much memory each may take.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The scan.
    pub scan: Arc<Volume>,
    /// Where.
    pub site: Site,
    /// φ of the start on the site's grid, mm, a distance.
    pub start: Vec<f32>,
    /// φ of frames is stored up to here, mm.
    pub bound_mm: f32,
    /// Bytes that the frames of one method may take.
    pub budget_bytes: usize,
}

impl Ground {
    /// Default of the bytes that one method's frames may take: 128 MiB.
    pub const DEFAULT_BUDGET_BYTES: usize = 128 << 20;

    /// A ground on which methods start from φ (mm, negative inside, on the site's grid).
    ///
    /// # Errors
    /// A φ of another size, or without a contour.
    pub fn new(scan: Arc<Volume>, site: Site, phi: &[f32]) -> Result<Self, CompareError> {
        let (found, expected) = (phi.len(), site.grid.len());
        if found != expected {
            return Err(CompareError::StartSize { found, expected });
        }
        let inside = phi.iter().filter(|v| **v < 0.0).count();
        if inside == 0 || inside == found {
            return Err(CompareError::NoContour { inside, total: found });
        }
        let start = distance(phi, site.grid.size(), site.grid.spacing_mm());
        let bound_mm = grid_of(&site.grid).band_mm(&LevelSetParams::preset(Method::Region));
        Ok(Self { scan, site, start, bound_mm, budget_bytes: Self::DEFAULT_BUDGET_BYTES })
    }

    /// φ of the start on the scan's voxels of the site's box, as networks learn it: the distance within each slice
    /// across `axis`. Slices without a contour are `far_mm` outside.
    ///
    /// # Errors
    /// A box that does not lie in the scan.
    pub(super) fn start_by_slices(&self, axis: usize, far_mm: f32) -> Result<Vec<f32>, CompareError> {
        let scan = self.scan.geometry();
        let mut phi = self.site.onto_box(&self.start, scan)?;
        let own = self.site.own_box();
        let grid = scan.cropped(own.lower, own.size())?;
        let slices: Vec<(Slice, Vec<f32>)> = (0..grid.size()[axis])
            .into_par_iter()
            .map(|index| {
                let slice = Slice::new(&grid, axis, index)?;
                let values = slice.take(&phi);
                let is_empty = values.iter().all(|&v| v >= 0.0);
                let size = slice.geometry.size();
                let spacing_mm = slice.geometry.spacing_mm();
                let values =
                    if is_empty { vec![far_mm; values.len()] } else { distance_in_plane(&values, size, spacing_mm) };
                Ok((slice, values))
            })
            .collect::<Result<_, CompareError>>()?;
        for (slice, values) in slices {
            slice.put(&values, &mut phi);
        }
        Ok(phi)
    }
}

/// φ as a distance in mm. Where it was clamped, or has grown steeper than a distance by more than a voxel, it becomes the
/// exact distance to the faces of the voxels inside; elsewhere, next to the contour above all, it stays as it is.
fn distance(phi: &[f32], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f32> {
    let (least, greatest) = phi.iter().fold((0.0_f32, 0.0_f32), |(a, b), &v| (a.min(v), b.max(v)));
    let is_clamped = |v: f32| v <= CLAMPED * least || v >= CLAMPED * greatest;
    with_faces(phi, size, spacing_mm, |given, face, voxel_mm| {
        given.abs() > face.abs() + voxel_mm || (is_clamped(given) && face.abs() > given.abs())
    })
}

/// φ of one slice of a body as the distance in its plane, mm: where the nearest part of the contour lies in another
/// slice, the exact distance to the faces of the pixels inside.
fn distance_in_plane(phi: &[f32], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f32> {
    with_faces(phi, size, spacing_mm, |given, face, voxel_mm| (given.abs() - face.abs()).abs() > voxel_mm)
}

/// φ with the distance to faces in its place where `replace(given, face, greatest side of a voxel)` says so.
fn with_faces(
    phi: &[f32],
    size: [usize; 3],
    spacing_mm: [f64; 3],
    replace: impl Fn(f32, f32, f32) -> bool,
) -> Vec<f32> {
    let mask: Vec<bool> = phi.iter().map(|&v| v < 0.0).collect();
    // All inside, or all outside: there is no face, and the values stay.
    if mask.iter().all(|&inside| inside == mask[0]) {
        return phi.to_vec();
    }
    let axes = if size[2] == 1 { 2 } else { 3 };
    let voxel_mm = spacing_mm[..axes].iter().copied().fold(0.0, f64::max) as f32;
    let faces = signed_distance_mm(&mask, size, spacing_mm);
    phi.iter().zip(faces).map(|(&given, face)| if replace(given, face, voxel_mm) { face } else { given }).collect()
}
