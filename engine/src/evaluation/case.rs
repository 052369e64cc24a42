//! One method on one patient.

use super::level_set::{LevelSetRun, evolve_by_region};
use crate::analysis::tidy;
use crate::infer::{InferError, OrganPhi, Prediction, Request, Start, infer};
use crate::label::LabelMap;
use crate::metrics::{LabelMetrics, MetricsError, Overlap, evaluate_label};
use crate::models::Checkpoint;
use crate::pipeline::PipelineError;
use crate::prepare::Organ;
use crate::slices::axial_axis;
use crate::volume::Volume;
use serde::Serialize;
use std::ops::ControlFlow;
use thiserror::Error;

/// Slices at once.
const BATCH: usize = 4;

/// Why a patient could not be judged.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// The network could not be run.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// The level set could not be run.
    #[error(transparent)]
    LevelSet(#[from] PipelineError),
    /// Scan and truth do not fit.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A method that evolves a contour, and no network that finds one.
    #[error("{method} evolves a contour: give a network that finds one to start from")]
    NoStart {
        /// The method.
        method: String,
    },
}

/// A method to judge.
#[derive(Clone, Copy, Debug)]
pub enum Contender<'a> {
    /// A network, from the start network's contours if it needs some.
    Network(&'a Checkpoint),
    /// The region level set from the start network's contours, in a box around each of their parts, with the window of
    /// intensities inside it: the classical method, given all that the learned ones are given.
    Region,
}

/// One patient, and how methods are judged on them.
pub struct Patient<'a> {
    /// Name of the patient.
    pub name: &'a str,
    /// The scan.
    pub scan: &'a Volume,
    /// The truth on the scan's grid.
    pub truth: &'a LabelMap,
    /// The network whose contours the others start from.
    pub start: Option<&'a Checkpoint>,
    /// Tolerance of the surface Dice, mm.
    pub tolerance_mm: f64,
    /// Whether anatomy has its say in start contours and results, as it has in the product.
    pub anatomy: bool,
    found: Option<(Vec<OrganPhi>, f64)>,
}

/// How one method contoured one organ of one patient.
#[derive(Clone, Debug, Serialize)]
pub struct CaseScore {
    /// Architecture, or `region`.
    pub method: String,
    /// Number of weights; 0 for a method that learned nothing.
    pub parameters: usize,
    /// Mean number of evaluations of the ODE's right-hand side per solve; steps of a level set; `None` without either.
    pub evaluations: Option<f64>,
    /// Name of the patient.
    pub patient: String,
    /// Name of the organ.
    pub organ: String,
    /// Every metric of the whole volume; the label is 1.
    pub volume: LabelMetrics,
    /// Voxels of the whole volume.
    pub whole: Overlap,
    /// Voxels of the slices that contain the organ.
    pub organ_slices: Overlap,
    /// Seconds of inference, those of the start contour among them.
    pub duration_s: f64,
}

/// What a method found on a scan.
struct Found {
    method: String,
    parameters: usize,
    contours: Vec<(Organ, OrganPhi, Option<f64>)>,
    duration_s: f64,
}

impl<'a> Patient<'a> {
    /// A patient on whom nothing has been run yet.
    pub fn new(
        name: &'a str,
        scan: &'a Volume,
        truth: &'a LabelMap,
        start: Option<&'a Checkpoint>,
        tolerance_mm: f64,
        anatomy: bool,
    ) -> Self {
        Self { name, scan, truth, start, tolerance_mm, anatomy, found: None }
    }

    /// Runs a method and compares it with the truth, organ by organ; organs that neither shows are left out.
    ///
    /// # Errors
    /// A method that cannot be run on this scan; a truth on another grid.
    pub fn judge(&mut self, contender: Contender<'_>) -> Result<Vec<CaseScore>, EvaluationError> {
        let found = match contender {
            Contender::Network(checkpoint) => self.by_network(checkpoint)?,
            Contender::Region => self.by_region()?,
        };
        let mut scores = Vec::new();
        for (organ, OrganPhi { phi_mm, .. }, evaluations) in found.contours {
            let prediction: Vec<bool> = phi_mm.iter().map(|&phi| phi < 0.0).collect();
            let of_organ: Vec<bool> = self.truth.labels().iter().map(|label| organ.labels.contains(label)).collect();
            let map = |mask: &[bool], geometry| LabelMap::new(geometry, mask.iter().map(|&v| u16::from(v)).collect());
            let on_scan = map(&prediction, self.scan.geometry().clone());
            let of_truth = map(&of_organ, self.truth.geometry().clone());
            let volume = evaluate_label(&on_scan, &of_truth, 1, self.tolerance_mm)?;
            let whole = Overlap::of(&prediction, &of_organ);
            if whole.prediction() + whole.truth() == 0 {
                continue;
            }
            scores.push(CaseScore {
                method: found.method.clone(),
                parameters: found.parameters,
                evaluations,
                patient: self.name.to_owned(),
                organ: organ.name,
                volume,
                whole,
                organ_slices: organ_slices(&prediction, &of_organ, self.truth),
                duration_s: found.duration_s,
            });
        }
        Ok(scores)
    }

