//! phi on the GPU and the list of tiles in which it can change.
//!
//! Three phi buffers take turns: a pass reads one and writes another in the listed tiles. Outside the list phi is +B or
//! -B throughout and the three agree, which `tile_settle` sees to when a tile leaves the list.

use super::context::GpuContext;
use super::error::GpuError;
use super::pass::{Pass, storage, storage_of, uniform_of};
use crate::levelset::Grid;
use std::collections::HashMap;
use std::sync::Arc;
use wgpu::{BindGroup, Buffer, BufferUsages, ComputePass};
use zeroset_shaders::layout;

/// Byte offset of the dispatch size of the retired tiles in `dispatches`.
const RETIRED: u64 = 12;

/// phi and its tiles.
#[derive(Debug)]
pub(super) struct Band {
    context: GpuContext,
    /// [`layout::Grid`].
    pub grid: Buffer,
    /// [`layout::Weights`].
    pub weights: Buffer,
    /// Buffer that holds phi as it stands.
    pub current: usize,
    /// Number of tiles.
    pub tile_count: u32,
    /// `u32` per tile: what it holds (see `common/tiles.wgsl`).
    pub tile_state: Buffer,
    /// `u32` per tile: 1 = in the list.
    pub tile_listed: Buffer,
    /// `[0]` = how many, then the tiles' numbers.
    pub active_tiles: Buffer,
    /// Dispatch sizes over active and retired tiles.
    pub dispatches: Buffer,
    phi: [Buffer; 3],
    retired_tiles: Buffer,
    counts: Buffer,
    passes: Passes,
    groups: HashMap<(&'static str, [usize; 3]), BindGroup>,
    /// Voxels along the shortest side of a tile.
    tile_reach: u32,
    /// Voxels that changes may still travel before they could leave the list; none = rebuild first.
    reach_left: u32,
    is_dense: bool,
    voxel_bytes: u64,
}

#[derive(Debug)]
struct Passes {
    mark: Arc<Pass>,
    list: Arc<Pass>,
    list_keeping: Arc<Pass>,
    dispatch: Arc<Pass>,
    settle: Arc<Pass>,
    copy: Arc<Pass>,
}

/// The uniform that describes a grid: tiles of 16 x 16 pixels in 2D, 8 x 8 x 4 voxels in 3D.
pub(super) fn grid_layout(grid: &Grid) -> layout::Grid {
    let size = grid.size.map(|s| s as u32);
    let tile_size = if grid.dimension() == 2 { [16, 16, 1] } else { [8, 8, 4] };
    let tiles: [u32; 3] = std::array::from_fn(|d| size[d].div_ceil(tile_size[d]));
    let mut inverse_spacing = grid.spacing_mm.map(|h| 1.0 / h);
    if grid.dimension() == 2 {
        inverse_spacing[2] = 0.0;
    }
    layout::Grid {
        size,
        voxel_count: size.iter().product(),
        spacing_mm: grid.spacing_mm,
        h_min_mm: grid.h_min(),
        inverse_spacing,
        h_max_mm: grid.h_max(),
        tile_size,
        dimension: grid.dimension() as u32,
        tiles,
        tile_count: tiles.iter().product(),
    }
}

impl Band {
    /// Buffers for a grid; phi is filled by [`Band::set_phi`].
    pub(super) fn new(context: &GpuContext, grid: &Grid, weights: &layout::Weights) -> Result<Self, GpuError> {
        context.check_size(grid.size)?;
        let described = grid_layout(grid);
        let voxel_bytes = 4 * u64::from(described.voxel_count);
        let tile_bytes = 4 * u64::from(described.tile_count);
        let passes = Passes {
            mark: context.pass("levelset/tile_mark", &[])?,
            list: context.pass("levelset/tile_list", &[("KEEP_LISTED", 0)])?,
            list_keeping: context.pass("levelset/tile_list", &[("KEEP_LISTED", 1)])?,
            dispatch: context.pass("levelset/tile_dispatch", &[])?,
            settle: context.pass("levelset/tile_settle", &[])?,
            copy: context.pass("levelset/copy_tiles", &[])?,
        };
        context.checked("allocating phi", || {
            let of_tiles = |label, head: u64| storage(context, label, tile_bytes + head, BufferUsages::empty());
            Self {
                grid: uniform_of(context, "grid", &described),
                weights: uniform_of(context, "weights", weights),
                current: 0,
                tile_count: described.tile_count,
                tile_state: of_tiles("tile state", 0),
                tile_listed: of_tiles("tile listed", 0),
                active_tiles: of_tiles("active tiles", 4),
                retired_tiles: of_tiles("retired tiles", 4),
                counts: storage_of(context, "tile counts", &[0u32; 4]),
                dispatches: storage(context, "dispatch sizes", 24, BufferUsages::INDIRECT),
                phi: std::array::from_fn(|_| storage(context, "phi", voxel_bytes, BufferUsages::empty())),
                passes,
                groups: HashMap::new(),
                tile_reach: if grid.dimension() == 2 { 16 } else { 4 },
                reach_left: 0,
                is_dense: weights.band_mm == f32::MAX,
                voxel_bytes,
                context: context.clone(),
            }
        })
    }

