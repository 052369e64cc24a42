//! Slice-by-slice work: each slice evolves alone, and its result starts the next slice up and down the organ.
//!
//! The slices are those across the stored axis nearest to the patient's long axis (axial slices). Seeds give the start
//! slices: for each seed the slice nearest to its centre, where the seeds' circles are the start contour; an initial
//! mask makes every slice that it has a contour in a start slice. Every other slice starts from the result of its
//! neighbour on the way to the nearest start slice. An edge contour only grows, so it is drawn in a little before it
//! is carried on; region and Chan–Vese contours move both ways and are carried as they are.
//!
//! The walk in one direction ends where the contour vanishes, where the slice offers nothing to contour, or where it
//! leaks: into the border of the ROI, or to a multiple of the area that the neighbour had (organs change less than that
//! from one slice to the next).

use crate::device::OpenDevice;
use crate::geometry::{Geometry, GeometryError};
use crate::levelset::evolution::Evolution;
use crate::levelset::history::{History, StepReport};
use crate::levelset::phi::grid_of;
use crate::levelset::speed::{SpeedError, SpeedField, SpeedKind};
use crate::levelset::{LeakWarning, LevelSet, Method, StopReason};
use crate::pipeline::{Evolved, PipelineError, Progress, fields, run};
use crate::recipe::{Recipe, Resolved, SliceReport, SpeedRecipe};
use crate::roi::Roi;
use std::ops::ControlFlow;

/// A slice with more than this many times the area of the slice that it started from has leaked…
const GREATEST_GROWTH: f64 = 2.0;
/// … provided that the area grew by more than this, mm²: the first slices of an organ grow fast.
const GROWTH_THAT_MATTERS_MM2: f64 = 500.0;

/// The stored axis across axial slices.
pub fn axial_axis(geometry: &Geometry) -> usize {
    geometry.closest_world_axes().iter().position(|&(world, _)| world == 2).unwrap_or(2)
}

/// Which voxels of a 3D grid make up one slice, and its place in the patient.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The grid of the slice: the two axes in the plane, in their order, and the axis across with one voxel.
    pub geometry: Geometry,
    start: usize,
    strides: [usize; 2],
}

impl Slice {
    /// Slice number `index` across `axis` of `grid`.
    ///
    /// # Errors
    /// Never for an index inside the grid.
    pub fn new(grid: &Geometry, axis: usize, index: usize) -> Result<Self, GeometryError> {
        let [u, v] = [[1, 2], [0, 2], [0, 1]][axis];
        let size = grid.size();
        let stride = [1, size[0], size[0] * size[1]];
        let mut affine = *grid.world_from_voxel();
        for (to, from) in [u, v, axis].into_iter().enumerate() {
            affine.set_column(to, &grid.world_from_voxel().column(from));
        }
        let mut first = [0.0; 3];
        first[axis] = index as f64;
        let origin = grid.world_of_voxel(first);
        for d in 0..3 {
            affine[(d, 3)] = origin[d];
        }
        let geometry = Geometry::new([size[u], size[v], 1], affine)?;
        Ok(Self { geometry, start: index * stride[axis], strides: [stride[u], stride[v]] })
    }

    fn offset(&self, pixel: usize) -> usize {
        let width = self.geometry.size()[0];
        self.start + pixel % width * self.strides[0] + pixel / width * self.strides[1]
    }

    /// The slice's values out of those of the 3D grid.
    pub fn take(&self, values: &[f32]) -> Vec<f32> {
        (0..self.geometry.len()).map(|pixel| values[self.offset(pixel)]).collect()
    }

    /// Puts the slice's values into those of the 3D grid.
    pub fn put(&self, slice: &[f32], values: &mut [f32]) {
        for (pixel, &value) in slice.iter().enumerate() {
            values[self.offset(pixel)] = value;
        }
    }
}

/// A slice with its axes in stored order, one voxel along `axis`; its values lie in the same order as in [`Slice`].
fn stored_geometry(grid: &Geometry, axis: usize, index: usize) -> Result<Geometry, GeometryError> {
    let (mut lower, mut size) = ([0; 3], grid.size());
    (lower[axis], size[axis]) = (index, 1);
    grid.cropped(lower, size)
}

/// What one slice left behind.
struct Done {
    phi: Vec<f32>,
    g: Option<Vec<f32>>,
    report: SliceReport,
    leaks: Vec<LeakWarning>,
    device: String,
}

