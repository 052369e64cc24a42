//! What the evolution thread makes beside φ: the map of a force, earlier contours, agreement with the reference. Only
//! what is switched on, and while the contour runs only what is fast enough not to slow it down.

mod agreement;
mod trail;

pub use agreement::agreement;
pub use trail::{moments, pack};

use crate::session::evolution::EvolutionView;
use crate::session::overlay::{ForceMap, OverlayView, Wanted};
use crate::session::reference::ReferenceMask;
use rayon::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trail::Trails;
use zeroset_engine::levelset::Force;

/// What may be spent on one overlay of a picture while the contour runs.
const WHILE_RUNNING: Duration = Duration::from_millis(16);

/// Part of the band's voxels that lie within a force's range.
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
    force_took: Duration,
    agreement_took: Duration,
}

impl Overlays {
    /// What to make from now on.
    pub fn set(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    /// What to compare with from now on.
    pub fn compare_with(&mut self, reference: Option<Arc<ReferenceMask>>) {
        self.reference = reference;
    }

    /// Forgets what was made of the last evolution.
    pub fn begin(&mut self) {
        *self = Self { wanted: self.wanted, reference: self.reference.take(), ..Self::default() };
    }

    /// Makes what is wanted of the state that is shown.
    pub fn make(&mut self, source: &mut dyn Source, view: &EvolutionView) -> OverlayView {
        let Some(place) = &view.place else { return OverlayView::default() };
        let phi = view.phi.as_ref().map(|state| state.phi.clone());
        let affordable = |took: Duration| !view.running() || took < WHILE_RUNNING;
        let force = self.wanted.force.map(|force| match &phi {
            None => Err("φ is on the graphics device while it runs: pause to see this map"),
            Some(_) if !affordable(self.force_took) => Err("This map takes too long while it runs: pause to see it"),
            Some(phi) => {
                let begun = Instant::now();
                let made = source.force(force, phi).map(|samples| {
                    let range = range(&samples, phi, self.wanted.band_mm);
                    Arc::new(ForceMap { force, samples, range })
                });
                self.force_took = begun.elapsed();
                made
            }
        });
        let trail = if self.wanted.trail { self.trails.make(source, place) } else { None };
        let agreement = match (&self.reference, &phi) {
            (Some(reference), Some(phi)) if affordable(self.agreement_took) => {
                let begun = Instant::now();
                let agreement = agreement(phi, place, reference);
                self.agreement_took = begun.elapsed();
                Some(agreement)
            }
            _ => None,
        };
        OverlayView { force, trail, agreement, limit_mm: source.limit_mm() }
    }
}

/// The range of a force where |φ| is below `band_mm`: 1, 2 or 5 times a power of ten.
pub fn range(samples: &[f32], phi: &[f32], band_mm: f32) -> f32 {
    let shown = samples.par_iter().zip(phi).filter(|(_, phi)| phi.abs() < band_mm).map(|(f, _)| f.abs());
    let mut magnitudes: Vec<f32> = shown.filter(|f| f.is_finite()).collect();
    if magnitudes.is_empty() {
        return 1.0;
    }
    let at = ((magnitudes.len() - 1) as f64 * WITHIN_RANGE).round() as usize;
    let (_, &mut reached, _) = magnitudes.select_nth_unstable_by(at, f32::total_cmp);
    round_up(reached)
}

/// The least of 1, 2, 5 times a power of ten that is not below `value`; 1 for 0.
fn round_up(value: f32) -> f32 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(f64::from(value).log10().floor());
    // A value that is itself such a number may come out a rounding above it.
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| f64::from(value) <= step * (1.0 + 1e-6)).unwrap_or(10.0 * power) as f32
}
