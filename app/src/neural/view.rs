//! How a neural evolution looks to the session.

use super::{Run, t_of};
use crate::session::evolution::{EvolutionView, PhiState, RunState};
use crate::session::neural::{NeuralOrigin, NeuralView};
use std::sync::Arc;
use zeroset_engine::levelset::StepReport;
use zeroset_engine::levelset::history::Event;
use zeroset_engine::levelset::phi::grid_of;
use zeroset_engine::levelset::stepper::StepStats;

/// The start reaches beyond what the network sees.
const SEES_PART: &str = "This network sees only the middle of each slice, and the start contour reaches beyond it: what \
    lies there is cut off. Use another model.";

impl Run {
    /// The φ as shown, of the network's branch or of the level set evolution that follows it.
    pub(super) fn shown_state(&mut self) -> anyhow::Result<PhiState> {
        if self.following().is_none() {
            return self.state();
        }
        let (step, line) = (self.step, self.active);
        let follows = self.lines[line].follows.as_mut().ok_or_else(|| anyhow::anyhow!("nothing follows"))?;
        Ok(PhiState { step, phi: Arc::new(follows.run.phi()?), line })
    }

    /// How it stands.
    pub fn view(&mut self) -> EvolutionView {
        let mut view = match self.lines[self.active].follows.as_mut().filter(|f| self.step > f.from) {
            Some(follows) => {
                let from = follows.from;
                let mut view = follows.run.view();
                let shifted = |r: &StepReport| StepReport { step: r.step + from, ..*r };
                view.reports = Arc::new(view.reports.iter().map(shifted).collect());
                view.marks = Arc::new(view.marks.iter().map(|&(step, event)| (step + from, event)).collect());
                view.phi = view.phi.map(|state| PhiState { step: state.step + from, line: self.active, ..state });
                view
            }
            None => self.own_view(),
        };
        (view.serial, view.step, view.last_step) = (self.serial, self.step, self.last_step());
        view.place = Some(self.place.clone());
        let marks = self.marks();
        let following = view.marks.iter().filter(|m| m.0 > 0 && !marks.contains(m)).copied().collect::<Vec<_>>();
        view.marks = Arc::new([marks, following].concat());
        let lines = self.shown_lines();
        let inner = self.lines[self.active].follows.as_ref().map(|f| f.run.branches().1);
        let active = lines.iter().position(|&line| line == (self.active, inner)).unwrap_or(0);
        view.branches = (lines.len(), active);
        view.history_bytes += self.trajectory.used_bytes();
        view.history_budget += self.trajectory.budget_bytes();
        view.neural = Some(Arc::new(self.neural_view()));
        view
    }

    fn own_view(&mut self) -> EvolutionView {
        let phi = self.state();
        let state = match (&phi, &self.failure) {
            (Err(error), _) => RunState::Failed(crate::cli::one_line(error)),
            (_, Some(failure)) => RunState::Failed(failure.clone()),
            _ if self.playing() => RunState::Running,
            _ => RunState::Paused,
        };
        let phi = phi.ok();
        let volume_ml = phi.as_ref().map_or(0.0, |state| self.volume_ml(&state.phi));
        let stats = StepStats { volume_ml, ..StepStats::default() };
        EvolutionView {
            state,
            phi,
            time: self.t(),
            reports: Arc::new(vec![StepReport { step: self.step, time: self.t(), stats }]),
            device: "the CPU (network)".to_owned(),
            warnings: self.sees_part.then(|| SEES_PART.to_owned()).into_iter().collect(),
            ..EvolutionView::default()
        }
    }

    /// As [`StepStats::volume_ml`].
    fn volume_ml(&self, phi: &[f32]) -> f64 {
        let grid = grid_of(&self.place.geometry);
        let h = grid.h_min();
        phi.iter().map(|v| f64::from((0.5 - v / h).clamp(0.0, 1.0))).sum::<f64>() * grid.voxel_ml()
    }

    /// Branches and edits of the line, from its first to the present one.
    fn marks(&self) -> Vec<(u64, Event)> {
        let mut marks = vec![(0, Event::Start)];
        let mut branch = Some(self.branch());
        while let Some(number) = branch {
            let here = &self.trajectory.branches()[number];
            if let Some((_, t)) = here.parent {
                let event = if here.painted { Event::Edit } else { Event::Start };
                marks.push(((t * crate::session::neural::MOMENTS as f64).round() as u64, event));
            }
            branch = here.parent.map(|(above, _)| above);
        }
        if let Some(follows) = &self.lines[self.active].follows {
            marks.push((follows.from, Event::Parameters));
        }
        marks.sort_by_key(|mark| mark.0);
        marks.dedup();
        marks
    }

    fn neural_view(&self) -> NeuralView {
        let branch = self.branch();
        let steps = |index: usize| {
            // From the first branch to this one, each as far as it was followed.
            let mut steps = Vec::new();
            let mut t = 1.0;
            loop {
                let (owner, track) = self.trajectory.track(branch, index, t);
                steps.extend(track.kept().iter().rev().map(|kept| kept.figures).filter(|f| f.t <= t));
                if owner == 0 || track.start().t() <= 0.0 {
                    break;
                }
                t = track.start().t() - 1e-9;
            }
            steps.reverse();
            steps
        };
        let law = &self.trajectory.branches()[branch].law;
        let at_edit = |mark: &&(u64, Event)| mark.1 == Event::Edit;
        let edits = self.marks().iter().filter(at_edit).map(|mark| t_of(mark.0)).collect();
        NeuralView {
            t: self.following().is_none().then(|| self.t()),
            slices: self.trajectory.slices().iter().enumerate().map(|(i, &slice)| (slice, steps(i))).collect(),
            axis: self.field.grid().axis(),
            finished: (self.trajectory.finished(branch), self.trajectory.slices().len()),
            solving: self.solving,
            origin: NeuralOrigin {
                solver: law.solver,
                priors: law.priors.clone(),
                t: self.lines[self.active].follows.as_ref().map_or(self.t(), |f| self.t().min(t_of(f.from))),
                edits,
                ..self.origin.clone()
            },
        }
    }
}
