//! A field with a halo: the border voxel repeated outwards, so that stencils need no bounds test.

use crate::levelset::Grid;
use rayon::prelude::*;

/// Voxels repeated beyond each face: what WENO5 reaches for.
pub const HALO: usize = 3;
/// Voxels of one run along x: one AVX-512 register of f32, two of AVX2.
pub const RUN: usize = 16;

/// Strides and offsets shared by all fields of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Voxels along x, y, z.
    pub size: [usize; 3],
    /// Offset of the neighbour along x, y, z.
    pub stride: [usize; 3],
    /// Offset of voxel (0, 0, 0).
    pub origin: usize,
    /// Values in all.
    pub len: usize,
    /// First x beyond the part of a row that runs may touch.
    padded_x: usize,
    /// Halo along x, y, z (none along z in 2D).
    halo: [usize; 3],
}

impl Layout {
    /// The layout of `grid`.
    pub fn new(grid: &Grid) -> Self {
        let size = grid.size;
        let halo = [HALO, HALO, if grid.dimension() == 3 { HALO } else { 0 }];
        let padded_x = size[0].next_multiple_of(RUN) + HALO;
        // Rows a power of two apart would fall into the same cache sets: keep the row an odd number of cache lines.
        let lines = (HALO + padded_x).div_ceil(RUN);
        let row = RUN * (lines | 1);
        let plane = row * (size[1] + 2 * halo[1]);
        let stride = [1, row, plane];
        let origin = halo[0] + halo[1] * row + halo[2] * plane;
        // A run that starts at the last row may read past it.
        let len = plane * (size[2] + 2 * halo[2]) + RUN;
        Self { size, stride, origin, len, padded_x, halo }
    }

    /// Offset of a voxel.
    #[inline]
    pub fn at(&self, x: usize, y: usize, z: usize) -> usize {
        self.origin + x + y * self.stride[1] + z * self.stride[2]
    }

    /// A field of zeros.
    pub fn zeros(&self) -> Vec<f32> {
        vec![0.0; self.len]
    }

    /// Spreads dense values (x fastest) into a padded field, halo included.
    pub fn pad(&self, dense: &[f32]) -> Vec<f32> {
        let mut field = self.zeros();
        self.copy_from_dense(dense, &mut field);
        field
    }

    /// Writes dense values (x fastest) and their halo into an existing padded field.
    pub fn copy_from_dense(&self, dense: &[f32], field: &mut [f32]) {
        let [nx, ny, nz] = self.size;
        let (first, plane) = (self.at(0, 0, 0), self.stride[2]);
        // Planes start at the first voxel of each slice; the last one needs no more than its rows.
        field[first..].par_chunks_mut(plane).zip(dense.par_chunks(nx * ny)).take(nz).for_each(|(field, dense)| {
            for (y, row) in dense.chunks(nx).enumerate() {
                field[y * self.stride[1]..][..nx].copy_from_slice(row);
            }
        });
        self.refresh_halo(field, [0; 3], self.size);
    }

    /// Gathers the voxels of a padded field, x fastest.
    pub fn unpad(&self, field: &[f32]) -> Vec<f32> {
        let [nx, ny, nz] = self.size;
        let mut dense = Vec::with_capacity(nx * ny * nz);
        for z in 0..nz {
            for y in 0..ny {
                let from = self.at(0, y, z);
                dense.extend_from_slice(&field[from..from + nx]);
            }
        }
        dense
    }

    /// Whether the box of voxels `lower..upper` reaches a face of the grid.
    pub fn touches_border(&self, lower: [usize; 3], upper: [usize; 3]) -> bool {
        (0..3).any(|d| self.halo[d] > 0 && (lower[d] == 0 || upper[d] >= self.size[d]))
    }

    /// Repeats the border voxels of the box `lower..upper` into the halo beside it.
    pub fn refresh_halo(&self, field: &mut [f32], lower: [usize; 3], upper: [usize; 3]) {
        let [nx, ny, nz] = self.size;
        let upper: [usize; 3] = std::array::from_fn(|d| upper[d].min(self.size[d]));
        for z in lower[2]..upper[2] {
            for y in lower[1]..upper[1] {
                let row = self.at(0, y, z);
                if lower[0] == 0 {
                    let value = field[row];
                    field[row - HALO..row].fill(value);
                }
                if upper[0] == nx {
                    let value = field[row + nx - 1];
                    field[row + nx..row + self.padded_x].fill(value);
                }
            }
        }
        // Whole row pieces, with the x halo where the box reaches it, outwards along y and then z.
        let begin = if lower[0] == 0 { 0 } else { lower[0] + HALO };
        let end = if upper[0] == nx { self.padded_x } else { upper[0] } + HALO;
        let row_at = |y: isize, z: isize| {
            (self.origin as isize + y * self.stride[1] as isize + z * self.stride[2] as isize) as usize - HALO
        };
        for z in lower[2]..upper[2] {
            let z = z as isize;
            let mut copy = |from: isize, to: isize| {
                let (from, to) = (row_at(from, z), row_at(to, z));
                field.copy_within(from + begin..from + end, to + begin);
            };
            for step in 1..=self.halo[1] as isize {
                if lower[1] == 0 {
                    copy(0, -step);
                }
                if upper[1] == ny {
                    copy(ny as isize - 1, ny as isize - 1 + step);
                }
            }
        }
        let first_y = if lower[1] == 0 { -(self.halo[1] as isize) } else { lower[1] as isize };
        let last_y = if upper[1] == ny { (ny + self.halo[1]) as isize } else { upper[1] as isize };
        for y in first_y..last_y {
            let mut copy = |from: isize, to: isize| {
                let (from, to) = (row_at(y, from), row_at(y, to));
                field.copy_within(from + begin..from + end, to + begin);
            };
            for step in 1..=self.halo[2] as isize {
                if lower[2] == 0 {
                    copy(0, -step);
                }
                if upper[2] == nz {
                    copy(nz as isize - 1, nz as isize - 1 + step);
                }
            }
        }
    }
}