    /// Buffer number `index` of phi.
    pub(super) fn phi(&self, index: usize) -> &Buffer {
        &self.phi[index]
    }

    /// The number of the buffer `steps` turns after `index`.
    pub(super) fn after(index: usize, steps: usize) -> usize {
        (index + steps) % 3
    }

    /// Replaces phi, clamped to the band already, and lists its tiles anew.
    pub(super) fn set_phi(&mut self, phi: &[f32], is_dense: bool) -> Result<(), GpuError> {
        let context = self.context.clone();
        self.current = 0;
        self.is_dense = is_dense;
        context.checked("uploading phi", || {
            context.queue.write_buffer(&self.phi[0], 0, bytemuck::cast_slice(phi));
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for copy in &self.phi[1..] {
                encoder.copy_buffer_to_buffer(&self.phi[0], 0, copy, 0, self.voxel_bytes);
            }
            self.encode_relist(&mut encoder);
            context.queue.submit([encoder.finish()]);
        })
    }

    /// Replaces phi in a box of voxels (`size` values from `lower`, x fastest), clamped to the band already.
    pub(super) fn set_phi_box(
        &mut self,
        grid_size: [usize; 3],
        lower: [usize; 3],
        size: [usize; 3],
        values: &[f32],
    ) -> Result<(), GpuError> {
        let context = self.context.clone();
        context.checked("uploading a part of phi", || {
            let part = storage_of(&context, "part of phi", values);
            let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let row_bytes = 4 * size[0] as u64;
            for row in 0..size[1] * size[2] {
                let (y, z) = (lower[1] + row % size[1], lower[2] + row / size[1]);
                let target = 4 * ((z * grid_size[1] + y) * grid_size[0] + lower[0]) as u64;
                for phi in &self.phi {
                    encoder.copy_buffer_to_buffer(&part, row as u64 * row_bytes, phi, target, row_bytes);
                }
            }
            self.encode_relist(&mut encoder);
            context.queue.submit([encoder.finish()]);
        })
    }

    /// Works the tile states out of phi, whole, and lists the tiles as if none had been listed.
    fn encode_relist(&mut self, encoder: &mut wgpu::CommandEncoder) {
        encoder.clear_buffer(&self.tile_listed, 0, None);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let mark = Arc::clone(&self.passes.mark);
        let group = self.group(&mark, "mark", [self.current, 0, 0], |band| {
            vec![band.weights.clone(), band.phi[band.current].clone(), band.tile_state.clone()]
        });
        mark.dispatch(&mut pass, &group, self.tile_count);
        self.encode_list(&mut pass, false);
        // Without a band every tile stays listed for good.
        self.reach_left = if self.is_dense { u32::MAX } else { self.tile_reach };
    }

