//! One pass over the active tiles: an operation on every voxel, in runs that the compiler vectorises.

use super::level::{Level, Task};
use super::padded::{Layout, RUN};
use super::tiles::Tiling;
use rayon::prelude::*;

/// What a sweep computes at each voxel.
pub trait Operation: Sync {
    /// Neighbours along an axis that it reads.
    const REACH: usize;
    /// Axes in use.
    const DIM: usize;

    /// The new value at offset `i`, before it is clamped to the band. `to` still holds its old value there.
    ///
    /// # Safety
    /// `from` is readable within `REACH` (at least one voxel diagonally) of `i`, `to` at `i`.
    unsafe fn value(&self, from: *const f32, to: *const f32, i: usize) -> f32;

    /// The same where all that `value` reads of `from` is +B, or all is -B.
    ///
    /// # Safety
    /// `from` and `to` are readable at `i`.
    #[inline(always)]
    unsafe fn flat_value(&self, from: *const f32, _to: *const f32, i: usize) -> f32 {
        // SAFETY: the caller vouches for `i`.
        unsafe { *from.add(i) }
    }
}

/// Where a sweep reads and writes.
pub struct Sweep<'a> {
    /// Padded layout of every field.
    pub layout: &'a Layout,
    /// Tiles of the grid.
    pub tiling: &'a Tiling,
    /// Half width of the band, mm.
    pub band: f32,
    /// phi before.
    pub from: &'a [f32],
    /// phi after; tiles that are not swept keep their values.
    pub to: &'a mut [f32],
}

#[derive(Clone, Copy)]
struct Target(*mut f32);
// SAFETY: every tile is swept by one thread only, and tiles do not overlap.
unsafe impl Sync for Target {}
// SAFETY: as above.
unsafe impl Send for Target {}

impl Target {
    fn pointer(self) -> *mut f32 {
        self.0
    }
}

/// Fewer tiles than this are swept on the calling thread: waking another one would cost more.
const TILES_PER_TASK: usize = 48;

impl Sweep<'_> {
    /// Sweeps `tiles`; the halo beside border tiles is refreshed. Flags of each tile go to `flags`.
    pub fn run<O: Operation>(self, operation: &O, tiles: &[u32], flags: &mut Vec<u8>) {
        flags.clear();
        flags.resize(tiles.len(), 0);
        assert!(self.from.len() == self.layout.len && self.to.len() == self.layout.len);
        let target = Target(self.to.as_mut_ptr());
        let (layout, tiling, band, from) = (self.layout, self.tiling, self.band, self.from);
        let sweep_some = |tiles: &[u32], flags: &mut [u8]| {
            let (from, to) = (from.as_ptr(), target.pointer());
            Level::dispatch(SweepTiles { layout, tiling, band, from, to, operation, tiles, flags });
        };
        if tiles.len() < 2 * TILES_PER_TASK || rayon::current_num_threads() == 1 {
            sweep_some(tiles, flags);
        } else {
            let chunk = tiles.len().div_ceil(4 * rayon::current_num_threads()).max(TILES_PER_TASK);
            tiles
                .par_chunks(chunk)
                .zip(flags.par_chunks_mut(chunk))
                .for_each(|(tiles, flags)| sweep_some(tiles, flags));
        }
        for &tile in tiles {
            let (lower, upper) = tiling.bounds(tile);
            if layout.touches_border(lower, upper) {
                layout.refresh_halo(self.to, lower, upper);
            }
        }
    }
}

/// The sweep of a few tiles, on one thread.
struct SweepTiles<'a, O> {
    layout: &'a Layout,
    tiling: &'a Tiling,
    band: f32,
    from: *const f32,
    to: *mut f32,
    operation: &'a O,
    tiles: &'a [u32],
    flags: &'a mut [u8],
}

impl<O: Operation> Task for SweepTiles<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (&tile, flag) in self.tiles.iter().zip(self.flags) {
            // SAFETY: both fields have the layout's length (checked by `Sweep::run`), so that every tile and its halo
            // lies inside; no other thread writes this tile.
            *flag = unsafe { tile_body(self.layout, self.tiling, self.band, self.from, self.to, self.operation, tile) };
        }
    }
}

/// Sweeps one tile and tells where it holds band voxels. No fused multiply-add on purpose: every processor
/// computes the same phi.
///
/// # Safety
/// `from` and `to` have the layout's length, and no other thread writes this tile of `to`.
#[inline(always)]
unsafe fn tile_body<O: Operation>(
    layout: &Layout,
    tiling: &Tiling,
    band: f32,
    from: *const f32,
    to: *mut f32,
    operation: &O,
    tile: u32,
) -> u8 {
    let (lower, upper) = tiling.bounds(tile);
    let mut flags = 0;
    for z in lower[2]..upper[2] {
        for y in lower[1]..upper[1] {
            let row = layout.at(lower[0], y, z);
            // SAFETY: the run, its neighbours within the reach and the output run lie inside the padded fields.
            unsafe {
                let mut out = [0.0f32; RUN];
                if is_flat(layout, from, row, band, O::REACH, O::DIM) {
                    for (lane, value) in out.iter_mut().enumerate() {
                        *value = operation.flat_value(from, to, row + lane);
                    }
                    std::ptr::copy_nonoverlapping(out.as_ptr(), to.add(row), RUN);
                    continue;
                }
                for (lane, value) in out.iter_mut().enumerate() {
                    let v = operation.value(from, to, row + lane);
                    let v = if v > band { band } else { v };
                    *value = if v < -band { -band } else { v };
                }
                std::ptr::copy_nonoverlapping(out.as_ptr(), to.add(row), RUN);
                let inside = |v: &f32| v.abs() < band;
                if out.iter().fold(false, |any, v| any | inside(v)) {
                    let first = out[..O::REACH].iter().any(inside);
                    let last = out[RUN - O::REACH..].iter().any(inside);
                    flags |= Tiling::row_flags(lower, upper, y, z, O::REACH, first, last);
                }
            }
        }
    }
    flags
}

/// Whether a run and all it reads along the axes is +band throughout, or -band throughout.
///
/// # Safety
/// `phi` is readable within `reach` of the run along every axis in use.
#[inline(always)]
unsafe fn is_flat(layout: &Layout, phi: *const f32, row: usize, band: f32, reach: usize, dim: usize) -> bool {
    let mut above = true;
    let mut below = true;
    let mut look = |start: usize, len: usize| {
        for k in 0..len {
            // SAFETY: the caller vouches for the reach.
            let v = unsafe { *phi.add(start + k) };
            above &= v >= band;
            below &= v <= -band;
        }
        above | below
    };
    if !look(row, RUN) {
        return false;
    }
    let mut flat = look(row - reach, reach) && look(row + RUN, reach);
    for d in 1..dim {
        for k in 1..=reach {
            flat = flat && look(row - k * layout.stride[d], RUN) && look(row + k * layout.stride[d], RUN);
        }
    }
    flat
}
