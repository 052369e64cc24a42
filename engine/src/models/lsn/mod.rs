//! Level set network, LSN (Actor 2019, 2020): the level set solver unrolled, each time step a layer.
//!
//! With φ in pixels and negative inside, a layer is one forward Euler step of [`levelset`](crate::levelset)'s equation
//! with exponents (1, 1, 0), its finite-difference kernels replaced by learned 3×3 ones:
//!
//! ```text
//! φ ← φ + dt ( −α g |∇φ|  +  β g κ |∇φ|  +  γ ∇g·∇φ )
//! g = 1 / (1 + Σ_j (σ_j ∗ I)²)                                          learned σ_j
//! |∇φ| of the balloon: Godunov's choice among four one-sided kernels     learned
//! κ |∇φ|: see Curvature                                                  learned
//! ∇g·∇φ = Σ_d relu(∂_d g) D_d⁺φ − relu(−∂_d g) D_d⁻φ                      fixed, for stability
//! ```
//!
//! What the papers leave open. The balloon's one-sided differences are finite-difference kernels too and not those of
//! the convection, so they are learned. ∇û has as many components as the layer has gradient kernels, which is how the
//! authors' own code reads Σ_i ρ_i ∗ u. α, β, γ are learned, one triple per layer. Borders repeat, as in the solver.
//! The papers start from random uniform values, whose contour has nothing to do with the image: [`Start::Uniform`]
//! keeps that for comparison, a disc is the default.

mod config;
mod curvature;
mod kernels;
mod layer;

pub use config::{Curvature, Initial, LsnConfig, Start, TimeStep};
pub use layer::LsnLayer;

use crate::models::stencil::channel;
use burn::module::Module;
use burn::tensor::Tensor;

/// The unrolled solver.
#[derive(Module, Debug)]
pub struct Lsn {
    /// The layers of the first organ's network, then those of the second: one each, when all steps share their
    /// kernels, or one per step.
    pub layers: Vec<LsnLayer>,
    channels: usize,
    organs: usize,
    #[module(skip)]
    config: LsnConfig,
}

impl Lsn {
    /// Sizes.
    pub fn config(&self) -> LsnConfig {
        self.config
    }

    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        [self.channels, self.organs]
    }

    /// φ after the last step. Without a start contour that of the configuration is taken.
    ///
    /// # Shapes
    /// - `image`: `[n, channels, h, w]`, −1 to 1
    /// - `start` and result: `[n, organs, h, w]`, φ in band widths, negative inside
    pub fn forward(&self, image: Tensor<4>, start: Option<Tensor<4>>) -> Tensor<4> {
        self.evolve(image, start, |_, _| {})
    }

    /// φ at the start and after every step.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward); `steps + 1` results.
    pub fn forward_steps(&self, image: Tensor<4>, start: Option<Tensor<4>>) -> Vec<Tensor<4>> {
        let mut organs: Vec<Vec<Tensor<4>>> = vec![Vec::new(); self.config.steps + 1];
        self.evolve(image, start, |step, phi| organs[step].push(phi / self.config.band_px));
        organs.into_iter().map(|phi| Tensor::cat(phi, 1)).collect()
    }

    /// Runs all steps in pixels, organ by organ, and hands out φ at the start (step 0) and after each.
    fn evolve(&self, image: Tensor<4>, start: Option<Tensor<4>>, mut each: impl FnMut(usize, Tensor<4>)) -> Tensor<4> {
        let [n, _, h, w] = image.dims();
        let start = start.unwrap_or_else(|| self.config.start([n, self.organs, h, w], &image.device()));
        let mut results = Vec::with_capacity(self.organs);
        for (organ, layers) in self.layers.chunks(self.layers.len() / self.organs).enumerate() {
            let speeds: Vec<_> = layers.iter().map(|layer| layer.speed(image.clone(), &self.config)).collect();
            let mut phi = channel(&start, organ) * self.config.band_px;
            each(0, phi.clone());
            for step in 0..self.config.steps {
                let index = step % layers.len();
                phi = layers[index].step(phi, &speeds[index], &self.config);
                each(step + 1, phi.clone());
            }
            results.push(phi / self.config.band_px);
        }
        Tensor::cat(results, 1)
    }
}
