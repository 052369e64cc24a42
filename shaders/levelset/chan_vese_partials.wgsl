// First half of Chan-Vese's means: each workgroup sums over its share of the tiles
// (sum I H, sum H, sum I (1 - H), sum (1 - H)) with H = H(-phi), 1 inside.
#import common/tiles
#import common/weights
#import common/heaviside
#import common/reduce

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> intensity: array<f32>;
@group(0) @binding(3) var<storage, read> phi: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec4<f32>>; // one per workgroup

@compute @workgroup_size(256)
fn chan_vese_partials(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var sums = vec4<f32>(0.0);
    for (var tile = workgroup.x; tile < grid.tile_count; tile += workgroups.x) {
        let voxel = tile_voxel(tile, local);
        if in_grid(voxel) {
            let index = voxel_index(vec3<i32>(voxel));
            let inside = heaviside(-phi[index], weights.epsilon_mm, weights.heaviside);
            let outside = heaviside(phi[index], weights.epsilon_mm, weights.heaviside);
            sums += vec4<f32>(intensity[index] * inside, inside, intensity[index] * outside, outside);
        }
    }
    let total = workgroup_sum(sums, local);
    if local == 0u {
        partials[workgroup.x] = total;
    }
}
