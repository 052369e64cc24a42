//! An evolution that can be run, stopped, scrubbed, changed, painted on and branched.
//!
//! It owns a [`Stepper`] (CPU or GPU: the same φ) and a [`History`]. Going back never loses anything: playing on from
//! an earlier step repeats the recorded line, changes included, and a change made in the past opens a branch.

use super::history::{Event, History, Keyframe, StepReport};
use super::packed::UnpackError;
use super::params::LevelSetParams;
use super::stepper::{StepStats, Stepper, StepperError};
use super::stop::{LeakWarning, StopReason, StopRule, StopWatch};
use thiserror::Error;

/// Where an evolution stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EvolutionState {
    /// It can go on.
    Ready,
    /// Its rule, or the user, stopped it; [`Evolution::resume`] lets it go on.
    Stopped(StopReason),
}

/// Why an evolution cannot go on.
#[derive(Debug, Error)]
pub enum EvolutionError {
    /// The stepper failed.
    #[error(transparent)]
    Stepper(#[from] StepperError),
    /// A keyframe cannot be read back.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// A step beyond what was computed.
    #[error("step {step} was not computed yet: the evolution is known up to step {tip}")]
    Future {
        /// The wanted step.
        step: u64,
        /// The furthest step known.
        tip: u64,
    },
    /// A branch number out of range.
    #[error("there is no branch {branch}: the evolution has {count}")]
    Branch {
        /// The wanted branch.
        branch: usize,
        /// Number of branches.
        count: usize,
    },
}

/// A running, paused or finished evolution.
pub struct Evolution {
    stepper: Box<dyn Stepper>,
    rule: StopRule,
    watch: StopWatch,
    history: History,
    state: EvolutionState,
    report: StepReport,
    bound_mm: f32,
}

impl Evolution {
    /// An evolution of the stepper's φ with a history of default budget.
    ///
    /// # Errors
    /// The device is lost.
    pub fn new(stepper: Box<dyn Stepper>, rule: StopRule) -> Result<Self, EvolutionError> {
        Self::with_history(stepper, rule, History::new(History::DEFAULT_INTERVAL, History::DEFAULT_BUDGET_BYTES))
    }

    /// As [`Evolution::new`], with an empty history of chosen interval and budget.
    ///
    /// # Errors
    /// The device is lost.
    pub fn with_history(
        mut stepper: Box<dyn Stepper>,
        rule: StopRule,
        mut history: History,
    ) -> Result<Self, EvolutionError> {
        let (step, params) = (stepper.steps_done(), stepper.params());
        let bound_mm = stepper.grid().band_mm(&params);
        history.push(Keyframe::new(step, 0.0, params, Event::Start, &stepper.phi()?, bound_mm));
        let report = StepReport { step, time: 0.0, stats: stepper.stats()? };
        history.report(report);
        let mut watch = StopWatch::new(stepper.grid());
        watch.begin(&report);
        Ok(Self { stepper, rule, watch, history, state: EvolutionState::Ready, report, bound_mm })
    }

    /// Where it stands.
    pub fn state(&self) -> EvolutionState {
        self.state
    }

    /// The state at the present step.
    pub fn report(&self) -> StepReport {
        self.report
    }

    /// Steps behind the present φ.
    pub fn step(&self) -> u64 {
        self.report.step
    }

    /// Keyframes, branches and reports.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The history, to set its budget.
    pub fn history_mut(&mut self) -> &mut History {
        &mut self.history
    }

    /// Signs of a leak seen so far.
    pub fn warnings(&self) -> &[LeakWarning] {
        self.watch.warnings()
    }

    /// The stepper, to read φ or what it runs on.
    pub fn stepper(&mut self) -> &mut dyn Stepper {
        self.stepper.as_mut()
    }

    /// The weights in force.
    pub fn params(&self) -> LevelSetParams {
        self.stepper.params()
    }

