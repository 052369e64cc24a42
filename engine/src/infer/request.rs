//! What is asked of a network on a scan, and what it answers.

use crate::label::LabelMap;
use crate::models::Checkpoint;
use crate::ode::SolverParams;
use crate::roi::Roi;
use crate::volume::Volume;
use serde::{Deserialize, Serialize};

/// A run of one network on one scan.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The scan.
    pub scan: &'a Volume,
    /// The network, on the device where it shall run.
    pub checkpoint: &'a Checkpoint,
    /// Names of the organs wanted, each an output channel of the network.
    pub organs: &'a [&'a str],
    /// Where a contour network starts.
    pub start: Start<'a>,
    /// Where to look: other slices, and what lies beside the box, are outside. A network for regions needs it.
    pub roi: Option<&'a Roi>,
    /// How the ODE is solved, if not as the network was trained.
    pub solver: Option<SolverParams>,
    /// Slices at once. With an adaptive solver always 1: its steps would depend on the company a slice is in.
    pub batch: usize,
}

/// Where a contour network starts.
#[derive(Clone, Copy, Debug, Default)]
pub enum Start<'a> {
    /// Nowhere: the network finds the organ itself.
    #[default]
    None,
    /// φ per requested organ on the scan's grid, mm, negative inside.
    Phi(&'a [OrganPhi]),
}

/// φ of one organ.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganPhi {
    /// Name of the organ.
    pub organ: String,
    /// φ on the scan's grid, mm, negative inside, x fastest.
    pub phi_mm: Vec<f32>,
}

impl OrganPhi {
    /// φ from a mask on the scan's grid: per slice the distance in its plane (as networks learn it), mm.
    pub fn from_mask(organ: &str, mask: &LabelMap, inside: impl Fn(u16) -> bool) -> Self {
        let geometry = mask.geometry();
        let axis = crate::slices::axial_axis(geometry);
        let size = geometry.size();
        let mut spacing_mm = geometry.spacing_mm();
        // Neighbouring slices must not shorten a distance: the network sees one slice at a time.
        let far_mm = (0..3).filter(|&d| d != axis).map(|d| size[d] as f64 * spacing_mm[d]).fold(1.0, f64::max);
        spacing_mm[axis] = 4.0 * far_mm;
        let inside: Vec<bool> = mask.labels().iter().map(|&label| inside(label)).collect();
        let phi_mm = crate::filter::signed_distance_mm(&inside, size, spacing_mm);
        // An empty slice has no contour of its own: plainly outside, not infinitely far.
        let phi_mm = phi_mm.iter().map(|phi| phi.clamp(-far_mm as f32, far_mm as f32)).collect();
        Self { organ: organ.to_owned(), phi_mm }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Slices done.
    pub slices: usize,
    /// Slices in all.
    pub of: usize,
}

/// What a network found.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// φ of each requested organ, in the order of the request.
    pub organs: Vec<OrganPhi>,
    /// How it went.
    pub report: InferReport,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InferReport {
    /// Architecture.
    pub network: String,
    /// SHA-256 of the weights.
    pub weights_sha256: String,
    /// Slices that went through the network.
    pub slices: usize,
    /// Slices left as they were, because there was no contour to evolve.
    pub skipped: usize,
    /// Evaluations of the ODE's right-hand side: fewest, mean and most per solve; `None` without an ODE.
    pub evaluations: Option<[f64; 3]>,
    /// Slices whose solver stopped before t = 1, and why.
    pub unfinished: Vec<(usize, String)>,
    /// Seconds, without reading and writing.
    pub duration_s: f64,
}
