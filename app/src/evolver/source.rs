//! What an evolution by the level set equation offers to overlays.

use super::{Active, Run};
use crate::overlays::{Source, moments};
use zeroset_engine::levelset::Force;
use zeroset_engine::levelset::cpu::CpuStepper;

impl Source for Run {
    fn line(&self) -> (usize, usize) {
        (0, self.evolution.history().active())
    }

    fn stored(&self) -> Vec<u64> {
        let (history, step) = (self.evolution.history(), self.evolution.step());
        let near = moments(step, history.interval()).into_iter().filter_map(|moment| history.nearest(moment));
        let mut steps: Vec<u64> = near.map(|keyframe| keyframe.step).collect();
        steps.dedup();
        steps
    }

    fn stored_phi(&self, step: u64) -> Option<Vec<f32>> {
        self.evolution.history().nearest(step)?.phi().ok()
    }

    fn force(&mut self, force: Force, phi: &[f32]) -> Result<Vec<f32>, &'static str> {
        let params = self.evolution.params();
        if force != Force::Total && !Force::of(params.method).contains(&force) {
            return Err("This method has no such force: choose another one in Overlays");
        }
        let stepper = self.evolution.stepper();
        if let Some(map) = stepper.force(force) {
            return Ok(map);
        }
        // Whatever steps, the map is the CPU's, of φ as it is shown.
        let stepper = CpuStepper::new(stepper.grid(), stepper.fields().clone(), params, phi);
        stepper.map(|stepper| stepper.force_map(force)).map_err(|_| "There is no map of a φ that is not finite")
    }

    fn limit_mm(&mut self) -> f32 {
        let params = self.evolution.params();
        self.evolution.stepper().grid().band_mm(&params)
    }
}

impl Active {
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::LevelSet(run) => run.as_mut(),
            Self::Neural(run) => run.as_mut(),
        }
    }
}
