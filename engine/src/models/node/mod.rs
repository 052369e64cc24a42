//! Neural ODEs on level sets (seed: NODE paper, "Neural ODEs for image segmentation with level sets").
//!
//! ```text
//! contour  γ(0) = (φ(0), h(I))   dγ/dt = f(γ, t)   φ = φ(1) + ψ(γ(1))
//! image    h(0) = λ(I)           dh/dt = f(h, t)   φ = ψ(h(1))
//! stack    h(0) = λ(I)           NODE, squeeze-excite, NODE, squeeze-excite, …, atrous pyramid, enlarged to φ
//! ```
//!
//! The state lives on the grid that the stem leaves: each stem×stem square of φ is one pixel with stem² channels.
//! That only reorders numbers, so the ODE is the same as on the full grid and its max norm too, but f does not reorder
//! them anew at each of its evaluations.

mod contour;
pub(super) mod evolve;
mod field;
mod image;
mod stack;

pub use contour::{NodeContour, NodeContourConfig};
pub use field::{GroupedField, GroupedFieldConfig, UNetField};
pub use image::{NodeImage, NodeImageConfig};
pub use stack::{NodeStack, NodeStackConfig};

use crate::nn::{crop_to, depth_to_space, pad_to_multiple, space_to_depth};
use burn::tensor::Tensor;

/// A map on the state's grid: padded to `multiple`, then each `stem`×`stem` square one pixel.
///
/// # Shapes
/// - `map`: `[n, c, h, w]`
/// - result: `[n, c * stem², H / stem, W / stem]`, H and W the next multiples
fn to_state_grid(map: Tensor<4>, multiple: usize, stem: usize) -> Tensor<4> {
    let padded = pad_to_multiple(map, multiple);
    if stem == 1 { padded } else { space_to_depth(padded, stem) }
}

/// Undoes [`to_state_grid`] for a map of `size` rows and columns.
///
/// # Shapes
/// - `map`: `[n, c * stem², H / stem, W / stem]`
/// - result: `[n, c, size[0], size[1]]`
fn from_state_grid(map: Tensor<4>, stem: usize, size: [usize; 2]) -> Tensor<4> {
    crop_to(if stem == 1 { map } else { depth_to_space(map, stem) }, size)
}
