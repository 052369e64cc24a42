//! What the session knows of the running evolution, and what it may ask of the thread that runs it.

use super::document::DeviceChoice;
use super::neural::{NeuralSettings, NeuralSetup, NeuralView};
use super::overlay::{OverlayView, Wanted};
use super::reference::ReferenceMask;
use super::speed::SpeedImage;
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::levelset::history::Event;
use zeroset_engine::levelset::{LevelSetParams, Seed, StepReport, StopRule};
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap};

/// A φ at one moment, as shown, kept for undo, and taken back.
#[derive(Clone, Debug)]
pub struct PhiState {
    /// Steps behind it.
    pub step: u64,
    /// Its values in mm, negative inside, x fastest.
    pub phi: Arc<Vec<f32>>,
    /// The line of a neural evolution that it belongs to, as that numbers them; 0 without a network.
    pub line: usize,
}

/// Where the contour starts.
#[derive(Clone, Debug)]
pub enum Start {
    /// From spheres.
    Seeds(Vec<Seed>),
    /// From a label of the segmentation.
    Label(Arc<LabelMap>, u16),
    /// From a φ on the evolution's own grid.
    Phi(Arc<Vec<f32>>),
    /// From a φ (mm, negative inside) on a grid of its own; what lies beside it is outside.
    Field(Box<Geometry>, Arc<Vec<f32>>),
}

/// Everything that the evolution thread needs to begin.
#[derive(Clone, Debug)]
pub struct EvolutionSetup {
    /// Counts evolutions begun: tells whether a late result belongs to this one.
    pub serial: u64,
    /// Grid of the scan, for checks of the seeds.
    pub scan: Geometry,
    /// Where it evolves.
    pub place: Place,
    /// Speed or intensities on the grid of the ROI.
    pub speed: Arc<SpeedImage>,
    /// φ at t = 0.
    pub start: Start,
    /// Weights and numerics.
    pub params: LevelSetParams,
    /// When a run ends by itself.
    pub stop: StopRule,
    /// Device.
    pub device: DeviceChoice,
    /// Steps between two pictures.
    pub steps_per_picture: u32,
    /// Begin to run at once.
    pub play: bool,
    /// The network that moves the contour; `None` for the level set equation.
    pub neural: Option<NeuralSetup>,
}

/// A touch of the brush on φ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrushTouch {
    /// Centre, RAS+ mm.
    pub center_mm: [f64; 3],
    /// Radius, mm.
    pub radius_mm: f64,
    /// Adds to the inside (union), else removes (difference).
    pub add: bool,
    /// Only the slice through the centre, with this unit normal; `None` paints a ball.
    pub slice_normal: Option<[f64; 3]>,
}

/// What the session asks of the evolution thread.
#[derive(Clone, Debug)]
pub enum EvolverCommand {
    /// Begin a new evolution.
    Begin(Box<EvolutionSetup>),
    /// Run until paused or stopped by the rule.
    Play,
    /// Hold.
    Pause,
    /// This many steps from the present φ, then hold.
    Advance(u32),
    /// Show the φ after this many steps.
    Seek(u64),
    /// Leave the line at the present φ; the old line stays.
    Branch,
    /// Show another branch at its furthest step.
    SwitchTo(usize),
    /// Go on from the φ of a neural evolution by the level set equation.
    Continue(Box<EvolutionSetup>),
    /// Another solver or other priors for what the network computes from here on.
    SetLaw(Box<NeuralSettings>),
    /// New weights from the present step on.
    SetParams(LevelSetParams),
    /// A new stopping rule.
    SetStop(StopRule),
    /// Steps between two pictures.
    StepsPerPicture(u32),
    /// A touch of the brush.
    Paint(BrushTouch),
    /// The brush was lifted: the edit becomes one undo point.
    EndPaint,
    /// Put this φ in place (undo and redo of edits).
    SetPhi(PhiState),
    /// Collect φ at moments along the active line for an animated picture that goes to this file.
    Film(PathBuf),
    /// What to make beside φ, from now on.
    SetOverlays(Wanted),
    /// Compare the contour with this from now on.
    SetReference(Option<Arc<ReferenceMask>>),
    /// End the evolution and forget it.
    Close,
}

/// Whether the evolution runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RunState {
    /// There is none.
    #[default]
    Absent,
    /// Waiting for its speed image or its device.
    Preparing,
    /// Held.
    Paused,
    /// Running.
    Running,
    /// Ended by the rule, with its reason.
    Stopped(String),
    /// Failed, with the reason.
    Failed(String),
}

/// The evolution as shown.
#[derive(Clone, Debug, Default)]
pub struct EvolutionView {
    /// Which evolution.
    pub serial: u64,
    /// Whether it runs.
    pub state: RunState,
    /// Where it evolves; `None` when there is no evolution.
    pub place: Option<Place>,
    /// φ as shown; a GPU's is read back only while held.
    pub phi: Option<PhiState>,
    /// Steps behind the φ as shown.
    pub step: u64,
    /// Last step of the timeline.
    pub last_step: u64,
    /// Evolution time t of the φ as shown.
    pub time: f64,
    /// What was measured along the timeline, by step.
    pub reports: Arc<Vec<StepReport>>,
    /// Steps of the active line at which weights changed, φ was edited or a branch begins.
    pub marks: Arc<Vec<(u64, Event)>>,
    /// Number of branches, and which one is active.
    pub branches: (usize, usize),
    /// Bytes of stored φ.
    pub history_bytes: usize,
    /// Bytes that stored φ may take.
    pub history_budget: usize,
    /// Leak and vanish warnings.
    pub warnings: Vec<String>,
    /// Device in words.
    pub device: String,
    /// Steps from one reinitialisation to the next; 0 without.
    pub reinitialize_every: u32,
    /// Milliseconds per step over the last picture.
    pub ms_per_step: f64,
    /// How the network stands, where one moves the contour.
    pub neural: Option<Arc<NeuralView>>,
    /// What is laid over the slices beside φ.
    pub overlays: OverlayView,
}

/// Where an evolution takes place.
#[derive(Clone, Debug)]
pub struct Place {
    /// The region it was begun in.
    pub roi: Roi,
    /// Its grid in the patient; in 2D one slice, see [`zeroset_engine::slices::Slice`].
    pub geometry: Geometry,
    /// In 2D: which slice.
    pub slice: Option<SlicePlace>,
}

/// The slice of a 2D evolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlicePlace {
    /// Voxel axis of the scan across the slice.
    pub axis: usize,
    /// Index of the slice along that axis on the scan's grid.
    pub index: usize,
}

impl EvolutionView {
    /// Whether there is an evolution to show and steer.
    pub fn exists(&self) -> bool {
        !matches!(self.state, RunState::Absent | RunState::Preparing)
    }

    /// The report of the φ as shown.
    pub fn report(&self) -> Option<&StepReport> {
        let at = self.reports.partition_point(|r| r.step <= self.step);
        self.reports.get(at.checked_sub(1)?)
    }

    /// Enclosed volume of the φ as shown, mL.
    pub fn volume_ml(&self) -> f64 {
        self.report().map_or(0.0, |r| r.stats.volume_ml)
    }

    /// Whether it runs.
    pub fn running(&self) -> bool {
        self.state == RunState::Running
    }
}
