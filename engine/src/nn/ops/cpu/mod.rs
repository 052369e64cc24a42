//! The kernels behind the layers on the CPU: f32, contiguous `[n, c, h, w]`, all cores by rayon, AVX-512 or AVX2 where
//! the processor has them. They know slices, not tensors.

pub mod activation;
pub mod conv;
pub mod norm;
mod parallel;
pub mod scale;
mod simd;
mod sum;
