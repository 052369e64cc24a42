// Chan-Vese's energy density summed over the voxels with |phi| < B of each workgroup's share of the listed tiles:
// mu delta(phi) |grad phi| + nu H + lambda1 (I - c1)^2 H + lambda2 (I - c2)^2 (1 - H), H = H(-phi).
#import common/tiles
#import common/weights
#import common/heaviside
#import common/reduce

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> tile_listed: array<u32>; // 1 = in the list
@group(0) @binding(3) var<storage, read> intensity: array<f32>;
@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read> means: array<f32>; // c1, c2
@group(0) @binding(6) var<storage, read_write> partials: array<vec4<f32>>; // energy, 0, 0, 0

fn density(at: vec3<i32>) -> f32 {
    let index = voxel_index(at);
    let centre = phi[index];
    var squares = 1e-12;
    for (var axis = 0u; axis < grid.dimension; axis++) {
        let step = axis_step(axis);
        let slope = 0.5 * grid.inverse_spacing[axis] * (phi[voxel_index(at + step)] - phi[voxel_index(at - step)]);
        squares += slope * slope;
    }
    let inside = heaviside(-centre, weights.epsilon_mm, weights.heaviside);
    let from_first = intensity[index] - means[0];
    let from_second = intensity[index] - means[1];
    return weights.mu * dirac(centre, weights.epsilon_mm, weights.heaviside) * sqrt(squares)
        + weights.nu * inside
        + weights.lambda1 * from_first * from_first * inside
        + weights.lambda2 * from_second * from_second * (1.0 - inside);
}

@compute @workgroup_size(256)
fn energy_partials(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var sum = 0.0;
    for (var tile = workgroup.x; tile < grid.tile_count; tile += workgroups.x) {
        let voxel = tile_voxel(tile, local);
        if tile_listed[tile] == 1u && in_grid(voxel) {
            let at = vec3<i32>(voxel);
            if abs(phi[voxel_index(at)]) < weights.band_mm {
                sum += density(at);
            }
        }
    }
    let total = workgroup_sum(vec4<f32>(sum, 0.0, 0.0, 0.0), local);
    if local == 0u {
        partials[workgroup.x] = total;
    }
}
