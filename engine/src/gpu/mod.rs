//! Level sets and filters on the GPU: wgpu runs the WGSL passes of `zeroset-shaders`.
//!
//! phi lies dense in storage buffers (x fastest); the narrow band is a list of tiles that the GPU keeps itself, so that
//! many steps go out in one submission and nothing is read back between them.

mod band;
mod context;
mod error;
pub mod filter;
mod operations;
pub(crate) mod pass;
mod report;
mod stepper;
mod time_step;

pub use context::{AdapterChoice, GpuContext};
pub use error::GpuError;
pub use stepper::GpuStepper;
