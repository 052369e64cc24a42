//! Where the patient's middle is: scans are not centred on it, and the origin of their coordinates means nothing.

use super::components::Components;
use crate::slices::axial_axis;
use crate::volume::Volume;

/// HU above which a voxel is the patient: fat, most of it, but no air, also in scans that were cut to −125 HU.
const BODY_HU: f32 = -110.0;
/// Every so many voxels along each axis of a slice are looked at.
const STRIDE: usize = 3;

/// World R coordinate (mm) of the middle of the body in the slices in which the mask lies: the mean over its voxels.
/// Of a scan without a body, and for an empty mask, the middle of the grid.
///
/// The mean, not the middle between the outermost voxels: an arm or the couch moves it little.
pub fn midline_mm(scan: &Volume, components: &Components) -> f64 {
    let grid = scan.geometry();
    let (size, axis) = (grid.size(), axial_axis(grid));
    let lower = components.parts().iter().map(|part| part.lower[axis]).min().unwrap_or(0);
    let upper = components.parts().iter().map(|part| part.upper[axis]).max().unwrap_or(0);
    let range = |d: usize| if d == axis { (lower..upper).step_by(1) } else { (0..size[d]).step_by(STRIDE) };
    let (mut sum, mut count) = ([0.0_f64; 3], 0_usize);
    for z in range(2) {
        for y in range(1) {
            for x in range(0) {
                if scan.at([x, y, z]) > BODY_HU {
                    sum = [sum[0] + x as f64, sum[1] + y as f64, sum[2] + z as f64];
                    count += 1;
                }
            }
        }
    }
    let middle = if count > 0 { sum.map(|v| v / count as f64) } else { size.map(|n| (n as f64 - 1.0) / 2.0) };
    grid.world_of_voxel(middle)[0]
}
