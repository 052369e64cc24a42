//! The engine of Zeroset: everything between a scan on disk and a mask on disk, without a window.
//!
//! ```text
//! file --io::read--> Volume --Roi::crop--> Volume --speed--> SpeedField
//! seeds | mask --> LevelSet (phi at t = 0) --Evolution--> LevelSet (phi at t)
//! phi --Roi::paste (phi, not the mask)--> LabelMap --io::nifti::write--> file
//! ```
//!
//! Conventions, everywhere: world coordinates are RAS+ in mm; affines are f64 and named
//! `world_from_voxel`; voxels lie x fastest; phi is in mm and **negative inside**; intensities are
//! f32 in HU.

pub mod analysis;
pub mod animate;
pub mod compare;
pub mod device;
pub mod evaluation;
pub mod filter;
pub mod geometry;
pub mod gpu;
pub mod infer;
pub mod io;
pub mod label;
pub mod levelset;
pub mod loss;
pub mod mesh;
pub mod metrics;
pub mod models;
pub mod neural;
pub mod nn;
pub mod ode;
pub mod phantom;
pub mod pipeline;
pub mod prepare;
pub mod propose;
pub mod provenance;
pub mod recipe;
pub mod roi;
pub mod slices;
pub mod train;
pub mod volume;

pub use geometry::{Geometry, GeometryError};
pub use label::LabelMap;
pub use provenance::Provenance;
pub use roi::Roi;
pub use volume::Volume;
