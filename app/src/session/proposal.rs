//! Proposals: contours that a network gives for the user to accept, to evolve further, or to throw away. Until then they
//! are no part of the document.

use super::document::{Accepted, DeviceChoice, Dimension, Document};
use super::evolution::Place;
use super::jobs::{AcceptJob, ProposeJob, SideLabels};
use super::plane::Plane;
use super::{Command, Effect, Session, Severity, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use zeroset_engine::Geometry;
use zeroset_engine::analysis::{Findings, PartName, Side};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::roi::Roi;
use zeroset_engine::slices::axial_axis;

/// Space left around a proposal when the whole scan is narrowed to it, mm.
const MARGIN_MM: f64 = 20.0;

/// What is said of a proposal that was stopped.
const STOPPED: &str = "The proposal was stopped; nothing was changed";

/// Where an organ is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The whole scan.
    #[default]
    Scan,
    /// The region of interest.
    Region,
    /// The axial slice at the cursor.
    Slice,
}

/// What is proposed, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProposalSettings {
    /// Organ; `None` takes the first that a network knows.
    pub organ: Option<String>,
    /// Method; `None` takes the network that finds the organ.
    pub method: Option<String>,
    /// Where.
    pub scope: Scope,
    /// Which device runs the networks.
    pub device: DeviceChoice,
}

/// How a proposal came about: what it takes to repeat it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposalRecord {
    /// Organ.
    pub organ: String,
    /// Method.
    pub method: String,
    /// Name of the network, and SHA-256 of its weights.
    pub network: (String, String),
    /// The same of the network whose contour it started from.
    pub first: Option<(String, String)>,
    /// How the ODE was solved.
    pub solver: Option<SolverParams>,
    /// Time t of the contour.
    pub time: Option<f64>,
    /// Absolute tolerance of the solver, band widths.
    pub tolerance: Option<f64>,
    /// Where it was looked for.
    pub region: Roi,
    /// Device in words.
    pub device: String,
    /// Seconds.
    pub duration_s: f64,
}

/// A contour to accept, to evolve, or to throw away.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Document it belongs to.
    pub document: u64,
    /// Box around it on the scan's own voxels.
    pub place: Place,
    /// φ in the box, mm, negative inside, x fastest.
    pub phi: Arc<Vec<f32>>,
    /// Where it was looked for.
    pub scope: Scope,
    /// Volumes and sides.
    pub findings: Findings,
    /// What to look at, in words.
    pub warnings: Vec<String>,
    /// How it came about.
    pub record: Arc<ProposalRecord>,
}

/// A proposal being made: shared with the thread that makes it.
#[derive(Debug, Default)]
pub struct ProposalRun {
    /// Counts proposals asked for: the newest wins.
    pub number: u64,
    /// Organ.
    pub organ: String,
    /// Set to stop it at the next batch of slices.
    pub cancelled: Arc<AtomicBool>,
    /// Slices done in this stage, slices in all; 1 when a found contour evolves.
    progress: [AtomicUsize; 3],
}

