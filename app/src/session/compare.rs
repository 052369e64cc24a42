//! Comparisons: several methods from one contour, side by side. What is compared is no part of the document, and the
//! evolution stays as it is until one of the contours is taken.

use super::command::CompareCommand;
use super::control::{self, From};
use super::document::{Dimension, Document};
use super::evolution::{EvolverCommand, PhiState, Place, SlicePlace, Start};
use super::history::{Change, Pair};
use super::jobs::{CompareJob, Entrant, EntrantKind};
use super::plane::{Plane, PlaneAxes};
use super::speed::SpeedKey;
use super::{Command, Effect, Session, Severity, Step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroset_engine::compare::{Comparison, Inside, MOST_FRAMES, Progress, Row, Site};
use zeroset_engine::levelset::Method;
use zeroset_engine::models::Listed;
use zeroset_engine::recipe::Recipe;
use zeroset_engine::slices::axial_axis;

/// Moments of a comparison that can be stepped to, from 0 to this.
pub const TICKS: u32 = MOST_FRAMES as u32 - 1;
/// Seconds that playing a comparison takes.
const PLAYING_S: f64 = 5.0;
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

/// A method with its name, and why it cannot run here, if it cannot.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Which one.
    pub key: MethodKey,
    /// As shown.
    pub name: String,
    /// Why not.
    pub refusal: Option<&'static str>,
}

/// A comparison being made: shared with the thread that makes it.
#[derive(Debug, Default)]
pub struct CompareRun {
    /// Counts comparisons asked for: the newest wins.
    pub number: u64,
    /// Names of the methods.
    pub methods: Vec<String>,
    /// Set to stop it at the next step.
    pub cancelled: Arc<AtomicBool>,
    /// Set to end the method at work where it has come to.
    end_here: AtomicBool,
    /// Which method is at work, and where it stands.
    at: Mutex<Option<(usize, Progress)>>,
}

impl CompareRun {
    /// Tells where it stands.
    pub fn report(&self, method: usize, progress: Progress) {
        if let Ok(mut at) = self.at.lock() {
            *at = Some((method, progress));
        }
    }

    /// Which method is at work, and where it stands; `None` before the first one is.
    pub fn progress(&self) -> Option<(usize, Progress)> {
        self.at.lock().ok().and_then(|at| *at)
    }

    /// Ends the method at work where it has come to; the next one begins.
    pub fn end_method(&self) {
        self.end_here.store(true, Ordering::Relaxed);
    }

    /// Whether the method at work shall end here; asked once.
    pub fn ends_here(&self) -> bool {
        self.end_here.swap(false, Ordering::Relaxed)
    }

    /// Stops it.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A finished comparison, as the thread hands it over.
#[derive(Debug)]
pub struct Compared {
    /// Document it belongs to.
    pub document: u64,
    /// The tracks.
    pub comparison: Comparison,
    /// Where.
    pub place: Place,
    /// HD95 of each to the first, mm, at the end.
    pub hd95_mm: Vec<Option<f64>>,
    /// The reference in the place, with its name.
    pub reference: Option<(String, Inside)>,
    /// Methods that could not be run, and why.
    pub failures: Vec<String>,
}

/// A comparison and what of it is shown.
#[derive(Clone, Debug)]
pub struct ComparisonView {
    /// Which one.
    pub number: u64,
    /// The tracks.
    pub comparison: Arc<Comparison>,
    /// Where they lie.
    pub place: Place,
    /// Progress shown, 0 to 1.
    pub position: f64,
    /// Whether it plays.
    pub playing: bool,
    /// The two methods of the difference pane.
    pub pair: (usize, usize),
    /// Plane of the panes.
    pub plane: Plane,
    /// The reference in the place, with its name.
    pub reference: Option<Arc<(String, Inside)>>,
    /// HD95 to the first method, mm, by tick.
    hd95_mm: BTreeMap<u32, Vec<Option<f64>>>,
    /// The tick whose HD95 was asked for last.
    measuring: Option<u32>,
}

impl ComparisonView {
    /// The table at the moment shown; without HD95 where that is not measured yet.
    pub fn table(&self) -> Vec<Row> {
        let hd95 = self.tick().and_then(|tick| self.hd95_mm.get(&tick));
        self.comparison.table(self.position, hd95.map(Vec::as_slice), self.reference.as_ref().map(|r| &r.1))
    }

