//! A neural evolution on one thread: what tests and the command line use.

use super::ball::Ball;
use super::error::NeuralError;
use super::field::Field;
use super::moment::Moment;
use super::solve::Law;
use super::track::StepFigures;
use super::trajectory::Trajectory;
use crate::ode::Outcome;
use crate::prepare::FAR_BANDS;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

/// A network and all that it has computed.
#[derive(Debug)]
pub struct NeuralEvolution {
    field: Field,
    trajectory: Trajectory,
    active: usize,
}

impl NeuralEvolution {
    /// Begins from φ on the scan's grid (mm, negative inside), on the given slices of the scan that have a contour.
    ///
    /// # Errors
    /// A φ of another size, or without a contour there; a solver that cannot work.
    pub fn new(
        field: Field,
        phi_mm: &[f32],
        slices: Range<usize>,
        law: Law,
        budget_bytes: usize,
    ) -> Result<Self, NeuralError> {
        let expected = field.scan_len();
        if phi_mm.len() != expected {
            return Err(NeuralError::StartSize { found: phi_mm.len(), expected });
        }
        let starts = slices.filter_map(|slice| Some((slice, field.start(slice, |index| phi_mm[index])?)));
        let starts = starts.collect();
        Self::from_starts(field, starts, law, budget_bytes)
    }

    /// Begins from moments that [`Field::start`] gave, in ascending order of their slices.
    ///
    /// # Errors
    /// No moment; a solver that cannot work.
    pub fn from_starts(
        field: Field,
        starts: Vec<(usize, Moment)>,
        law: Law,
        budget_bytes: usize,
    ) -> Result<Self, NeuralError> {
        law.solver.check()?;
        let trajectory = Trajectory::new(starts, law, budget_bytes)?;
        Ok(Self { field, trajectory, active: 0 })
    }

    /// The network.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// What has been computed.
    pub fn trajectory(&self) -> &Trajectory {
        &self.trajectory
    }

    /// The branch in use.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Solves the active branch to t = 1. `on_step` hears of each accepted step with its slice and may stop.
    ///
    /// # Errors
    /// A slice whose solver gave up, the budget, a device that went away. What was computed stays.
    pub fn run(&mut self, mut on_step: impl FnMut(usize, &StepFigures) -> ControlFlow<()>) -> Result<(), NeuralError> {
        for job in self.trajectory.jobs(self.active, self.trajectory.slices()[0]) {
            let (trajectory, active) = (&mut self.trajectory, self.active);
            let mut full = Ok(());
            let outcome = self.field.solve(&job, &mut |advance| {
                let figures: Vec<_> = advance.kept.iter().map(|kept| kept.figures).collect();
                full = trajectory.keep(active, &job.slices, advance);
                if full.is_err() {
                    return ControlFlow::Break(());
                }
                job.slices.iter().zip(&figures).try_for_each(|(&slice, figures)| on_step(slice, figures))
            })?;
            self.trajectory.end(self.active, &job.slices, outcome);
            full?;
            if outcome == Outcome::Cancelled {
                return Ok(());
            }
        }
        self.trajectory.check(self.active)
    }

    /// φ as shown at `t` on the active branch, mm on the scan's grid; slices without a contour are outside.
    pub fn phi_mm(&self, t: f64) -> Vec<f32> {
        let outside = FAR_BANDS * self.field.grid().band_mm() as f32;
        let mut phi_mm = vec![outside; self.field.scan_len()];
        let maps: Vec<Vec<f32>> = (0..self.trajectory.slices().len())
            .into_par_iter()
            .map(|place| self.trajectory.shown(self.active, place, t))
            .collect();
        for (&slice, map) in self.trajectory.slices().iter().zip(&maps) {
            self.field.grid().put_phi_mm(slice, map, &mut phi_mm);
        }
        phi_mm
    }

    /// φ of one slice of the scan as shown at `t`, band widths on the network's pixels; `None` for a slice without a
    /// contour.
    pub fn slice_phi(&self, slice: usize, t: f64) -> Option<Vec<f32>> {
        let place = self.trajectory.slices().binary_search(&slice).ok()?;
        Some(self.trajectory.shown(self.active, place, t))
    }

    /// Leaves the active branch at `t` and follows `law` from there.
    pub fn branch(&mut self, t: f64, law: Law) {
        self.active = self.trajectory.branch(self.active, t, law, &HashMap::new());
    }

    /// Paints φ at `t`: the union with a ball, or what is left without it; runs on on a branch of its own.
    pub fn paint(&mut self, t: f64, ball: &Ball, add: bool) {
        let painted: HashMap<usize, Vec<f32>> = self
            .trajectory
            .slices()
            .iter()
            .enumerate()
            .filter_map(|(place, &slice)| {
                let mut map = self.trajectory.shown(self.active, place, t);
                self.field.paint(slice, &mut map, ball, add).then_some((place, map))
            })
            .collect();
        if !painted.is_empty() {
            let law = Law::clone(&self.trajectory.branches()[self.active].law);
            self.active = self.trajectory.branch(self.active, t, law, &painted);
        }
    }

    /// Shows another branch; `false` when there is none of that number.
    pub fn switch_to(&mut self, branch: usize) -> bool {
        let exists = branch < self.trajectory.branches().len();
        if exists {
            self.active = branch;
        }
        exists
    }
}
