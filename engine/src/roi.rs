//! The region of interest: a box of voxels in which a contour evolves, and the way back onto the scan's own grid.
//!
//! Speed, φ and label exist only on the ROI. It may be resampled to isotropic voxels; then φ, never the mask, is
//! brought back, so that the contour keeps its sub-voxel position.

use crate::filter::resample;
use crate::geometry::{Geometry, GeometryError};
use crate::label::{LabelDelta, LabelMap};
use crate::volume::{Samples, Volume};
use nalgebra::Vector4;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A box of voxels of the stored grid, half-open, with the spacing it is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Roi {
    /// First voxel along x, y, z.
    pub lower: [usize; 3],
    /// One past the last voxel along x, y, z.
    pub upper: [usize; 3],
    /// Isotropic spacing in mm to resample to; `None` works on the scan's own voxels.
    #[serde(default)]
    pub resample: Option<f64>,
}

/// Why a box cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RoiError {
    /// Nothing between the corners.
    #[error("the ROI is empty: lower {lower:?} must be below upper {upper:?} along every axis")]
    Empty {
        /// Its first voxel.
        lower: [usize; 3],
        /// One past its last voxel.
        upper: [usize; 3],
    },
    /// A corner beyond the scan.
    #[error("the ROI {lower:?}..{upper:?} reaches outside the scan, which has {size:?} voxels")]
    Outside {
        /// Its first voxel.
        lower: [usize; 3],
        /// One past its last voxel.
        upper: [usize; 3],
        /// The scan's size.
        size: [usize; 3],
    },
    /// A spacing that gives no sensible grid.
    #[error("cannot resample the ROI to {spacing_mm} mm: expected a spacing from {least_mm:.3} to {greatest_mm:.3} mm")]
    Spacing {
        /// The refused spacing.
        spacing_mm: f64,
        /// Least spacing accepted here.
        least_mm: f64,
        /// Greatest spacing accepted here.
        greatest_mm: f64,
    },
    /// The grid of the ROI.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

impl Roi {
    /// The whole scan on its own voxels.
    pub fn whole(scan: &Geometry) -> Self {
        Self { lower: [0; 3], upper: scan.size(), resample: None }
    }

    /// The box around the voxels of `inside` (x fastest, of the scan's size) with a margin, cut to the scan; `None` where
    /// there is none.
    pub fn around(scan: &Geometry, inside: &[bool], margin_mm: f64) -> Option<Self> {
        let (size, spacing_mm) = (scan.size(), scan.spacing_mm());
        let (mut low, mut high) = (size, [0; 3]);
        for (row, line) in inside.chunks(size[0]).enumerate() {
            let ends = line.iter().position(|&v| v).zip(line.iter().rposition(|&v| v));
            let Some((first, last)) = ends else { continue };
            let (y, z) = (row % size[1], row / size[1]);
            for (d, (from, to)) in [(first, last), (y, y), (z, z)].into_iter().enumerate() {
                (low[d], high[d]) = (low[d].min(from), high[d].max(to + 1));
            }
        }
        let margin = spacing_mm.map(|h| (margin_mm / h).ceil() as usize);
        let lower = std::array::from_fn(|d| low[d].saturating_sub(margin[d]));
        let upper = std::array::from_fn(|d| (high[d] + margin[d]).min(size[d]));
        (high[0] > 0).then_some(Self { lower, upper, resample: None })
    }

    /// Voxels of the scan along x, y, z inside the box (0 for a box that is upside down).
    pub fn size(&self) -> [usize; 3] {
        std::array::from_fn(|d| self.upper[d].saturating_sub(self.lower[d]))
    }

    /// Whether the box covers the scan along every axis.
    pub fn covers(&self, scan: &Geometry) -> bool {
        self.lower == [0; 3] && self.upper == scan.size()
    }

    /// Checks the box against the scan.
    ///
    /// # Errors
    /// An empty box, one that reaches outside the scan, or a spacing that is not between a quarter of the finest and
    /// four times the coarsest spacing of the scan.
    pub fn validate(&self, scan: &Geometry) -> Result<(), RoiError> {
        let Self { lower, upper, .. } = *self;
        if (0..3).any(|d| lower[d] >= upper[d]) {
            return Err(RoiError::Empty { lower, upper });
        }
        if (0..3).any(|d| upper[d] > scan.size()[d]) {
            return Err(RoiError::Outside { lower, upper, size: scan.size() });
        }
        if let Some(spacing_mm) = self.resample {
            let spacings = scan.spacing_mm();
            let least_mm = spacings.into_iter().fold(f64::INFINITY, f64::min) / 4.0;
            let greatest_mm = spacings.into_iter().fold(0.0, f64::max) * 4.0;
            if !(least_mm..=greatest_mm).contains(&spacing_mm) {
                return Err(RoiError::Spacing { spacing_mm, least_mm, greatest_mm });
            }
        }
        Ok(())
    }

