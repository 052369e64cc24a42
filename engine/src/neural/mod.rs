//! One organ's contour moved by a contour NODE, kept so that it can be shown at any t, branched and painted on.
//!
//! ```text
//! Checkpoint + Volume --Field--> gamma(0) per slice --solve--> Kept steps --Trajectory--> phi(t) in mm, any t in [0, 1]
//!                        ^                                          |
//!                        '---------- branch, paint at t <-----------'
//! ```
//!
//! [`Field`] holds the network and does all its work (on a thread of its own, where there is a window); [`Trajectory`]
//! holds numbers only and answers at once. [`NeuralEvolution`] is both on one thread.
//!
//! # What is shown
//! The network's answer is φ(1) + ψ(γ(1)); on the way φ(t) is γ's φ channels. Shown is φ(t) + u(t), where u = t ψ(γ(t))
//! at the start and at every accepted step, and runs linearly between them. So u(0) = 0 and the start is shown as it is;
//! at t = 1 it is the network's answer, bit for bit that of [`crate::infer`]; in between nothing jumps; and what is
//! shown at t depends on nothing that comes after it. Where strokes bound φ ([`Priors::strokes`]) u is cut so that they
//! bound what is shown too. ψ is evaluated once per step, never to draw.
//!
//! The rate of what is shown is the derivative of that polynomial ([`Track::rate`]): nothing is evaluated to draw it.
//!
//! # Branches and paint
//! A branch leaves its line at any t. Its γ(t) is that of the dense output: the step around t is taken again, with the
//! same rounding, so that h need not be kept between steps. Paint acts on the φ that is shown; γ's φ channels take the
//! difference, h stays. Slices that were not painted share the track of the line that was left.
//!
//! # Memory
//! Bounded by a budget ([`Trajectory::DEFAULT_BUDGET_BYTES`], 1 GiB). For every slice with a contour and every accepted
//! step: γ at its end (`organs · stem² + hidden` channels of `H/stem · W/stem`), and on the network's `H · W` pixels φ
//! at the end, u, and the inner coefficients of the dense output (Dormand–Prince 3, RK4 2, midpoint 1, Euler 0), all
//! f32. With 200×200 pixels, stem 2 and one organ with 8 hidden channels that is 1.3 MB per step of Dormand–Prince. The
//! scan itself is shared, and a branch keeps only what it computes.
//!
//! # Slices
//! Slices evolve alone, in steps of their own, unless [`Priors::between`] ties them together: then all of them are one
//! system with one step, as long as the slice that needs the shortest asks for.

mod ball;
mod error;
mod evolution;
mod field;
mod moment;
pub mod priors;
mod solve;
mod track;
mod trajectory;

pub use ball::Ball;
pub use error::NeuralError;
pub use evolution::NeuralEvolution;
pub use field::Field;
pub use moment::Moment;
pub use priors::{Prior, Priors, Stroke};
pub use solve::{Advance, Job, Law};
pub use track::{Kept, StepFigures, Track};
pub use trajectory::{Branch, Trajectory};
