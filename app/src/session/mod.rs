//! The document and everything that can be done to it: [`Session`], [`Command`], [`History`]. Sees neither egui nor wgpu.
//!
//! Panels read `&Session` and return [`Command`]s. Between two frames [`Session::apply`] carries them out and returns
//! [`Effect`]s, work for the worker, the evolution thread or the window, whose results come back through
//! [`Session::take`] and [`Session::take_evolution`].

mod apply;
pub mod command;
pub mod compare;
mod control;
pub mod document;
pub mod evolution;
pub mod history;
pub mod jobs;
pub mod labels;
pub mod neural;
pub mod overlay;
pub mod plane;
pub mod proposal;
pub mod reference;
mod region;
mod results;
pub mod speed;
pub mod window;

pub use command::{Command, CompareCommand, Effect, Export};
pub use compare::{Compare, CompareSettings, ComparisonView, MethodKey};
pub use document::{DeviceChoice, Dimension, Document, EvolveSettings, LoadedScan};
pub use evolution::{EvolutionView, EvolverCommand, RunState};
pub use history::History;
pub use labels::{Label, LabelTable};
pub use overlay::{Map, OverlaySettings};
pub use plane::{Plane, PlaneAxes};
pub use proposal::{Proposal, ProposalRun, ProposalSettings, Scope};
pub use reference::{Reference, ReferenceMask};
pub use results::Outcome;
pub use speed::{SpeedImage, SpeedKey, SpeedSettings};
pub use window::{WINDOW_PRESETS, Window, WindowPreset};

use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::models::Catalogue;
use zeroset_engine::{Geometry, LabelMap};

/// What the left mouse button does in a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Moves the linked cursor.
    #[default]
    Crosshair,
    /// Pans; with the wheel zooms.
    ZoomPan,
    /// Sets the display window: across for width, up and down for level.
    Contrast,
    /// Adds to or removes from φ.
    Brush,
    /// Drags the edges of the ROI.
    Roi,
    /// Places, moves and resizes seeds.
    Seed,
}

/// The guide's steps: a proposal by a network, then ITK-SNAP's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A network's contour.
    Propose,
    /// Region of interest.
    #[default]
    Roi,
    /// Speed image.
    Speed,
    /// Seeds.
    Seeds,
    /// Evolution.
    Evolve,
    /// Into a label, and to disk.
    Accept,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Step; 6] = [Step::Propose, Step::Roi, Step::Speed, Step::Seeds, Step::Evolve, Step::Accept];
}

/// How bad a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something was done.
    Info,
    /// Something may surprise.
    Warning,
    /// Something failed; nothing was lost.
    Error,
}

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, where, and what to do.
    pub text: String,
    /// Counts messages, so that a new one is seen as new.
    pub serial: u64,
}

/// A segmentation on another grid, waiting for the user's answer.
#[derive(Clone, Debug)]
pub struct SegmentationOffer {
    /// Its file.
    pub path: PathBuf,
    /// Its labels on its own grid.
    pub labels: Arc<LabelMap>,
}

