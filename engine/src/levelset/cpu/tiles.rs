//! The narrow band as a list of tiles: which parts of the grid a sweep has to visit.
//!
//! A tile is active while it holds a voxel strictly inside the band, or touches one within the reach of the
//! stencil. Elsewhere phi is +B or -B all round and no term can change it, so skipping is exact.

use super::padded::{Layout, RUN};

/// Flag bits of a swept tile: a band voxel near the face -x, +x, -y, +y, -z, +z.
const FACES: [u8; 6] = [1, 2, 4, 8, 16, 32];
/// Flag bit: a band voxel anywhere in the tile.
pub const ANY: u8 = 64;

/// How the grid is cut into tiles.
#[derive(Clone, Copy, Debug)]
pub struct Tiling {
    size: [usize; 3],
    shape: [usize; 3],
    count: [usize; 3],
}

impl Tiling {
    /// Tiles of 16 × 8 pixels in 2D, 16 × 4 × 4 voxels in 3D.
    pub fn new(layout: &Layout) -> Self {
        let size = layout.size;
        let shape = if size[2] == 1 { [RUN, 8, 1] } else { [RUN, 4, 4] };
        Self { size, shape, count: std::array::from_fn(|d| size[d].div_ceil(shape[d])) }
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.count.iter().product()
    }

    /// First voxel and the voxel beyond the last one, cut to the grid.
    #[inline]
    pub fn bounds(&self, tile: u32) -> ([usize; 3], [usize; 3]) {
        let t = tile as usize;
        let at = [t % self.count[0], t / self.count[0] % self.count[1], t / (self.count[0] * self.count[1])];
        let lower: [usize; 3] = std::array::from_fn(|d| at[d] * self.shape[d]);
        (lower, std::array::from_fn(|d| (lower[d] + self.shape[d]).min(self.size[d])))
    }

    /// Voxels of a tile.
    pub fn voxels(&self, tile: u32) -> usize {
        let (lower, upper) = self.bounds(tile);
        (0..3).map(|d| upper[d] - lower[d]).product()
    }

    /// The tile across face `face` (0 -x, 1 +x, ... 5 +z), if the grid goes on there.
    fn neighbour(&self, tile: u32, face: usize) -> Option<u32> {
        let t = tile as usize;
        let at = [t % self.count[0], t / self.count[0] % self.count[1], t / (self.count[0] * self.count[1])];
        let step = [1, self.count[0], self.count[0] * self.count[1]];
        let d = face / 2;
        if face.is_multiple_of(2) {
            (at[d] > 0).then(|| (t - step[d]) as u32)
        } else {
            (at[d] + 1 < self.count[d]).then(|| (t + step[d]) as u32)
        }
    }

    /// Flags of a row of band voxels: `first` and `last` tell of voxels near the ends of the run.
    #[inline]
    pub fn row_flags(
        lower: [usize; 3],
        upper: [usize; 3],
        y: usize,
        z: usize,
        reach: usize,
        first: bool,
        last: bool,
    ) -> u8 {
        let mut flags = ANY;
        flags |= if first { FACES[0] } else { 0 };
        flags |= if last { FACES[1] } else { 0 };
        flags |= if y < lower[1] + reach { FACES[2] } else { 0 };
        flags |= if y + reach >= upper[1] { FACES[3] } else { 0 };
        flags |= if z < lower[2] + reach { FACES[4] } else { 0 };
        flags | if z + reach >= upper[2] { FACES[5] } else { 0 }
    }
}

/// The active tiles and what the last sweep said of each.
#[derive(Debug)]
pub struct TileList {
    active: Vec<u32>,
    /// Flags of each active tile, in the order of `active`.
    flags: Vec<u8>,
    marked: Vec<bool>,
}

/// Whether tiles may leave the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The list follows the band.
    Move,
    /// Tiles are only added.
    Grow,
}

/// What a change of the list did.
#[derive(Debug, Default)]
pub struct ListChange {
    /// Tiles that became active.
    pub added: Vec<u32>,
    /// Tiles that left the band.
    pub removed: Vec<u32>,
}

impl TileList {
    /// A list that holds `active`, ascending.
    pub fn new(tiling: &Tiling, active: Vec<u32>) -> Self {
        let mut marked = vec![false; tiling.len()];
        for &tile in &active {
            marked[tile as usize] = true;
        }
        let flags = vec![u8::MAX; active.len()];
        Self { active, flags, marked }
    }

    /// The active tiles.
    pub fn active(&self) -> &[u32] {
        &self.active
    }

    /// Whether a tile is active.
    pub fn contains(&self, tile: u32) -> bool {
        self.marked[tile as usize]
    }

    /// Takes the flags of a sweep over [`TileList::active`]; none when the band has not moved across a tile's face.
    pub fn update(&mut self, tiling: &Tiling, flags: &[u8], follow: Follow) -> Option<ListChange> {
        if self.flags == flags {
            return None;
        }
        let before = std::mem::take(&mut self.active);
        let mut keep = vec![false; self.marked.len()];
        let mut after = Vec::with_capacity(before.len() + 16);
        let mut mark = |tile: u32| {
            if !keep[tile as usize] {
                keep[tile as usize] = true;
                after.push(tile);
            }
        };
        for (&tile, &flag) in before.iter().zip(flags) {
            if flag & ANY != 0 || follow == Follow::Grow {
                mark(tile);
            }
            for (face, &bit) in FACES.iter().enumerate() {
                if flag & bit != 0
                    && let Some(next) = tiling.neighbour(tile, face)
                {
                    mark(next);
                }
            }
        }
        let change = ListChange {
            added: after.iter().copied().filter(|&t| !self.marked[t as usize]).collect(),
            removed: before.iter().copied().filter(|&t| !keep[t as usize]).collect(),
        };
        if change.added.is_empty() && change.removed.is_empty() {
            self.active = before;
            self.flags.copy_from_slice(flags);
            return None;
        }
        // Ascending tiles are neighbours in memory.
        after.sort_unstable();
        self.flags.clear();
        self.flags.resize(after.len(), u8::MAX);
        self.active = after;
        self.marked = keep;
        Some(change)
    }
}