    /// The rule that stops it.
    pub fn rule(&self) -> StopRule {
        self.rule
    }

    /// Sets another rule, under which the evolution may go on.
    pub fn set_rule(&mut self, rule: StopRule) {
        self.rule = rule;
        self.resume();
    }

    /// Lets a stopped evolution go on: what the rule has measured so far is forgotten.
    pub fn resume(&mut self) {
        self.state = EvolutionState::Ready;
        self.watch = StopWatch::new(self.stepper.grid());
        self.watch.begin(&self.report);
    }

    /// Stops it for the user.
    pub fn cancel(&mut self) {
        self.state = EvolutionState::Stopped(StopReason::Cancelled);
    }

    /// φ at the present step, x fastest.
    ///
    /// # Errors
    /// The device is lost.
    pub fn phi(&mut self) -> Result<Vec<f32>, EvolutionError> {
        Ok(self.stepper.phi()?)
    }

    /// Takes up to `steps` steps: along the recorded line as far as it goes, then on. The rule is applied once, at the
    /// end, and only when a reinitialisation was passed: it moves φ a little, and a rule that looked at it now before
    /// and now after one would take that for the contour's own movement. A stopped evolution does not move.
    ///
    /// # Errors
    /// φ no longer finite, or the device lost; the history stays.
    pub fn advance(&mut self, steps: u32) -> Result<StepReport, EvolutionError> {
        if let EvolutionState::Stopped(_) = self.state {
            return Ok(self.report);
        }
        let allowed = self.rule.max_iterations.saturating_sub(self.step()).min(u64::from(steps));
        let period = u64::from(self.params().reinitialize_every.max(1));
        let periods_before = self.step() / period;
        self.walk(self.step() + allowed)?;
        let StepReport { step, time, stats } = self.report;
        if step / period == periods_before && step < self.rule.max_iterations {
            return Ok(self.report);
        }
        if let Some(reason) = self.watch.check(&self.rule, step, time, &stats) {
            self.state = EvolutionState::Stopped(reason);
        }
        Ok(self.report)
    }

    /// Advances by `steps` at a time until the rule stops it or `keep_going` says no.
    ///
    /// # Errors
    /// As [`Evolution::advance`].
    pub fn run(
        &mut self,
        steps: u32,
        mut keep_going: impl FnMut(&StepReport) -> bool,
    ) -> Result<StopReason, EvolutionError> {
        loop {
            if let EvolutionState::Stopped(reason) = self.state {
                return Ok(reason);
            }
            let report = self.advance(steps.max(1))?;
            if !keep_going(&report) && self.state == EvolutionState::Ready {
                self.cancel();
            }
        }
    }

    /// Shows an earlier (or later, recorded) step of the active line: its nearest keyframe, then a replay.
    ///
    /// # Errors
    /// A step that was never computed, or a lost device.
    pub fn seek(&mut self, step: u64) -> Result<StepReport, EvolutionError> {
        let tip = self.history.tip();
        if step > tip {
            return Err(EvolutionError::Future { step, tip });
        }
        let from = self.history.nearest(step).map_or(0, |k| k.step);
        // Stepping on from here is shorter where no keyframe lies between, and gives the same.
        if !(from <= self.step() && self.step() <= step) || self.history.nearest(step).is_some_and(|k| k.step == step) {
            self.load(from)?;
        }
        self.walk(step)?;
        self.resume();
        Ok(self.report)
    }

    /// Back to the very first φ, with the weights now in force.
    ///
    /// # Errors
    /// The device is lost.
    pub fn restart(&mut self) -> Result<StepReport, EvolutionError> {
        let params = self.params();
        self.history.set_active(0);
        let first = self.history.branches()[0].start();
        self.seek(first)?;
        if params != self.params() {
            self.set_params(params)?;
        }
        Ok(self.report)
    }

