//! phi in a narrow band on the CPU: two padded buffers that agree outside the active tiles.

use super::padded::{HALO, Layout};
use super::sweep::{Operation, Sweep};
use super::tiles::{Follow, TileList, Tiling};
use crate::levelset::Grid;
use rayon::prelude::*;

/// The state that sweeps advance.
#[derive(Debug)]
pub struct Band {
    /// Padded layout.
    pub layout: Layout,
    /// Tiles of the grid.
    pub tiling: Tiling,
    /// Active tiles.
    pub list: TileList,
    /// Half width B, mm.
    pub band_mm: f32,
    /// phi as it stands.
    current: Vec<f32>,
    /// The buffer the next sweep writes.
    other: Vec<f32>,
    /// phi before a reinitialisation, or before the step whose rate is asked for; valid in and around the tiles
    /// that were active then.
    snapshot: Vec<f32>,
    flags: Vec<u8>,
    /// Voxels inside (phi = -B) of tiles that are not active.
    inactive_inside: u64,
}

impl Band {
    /// Takes phi (x fastest) and finds the active tiles.
    pub fn new(grid: &Grid, phi: &[f32], band_mm: f32) -> Self {
        let layout = Layout::new(grid);
        let tiling = Tiling::new(&layout);
        let clamped: Vec<f32> = phi.par_iter().map(|v| v.clamp(-band_mm, band_mm)).collect();
        let current = layout.pad(&clamped);
        let tiles = 0..tiling.len() as u32;
        let active: Vec<u32> = tiles
            .clone()
            .into_par_iter()
            .filter(|&tile| !is_settled(&layout, &tiling, &current, band_mm, tile))
            .collect();
        let list = TileList::new(&tiling, active);
        let inactive_inside = tiles
            .filter(|&tile| !list.contains(tile) && current[first_voxel(&layout, &tiling, tile)] < 0.0)
            .map(|tile| tiling.voxels(tile) as u64)
            .sum();
        let (other, snapshot) = (current.clone(), layout.zeros());
        Self { layout, tiling, list, band_mm, current, other, snapshot, flags: Vec::new(), inactive_inside }
    }

    /// phi as it stands, padded.
    pub fn current(&self) -> &[f32] {
        &self.current
    }

    /// The last snapshot, padded.
    pub fn snapshot(&self) -> &[f32] {
        &self.snapshot
    }

    /// Voxels inside of tiles that are not active.
    pub fn inactive_inside(&self) -> u64 {
        self.inactive_inside
    }

    /// Calls `row(offset, length)` for each row of voxels of a tile.
    #[inline(always)]
    pub fn for_tile_rows(&self, tile: u32, mut row: impl FnMut(usize, usize)) {
        let (lower, upper) = self.tiling.bounds(tile);
        for z in lower[2]..upper[2] {
            for y in lower[1]..upper[1] {
                row(self.layout.at(lower[0], y, z), upper[0] - lower[0]);
            }
        }
    }

    /// Voxels inside of tiles that are not active, and the sum of `tile_values` over these tiles.
    pub fn inactive_inside_sums(&self, tile_values: &[f64]) -> (f64, f64) {
        let mut sum = 0.0;
        for tile in 0..self.tiling.len() as u32 {
            if !self.list.contains(tile) && self.current[first_voxel(&self.layout, &self.tiling, tile)] < 0.0 {
                sum += tile_values[tile as usize];
            }
        }
        (self.inactive_inside as f64, sum)
    }

    /// One sweep from the present phi into the other buffer, which becomes the present one. (After a first stage
    /// the other buffer holds phi_n: that is where the second stage finds it.)
    pub fn sweep<O: Operation>(&mut self, operation: &O) {
        self.sweep_into(operation);
        self.follow_band(Follow::Move);
    }

    /// A sweep that is the first of two stages: no tile is dropped, because the second stage reads phi_n there.
    pub fn sweep_first_stage<O: Operation>(&mut self, operation: &O) {
        self.sweep_into(operation);
        self.follow_band(Follow::Grow);
    }

    fn sweep_into<O: Operation>(&mut self, operation: &O) {
        let sweep = Sweep {
            layout: &self.layout,
            tiling: &self.tiling,
            band: self.band_mm,
            from: &self.current,
            to: &mut self.other,
        };
        sweep.run(operation, self.list.active(), &mut self.flags);
        std::mem::swap(&mut self.current, &mut self.other);
    }

    /// Adds the tiles that the band has reached and drops those it has left.
    fn follow_band(&mut self, follow: Follow) {
        let Some(change) = self.list.update(&self.tiling, &self.flags, follow) else { return };
        for &tile in &change.added {
            if self.current[first_voxel(&self.layout, &self.tiling, tile)] < 0.0 {
                self.inactive_inside -= self.tiling.voxels(tile) as u64;
            }
        }
        for &tile in &change.removed {
            // Both buffers agree outside the band.
            copy_tile(&self.layout, &self.tiling, tile, 0, &self.current, &mut self.other);
            let (lower, upper) = self.tiling.bounds(tile);
            if self.layout.touches_border(lower, upper) {
                self.layout.refresh_halo(&mut self.other, lower, upper);
            }
            if self.current[first_voxel(&self.layout, &self.tiling, tile)] < 0.0 {
                self.inactive_inside += self.tiling.voxels(tile) as u64;
            }
        }
    }

    /// Keeps phi of the active tiles, one voxel around them included.
    pub fn take_snapshot(&mut self) {
        for &tile in self.list.active() {
            copy_tile(&self.layout, &self.tiling, tile, 1, &self.current, &mut self.snapshot);
        }
    }
}

fn first_voxel(layout: &Layout, tiling: &Tiling, tile: u32) -> usize {
    let (lower, _) = tiling.bounds(tile);
    layout.at(lower[0], lower[1], lower[2])
}

/// Whether a tile and the voxels around it that any scheme reads are +B throughout or -B throughout.
fn is_settled(layout: &Layout, tiling: &Tiling, phi: &[f32], band: f32, tile: u32) -> bool {
    let (mut above, mut below) = (true, true);
    for_rows(layout, tiling, tile, HALO, |start, len| {
        for &v in &phi[start..start + len] {
            above &= v >= band;
            below &= v <= -band;
        }
    });
    above || below
}

/// Copies a tile with `margin` voxels around it.
fn copy_tile(layout: &Layout, tiling: &Tiling, tile: u32, margin: usize, from: &[f32], to: &mut [f32]) {
    for_rows(layout, tiling, tile, margin, |start, len| {
        to[start..start + len].copy_from_slice(&from[start..start + len]);
    });
}

/// Calls `row(offset, length)` for each row of a tile with `margin` voxels around it (halo included).
fn for_rows(layout: &Layout, tiling: &Tiling, tile: u32, margin: usize, mut row: impl FnMut(usize, usize)) {
    let (lower, upper) = tiling.bounds(tile);
    let margin_z = if layout.size[2] > 1 { margin } else { 0 };
    let first =
        layout.at(lower[0], lower[1], lower[2]) - margin - margin * layout.stride[1] - margin_z * layout.stride[2];
    for z in 0..upper[2] - lower[2] + 2 * margin_z {
        for y in 0..upper[1] - lower[1] + 2 * margin {
            row(first + y * layout.stride[1] + z * layout.stride[2], upper[0] - lower[0] + 2 * margin);
        }
    }
}
