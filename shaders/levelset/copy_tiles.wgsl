// Copies phi of the listed tiles into another phi buffer; elsewhere the buffers agree already.
#import common/tiles

@group(0) @binding(1) var<storage, read> active_tiles: array<u32>; // [0] = how many
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> phi_copy: array<f32>;

@compute @workgroup_size(256)
fn copy_tiles(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = folded_number(workgroup);
    if slot >= active_tiles[0] {
        return;
    }
    let voxel = tile_voxel(active_tiles[slot + 1u], local);
    if in_grid(voxel) {
        let index = voxel_index(vec3<i32>(voxel));
        phi_copy[index] = phi[index];
    }
}
