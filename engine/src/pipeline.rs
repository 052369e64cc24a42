//! The whole flow: scan → ROI → speed → start contour → evolution → φ back on the scan's grid → label.

use crate::device::OpenDevice;
use crate::filter::gaussian;
use crate::geometry::{Geometry, GeometryError};
use crate::gpu::GpuError;
use crate::label::LabelMap;
use crate::levelset::evolution::{Evolution, EvolutionError};
use crate::levelset::history::History;
use crate::levelset::measure::{Spread, percentile};
use crate::levelset::phi::LevelSetError;
use crate::levelset::seeds::{self, SeedError};
use crate::levelset::speed::{EdgeOptions, GRID_TOLERANCE_MM, SpeedError, SpeedField, Window, edge_strength};
use crate::levelset::{Fields, LeakWarning, LevelSet, Method, StepReport, StepperError, StopReason};
use crate::recipe::{Recipe, Report, Resolved, SliceReport, SpeedRecipe};
use crate::roi::{Roi, RoiError};
use crate::slices;
use crate::volume::Volume;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;
use thiserror::Error;

/// What a segmentation works on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The scan.
    pub scan: &'a Volume,
    /// An initial mask on the scan's grid: the recipe's label where it occurs in it, else all that is not background.
    pub init: Option<&'a LabelMap>,
    /// An imported speed image on the scan's grid, -1 to 1.
    pub speed: Option<&'a Volume>,
}

/// Where a segmentation stands.
pub enum Progress<'a> {
    /// A stage begins.
    Stage(&'static str),
    /// The contour moved.
    Step {
        /// The evolution, to look at φ.
        evolution: &'a mut Evolution,
        /// Its grid.
        grid: &'a Geometry,
        /// Slice by slice: the slice of the stored grid, and the stored axis across the slices.
        slice: Option<(usize, usize)>,
    },
}

/// A segmentation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The mask on the scan's grid.
    pub labels: LabelMap,
    /// φ on the scan's voxels inside the ROI, mm, x fastest.
    pub phi_in_roi: Vec<f32>,
    /// That ROI.
    pub roi: Roi,
    /// The speed image on the grid of evolution (3D; none for Chan–Vese).
    pub speed: Option<SpeedField>,
    /// What happened.
    pub report: Report,
}

