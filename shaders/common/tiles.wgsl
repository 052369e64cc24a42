// Tiles: blocks of 256 voxels (16 x 16 in 2D, 8 x 8 x 4 in 3D), one workgroup each. The narrow band is the list of
// tiles in which phi may change; the others hold +B or -B throughout.
#import common/grid

// What a tile holds, as bits: some voxel lies below +B, some voxel lies above -B. Both = the band passes through;
// BELOW_TOP alone = -B throughout; ABOVE_BOTTOM alone = +B throughout.
const BELOW_TOP: u32 = 1u;
const ABOVE_BOTTOM: u32 = 2u;
const MIXED: u32 = 3u;

// Coordinates of a tile among the tiles.
fn tile_coordinates(tile: u32) -> vec3<u32> {
    let row = tile / grid.tiles.x;
    return vec3<u32>(tile - row * grid.tiles.x, row % grid.tiles.y, row / grid.tiles.y);
}

// Voxel of thread `local` (0..256) of a tile; it may lie outside the grid where the last tile sticks out.
fn tile_voxel(tile: u32, local: u32) -> vec3<u32> {
    var in_tile = vec3<u32>(local & 7u, (local >> 3u) & 7u, local >> 6u);
    if grid.dimension == 2u {
        in_tile = vec3<u32>(local & 15u, local >> 4u, 0u);
    }
    return tile_coordinates(tile) * grid.tile_size + in_tile;
}

// Whether a voxel lies in the grid.
fn in_grid(voxel: vec3<u32>) -> bool {
    return all(voxel < grid.size);
}

// The bits that one voxel adds to its tile; a value that is not finite keeps its tile in the list.
fn voxel_state(phi_mm: f32, band_mm: f32) -> u32 {
    let bits = select(0u, BELOW_TOP, phi_mm < band_mm) | select(0u, ABOVE_BOTTOM, phi_mm > -band_mm);
    return select(bits, MIXED, not_finite(phi_mm));
}

// phi after a step: kept in the band, and not finite where it became so, for the statistics to find.
fn keep_in_band(phi_mm: f32, band_mm: f32) -> f32 {
    return select(clamp(phi_mm, -band_mm, band_mm), phi_mm, not_finite(phi_mm));
}
