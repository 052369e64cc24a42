// Writes the state of every tile from phi, for a phi that came from outside and not from a pass.
#import common/tiles
#import common/weights

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> tile_state: array<u32>;

var<workgroup> seen: atomic<u32>;

@compute @workgroup_size(256)
fn tile_mark(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = folded_number(workgroup);
    if tile >= grid.tile_count {
        return;
    }
    let voxel = tile_voxel(tile, local);
    if in_grid(voxel) {
        atomicOr(&seen, voxel_state(phi[voxel_index(vec3<i32>(voxel))], weights.band_mm));
    }
    workgroupBarrier();
    if local == 0u {
        tile_state[tile] = atomicLoad(&seen);
    }
}
