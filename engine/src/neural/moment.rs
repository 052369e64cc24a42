//! One slice at one t: what is shown, and where the state behind it comes from.

use super::solve::Law;
use std::sync::Arc;

/// One slice at one time. Cheap to clone: its maps are shared.
#[derive(Clone, Debug)]
pub struct Moment {
    pub(super) t: f64,
    /// φ channel of γ(t), band widths, `[row][column]`.
    pub(super) phi: Arc<Vec<f32>>,
    /// u(t), band widths: what the postnet adds to φ where it is shown.
    pub(super) correction: Arc<Vec<f32>>,
    /// What was painted at this moment, band widths: to be added to φ of the source.
    pub(super) change: Option<Arc<Vec<f32>>>,
    pub(super) source: Source,
}

/// Where γ comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The network's own start from the moment's φ.
    Start,
    /// Kept: the end of an accepted step, `[channel][row][column]`.
    State(Arc<Vec<f32>>),
    /// Inside a step, to be taken again: the slices that took it together, which of them this is, where it ended, and
    /// the law that it followed.
    Within { before: Arc<Vec<(usize, Moment)>>, index: usize, end: f64, law: Arc<Law> },
}

impl Moment {
    /// Its time.
    pub fn t(&self) -> f64 {
        self.t
    }

    /// φ as shown, band widths, `[row][column]`.
    pub fn shown(&self) -> Vec<f32> {
        self.phi.iter().zip(self.correction.iter()).map(|(phi, u)| phi + u).collect()
    }

    /// The same moment showing another φ (band widths, `[row][column]`): γ's φ channel takes the difference where there
    /// is one, h and everything else stay.
    ///
    /// # Panics
    /// A map of another size.
    pub fn painted(&self, shown: &[f32]) -> Self {
        let before = self.shown();
        assert_eq!(shown.len(), before.len(), "a painted map must fill the network's grid");
        let earlier = |i: usize| self.change.as_ref().map_or(0.0, |change| change[i]);
        let differences: Vec<f32> = shown.iter().zip(&before).map(|(new, old)| new - old).collect();
        let phi = self.phi.iter().zip(&differences).map(|(phi, d)| phi + d).collect();
        let change = differences.iter().enumerate().map(|(i, d)| earlier(i) + d).collect();
        Self { phi: Arc::new(phi), change: Some(Arc::new(change)), ..self.clone() }
    }

    /// Bytes of what this moment alone holds.
    pub(super) fn bytes(&self) -> usize {
        let state = if let Source::State(state) = &self.source { state.len() } else { 0 };
        let change = self.change.as_ref().map_or(0, |c| c.len());
        size_of::<f32>() * (self.phi.len() + self.correction.len() + change + state)
    }
}