impl ProposalRun {
    /// Tells where it stands.
    pub fn report(&self, slices: usize, of: usize, evolving: bool) {
        for (place, value) in self.progress.iter().zip([slices, of, usize::from(evolving)]) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// Slices done in this stage, slices in all, and whether a found contour evolves.
    pub fn progress(&self) -> (usize, usize, bool) {
        let [slices, of, evolving] = self.progress.each_ref().map(|place| place.load(Ordering::Relaxed));
        (slices, of, evolving != 0)
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

impl Session {
    /// Organ and method of the next proposal; `None` when no network knows any.
    pub fn proposal_choice(&self) -> Option<(String, String)> {
        let organs = self.catalogue.organs();
        let settings = &self.proposal_settings;
        let chosen = settings.organ.as_deref().filter(|organ| organs.contains(organ));
        let organ = chosen.or_else(|| organs.first().copied())?;
        let methods = self.catalogue.methods(organ);
        let method = settings.method.as_deref().filter(|method| methods.contains(method));
        let finder = self.catalogue.finder(organ).map(|network| network.method());
        let method = method.or(finder).or_else(|| methods.first().copied())?;
        Some((organ.to_owned(), method.to_owned()))
    }

    /// Labels of the left and the right kidney, where the table has them.
    pub fn side_labels(&self) -> Option<SideLabels> {
        let table = &self.document.as_ref()?.table;
        let number = |name: &str| table.iter().find(|label| label.name.eq_ignore_ascii_case(name)).map(|l| l.number);
        Some(SideLabels { left: number("left kidney")?, right: number("right kidney")? })
    }

    pub(super) fn apply_proposal(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::SetProposalSettings(settings) => self.proposal_settings = settings,
            Command::Propose => return self.propose(),
            Command::CancelProposal => {
                self.stop_proposing();
                self.notify(Severity::Info, STOPPED);
            }
            Command::AcceptProposal { by_side } => return self.accept_proposal(by_side),
            Command::EvolveProposal => return self.evolve_proposal(),
            Command::DiscardProposal => self.set_aside(),
            Command::RestoreProposal => {
                if let Some(proposal) = self.proposal_set_aside.take() {
                    self.proposal = Some(proposal);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn propose(&mut self) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let Some((organ, method)) = self.proposal_choice() else {
            self.notify(Severity::Warning, "This program has no trained network: contour from seeds, or train one");
            return Vec::new();
        };
        let (serial, scan) = (document.serial, document.image.clone());
        let region = region(document, self.proposal_settings.scope, self.cursor);
        let label = document.table.iter().find(|label| label.name.eq_ignore_ascii_case(&organ)).map(|l| l.number);
        if let Some(label) = label {
            // What the button will say that it accepts into.
            self.apply(Command::SetActiveLabel(label));
        }
        self.stop_proposing();
        self.proposals_asked += 1;
        let run = ProposalRun { number: self.proposals_asked, organ: organ.clone(), ..ProposalRun::default() };
        let run = Arc::new(run);
        self.proposing = Some(run.clone());
        let settings = &self.proposal_settings;
        let (scope, device) = (settings.scope, settings.device);
        let catalogue = self.catalogue.clone();
        vec![Effect::Propose(Box::new(ProposeJob {
            serial,
            scan,
            catalogue,
            organ,
            method,
            scope,
            region,
            device,
            run,
        }))]
    }

    /// Stops the proposal being made, if there is one; an older one stays as it was.
    pub(super) fn stop_proposing(&mut self) {
        if let Some(run) = self.proposing.take() {
            run.cancel();
        }
    }

    /// Takes a finished proposal, or why there is none.
    pub(super) fn take_proposal(&mut self, number: u64, result: Result<Arc<Proposal>, String>) {
        if self.proposing.as_ref().is_none_or(|run| run.number != number) {
            // Stopped, or overtaken by a newer one.
            return;
        }
        let was_cancelled = self.proposing.take().is_some_and(|run| run.is_cancelled());
        match result {
            _ if was_cancelled => self.notify(Severity::Info, STOPPED),
            Err(reason) => self.notify(Severity::Warning, reason),
            Ok(proposal) => {
                let current = self.document.as_ref().map(|document| document.serial);
                if current == Some(proposal.document) {
                    self.set_aside();
                    self.show_proposal(&proposal);
                    self.proposal = Some(proposal);
                }
            }
        }
    }

    /// Puts the cursor into the proposal where it is not in one of its slices yet.
    fn show_proposal(&mut self, proposal: &Proposal) {
        let (Some(document), Some((lower, upper))) = (&self.document, proposal.findings.bounds) else { return };
        let axis = axial_axis(document.image.geometry());
        if (lower[axis]..upper[axis]).contains(&self.cursor[axis]) {
            return;
        }
        self.cursor[axis] = (lower[axis] + upper[axis]) / 2;
    }

    fn set_aside(&mut self) {
        if let Some(proposal) = self.proposal.take() {
            self.proposal_set_aside = Some(proposal);
        }
    }

    /// The labels of the two kidneys and the patient's middle (world R, mm), where the present evolution's contour is to
    /// be accepted by side: it began from a left and a right kidney, and takes place in 3D.
    pub fn evolution_sides(&self) -> Option<(SideLabels, f64)> {
        let proposal = self.begun_from()?;
        let has = |side| proposal.findings.parts.iter().any(|part| part.name == PartName::Kidney(side));
        let in_3d = self.evolution.place.as_ref().is_some_and(|place| place.slice.is_none());
        if !(has(Side::Left) && has(Side::Right) && in_3d) {
            return None;
        }
        self.side_labels().zip(proposal.findings.midline_mm)
    }

    fn accept_proposal(&mut self, by_side: bool) -> Vec<Effect> {
        let sides = if by_side { self.side_labels() } else { None };
        let (Some(document), Some(proposal)) = (&self.document, self.proposal.clone()) else {
            self.notify(Severity::Warning, "There is no proposal to accept: press Propose first");
            return Vec::new();
        };
        let midline_mm = proposal.findings.midline_mm;
        let sides = sides.zip(midline_mm);
        let label = sides.map_or(document.active_label, |(labels, _)| labels.left);
        let job = AcceptJob {
            serial: document.serial,
            scan: document.image.geometry().clone(),
            labels: document.labels.clone(),
            label,
            sides,
            place: proposal.place.clone(),
            phi: proposal.phi.clone(),
            record: Accepted {
                label,
                label_right: sides.map(|(labels, _)| labels.right),
                evolve: document.evolve.clone(),
                speed: document.speed.clone(),
                roi: proposal.place.roi,
                seeds: Vec::new(),
                step: 0,
                time: proposal.record.time.unwrap_or(0.0),
                edits: Vec::new(),
                neural: None,
                proposal: Some(proposal.record.clone()),
            },
        };
        vec![Effect::Accept(Box::new(job))]
    }

    /// The proposal goes out of sight once it is in a label; it can be brought back.
    pub(super) fn proposal_was_accepted(&mut self, record: &Accepted) {
        let is_it = |proposal: &Arc<Proposal>| {
            record.step == 0 && record.proposal.as_ref().is_some_and(|own| Arc::ptr_eq(own, &proposal.record))
        };
        if self.proposal.as_ref().is_some_and(is_it) {
            self.set_aside();
        }
    }

    /// Begins an evolution from the proposal. A region that was never drawn becomes the proposal's surroundings.
    fn evolve_proposal(&mut self) -> Vec<Effect> {
        let (Some(document), Some(proposal)) = (&self.document, self.proposal.clone()) else {
            self.notify(Severity::Warning, "There is no proposal to evolve: press Propose first");
            return Vec::new();
        };
        let grid = document.image.geometry().clone();
        if document.roi.covers(&grid) {
            let roi = around(&grid, proposal.place.roi, document.roi.resample);
            self.apply(Command::SetRoi(roi));
        }
        let Some(document) = &self.document else { return Vec::new() };
        let mut evolve = document.evolve.clone();
        // A network's contour is moved on by a network, where one can.
        evolve.neural.on = self.catalogue.find(&proposal.record.organ, "node-contour").is_some();
        evolve.neural.organ = None;
        if proposal.scope == Scope::Slice {
            evolve.dimension = Dimension::Two(Plane::Axial);
            let axis = axial_axis(&grid);
            self.cursor[axis] = proposal.place.roi.lower[axis];
        }
        self.apply(Command::SetEvolve(evolve));
        self.apply(Command::SetStep(Step::Evolve));
        self.set_aside();
        self.begin_from_proposal(proposal)
    }
}

/// The part of the scan in which the organ is looked for; `None` is all of it.
fn region(document: &Document, scope: Scope, cursor: [usize; 3]) -> Option<Roi> {
    let grid = document.image.geometry();
    match scope {
        Scope::Scan => None,
        Scope::Region => Some(Roi { resample: None, ..document.roi }).filter(|roi| !roi.covers(grid)),
        Scope::Slice => {
            let axis = axial_axis(grid);
            let mut roi = Roi::whole(grid);
            (roi.lower[axis], roi.upper[axis]) = (cursor[axis], cursor[axis] + 1);
            Some(roi)
        }
    }
}

/// A box with room around it, cut to the scan.
pub(super) fn around(grid: &Geometry, roi: Roi, resample: Option<f64>) -> Roi {
    let margin = grid.spacing_mm().map(|h| (MARGIN_MM / h).ceil() as usize);
    Roi {
        lower: std::array::from_fn(|d| roi.lower[d].saturating_sub(margin[d])),
        upper: std::array::from_fn(|d| (roi.upper[d] + margin[d]).min(grid.size()[d])),
        resample,
    }
}