    /// Makes sure that a pass whose stencil reads `reach` voxels away works on all tiles that it can change. `keeping`
    /// is for passes in the middle of an operation that reads an earlier phi: no tile is dropped then.
    pub(super) fn prepare(&mut self, pass: &mut ComputePass<'_>, reach: u32, keeping: bool) {
        if self.is_dense {
            return;
        }
        if self.reach_left < reach {
            self.encode_list(pass, keeping);
            self.reach_left = self.tile_reach;
        }
        self.reach_left -= reach;
    }

    fn encode_list(&mut self, pass: &mut ComputePass<'_>, keeping: bool) {
        let (list, key) =
            if keeping { (&self.passes.list_keeping, "list keeping") } else { (&self.passes.list, "list") };
        let list = Arc::clone(list);
        let group = self.group(&list, key, [0; 3], |band| {
            [&band.tile_state, &band.tile_listed, &band.counts, &band.active_tiles, &band.retired_tiles]
                .map(Buffer::clone)
                .to_vec()
        });
        list.dispatch(pass, &group, self.tile_count.div_ceil(256));

        let dispatch = Arc::clone(&self.passes.dispatch);
        let group = self.group_without_grid(&dispatch, "dispatch", 1, |band| {
            [&band.counts, &band.active_tiles, &band.retired_tiles, &band.dispatches].map(Buffer::clone).to_vec()
        });
        dispatch.dispatch(pass, &group, 1);

        if !keeping {
            let settle = Arc::clone(&self.passes.settle);
            let order = [self.current, Self::after(self.current, 1), Self::after(self.current, 2)];
            let group = self.group(&settle, "settle", order, |band| {
                let phi = order.iter().map(|&i| band.phi[i].clone());
                std::iter::once(band.retired_tiles.clone()).chain(phi).collect()
            });
            settle.dispatch_indirect(pass, &group, &self.dispatches, RETIRED);
        }
    }

    /// Dispatches a pass over the active tiles.
    pub(super) fn dispatch(&self, pass: &mut ComputePass<'_>, work: &Pass, group: &BindGroup) {
        work.dispatch_indirect(pass, group, &self.dispatches, 0);
    }

    /// Brings phi home to buffer 0, where [`super::GpuStepper::phi_buffer`] promises it.
    pub(super) fn encode_home(&mut self, pass: &mut ComputePass<'_>) {
        if self.current == 0 {
            return;
        }
        let copy = Arc::clone(&self.passes.copy);
        let group = self.group(&copy, "copy", [self.current, 0, 0], |band| {
            vec![band.active_tiles.clone(), band.phi[band.current].clone(), band.phi[0].clone()]
        });
        self.dispatch(pass, &copy, &group);
        self.current = 0;
    }

    /// The bind group of a pass for one order of the phi buffers, made at first use: the grid is binding 0, `buffers`
    /// follow in turn.
    pub(super) fn group(
        &mut self,
        pass: &Pass,
        key: &'static str,
        order: [usize; 3],
        buffers: impl Fn(&Self) -> Vec<Buffer>,
    ) -> BindGroup {
        if let Some(group) = self.groups.get(&(key, order)) {
            return group.clone();
        }
        let mut bound = vec![self.grid.clone()];
        bound.extend(buffers(self));
        let group = pass.bind(&self.context, 0, &bound);
        self.groups.insert((key, order), group.clone());
        group
    }

    /// The same for a pass without the grid and without phi, whose bindings begin at `first`.
    pub(super) fn group_without_grid(
        &mut self,
        pass: &Pass,
        key: &'static str,
        first: u32,
        buffers: impl Fn(&Self) -> Vec<Buffer>,
    ) -> BindGroup {
        if let Some(group) = self.groups.get(&(key, [0; 3])) {
            return group.clone();
        }
        let group = pass.bind(&self.context, first, &buffers(self));
        self.groups.insert((key, [0; 3]), group.clone());
        group
    }

    /// Forgets all bind groups: the buffers behind some of them are about to change.
    pub(super) fn forget_groups(&mut self) {
        self.groups.clear();
    }
}