    /// The grid on which the contour evolves: the scan's voxels, or isotropic ones that fill the same box.
    ///
    /// # Errors
    /// As [`Roi::validate`].
    pub fn geometry(&self, scan: &Geometry) -> Result<Geometry, RoiError> {
        self.geometry_of_slices(scan, None)
    }

    /// As [`Roi::geometry`], but the axis `slices_along` keeps its voxels: for work slice by slice. An axis of one
    /// voxel keeps it in any case.
    ///
    /// # Errors
    /// As [`Roi::validate`].
    pub fn geometry_of_slices(&self, scan: &Geometry, slices_along: Option<usize>) -> Result<Geometry, RoiError> {
        self.validate(scan)?;
        let size = self.size();
        let own = scan.cropped(self.lower, size)?;
        let Some(spacing_mm) = self.resample else { return Ok(own) };
        let mut new_size = size;
        let mut step = [1.0; 3];
        for d in (0..3).filter(|&d| size[d] > 1 && slices_along != Some(d)) {
            let extent_mm = size[d] as f64 * own.spacing_mm()[d];
            // The box is filled by the nearest whole number of voxels, centred in it.
            new_size[d] = (extent_mm / spacing_mm).round().max(1.0) as usize;
            step[d] = spacing_mm / own.spacing_mm()[d];
        }
        let mut affine = *own.world_from_voxel();
        // The first new centre: half the new extent back from the middle of the box.
        let first: [f64; 3] =
            std::array::from_fn(|d| (size[d] as f64 - 1.0) / 2.0 - (new_size[d] as f64 - 1.0) / 2.0 * step[d]);
        let origin = affine * Vector4::new(first[0], first[1], first[2], 1.0);
        affine.set_column(3, &origin);
        for d in 0..3 {
            let column = affine.column(d) * step[d];
            affine.set_column(d, &column);
        }
        Ok(Geometry::new(new_size, affine)?)
    }

    /// The scan's intensities on `grid`, which [`Roi::geometry`] gave: a plain crop, or trilinear when resampled.
    ///
    /// # Errors
    /// As [`Roi::validate`].
    pub fn crop(&self, scan: &Volume, grid: &Geometry) -> Result<Vec<f32>, RoiError> {
        self.validate(scan.geometry())?;
        let own = scan.geometry().cropped(self.lower, self.size())?;
        let mut samples = vec![0.0; own.len()];
        let [nx, ny, _] = own.size();
        samples.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
            let voxel = [self.lower[0], self.lower[1] + row % ny, self.lower[2] + row / ny];
            let start = scan.geometry().index(voxel);
            match scan.samples() {
                Samples::F32(values) => out.copy_from_slice(&values[start..start + nx]),
                Samples::I16 { stored, slope, intercept } => {
                    for (value, &s) in out.iter_mut().zip(&stored[start..start + nx]) {
                        *value = f32::from(s) * slope + intercept;
                    }
                }
            }
        });
        Ok(if own.same_grid(grid, 1e-9) { samples } else { resample(&samples, &own, grid) })
    }

    /// φ from `grid` onto the scan's voxels inside the box (x fastest, [`Roi::size`] voxels): a copy, or trilinear
    /// when the ROI was resampled.
    ///
    /// # Errors
    /// As [`Roi::validate`].
    pub fn paste_phi(&self, phi: &[f32], grid: &Geometry, scan: &Geometry) -> Result<Vec<f32>, RoiError> {
        self.validate(scan)?;
        let own = scan.cropped(self.lower, self.size())?;
        Ok(if own.same_grid(grid, 1e-9) { phi.to_vec() } else { resample(phi, grid, &own) })
    }

    /// φ of the box on the whole scan, x fastest: beyond the box its greatest value stands for "outside".
    pub fn spread_phi(&self, phi_in_box: &[f32], scan: &Geometry) -> Vec<f32> {
        let greatest = phi_in_box.iter().copied().fold(0.0, f32::max);
        let mut phi = vec![greatest; scan.len()];
        let [nx, ny, _] = self.size();
        for (row, values) in phi_in_box.chunks(nx).enumerate() {
            let first = [self.lower[0], self.lower[1] + row % ny, self.lower[2] + row / ny];
            let start = scan.index(first);
            phi[start..start + nx].copy_from_slice(values);
        }
        phi
    }

    /// The change that labels the inside (φ < 0) of a φ that [`Roi::paste_phi`] gave; voxels outside the box, and
    /// those outside the contour, keep their label.
    pub fn label_delta(&self, phi_in_box: &[f32], labels: &LabelMap, label: u16) -> LabelDelta {
        let [nx, ny, _] = labels.geometry().size();
        let size = self.size();
        labels.delta(|index| {
            let voxel = [index % nx, index / nx % ny, index / (nx * ny)];
            if (0..3).any(|d| voxel[d] < self.lower[d] || voxel[d] >= self.upper[d]) {
                return None;
            }
            let local: [usize; 3] = std::array::from_fn(|d| voxel[d] - self.lower[d]);
            (phi_in_box[(local[2] * size[1] + local[1]) * size[0] + local[0]] < 0.0).then_some(label)
        })
    }
}