    /// Whether HD95 of the moment shown is known.
    pub fn measured(&self) -> bool {
        self.tick().is_some_and(|tick| self.hd95_mm.contains_key(&tick))
    }

    /// The moment shown, where it is one that can be stepped to.
    fn tick(&self) -> Option<u32> {
        let tick = self.position * f64::from(TICKS);
        ((tick - tick.round()).abs() < 1e-6).then_some(tick.round() as u32)
    }

    fn go_to(&mut self, tick: i64) {
        self.playing = false;
        self.position = tick.clamp(0, i64::from(TICKS)) as f64 / f64::from(TICKS);
    }

    fn nearest_tick(&self) -> i64 {
        (self.position * f64::from(TICKS)).round() as i64
    }
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
    /// Organ whose networks can be compared.
    pub fn compared_organ(&self) -> Option<String> {
        let organs = self.compared_organs();
        let known = |organ: &&str| organs.iter().any(|own| own == organ);
        let settings = self.document.as_ref().and_then(|d| d.evolve.neural.organ.as_deref());
        let proposed = self.begun_from().or(self.proposal.as_deref()).map(|proposal| proposal.record.organ.as_str());
        let first = organs.first().map(String::as_str);
        let organ = self.compare.settings.organ.as_deref().or(proposed).or(settings).filter(known).or(first);
        organ.map(str::to_owned)
    }

    /// Organs that any network knows, by name.
    pub fn compared_organs(&self) -> Vec<String> {
        let mut organs: Vec<String> =
            self.catalogue.iter().flat_map(|network| network.organs().map(str::to_owned)).collect();
        organs.sort_unstable();
        organs.dedup();
        organs
    }

    /// All methods that are at hand for the organ, also those that cannot run here.
    pub fn compare_offers(&self) -> Vec<Offer> {
        let equations = [Method::Region, Method::Edge, Method::ChanVese];
        let equation = |method| Offer { key: MethodKey::Equation(method), name: equation_name(method), refusal: None };
        let mut offers: Vec<Offer> = equations.map(equation).into();
        let organ = self.compared_organ().unwrap_or_default();
        let networks: Vec<&Listed> =
            self.catalogue.iter().filter(|network| network.organs().any(|own| own == organ)).collect();
        let axial = self.document.as_ref().map(|d| axial_axis(d.image.geometry()));
        let across = self.compared_slice().map(|slice| slice.axis);
        for network in &networks {
            let method = network.method();
            let several = networks.iter().filter(|other| other.method() == method).count() > 1;
            let name =
                if several { format!("{}, {}", network_name(method), network.name) } else { network_name(method) };
            let refusal = (method == "node-contour" && across.is_some() && across != axial)
                .then_some("contours axial slices: choose 3D or Axial");
            offers.push(Offer { key: MethodKey::Network(network.name.clone()), name, refusal });
        }
        offers
    }

    /// The ticked methods that are at hand and can run here.
    pub fn compare_chosen(&self) -> Vec<Offer> {
        let offers = self.compare_offers();
        let chosen = self.compare.settings.chosen.iter();
        chosen.filter_map(|key| offers.iter().find(|o| o.key == *key && o.refusal.is_none()).cloned()).collect()
    }

    /// The slice in which a comparison begun now would take place; `None` in 3D.
    fn compared_slice(&self) -> Option<SlicePlace> {
        if self.evolution.exists() {
            return self.evolution.place.as_ref()?.slice;
        }
        let axis = self.document.as_ref()?.slices_along()?;
        Some(SlicePlace { axis, index: self.cursor[axis] })
    }

