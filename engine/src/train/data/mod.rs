//! From folders of scans to slices on the network's grid, patient by patient.

mod build;
mod cache;
mod case;
mod convention;
mod dataset;
mod picture;
mod problem;
mod slice;
mod split;

pub use case::Case;
pub use convention::find_cases;
pub use dataset::{Dataset, Sample, Split};
pub use problem::{DataProblem, DatasetError};
pub use slice::Slice;
pub use split::{Sides, split};

pub(crate) use cache::SliceCache;