    fn by_network(&mut self, checkpoint: &Checkpoint) -> Result<Found, EvaluationError> {
        let manifest = &checkpoint.manifest;
        let organs = manifest.preprocessing.organs.clone();
        let (starts, before_s) = if manifest.network.needs_start() {
            let (starts, seconds) = self.start_contours(manifest.network.name())?;
            (Some(starts), seconds)
        } else {
            (None, 0.0)
        };
        let start = starts.as_deref().map_or(Start::None, Start::Phi);
        let Prediction { organs: mut contours, report } = self.infer(checkpoint, start)?;
        self.tidy(&mut contours);
        let evaluations = report.evaluations.map(|[_, mean, _]| mean);
        Ok(Found {
            method: report.network,
            parameters: checkpoint.network.parameters(),
            contours: organs.into_iter().zip(contours).map(|(organ, phi)| (organ, phi, evaluations)).collect(),
            duration_s: before_s + report.duration_s,
        })
    }

    fn by_region(&mut self) -> Result<Found, EvaluationError> {
        let (starts, before_s) = self.start_contours("region")?;
        let organs = self.start.map(|start| start.manifest.preprocessing.organs.clone()).unwrap_or_default();
        let (mut contours, mut duration_s) = (Vec::new(), before_s);
        for (organ, start) in organs.into_iter().zip(starts) {
            let LevelSetRun { phi, steps, duration_s: seconds } = evolve_by_region(self.scan, &start)?;
            let mut phi = [phi];
            self.tidy(&mut phi);
            let [phi] = phi;
            contours.push((organ, phi, Some(steps)));
            duration_s += seconds;
        }
        Ok(Found { method: "region".to_owned(), parameters: 0, contours, duration_s })
    }

    /// The start network's contours, found once, and the seconds that it took.
    fn start_contours(&mut self, method: &str) -> Result<(Vec<OrganPhi>, f64), EvaluationError> {
        if let Some(found) = &self.found {
            return Ok(found.clone());
        }
        let start = self.start.ok_or_else(|| EvaluationError::NoStart { method: method.to_owned() })?;
        let Prediction { mut organs, report } = self.infer(start, Start::None)?;
        self.tidy(&mut organs);
        Ok(self.found.insert((organs, report.duration_s)).clone())
    }

    fn infer(&self, checkpoint: &Checkpoint, start: Start<'_>) -> Result<Prediction, InferError> {
        let organs: Vec<&str> = checkpoint.manifest.preprocessing.organs.iter().map(|o| o.name.as_str()).collect();
        let request =
            Request { scan: self.scan, checkpoint, organs: &organs, start, roi: None, solver: None, batch: BATCH };
        infer(&request, &mut |_| ControlFlow::Continue(()))
    }

    fn tidy(&self, contours: &mut [OrganPhi]) {
        for OrganPhi { organ, phi_mm } in contours.iter_mut().filter(|_| self.anatomy) {
            let _ = tidy(organ, self.scan, None, phi_mm);
        }
    }
}

/// The overlap within the slices that contain the organ.
fn organ_slices(prediction: &[bool], truth: &[bool], map: &LabelMap) -> Overlap {
    let (size, axis) = (map.geometry().size(), axial_axis(map.geometry()));
    let stride: usize = size[..axis].iter().product();
    let slice_of = |index: usize| index / stride % size[axis];
    let mut has_organ = vec![false; size[axis]];
    for (index, _) in truth.iter().enumerate().filter(|(_, inside)| **inside) {
        has_organ[slice_of(index)] = true;
    }
    let within = |mask: &[bool]| -> Vec<bool> {
        mask.iter().enumerate().map(|(index, &inside)| inside && has_organ[slice_of(index)]).collect()
    };
    Overlap::of(&within(prediction), &within(truth))
}
