//! What the session knows of an evolution by a network: its settings, and how it stands.

use super::Session;
use std::sync::Arc;
use zeroset_engine::Volume;
use zeroset_engine::models::Listed;
use zeroset_engine::neural::{Priors, StepFigures};
use zeroset_engine::ode::SolverParams;

/// Moments of the timeline from t = 0 to t = 1.
pub const MOMENTS: u64 = 1000;

/// How a network moves the contour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuralSettings {
    /// Whether the network moves it, else the level set equation.
    pub on: bool,
    /// Name of the organ; `None` takes that of the proposal it begins from, else the network's first one.
    pub organ: Option<String>,
    /// Solver; `None` takes the network's own.
    pub solver: Option<SolverParams>,
    /// Priors beside the network.
    pub priors: Priors,
}

/// What the user is told where no network can move the contour.
pub const NO_NETWORK: &str =
    "No network here moves a contour of this organ: open the window with --models DIR, or choose another method";

/// What a neural evolution needs beside the rest of its setup.
#[derive(Clone, Debug)]
pub struct NeuralSetup {
    /// The network.
    pub network: Listed,
    /// Organ whose contour it moves.
    pub organ: String,
    /// The scan.
    pub image: Arc<Volume>,
    /// How it moves.
    pub settings: NeuralSettings,
    /// Voxel of the cursor: its slice is solved first.
    pub cursor: [usize; 3],
}

/// How a neural evolution stands.
#[derive(Clone, Debug, Default)]
pub struct NeuralView {
    /// t of the φ as shown; `None` where a level set evolution has followed.
    pub t: Option<f64>,
    /// The steps of each slice of the scan on the line shown.
    pub slices: Vec<(usize, Vec<StepFigures>)>,
    /// Voxel axis of the scan across the slices.
    pub axis: usize,
    /// Slices that have reached t = 1, and all.
    pub finished: (usize, usize),
    /// Whether the network is at work.
    pub solving: bool,
    /// What the contour came from, for provenance.
    pub origin: NeuralOrigin,
}

/// Where a neural contour came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuralOrigin {
    /// Name of the model's folder.
    pub model: String,
    /// SHA-256 of its weights.
    pub weights_sha256: String,
    /// Organ.
    pub organ: String,
    /// Solver of the line shown.
    pub solver: SolverParams,
    /// Priors of the line shown.
    pub priors: Priors,
    /// t of the contour; where a level set evolution has followed, the t that it left from.
    pub t: f64,
    /// t of each brush edit before it.
    pub edits: Vec<f64>,
}

impl Session {
    /// The network that moves contours as the settings ask for, and the organ.
    pub fn moving_network(&self) -> Option<(&Listed, &str)> {
        const METHOD: &str = "node-contour";
        let chosen = self.document.as_ref().and_then(|d| d.evolve.neural.organ.as_deref());
        let proposed = || self.begun_from.as_ref().map(|proposal| proposal.record.organ.as_str());
        match chosen.or_else(proposed) {
            Some(organ) => self.catalogue.find(organ, METHOD).map(|network| (network, organ)),
            None => {
                let network = self.catalogue.iter().find(|network| network.method() == METHOD)?;
                Some((network, network.organs().next()?))
            }
        }
    }
}

impl NeuralView {
    /// Evaluations of the network and rejected steps, over all slices.
    pub fn counted(&self) -> (usize, usize) {
        let last = self.slices.iter().filter_map(|(_, steps)| steps.last());
        last.fold((0, 0), |(n, r), step| (n + step.evaluations, r + step.rejected))
    }

    /// The steps of the slice nearest to `slice`.
    pub fn steps_near(&self, slice: usize) -> Option<&(usize, Vec<StepFigures>)> {
        self.slices.iter().min_by_key(|(own, _)| own.abs_diff(slice))
    }
}
