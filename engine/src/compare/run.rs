//! One method from the start to its end, leaving frames.

use super::contender::{Contender, Equation, Mover};
use super::error::CompareError;
use super::frame::{MOST_FRAMES, Recorder, Track, Work};
use super::site::Ground;
use crate::infer::{InferError, OrganPhi};
use crate::levelset::phi::grid_of;
use crate::levelset::{Evolution, EvolutionState, History};
use crate::models::Checkpoint;
use crate::neural::{Field, Law, Moment, NeuralEvolution, Priors, Trajectory};
use crate::prepare::FAR_BANDS;
use crate::propose::{Beginning, Near, Question, propose_near};
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::time::Instant;

/// Slices of a network that answers at once that go through it together.
const BATCH: usize = 4;

/// Where a method stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// Steps taken; nobody knows how many there will be.
    Steps(u64),
    /// Done, from 0 to 1.
    Share(f64),
}

/// Runs one method; `watch` is told where it stands and may stop it. An equation then ends where it has come to.
///
/// # Errors
/// A method that does not work here, a device that failed; [`CompareError::Cancelled`] for a network that was stopped.
pub fn run(
    ground: &Ground,
    contender: &Contender<'_>,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Track, CompareError> {
    let mut recorder = Recorder::new(ground.site.layer(), ground.bound_mm, ground.budget_bytes);
    recorder.take(0, 0.0, &ground.start);
    match &contender.mover {
        Mover::Equation(equation) => by_equation(ground, &contender.name, equation, recorder, watch),
        Mover::Contour { checkpoint, organ, law } => {
            by_contour(ground, &contender.name, checkpoint, organ, law.clone(), recorder, watch)
        }
        Mover::Answer { checkpoint, organ } => by_answer(ground, &contender.name, checkpoint, organ, recorder, watch),
    }
}

