//! A scan in memory: f32 samples on a [`Geometry`].

use crate::geometry::{Geometry, GeometryError};

/// Intensities (HU for CT) on a grid, x fastest.
#[derive(Clone, Debug)]
pub struct Volume {
    geometry: Geometry,
    samples: Samples,
}

/// The stored form of the samples. CT is kept as 16-bit integers where that loses nothing,
/// which halves the memory of a large scan.
#[derive(Clone, Debug)]
pub enum Samples {
    /// Value = the number itself.
    F32(Vec<f32>),
    /// Value = slope * stored + intercept.
    I16 {
        /// Stored integers.
        stored: Vec<i16>,
        /// Factor to the unit of intensity.
        slope: f32,
        /// Offset in the unit of intensity.
        intercept: f32,
    },
}

impl Volume {
    /// A volume of f32 samples, x fastest.
    ///
    /// # Panics
    /// When the number of samples is not the grid's.
    pub fn new(geometry: Geometry, samples: Vec<f32>) -> Self {
        Self::with_samples(geometry, Samples::F32(samples))
    }

    /// A volume of samples in either stored form.
    ///
    /// # Panics
    /// When the number of samples is not the grid's.
    pub fn with_samples(geometry: Geometry, samples: Samples) -> Self {
        let found = match &samples {
            Samples::F32(v) => v.len(),
            Samples::I16 { stored, .. } => stored.len(),
        };
        assert_eq!(found, geometry.len(), "samples must fill the grid");
        Self { geometry, samples }
    }

    /// The grid.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The stored samples.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Value at a linear offset.
    pub fn value(&self, index: usize) -> f32 {
        match &self.samples {
            Samples::F32(v) => v[index],
            Samples::I16 { stored, slope, intercept } => f32::from(stored[index]) * slope + intercept,
        }
    }

    /// Value at a voxel.
    pub fn at(&self, voxel: [usize; 3]) -> f32 {
        self.value(self.geometry.index(voxel))
    }

    /// All values as f32, x fastest (a copy).
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.samples {
            Samples::F32(v) => v.clone(),
            Samples::I16 { stored, slope, intercept } => {
                stored.iter().map(|&s| f32::from(s) * slope + intercept).collect()
            }
        }
    }

    /// The samples in a box of `size` voxels from `lower` on, where they lie in the patient, in the same stored form.
    ///
    /// # Errors
    /// A box that is empty or leaves the grid.
    pub fn cropped(&self, lower: [usize; 3], size: [usize; 3]) -> Result<Self, GeometryError> {
        let geometry = self.geometry.cropped(lower, size)?;
        let rows = (0..size[1] * size[2]).map(|row| {
            let first = self.geometry.index([lower[0], lower[1] + row % size[1], lower[2] + row / size[1]]);
            first..first + size[0]
        });
        let samples = match &self.samples {
            Samples::F32(all) => Samples::F32(rows.flat_map(|row| &all[row]).copied().collect()),
            Samples::I16 { stored, slope, intercept } => Samples::I16 {
                stored: rows.flat_map(|row| &stored[row]).copied().collect(),
                slope: *slope,
                intercept: *intercept,
            },
        };
        Ok(Self { geometry, samples })
    }

    /// Smallest and largest value.
    pub fn range(&self) -> (f32, f32) {
        let fold = |(lo, hi): (f32, f32), v: f32| (lo.min(v), hi.max(v));
        match &self.samples {
            Samples::F32(v) => v.iter().copied().fold((f32::INFINITY, f32::NEG_INFINITY), fold),
            Samples::I16 { stored, slope, intercept } => {
                let lo = stored.iter().copied().min().unwrap_or(0);
                let hi = stored.iter().copied().max().unwrap_or(0);
                let (a, b) = (f32::from(lo) * slope + intercept, f32::from(hi) * slope + intercept);
                (a.min(b), a.max(b))
            }
        }
    }

    /// Bytes held by the samples.
    pub fn bytes(&self) -> usize {
        match &self.samples {
            Samples::F32(v) => v.len() * 4,
            Samples::I16 { stored, .. } => stored.len() * 2,
        }
    }
}
