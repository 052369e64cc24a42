//! The training loop: epochs of steps, validation, checkpoints; it can be killed at any moment and gone on with.

use super::batch::{Batch, Purpose};
use super::data::{Dataset, Sample};
use super::learner::{Learner, StepError, StepResult, last_words};
use super::loader::load;
use super::recipe::{Monitor, TrainRecipe};
use super::report::{End, EpochReport, Event, Observer, RunReport};
use super::schedule::Rates;
use super::starter::Starters;
use super::state::RunState;
use super::validate::{Validation, validate};
use super::{RunFolder, TrainError, begin, curves, device, finish, folder, pictures, state};
use crate::models::Checkpoint;
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Choices of a run that the recipe does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Go on with the run that the folder holds; without one, begin.
    pub resume: bool,
    /// Leave bad cases out instead of stopping.
    pub skip_bad: bool,
}

/// Trains by a recipe (its folders [resolved](TrainRecipe::resolve)) into the recipe's output folder.
///
/// Killed at any moment and resumed, it gives the same weights and losses bit by bit as without the kill, on the same
/// machine with the same devices.
///
/// # Errors
/// Recipe, data, devices and files, each with what to do; a loss that is no number, with its batch. What was written
/// before is whole.
pub fn run(recipe: &TrainRecipe, options: &RunOptions, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
    let paths = RunFolder::open(&recipe.output.folder, options.resume)?;
    let cache = recipe.data.cache.clone().unwrap_or_else(|| paths.cache());
    let mut tell = |done, total| {
        // Preparing is short and is kept: nothing to stop.
        let _ = observer.event(Event::Preparing { done, total });
    };
    let dataset = Dataset::open(
        &recipe.data,
        &recipe.preprocessing,
        recipe.augmentation.structures_used(),
        &cache,
        options.skip_bad,
        &mut tell,
    )?;
    let mut stopped = ControlFlow::Continue(());
    for warning in &dataset.warnings {
        stopped = observer.event(Event::Note(warning));
    }
    let devices = recipe.devices.iter().map(|name| device::open_device(name)).collect::<Result<Vec<_>, _>>()?;
    let starters = Starters::open(recipe, &dataset, &devices[0])?;
    let begun = begin::open(recipe, &dataset.validation_patients, &devices[0])?;
    let mut built_on = starters.as_ref().map(Starters::hashes).unwrap_or_default();
    built_on.extend(begun.iter().map(Checkpoint::hash));
    let mut learner = Learner::new(recipe, devices, starters, begun.as_ref().map(|begun| &begun.network));
    let fingerprint = recipe.fingerprint();
    let slices = slices_hash(&dataset);
    let mut state = RunState { fingerprint: fingerprint.clone(), slices: slices.clone(), ..RunState::default() };
    if options.resume && paths.state().exists() {
        state = state::load(&paths.state(), &fingerprint, &mut learner)?;
        if state.slices != slices {
            let reason = "belongs to other slices: cases were added, removed or changed since; undo that, or start again in another folder";
            return Err(TrainError::State { path: paths.state(), reason: reason.into() });
        }
    } else if options.resume {
        stopped = observer.event(Event::Note("nothing was saved yet: beginning from the start"));
    }
    let epochs = state.lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let steps = dataset.epoch(recipe.seed, 0).len().div_ceil(recipe.optimizer.batch_size) as u64;
    let o = &recipe.optimizer;
    let rates = Rates {
        rate: o.rate,
        least_rate: o.least_rate,
        warm_up_steps: o.warm_up_steps,
        schedule: o.schedule,
        total_steps: steps * o.epochs as u64,
    };
    let mut run = Run { recipe, paths, dataset, learner, state, epochs, rates, built_on, saved: Instant::now() };
    run.go(stopped, observer)
}

/// A run at work.
pub(super) struct Run<'a> {
    pub(super) recipe: &'a TrainRecipe,
    pub(super) paths: RunFolder,
    pub(super) dataset: Dataset,
    pub(super) learner: Learner,
    pub(super) state: RunState,
    pub(super) epochs: Vec<EpochReport>,
    rates: Rates,
    /// Hashes of the weights that give start contours.
    pub(super) built_on: Vec<String>,
    saved: Instant,
}

