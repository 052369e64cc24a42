//! The classical method of the table: the region level set, given what the learned methods are given.

use crate::analysis::Components;
use crate::device::Device;
use crate::infer::OrganPhi;
use crate::label::LabelMap;
use crate::levelset::Method;
use crate::pipeline::{Input, PipelineError, segment};
use crate::recipe::Recipe;
use crate::roi::Roi;
use crate::volume::Volume;
use std::ops::ControlFlow;
use std::time::Instant;

/// Room around a part of the start contour, mm: what the box leaves a contour to grow.
const MARGIN_MM: f64 = 15.0;
/// A part of fewer voxels says nothing of the organ's intensities: it is left out, as a box around it would be.
const LEAST_VOXELS: usize = 64;

/// Where the level set ended.
#[derive(Clone, Debug)]
pub struct LevelSetRun {
    /// φ on the scan's grid.
    pub phi: OrganPhi,
    /// Mean steps per part.
    pub steps: f64,
    /// Seconds.
    pub duration_s: f64,
}

/// Evolves each part of a contour in a box of its own by the region level set with the defaults of `segment`: the window
/// is median ± the usual number of deviations of the intensities inside the part.
pub fn evolve_by_region(scan: &Volume, start: &OrganPhi) -> Result<LevelSetRun, PipelineError> {
    let began = Instant::now();
    let grid = scan.geometry();
    let (size, spacing_mm) = (grid.size(), grid.spacing_mm());
    let [nx, ny, _] = size;
    let components = Components::of(size, |index| start.phi_mm[index] < 0.0);
    let far_mm = start.phi_mm.iter().copied().fold(1.0, f32::max);
    let mut phi_mm = vec![far_mm; grid.len()];
    let (mut steps, mut parts) = (0, 0);
    for (number, part) in components.parts().iter().enumerate().filter(|(_, part)| part.voxels >= LEAST_VOXELS) {
        let margin = |d: usize| (MARGIN_MM / spacing_mm[d]).ceil() as usize;
        let roi = Roi {
            lower: std::array::from_fn(|d| part.lower[d].saturating_sub(margin(d))),
            upper: std::array::from_fn(|d| (part.upper[d] + margin(d)).min(size[d])),
            resample: None,
        };
        let mut labels = vec![0u16; grid.len()];
        components.voxels(number).for_each(|index| labels[index] = 1);
        let init = LabelMap::new(grid.clone(), labels);
        let recipe = Recipe { device: Device::Cpu, ..Recipe::new(Method::Region, Vec::new(), Some(roi)) };
        let input = Input { scan, init: Some(&init), speed: None };
        let outcome = segment(&input, &recipe, &mut |_| ControlFlow::Continue(()))?;
        (steps, parts) = (steps + outcome.report.iterations, parts + 1);
        let [bx, by, _] = roi.size();
        for (index, phi) in outcome.phi_in_roi.iter().enumerate() {
            let voxel = [index % bx, index / bx % by, index / (bx * by)];
            let [x, y, z]: [usize; 3] = std::array::from_fn(|d| voxel[d] + roi.lower[d]);
            let on_scan = &mut phi_mm[(z * ny + y) * nx + x];
            *on_scan = on_scan.min(*phi);
        }
    }
    let phi = OrganPhi { organ: start.organ.clone(), phi_mm };
    let steps = if parts == 0 { 0.0 } else { steps as f64 / f64::from(parts) };
    Ok(LevelSetRun { phi, steps, duration_s: began.elapsed().as_secs_f64() })
}
