//! One optimizer step: a batch shared out over devices and parts, gradients added up, weights moved.

use super::batch::Batch;
use super::optimizer::{AdamRun, FlatGradients};
use super::recipe::TrainRecipe;
use super::starter::Starters;
use super::weights;
use crate::loss::Target;
use crate::models::{Input, ModelError, Network};
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::{Mutex, PoisonError};

/// A network in training.
pub(crate) struct Learner {
    /// Its weights, on the first device.
    pub(crate) network: Network,
    /// The moving average of its weights, if there is one.
    pub(crate) averaged: Option<Vec<Tensor<1>>>,
    /// Adam.
    pub(crate) adam: AdamRun,
    /// Networks that find start contours.
    starters: Option<Starters>,
    devices: Vec<Device>,
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepResult {
    /// Mean loss over the batch, before the step.
    pub(crate) loss: f64,
    /// Length of the gradient, before clipping.
    pub(crate) gradient_norm: f64,
}

impl Learner {
    /// A network with new weights, drawn from the recipe's seed, or with those of a network that it goes on from;
    /// `devices` are plain ones, the first holds the weights.
    pub(crate) fn new(
        recipe: &TrainRecipe,
        devices: Vec<Device>,
        starters: Option<Starters>,
        begun: Option<&Network>,
    ) -> Self {
        let device = devices[0].clone().autodiff();
        let preprocessing = &recipe.preprocessing;
        let network = {
            // burn has one generator per process: two runs side by side would draw from each other's seed.
            static GENERATOR: Mutex<()> = Mutex::new(());
            let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
            device.seed(recipe.seed);
            recipe.network.init(preprocessing.channels(), preprocessing.organs.len(), &device)
        };
        // The same identities in every run: gradients and moments are found by them.
        let network = network.map(&mut Number(0));
        let network = match begun {
            Some(begun) => weights::assign(network, &weights::collect(begun)),
            None => network,
        };
        let start = weights::collect(&network);
        let adam = AdamRun::new(&recipe.optimizer, start.len());
        let averaged = (recipe.optimizer.ema_decay > 0.0).then_some(start);
        Self { network, averaged, adam, starters, devices }
    }

    /// The device that holds the weights, without a tape.
    pub(crate) fn device(&self) -> &Device {
        &self.devices[0]
    }

    /// The network that validates and is kept: with the averaged weights, if there are any.
    pub(crate) fn judged(&self) -> Network {
        match &self.averaged {
            Some(averaged) => weights::assign(self.network.clone(), averaged).valid(),
            None => self.network.valid(),
        }
    }

    /// Finds the start contours of a batch that another network has to give.
    pub(crate) fn find_starts(&self, batch: &mut Batch, band_px: f64) -> Result<(), ModelError> {
        self.starters.as_ref().map_or(Ok(()), |starters| starters.find(batch, band_px, self.device()))
    }

    /// Loss and gradients of a batch, and one step of Adam. Nothing moves when either is no number.
    pub(crate) fn step(&mut self, batch: &Batch, recipe: &TrainRecipe, rate: f64) -> Result<StepResult, StepError> {
        let (loss, gradients) = self.gradients(batch, recipe)?;
        let gradient_norm = gradients.norm();
        if loss.is_finite() && gradient_norm.is_finite() {
            let clip = recipe.optimizer.clip_norm;
            let scale = if clip > 0.0 && gradient_norm > clip { clip / gradient_norm } else { 1.0 };
            self.network = self.adam.step(self.network.clone(), gradients, rate, scale);
            if let Some(averaged) = &mut self.averaged {
                let decay = averaging_decay(recipe.optimizer.ema_decay, self.adam.steps());
                weights::average(averaged, &weights::collect(&self.network), decay);
            }
        }
        Ok(StepResult { loss, gradient_norm })
    }

