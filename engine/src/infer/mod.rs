//! Networks on whole scans: slice by slice in batches, in and out on the scan's own grid.
//!
//! ```text
//! Volume --SliceGrid--> slices --Network::predict--> phi in band widths --SliceGrid--> phi in mm on the scan's grid
//! ```
//!
//! A contour network starts from φ on the scan's grid: a mask's, seeds', or what another network said. Slices in which
//! the start has no contour stay as they are: there is nothing to evolve.
//!
//! # Memory
//! Per organ one f32 for every voxel of the scan (two with a start), and the network's maps for one batch of slices:
//! about 4 bytes × batch × rows × columns × the sum of all channels. Nothing grows with the number of slices.

mod batches;
mod error;
mod request;

pub use error::InferError;
pub use request::{InferReport, OrganPhi, Prediction, Progress, Request, Start};

use batches::Batches;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// φ of every requested organ on the scan's grid, mm, negative inside.
///
/// `progress` is told after every batch and may stop the run.
///
/// # Errors
/// A network, start, organ or region that do not fit together; a run that was stopped; a device that was lost.
pub fn infer(
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Prediction, InferError> {
    let started = Instant::now();
    let mut batches = Batches::new(request)?;
    // burn has no other way to say that its device is gone, or that the memory of a GPU is full.
    let run = catch_unwind(AssertUnwindSafe(|| batches.run(progress)));
    match run {
        Ok(result) => result?,
        Err(panic) => return Err(InferError::Device { reason: error::words(panic.as_ref()) }),
    }
    Ok(batches.into_prediction(started.elapsed().as_secs_f64()))
}
