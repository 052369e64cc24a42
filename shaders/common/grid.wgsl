// The computation grid: voxels in a buffer (x fastest) and their neighbours. Outside the grid every field repeats its
// border voxel, so neighbour coordinates are clamped. Mirrored by layout::Grid.

struct Grid {
    size: vec3<u32>,
    voxel_count: u32,
    spacing_mm: vec3<f32>,
    h_min_mm: f32,
    inverse_spacing: vec3<f32>,
    h_max_mm: f32,
    tile_size: vec3<u32>,
    dimension: u32,
    tiles: vec3<u32>,
    tile_count: u32,
}

@group(0) @binding(0) var<uniform> grid: Grid;

// Linear dispatches are folded into rows of this many workgroups: one dimension may not exceed 65535.
const WORKGROUPS_PER_ROW: u32 = 32768u;

// Buffer index of the voxel nearest to `at` inside the grid.
fn voxel_index(at: vec3<i32>) -> u32 {
    let last = vec3<i32>(grid.size) - 1;
    let inside = vec3<u32>(clamp(at, vec3<i32>(0), last));
    return inside.x + grid.size.x * (inside.y + grid.size.y * inside.z);
}

// Coordinates of buffer index `index`.
fn voxel_coordinates(index: u32) -> vec3<i32> {
    let row = index / grid.size.x;
    return vec3<i32>(vec3<u32>(index - row * grid.size.x, row % grid.size.y, row / grid.size.y));
}

// Unit step along axis 0, 1 or 2.
fn axis_step(axis: u32) -> vec3<i32> {
    return vec3<i32>(i32(axis == 0u), i32(axis == 1u), i32(axis == 2u));
}

// Number of a workgroup in a dispatch that was folded into rows.
fn folded_number(workgroup: vec3<u32>) -> u32 {
    return workgroup.x + workgroup.y * WORKGROUPS_PER_ROW;
}

// Whether x is NaN or infinite, by its bits: shader compilers may assume that floats are finite.
fn not_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}
