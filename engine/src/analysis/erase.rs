//! Takes components out of a φ, so that what remains is still a distance.

use super::components::Components;
use crate::filter::signed_distance_mm;
use crate::geometry::Geometry;
use crate::slices::axial_axis;

/// Takes the components that `keeps` does not hold for out of φ (mm, negative inside).
///
/// Networks give the distance within axial slices, so it is mended slice by slice: pixels that are nearer to what is
/// taken out than to what stays get their distance from what stays (at most the greatest φ of the volume), all others
/// keep their value to the bit.
///
/// # Panics
/// When φ does not fill the grid.
pub fn erase(phi_mm: &mut [f32], grid: &Geometry, components: &Components, keeps: impl Fn(usize) -> bool) {
    assert_eq!(phi_mm.len(), grid.len(), "phi must fill the grid");
    let (size, spacing_mm, axis) = (grid.size(), grid.spacing_mm(), axial_axis(grid));
    let strides = [1, size[0], size[0] * size[1]];
    let [u, v] = [[1, 2], [0, 2], [0, 1]][axis];
    let gone: Vec<usize> = (0..components.parts().len()).filter(|&part| !keeps(part)).collect();
    if gone.is_empty() {
        return;
    }
    let far_mm = phi_mm.iter().copied().filter(|phi| phi.is_finite()).fold(0.0_f32, f32::max).max(1.0);
    let mut taken: Vec<Vec<usize>> = vec![Vec::new(); size[axis]];
    for &part in &gone {
        for index in components.voxels(part) {
            taken[index / strides[axis] % size[axis]].push(index);
        }
    }
    for (slice, taken) in taken.iter().enumerate().filter(|(_, taken)| !taken.is_empty()) {
        let (width, pixels) = (size[u], size[u] * size[v]);
        let offset = |pixel: usize| slice * strides[axis] + pixel % width * strides[u] + pixel / width * strides[v];
        let pixel_of = |index: usize| index / strides[u] % size[u] + width * (index / strides[v] % size[v]);
        let mut of_gone = vec![false; pixels];
        taken.iter().for_each(|&index| of_gone[pixel_of(index)] = true);
        let of_kept: Vec<bool> = (0..pixels).map(|pixel| phi_mm[offset(pixel)] < 0.0 && !of_gone[pixel]).collect();
        let distance =
            |mask: &[bool]| signed_distance_mm(mask, [width, size[v], 1], [spacing_mm[u], spacing_mm[v], 1.0]);
        let (to_gone, to_kept) = (distance(&of_gone), distance(&of_kept));
        for pixel in (0..pixels).filter(|&pixel| to_gone[pixel] < to_kept[pixel]) {
            phi_mm[offset(pixel)] = to_kept[pixel].min(far_mm);
        }
    }
}