/// Why there is no segmentation.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// Neither 2 nor 3.
    #[error("dimension {found}, expected 2 (slice by slice) or 3")]
    Dimension {
        /// What was asked for.
        found: usize,
    },
    /// An initial mask on another grid.
    #[error(
        "the initial mask lies on another grid than the scan: mask {mask}; scan {scan}: resample the mask onto the scan first"
    )]
    InitGrid {
        /// The mask's grid in words.
        mask: String,
        /// The scan's grid in words.
        scan: String,
    },
    /// A speed recipe that the method cannot use.
    #[error("method {method:?} cannot use the speed {speed:?}")]
    Speed {
        /// The method.
        method: Method,
        /// The speed recipe.
        speed: SpeedRecipe,
    },
    /// An imported speed was asked for and not given.
    #[error("the recipe wants an imported speed image, and none was given")]
    NoSpeedFile,
    /// The ROI.
    #[error(transparent)]
    Roi(#[from] RoiError),
    /// A grid.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// A seed.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The speed image.
    #[error(transparent)]
    SpeedImage(#[from] SpeedError),
    /// The start contour.
    #[error(transparent)]
    Start(#[from] LevelSetError),
    /// The GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The stepper.
    #[error(transparent)]
    Stepper(#[from] StepperError),
    /// The evolution.
    #[error(transparent)]
    Evolution(#[from] EvolutionError),
}

/// What an evolution, in 3D or slice by slice, leaves behind.
pub(crate) struct Evolved {
    pub phi: Vec<f32>,
    pub speed: Option<SpeedField>,
    pub last: StepReport,
    pub iterations: u64,
    pub stop: StopReason,
    pub leaks: Vec<LeakWarning>,
    pub slices: Vec<SliceReport>,
    pub device: String,
}

/// Contours one organ of a scan.
///
/// # Errors
/// Inputs that do not fit together or give no contour; a device that fails.
pub fn segment(
    input: &Input<'_>,
    recipe: &Recipe,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Outcome, PipelineError> {
    let mut clock = Clock::default();
    let device = recipe.device.open()?;
    clock.lap("device");
    let scan = input.scan.geometry();
    let roi = recipe.roi.unwrap_or_else(|| Roi::whole(scan));
    let slices_along = match recipe.dimension {
        2 => Some(slices::axial_axis(scan)),
        3 => None,
        found => return Err(PipelineError::Dimension { found }),
    };

    let _ = progress(Progress::Stage("crop"));
    let grid = roi.geometry_of_slices(scan, slices_along)?;
    let start = start_contour(input, recipe, &roi, &grid)?;
    let intensities = roi.crop(input.scan, &grid)?;
    let imported = imported_speed(input, &roi, &grid)?;
    clock.lap("crop");

    let resolved = resolve(recipe, &grid, &intensities, &start)?;
    clock.lap("measure");
    let evolved = match slices_along {
        None => evolve_volume(recipe, &device, &resolved, &grid, intensities, imported, start, &mut clock, progress)?,
        Some(axis) => {
            slices::evolve(recipe, &device, &resolved, &roi, axis, &grid, &intensities, imported, &start, progress)?
        }
    };
    clock.lap("evolve");

    let _ = progress(Progress::Stage("paste"));
    let phi_in_roi = roi.paste_phi(&evolved.phi, &grid, scan)?;
    let mut labels = LabelMap::empty(scan.clone());
    let delta = roi.label_delta(&phi_in_roi, &labels, recipe.label);
    labels.apply(&delta);
    clock.lap("paste");

    let report = report(recipe, resolved, &evolved, &labels, grid, clock.laps);
    Ok(Outcome { labels, phi_in_roi, roi, speed: evolved.speed, report })
}

/// φ at t = 0: the initial mask's distances, or the seeds'.
pub(crate) fn start_contour(
    input: &Input<'_>,
    recipe: &Recipe,
    roi: &Roi,
    grid: &Geometry,
) -> Result<LevelSet, PipelineError> {
    let scan = input.scan.geometry();
    let Some(mask) = input.init else {
        seeds::validate(&recipe.seeds, scan, roi, grid)?;
        return Ok(LevelSet::from_seeds(grid.clone(), &recipe.seeds));
    };
    if !mask.geometry().same_grid(scan, GRID_TOLERANCE_MM) {
        return Err(PipelineError::InitGrid { mask: mask.geometry().describe(), scan: scan.describe() });
    }
    let wanted = mask.labels().contains(&recipe.label).then_some(recipe.label);
    let inside = |label: u16| wanted.map_or(label > 0, |w| label == w);
    let own = Roi { resample: None, ..*roi };
    let box_grid = own.geometry(scan)?;
    let [nx, ny, _] = box_grid.size();
    let at = |i: usize| [roi.lower[0] + i % nx, roi.lower[1] + i / nx % ny, roi.lower[2] + i / (nx * ny)];
    let on_box = LevelSet::from_mask(box_grid.clone(), |i| inside(mask.at(at(i))))?;
    let phi =
        if box_grid.same_grid(grid, 1e-9) { on_box.phi } else { crate::filter::resample(&on_box.phi, &box_grid, grid) };
    Ok(LevelSet { geometry: grid.clone(), phi })
}

/// The imported speed on the grid of evolution.
fn imported_speed(input: &Input<'_>, roi: &Roi, grid: &Geometry) -> Result<Option<SpeedField>, PipelineError> {
    let Some(speed) = input.speed else { return Ok(None) };
    SpeedField::check_grid(speed, input.scan.geometry())?;
    Ok(Some(SpeedField::imported(grid.clone(), roi.crop(speed, grid)?)?))
}

/// Finds the numbers that the recipe leaves to the scan.
pub(crate) fn resolve(
    recipe: &Recipe,
    grid: &Geometry,
    intensities: &[f32],
    start: &LevelSet,
) -> Result<Resolved, PipelineError> {
    let mut resolved = Resolved::default();
    match recipe.speed {
        SpeedRecipe::Edge { sigma_mm, scale, .. } => {
            let strength = || edge_strength(grid, intensities, sigma_mm);
            resolved.edge_scale = Some(match scale {
                Some(scale) => scale,
                None => edge_scale(&strength()?)?,
            });
        }
        SpeedRecipe::Threshold { sigma_mm, lower, upper, smoothness } => {
            let mut window = Window { lower, upper, smoothness: 0.0 };
            if lower.is_none() && upper.is_none() {
                let smooth = gaussian(intensities, grid.size(), grid.spacing_mm(), sigma_mm);
                window = Spread::inside(&start.phi, &smooth).ok_or(SeedError::None)?.window();
            }
            window.smoothness = smoothness.unwrap_or_else(|| window.default_smoothness());
            resolved.window = Some(window);
        }
        SpeedRecipe::Intensities => resolved.intensity_range = Some(intensity_range(intensities)?),
        SpeedRecipe::Imported => {}
    }
    Ok(resolved)
}

/// λ such that g is ½ at a gradient which 85 % of the ROI's voxels do not reach: organ borders do, noise and texture
/// do not.
fn edge_scale(strength: &[f32]) -> Result<f32, SpeedError> {
    let mut sample: Vec<f32> = strength.iter().step_by(strength.len().div_ceil(1 << 20)).copied().collect();
    let scale = percentile(&mut sample, 0.85).unwrap_or(0.0);
    if scale > 0.0 { Ok(scale) } else { Err(SpeedError::Constant { value: 0.0 }) }
}

fn intensity_range(intensities: &[f32]) -> Result<[f32; 2], SpeedError> {
    let least = intensities.iter().copied().fold(f32::INFINITY, f32::min);
    let greatest = intensities.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if greatest > least { Ok([least, greatest]) } else { Err(SpeedError::Constant { value: least }) }
}

/// The speed image or the scaled intensities on `grid` (which may be a slice).
pub(crate) fn fields(
    recipe: &Recipe,
    resolved: &Resolved,
    grid: &Geometry,
    mut intensities: Vec<f32>,
    imported: Option<SpeedField>,
) -> Result<(Fields, Option<SpeedField>), PipelineError> {
    let unusable = || PipelineError::Speed { method: recipe.params.method, speed: recipe.speed };
    let chan_vese = recipe.params.method == Method::ChanVese;
    let speed = match (recipe.speed, *resolved) {
        (SpeedRecipe::Edge { sigma_mm, exponent, .. }, Resolved { edge_scale: Some(scale), .. }) if !chan_vese => {
            SpeedField::edge(grid.clone(), &intensities, EdgeOptions { sigma_mm, scale, exponent })?
        }
        (SpeedRecipe::Threshold { sigma_mm, .. }, Resolved { window: Some(window), .. }) if !chan_vese => {
            SpeedField::threshold(grid.clone(), &intensities, window, sigma_mm)?
        }
        (SpeedRecipe::Imported, _) if !chan_vese => imported.ok_or(PipelineError::NoSpeedFile)?,
        (SpeedRecipe::Intensities, Resolved { intensity_range: Some([least, greatest]), .. }) if chan_vese => {
            intensities.iter_mut().for_each(|v| *v = (*v - least) / (greatest - least));
            return Ok((Fields::Intensity(intensities), None));
        }
        _ => return Err(unusable()),
    };
    Ok((Fields::Speed(speed.g.clone()), Some(speed)))
}

/// The ROI evolves as a whole.
fn evolve_volume(
    recipe: &Recipe,
    device: &OpenDevice,
    resolved: &Resolved,
    grid: &Geometry,
    intensities: Vec<f32>,
    imported: Option<SpeedField>,
    mut start: LevelSet,
    clock: &mut Clock,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Evolved, PipelineError> {
    let _ = progress(Progress::Stage("speed"));
    let (fields, speed) = fields(recipe, resolved, grid, intensities, imported)?;
    clock.lap("speed");
    let _ = progress(Progress::Stage("evolve"));
    start.clamp(start.grid().band_mm(&recipe.params));
    let stepper = device.stepper(start.grid(), fields, recipe.params, &start.phi)?;
    let mut evolution = Evolution::with_history(stepper, recipe.stop, History::new(u64::MAX, 0))?;
    let stop = run(&mut evolution, recipe, |evolution| progress(Progress::Step { evolution, grid, slice: None }))?;
    let device = evolution.stepper().device();
    let (last, leaks) = (evolution.report(), evolution.warnings().to_vec());
    let phi = evolution.phi()?;
    Ok(Evolved { phi, speed, last, iterations: last.step, stop, leaks, slices: Vec::new(), device })
}

/// Steps until the rule or the caller stops it; the start counts as a step to look at.
pub(crate) fn run(
    evolution: &mut Evolution,
    recipe: &Recipe,
    mut look: impl FnMut(&mut Evolution) -> ControlFlow<()>,
) -> Result<StopReason, EvolutionError> {
    use crate::levelset::EvolutionState::{Ready, Stopped};
    let mut go_on = look(evolution);
    loop {
        match (evolution.state(), go_on) {
            (Stopped(reason), _) => return Ok(reason),
            (Ready, ControlFlow::Break(())) => evolution.cancel(),
            (Ready, ControlFlow::Continue(())) => {
                evolution.advance(recipe.steps_per_check.max(1))?;
                go_on = look(evolution);
            }
        }
    }
}

fn report(
    recipe: &Recipe,
    resolved: Resolved,
    evolved: &Evolved,
    labels: &LabelMap,
    grid: Geometry,
    timings_s: BTreeMap<String, f64>,
) -> Report {
    let stop = evolved.stop;
    let mut warnings: Vec<String> = evolved.leaks.iter().map(ToString::to_string).collect();
    if !stop.converged() && !matches!(stop, StopReason::Leak { .. }) {
        warnings.push(format!("the evolution did not converge: {stop}"));
    }
    Report {
        program: "Zeroset".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source: None,
        init: None,
        speed_file: None,
        recipe: recipe.clone(),
        resolved,
        iterations: evolved.iterations,
        time: evolved.last.time,
        dt: evolved.last.stats.dt,
        stop,
        stop_text: stop.to_string(),
        leaks: evolved.leaks.clone(),
        warnings,
        volume_ml: labels.volume_ml(recipe.label),
        voxels: labels.count(recipe.label),
        last: evolved.last,
        slices: evolved.slices.clone(),
        device: evolved.device.clone(),
        timings_s,
        geometry: labels.geometry().clone(),
        grid,
    }
}

/// Seconds per stage.
struct Clock {
    since: Instant,
    laps: BTreeMap<String, f64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { since: Instant::now(), laps: BTreeMap::new() }
    }
}

impl Clock {
    fn lap(&mut self, stage: &str) {
        self.laps.insert(stage.to_owned(), self.since.elapsed().as_secs_f64());
        self.since = Instant::now();
    }
}
