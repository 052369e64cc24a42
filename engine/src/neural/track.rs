//! The kept steps of one slice on one branch, and φ between them.

use super::moment::{Moment, Source};
use super::solve::Law;
use crate::ode::Outcome;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the solver said of an accepted step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepFigures {
    /// Time at its end.
    pub t: f64,
    /// Its length.
    pub dt: f64,
    /// Its estimated error as a share of the tolerance, 0 to 1; 0 for fixed steps.
    pub error: f64,
    /// Evaluations of the network so far on this track (NFE).
    pub evaluations: usize,
    /// Steps rejected so far on this track.
    pub rejected: usize,
}

/// An accepted step of one slice.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What the solver said of it.
    pub figures: StepFigures,
    /// φ = φ(start) + Σ cₖ xᵏ over the step; all but the last coefficient, which the end gives.
    pub(super) inner: Vec<Vec<f32>>,
    pub(super) end: Moment,
}

/// One slice from where a branch begins.
#[derive(Clone, Debug)]
pub struct Track {
    pub(super) start: Moment,
    pub(super) kept: Vec<Kept>,
    pub(super) outcome: Option<Outcome>,
}

impl Track {
    pub(super) fn new(start: Moment) -> Self {
        Self { start, kept: Vec::new(), outcome: None }
    }

    /// Where it begins.
    pub fn start(&self) -> &Moment {
        &self.start
    }

    /// Its accepted steps.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// How its solution ended; `None` while it has not.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The newest moment.
    pub fn tip(&self) -> &Moment {
        self.kept.last().map_or(&self.start, |kept| &kept.end)
    }

    /// φ as shown at `t`, band widths; before its start as at its start, beyond its tip as at its tip.
    pub fn shown(&self, t: f64) -> Vec<f32> {
        let Some((before, kept, share)) = self.within(t) else { return self.at_or_before(t).shown() };
        let mut shown = before.shown();
        let (end, x) = (&kept.end, share as f32);
        for (i, value) in shown.iter_mut().enumerate() {
            let inner = kept.inner.iter();
            let (powers, sum, rise) =
                inner.fold((x, 0.0, 0.0), |(power, sum, rise), c| (power * x, sum + power * c[i], rise + c[i]));
            let last = end.phi[i] - before.phi[i] - rise;
            *value += sum + powers * last + x * (end.correction[i] - before.correction[i]);
        }
        shown
    }

    /// Rate of φ as shown at `t`, band widths per unit of t: the derivative of the dense output that [`shown`](Self::shown)
    /// is, so the network with its priors, and what the postnet adds. At the end of a step that of the step before it, at
    /// the start that of the first step, beyond the tip that at the tip; `None` while there is no step.
    pub fn rate(&self, t: f64) -> Option<Vec<f32>> {
        let index = self.kept.partition_point(|kept| kept.end.t < t).min(self.kept.len().checked_sub(1)?);
        let (kept, before) = (&self.kept[index], index.checked_sub(1).map_or(&self.start, |i| &self.kept[i].end));
        let (end, dt) = (&kept.end, kept.end.t - before.t);
        let x = ((t - before.t) / dt).clamp(0.0, 1.0) as f32;
        let at = |i: usize| {
            // d/dx of Σ cₖ xᵏ, the last coefficient being what the others leave of the rise.
            let (mut power, mut sum, mut rise) = (1.0, 0.0, 0.0);
            for (degree, c) in (1u8..).zip(&kept.inner) {
                sum += f32::from(degree) * power * c[i];
                rise += c[i];
                power *= x;
            }
            let last = end.phi[i] - before.phi[i] - rise;
            let degree = (kept.inner.len() + 1) as f32;
            (sum + degree * power * last + end.correction[i] - before.correction[i]) / dt as f32
        };
        Some((0..end.phi.len()).map(at).collect())
    }

    /// The moment at `t`, from which a branch may begin. `law` is this track's own; `together` gives the other slices
    /// that took the same step, when slices are tied together.
    pub(super) fn moment(&self, t: f64, slice: usize, law: &Arc<Law>) -> Moment {
        let Some((before, kept, share)) = self.within(t) else { return self.at_or_before(t).clone() };
        let x = share as f32;
        let mix = |(a, b): (&f32, &f32)| a + x * (b - a);
        let correction: Vec<f32> = before.correction.iter().zip(kept.end.correction.iter()).map(mix).collect();
        let phi = self.shown(t).iter().zip(&correction).map(|(shown, u)| shown - u).collect();
        let group = Arc::new(vec![(slice, before.clone())]);
        let source = Source::Within { before: group, index: 0, end: kept.end.t, law: law.clone() };
        Moment { t, phi: Arc::new(phi), correction: Arc::new(correction), change: None, source }
    }

    /// The step around `t`, the moment before it, and the share of it that has passed; `None` at its ends and beyond.
    pub(super) fn within(&self, t: f64) -> Option<(&Moment, &Kept, f64)> {
        let index = self.kept.partition_point(|kept| kept.end.t < t);
        let kept = self.kept.get(index)?;
        let before = index.checked_sub(1).map_or(&self.start, |i| &self.kept[i].end);
        let share = (t - before.t) / (kept.end.t - before.t);
        (share > 0.0 && share < 1.0).then_some((before, kept, share))
    }

    /// The last kept moment at or before `t`.
    fn at_or_before(&self, t: f64) -> &Moment {
        match self.kept.partition_point(|kept| kept.end.t <= t) {
            0 => &self.start,
            n => &self.kept[n - 1].end,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.start.bytes() + self.kept.iter().map(Kept::bytes).sum::<usize>()
    }
}

impl Kept {
    /// The moment at its end.
    pub fn end(&self) -> &Moment {
        &self.end
    }

    pub(super) fn bytes(&self) -> usize {
        self.end.bytes() + size_of::<f32>() * self.inner.iter().map(Vec::len).sum::<usize>()
    }
}