    /// Carries out what acts on a comparison that is shown, where a command would else act on the evolution behind it.
    pub(super) fn compare_takes(&mut self, command: &Command) -> bool {
        if matches!(command, Command::Discard) {
            self.compare.open = false;
        }
        let Some(view) = self.compare.shown_mut() else { return false };
        let tick = view.nearest_tick();
        match command {
            Command::TogglePlay | Command::Play | Command::Pause => toggle(view),
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
                    steer(view, other);
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
        let label = document.active_label;
        let reference = document.labels.clone().filter(|labels| labels.count(label) > 0);
        let reference = reference.map(|labels| (document.table.name(label), labels, label));
        let (serial, scan, device) = (document.serial, document.image.clone(), document.evolve.device);
        self.stop_comparing();
        self.compare.asked += 1;
        let methods = entrants.iter().map(|entrant| entrant.name.clone()).collect();
        let run = Arc::new(CompareRun { number: self.compare.asked, methods, ..CompareRun::default() });
        self.compare.run = Some(run.clone());
        vec![Effect::Compare(Box::new(CompareJob { serial, scan, place, start, entrants, device, reference, run }))]
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

    /// Puts a contour of the comparison into the evolution: as an edit where one lies in the same place, else as the
    /// start of a new one, held.
    fn take_compared(&mut self, track: usize) -> Vec<Effect> {
        let Some(view) = self.compare.view.clone() else { return Vec::new() };
        let Some(track) = view.comparison.tracks.get(track) else { return Vec::new() };
        let frame = track.at(view.position);
        let phi = match frame.phi() {
            Ok(phi) => Arc::new(phi),
            Err(error) => {
                self.notify(Severity::Error, error.to_string());
                return Vec::new();
            }
        };
        let weights = track.weights_sha256.as_ref().map_or_else(String::new, |sha| format!(", weights {sha}"));
        let line =
            format!("contour of a comparison taken: {}, step {}, t = {:.3}{weights}", track.name, frame.step, frame.t);
        if let Some(document) = &mut self.document {
            document.log.push(line);
        }
        self.compare.open = false;
        self.apply(Command::SetStep(Step::Evolve));
        let text = format!("{}: taken into the evolution; accept it (Enter), or let it run on (Space)", track.name);
        self.notify(Severity::Info, text);
        let held = self.evolution.exists() && !self.evolution.running() && self.evolution.neural.is_none();
        let here = self
            .evolution
            .place
            .as_ref()
            .is_some_and(|place| place.roi == view.place.roi && place.slice == view.place.slice);
        if let (true, true, Some(before)) = (held, here, self.evolution.phi.clone()) {
            let after = PhiState { step: before.step, phi, line: before.line };
            self.history.seal();
            self.history
                .push("Take contour", Change::Phi(self.evolution.serial, Pair { before, after: after.clone() }));
            self.history.seal();
            return vec![Effect::Evolver(EvolverCommand::SetPhi(after))];
        }
        self.lead_to(&view);
        self.plan_begin(control::Begin {
            play: false,
            steps: 0,
            from: From::Field(view.place.geometry, phi),
            follow: false,
        })
    }

    /// Region, dimension and cursor as they were compared in.
    fn lead_to(&mut self, view: &ComparisonView) {
        let Some(document) = &self.document else { return };
        let mut evolve = document.evolve.clone();
        // What was taken is to be accepted as it is: a network would lay it on its own grid first.
        evolve.neural.on = false;
        evolve.dimension = view.place.slice.map_or(Dimension::Three, |_| Dimension::Two(view.plane));
        if let Some(slice) = view.place.slice {
            self.cursor[slice.axis] = slice.index;
        }
        self.apply(Command::SetRoi(view.place.roi));
        self.apply(Command::SetEvolve(evolve));
    }
}

fn toggle(view: &mut ComparisonView) {
    if view.playing {
        view.go_to(view.nearest_tick());
    } else {
        view.position = if view.position >= 1.0 { 0.0 } else { view.position };
        view.playing = true;
    }
}

/// What changes only how a comparison is shown.
fn steer(view: &mut ComparisonView, command: CompareCommand) {
    let tracks = view.comparison.tracks.len();
    match command {
        CompareCommand::TogglePlay => toggle(view),
        CompareCommand::GoTo(tick) => view.go_to(i64::from(tick)),
        CompareCommand::Advance(seconds) if view.playing => {
            view.position += seconds / PLAYING_S;
            if view.position >= 1.0 {
                view.go_to(i64::from(TICKS));
            }
        }
        CompareCommand::SetPair(first, second) if first < tracks && second < tracks => view.pair = (first, second),
        CompareCommand::SetPlane(plane) if view.place.slice.is_none() => view.plane = plane,
        _ => {}
    }
}

fn equation_name(method: Method) -> String {
    let name = match method {
        Method::Region => "Region",
        Method::Edge => "Edge",
        Method::ChanVese => "Chan–Vese",
    };
    name.to_owned()
}

fn network_name(method: &str) -> String {
    let name = match method {
        "unet" => "UNet",
        "node-contour" => "Contour ODE",
        "node-image" => "Image ODE",
        "node-stack" => "Stack of ODEs",
        "lsn" => "Level set network",
        "deep-chan-vese" => "Deep Chan–Vese",
        other => other,
    };
    name.to_owned()
}
