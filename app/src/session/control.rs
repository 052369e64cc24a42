//! The evolution's part of [`Session::apply`]: begin, steer, accept, carry from slice to slice.

use super::document::{Accepted, Dimension, Document};
use super::evolution::{EvolutionSetup, EvolverCommand, Place, SlicePlace, Start};
use super::jobs::AcceptJob;
use super::neural::NeuralSetup;
use super::plane::{Plane, PlaneAxes};
use super::proposal::Proposal;
use super::{Command, DeviceChoice, Effect, EvolutionView, RunState, Session, Severity, SpeedKey, Step};
use std::sync::Arc;
use zeroset_engine::Geometry;
use zeroset_engine::levelset::history::Event;
use zeroset_engine::levelset::stop::LeakRule;
use zeroset_engine::levelset::{Seed, StopRule};
use zeroset_engine::recipe::Recipe;
use zeroset_engine::slices::Slice;

/// An evolution to begin as soon as its speed image is there.
#[derive(Clone, Debug)]
pub(super) struct Begin {
    /// Run at once.
    pub play: bool,
    /// Steps to take at once when it does not run.
    pub steps: u32,
    /// Where it starts.
    pub from: From,
    /// Go on from the neural evolution as shown, in its timeline, by the level set equation.
    pub follow: bool,
}

/// Where an evolution starts.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// From the seeds, or from the active label when there are none.
    Document,
    /// From a φ on the evolution's own grid.
    Phi(Arc<Vec<f32>>),
    /// From a proposal.
    Proposal(Arc<Proposal>),
    /// From a φ on a grid of its own.
    Field(Box<Geometry>, Arc<Vec<f32>>),
}

/// What an evolution cannot change while it runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Begun {
    pub speed: SpeedKey,
    pub seeds: Vec<Seed>,
    pub dimension: Dimension,
    pub device: DeviceChoice,
}

impl Begun {
    /// As the document stands now.
    pub fn of(document: &Document) -> Self {
        Self {
            speed: SpeedKey::of(document),
            seeds: document.seeds.clone(),
            dimension: document.evolve.dimension,
            device: document.evolve.device,
        }
    }
}

/// What follows an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterAccept {
    /// Nothing.
    Stay,
    /// Nothing; a pair of kidneys goes into the one active label.
    IntoActive,
    /// On to the next (`true`) or previous slice.
    Carry(bool),
}

impl Session {
    /// Plans an evolution; it begins at once when its speed image is there.
    pub(super) fn plan_begin(&mut self, begin: Begin) -> Vec<Effect> {
        if self.document.is_none() {
            return Vec::new();
        }
        self.begin_pending = Some(begin);
        // What begins is to be seen.
        self.compare.open = false;
        if !self.evolution.exists() {
            self.evolution.state = RunState::Preparing;
        }
        self.begin_when_ready()
    }

    /// Begins the planned evolution when its speed image fits the settings.
    pub(super) fn begin_when_ready(&mut self) -> Vec<Effect> {
        if !self.speed_ready() {
            return Vec::new();
        }
        let (Some(document), Some(begin)) = (&self.document, self.begin_pending.take()) else { return Vec::new() };
        let (Some(place), Some(speed)) = (place(document, self.cursor), document.speed_image.clone()) else {
            return self.refuse_begin("the cursor's slice lies outside the ROI: move the cursor into the ROI");
        };
        let (mut begun_from, mut begun_contour) = (None, None);
        let start = match (begin.from, &document.labels) {
            (From::Phi(phi), _) => Start::Phi(phi),
            (From::Proposal(proposal), _) => {
                let start = Start::Field(Box::new(proposal.place.geometry.clone()), proposal.phi.clone());
                begun_from = Some(proposal);
                start
            }
            (From::Field(geometry, phi), _) => {
                begun_contour = Some((geometry.clone(), phi.clone()));
                Start::Field(geometry, phi)
            }
            (From::Document, Some(labels)) if document.seeds.is_empty() => {
                Start::Label(labels.clone(), document.active_label)
            }
            _ => Start::Seeds(document.seeds.clone()),
        };
        if !begin.follow {
            (self.begun_from, self.begun_contour) = (begun_from, begun_contour);
        }
        self.begun = Some(Begun::of(document));
        let network = self.moving_network().filter(|_| document.evolve.neural.on);
        let neural = network.map(|(network, organ)| NeuralSetup {
            network: network.clone(),
            organ: organ.to_owned(),
            image: document.image.clone(),
            settings: document.evolve.neural.clone(),
            cursor: self.cursor,
        });
        self.evolutions_begun += u64::from(!begin.follow);
        let setup = EvolutionSetup {
            serial: self.evolutions_begun,
            scan: document.image.geometry().clone(),
            place,
            speed,
            start,
            params: document.evolve.params,
            stop: stop_rule(document),
            device: document.evolve.device,
            steps_per_picture: self.steps_per_picture,
            play: begin.play,
            neural,
        };
        if begin.follow {
            return vec![Effect::Evolver(EvolverCommand::Continue(Box::new(setup)))];
        }
        self.evolution =
            EvolutionView { serial: self.evolutions_begun, state: RunState::Preparing, ..EvolutionView::default() };
        let mut effects = vec![Effect::Evolver(EvolverCommand::Begin(Box::new(setup)))];
        if begin.steps > 0 {
            effects.push(Effect::Evolver(EvolverCommand::Advance(begin.steps)));
        }
        effects
    }

