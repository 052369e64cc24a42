//! The past of an evolution: exact keyframes of φ in bounded memory, on branches.
//!
//! Every `interval` steps, and at every change (new weights, a painted φ), φ is stored as it is, with the weights in
//! force from there on. Any step is then its nearest keyframe before it plus a deterministic replay. When the budget
//! is used up, the interval doubles and every other regular keyframe goes; starts of branches and changes stay, since
//! no replay could bring them back.
//!
//! A branch begins with a keyframe of its own and shares the past of its parent up to there.

use super::packed::{PackedPhi, UnpackError};
use super::params::LevelSetParams;
use super::stepper::StepStats;
use serde::{Deserialize, Serialize};

/// Why a keyframe exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The first φ of a branch.
    Start,
    /// New weights from here on.
    Parameters,
    /// φ was painted or replaced.
    Edit,
    /// None: stored in passing, and the first to go when memory runs short.
    Passing,
}

/// φ at one step, exactly, and the weights that carry it on.
#[derive(Clone, Debug)]
pub struct Keyframe {
    /// Steps behind it.
    pub step: u64,
    /// Time t.
    pub time: f64,
    /// Weights in force from here on.
    pub params: LevelSetParams,
    /// Why it exists.
    pub event: Event,
    phi: PackedPhi,
}

impl Keyframe {
    /// A keyframe of φ, clamped to ±`bound_mm`.
    pub fn new(step: u64, time: f64, params: LevelSetParams, event: Event, phi: &[f32], bound_mm: f32) -> Self {
        Self { step, time, params, event, phi: PackedPhi::pack(phi, bound_mm) }
    }

    /// φ, bit for bit.
    ///
    /// # Errors
    /// Only when memory was damaged.
    pub fn phi(&self) -> Result<Vec<f32>, UnpackError> {
        self.phi.unpack()
    }
}

/// What is known after a step; the plots of the timeline are made of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps taken.
    pub step: u64,
    /// Time t.
    pub time: f64,
    /// Rates, volume, contact, energy.
    #[serde(flatten)]
    pub stats: StepStats,
}

/// One line of evolution.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// The branch it left, and after how many steps; `None` for the first.
    pub parent: Option<(usize, u64)>,
    keyframes: Vec<Keyframe>,
    reports: Vec<StepReport>,
}

impl Branch {
    /// Its keyframes, oldest first.
    pub fn keyframes(&self) -> &[Keyframe] {
        &self.keyframes
    }

    /// Its reports, oldest first.
    pub fn reports(&self) -> &[StepReport] {
        &self.reports
    }

    /// Steps behind its first keyframe.
    pub fn start(&self) -> u64 {
        self.keyframes.first().map_or(0, |k| k.step)
    }

    /// The furthest step known of it.
    pub fn tip(&self) -> u64 {
        let keyframe = self.keyframes.last().map_or(0, |k| k.step);
        self.reports.last().map_or(keyframe, |r| r.step.max(keyframe))
    }
}

/// The keyframes of all branches under one budget.
#[derive(Clone, Debug)]
pub struct History {
    branches: Vec<Branch>,
    active: usize,
    interval: u64,
    budget_bytes: usize,
    used_bytes: usize,
}

impl History {
    /// Steps between keyframes as long as the budget lasts.
    pub const DEFAULT_INTERVAL: u64 = 10;
    /// Default budget: 512 MiB.
    pub const DEFAULT_BUDGET_BYTES: usize = 512 << 20;

    /// An empty history that stores φ every `interval` steps (at least 1) in at most `budget_bytes`. A budget of 0
    /// keeps starts and changes only.
    pub fn new(interval: u64, budget_bytes: usize) -> Self {
        Self { branches: vec![Branch::default()], active: 0, interval: interval.max(1), budget_bytes, used_bytes: 0 }
    }

    /// All branches; the first is the original run.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Number of the branch in use.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Present number of steps between regular keyframes.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// Bytes that may be used.
    pub fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// Bytes in use; above the budget only when starts and changes alone need more.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Sets the budget, thinning at once where it shrank.
    pub fn set_budget_bytes(&mut self, budget_bytes: usize) {
        self.budget_bytes = budget_bytes;
        self.thin();
    }

    /// Switches to another branch; `false` when there is none of that number.
    pub fn set_active(&mut self, branch: usize) -> bool {
        if branch < self.branches.len() {
            self.active = branch;
        }
        branch == self.active
    }

    /// Opens a branch that leaves the active line at `keyframe`'s step, and makes it the active one.
    pub fn open_branch(&mut self, keyframe: Keyframe) {
        let parent = Some((self.owner_of(keyframe.step), keyframe.step));
        self.branches.push(Branch { parent, ..Branch::default() });
        self.active = self.branches.len() - 1;
        self.push(keyframe);
    }

    /// Adds a keyframe to the active branch, then thins if need be. A passing one at a step that has one already
    /// adds nothing.
    pub fn push(&mut self, keyframe: Keyframe) {
        let branch = &mut self.branches[self.active];
        let known = branch.keyframes.iter().any(|k| k.step == keyframe.step);
        if keyframe.event == Event::Passing && (known || self.budget_bytes == 0) {
            return;
        }
        self.used_bytes += keyframe.phi.bytes();
        let at = branch.keyframes.partition_point(|k| k.step <= keyframe.step);
        branch.keyframes.insert(at, keyframe);
        self.thin();
    }

    /// Adds a report to the active branch, unless it is of the past.
    pub fn report(&mut self, report: StepReport) {
        let branch = &mut self.branches[self.active];
        if branch.reports.last().is_none_or(|last| report.step > last.step) {
            branch.reports.push(report);
        }
    }

    /// The furthest step of the active line.
    pub fn tip(&self) -> u64 {
        self.branches[self.active].tip()
    }

    /// The last keyframe of the active line at or before `step`.
    pub fn nearest(&self, step: u64) -> Option<&Keyframe> {
        self.branches[self.owner_of(step)].keyframes.iter().rev().find(|k| k.step <= step)
    }

    /// The first change of the active line after `step`: a replay must take it over instead of stepping on.
    pub fn next_event(&self, step: u64) -> Option<&Keyframe> {
        let mut next: Option<&Keyframe> = None;
        let mut branch = self.active;
        loop {
            let Branch { parent, keyframes, .. } = &self.branches[branch];
            // Later branches win: their start cuts off what the parent did afterwards.
            let first = keyframes.iter().find(|k| k.step > step && k.event != Event::Passing);
            next = first.filter(|k| next.is_none_or(|n| k.step < n.step)).or(next);
            match parent {
                Some((above, left_at)) if *left_at > step => branch = *above,
                _ => return next,
            }
        }
    }

    /// The branch of the active line to which `step` belongs.
    fn owner_of(&self, step: u64) -> usize {
        let mut branch = self.active;
        while let Some((above, left_at)) = self.branches[branch].parent {
            if step >= left_at && !self.branches[branch].keyframes.is_empty() {
                break;
            }
            branch = above;
        }
        branch
    }

    /// Doubles the interval until the rest fits, or nothing is left that may go.
    fn thin(&mut self) {
        let passing = |k: &Keyframe| k.event == Event::Passing;
        while self.used_bytes > self.budget_bytes && self.branches.iter().flat_map(|b| &b.keyframes).any(passing) {
            self.interval *= 2;
            for branch in &mut self.branches {
                branch.keyframes.retain(|k| {
                    let stays = !passing(k) || k.step.is_multiple_of(self.interval);
                    self.used_bytes -= if stays { 0 } else { k.phi.bytes() };
                    stays
                });
            }
        }
    }
}
