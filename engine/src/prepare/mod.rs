//! Between a scan on its own grid and the slices that a network sees.
//!
//! ```text
//! Volume --SliceGrid::network_image--> [channel][row][column], window scaled to -1..1 --network--> phi in band widths
//! phi in band widths --SliceGrid::put_phi_mm--> phi in mm on the scan's grid --phi < 0--> mask
//! ```
//!
//! Slices are cut along the voxel axis closest to the patient's long axis, whatever the order in the file, and are
//! shown to the network as to a radiologist: columns run to the patient's left, rows to the back. Nothing is
//! mirrored by training on one file layout and running on another.

mod axis;
mod distance;
mod preprocessing;
mod slice_grid;

pub use distance::{distance_of, phi_band_of};
pub use preprocessing::{Fit, Organ, Preprocessing, PreprocessingError};
pub use slice_grid::{FAR_BANDS, SliceGrid, SliceGridError};