/// Evolves all slices of `grid` that can be reached from the start contour.
///
/// # Errors
/// As [`crate::pipeline::segment`].
pub(crate) fn evolve(
    recipe: &Recipe,
    device: &OpenDevice,
    resolved: &Resolved,
    roi: &Roi,
    axis: usize,
    grid: &Geometry,
    intensities: &[f32],
    imported: Option<SpeedField>,
    start: &LevelSet,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Evolved, PipelineError> {
    let _ = progress(Progress::Stage("evolve"));
    let bound_mm = grid_of(&Slice::new(grid, axis, 0)?.geometry).band_mm(&recipe.params).min(1e4);
    let kind = match recipe.speed {
        SpeedRecipe::Edge { .. } => Some(SpeedKind::Edge),
        SpeedRecipe::Threshold { .. } => Some(SpeedKind::Region),
        SpeedRecipe::Imported => Some(SpeedKind::Imported),
        SpeedRecipe::Intensities => None,
    };
    let speed = kind.map(|kind| SpeedField { grid: grid.clone(), g: vec![0.0; grid.len()], kind });
    let result = Evolved {
        phi: vec![bound_mm; grid.len()],
        speed,
        last: StepReport::default(),
        iterations: 0,
        stop: StopReason::Vanished,
        leaks: Vec::new(),
        slices: Vec::new(),
        device: String::new(),
    };
    let imported = imported.map(|speed| speed.g);
    let mut walk =
        Walk { recipe, device, resolved, first: roi.lower[axis], axis, grid, intensities, imported, progress, result };
    let starts = walk.start_slices(start)?;
    for (number, (index, contour)) in starts.iter().enumerate() {
        let done = walk.slice(*index, contour.clone(), None)?;
        if !done.report.kept {
            continue;
        }
        // Each start works up and down to the middle between it and its neighbours.
        let lowest = number.checked_sub(1).map_or(0, |before| (starts[before].0 + index).div_ceil(2));
        let end = starts.get(number + 1).map_or(grid.size()[axis], |next| (index + next.0).div_ceil(2));
        walk.along(&done, index + 1..end)?;
        walk.along(&done, (lowest..*index).rev())?;
    }
    Ok(walk.result)
}

/// The slices done so far, and what the others need.
struct Walk<'a> {
    recipe: &'a Recipe,
    device: &'a OpenDevice,
    resolved: &'a Resolved,
    /// Slice of the scan at which the grid begins.
    first: usize,
    axis: usize,
    grid: &'a Geometry,
    intensities: &'a [f32],
    imported: Option<Vec<f32>>,
    progress: &'a mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    result: Evolved,
}

