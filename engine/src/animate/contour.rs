//! The zero set of phi in a slice: marching squares with linear interpolation.

use crate::geometry::Geometry;

/// phi (mm, negative inside) on a lattice within one slice of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct PhiSlice {
    /// Lattice points along the slice's two voxel axes, in ascending order of the axes.
    size: [usize; 2],
    /// Values, first axis fastest.
    values: Vec<f32>,
    /// Scan voxel of the first lattice point, and scan voxels from one lattice point to the next.
    origin: [f64; 2],
    step: [f64; 2],
}

/// The two voxel axes of slices across `axis`, ascending.
pub(super) fn slice_axes(axis: usize) -> [usize; 2] {
    match axis {
        0 => [1, 2],
        1 => [0, 2],
        _ => [0, 1],
    }
}

impl PhiSlice {
    /// The slice `index` across voxel axis `axis` of the scan, out of phi on `grid`: the scan's own grid, a box of
    /// it, or a resampled box with the same axes. Between two layers of `grid` phi is interpolated; beyond its
    /// first and last layer (by up to half a layer) it is repeated. `None` when the slice misses the grid.
    ///
    /// # Panics
    /// When phi does not fill the grid.
    pub fn new(phi: &[f32], grid: &Geometry, scan: &Geometry, axis: usize, index: usize) -> Option<Self> {
        assert_eq!(phi.len(), grid.len(), "phi must fill its grid");
        let first = scan.voxel_of_world(grid.world_of_voxel([0.0; 3]));
        let next = scan.voxel_of_world(grid.world_of_voxel([1.0; 3]));
        let step: [f64; 3] = std::array::from_fn(|d| next[d] - first[d]);
        let size = grid.size();
        let layer = (index as f64 - first[axis]) / step[axis];
        let last = (size[axis] - 1) as f64;
        // A rounding of the affines must not lose the outermost layer.
        let slack = 0.5 + 1e-3;
        if !(-slack..=last + slack).contains(&layer) {
            return None;
        }
        let layer = layer.clamp(0.0, last);
        let (low, t) = (layer.floor() as usize, (layer - layer.floor()) as f32);
        let high = (low + 1).min(size[axis] - 1);
        let [a, b] = slice_axes(axis);
        let mut values = Vec::with_capacity(size[a] * size[b]);
        for j in 0..size[b] {
            for i in 0..size[a] {
                let mut voxel = [0; 3];
                (voxel[a], voxel[b], voxel[axis]) = (i, j, low);
                let below = phi[grid.index(voxel)];
                voxel[axis] = high;
                let above = phi[grid.index(voxel)];
                values.push(below + (above - below) * t);
            }
        }
        Some(Self { size: [size[a], size[b]], values, origin: [first[a], first[b]], step: [step[a], step[b]] })
    }

    /// A mask's outline on the scan's grid, half way between voxels inside and outside.
    ///
    /// # Panics
    /// When the slice lies outside the grid.
    pub fn of_mask(inside: impl Fn(usize) -> bool, scan: &Geometry, axis: usize, index: usize) -> Self {
        let size = scan.size();
        assert!(index < size[axis], "slice {index} of {} along axis {axis}", size[axis]);
        let [a, b] = slice_axes(axis);
        let mut values = Vec::with_capacity(size[a] * size[b]);
        for j in 0..size[b] {
            for i in 0..size[a] {
                let mut voxel = [0; 3];
                (voxel[a], voxel[b], voxel[axis]) = (i, j, index);
                values.push(if inside(scan.index(voxel)) { -0.5 } else { 0.5 });
            }
        }
        Self { size: [size[a], size[b]], values, origin: [0.0; 2], step: [1.0; 2] }
    }

    /// Line segments of the zero set: pairs of positions in scan voxels along the slice's two axes (ascending).
    ///
    /// Saddles are decided by the mean of the four corners. Cells with a value that is no number are left out.
    pub fn segments(&self) -> Vec<[[f64; 2]; 2]> {
        let [nx, ny] = self.size;
        let mut segments = Vec::new();
        for j in 0..ny.saturating_sub(1) {
            for i in 0..nx.saturating_sub(1) {
                let corner = |k: usize| self.values[(j + k / 2) * nx + i + k % 2];
                // Corners in the order 00, 10, 01, 11.
                let v = [corner(0), corner(1), corner(2), corner(3)];
                if v.iter().any(|v| !v.is_finite()) {
                    continue;
                }
                let inside = v.map(|v| v < 0.0);
                if inside.iter().all(|&s| s) || inside.iter().all(|&s| !s) {
                    continue;
                }
                // Edges: bottom 0-1, right 1-3, top 2-3, left 0-2.
                let cut = |p: usize, q: usize| {
                    let t = f64::from(v[p]) / (f64::from(v[p]) - f64::from(v[q]));
                    let at = |k: usize| [(i + k % 2) as f64, (j + k / 2) as f64];
                    let (a, b) = (at(p), at(q));
                    std::array::from_fn(|d| self.origin[d] + self.step[d] * (a[d] + (b[d] - a[d]) * t))
                };
                let edges = [(0, 1), (1, 3), (3, 2), (2, 0)];
                let crossed: Vec<usize> = (0..4).filter(|&e| inside[edges[e].0] != inside[edges[e].1]).collect();
                let point = |e: usize| cut(edges[e].0, edges[e].1);
                if let [first, second] = crossed[..] {
                    segments.push([point(first), point(second)]);
                } else {
                    // A saddle: cut off the corners whose sign is not that of the middle.
                    let middle_inside = v.iter().sum::<f32>() < 0.0;
                    let pairs = if inside[0] == middle_inside { [(0, 1), (2, 3)] } else { [(3, 0), (1, 2)] };
                    segments.extend(pairs.map(|(p, q)| [point(p), point(q)]));
                }
            }
        }
        segments
    }
}
