//! The unrolled descent: eq. 7–9 of LevelSet R-CNN.

use super::Hyperparameters;
use crate::models::stencil::sobel;
use burn::tensor::Tensor;
use std::f64::consts::{FRAC_1_PI, PI};

/// Added to |∇φ|² under the root, per pixel²: where φ is flat its direction is nobody's, and without this rounding
/// would decide it (a band of 5 pixels has |∇φ| = 0.2).
const EPSILON: f64 = 1e-6;

/// φ₀ and φ after every step, **positive inside**, borders repeated:
///
/// ```text
/// φ_n = φ_{n−1} + Δt_n δ_εn(φ) ( μ div(∇φ / |∇φ|) − λ₁ |F − c₁|² + λ₂ |F − c₂|² )          eq. 7, 8
/// c₁ = Σ F H(φ) / Σ H(φ),  c₂ = Σ F (1 − H(φ)) / Σ (1 − H(φ))                             eq. 9
/// H_ε(z) = ½(1 + 2/π atan(z/ε)),  δ_ε(z) = ε / (π (ε² + z²))                              eq. 4
/// ```
///
/// ∇ and div by Sobel's kernels over 8. The paper prints δ with ε² in the numerator; the derivative of its H has ε.
/// H in c₁ and c₂ has the step's ε. The unit of φ is the caller's: ε has the same.
///
/// # Shapes
/// - `phi0`: `[n, 1, h, w]`
/// - `features`: `[n, c, h, w]`
/// - result: N + 1 times `[n, 1, h, w]`
pub fn evolve(phi0: Tensor<4>, features: Tensor<4>, hyper: &Hyperparameters) -> Vec<Tensor<4>> {
    let mut states = vec![phi0];
    for (epsilon, dt) in hyper.epsilon.iter().zip(&hyper.dt) {
        let phi = states[states.len() - 1].clone();
        let rate = force(&phi, &features, hyper, epsilon) * dirac(phi.clone(), epsilon.clone());
        states.push(phi + rate * dt.clone());
    }
    states
}

/// The bracket of eq. 8.
fn force(phi: &Tensor<4>, features: &Tensor<4>, hyper: &Hyperparameters, epsilon: &Tensor<4>) -> Tensor<4> {
    let inside = (phi.clone() / epsilon.clone()).atan() * FRAC_1_PI + 0.5;
    let outside = inside.clone().neg() + 1.0;
    let deviation = |weight: Tensor<4>| {
        let sum = |values: Tensor<4>| values.sum_dim(2).sum_dim(3);
        // atan leaves every pixel a share on both sides, so that neither sum is 0.
        let mean = sum(features.clone() * weight.clone()) / sum(weight);
        (features.clone() - mean).square().sum_dim(1)
    };
    curvature(phi) * hyper.mu.clone() - deviation(inside) * hyper.lambda1.clone()
        + deviation(outside) * hyper.lambda2.clone()
}

fn dirac(phi: Tensor<4>, epsilon: Tensor<4>) -> Tensor<4> {
    epsilon.clone() / ((phi.square() + epsilon.square()) * PI)
}

/// div(∇φ / |∇φ|).
fn curvature(phi: &Tensor<4>) -> Tensor<4> {
    let (x, y) = sobel(phi.clone());
    let norm = (x.clone().square() + y.clone().square() + EPSILON).sqrt();
    sobel(x / norm.clone()).0 + sobel(y / norm).1
}