impl Run<'_> {
    fn go(&mut self, stopped: ControlFlow<()>, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
        folder::write(&self.paths.epochs(), lines(&self.state.lines).as_bytes())?;
        let started = Event::Started {
            parameters: self.learner.network.parameters(),
            training_slices: self.dataset.epoch(self.recipe.seed, 0).len(),
            validation_slices: self.dataset.validation.len(),
            epochs_done: self.state.epoch,
            epochs: self.recipe.optimizer.epochs as u64,
        };
        let mut asked = observer.event(started).is_break() || stopped.is_break();
        let end = loop {
            if asked {
                break End::Asked;
            }
            if let Some(end) = self.end() {
                break end;
            }
            asked = self.epoch(observer)?.is_break();
        };
        Ok(RunReport { end, epochs: std::mem::take(&mut self.epochs), best_epoch: self.state.best_epoch })
    }

    /// Whether the run is over by its own rules.
    fn end(&self) -> Option<End> {
        let last = self.epochs.last()?;
        let stop = &self.recipe.stop;
        let above = |most: f64| last.organs.iter().all(|organ| organ.iou.is_some_and(|iou| iou > most));
        if stop.iou_above.is_some_and(above) {
            return Some(End::Reached);
        }
        if stop.patience > 0 && self.state.epoch >= self.state.best_epoch + stop.patience as u64 {
            return Some(End::Patience);
        }
        (self.state.epoch >= self.recipe.optimizer.epochs as u64).then_some(End::Epochs)
    }

    /// One epoch, or what is left of it.
    fn epoch(&mut self, observer: &mut dyn Observer) -> Result<ControlFlow<()>, TrainError> {
        let began = Instant::now();
        let order = self.dataset.epoch(self.recipe.seed, self.state.epoch);
        let mut rate = self.rates.at(self.state.step.saturating_sub(1), &self.state.plateau);
        let earlier_s = self.state.seconds;
        let flow = self.batches(&order, &mut rate, observer)?;
        if flow.is_break() {
            self.state.seconds = earlier_s + began.elapsed().as_secs_f64();
            self.save()?;
            return Ok(flow);
        }
        let judged = self.learner.judged();
        let shown = shown(self.dataset.validation.len(), self.recipe.output.pictures);
        let mut drawn = Ok(());
        let draw = |number: usize, batch: &Batch, k: usize, phi: &[f32]| {
            if shown.contains(&number) && drawn.is_ok() {
                drawn = pictures::draw(&self.paths.pictures(), batch, k, phi);
            }
        };
        let validation = validate(&judged, &self.learner, &self.dataset.validation, self.recipe, observer, draw)?;
        drawn?;
        self.state.seconds = earlier_s + began.elapsed().as_secs_f64();
        let report = self.judge(validation, rate, began.elapsed());
        finish::checkpoints(self, &judged, &report)?;
        let line = serde_json::to_string(&report).unwrap_or_default();
        // As it would be read again: JSON may change the last bit, and a resumed run must decide alike.
        self.epochs.push(serde_json::from_str(&line).unwrap_or(report));
        self.state.lines.push(line);
        curves::draw(&self.paths.curves(), &self.epochs)?;
        folder::write(&self.paths.epochs(), lines(&self.state.lines).as_bytes())?;
        self.state =
            RunState { epoch: self.state.epoch + 1, batch: 0, loss_sum: 0.0, loss_slices: 0, ..self.state.clone() };
        self.save()?;
        Ok(self.epochs.last().map_or(ControlFlow::Continue(()), |report| observer.event(Event::Epoch(report))))
    }

    /// The steps of an epoch from the state's batch on.
    fn batches(
        &mut self,
        order: &[Sample],
        rate: &mut f64,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<()>, TrainError> {
        let (recipe, epoch) = (self.recipe, self.state.epoch);
        let batches = order.len().div_ceil(recipe.optimizer.batch_size) as u64;
        std::thread::scope(|scope| {
            let ready = load(scope, order, self.state.batch as usize, recipe, Purpose::Train(epoch));
            for batch in ready {
                let mut batch = batch?;
                *rate = self.rates.at(self.state.step, &self.state.plateau);
                let StepResult { loss, .. } = self.step(&mut batch, *rate)?;
                self.state.step += 1;
                self.state.batch += 1;
                self.state.loss_sum += loss * batch.len() as f64;
                self.state.loss_slices += batch.len() as u64;
                let (slices, number) = (batch.len(), self.state.batch);
                let told = Event::Batch { epoch: epoch + 1, batch: number, batches, slices, loss, rate: *rate };
                if observer.event(told).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.save_if_due(batches)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn step(&mut self, batch: &mut Batch, rate: f64) -> Result<StepResult, TrainError> {
        let (epoch, number, step) = (self.state.epoch + 1, self.state.batch + 1, self.state.step + 1);
        let slices = batch.names.join(", ");
        let (learner, recipe) = (&mut self.learner, self.recipe);
        // burn reports a lost device by a panic.
        let taken = catch_unwind(AssertUnwindSafe(|| {
            learner.find_starts(batch, recipe.preprocessing.band_px)?;
            learner.step(batch, recipe, rate)
        }));
        let result = match taken {
            Ok(Ok(result)) => result,
            Ok(Err(StepError::Model(error))) => return Err(TrainError::Model { epoch, batch: number, slices, error }),
            Ok(Err(StepError::Lost(reason))) => return Err(TrainError::DeviceLost { reason }),
            Err(panic) => return Err(TrainError::DeviceLost { reason: last_words(&*panic) }),
        };
        let StepResult { loss, gradient_norm } = result;
        let bad =
            [("the loss", loss), ("the gradient's length", gradient_norm)].into_iter().find(|(_, v)| !v.is_finite());
        match bad {
            None => Ok(result),
            Some((what, value)) => {
                let kept = self.kept();
                Err(TrainError::NotFinite { what, epoch, batch: number, step, value, slices, kept })
            }
        }
    }

    fn kept(&self) -> String {
        match self.state.best_epoch {
            0 => "no epoch was finished, so there is no checkpoint yet".into(),
            epoch => format!("the best checkpoint, of epoch {epoch}, is kept in {}", self.paths.best().display()),
        }
    }

    fn save_if_due(&mut self, batches: u64) -> Result<(), TrainError> {
        let output = &self.recipe.output;
        let by_steps = output.save_every_steps > 0 && self.state.step.is_multiple_of(output.save_every_steps);
        let by_time = self.saved.elapsed() >= Duration::from_secs_f64(60.0 * output.save_every_minutes);
        // The end of the epoch saves anyway.
        if (by_steps || by_time) && self.state.batch < batches { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), TrainError> {
        state::save(&self.paths.state(), &self.state, &self.learner)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// The epoch's report; the schedule and the best score take note of it.
    fn judge(&mut self, validation: Validation, rate: f64, took: Duration) -> EpochReport {
        let iou = validation.iou();
        let score = match self.recipe.stop.monitor {
            Monitor::Iou => iou.unwrap_or(f64::NEG_INFINITY),
            Monitor::Loss => -validation.loss,
        };
        let best = self.state.best_epoch == 0 || score > self.state.best;
        if best {
            (self.state.best, self.state.best_epoch) = (score, self.state.epoch + 1);
        }
        self.state.plateau.observe(&self.recipe.optimizer.schedule, validation.loss);
        EpochReport {
            epoch: self.state.epoch + 1,
            step: self.state.step,
            rate,
            training_loss: self.state.loss_sum / self.state.loss_slices.max(1) as f64,
            validation_loss: validation.loss,
            iou,
            organs: validation.organs,
            evaluations: validation.evaluations,
            best,
            seconds: took.as_secs_f64(),
        }
    }
}

/// The validation slices to draw, spread evenly.
fn shown(found: usize, wanted: usize) -> Vec<usize> {
    let wanted = wanted.min(found);
    (0..wanted).map(|k| (2 * k + 1) * found / (2 * wanted)).collect()
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn slices_hash(dataset: &Dataset) -> String {
    let mut hash = Sha256::new();
    for sample in dataset.train.with_organ.iter().chain(&dataset.train.empty).chain(&dataset.validation) {
        hash.update(sample.name.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