    /// Other weights from the present step on; in the past this opens a branch.
    ///
    /// # Errors
    /// Weights that the stepper refuses: nothing changes then.
    pub fn set_params(&mut self, params: LevelSetParams) -> Result<(), EvolutionError> {
        self.stepper.set_params(params)?;
        self.bound_mm = self.stepper.grid().band_mm(&params);
        self.record(Event::Parameters)
    }

    /// Replaces φ at the present step (painted, or edited otherwise); in the past this opens a branch.
    ///
    /// # Errors
    /// A φ of another size, or one that is not finite: nothing changes then.
    pub fn edit_phi(&mut self, phi: &[f32]) -> Result<(), EvolutionError> {
        self.stepper.set_phi(phi, self.step())?;
        self.record(Event::Edit)
    }

    /// Leaves the active line at the present step: what follows is computed anew, and the old line stays.
    ///
    /// # Errors
    /// The device is lost.
    pub fn branch(&mut self) -> Result<usize, EvolutionError> {
        let keyframe = self.keyframe(Event::Start)?;
        self.history.open_branch(keyframe);
        self.resume();
        Ok(self.history.active())
    }

    /// Shows another branch at its furthest step.
    ///
    /// # Errors
    /// No branch of that number, or a lost device.
    pub fn switch_to(&mut self, branch: usize) -> Result<StepReport, EvolutionError> {
        let count = self.history.branches().len();
        if !self.history.set_active(branch) {
            return Err(EvolutionError::Branch { branch, count });
        }
        let tip = self.history.tip();
        let from = self.history.nearest(tip).map_or(0, |k| k.step);
        self.load(from)?;
        self.seek(tip)
    }

    /// Steps to `target`, taking recorded changes over on the way and leaving keyframes.
    fn walk(&mut self, target: u64) -> Result<(), EvolutionError> {
        while self.step() < target {
            let now = self.step();
            let change = self.history.next_event(now).map_or(u64::MAX, |k| k.step);
            let due = (now / self.history.interval() + 1) * self.history.interval();
            let stop = target.min(change).min(due);
            // A step count beyond u32 is taken in several rounds.
            let count = u32::try_from(stop - now).unwrap_or(u32::MAX);
            let stats = self.stepper.advance(count)?;
            let time = self.report.time + f64::from(count) * stats.dt;
            self.report = StepReport { step: now + u64::from(count), time, stats };
            self.history.report(self.report);
            if self.step() == change {
                self.load(change)?;
            } else if self.step() == due && self.history.budget_bytes() > 0 {
                let keyframe = self.keyframe(Event::Passing)?;
                self.history.push(keyframe);
            }
        }
        Ok(())
    }

    /// Takes the last keyframe at or before `step` into the stepper.
    fn load(&mut self, step: u64) -> Result<(), EvolutionError> {
        let Some(keyframe) = self.history.nearest(step).cloned() else {
            return Err(EvolutionError::Future { step, tip: self.history.tip() });
        };
        self.stepper.set_params(keyframe.params)?;
        self.bound_mm = self.stepper.grid().band_mm(&keyframe.params);
        self.stepper.set_phi(&keyframe.phi()?, keyframe.step)?;
        let stats = self.stepper.stats()?;
        self.report = StepReport { step: keyframe.step, time: keyframe.time, stats };
        Ok(())
    }

    /// Records a change at the present step.
    fn record(&mut self, event: Event) -> Result<(), EvolutionError> {
        let keyframe = self.keyframe(event)?;
        if self.step() < self.history.tip() {
            self.history.open_branch(keyframe);
        } else {
            self.history.push(keyframe);
        }
        let stats: StepStats = self.stepper.stats()?;
        self.report.stats = stats;
        self.resume();
        Ok(())
    }

    fn keyframe(&mut self, event: Event) -> Result<Keyframe, EvolutionError> {
        let phi = self.stepper.phi()?;
        Ok(Keyframe::new(self.step(), self.report.time, self.params(), event, &phi, self.bound_mm))
    }
}
