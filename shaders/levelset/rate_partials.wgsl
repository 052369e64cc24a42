// Speed of the contour in the last step: each workgroup gathers over its share of the listed tiles the sum of squares,
// the greatest magnitude and the number of the changes of phi where it crossed zero between two neighbours along an axis
// (linear between them). The CPU divides by dt.
#import common/tiles
#import common/reduce

@group(0) @binding(1) var<storage, read> tile_listed: array<u32>; // 1 = the step worked on it
@group(0) @binding(2) var<storage, read> phi_start: array<f32>; // before the step
@group(0) @binding(3) var<storage, read> phi: array<f32>; // after it
@group(0) @binding(4) var<storage, read_write> partials: array<vec4<f32>>; // squares, greatest, count, 0

@compute @workgroup_size(256)
fn rate_partials(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var sums = vec4<f32>(0.0);
    var greatest = 0.0;
    // Shares by tile number, not by place in the list, whose order is not fixed: sums must repeat bit for bit.
    for (var tile = workgroup.x; tile < grid.tile_count; tile += workgroups.x) {
        let voxel = tile_voxel(tile, local);
        if tile_listed[tile] == 1u && in_grid(voxel) {
            let index = voxel_index(vec3<i32>(voxel));
            let before = phi_start[index];
            let change = phi[index] - before;
            for (var axis = 0u; axis < grid.dimension; axis++) {
                let next = voxel_index(vec3<i32>(voxel) + axis_step(axis));
                let before_next = phi_start[next];
                let crosses = (before < 0.0) != (before_next < 0.0);
                if crosses && max(abs(before), abs(before_next)) < 2.0 * grid.h_max_mm {
                    let change_next = phi[next] - before_next;
                    let at_zero = change + before / (before - before_next) * (change_next - change);
                    sums += vec4<f32>(at_zero * at_zero, 0.0, 1.0, 0.0);
                    greatest = max(greatest, abs(at_zero));
                }
            }
        }
    }
    let total = workgroup_sum(sums, local);
    let most = workgroup_max(greatest, local);
    if local == 0u {
        partials[workgroup.x] = vec4<f32>(total.x, most, total.z, 0.0);
    }
}
