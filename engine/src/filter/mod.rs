//! Filters on regular grids, spacing-aware and parallel: Gaussian, gradient, distance, resampling.
//!
//! All of them take `size` in voxels (x fastest) and, where a length is meant, `spacing_mm`; beyond the grid every
//! image repeats its border voxel.

pub mod distance;
pub mod gaussian;
pub mod gradient;
pub mod resample;

pub use distance::signed_distance_mm;
pub use gaussian::gaussian;
pub use gradient::gradient_magnitude;
pub use resample::{resample, trilinear};