    /// Mean loss over a batch and its gradients, worked out in parts: `accumulate` one after the other on each device,
    /// the devices at the same time.
    pub(crate) fn gradients(&self, batch: &Batch, recipe: &TrainRecipe) -> Result<(f64, FlatGradients), StepError> {
        let parts = shares(batch.len(), self.devices.len() * recipe.optimizer.accumulate);
        let each_device: Vec<Vec<_>> = (0..self.devices.len())
            .map(|d| parts.iter().skip(d).step_by(self.devices.len()).cloned().collect())
            .collect();
        let whole = batch.len() as f64;
        let work = |device: &Device, parts: &[std::ops::Range<usize>]| {
            // Each worker has a tape of its own.
            let network = if self.devices.len() == 1 {
                self.network.clone()
            } else {
                self.network.clone().fork(&device.clone().autodiff())
            };
            let mut sum: Option<(f64, FlatGradients)> = None;
            for range in parts {
                let weight = range.len() as f64 / whole;
                let part = batch.part(range.clone());
                let (loss, gradients) = part_gradients(&network, &part, recipe, device)?;
                let gradients = FlatGradients::new(&network, gradients, weight, self.device());
                match &mut sum {
                    None => sum = Some((weight * loss, gradients)),
                    Some((total, all)) => {
                        *total += weight * loss;
                        all.add(gradients);
                    }
                }
            }
            Ok::<_, ModelError>(sum)
        };
        let sums = if let ([device], [parts]) = (&self.devices[..], &each_device[..]) {
            vec![work(device, parts)]
        } else {
            std::thread::scope(|scope| {
                let pairs = self.devices.iter().zip(&each_device);
                let workers: Vec<_> = pairs.map(|(device, parts)| scope.spawn(move || work(device, parts))).collect();
                let joined = workers
                    .into_iter()
                    .map(|worker| worker.join().map_err(|panic| StepError::Lost(last_words(&*panic))));
                joined.collect::<Result<Vec<_>, _>>()
            })?
        };
        let mut total: Option<(f64, FlatGradients)> = None;
        for sum in sums {
            match (&mut total, sum?) {
                (None, sum) => total = sum,
                (Some((loss, all)), Some((more, gradients))) => {
                    *loss += more;
                    all.add(gradients);
                }
                _ => {}
            }
        }
        total.ok_or_else(|| StepError::Lost("an empty batch".into()))
    }
}

/// Decay of the average after so many steps: at first less than asked for, so that the random weights of the beginning
/// are forgotten after tens of steps and not after thousands.
fn averaging_decay(wanted: f64, steps: u64) -> f64 {
    let steps = steps as f64;
    wanted.min((1.0 + steps) / (10.0 + steps))
}

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The network cannot be run.
    Model(ModelError),
    /// A device or its thread is gone.
    Lost(String),
}

impl From<ModelError> for StepError {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

/// Message of a panic: burn reports a lost device so.
pub(crate) fn last_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".into())
}

fn part_gradients(
    network: &Network,
    part: &Batch,
    recipe: &TrainRecipe,
    device: &Device,
) -> Result<(f64, burn::optim::GradientsParams), ModelError> {
    let target = target(part, recipe, device);
    let input = input(part, device);
    network.loss_gradients(input, &recipe.solver, recipe.gradients, |phi_band| recipe.loss.value(phi_band, &target))
}

/// Image and start contours of a batch on a device.
pub(crate) fn input(batch: &Batch, device: &Device) -> Input {
    let [h, w] = batch.size;
    let image = tensor(&batch.image, [batch.len(), batch.channels, h, w], device);
    let start = batch.start.as_ref().map(|start| tensor(start, [batch.len(), batch.organs, h, w], device));
    Input { image, start }
}

/// Truth of a batch on a device.
pub(crate) fn target(batch: &Batch, recipe: &TrainRecipe, device: &Device) -> Target {
    let [h, w] = batch.size;
    let shape = [batch.len(), batch.organs, h, w];
    Target {
        phi_band: tensor(&batch.phi_band, shape, device),
        inside: tensor(&batch.inside, shape, device),
        mask: batch.mask.as_ref().map(|mask| tensor(mask, [batch.len(), 1, h, w], device)),
        organ_weights: recipe.relative_organ_weights().map(|weights| tensor(&weights, [1, batch.organs, 1, 1], device)),
    }
}

pub(crate) fn tensor(values: &[f32], shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

/// `0..n` in at most so many runs of nearly equal length.
fn shares(n: usize, parts: usize) -> Vec<std::ops::Range<usize>> {
    let parts = parts.clamp(1, n.max(1));
    (0..parts).map(|k| k * n / parts..(k + 1) * n / parts).collect()
}

/// Gives every parameter its place in the network as identity.
struct Number(u64);

impl ModuleMapper for Number {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (_, tensor, mapper) = param.consume();
        self.0 += 1;
        Param::from_mapped_value(ParamId::from(self.0), tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::averaging_decay;

    #[test]
    fn an_average_forgets_the_first_weights_soon_and_ends_with_the_decay_asked_for() {
        let left: f64 = (1..=60).map(|step| averaging_decay(0.998, step)).product();
        assert!(left < 1e-6, "{left} of the first weights after 60 steps");
        assert_eq!(averaging_decay(0.998, 4491), 0.998);
        assert_eq!(averaging_decay(0.9, 1_000_000), 0.9);
    }
}
