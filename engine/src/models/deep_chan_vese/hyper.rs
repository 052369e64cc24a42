//! The weights of the energy and of its descent.

use burn::tensor::{Device, Tensor, activation};

/// λ₁, λ₂, μ, and ε and Δt of every step, per image of the batch; each `[n, 1, 1, 1]`.
#[derive(Clone, Debug)]
pub struct Hyperparameters {
    /// Weight λ₁ of the deviation inside.
    pub lambda1: Tensor<4>,
    /// Weight λ₂ of the deviation outside.
    pub lambda2: Tensor<4>,
    /// Weight μ of the contour's length.
    pub mu: Tensor<4>,
    /// Width ε of H and δ, in the unit of φ, step by step.
    pub epsilon: Vec<Tensor<4>>,
    /// Time step Δt, step by step.
    pub dt: Vec<Tensor<4>>,
}

impl Hyperparameters {
    /// 2·sigmoid of a head's answer, so that all are positive: λ₁, λ₂, μ, ε₁…ε_N, Δt₁…Δt_N.
    ///
    /// # Shapes
    /// - `logits`: `[n, 2N + 3, 1, 1]`
    pub fn from_logits(logits: Tensor<4>) -> Self {
        let steps = (logits.dims()[1] - 3) / 2;
        let values = activation::sigmoid(logits) * 2.0;
        let at = |index: usize| values.clone().narrow(1, index, 1);
        Self {
            lambda1: at(0),
            lambda2: at(1),
            mu: at(2),
            epsilon: (0..steps).map(|step| at(3 + step)).collect(),
            dt: (0..steps).map(|step| at(3 + steps + step)).collect(),
        }
    }

    /// The same in `steps` steps and in every image.
    pub fn constant([lambda1, lambda2, mu]: [f64; 3], epsilon: f64, dt: f64, steps: usize, device: &Device) -> Self {
        let one = |value: f64| Tensor::full([1, 1, 1, 1], value, device);
        Self {
            lambda1: one(lambda1),
            lambda2: one(lambda2),
            mu: one(mu),
            epsilon: vec![one(epsilon); steps],
            dt: vec![one(dt); steps],
        }
    }
}
