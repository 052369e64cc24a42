//! One time step.

use super::config::{LsnConfig, TimeStep};
use super::curvature::curvature_flow;
use super::kernels::Kernels;
use crate::models::stencil::{central, channel, convolve, one_sided};
use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// Kernels and weights of a step.
#[derive(Module, Debug)]
pub struct LsnLayer {
    /// σ_j of the edge indicator, `[edge_kernels, channels, 3, 3]`.
    pub edge: Param<Tensor<4>>,
    /// Backward and forward differences of the balloon along x, then y, `[4, 1, 3, 3]`.
    pub one_sided: Param<Tensor<4>>,
    /// ρ_i, components of ∇û, `[gradient_kernels, 1, 3, 3]`.
    pub gradient: Param<Tensor<4>>,
    /// σ_j of the curvature, `[1, gradient_kernels, 3, 3]`; with the compact form the second differences xx, yy, xy,
    /// `[3, 1, 3, 3]`.
    pub curvature: Param<Tensor<4>>,
    /// α, β, γ.
    pub weights: Param<Tensor<1>>,
}

/// What a layer makes of the image; all `[n, 1, h, w]`.
pub(super) struct Speed {
    /// Edge indicator.
    g: Tensor<4>,
    /// γ ∂g/∂x and γ ∂g/∂y.
    advection: [Tensor<4>; 2],
    /// Time step, `[n, 1, 1, 1]`.
    dt: Tensor<4>,
}

impl LsnLayer {
    pub(super) fn new(config: &LsnConfig, channels: usize, device: &Device) -> Self {
        let Kernels { edge, one_sided, gradient, curvature } = Kernels::new(config, channels, device);
        let weights = Param::from_tensor(Tensor::from_floats(config.weights, device));
        Self { edge, one_sided, gradient, curvature, weights }
    }

    /// α, β or γ, `[1, 1, 1, 1]`.
    fn weight(&self, index: usize) -> Tensor<4> {
        self.weights.val().narrow(0, index, 1).reshape([1, 1, 1, 1])
    }

    /// g = 1 / (1 + Σ_j (σ_j ∗ I)²) and what follows from it.
    ///
    /// # Shapes
    /// - `image`: `[n, channels, h, w]`
    pub(super) fn speed(&self, image: Tensor<4>, config: &LsnConfig) -> Speed {
        let g = (convolve(image, self.edge.val()).square().sum_dim(1) + 1.0).recip();
        let advection = [central(&g, 3), central(&g, 2)].map(|slope| slope * self.weight(2));
        let dt = match config.time_step {
            TimeStep::Fixed(dt) => Tensor::full([g.dims()[0], 1, 1, 1], dt, &g.device()),
            TimeStep::Stable(factor) => {
                // factor / (Pmax √S₂ + Amax + 2 Kmax S₂) with S₂ = 2 on square pixels of side 1.
                let largest = |x: Tensor<4>| x.max_dim(2).max_dim(3);
                let g_max = largest(g.clone());
                let a_max = largest(advection[0].clone().abs() + advection[1].clone().abs());
                let p = self.weight(0).abs() * std::f64::consts::SQRT_2;
                ((p + self.weight(1).abs() * 4.0) * g_max + a_max).recip() * factor
            }
        };
        Speed { g, advection, dt }
    }

    /// φ + dt (−α g |∇φ| + β g κ|∇φ| + γ ∇g·∇φ).
    ///
    /// # Shapes
    /// - `phi` and result: `[n, 1, h, w]`, pixels
    pub(super) fn step(&self, phi: Tensor<4>, speed: &Speed, config: &LsnConfig) -> Tensor<4> {
        let gradient = convolve(phi.clone(), self.gradient.val());
        let curvature = curvature_flow(config.curvature, phi.clone(), gradient, self.curvature.val());
        let local = (curvature * self.weight(1) - self.balloon(phi.clone())) * speed.g.clone();
        let [along_x, along_y] = &speed.advection;
        let rate = local + upwind(&phi, along_x, 3) + upwind(&phi, along_y, 2);
        phi + rate * speed.dt.clone()
    }

    /// α |∇φ|, upwind for an expanding contour where α > 0 and a shrinking one where α < 0 (Godunov).
    fn balloon(&self, phi: Tensor<4>) -> Tensor<4> {
        let sides = convolve(phi, self.one_sided.val());
        let norm = |sign: f64| {
            let along = |axis: usize| {
                let (backward, forward) = (channel(&sides, 2 * axis), channel(&sides, 2 * axis + 1));
                relu(backward * sign).max_pair(relu(forward * -sign)).square()
            };
            // Under the root: without it a flat region's gradient would be 0/0.
            (along(0) + along(1) + 1e-12).sqrt()
        };
        let alpha = self.weight(0);
        norm(1.0) * relu(alpha.clone()) - norm(-1.0) * relu(alpha.neg())
    }
}

/// a ∂φ, with the difference from the side that a comes from.
fn upwind(phi: &Tensor<4>, a: &Tensor<4>, axis: usize) -> Tensor<4> {
    let (backward, forward) = one_sided(phi, axis);
    relu(a.clone()) * forward - relu(a.clone().neg()) * backward
}
