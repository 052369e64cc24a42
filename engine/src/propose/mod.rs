//! A contour of an organ without a hand: the network that finds it, then the one that evolves its contour, and between
//! and after them what anatomy says.
//!
//! ```text
//! scan --finder--> phi --tidy--> phi(0) --contour ODE--> phi(1) --tidy--> Proposal (phi, volumes, warnings)
//! ```
//!
//! Nothing of it is a label: whoever asked accepts it, evolves it further, or throws it away.

mod near;

pub use near::{Near, propose_near};

use crate::analysis::{self, Findings};
use crate::infer::{InferError, InferReport, OrganPhi, Prediction, Progress, Request, Start, infer};
use crate::models::Checkpoint;
use crate::ode::{Scheme, SolverParams};
use crate::prepare::SliceGrid;
use crate::roi::Roi;
use crate::volume::Volume;
use std::ops::ControlFlow;

/// Where the method's network begins.
#[derive(Clone, Copy, Debug)]
pub enum Beginning<'a> {
    /// It finds the organ itself.
    Nothing,
    /// From what this network finds.
    Network(&'a Checkpoint),
    /// From a contour that somebody drew. Nothing of the result is left out then.
    Contour(&'a OrganPhi),
}

impl<'a> Beginning<'a> {
    /// The network that gives the start, if one does.
    fn network(self) -> Option<&'a Checkpoint> {
        match self {
            Self::Network(network) => Some(network),
            Self::Nothing | Self::Contour(_) => None,
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The scan.
    pub scan: &'a Volume,
    /// Name of the organ.
    pub organ: &'a str,
    /// The method's network.
    pub network: &'a Checkpoint,
    /// Where it begins.
    pub beginning: Beginning<'a>,
    /// Where to look; `None` is the whole scan.
    pub region: Option<&'a Roi>,
    /// How the ODE is solved, if not as the network was trained.
    pub solver: Option<SolverParams>,
    /// Slices at once.
    pub batch: usize,
    /// Whether anatomy may leave out what cannot be the organ.
    pub anatomy: bool,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The organ is looked for.
    Finding,
    /// Its contour evolves.
    Evolving,
}

/// A contour and how it came about.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// φ on the scan's grid, mm, negative inside.
    pub phi: OrganPhi,
    /// Volumes, sides and warnings.
    pub findings: Findings,
    /// The run that gave the start contour, if a network did.
    pub first: Option<InferReport>,
    /// The run of the method's network.
    pub run: InferReport,
    /// How the ODE was solved; `None` without one.
    pub solver: Option<SolverParams>,
}

impl Proposal {
    /// Time t that φ belongs to; `None` for a network without an ODE.
    pub fn time(&self) -> Option<f64> {
        self.solver.map(|_| 1.0)
    }

    /// Absolute tolerance of the solver, band widths; `None` without an adaptive one.
    pub fn tolerance(&self) -> Option<f64> {
        self.solver.filter(|solver| solver.scheme == Scheme::DormandPrince).map(|solver| solver.absolute_tolerance)
    }

    /// Everything that should be looked at, in words.
    pub fn warnings(&self) -> Vec<String> {
        let runs = self.first.iter().chain([&self.run]);
        let stopped = runs
            .flat_map(|run| &run.unfinished)
            .map(|(slice, why)| format!("slice {slice}: the solver stopped before the end: {why}"));
        self.findings.warnings.iter().map(ToString::to_string).chain(stopped).collect()
    }
}

/// Answers a question.
///
/// `progress` is told after every batch and may stop the run.
///
/// # Errors
/// As [`infer`]: networks, organ and region that do not fit together, a run that was stopped, a device that was lost.
pub fn propose(
    question: &Question<'_>,
    progress: &mut dyn FnMut(Stage, Progress) -> ControlFlow<()>,
) -> Result<Proposal, InferError> {
    let Question { scan, organ, region, .. } = *question;
    let request = |checkpoint, start, solver| Request {
        scan,
        checkpoint,
        organs: std::slice::from_ref(&question.organ),
        start,
        roi: region,
        solver,
        batch: question.batch,
    };
    let is_drawn = matches!(question.beginning, Beginning::Contour(_));
    let may_drop = question.anatomy && !is_drawn;
    let (mut first, mut found, mut before) = (None, None, None);
    if let Beginning::Network(network) = question.beginning {
        let (mut phi, report) =
            answer(infer(&request(network, Start::None, None), &mut |p| progress(Stage::Finding, p))?, organ)?;
        if may_drop {
            // A false contour would be evolved too, and may grow onto the organ.
            before = Some(analysis::tidy(organ, scan, region, &mut phi.phi_mm));
        }
        (first, found) = (Some(report), Some(phi));
    }
    let start = match (&question.beginning, &found) {
        (Beginning::Contour(contour), _) => Start::Phi(std::slice::from_ref(*contour)),
        (_, Some(phi)) => Start::Phi(std::slice::from_ref(phi)),
        (_, None) => Start::None,
    };
    let stage = if matches!(start, Start::None) { Stage::Finding } else { Stage::Evolving };
    let prediction = infer(&request(question.network, start, question.solver), &mut |p| progress(stage, p))?;
    let (mut phi, run) = answer(prediction, organ)?;
    let mut findings = if may_drop {
        analysis::tidy(organ, scan, region, &mut phi.phi_mm)
    } else {
        analysis::describe(organ, scan, region, &phi.phi_mm)
    };
    // The narrower of the views counts: a contour that starts cut off stays so.
    for network in [Some(question.network), question.beginning.network()].into_iter().flatten() {
        let view = SliceGrid::new(scan.geometry(), &network.manifest.preprocessing, region)?.seen();
        findings.look_at_view(view, scan.geometry());
    }
    findings.warnings.dedup();
    if let Some(before) = &before {
        findings.also_left_out(before);
    }
    let manifest = &question.network.manifest;
    let solver = manifest.network.solves().then(|| question.solver.unwrap_or(manifest.solver));
    Ok(Proposal { phi, findings, first, run, solver })
}

/// The one organ that was asked for.
fn answer(prediction: Prediction, organ: &str) -> Result<(OrganPhi, InferReport), InferError> {
    let Prediction { organs, report } = prediction;
    let phi = organs.into_iter().find(|phi| phi.organ == organ);
    match phi {
        Some(phi) => Ok((phi, report)),
        None => Err(InferError::Organ { organ: organ.to_owned(), known: report.network }),
    }
}