/// The whole state of the program but the window's own.
#[derive(Debug, Default)]
pub struct Session {
    /// The open scan; none at the start.
    pub document: Option<Document>,
    /// The evolution as last reported.
    pub evolution: EvolutionView,
    /// Undo and redo.
    pub history: History,
    /// The linked cursor, voxel of the stored grid.
    pub cursor: [usize; 3],
    /// Display window.
    pub window: Window,
    /// What the left button does.
    pub tool: Tool,
    /// Step of the guide.
    pub step: Step,
    /// Radius of new seeds and of the brush, mm.
    pub radius_mm: f64,
    /// Steps between two pictures.
    pub steps_per_picture: u32,
    /// The newest message.
    pub notice: Option<Notice>,
    /// A segmentation on another grid, waiting for an answer.
    pub segmentation_offer: Option<SegmentationOffer>,
    /// What is laid over the slices.
    pub overlays: OverlaySettings,
    /// The segmentation that the contour is compared with.
    pub reference: Option<Reference>,
    /// The networks at hand.
    pub catalogue: Arc<Catalogue>,
    /// What is proposed next, and how.
    pub proposal_settings: ProposalSettings,
    /// The contour that a network proposes.
    pub proposal: Option<Arc<Proposal>>,
    /// The last one that was accepted, evolved or thrown away: it can be brought back.
    pub proposal_set_aside: Option<Arc<Proposal>>,
    /// A proposal being made.
    pub proposing: Option<Arc<ProposalRun>>,
    /// Methods compared side by side.
    pub compare: Compare,
    /// Whether the question about unsaved work is open.
    pub asking_to_quit: bool,
    documents_opened: u64,
    proposals_asked: u64,
    evolutions_begun: u64,
    notices_given: u64,
    quit_after_save: bool,
    /// The speed image last asked for.
    speed_asked: Option<SpeedKey>,
    /// An evolution that waits for its speed image: whether to play, and from where.
    begin_pending: Option<control::Begin>,
    /// What the present evolution was begun with.
    begun: Option<control::Begun>,
    /// The proposal that the present evolution was begun from.
    begun_from: Option<Arc<Proposal>>,
    /// The proposal beside the reference.
    compared: Option<reference::Compared>,
    /// The contour that it was begun from, where that was taken from a comparison.
    begun_contour: Option<(Box<Geometry>, Arc<Vec<f32>>)>,
    /// An acceptance that waits for the φ of a held evolution.
    accept_pending: Option<control::AfterAccept>,
    /// What to do once a label change has come back.
    after_accept: Option<control::AfterAccept>,
}

impl Session {
    /// A session with no document.
    pub fn new() -> Self {
        Self { radius_mm: 8.0, steps_per_picture: 2, window: Window::new(40.0, 400.0), ..Self::default() }
    }

    /// Gives the user a message.
    pub fn notify(&mut self, severity: Severity, text: impl Into<String>) {
        self.notices_given += 1;
        self.notice = Some(Notice { severity, text: text.into(), serial: self.notices_given });
    }

    /// The proposal that the present evolution began from.
    pub fn begun_from(&self) -> Option<&Proposal> {
        self.begun_from.as_deref()
    }

    /// Ends a gesture (the mouse button is up): the next change is an undo point of its own.
    pub fn end_gesture(&mut self) {
        self.history.seal();
    }

    /// Whether something would be lost when the window closed now.
    pub fn unsaved(&self) -> bool {
        self.document.as_ref().is_some_and(Document::unsaved)
    }

    /// Whether region, speed image, seeds, dimension or device were changed since the evolution began, or a network was
    /// chosen: it goes on with the old ones until it is restarted. (Another method than the network's may follow it.)
    pub fn stale(&self) -> bool {
        let now = self.document.as_ref().map(control::Begun::of);
        let network = self.document.as_ref().is_some_and(|d| d.evolve.neural.on);
        let by_network = self.evolution.neural.as_ref().is_some_and(|neural| neural.t.is_some());
        let changed = self.begun.is_some() && self.begun != now;
        match (by_network, network) {
            (true, false) => false,
            (false, true) => self.evolution.exists(),
            _ => self.evolution.exists() && changed,
        }
    }

    /// Whether the speed image fits the present settings.
    pub fn speed_ready(&self) -> bool {
        self.document.as_ref().is_some_and(|d| d.speed_image.as_ref().is_some_and(|image| image.key == SpeedKey::of(d)))
    }

    /// The speed image to compute next, when the settings have changed since the last one was asked for.
    /// The guide needs none in its first step.
    pub fn wanted_speed(&mut self) -> Option<Effect> {
        let document = self.document.as_ref()?;
        let key = SpeedKey::of(document);
        let needed = self.begin_pending.is_some() || matches!(self.step, Step::Speed | Step::Seeds | Step::Evolve);
        if !needed || self.speed_asked.as_ref() == Some(&key) {
            return None;
        }
        self.speed_asked = Some(key.clone());
        Some(Effect::ComputeSpeed(key, document.image.clone()))
    }
}
