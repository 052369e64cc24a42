// Turns the counts of tile_list into the heads of the lists and into indirect dispatch sizes, folded into rows, and
// sets the counts back to zero for the next tile_list.
#import common/grid

@group(0) @binding(1) var<storage, read_write> counts: array<u32>; // listed, retired
@group(0) @binding(2) var<storage, read_write> active_tiles: array<u32>;
@group(0) @binding(3) var<storage, read_write> retired_tiles: array<u32>;
@group(0) @binding(4) var<storage, read_write> dispatches: array<u32>; // x, y, z for active, then for retired

@compute @workgroup_size(1)
fn tile_dispatch() {
    active_tiles[0] = counts[0];
    retired_tiles[0] = counts[1];
    for (var list = 0u; list < 2u; list++) {
        let count = counts[list];
        dispatches[3u * list] = min(count, WORKGROUPS_PER_ROW);
        dispatches[3u * list + 1u] = (count + WORKGROUPS_PER_ROW - 1u) / WORKGROUPS_PER_ROW;
        dispatches[3u * list + 2u] = 1u;
        counts[list] = 0u;
    }
}
