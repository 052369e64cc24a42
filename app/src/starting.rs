//! How an evolution begins: fields and φ on its grid, and the stepper on the chosen device.

use crate::session::evolution::{EvolutionSetup, Place, Start};
use crate::session::{DeviceChoice, SpeedImage};
use anyhow::Context as _;
use rayon::prelude::*;
use zeroset_engine::Geometry;
use zeroset_engine::Roi;
use zeroset_engine::filter::trilinear;
use zeroset_engine::gpu::{GpuContext, GpuStepper};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::phi::grid_of;
use zeroset_engine::levelset::{Evolution, Fields, LevelSet, Method, Stepper, seeds};
use zeroset_engine::slices::Slice;

/// The window's graphics device, when it may be used to compute.
#[derive(Clone, Default)]
pub struct Gpu {
    /// Device, queue and what they are.
    pub device: Option<(wgpu::Device, wgpu::Queue, wgpu::AdapterInfo)>,
}

impl Gpu {
    /// Whether it is a real GPU (and not a program that stands in for one).
    pub fn is_real(&self) -> bool {
        self.device.as_ref().is_some_and(|(_, _, info)| info.device_type != wgpu::DeviceType::Cpu)
    }
}

/// An evolution that can begin.
pub struct Started {
    /// The evolution.
    pub evolution: Evolution,
    /// φ on the graphics device, where it steps there: panes draw from it.
    pub phi_buffer: Option<wgpu::Buffer>,
}

/// The evolution that a setup describes.
///
/// # Errors
/// Seeds outside the scan or the ROI, an empty start, parameters out of range, a device that cannot do it.
pub fn evolution(setup: &EvolutionSetup, gpu: &Gpu) -> anyhow::Result<Started> {
    let phi = start(setup)?;
    let fields = fields(&setup.speed, &setup.place, setup.params.method)?;
    let grid = grid_of(&setup.place.geometry);
    let on_gpu = match setup.device {
        DeviceChoice::Cpu => false,
        DeviceChoice::Auto => gpu.is_real(),
        DeviceChoice::Gpu => true,
    };
    let (stepper, phi_buffer): (Box<dyn Stepper>, _) = match &gpu.device {
        Some((device, queue, info)) if on_gpu => {
            let context = GpuContext::from_existing(device.clone(), queue.clone(), info.clone());
            let stepper = GpuStepper::new(&context, grid, fields, setup.params, &phi)?;
            let buffer = stepper.phi_buffer().clone();
            (Box::new(stepper), Some(buffer))
        }
        None if on_gpu => anyhow::bail!("there is no graphics device to compute on: choose the CPU"),
        _ => (Box::new(CpuStepper::new(grid, fields, setup.params, &phi)?), None),
    };
    Ok(Started { evolution: Evolution::new(stepper, setup.stop)?, phi_buffer })
}

/// φ at t = 0.
fn start(setup: &EvolutionSetup) -> anyhow::Result<Vec<f32>> {
    let grid = &setup.place.geometry;
    let mut phi = contour(&setup.start, &setup.scan, &setup.place.roi, &setup.speed.geometry, grid)?;
    if matches!(setup.start, Start::Phi(_) | Start::Field(..)) {
        let draw_in_mm = draw_in_mm(setup.params.method, grid);
        phi.iter_mut().for_each(|v| *v += draw_in_mm);
        anyhow::ensure!(phi.iter().any(|&v| v < 0.0), "nothing of the contour is left to carry on");
    }
    if matches!(setup.start, Start::Phi(_)) {
        return Ok(phi);
    }
    let mut level_set = LevelSet { phi, geometry: grid.clone() };
    let band = grid_of(grid).band_mm(&setup.params);
    level_set.clamp(band);
    Ok(level_set.phi)
}

/// An edge contour only grows: one that is there already is drawn in by so much first, mm.
pub(crate) fn draw_in_mm(method: Method, grid: &Geometry) -> f32 {
    if method == Method::Edge { 2.0 * grid_of(grid).h_min() } else { 0.0 }
}

/// φ of a start on `grid`, as it is given; `whole` is the grid of the region.
///
/// # Errors
/// A start that has no contour there.
pub(crate) fn contour(
    start: &Start,
    scan: &Geometry,
    roi: &Roi,
    whole: &Geometry,
    grid: &Geometry,
) -> anyhow::Result<Vec<f32>> {
    let phi = match start {
        Start::Phi(phi) => phi.to_vec(),
        Start::Field(own, phi) => {
            let phi = onto(grid, own, phi);
            anyhow::ensure!(
                phi.iter().any(|&v| v < 0.0),
                "nothing of the contour lies here: make the region larger, or go to a slice that it crosses"
            );
            phi
        }
        Start::Seeds(list) => {
            seeds::validate(list, scan, roi, whole)?;
            let phi = LevelSet::from_seeds(grid.clone(), list).phi;
            anyhow::ensure!(
                phi.iter().any(|&v| v < 0.0),
                "no seed reaches this slice: place one in it, or move the cursor to the slice of a seed"
            );
            phi
        }
        Start::Label(labels, label) => {
            let affine = labels.geometry().voxel_from_world() * grid.world_from_voxel();
            let (size, [nx, ny, _]) = (labels.geometry().size(), grid.size());
            let set = LevelSet::from_mask(grid.clone(), |index| {
                let voxel = [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64);
                let at: [f64; 3] = std::array::from_fn(|r| {
                    affine[(r, 0)] * voxel[0] + affine[(r, 1)] * voxel[1] + affine[(r, 2)] * voxel[2] + affine[(r, 3)]
                });
                let near = at.map(f64::round);
                (0..3).all(|d| near[d] >= 0.0 && near[d] < size[d] as f64)
                    && labels.at(near.map(|v| v as usize)) == *label
            });
            set.context("the active label cannot be a start")?.phi
        }
    };
    Ok(phi)
}

/// φ at the voxels of `grid`, trilinear; beside its own grid the greatest value it has.
pub(crate) fn onto(grid: &Geometry, own: &Geometry, phi: &[f32]) -> Vec<f32> {
    let affine = own.voxel_from_world() * grid.world_from_voxel();
    let (size, [nx, ny, _]) = (own.size(), grid.size());
    let far_mm = phi.iter().copied().fold(0.0, f32::max);
    let value = |index: usize| {
        let voxel = [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64);
        let at: [f64; 3] = std::array::from_fn(|r| {
            affine[(r, 0)] * voxel[0] + affine[(r, 1)] * voxel[1] + affine[(r, 2)] * voxel[2] + affine[(r, 3)]
        });
        let is_inside = (0..3).all(|d| at[d] >= -0.5 && at[d] < size[d] as f64 - 0.5);
        if is_inside { trilinear(phi, size, at) } else { far_mm }
    };
    (0..grid.len()).into_par_iter().map(value).collect()
}

/// Speed or intensities on the evolution's grid.
pub(crate) fn fields(speed: &SpeedImage, place: &Place, method: Method) -> anyhow::Result<Fields> {
    let samples = match place.slice {
        None => speed.samples.to_vec(),
        Some(slice) => {
            let local = slice.index - place.roi.lower[slice.axis];
            Slice::new(&speed.geometry, slice.axis, local)?.take(&speed.samples)
        }
    };
    Ok(match method {
        Method::ChanVese => Fields::Intensity(samples),
        Method::Edge | Method::Region => Fields::Speed(samples),
    })
}
