//! Adam (Kingma & Ba 2015) by burn's own arithmetic, with a state that can be saved bit by bit.

use super::recipe::OptimizerRecipe;
use super::weights;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, GradientsParams, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam and its moments, parameter by parameter in the network's order.
#[derive(Clone)]
pub(crate) struct AdamRun {
    adam: Adam,
    moments: Vec<Option<Moments>>,
}

#[derive(Clone)]
struct Moments {
    time: usize,
    first: Tensor<1>,
    second: Tensor<1>,
}

/// The moments on the host: steps taken (0: none), first and second moment.
pub(crate) struct SavedMoments {
    pub(crate) times: Vec<usize>,
    pub(crate) first: Vec<Vec<f32>>,
    pub(crate) second: Vec<Vec<f32>>,
}

impl AdamRun {
    /// Adam before its first step on a network with so many parameters.
    pub(crate) fn new(recipe: &OptimizerRecipe, parameters: usize) -> Self {
        let config =
            AdamConfig::new().with_beta_1(recipe.beta_1).with_beta_2(recipe.beta_2).with_epsilon(recipe.epsilon);
        Self { adam: config.build(), moments: vec![None; parameters] }
    }

    /// One step; `scale` multiplies every gradient (clipping).
    pub(crate) fn step<M: Module>(&mut self, network: M, mut gradients: FlatGradients, rate: f64, scale: f64) -> M {
        weights::map(network, |place, _, weight| {
            let Some(gradient) = gradients.0.get_mut(place).and_then(Option::take) else { return weight };
            let gradient = if scale == 1.0 { gradient } else { gradient * scale };
            let state = self.moments[place].take().map(|m| AdamState::new(momentum(m)));
            let (weight, state) = self.adam.step(rate, weight, gradient, state);
            self.moments[place] =
                state.map(|AdamState { momentum: m }| Moments { time: m.time, first: m.moment_1, second: m.moment_2 });
            weight
        })
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.moments.iter().flatten().map(|m| m.time as u64).max().unwrap_or(0)
    }

    /// Copies the moments to the host.
    pub(crate) fn save(&self) -> SavedMoments {
        let each = |moment: fn(&Moments) -> &Tensor<1>| -> Vec<Vec<f32>> {
            let host = |m: &Option<Moments>| m.as_ref().map(|m| weights::to_host(&[moment(m).clone()]).swap_remove(0));
            self.moments.iter().map(|m| host(m).unwrap_or_default()).collect()
        };
        SavedMoments {
            times: self.moments.iter().map(|m| m.as_ref().map_or(0, |m| m.time)).collect(),
            first: each(|m| &m.first),
            second: each(|m| &m.second),
        }
    }

    /// Takes saved moments back.
    pub(crate) fn load(&mut self, saved: &SavedMoments, device: &Device) {
        let first = weights::to_device(&saved.first, device);
        let second = weights::to_device(&saved.second, device);
        let moments = saved.times.iter().zip(first.into_iter().zip(second));
        self.moments =
            moments.map(|(&time, (first, second))| (time > 0).then_some(Moments { time, first, second })).collect();
    }
}

fn momentum(m: Moments) -> AdaptiveMomentumState<1> {
    AdaptiveMomentumState { time: m.time, moment_1: m.first, moment_2: m.second, max_moment_2: None }
}

/// Gradients of every parameter in the network's order; `None` where there is none.
#[derive(Clone)]
pub(crate) struct FlatGradients(Vec<Option<Tensor<1>>>);

impl FlatGradients {
    /// Takes the gradients of a network's parameters, times `weight`, to a device.
    pub(crate) fn new<M: Module>(network: &M, gradients: GradientsParams, weight: f64, device: &Device) -> Self {
        struct Take<'a>(GradientsParams, Vec<Option<Tensor<1>>>, f64, &'a Device);
        impl ModuleVisitor for Take<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let gradient = self.0.remove::<D>(param.id).map(|g| weights::flat(g.inner()).to_device(self.3));
                self.1.push(gradient.map(|g| if self.2 == 1.0 { g } else { g * self.2 }));
            }
        }
        let mut visitor = Take(gradients, Vec::new(), weight, device);
        network.visit(&mut visitor);
        Self(visitor.1)
    }

    /// Adds another part of the batch's.
    pub(crate) fn add(&mut self, other: Self) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum = match (sum.take(), part) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
        }
    }

    /// Length over all parameters together.
    pub(crate) fn norm(&self) -> f64 {
        let squares: Vec<Tensor<1>> = self.0.iter().flatten().map(|g| g.clone().square().sum()).collect();
        if squares.is_empty() {
            return 0.0;
        }
        weights::to_host(&[Tensor::cat(squares, 0)])[0].iter().map(|&square| f64::from(square)).sum::<f64>().sqrt()
    }
}
