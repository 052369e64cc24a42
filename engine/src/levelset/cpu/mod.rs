//! Level sets on the CPU: all cores, vector instructions where the processor has them, a narrow band of tiles.
//!
//! Per voxel the code is the formula of [`crate::levelset`], written once ([`rate`], [`difference`]); speed comes
//! from the run loop around it ([`sweep`]) and from the tiles ([`tiles`]).

mod banded;
mod chan_vese;
mod coefficients;
mod difference;
mod force;
mod heaviside;
mod level;
mod operations;
mod padded;
mod rate;
mod stats;
mod stepper;
mod sweep;
mod tiles;

pub use stepper::CpuStepper;
