//! All slices on all branches: φ at any t, where branches begin, what is still to be solved.

use super::error::NeuralError;
use super::moment::{Moment, Source};
use super::solve::{Advance, END, Job, Law};
use super::track::Track;
use crate::ode::Outcome;
use std::collections::HashMap;
use std::sync::Arc;

/// One line of evolution.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The branch it left, and when; `None` for the first.
    pub parent: Option<(usize, f64)>,
    /// What it follows.
    pub law: Arc<Law>,
    /// Whether it begins with paint.
    pub painted: bool,
    /// One place for each slice; a slice without a track is the parent's.
    tracks: Vec<Option<Track>>,
}

/// What has been computed of an evolution.
#[derive(Clone, Debug)]
pub struct Trajectory {
    slices: Vec<usize>,
    branches: Vec<Branch>,
    used_bytes: usize,
    budget_bytes: usize,
}

impl Trajectory {
    /// Default budget: 1 GiB.
    pub const DEFAULT_BUDGET_BYTES: usize = 1 << 30;

    /// The moment t = 0 of slices of the scan, in ascending order.
    ///
    /// # Errors
    /// No slice at all.
    pub fn new(starts: Vec<(usize, Moment)>, law: Law, budget_bytes: usize) -> Result<Self, NeuralError> {
        if starts.is_empty() {
            return Err(NeuralError::NoContour);
        }
        let used_bytes = starts.iter().map(|(_, moment)| moment.bytes()).sum();
        let (slices, tracks) = starts.into_iter().map(|(slice, start)| (slice, Some(Track::new(start)))).unzip();
        let first = Branch { parent: None, law: Arc::new(law), painted: false, tracks };
        Ok(Self { slices, branches: vec![first], used_bytes, budget_bytes })
    }

    /// The slices of the scan that evolve, ascending.
    pub fn slices(&self) -> &[usize] {
        &self.slices
    }

    /// All branches; the first is the original run.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Bytes that may be used.
    pub fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// The track of a slice (by its place in [`slices`](Self::slices)) on a branch at `t`, and whose it is.
    pub fn track(&self, branch: usize, place: usize, t: f64) -> (usize, &Track) {
        let mut at = branch;
        loop {
            let Branch { parent, tracks, .. } = &self.branches[at];
            match (&tracks[place], parent) {
                (Some(track), Some(_)) if track.start.t <= t => return (at, track),
                (_, Some((above, _))) => at = *above,
                (Some(track), None) => return (at, track),
                // Only a branch leaves slices to its parent.
                (None, None) => unreachable!("the first branch has all slices"),
            }
        }
    }

    /// φ of a slice as shown, band widths, `[row][column]`: its own track at `t`, or as far as that has come.
    pub fn shown(&self, branch: usize, place: usize, t: f64) -> Vec<f32> {
        self.track(branch, place, t).1.shown(t)
    }

    /// Rate of φ of a slice as shown, band widths per unit of t, `[row][column]`: see [`Track::rate`].
    pub fn rate(&self, branch: usize, place: usize, t: f64) -> Option<Vec<f32>> {
        self.track(branch, place, t).1.rate(t)
    }

    /// How far every slice of a branch has come.
    pub fn solved_to(&self, branch: usize) -> f64 {
        let tips = (0..self.slices.len()).map(|place| self.track(branch, place, END).1.tip().t);
        tips.fold(END, f64::min)
    }

    /// Slices of a branch whose solution has ended, one way or other.
    pub fn finished(&self, branch: usize) -> usize {
        let ended = |&place: &usize| self.track(branch, place, END).1.outcome.is_some_and(|o| o != Outcome::Cancelled);
        (0..self.slices.len()).filter(ended).count()
    }

    /// Opens a branch that leaves `branch` at `t`, follows `law`, and shows other maps where `painted` has some (by
    /// place: φ as shown, band widths); returns its number.
    ///
    /// Slices that were not painted stay those of the parent as long as the law does not change and does not tie
    /// slices together. To have all of them computed anew, leave `painted` empty.
    pub fn branch(&mut self, branch: usize, t: f64, law: Law, painted: &HashMap<usize, Vec<f32>>) -> usize {
        let parent_law = self.branches[branch].law.clone();
        let law = if *parent_law == law { parent_law } else { Arc::new(law) };
        let anew = painted.is_empty() || law != self.branches[branch].law || law.priors.tie_slices();
        let tracks: Vec<Option<Track>> = (0..self.slices.len())
            .map(|place| {
                let map = painted.get(&place);
                (anew || map.is_some()).then(|| {
                    let moment = self.moment(branch, place, t);
                    Track::new(map.map_or_else(|| moment.clone(), |map| moment.painted(map)))
                })
            })
            .collect();
        self.used_bytes += tracks.iter().flatten().map(Track::bytes).sum::<usize>();
        self.branches.push(Branch { parent: Some((branch, t)), law, painted: !painted.is_empty(), tracks });
        self.branches.len() - 1
    }

