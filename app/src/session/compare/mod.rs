//! Comparisons: several methods from one contour, side by side. What is compared is no part of the document, and the
//! evolution stays as it is until one of the contours is taken.

mod offers;
mod run;
mod take;
mod view;

pub use offers::Offer;
pub use run::{CompareRun, Compared};
pub use view::{ComparisonView, TICKS};

use super::command::CompareCommand;
use super::control;
use super::document::Document;
use super::evolution::{EvolverCommand, Place, Start};
use super::jobs::{CompareJob, Entrant, EntrantKind};
use super::plane::{Plane, PlaneAxes};
use super::speed::SpeedKey;
use super::{Command, Effect, Session, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroset_engine::LabelMap;
use zeroset_engine::compare::Site;
use zeroset_engine::levelset::Method;
use zeroset_engine::recipe::Recipe;

/// Fewest and most methods of a comparison.
pub const METHODS: std::ops::RangeInclusive<usize> = 2..=4;

/// What the user is told who touches the hidden evolution.
const HIDDEN: &str = "The evolution is behind the comparison: close it first, or take one of its contours";
/// What is said of a comparison that was stopped.
const STOPPED: &str = "The comparison was stopped; nothing was changed";

/// A method that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodKey {
    /// The level set equation.
    Equation(Method),
    /// The network of the catalogue with this name.
    Network(String),
}

/// What is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareSettings {
    /// The methods in the order in which they were ticked: the others are measured against the first.
    pub chosen: Vec<MethodKey>,
    /// Organ of the networks; `None` takes that of the contour, else the first one known.
    pub organ: Option<String>,
}

/// Comparisons of a session.
#[derive(Debug, Default)]
pub struct Compare {
    /// What is compared next.
    pub settings: CompareSettings,
    /// A comparison being made.
    pub run: Option<Arc<CompareRun>>,
    /// The newest comparison.
    pub view: Option<ComparisonView>,
    /// Whether it is shown in the place of the evolution.
    pub open: bool,
    asked: u64,
    /// Asked for while the evolution ran: it begins as soon as that is held.
    pending: bool,
}

impl Compare {
    /// The comparison, where it is shown.
    pub fn shown(&self) -> Option<&ComparisonView> {
        self.view.as_ref().filter(|_| self.open)
    }

    fn shown_mut(&mut self) -> Option<&mut ComparisonView> {
        self.view.as_mut().filter(|_| self.open)
    }
}

impl Session {
    /// Carries out what acts on a comparison that is shown, where a command would else act on the evolution behind it.
    pub(super) fn compare_takes(&mut self, command: &Command) -> bool {
        if matches!(command, Command::Discard) {
            self.compare.open = false;
        }
        let Some(view) = self.compare.shown_mut() else { return false };
        let tick = view.nearest_tick();
        match command {
            Command::TogglePlay | Command::Play | Command::Pause => view::toggle(view),
            Command::StepForward(steps) => view.go_to(tick + i64::from(*steps)),
            Command::StepBack(steps) => view.go_to(tick - i64::from(*steps)),
            Command::Seek(0) => view.go_to(0),
            Command::Seek(_) => view.go_to(i64::from(TICKS)),
            Command::Accept
            | Command::Carry { .. }
            | Command::Restart
            | Command::Branch
            | Command::SwitchTo(_)
            | Command::Paint(_)
            | Command::EndPaint => self.notify(Severity::Warning, HIDDEN),
            _ => return false,
        }
        true
    }

    pub(super) fn apply_compare(&mut self, command: CompareCommand) -> Vec<Effect> {
        match command {
            CompareCommand::Choose(settings) => self.compare.settings = settings,
            CompareCommand::Start => return self.ask_to_compare(),
            CompareCommand::EndMethod => {
                if let Some(run) = &self.compare.run {
                    run.end_method();
                }
            }
            CompareCommand::Stop => {
                self.stop_comparing();
                self.notify(Severity::Info, STOPPED);
            }
            CompareCommand::Show(open) => {
                self.compare.open = open && self.compare.view.is_some();
                if let Some(view) = &mut self.compare.view {
                    view.playing = false;
                }
            }
            CompareCommand::Take(track) => return self.take_compared(track),
            other => {
                if let Some(view) = self.compare.shown_mut() {
                    view::steer(view, other);
                }
            }
        }
        Vec::new()
    }

