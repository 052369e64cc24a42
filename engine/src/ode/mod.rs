//! Ordinary differential equations dy/dt = f(t, y): explicit Runge–Kutta schemes over any vector space.
//!
//! ```text
//! start --solve(rate, span, params)--> Solution (state at the end, named outcome, statistics)
//!             | on_step: one Step per accepted step, with the state in between (DenseStep)
//!             '-> DenseSolution keeps the steps: at(t) anywhere, for the time slider
//! ```
//!
//! The same solver drives a `Vec<f64>` in tests, a network's maps ([`burn::tensor::Tensor`], on whatever device) and
//! φ in storage buffers of the GPU ([[`GpuPhi`]]): each is a [`State`]. A rate comes in as a function, so nothing here
//! knows of networks. [`gradient`] differentiates a solution with respect to its start and to the parameters of a
//! burn module.
//!
//! Conventions: time has the unit of the caller's rate (networks: t in [0, 1]); a span may run backward; errors are
//! measured in the max norm (NODE paper, "Adaptive solvers and error tolerances").

mod adaptive;
mod controller;
mod dense;
mod error;
mod gpu;
pub mod gradient;
mod params;
mod report;
mod solve;
mod state;
mod tableau;
mod tensor;

pub use dense::{DenseSolution, DenseStep};
pub use error::SolverError;
pub use gpu::GpuPhi;
pub use params::{Controller, Scheme, SolverParams};
pub use report::{Outcome, Solution, Stats, Step};
pub use solve::{solve, solve_dense, solve_on_grid};
pub use state::State;
