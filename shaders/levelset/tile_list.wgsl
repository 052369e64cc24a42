// Lists the tiles that the next passes work on: a tile where phi is not saturated, or that touches one (also across
// an edge or a corner), or that touches one saturated the other way. phi cannot change elsewhere before it has come
// through a whole tile. Tiles that leave the list go to a second one, for tile_settle.
//
// The order within a list depends on the device's scheduling; no result depends on it.
#import common/tiles

override KEEP_LISTED: bool = false; // a tile in the present list stays: rebuilding in the middle of a step

struct Counts {
    listed: atomic<u32>,
    retired: atomic<u32>,
}

@group(0) @binding(1) var<storage, read> tile_state: array<u32>;
@group(0) @binding(2) var<storage, read_write> tile_listed: array<u32>; // 1 = in the present list
@group(0) @binding(3) var<storage, read_write> counts: Counts;
@group(0) @binding(4) var<storage, read_write> active_tiles: array<u32>;
@group(0) @binding(5) var<storage, read_write> retired_tiles: array<u32>;

@compute @workgroup_size(256)
fn tile_list(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = folded_number(workgroup) * 256u + local;
    if tile >= grid.tile_count {
        return;
    }
    let at = tile_coordinates(tile);
    let low = max(at, vec3<u32>(1u)) - 1u;
    let high = min(at + 1u, grid.tiles - 1u);
    var around = 0u;
    for (var z = low.z; z <= high.z; z++) {
        for (var y = low.y; y <= high.y; y++) {
            for (var x = low.x; x <= high.x; x++) {
                around |= tile_state[x + grid.tiles.x * (y + grid.tiles.y * z)];
            }
        }
    }
    let was_listed = tile_listed[tile] == 1u;
    let is_listed = around == MIXED || (KEEP_LISTED && was_listed);
    if is_listed {
        active_tiles[1u + atomicAdd(&counts.listed, 1u)] = tile;
    } else if was_listed {
        retired_tiles[1u + atomicAdd(&counts.retired, 1u)] = tile;
    }
    tile_listed[tile] = u32(is_listed);
}
