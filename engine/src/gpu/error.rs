//! What can go wrong on a GPU.

use crate::levelset::StepperError;
use thiserror::Error;

/// Why the GPU did not do its work.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GpuError {
    /// No adapter of the kind asked for.
    #[error("no {wanted} found (adapters: {present}); run with --device cpu")]
    NoAdapter {
        /// The kind.
        wanted: &'static str,
        /// Names of the adapters that are there, or `none`.
        present: String,
    },
    /// The adapter gave no device.
    #[error("{adapter} gave no device: {reason}; run with --device cpu")]
    NoDevice {
        /// Its name.
        adapter: String,
        /// wgpu's words.
        reason: String,
    },
    /// A grid that does not fit into one buffer.
    #[error(
        "the grid {size:?} needs buffers of {needed_mib} MiB, {adapter} allows {limit_mib} MiB ({limit}): \
         choose a smaller ROI or run with --device cpu"
    )]
    TooLarge {
        /// Voxels along x, y, z.
        size: [usize; 3],
        /// Size of one field.
        needed_mib: u64,
        /// The adapter's name.
        adapter: String,
        /// The limit's value.
        limit_mib: u64,
        /// The limit's name in WebGPU.
        limit: &'static str,
    },
    /// The device is gone: driver crash, sleep, unplugged.
    #[error("the device was lost ({reason}); start again, or run with --device cpu")]
    Lost {
        /// wgpu's words.
        reason: String,
    },
    /// Out of memory.
    #[error("out of GPU memory while {action}: choose a smaller ROI or run with --device cpu")]
    OutOfMemory {
        /// What was being done.
        action: &'static str,
    },
    /// wgpu or the driver refused an operation.
    #[error("{action}: {reason}")]
    Refused {
        /// What was being done.
        action: &'static str,
        /// wgpu's words.
        reason: String,
    },
}

impl GpuError {
    /// A refusal in wgpu's words, brought onto one line.
    pub(super) fn refused(action: &'static str, reason: &impl std::fmt::Display) -> Self {
        let reason = reason.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Refused { action, reason }
    }
}

impl From<GpuError> for StepperError {
    fn from(error: GpuError) -> Self {
        Self::Gpu(error.to_string())
    }
}
