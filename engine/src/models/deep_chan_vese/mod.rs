//! Deep Chan–Vese on a region of interest (LevelSet R-CNN, §4.1): a small backbone, three heads, and N unrolled steps
//! of Chan–Vese on learned features.
//!
//! ```text
//! image --Backbone--> map at a quarter of the size --+--> initial TSDF, enlarged to the size --> φ₀
//!                                                    +--> 2N + 3 hyperparameters, 2·sigmoid
//!   image --------------------------------------------+--> C features at the full size
//! φ₀, features, hyperparameters --evolve, N times eq. 7--> φ_N
//! ```
//!
//! Inside, φ is a truncated signed distance, **positive inside** as the paper has it: [`of_other_sign`] is the one
//! place where signs change. In the detector the heads read a RoI of the feature pyramid; here the crop's own pixels
//! are at hand, so the features' last layer sees them too. With a drawn start contour the initial TSDF is that one.
//! The paper starts no layer from zero; here the last layer of the hyperparameters does, so that all begin at 1.

mod config;
mod evolve;
mod heads;
mod hyper;

pub use config::DeepChanVeseConfig;
pub use evolve::evolve;
pub use hyper::Hyperparameters;

use super::stencil::channel;
use crate::nn::{crop_to, pad_to_multiple};
use burn::module::Module;
use burn::tensor::Tensor;
use heads::{Backbone, FeatureHead, HyperHead, TsdfHead};

/// The network.
#[derive(Module, Debug)]
pub struct DeepChanVese {
    backbone: Backbone,
    tsdf: TsdfHead,
    hyper: HyperHead,
    features: FeatureHead,
    channels: usize,
    organs: usize,
    #[module(skip)]
    config: DeepChanVeseConfig,
}

/// φ in band widths, negative inside, to a signed distance in band widths, positive inside; and back.
///
/// # Shapes
/// - `phi` and result: any
pub fn of_other_sign<const D: usize>(phi: Tensor<D>) -> Tensor<D> {
    phi.neg()
}

impl DeepChanVese {
    /// Sizes.
    pub fn config(&self) -> &DeepChanVeseConfig {
        &self.config
    }

    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        [self.channels, self.organs]
    }

    /// φ after the last step.
    ///
    /// # Shapes
    /// - `image`: `[n, channels, h, w]`, −1 to 1
    /// - `start` and result: `[n, organs, h, w]`, φ in band widths, negative inside
    pub fn forward(&self, image: Tensor<4>, start: Option<Tensor<4>>) -> Tensor<4> {
        let mut steps = self.forward_steps(image, start);
        steps.swap_remove(steps.len() - 1)
    }

    /// φ at the start, from the TSDF head where none is given, and after every step: what training weighs and what an
    /// animation shows.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward); `steps + 1` results.
    pub fn forward_steps(&self, image: Tensor<4>, start: Option<Tensor<4>>) -> Vec<Tensor<4>> {
        let [_, _, h, w] = image.dims();
        let image = pad_to_multiple(image, heads::REDUCTION);
        let map = self.backbone.forward(image.clone());
        let tsdf = match start {
            Some(start) => of_other_sign(pad_to_multiple(start, heads::REDUCTION)).clamp(-1.0, 1.0),
            None => self.tsdf.forward(map.clone()),
        };
        let logits = self.hyper.forward(map.clone());
        let features = self.features.forward(map, image);
        let per_organ: Vec<Vec<Tensor<4>>> = logits
            .chunk(self.organs, 1)
            .into_iter()
            .enumerate()
            .map(|(organ, logits)| {
                evolve(channel(&tsdf, organ), features.clone(), &Hyperparameters::from_logits(logits))
            })
            .collect();
        (0..=self.config.steps)
            .map(|step| per_organ.iter().map(|states| states[step].clone()).collect())
            .map(|organs| of_other_sign(crop_to(Tensor::cat(organs, 1), [h, w])))
            .collect()
    }
}
