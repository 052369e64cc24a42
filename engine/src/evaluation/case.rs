//! One network on one patient.

use crate::infer::{InferError, OrganPhi, Prediction, Request, Start, infer};
use crate::label::LabelMap;
use crate::metrics::{LabelMetrics, MetricsError, Overlap, evaluate_label};
use crate::models::Checkpoint;
use crate::slices::axial_axis;
use crate::volume::Volume;
use serde::Serialize;
use std::ops::ControlFlow;
use thiserror::Error;

/// Slices at once.
const BATCH: usize = 4;

/// Why a patient could not be judged.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EvaluationError {
    /// The network could not be run.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// Scan and truth do not fit.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// A network to judge, and the one whose contour it starts from, if it needs one.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The network.
    pub checkpoint: &'a Checkpoint,
    /// For a network that evolves a contour: whose contour.
    pub start: Option<&'a Checkpoint>,
}

/// How one network contoured one organ of one patient.
#[derive(Clone, Debug, Serialize)]
pub struct CaseScore {
    /// Architecture.
    pub method: String,
    /// Number of weights.
    pub parameters: usize,
    /// Mean number of evaluations of the ODE's right-hand side per solve; `None` without one.
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
    /// Seconds of inference.
    pub duration_s: f64,
}

/// Runs a network on a scan and compares it with the truth, organ by organ; organs that neither shows are left out.
///
/// # Errors
/// A network that cannot be run on this scan; a truth on another grid.
pub fn judge(
    judged: Judged<'_>,
    patient: &str,
    scan: &Volume,
    truth: &LabelMap,
    tolerance_mm: f64,
) -> Result<Vec<CaseScore>, EvaluationError> {
    let organs = &judged.checkpoint.manifest.preprocessing.organs;
    let names: Vec<&str> = organs.iter().map(|organ| organ.name.as_str()).collect();
    let request =
        |checkpoint, start| Request { scan, checkpoint, organs: &names, start, roi: None, solver: None, batch: BATCH };
    let run = |request: Request<'_>| infer(&request, &mut |_| ControlFlow::Continue(()));
    let first = judged.start.map(|start| run(request(start, Start::None))).transpose()?;
    let start = first.as_ref().map_or(Start::None, |prediction| Start::Phi(&prediction.organs));
    let Prediction { organs: contours, report } = run(request(judged.checkpoint, start))?;
    let mut scores = Vec::new();
    for (organ, OrganPhi { phi_mm, .. }) in organs.iter().zip(&contours) {
        let prediction: Vec<bool> = phi_mm.iter().map(|&phi| phi < 0.0).collect();
        let of_organ: Vec<bool> = truth.labels().iter().map(|label| organ.labels.contains(label)).collect();
        let map = |mask: &[bool], geometry| LabelMap::new(geometry, mask.iter().map(|&v| u16::from(v)).collect());
        let on_scan = map(&prediction, scan.geometry().clone());
        let volume = evaluate_label(&on_scan, &map(&of_organ, truth.geometry().clone()), 1, tolerance_mm)?;
        let whole = Overlap::of(&prediction, &of_organ);
        if whole.prediction() + whole.truth() == 0 {
            continue;
        }
        scores.push(CaseScore {
            method: report.network.clone(),
            parameters: judged.checkpoint.network.parameters(),
            evaluations: report.evaluations.map(|[_, mean, _]| mean),
            patient: patient.to_owned(),
            organ: organ.name.clone(),
            volume,
            whole,
            organ_slices: organ_slices(&prediction, &of_organ, truth),
            duration_s: report.duration_s + first.as_ref().map_or(0.0, |run| run.report.duration_s),
        });
    }
    Ok(scores)
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
