//! An evolution by a network as the timeline shows it: moments 0 to 1000 are t from 0 to 1, and where level set steps
//! follow they are counted on from there.

mod network;
mod place;
mod source;
mod view;

pub use network::News;

use crate::evolver::{Extra, Run as LevelSetRun};
use crate::session::DeviceChoice;
use crate::session::evolution::{BrushTouch, EvolutionSetup, EvolverCommand, PhiState, Place};
use crate::session::neural::{MOMENTS, NeuralOrigin, NeuralSettings};
use crate::starting;
use network::{Network, Tell};
use std::collections::HashMap;
use std::sync::Arc;
use zeroset_engine::Geometry;
use zeroset_engine::neural::{Ball, Field, Law, Trajectory};
use zeroset_engine::ode::Outcome;

/// Frames of an animated picture.
const FILM_FRAMES: u64 = 60;
/// Most bytes of φ that they hold together.
const FILM_BYTES: usize = 1 << 30;

/// A line of the timeline: a branch of the network's evolution, and the level set evolution that left it.
struct Line {
    branch: usize,
    follows: Option<Follows>,
    /// A stroke over a stroke at the same moment: kept for undo alone.
    hidden: bool,
}

/// A level set evolution that begins at a moment of a branch.
struct Follows {
    from: u64,
    run: Box<LevelSetRun>,
}

/// A running evolution by a network.
pub struct Run {
    serial: u64,
    place: Place,
    scan: Geometry,
    field: Arc<Field>,
    network: Network,
    trajectory: Trajectory,
    lines: Vec<Line>,
    active: usize,
    /// What follows from here on, if it is not what the branch follows.
    law: Law,
    step: u64,
    playing: bool,
    steps_per_picture: u32,
    /// Moment to go to as soon as it is there.
    goal: Option<u64>,
    solving: bool,
    /// The slice to solve first.
    first: usize,
    /// φ of painted slices, band widths, while the brush is down, and φ before it.
    stroke: Option<(HashMap<usize, Vec<f32>>, PhiState)>,
    origin: NeuralOrigin,
    failure: Option<String>,
    /// The start reaches beyond what the network sees.
    sees_part: bool,
}

impl Run {
    /// Begins.
    ///
    /// # Errors
    /// No model, one that moves no contour or does not know the organ, a start without a contour.
    pub fn begin(setup: &EvolutionSetup, tell: Tell) -> anyhow::Result<Self> {
        let neural = setup.neural.as_ref().ok_or_else(|| anyhow::anyhow!("there is no model to move the contour"))?;
        let device = burn_device();
        let checkpoint = neural.network.load(&device)?;
        let organ = neural.organ.clone();
        let field = Field::new(&checkpoint, neural.image.clone(), &organ, Some(&setup.place.roi))?;
        let law = Law {
            solver: neural.settings.solver.unwrap_or_else(|| field.solver()),
            priors: neural.settings.priors.clone(),
        };
        law.solver.check()?;
        let starts = place::starts(setup, &field)?;
        let trajectory = Trajectory::new(starts.moments, law.clone(), Trajectory::DEFAULT_BUDGET_BYTES)?;
        let model = neural.network.name.clone();
        let weights_sha256 = field.weights_sha256().to_owned();
        let origin = NeuralOrigin { model, weights_sha256, organ, ..NeuralOrigin::default() };
        let first = neural.cursor[field.grid().axis()];
        let field = Arc::new(field);
        let mut run = Self {
            serial: setup.serial,
            place: setup.place.clone(),
            scan: setup.scan.clone(),
            network: Network::start(field.clone(), tell)?,
            field,
            trajectory,
            lines: vec![Line { branch: 0, follows: None, hidden: false }],
            active: 0,
            law,
            step: 0,
            playing: setup.play,
            steps_per_picture: setup.steps_per_picture.max(1),
            goal: None,
            solving: false,
            first,
            stroke: None,
            origin,
            failure: None,
            sees_part: starts.beyond,
        };
        run.solve();
        Ok(run)
    }

    /// Number of the evolution.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether it moves by itself.
    pub fn playing(&self) -> bool {
        match self.following() {
            Some(run) => run.playing(),
            None => self.playing || self.goal.is_some(),
        }
    }

    fn branch(&self) -> usize {
        self.lines[self.active].branch
    }

    /// The level set evolution at the present moment.
    fn following(&self) -> Option<&LevelSetRun> {
        let follows = self.lines[self.active].follows.as_ref()?;
        (self.step > follows.from).then_some(&*follows.run)
    }

    fn t(&self) -> f64 {
        t_of(self.step)
    }

