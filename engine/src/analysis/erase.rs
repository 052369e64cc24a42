//! Takes components out of a φ, so that what remains is still a distance.

use super::components::Components;
use crate::filter::signed_distance_mm;
use crate::geometry::Geometry;
use crate::slices::axial_axis;

/// How far around what is taken out φ is mended, mm: beyond the band of every network.
const REACH_MM: f64 = 40.0;

/// Takes the components that `keeps` does not hold for out of φ (mm, negative inside).
///
/// Networks give the distance within axial slices, so it is mended slice by slice: around what is taken out, pixels that
/// are nearer to it than to what stays get their distance from what stays (at most the greatest φ of the volume). All
/// others keep their value to the bit.
///
/// # Panics
/// When φ does not fill the grid.
pub fn erase(phi_mm: &mut [f32], grid: &Geometry, components: &Components, keeps: impl Fn(usize) -> bool) {
    assert_eq!(phi_mm.len(), grid.len(), "phi must fill the grid");
    if (0..components.parts().len()).all(&keeps) {
        return;
    }
    let (size, axis) = (grid.size(), axial_axis(grid));
    let stride = [1, size[0], size[0] * size[1]];
    let far_mm = phi_mm.iter().copied().filter(|phi| phi.is_finite()).fold(0.0_f32, f32::max).max(1.0);
    let mut taken: Vec<Vec<usize>> = vec![Vec::new(); size[axis]];
    for part in (0..components.parts().len()).filter(|&part| !keeps(part)) {
        for index in components.voxels(part) {
            taken[index / stride[axis] % size[axis]].push(index);
        }
    }
    for (slice, taken) in taken.iter_mut().enumerate().filter(|(_, taken)| !taken.is_empty()) {
        // Components come one after the other.
        taken.sort_unstable();
        mend(phi_mm, &Window::around(grid, axis, slice, taken), taken, far_mm);
    }
}

/// A rectangle of an axial slice.
struct Window {
    /// Linear offset of its first pixel, offsets to the next one across and down.
    start: usize,
    strides: [usize; 2],
    size: [usize; 2],
    spacing_mm: [f64; 2],
}

impl Window {
    /// The pixels within reach of some voxels of a slice.
    fn around(grid: &Geometry, axis: usize, slice: usize, voxels: &[usize]) -> Self {
        let size = grid.size();
        let stride = [1, size[0], size[0] * size[1]];
        let axes = [[1, 2], [0, 2], [0, 1]][axis];
        let spacing_mm = axes.map(|d| grid.spacing_mm()[d]);
        let span = |k: usize| {
            let d = axes[k];
            let along = || voxels.iter().map(|index| index / stride[d] % size[d]);
            let reach = (REACH_MM / spacing_mm[k]).ceil() as usize;
            let lower = along().min().unwrap_or(0).saturating_sub(reach);
            (lower, (along().max().unwrap_or(0) + reach + 1).min(size[d]))
        };
        let [(u0, u1), (v0, v1)] = [span(0), span(1)];
        let strides = axes.map(|d| stride[d]);
        let start = slice * stride[axis] + u0 * strides[0] + v0 * strides[1];
        Self { start, strides, size: [u1 - u0, v1 - v0], spacing_mm }
    }

    fn offset(&self, pixel: usize) -> usize {
        self.start + pixel % self.size[0] * self.strides[0] + pixel / self.size[0] * self.strides[1]
    }
}

fn mend(phi_mm: &mut [f32], window: &Window, taken: &[usize], far_mm: f32) {
    let pixels = window.size[0] * window.size[1];
    let of_gone: Vec<bool> = (0..pixels).map(|pixel| taken.binary_search(&window.offset(pixel)).is_ok()).collect();
    let of_kept: Vec<bool> = (0..pixels).map(|pixel| phi_mm[window.offset(pixel)] < 0.0 && !of_gone[pixel]).collect();
    let ([width, height], [u_mm, v_mm]) = (window.size, window.spacing_mm);
    let distance = |mask: &[bool]| signed_distance_mm(mask, [width, height, 1], [u_mm, v_mm, 1.0]);
    let (to_gone, to_kept) = (distance(&of_gone), distance(&of_kept));
    for pixel in (0..pixels).filter(|&pixel| to_gone[pixel] < to_kept[pixel]) {
        phi_mm[window.offset(pixel)] = to_kept[pixel].min(far_mm);
    }
}