    /// Begins a comparison; a running evolution is held first.
    fn ask_to_compare(&mut self) -> Vec<Effect> {
        let chosen = self.compare_chosen().len();
        if !METHODS.contains(&chosen) {
            self.notify(Severity::Warning, "Tick two to four methods that can run here");
            return Vec::new();
        }
        if self.evolution.running() {
            self.compare.pending = true;
            return vec![Effect::Evolver(EvolverCommand::Pause)];
        }
        self.begin_comparing()
    }

    /// Begins the comparison that waits for the evolution to be held.
    pub(super) fn compare_when_held(&mut self) -> Vec<Effect> {
        if !self.compare.pending || self.evolution.running() {
            return Vec::new();
        }
        self.compare.pending = false;
        self.begin_comparing()
    }

    fn begin_comparing(&mut self) -> Vec<Effect> {
        if !self.evolution.exists() {
            self.narrow_compared_region();
        }
        let Some((start, place)) = self.compared_start() else { return Vec::new() };
        let Some(document) = &self.document else { return Vec::new() };
        let chosen = self.compare_chosen();
        let organ = self.compared_organ().unwrap_or_default();
        let entrants: Vec<Entrant> = chosen
            .into_iter()
            .filter_map(|offer| {
                Some(Entrant { kind: self.entrant(document, &place, &offer.key, &organ)?, name: offer.name })
            })
            .collect();
        let reference = self.compared_reference(document);
        let (serial, scan, device) = (document.serial, document.image.clone(), document.evolve.device);
        self.stop_comparing();
        self.compare.asked += 1;
        let methods = entrants.iter().map(|entrant| entrant.name.clone()).collect();
        let run = Arc::new(CompareRun::new(self.compare.asked, methods));
        self.compare.run = Some(run.clone());
        vec![Effect::Compare(Box::new(CompareJob { serial, scan, place, start, entrants, device, reference, run }))]
    }

    /// What the contours are measured against too: the open reference, else the active label where it holds something.
    fn compared_reference(&self, document: &Document) -> Option<(String, Arc<LabelMap>, Vec<u16>)> {
        if let Some(reference) = &self.reference {
            return Some(("reference".to_owned(), reference.labels.clone(), self.reference_labels()));
        }
        let label = document.active_label;
        let labels = document.labels.clone().filter(|labels| labels.count(label) > 0)?;
        Some((document.table.name(label), labels, vec![label]))
    }

    /// The contour to start from, and where: the evolution's as shown, else the proposal, the seeds, the active label.
    fn compared_start(&mut self) -> Option<(Start, Place)> {
        let evolved =
            if self.evolution.exists() { self.evolution.place.clone().zip(self.evolution.phi.clone()) } else { None };
        if let Some((place, state)) = evolved {
            return Some((Start::Phi(state.phi), place));
        }
        let slice = self.compared_slice();
        let document = self.document.as_ref()?;
        let start = match (&self.proposal, &document.labels) {
            (Some(proposal), _) => Start::Field(Box::new(proposal.place.geometry.clone()), proposal.phi.clone()),
            (None, _) if !document.seeds.is_empty() => Start::Seeds(document.seeds.clone()),
            (None, Some(labels)) if labels.count(document.active_label) > 0 => {
                Start::Label(labels.clone(), document.active_label)
            }
            _ => {
                let text = "There is no contour to compare from: propose one, or place a seed inside the organ (6)";
                self.notify(Severity::Warning, text);
                return None;
            }
        };
        let site = Site::new(document.image.geometry(), document.roi, slice.map(|s| (s.axis, s.index)));
        match site {
            Ok(site) => Some((start, Place { roi: document.roi, geometry: site.grid, slice })),
            Err(error) => {
                let text = format!("The methods cannot be compared here: {error}; move the cursor into the region");
                self.notify(Severity::Warning, text);
                None
            }
        }
    }

    /// Methods over a whole scan are slow, and their frames large: a region around the start is drawn for them.
    fn narrow_compared_region(&mut self) {
        let Some(document) = &self.document else { return };
        if document.slices_along().is_some() || !document.roi.covers(document.image.geometry()) {
            return;
        }
        let around = match &self.proposal {
            Some(proposal) => Some(super::proposal::around(document.image.geometry(), proposal.place.roi, None)),
            None => super::region::around_start(document),
        };
        if let Some(roi) = around {
            self.apply(Command::SetRoi(roi));
            self.notify(Severity::Info, "A region was drawn around the start (undo takes it back)");
        }
    }

