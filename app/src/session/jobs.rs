//! Work that the session hands out whole: everything that it needs travels with it.

use super::compare::CompareRun;
use super::document::{Accepted, DeviceChoice};
use super::evolution::{Place, Start};
use super::neural::{NeuralOrigin, NeuralSettings};
use super::proposal::{ProposalRun, Scope};
use super::speed::{SpeedImage, SpeedKey};
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::io::LabelDescription;
use zeroset_engine::levelset::{LevelSetParams, StopRule};
use zeroset_engine::models::{Catalogue, Listed};
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Volume};

/// Run networks for a proposal.
#[derive(Clone, Debug)]
pub struct ProposeJob {
    /// Document it belongs to.
    pub serial: u64,
    /// The scan.
    pub scan: Arc<Volume>,
    /// The networks at hand.
    pub catalogue: Arc<Catalogue>,
    /// Organ.
    pub organ: String,
    /// Method.
    pub method: String,
    /// Where, as the user chose it.
    pub scope: Scope,
    /// The same as a box; `None` is the whole scan.
    pub region: Option<Roi>,
    /// Device.
    pub device: DeviceChoice,
    /// Where it stands, and whether it shall stop.
    pub run: Arc<ProposalRun>,
}

/// Run methods side by side from one contour.
#[derive(Clone, Debug)]
pub struct CompareJob {
    /// Document it belongs to.
    pub serial: u64,
    /// The scan.
    pub scan: Arc<Volume>,
    /// Where.
    pub place: Place,
    /// The contour that all start from.
    pub start: Start,
    /// The methods.
    pub entrants: Vec<Entrant>,
    /// Device of the networks; equations are stepped on the CPU, which leaves the graphics device to drawing.
    pub device: DeviceChoice,
    /// What the contours are also measured against: its name, a segmentation, and the labels in it.
    pub reference: Option<(String, Arc<LabelMap>, Vec<u16>)>,
    /// Where it stands, and whether it shall stop.
    pub run: Arc<CompareRun>,
}

/// A method of a comparison.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// As shown.
    pub name: String,
    /// What it is.
    pub kind: EntrantKind,
}

/// What a method of a comparison is.
// A job holds four of them: settings may come whole.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum EntrantKind {
    /// The level set equation.
    Equation {
        /// Weights and numerics.
        params: LevelSetParams,
        /// When it ends.
        stop: StopRule,
        /// Its speed image.
        speed: SpeedKey,
        /// The same, where it is there already.
        made: Option<Arc<SpeedImage>>,
    },
    /// A network.
    Network {
        /// Which one.
        network: Listed,
        /// Organ.
        organ: String,
        /// Solver and priors of one that evolves a contour.
        neural: NeuralSettings,
    },
}

/// Labels of the two kidneys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideLabels {
    /// The patient's left.
    pub left: u16,
    /// The patient's right.
    pub right: u16,
}

/// Find the label change that accepts a contour.
#[derive(Clone, Debug)]
pub struct AcceptJob {
    /// Document it belongs to.
    pub serial: u64,
    /// Grid of the scan.
    pub scan: Geometry,
    /// The segmentation so far.
    pub labels: Option<Arc<LabelMap>>,
    /// Label to write.
    pub label: u16,
    /// Instead: the labels of the two kidneys, and the world R coordinate of the patient's middle, mm.
    pub sides: Option<(SideLabels, f64)>,
    /// Where φ lies.
    pub place: Place,
    /// φ in mm, negative inside.
    pub phi: Arc<Vec<f32>>,
    /// How the contour came about.
    pub record: Accepted,
}

/// What a file's provenance says.
#[derive(Clone, Debug)]
pub struct Origin {
    /// File of the scan.
    pub source: Option<PathBuf>,
    /// Contours in the mask, or the one that is written.
    pub accepted: Vec<Accepted>,
    /// Further notes.
    pub log: Vec<String>,
    /// The network behind a φ that is written.
    pub neural: Option<NeuralOrigin>,
}

/// Write a file.
#[derive(Clone, Debug)]
pub struct WriteJob {
    /// Document it belongs to.
    pub serial: u64,
    /// Where to.
    pub path: PathBuf,
    /// What.
    pub content: Content,
    /// Its provenance.
    pub origin: Origin,
}

/// What to write.
#[derive(Clone, Debug)]
pub enum Content {
    /// A mask; the number counts changes, to know what has been saved. Names and colours go where the format has them.
    Mask(Arc<LabelMap>, u64, Vec<LabelDescription>),
    /// Names and colours of labels.
    Descriptions(Vec<LabelDescription>),
    /// φ or a speed image.
    Samples(Box<Geometry>, Arc<Vec<f32>>),
    /// The evolution as an animated picture.
    Animation(Box<AnimationJob>),
    /// φ over time, with the step of t between two of them.
    Series(Box<Geometry>, Vec<Arc<Vec<f32>>>, f64),
}

/// An animated picture of an evolution.
#[derive(Clone, Debug)]
pub struct AnimationJob {
    /// The scan.
    pub image: Arc<Volume>,
    /// Where φ lies.
    pub place: Place,
    /// φ at the moments shown, with their steps.
    pub moments: Vec<(u64, Arc<Vec<f32>>)>,
    /// Moments from t = 0 to t = 1 of a network; `None` without one.
    pub neural: Option<u64>,
    /// Voxel at whose slices the picture is taken.
    pub cursor: [usize; 3],
    /// Intensities shown black and white.
    pub window: (f32, f32),
}
