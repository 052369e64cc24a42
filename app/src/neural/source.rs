//! What an evolution by a network offers to overlays; what has followed it offers its own.

use super::{Run, place, t_of};
use crate::overlays::{Source, moments};
use zeroset_engine::levelset::Force;
use zeroset_engine::prepare::FAR_BANDS;

/// Least distance of two earlier contours, moments of the timeline.
const UNIT: u64 = 25;

impl Source for Run {
    fn line(&self) -> (usize, usize) {
        match self.following() {
            // A branch of the level set evolution is told from one of the network by a number that no line has.
            Some(run) => (usize::MAX - self.active, run.line().1),
            None => (self.active, self.branch()),
        }
    }

    fn stored(&self) -> Vec<u64> {
        match self.following() {
            Some(run) => run.stored(),
            None => moments(self.step, UNIT),
        }
    }

    fn stored_phi(&self, step: u64) -> Option<Vec<f32>> {
        match self.following() {
            Some(run) => run.stored_phi(step),
            None => {
                let (branch, t, trajectory) = (self.branch(), t_of(step), &self.trajectory);
                let shown = |index: usize| trajectory.shown(branch, index, t);
                place::phi_mm(trajectory.slices(), shown, self.field.grid(), &self.place, &self.scan).ok()
            }
        }
    }

    fn force(&mut self, force: Force, phi: &[f32]) -> Result<Vec<f32>, &'static str> {
        if self.following().is_some()
            && let Some(follows) = &mut self.lines[self.active].follows
        {
            return follows.run.force(force, phi);
        }
        if force != Force::Total {
            return Err("A network has no such force: choose dφ/dt in Overlays");
        }
        let (branch, t, trajectory) = (self.branch(), self.t(), &self.trajectory);
        let [h, w] = self.field.grid().pixels();
        // A slice that has not taken a step yet stands still.
        let rate = |index: usize| trajectory.rate(branch, index, t).unwrap_or_else(|| vec![0.0; h * w]);
        place::map_mm(trajectory.slices(), rate, 0.0, self.field.grid(), &self.place, &self.scan)
            .map_err(|_| "The region does not lie in the scan: draw it anew")
    }

    fn limit_mm(&mut self) -> f32 {
        match &mut self.lines[self.active].follows {
            Some(follows) if self.step > follows.from => follows.run.limit_mm(),
            _ => FAR_BANDS * self.field.grid().band_mm() as f32,
        }
    }
}