    /// The last moment of the branch that can be shown: where its first slice has come to, so that the slice in view
    /// plays while the others are still being solved.
    fn reached(&self) -> u64 {
        let tips =
            (0..self.trajectory.slices().len()).map(|i| self.trajectory.track(self.branch(), i, 1.0).1.tip().t());
        (tips.fold(0.0, f64::max) * MOMENTS as f64).floor() as u64
    }

    fn solve(&mut self) {
        let jobs = self.trajectory.jobs(self.branch(), self.first);
        self.solving = !jobs.is_empty();
        if self.solving {
            self.network.solve(self.branch(), jobs);
        }
    }

    /// Takes news of the network.
    pub fn take(&mut self, round: u64, news: News) {
        if !self.network.is_present(round) {
            return;
        }
        let result = match news {
            News::Step(branch, slices, advance) => self.trajectory.keep(branch, &slices, advance),
            News::Ended(branch, slices, Ok(outcome)) => {
                self.trajectory.end(branch, &slices, outcome);
                if outcome == Outcome::Cancelled { Ok(()) } else { self.trajectory.check(branch) }
            }
            News::Ended(_, _, Err(error)) => Err(error),
            News::Idle => {
                self.solving = false;
                Ok(())
            }
        };
        if let Err(error) = result {
            self.network.stop();
            (self.solving, self.playing, self.goal) = (false, false, None);
            self.failure = Some(error.to_string());
        }
    }

    /// One picture's worth of moments.
    pub fn play(&mut self) {
        if self.following().is_some() {
            self.in_following(LevelSetRun::play_picture);
            return;
        }
        let leaves = self.lines[self.active].follows.as_ref().map_or(MOMENTS, |follows| follows.from);
        let end = self.goal.unwrap_or(leaves).min(leaves).min(self.reached());
        let pace = if self.goal.is_some() { u64::MAX } else { u64::from(self.steps_per_picture) };
        self.step = self.step.saturating_add(pace).min(end);
        if self.goal.is_some_and(|goal| self.step >= goal) || !self.solving {
            self.goal = None;
        }
        if self.step < leaves && (self.solving || self.step < end) {
            return;
        }
        let goes_on = std::mem::take(&mut self.playing);
        if let Some(follows) = self.lines[self.active].follows.as_mut().filter(|_| goes_on) {
            follows.run.start();
            self.in_following(LevelSetRun::play_picture);
        }
    }