impl Walk<'_> {
    /// The slices that seeds or mask give, ascending, with their contours.
    fn start_slices(&self, start: &LevelSet) -> Result<Vec<(usize, Vec<f32>)>, PipelineError> {
        let count = self.grid.size()[self.axis];
        let mut nearest = vec![self.recipe.seeds.is_empty(); count];
        for seed in &self.recipe.seeds {
            let position = self.grid.voxel_of_world(seed.center_mm)[self.axis].round();
            nearest[position.clamp(0.0, (count - 1) as f64) as usize] = true;
        }
        let mut starts = Vec::new();
        for index in (0..count).filter(|&i| nearest[i]) {
            let slice = Slice::new(self.grid, self.axis, index)?;
            let contour = if self.recipe.seeds.is_empty() {
                let inside = slice.take(&start.phi);
                let on_slice = LevelSet::from_mask(slice.geometry, |pixel| inside[pixel] < 0.0);
                // A slice that the mask leaves out, or fills, is no start.
                let Ok(on_slice) = on_slice else { continue };
                on_slice
            } else {
                LevelSet::from_seeds(slice.geometry, &self.recipe.seeds)
            };
            starts.push((index, contour.phi));
        }
        Ok(starts)
    }

    /// Carries a result from slice to slice as far as it goes.
    fn along(&mut self, start: &Done, slices: impl Iterator<Item = usize>) -> Result<(), PipelineError> {
        let mut before = (start.report, start.phi.clone());
        for index in slices {
            let Some(contour) = self.carried(index, &before.1)? else { break };
            let done = match self.slice(index, contour, Some(before.0)) {
                // A slice of one value (padding, air) is where the walk ends, not a failure.
                Err(PipelineError::SpeedImage(SpeedError::Constant { .. })) => break,
                other => other?,
            };
            if !done.report.kept {
                break;
            }
            before = (done.report, done.phi);
        }
        Ok(())
    }

    /// The contour with which slice `index` starts; `None` where nothing is left of the one before.
    fn carried(&self, index: usize, phi: &[f32]) -> Result<Option<Vec<f32>>, PipelineError> {
        let contour = match self.recipe.params.method {
            Method::Region => phi.to_vec(),
            Method::Edge => {
                let draw_in_mm = 2.0 * grid_of(self.grid).h_min();
                phi.iter().map(|v| v + draw_in_mm).collect()
            }
            Method::ChanVese => {
                // A dense phi has grown steep where it was sure: only its contour is carried, not its certainty.
                let geometry = Slice::new(self.grid, self.axis, index)?.geometry;
                LevelSet::from_mask(geometry, |pixel| phi[pixel] < 0.0).map_or_else(|_| Vec::new(), |set| set.phi)
            }
        };
        Ok(contour.iter().any(|&v| v < 0.0).then_some(contour))
    }

    /// One slice alone; its result joins the others.
    fn slice(&mut self, index: usize, contour: Vec<f32>, before: Option<SliceReport>) -> Result<Done, PipelineError> {
        let slice = Slice::new(self.grid, self.axis, index)?;
        let kind = self.result.speed.as_ref().map_or(SpeedKind::Imported, |speed| speed.kind);
        let imported =
            self.imported.as_ref().map(|g| SpeedField { grid: slice.geometry.clone(), g: slice.take(g), kind });
        let pixels = slice.take(self.intensities);
        let (fields, speed) = fields(self.recipe, self.resolved, &slice.geometry, pixels, imported)?;
        let mut start = LevelSet { geometry: slice.geometry.clone(), phi: contour };
        start.clamp(start.grid().band_mm(&self.recipe.params));
        let stepper = self.device.stepper(start.grid(), fields, self.recipe.params, &start.phi)?;
        let mut evolution = Evolution::with_history(stepper, self.recipe.stop, History::new(u64::MAX, 0))?;
        let place = (self.first + index, self.axis);
        let stored = stored_geometry(self.grid, self.axis, index)?;
        let progress = &mut *self.progress;
        let stop = run(&mut evolution, self.recipe, |evolution| {
            progress(Progress::Step { evolution, grid: &stored, slice: Some(place) })
        })?;
        let report = SliceReport {
            slice: place.0,
            carried_from: before.map(|b| b.slice),
            last: evolution.report(),
            stop,
            kept: keeps(stop, evolution.report(), before, slice.geometry.spacing_mm()[2]),
        };
        let done = Done {
            phi: evolution.phi()?,
            g: speed.map(|s| s.g),
            report,
            leaks: evolution.warnings().to_vec(),
            device: evolution.stepper().device(),
        };
        self.join(&slice, &done);
        Ok(done)
    }

    fn join(&mut self, slice: &Slice, done: &Done) {
        let result = &mut self.result;
        if let (Some(all), Some(g)) = (result.speed.as_mut(), &done.g) {
            slice.put(g, &mut all.g);
        }
        if done.report.kept {
            slice.put(&done.phi, &mut result.phi);
            for leak in &done.leaks {
                let same = |w: &LeakWarning| std::mem::discriminant(w) == std::mem::discriminant(leak);
                if !result.leaks.iter().any(same) {
                    result.leaks.push(*leak);
                }
            }
        }
        let last = done.report.last;
        if result.slices.is_empty() || done.report.carried_from.is_none() {
            result.stop = done.report.stop;
        }
        result.iterations += last.step;
        result.last = if last.time >= result.last.time { last } else { result.last };
        result.device.clone_from(&done.device);
        result.slices.push(done.report);
    }
}

/// Whether a slice's contour is the organ's.
fn keeps(stop: StopReason, last: StepReport, before: Option<SliceReport>, thickness_mm: f64) -> bool {
    if matches!(stop, StopReason::Vanished | StopReason::Leak { .. }) {
        return false;
    }
    let area_mm2 = |report: StepReport| report.stats.volume_ml * 1000.0 / thickness_mm;
    before.is_none_or(|b| {
        let (now, earlier) = (area_mm2(last), area_mm2(b.last));
        now <= GREATEST_GROWTH * earlier || now - earlier <= GROWTH_THAT_MATTERS_MM2
    })
}