    fn refuse_begin(&mut self, reason: &str) -> Vec<Effect> {
        self.evolution = EvolutionView { serial: self.evolutions_begun, ..EvolutionView::default() };
        self.notify(Severity::Error, reason);
        vec![Effect::Evolver(EvolverCommand::Close)]
    }

    /// Whether there is something to start from; tells the user when not.
    fn can_begin(&mut self) -> bool {
        let Some(document) = &self.document else { return false };
        if document.evolve.neural.on && self.moving_network().is_none() {
            self.notify(Severity::Warning, super::neural::NO_NETWORK);
            return false;
        }
        let label_exists = document.labels.as_ref().is_some_and(|l| l.count(document.active_label) > 0);
        if document.seeds.is_empty() && !label_exists {
            self.notify(Severity::Warning, "Place a seed inside the organ first: choose the seed tool (6) and click");
            return false;
        }
        true
    }

    /// Begins from the seeds or the active label, when there is something to begin from.
    pub(super) fn begin(&mut self, play: bool, steps: u32) -> Vec<Effect> {
        if !self.can_begin() {
            return Vec::new();
        }
        self.narrow_region();
        if self.step < Step::Evolve {
            self.apply(Command::SetStep(Step::Evolve));
        }
        self.plan_begin(Begin { play, steps, from: From::Document, follow: false })
    }

    /// Begins, held, from a proposal.
    pub(super) fn begin_from_proposal(&mut self, proposal: Arc<Proposal>) -> Vec<Effect> {
        self.plan_begin(Begin { play: false, steps: 0, from: From::Proposal(proposal), follow: false })
    }

    /// Begins again from where the present evolution began, with the settings as they are now.
    pub(super) fn restart(&mut self) -> Vec<Effect> {
        match (self.begun_from.clone(), self.begun_contour.clone()) {
            (Some(proposal), _) => self.begin_from_proposal(proposal),
            (None, Some((geometry, phi))) => {
                self.plan_begin(Begin { play: false, steps: 0, from: From::Field(geometry, phi), follow: false })
            }
            (None, None) => self.begin(false, 0),
        }
    }

    pub(super) fn play(&mut self) -> Vec<Effect> {
        match self.evolution.state {
            RunState::Absent | RunState::Failed(_) => self.begin(true, 0),
            RunState::Paused | RunState::Stopped(_) if self.may_follow() => self.follow(true),
            RunState::Paused | RunState::Stopped(_) => vec![Effect::Evolver(EvolverCommand::Play)],
            RunState::Running | RunState::Preparing => Vec::new(),
        }
    }

    pub(super) fn step_forward(&mut self, steps: u32) -> Vec<Effect> {
        match self.evolution.state {
            RunState::Absent | RunState::Failed(_) => self.begin(false, steps),
            RunState::Paused if self.may_follow() => self.follow(false),
            RunState::Paused | RunState::Stopped(_) | RunState::Running => {
                vec![Effect::Evolver(EvolverCommand::Advance(steps))]
            }
            RunState::Preparing => Vec::new(),
        }
    }

    /// Whether the level set equation may go on from what a network shows: another method was chosen since.
    fn may_follow(&self) -> bool {
        let by_network = self.evolution.neural.as_ref().is_some_and(|neural| neural.t.is_some());
        by_network && self.document.as_ref().is_some_and(|d| !d.evolve.neural.on)
    }

    fn follow(&mut self, play: bool) -> Vec<Effect> {
        let phi = self.evolution.phi.as_ref().map(|state| state.phi.clone());
        let lies_here = |place: &Place| {
            self.document
                .as_ref()
                .is_some_and(|d| d.roi == place.roi && d.slices_along() == place.slice.map(|s| s.axis))
        };
        if !self.evolution.place.as_ref().is_some_and(lies_here) {
            let text = "The region or 2D/3D was changed: go back to it, or press Restart";
            self.notify(Severity::Warning, text);
            return Vec::new();
        }
        self.plan_begin(Begin { play, steps: 0, from: phi.map_or(From::Document, From::Phi), follow: true })
    }

    /// A network needs no region, but φ of a whole scan is slow to draw: a region around the start is drawn for it.
    fn narrow_region(&mut self) {
        let Some(document) = self.document.as_ref().filter(|d| d.evolve.neural.on) else { return };
        let scan = document.image.geometry();
        if !document.roi.covers(scan) {
            return;
        }
        if let Some(roi) = super::region::around_start(document) {
            self.apply(Command::SetRoi(roi));
            self.notify(Severity::Info, "A region was drawn around the start (undo takes it back)");
        }
    }