    /// Works on the level set evolution that follows, and comes to the moment that it then shows.
    fn in_following(&mut self, work: impl FnOnce(&mut LevelSetRun)) {
        if let Some(follows) = &mut self.lines[self.active].follows {
            work(&mut follows.run);
            self.step = follows.from + follows.run.step();
        }
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// What the level set evolution refuses; a place that does not lie in the scan.
    pub fn carry_out(&mut self, command: EvolverCommand) -> anyhow::Result<Option<Extra>> {
        match command {
            EvolverCommand::Seek(step) => return self.seek(step),
            EvolverCommand::SwitchTo(line) => self.switch_to(line)?,
            EvolverCommand::SetPhi(state) => self.restore(&state)?,
            EvolverCommand::Film(path) => return self.film(path).map(Some),
            EvolverCommand::SetLaw(law) => self.law = self.law_of(*law),
            EvolverCommand::Continue(setup) => self.follow(&setup)?,
            EvolverCommand::StepsPerPicture(steps) => {
                self.steps_per_picture = steps.max(1);
                for follows in self.lines.iter_mut().filter_map(|line| line.follows.as_mut()) {
                    follows.run.carry_out(EvolverCommand::StepsPerPicture(steps))?;
                }
            }
            EvolverCommand::SetParams(_) | EvolverCommand::SetStop(_) => {
                if let Some(follows) = &mut self.lines[self.active].follows {
                    follows.run.carry_out(command)?;
                }
            }
            other if self.following().is_some() => return self.carry_out_following(other),
            EvolverCommand::Play => {
                let edited = self.end_stroke()?;
                self.failure = None;
                self.run_on();
                self.playing = true;
                return Ok(edited);
            }
            EvolverCommand::Pause => (self.playing, self.goal) = (false, None),
            EvolverCommand::Advance(steps) => {
                self.run_on();
                (self.playing, self.goal) = (false, Some((self.step + u64::from(steps)).min(MOMENTS)));
                self.play();
            }
            EvolverCommand::Branch => {
                self.playing = false;
                self.open(&HashMap::new());
                self.solve();
            }
            EvolverCommand::Paint(touch) => self.paint(&touch)?,
            EvolverCommand::EndPaint => return self.end_stroke(),
            _ => {}
        }
        Ok(None)
    }

    fn carry_out_following(&mut self, command: EvolverCommand) -> anyhow::Result<Option<Extra>> {
        let (active, serial) = (self.active, self.serial);
        let Some(follows) = &mut self.lines[active].follows else { return Ok(None) };
        let extra = follows.run.carry_out(command)?;
        self.step = follows.from + follows.run.step();
        let from = follows.from;
        let placed = |state: PhiState| PhiState { step: state.step + from, line: active, ..state };
        Ok(match extra {
            Some(Extra::Edited(_, before, after)) => Some(Extra::Edited(serial, placed(before), placed(after))),
            other => other,
        })
    }

    /// The solver and priors of settings, where they leave the solver to the network its own.
    fn law_of(&self, settings: NeuralSettings) -> Law {
        Law { solver: settings.solver.unwrap_or_else(|| self.field.solver()), priors: settings.priors }
    }

    /// Goes on solving; under another law on a branch of its own.
    fn run_on(&mut self) {
        if *self.trajectory.branches()[self.branch()].law != self.law && self.step < MOMENTS {
            self.open(&HashMap::new());
        }
        if !self.solving {
            self.solve();
        }
    }

    /// Opens a branch at the present moment and shows it.
    fn open(&mut self, painted: &HashMap<usize, Vec<f32>>) {
        self.network.stop();
        self.solving = false;
        let branch = self.trajectory.branch(self.branch(), self.t(), self.law.clone(), painted);
        let here = &self.trajectory.branches()[self.branch()];
        // A stroke over one at the same moment takes its place among the lines shown.
        let over = here.painted && here.parent.is_some_and(|(_, t)| t == self.t()) && !painted.is_empty();
        self.lines[self.active].hidden |= over && self.lines[self.active].follows.is_none();
        self.lines.push(Line { branch, follows: None, hidden: false });
        self.active = self.lines.len() - 1;
    }

    fn seek(&mut self, step: u64) -> anyhow::Result<Option<Extra>> {
        let edited = self.end_stroke()?;
        (self.playing, self.goal) = (false, None);
        let reached = self.reached();
        match &mut self.lines[self.active].follows {
            Some(follows) if step > follows.from => {
                follows.run.carry_out(EvolverCommand::Seek(step - follows.from))?;
                self.step = follows.from + follows.run.step();
            }
            Some(follows) => {
                follows.run.carry_out(EvolverCommand::Pause)?;
                self.step = step;
            }
            None => self.step = step.min(reached),
        }
        Ok(edited)
    }

    /// Lines that are shown: their number, and a level set branch where there are several.
    fn shown_lines(&self) -> Vec<(usize, Option<usize>)> {
        let mut shown = Vec::new();
        for (number, line) in self.lines.iter().enumerate().filter(|(n, line)| !line.hidden || *n == self.active) {
            match &line.follows {
                Some(follows) => shown.extend((0..follows.run.branches().0).map(|branch| (number, Some(branch)))),
                None => shown.push((number, None)),
            }
        }
        shown
    }

    fn switch_to(&mut self, shown: usize) -> anyhow::Result<()> {
        let Some(&(line, branch)) = self.shown_lines().get(shown) else { return Ok(()) };
        (self.playing, self.goal, self.stroke) = (false, None, None);
        self.show_line(line);
        self.step = self.step.min(self.reached());
        if let (Some(follows), Some(branch)) = (&mut self.lines[line].follows, branch) {
            follows.run.carry_out(EvolverCommand::SwitchTo(branch))?;
            self.step = follows.from + follows.run.step();
        }
        Ok(())
    }

    fn show_line(&mut self, line: usize) {
        if line != self.active {
            self.network.stop();
            self.solving = false;
            self.active = line;
            self.law = Law::clone(&self.trajectory.branches()[self.branch()].law);
        }
    }

    /// Undo and redo: the line and moment of an edit.
    fn restore(&mut self, state: &PhiState) -> anyhow::Result<()> {
        (self.playing, self.goal, self.stroke) = (false, None, None);
        if state.line >= self.lines.len() {
            return Ok(());
        }
        self.show_line(state.line);
        self.lines[state.line].hidden = false;
        match &mut self.lines[state.line].follows {
            Some(follows) if state.step > follows.from => {
                let inner = PhiState { step: state.step - follows.from, ..state.clone() };
                follows.run.carry_out(EvolverCommand::SetPhi(inner))?;
                self.step = follows.from + follows.run.step();
            }
            _ => self.step = state.step,
        }
        Ok(())
    }

    /// A level set evolution from the φ as shown.
    fn follow(&mut self, setup: &EvolutionSetup) -> anyhow::Result<()> {
        let edited = self.end_stroke()?;
        debug_assert!(edited.is_none(), "a stroke ends with the brush");
        (self.playing, self.goal) = (false, None);
        // φ comes from the CPU at every picture: the graphics device would only add a copy.
        let setup = &EvolutionSetup { device: DeviceChoice::Cpu, ..setup.clone() };
        let started = starting::evolution(setup, &starting::Gpu::default())?;
        let from = self.step;
        let branch = self.branch();
        let mut run = Box::new(LevelSetRun::new(setup.clone(), started));
        run.carry_out(EvolverCommand::Advance(1))?;
        if setup.play {
            run.start();
        }
        if self.lines[self.active].follows.is_some() {
            self.lines.push(Line { branch, follows: None, hidden: false });
            self.active = self.lines.len() - 1;
        }
        self.lines[self.active].follows = Some(Follows { from, run });
        self.in_following(|_| ());
        Ok(())
    }

    /// Union of the φ as shown with a ball, or what is left of it without the ball.
    fn paint(&mut self, touch: &BrushTouch) -> anyhow::Result<()> {
        (self.playing, self.goal) = (false, None);
        let before = if self.stroke.is_none() { Some(self.state()?) } else { None };
        let (branch, t) = (self.branch(), self.t());
        let (maps, _) = self.stroke.get_or_insert_with(|| {
            let empty = PhiState { step: 0, phi: Arc::default(), line: 0 };
            (HashMap::new(), before.unwrap_or(empty))
        });
        let ball = Ball { center_mm: touch.center_mm, radius_mm: touch.radius_mm, slice_normal: touch.slice_normal };
        for (index, &slice) in self.trajectory.slices().iter().enumerate() {
            let held = maps.get(&index).cloned();
            let mut map = held.unwrap_or_else(|| self.trajectory.shown(branch, index, t));
            if self.field.paint(slice, &mut map, &ball, touch.add) {
                maps.insert(index, map);
            }
        }
        Ok(())
    }

    fn end_stroke(&mut self) -> anyhow::Result<Option<Extra>> {
        let Some((maps, before)) = self.stroke.take() else { return Ok(None) };
        if maps.is_empty() {
            return Ok(None);
        }
        self.law = Law::clone(&self.trajectory.branches()[self.branch()].law);
        self.open(&maps);
        let after = self.state()?;
        Ok(Some(Extra::Edited(self.serial, before, after)))
    }

    /// The φ as shown.
    fn state(&mut self) -> anyhow::Result<PhiState> {
        let phi = self.phi(self.t())?;
        Ok(PhiState { step: self.step, phi: Arc::new(phi), line: self.active })
    }

    /// φ of the network's branch at `t` on the place's grid; slices under the brush as they are painted.
    fn phi(&self, t: f64) -> anyhow::Result<Vec<f32>> {
        let (branch, trajectory) = (self.branch(), &self.trajectory);
        let painted = self.stroke.as_ref().map(|(maps, _)| maps);
        let shown = |index: usize| {
            let map = painted.and_then(|maps| maps.get(&index).cloned());
            map.unwrap_or_else(|| trajectory.shown(branch, index, t))
        };
        place::phi_mm(self.trajectory.slices(), shown, self.field.grid(), &self.place, &self.scan)
    }

    /// φ at evenly spaced moments of the active line.
    fn film(&mut self, path: std::path::PathBuf) -> anyhow::Result<Extra> {
        let (here, last) = (self.step, self.last_step());
        let voxels = self.place.geometry.len().max(1);
        let frames = last.clamp(1, FILM_FRAMES).min((FILM_BYTES / (size_of::<f32>() * voxels)).max(1) as u64);
        let mut moments = Vec::new();
        for frame in 0..=frames {
            self.seek(last * frame / frames)?;
            let state = self.shown_state()?;
            moments.push((state.step, state.phi));
        }
        self.seek(here)?;
        Ok(Extra::Film(path, moments))
    }

    fn last_step(&self) -> u64 {
        match &self.lines[self.active].follows {
            Some(follows) => follows.from + follows.run.last_step(),
            None => self.reached(),
        }
    }
}

/// t of a moment of the timeline.
fn t_of(step: u64) -> f64 {
    (step as f64 / MOMENTS as f64).min(1.0)
}

/// Where networks run: without a GPU of its own the window leaves the graphics device to drawing.
fn burn_device() -> burn::tensor::Device {
    burn::tensor::Device::flex()
}