    /// Forgets the newest branch.
    pub fn drop_newest(&mut self) {
        if self.branches.len() > 1
            && let Some(branch) = self.branches.pop()
        {
            self.used_bytes -= branch.tracks.iter().flatten().map(Track::bytes).sum::<usize>();
        }
    }

    /// The moment of a slice at `t`.
    fn moment(&self, branch: usize, place: usize, t: f64) -> Moment {
        let (owner, track) = self.track(branch, place, t);
        let law = &self.branches[owner].law;
        let mut moment = track.moment(t, self.slices[place], law);
        if !law.priors.tie_slices() {
            return moment;
        }
        // The step was taken by all slices of the owner together.
        if let Source::Within { before, index, .. } = &mut moment.source {
            let others = (0..self.slices.len()).filter_map(|place| {
                let track = self.branches[owner].tracks[place].as_ref()?;
                track.within(t).map(|(before, ..)| (self.slices[place], before.clone()))
            });
            *before = Arc::new(others.collect());
            *index = before.iter().position(|(slice, _)| *slice == self.slices[place]).unwrap_or(0);
        }
        moment
    }

    /// What is still to be solved on a branch: one job per slice, or one for all where slices are tied together. Those
    /// nearest to the slice `first` come first.
    pub fn jobs(&self, branch: usize, first: usize) -> Vec<Job> {
        let open = |track: &Track| track.tip().t < END && track.outcome.is_none_or(|o| o == Outcome::Cancelled);
        let mut places: Vec<usize> =
            (0..self.slices.len()).filter(|&place| open(self.track(branch, place, END).1)).collect();
        places.sort_by_key(|&place| self.slices[place].abs_diff(first));
        if self.branches[branch].law.priors.tie_slices() {
            places.sort_unstable();
            return if places.is_empty() { Vec::new() } else { vec![self.job(branch, &places)] };
        }
        places.iter().map(|&place| self.job(branch, &[place])).collect()
    }

    fn job(&self, branch: usize, places: &[usize]) -> Job {
        let tracks: Vec<(usize, &Track)> = places.iter().map(|&place| self.track(branch, place, END)).collect();
        let counted = tracks.first().and_then(|(_, track)| track.kept.last()).map(|kept| kept.figures);
        Job {
            slices: places.iter().map(|&place| self.slices[place]).collect(),
            from: tracks.iter().map(|(_, track)| track.tip().clone()).collect(),
            counted: counted.unwrap_or_default(),
            law: tracks.first().map_or_else(Arc::default, |(owner, _)| self.branches[*owner].law.clone()),
        }
    }

    /// Takes an accepted step of a job of `branch`.
    ///
    /// # Errors
    /// The budget is used up; the step is not kept.
    pub fn keep(&mut self, branch: usize, slices: &[usize], advance: Advance) -> Result<(), NeuralError> {
        let bytes: usize = advance.kept.iter().map(super::Kept::bytes).sum();
        if self.used_bytes + bytes > self.budget_bytes {
            let mb = |bytes: usize| bytes >> 20;
            return Err(NeuralError::Memory { used_mb: mb(self.used_bytes), budget_mb: mb(self.budget_bytes) });
        }
        self.used_bytes += bytes;
        for (slice, kept) in slices.iter().zip(advance.kept) {
            if let Some(track) = self.tip_of(branch, *slice) {
                track.outcome = None;
                track.kept.push(kept);
            }
        }
        Ok(())
    }

    /// Takes the end of a job of `branch`.
    pub fn end(&mut self, branch: usize, slices: &[usize], outcome: Outcome) {
        for slice in slices {
            if let Some(track) = self.tip_of(branch, *slice) {
                track.outcome = Some(outcome);
            }
        }
    }

    /// The first slice of a branch that stopped before t = 1, and why.
    ///
    /// # Errors
    /// That one.
    pub fn check(&self, branch: usize) -> Result<(), NeuralError> {
        for (place, &slice) in self.slices.iter().enumerate() {
            let track = self.track(branch, place, END).1;
            if let Some(outcome) = track.outcome.filter(|o| !matches!(o, Outcome::Done | Outcome::Cancelled)) {
                return Err(NeuralError::Unfinished { slice, t: track.tip().t, outcome });
            }
        }
        Ok(())
    }

    fn tip_of(&mut self, branch: usize, slice: usize) -> Option<&mut Track> {
        let place = self.slices.binary_search(&slice).ok()?;
        let (owner, _) = self.track(branch, place, END);
        self.branches[owner].tracks[place].as_mut()
    }
}