    /// Asks for the label change of the contour as shown; a running evolution is held first.
    pub(super) fn accept(&mut self, after: AfterAccept) -> Vec<Effect> {
        if !self.evolution.exists() {
            self.notify(Severity::Warning, "There is no contour to accept: place a seed and press Play (Space)");
            return Vec::new();
        }
        self.accept_pending = Some(after);
        if self.evolution.running() {
            return vec![Effect::Evolver(EvolverCommand::Pause)];
        }
        self.accept_when_held()
    }

    /// Hands the acceptance out once the evolution is held and its φ is here.
    pub(super) fn accept_when_held(&mut self) -> Vec<Effect> {
        let ready =
            self.accept_pending.is_some() && matches!(self.evolution.state, RunState::Paused | RunState::Stopped(_));
        let (Some(document), true) = (&self.document, ready) else { return Vec::new() };
        let (Some(place), Some(phi)) = (&self.evolution.place, &self.evolution.phi) else { return Vec::new() };
        let sides = self.evolution_sides().filter(|_| self.accept_pending != Some(AfterAccept::IntoActive));
        let label = sides.map_or(document.active_label, |(labels, _)| labels.left);
        let edited = |mark: &&(u64, Event)| mark.1 == Event::Edit;
        let job = AcceptJob {
            serial: document.serial,
            scan: document.image.geometry().clone(),
            labels: document.labels.clone(),
            label,
            sides,
            place: place.clone(),
            phi: phi.phi.clone(),
            record: Accepted {
                label,
                label_right: sides.map(|(labels, _)| labels.right),
                evolve: document.evolve.clone(),
                speed: document.speed.clone(),
                roi: place.roi,
                seeds: document.seeds.clone(),
                step: self.evolution.step,
                time: self.evolution.time,
                edits: self.evolution.marks.iter().filter(edited).map(|m| m.0).collect(),
                proposal: self.begun_from.as_ref().map(|proposal| proposal.record.clone()),
                neural: self.evolution.neural.as_ref().map(|neural| neural.origin.clone()),
            },
        };
        self.after_accept = self.accept_pending.take();
        vec![Effect::Accept(Box::new(job))]
    }

    /// Takes the present φ to the next or previous slice as its start.
    pub(super) fn carry(&mut self, forward: bool) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let (Some(slice), Some(phi)) =
            (self.evolution.place.as_ref().and_then(|p| p.slice), self.evolution.phi.as_ref().map(|p| p.phi.clone()))
        else {
            self.notify(Severity::Warning, "Only the contour of a slice (2D) can be carried to the next one");
            return Vec::new();
        };
        let axes = Plane::ALL.map(|p| PlaneAxes::new(document.image.geometry(), p));
        let sign = axes.iter().find(|a| a.through.voxel_axis == slice.axis).map_or(1.0, |a| a.through.sign);
        let next = slice.index as i64 + if forward == (sign > 0.0) { 1 } else { -1 };
        let (lower, upper) = (document.roi.lower[slice.axis] as i64, document.roi.upper[slice.axis] as i64);
        if next < lower || next >= upper {
            self.notify(Severity::Warning, "This is the last slice of the ROI in that direction");
            return Vec::new();
        }
        self.cursor[slice.axis] = next as usize;
        self.plan_begin(Begin { play: true, steps: 0, from: From::Phi(phi), follow: false })
    }
}

/// The stopping rule; over a whole scan with the limits that keep a contour from flooding the body.
pub(super) fn stop_rule(document: &Document) -> StopRule {
    let stop = document.evolve.stop;
    let untouched = stop.leak == LeakRule::default();
    if !untouched || !document.roi.covers(document.image.geometry()) {
        return stop;
    }
    let leak = Recipe::new(document.evolve.params.method, Vec::new(), None).stop.leak;
    StopRule { leak, ..stop }
}

/// Where an evolution begun now takes place: the ROI's grid, or the cursor's slice of it. `None` when the slice lies
/// outside the ROI or there is no speed image yet.
fn place(document: &Document, cursor: [usize; 3]) -> Option<Place> {
    let geometry = &document.speed_image.as_ref()?.geometry;
    let roi = document.roi;
    let Dimension::Two(plane) = document.evolve.dimension else {
        return Some(Place { roi, geometry: geometry.clone(), slice: None });
    };
    let axis = PlaneAxes::new(document.image.geometry(), plane).through.voxel_axis;
    let index = cursor[axis];
    let local = index.checked_sub(roi.lower[axis])?;
    if index >= roi.upper[axis] {
        return None;
    }
    let geometry = Slice::new(geometry, axis, local).ok()?.geometry;
    Some(Place { roi, geometry, slice: Some(SlicePlace { axis, index }) })
}
