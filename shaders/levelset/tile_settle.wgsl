// A tile that has left the band is saturated in the present phi; the two other phi buffers may still hold what it was
// some passes ago. This makes all three agree, so that neighbours read the truth from whichever buffer is next.
#import common/tiles

@group(0) @binding(1) var<storage, read> retired_tiles: array<u32>; // [0] = how many
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> phi_second: array<f32>;
@group(0) @binding(4) var<storage, read_write> phi_third: array<f32>;

@compute @workgroup_size(256)
fn tile_settle(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = folded_number(workgroup);
    if slot >= retired_tiles[0] {
        return;
    }
    let voxel = tile_voxel(retired_tiles[slot + 1u], local);
    if in_grid(voxel) {
        let index = voxel_index(vec3<i32>(voxel));
        phi_second[index] = phi[index];
        phi_third[index] = phi[index];
    }
}
