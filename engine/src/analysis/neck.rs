//! Where a kidney narrows as no kidney does: something else, bowel mostly, hangs on it.
//!
//! The cross-sections of a kidney grow from its poles to its middle. A valley between two larger ones is where a contour
//! went on into another organ. (Or a slice that a network nearly missed, so nothing is cut off there: a person looks.)

use super::components::Components;
use crate::geometry::Geometry;
use crate::slices::axial_axis;

/// Cross-section at the neck, as a part of the smaller of the largest ones above and below.
const SHARE: f64 = 0.35;
/// Least volume on either side, mL: a frayed pole is none.
const LEAST_ML: f64 = 10.0;

/// The narrowest place of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neck {
    /// Where, world S, mm.
    pub at_mm: f64,
    /// Volume of the lesser side, mL.
    pub lesser_ml: f64,
}

/// The neck of a component along the patient's axis, where there is one.
pub(super) fn neck(components: &Components, part: usize, grid: &Geometry) -> Option<Neck> {
    let axis = axial_axis(grid);
    let stride: usize = grid.size()[..axis].iter().product();
    let component = &components.parts()[part];
    let (first, last) = (component.lower[axis], component.upper[axis]);
    let mut voxels = vec![0_usize; last - first];
    for index in components.voxels(part) {
        voxels[index / stride % grid.size()[axis] - first] += 1;
    }
    let ml = |voxels: usize| voxels as f64 * grid.voxel_volume_mm3() / 1000.0;
    let share = |at: usize| {
        let (below, above) = (&voxels[..at], &voxels[at + 1..]);
        let largest = |side: &[usize]| side.iter().copied().max().unwrap_or(0);
        let lesser_ml = ml(below.iter().sum::<usize>().min(above.iter().sum()));
        let lesser = largest(below).min(largest(above));
        (lesser > 0 && lesser_ml >= LEAST_ML).then(|| (voxels[at] as f64 / lesser as f64, lesser_ml))
    };
    let necks = (0..voxels.len()).filter_map(|at| share(at).map(|(share, lesser_ml)| (at, share, lesser_ml)));
    let (at, share, lesser_ml) = necks.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut voxel = component.centre_voxel;
    voxel[axis] = (first + at) as f64;
    (share < SHARE).then(|| Neck { at_mm: grid.world_of_voxel(voxel)[2], lesser_ml })
}