    fn entrant(&self, document: &Document, place: &Place, key: &MethodKey, organ: &str) -> Option<EntrantKind> {
        let method = match key {
            MethodKey::Network(name) => {
                let network = self.catalogue.iter().find(|network| network.name == *name)?.clone();
                let neural = document.evolve.neural.clone();
                return Some(EntrantKind::Network { network, organ: organ.to_owned(), neural });
            }
            MethodKey::Equation(method) => *method,
        };
        let (params, stop) = if document.evolve.params.method == method {
            (document.evolve.params, control::stop_rule(document))
        } else {
            let whole = place.roi.covers(document.image.geometry());
            let recipe = Recipe::new(method, Vec::new(), (!whole).then_some(place.roi));
            (recipe.params, recipe.stop)
        };
        let slices_along = place.slice.map(|slice| slice.axis);
        let speed = SpeedKey { method, roi: place.roi, slices_along, ..SpeedKey::of(document) };
        let made = document.speed_image.clone().filter(|image| image.key == speed);
        Some(EntrantKind::Equation { params, stop, speed, made })
    }

    /// Stops the comparison being made, if there is one; an older one stays.
    pub(super) fn stop_comparing(&mut self) {
        self.compare.pending = false;
        if let Some(run) = self.compare.run.take() {
            run.cancel();
        }
    }

    /// Forgets all comparisons: another scan is open.
    pub(super) fn forget_comparisons(&mut self) {
        self.stop_comparing();
        (self.compare.view, self.compare.open) = (None, false);
    }

    /// Takes a finished comparison, or why there is none.
    pub(super) fn take_comparison(&mut self, number: u64, result: Result<Box<Compared>, String>) {
        if self.compare.run.as_ref().is_none_or(|run| run.number != number) {
            // Stopped, or overtaken by a newer one.
            return;
        }
        self.compare.run = None;
        let compared = match result {
            Ok(compared) => *compared,
            Err(reason) => return self.notify(Severity::Warning, reason),
        };
        let Some(document) = self.document.as_ref().filter(|d| d.serial == compared.document) else { return };
        let across = compared.place.slice.map(|slice| slice.axis);
        let axes = Plane::ALL.map(|plane| (plane, PlaneAxes::new(document.image.geometry(), plane)));
        let plane = axes.iter().find(|(_, axes)| Some(axes.through.voxel_axis) == across).map_or(Plane::Axial, |p| p.0);
        let reached = self.cursor_in(&compared);
        if let Some(cursor) = reached {
            self.cursor = cursor;
        }
        self.compare.view = Some(ComparisonView {
            number,
            place: compared.place,
            comparison: Arc::new(compared.comparison),
            position: 1.0,
            playing: false,
            pair: (0, 1),
            plane,
            reference: compared.reference.map(Arc::new),
            hd95_mm: BTreeMap::from([(TICKS, compared.hd95_mm)]),
            measuring: None,
        });
        self.compare.open = true;
        if !compared.failures.is_empty() {
            self.notify(Severity::Warning, compared.failures.join("; "));
        }
    }

    /// Where the cursor has to go so that its slices cut the place; `None` where they do.
    fn cursor_in(&self, compared: &Compared) -> Option<[usize; 3]> {
        let own = compared.comparison.site.own_box();
        let inside = |d: usize| (own.lower[d]..own.upper[d]).contains(&self.cursor[d]);
        let middle = |d: usize| if inside(d) { self.cursor[d] } else { (own.lower[d] + own.upper[d]) / 2 };
        (0..3).any(|d| !inside(d)).then(|| std::array::from_fn(middle))
    }

    /// Takes HD95 of a moment of a comparison.
    pub(super) fn take_measured(&mut self, number: u64, tick: u32, hd95_mm: Vec<Option<f64>>) {
        if let Some(view) = self.compare.view.as_mut().filter(|view| view.number == number) {
            view.hd95_mm.insert(tick, hd95_mm);
        }
    }

    /// The surface distances to measure next: those of a moment that is shown and held.
    pub fn wanted_distances(&mut self) -> Option<Effect> {
        let view = self.compare.shown_mut().filter(|view| !view.playing)?;
        let tick = view.tick()?;
        if view.hd95_mm.contains_key(&tick) || view.measuring == Some(tick) {
            return None;
        }
        view.measuring = Some(tick);
        Some(Effect::MeasureCompared(view.number, tick, view.comparison.clone()))
    }
}
