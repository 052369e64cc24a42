//! What the evolution thread makes beside φ: the map of a force, earlier contours, agreement with the reference. Only
//! what is switched on, and while the contour runs for a fifth of the time at most.

mod agreement;
mod trail;

pub use agreement::agreement;
pub use trail::{moments, pack};

use crate::session::evolution::EvolutionView;
use crate::session::overlay::{Agreement, ForceMap, OverlayView, Wanted};
use crate::session::reference::ReferenceMask;
use rayon::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trail::Trails;
use zeroset_engine::levelset::Force;

/// While the contour runs an overlay is made anew this many times as long after the last one as that took: a large one
/// lags behind a little, and the contour keeps its pace.
const REST: u32 = 4;

/// Part of the voxels around the contour that lie within a force's range.
const WITHIN_RANGE: f64 = 0.95;

/// What an evolution has to offer.
pub trait Source {
    /// Tells lines apart: as long as it is the same, so are the moments stored on it.
    fn line(&self) -> (usize, usize);
    /// Evenly spaced moments before the present one that are stored, by their steps, oldest first.
    fn stored(&self) -> Vec<u64>;
    /// φ of such a moment, mm, from what is stored.
    fn stored_phi(&self, step: u64) -> Option<Vec<f32>>;
    /// What a force adds to dφ/dt of this φ, the one shown, mm per unit of t.
    ///
    /// # Errors
    /// Why there is no such map, in words for the user.
    fn force(&mut self, force: Force, phi: &[f32]) -> Result<Vec<f32>, &'static str>;
    /// Distance in mm beyond which φ is cut off.
    fn limit_mm(&mut self) -> f32;
}

/// What is wanted, and what was made before.
#[derive(Default)]
pub struct Overlays {
    wanted: Wanted,
    reference: Option<Arc<ReferenceMask>>,
    trails: Trails,
    force: Paced<Result<Arc<ForceMap>, &'static str>>,
    agreement: Paced<Agreement>,
}

/// The last one made, when, and how long it took.
struct Paced<T> {
    last: Option<(T, Instant)>,
    took: Duration,
}

impl<T> Default for Paced<T> {
    fn default() -> Self {
        Self { last: None, took: Duration::ZERO }
    }
}

impl<T: Clone> Paced<T> {
    /// Makes it; while the contour runs the last one stands for a while.
    fn make(&mut self, running: bool, make: impl FnOnce() -> T) -> T {
        if let Some((last, at)) = self.last.as_ref().filter(|_| running)
            && at.elapsed() < REST * self.took
        {
            return last.clone();
        }
        let begun = Instant::now();
        let made = make();
        self.took = begun.elapsed();
        self.last = Some((made.clone(), Instant::now()));
        made
    }
}

impl Overlays {
    /// What to make from now on.
    pub fn set(&mut self, wanted: Wanted) {
        self.wanted = wanted;
        self.force = Paced::default();
    }

    /// What to compare with from now on.
    pub fn compare_with(&mut self, reference: Option<Arc<ReferenceMask>>) {
        self.reference = reference;
        self.agreement = Paced::default();
    }

    /// Forgets what was made of the last evolution.
    pub fn begin(&mut self) {
        *self = Self { wanted: self.wanted, reference: self.reference.take(), ..Self::default() };
    }

    /// Makes what is wanted of the state that is shown.
    pub fn make(&mut self, source: &mut dyn Source, view: &EvolutionView) -> OverlayView {
        let Some(place) = &view.place else { return OverlayView::default() };
        let phi = view.phi.as_ref().map(|state| state.phi.clone());
        let (running, band_mm) = (view.running(), self.wanted.band_mm);
        let force = self.wanted.force.map(|force| match &phi {
            None => Err("φ is on the graphics device while it runs: pause to see this map"),
            // What acts on the contour sets the range: further off φ may be steep, and every force large.
            Some(phi) => self.force.make(running, || {
                let samples = source.force(force, phi)?;
                Ok(Arc::new(ForceMap { force, range: range(&samples, phi, band_mm / 3.0), samples }))
            }),
        });
        let trail = if self.wanted.trail { self.trails.make(source, place) } else { None };
        let agreement = match (&self.reference, &phi) {
            (Some(reference), Some(phi)) => Some(self.agreement.make(running, || agreement(phi, place, reference))),
            _ => None,
        };
        OverlayView { force, trail, agreement, limit_mm: source.limit_mm() }
    }
}

/// The range of a force where |φ| is below `within_mm`: 1, 2 or 5 times a power of ten.
pub fn range(samples: &[f32], phi: &[f32], within_mm: f32) -> f32 {
    let shown = samples.par_iter().zip(phi).filter(|(_, phi)| phi.abs() < within_mm).map(|(f, _)| f.abs());
    let mut magnitudes: Vec<f32> = shown.filter(|f| f.is_finite()).collect();
    if magnitudes.is_empty() {
        return 1.0;
    }
    let at = ((magnitudes.len() - 1) as f64 * WITHIN_RANGE).round() as usize;
    let (_, &mut reached, _) = magnitudes.select_nth_unstable_by(at, f32::total_cmp);
    round_up(reached)
}

/// The least of 1, 2, 5 times a power of ten that `value` does not exceed by more than a tenth; 1 for 0.
fn round_up(value: f32) -> f32 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(f64::from(value).log10().floor());
    // Where φ is nearly a distance a force of 1 comes out a little above it.
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| f64::from(value) <= 1.1 * step).unwrap_or(10.0 * power) as f32
}
