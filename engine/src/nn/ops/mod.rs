//! Operations of the layers with kernels of our own for the CPU.
//!
//! burn's CPU backend spends most of a training step in a few operations on large maps with few channels. Here each of
//! them is a function on tensors that looks at where the tensor lives: on the CPU in f32 it goes through burn's backend
//! extension to the kernels in `cpu`, with gradients that are kernels too; anywhere else it is burn's own operation.
//! Results do not depend on the number of threads, bit for bit.

mod autodiff;
mod conv;
mod cpu;
mod extension;
mod flex;
mod memory;
mod norm;
mod scale;

pub use conv::conv2d;
pub use memory::keep_freed_memory;
pub use norm::{Nonlinearity, group_norm};
pub use scale::{max_pool2, upsample2};

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whether our kernels can read it: f32 on the CPU.
fn is_fast<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && matches!(tensor.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}