fn by_equation(
    ground: &Ground,
    name: &str,
    equation: &Equation<'_>,
    mut recorder: Recorder,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Track, CompareError> {
    let begun = Instant::now();
    let grid = grid_of(&ground.site.grid);
    let bound_mm = grid.band_mm(&equation.params).min(f32::MAX);
    let begin = |v: &f32| (v + equation.draw_in_mm).clamp(-bound_mm, bound_mm);
    let phi: Vec<f32> = ground.start.iter().map(begin).collect();
    let stepper = equation.device.stepper(grid, equation.fields.clone(), equation.params, &phi)?;
    let mut evolution = Evolution::with_history(stepper, equation.stop, History::new(u64::MAX, 0))?;
    let mut work_s = begun.elapsed().as_secs_f64();
    let end = loop {
        if let EvolutionState::Stopped(reason) = evolution.state() {
            break reason.to_string();
        }
        let steps = if evolution.step() < fine_steps(equation) { 1 } else { equation.steps_per_check.max(1) };
        let begun = Instant::now();
        let report = evolution.advance(steps)?;
        work_s += begun.elapsed().as_secs_f64();
        if recorder.wants() {
            recorder.take(report.step, report.time, &evolution.phi()?);
        }
        if watch(Progress::Steps(report.step)).is_break() && evolution.state() == EvolutionState::Ready {
            evolution.cancel();
        }
    };
    let last = evolution.report();
    recorder.take(last.step, last.time, &evolution.phi()?);
    let all = last.step.max(1) as f64;
    let mut track = recorder.end(name, Work::Steps(last.step), |frame| frame.step as f64 / all);
    track.warnings = evolution.warnings().iter().map(ToString::to_string).collect();
    (track.duration_s, track.end) = (work_s, end);
    Ok(track)
}

/// Steps that are taken singly, so that a short run is shown step by step. The rule is applied where a reinitialisation
/// was passed, whoever counts: whole rounds of single steps end where rounds of `steps_per_check` end.
fn fine_steps(equation: &Equation<'_>) -> u64 {
    let round = u64::from(equation.steps_per_check.max(1));
    let alike = round > 1 && equation.params.reinitialize_every == equation.steps_per_check;
    if alike { MOST_FRAMES as u64 / round * round } else { 0 }
}

fn by_contour(
    ground: &Ground,
    name: &str,
    checkpoint: &Checkpoint,
    organ: &str,
    law: Option<Law>,
    mut recorder: Recorder,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Track, CompareError> {
    let begun = Instant::now();
    let (site, scan) = (&ground.site, ground.scan.geometry());
    let field = Field::new(checkpoint, ground.scan.clone(), organ, Some(&site.roi))?;
    let (axis, weights) = (field.grid().axis(), field.weights_sha256().to_owned());
    if site.slice.is_some_and(|(own, _)| own != axis) {
        return Err(CompareError::Axis);
    }
    let law = law.unwrap_or_else(|| Law { solver: field.solver(), priors: Priors::default() });
    let (starts, beyond) = starts(ground, &field)?;
    let slices = starts.len();
    let mut evolution = NeuralEvolution::from_starts(field, starts, law, Trajectory::DEFAULT_BUDGET_BYTES)?;
    let (mut done, mut stopped) = (0, false);
    evolution.run(|_, figures| {
        done += usize::from(figures.t >= 1.0);
        let part = if figures.t >= 1.0 { 0.0 } else { figures.t };
        let go_on = watch(Progress::Share((done as f64 + part) / slices as f64));
        stopped |= go_on.is_break();
        go_on
    })?;
    if stopped {
        return Err(CompareError::Cancelled);
    }
    let work_s = begun.elapsed().as_secs_f64();
    for moment in 1..MOST_FRAMES {
        let t = moment as f64 / (MOST_FRAMES - 1) as f64;
        let phi = site.from_box(phi_in_box(ground, &evolution, t), scan)?;
        recorder.take(0, t, &phi);
    }
    let (trajectory, active) = (evolution.trajectory(), evolution.active());
    let counted =
        |place| trajectory.track(active, place, 1.0).1.kept().last().map_or(0, |kept| kept.figures.evaluations);
    let evaluations: usize = (0..slices).map(counted).sum();
    let mut track = recorder.end(name, Work::Evaluations(evaluations as u64), |frame| frame.t);
    track.end = format!("t = 1, {slices} slices, NFE {:.1} a slice", evaluations as f64 / slices as f64);
    if beyond {
        track.warnings.push("the start reaches beyond what this network sees: what lies there is cut off".to_owned());
    }
    (track.duration_s, track.weights_sha256) = (work_s, Some(weights));
    Ok(track)
}

/// The moments t = 0 of all slices of the site with a contour, and whether the start reaches beyond what is seen.
fn starts(ground: &Ground, field: &Field) -> Result<(Vec<(usize, Moment)>, bool), CompareError> {
    let own = ground.site.own_box();
    let (axis, far_mm) = (field.grid().axis(), FAR_BANDS * field.grid().band_mm() as f32);
    let phi = ground.start_by_slices(axis, far_mm)?;
    let [nx, ny, _] = ground.scan.geometry().size();
    let [bx, by, _] = own.size();
    let voxel = |index: usize| [index % nx, index / nx % ny, index / (nx * ny)];
    let value = |index: usize| {
        let at = voxel(index);
        if (0..3).any(|d| !(own.lower[d]..own.upper[d]).contains(&at[d])) {
            return far_mm;
        }
        let local: [usize; 3] = std::array::from_fn(|d| at[d] - own.lower[d]);
        phi[(local[2] * by + local[1]) * bx + local[0]]
    };
    let slices = own.lower[axis]..own.upper[axis];
    let starts = slices.into_par_iter().filter_map(|slice| Some((slice, field.start(slice, value)?))).collect();
    let in_scan = |index: usize| {
        let local = [index % bx, index / bx % by, index / (bx * by)];
        std::array::from_fn(|d| local[d] + own.lower[d])
    };
    let beyond = (0..phi.len()).into_par_iter().any(|index| phi[index] < 0.0 && !field.grid().covers(in_scan(index)));
    Ok((starts, beyond))
}

/// φ as shown at `t` on the scan's voxels of the site's box, mm; slices that do not evolve are outside.
fn phi_in_box(ground: &Ground, evolution: &NeuralEvolution, t: f64) -> Vec<f32> {
    let (own, grid, trajectory) = (ground.site.own_box(), evolution.field().grid(), evolution.trajectory());
    let mut phi = vec![FAR_BANDS * grid.band_mm() as f32; own.size().iter().product()];
    let shown = |place| trajectory.shown(evolution.active(), place, t);
    let maps: Vec<Vec<f32>> = (0..trajectory.slices().len()).into_par_iter().map(shown).collect();
    for (&slice, map) in trajectory.slices().iter().zip(&maps) {
        grid.put_phi_mm_in(slice, map, own.lower, own.size(), &mut phi);
    }
    phi
}

fn by_answer(
    ground: &Ground,
    name: &str,
    checkpoint: &Checkpoint,
    organ: &str,
    recorder: Recorder,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Track, CompareError> {
    let (site, scan) = (&ground.site, ground.scan.geometry());
    let own = site.own_box();
    let takes_start = checkpoint.manifest.network.takes_start();
    let contour = if takes_start {
        let axis = crate::slices::axial_axis(scan);
        let far_mm = scan.spacing_mm().iter().zip(scan.size()).map(|(h, n)| h * n as f64).fold(0.0, f64::max) as f32;
        let in_box = ground.start_by_slices(axis, far_mm)?;
        let mut phi_mm = vec![far_mm; scan.len()];
        let [bx, by, bz] = own.size();
        for row in 0..by * bz {
            let first = scan.index([own.lower[0], own.lower[1] + row % by, own.lower[2] + row / by]);
            phi_mm[first..first + bx].copy_from_slice(&in_box[row * bx..(row + 1) * bx]);
        }
        Some(OrganPhi { organ: organ.to_owned(), phi_mm })
    } else {
        None
    };
    let begun = Instant::now();
    let question = Question {
        scan: &ground.scan,
        organ,
        network: checkpoint,
        beginning: contour.as_ref().map_or(Beginning::Nothing, Beginning::Contour),
        region: Some(&own),
        solver: None,
        batch: BATCH,
        anatomy: true,
    };
    let answer = propose_near(&question, &mut |_, progress| {
        watch(Progress::Share(progress.slices as f64 / progress.of.max(1) as f64))
    });
    let Near { proposal: answer, geometry: part, lower } = match answer {
        Err(InferError::Cancelled) => return Err(CompareError::Cancelled),
        other => other?,
    };
    let duration_s = begun.elapsed().as_secs_f64();
    let work = match answer.run.evaluations {
        Some([_, mean, _]) => Work::Evaluations((mean * answer.run.slices as f64).round() as u64),
        None => Work::Slices(answer.run.slices as u64),
    };
    // Without the start in its hands the answer is no end of a way that began there.
    let mut recorder =
        if takes_start { recorder } else { Recorder::new(site.layer(), ground.bound_mm, ground.budget_bytes) };
    recorder.take(0, 1.0, &site.of_part(&answer.phi.phi_mm, &part, lower, scan)?);
    let mut track = recorder.end(name, work, |frame| if takes_start { frame.t } else { 0.0 });
    track.end = if takes_start { "answered at once".to_owned() } else { "found on its own: a still".to_owned() };
    track.warnings = answer.warnings();
    (track.duration_s, track.weights_sha256) = (duration_s, Some(answer.run.weights_sha256));
    Ok(track)
}
