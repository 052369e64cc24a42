//! The open scan with everything the user has decided about it.

use super::labels::LabelTable;
use super::neural::{NeuralOrigin, NeuralSettings};
use super::plane::{Plane, PlaneAxes};
use super::proposal::ProposalRecord;
use super::speed::{SpeedImage, SpeedSettings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroset_engine::levelset::{LevelSetParams, Method, Seed, StopRule};
use zeroset_engine::recipe::Recipe;
use zeroset_engine::roi::Roi;
use zeroset_engine::{LabelMap, Volume};

/// Whether the whole ROI evolves or one slice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The whole ROI.
    Three,
    /// The current slice of this plane alone.
    Two(Plane),
}

/// Which device steps the equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A real GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU, all cores.
    Cpu,
    /// The window's graphics adapter.
    Gpu,
}

/// The settings of the evolve step: which equation, how, where, and when it stops.
#[derive(Clone, Debug, PartialEq)]
pub struct EvolveSettings {
    /// Weights and numerics.
    pub params: LevelSetParams,
    /// When a run ends by itself.
    pub stop: StopRule,
    /// Volume or slice.
    pub dimension: Dimension,
    /// Device.
    pub device: DeviceChoice,
    /// The network, which may move the contour instead.
    pub neural: NeuralSettings,
}

impl EvolveSettings {
    /// The weights and rules with which the command line starts a method, in 3D.
    pub fn preset(method: Method) -> Self {
        let whole = Roi { lower: [0; 3], upper: [1; 3], resample: None };
        let recipe = Recipe::new(method, Vec::new(), Some(whole));
        Self {
            params: recipe.params,
            stop: recipe.stop,
            dimension: Dimension::Three,
            device: DeviceChoice::Auto,
            neural: NeuralSettings::default(),
        }
    }
}

/// A scan that has been read, with what the reader said about it.
#[derive(Clone, Debug)]
pub struct LoadedScan {
    /// File it came from; `None` for one made in memory.
    pub path: Option<PathBuf>,
    /// Samples and grid.
    pub image: Arc<Volume>,
    /// Least and greatest intensity.
    pub range: (f32, f32),
    /// What the reader had to say (oblique, sheared, NaN replaced ...).
    pub warnings: Vec<String>,
}

/// A contour that was accepted into a label: what it takes to repeat it.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// Label number; of the left kidney where the sides were told apart.
    pub label: u16,
    /// Label number of the right kidney then.
    pub label_right: Option<u16>,
    /// Settings of the evolution.
    pub evolve: EvolveSettings,
    /// Settings of the speed image.
    pub speed: SpeedSettings,
    /// Region.
    pub roi: Roi,
    /// Seeds.
    pub seeds: Vec<Seed>,
    /// Steps behind it.
    pub step: u64,
    /// Evolution time t.
    pub time: f64,
    /// Steps at which the user edited φ.
    pub edits: Vec<u64>,
    /// The proposal that was accepted, or that the evolution began from.
    pub proposal: Option<Arc<ProposalRecord>>,
    /// Where it came from, if a network moved it.
    pub neural: Option<NeuralOrigin>,
}

/// The open document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Counts documents opened: tells whether a late result belongs to this one.
    pub serial: u64,
    /// File of the scan.
    pub path: Option<PathBuf>,
    /// The scan.
    pub image: Arc<Volume>,
    /// Least and greatest intensity.
    pub range: (f32, f32),
    /// What the reader had to say.
    pub warnings: Vec<String>,
    /// Region of interest.
    pub roi: Roi,
    /// How the speed image is made.
    pub speed: SpeedSettings,
    /// The newest speed image.
    pub speed_image: Option<Arc<SpeedImage>>,
    /// Spheres from which the contour starts.
    pub seeds: Vec<Seed>,
    /// Which equation and how.
    pub evolve: EvolveSettings,
    /// The segmentation; none until something is in it.
    pub labels: Option<Arc<LabelMap>>,
    /// Counts changes of `labels`.
    pub labels_revision: u64,
    /// `labels_revision` of the saved file.
    pub saved_revision: u64,
    /// Names and colours.
    pub table: LabelTable,
    /// The label that a contour is accepted into.
    pub active_label: u16,
    /// Where the mask is saved.
    pub save_path: PathBuf,
    /// The contours accepted so far, for the provenance of the mask.
    pub accepted: Vec<Accepted>,
    /// What else happened to the segmentation, in words.
    pub log: Vec<String>,
}

impl Document {
    /// A document on a scan, with nothing decided yet.
    pub fn new(serial: u64, scan: LoadedScan) -> Self {
        let range = scan.range;
        let roi = Roi::whole(scan.image.geometry());
        Self {
            serial,
            save_path: default_save_path(scan.path.as_deref()),
            path: scan.path,
            range,
            warnings: scan.warnings,
            roi,
            speed: SpeedSettings::starting(range),
            speed_image: None,
            seeds: Vec::new(),
            evolve: EvolveSettings::preset(Method::Region),
            labels: None,
            labels_revision: 0,
            saved_revision: 0,
            table: LabelTable::default(),
            active_label: 3,
            image: scan.image,
            accepted: Vec::new(),
            log: Vec::new(),
        }
    }

    /// File name of the scan, as shown.
    pub fn name(&self) -> String {
        let name = self.path.as_deref().and_then(Path::file_name);
        name.map_or_else(|| "Scan in memory".to_owned(), |n| n.to_string_lossy().into_owned())
    }

    /// Which voxel axis lies across the slices of a 2D evolution; `None` in 3D.
    pub fn slices_along(&self) -> Option<usize> {
        match self.evolve.dimension {
            Dimension::Three => None,
            Dimension::Two(plane) => Some(PlaneAxes::new(self.image.geometry(), plane).through.voxel_axis),
        }
    }

    /// Whether the segmentation has changes that are not on disk.
    pub fn unsaved(&self) -> bool {
        self.labels_revision != self.saved_revision
    }
}

/// `kidney_ct.nii.gz` is saved as `kidney_ct_mask.nii.gz` beside it, a DICOM series as `mask.nii.gz`: names of its
/// files and folders often hold the patient's.
pub fn default_save_path(scan: Option<&Path>) -> PathBuf {
    let Some(scan) = scan else { return PathBuf::from("mask.nii.gz") };
    let name = scan.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = [".nii.gz", ".nii", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    scan.with_file_name(stem.map_or_else(|| "mask.nii.gz".to_owned(), |stem| format!("{stem}_mask.nii.gz")))
}
