//! A burn tensor as a state: a network's maps `[n, c, h, w]`, on any device, with or without autodiff.

use super::state::State;
use burn::tensor::Tensor;

impl<const D: usize> State for Tensor<D> {
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
        terms.iter().fold(self.clone(), |sum, (c, k)| sum + (*k).clone().mul_scalar(*c))
    }

    /// Waits for the device.
    fn max_norm(&self) -> f64 {
        finite(self.clone().max_abs())
    }

    /// Waits for the device.
    fn max_ratio(&self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
        if relative == 0.0 {
            return self.max_norm() / absolute;
        }
        let size = a.clone().abs().max_pair(b.clone().abs());
        finite((self.clone() / size.mul_scalar(relative).add_scalar(absolute)).max_abs())
    }
}

fn finite(greatest: Tensor<1>) -> f64 {
    let greatest: f64 = greatest.into_scalar();
    if greatest.is_finite() { greatest } else { f64::NAN }
}
