// What is known about phi as it stands: each workgroup gathers over its share of the tiles the enclosed volume in
// voxels, the voxels with |phi| < h_max, those with phi < 0 in the grid's outermost layer, and those not finite.
#import common/tiles
#import common/reduce

@group(0) @binding(1) var<storage, read> phi: array<f32>;
@group(0) @binding(2) var<storage, read> tile_state: array<u32>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4<f32>>; // volume, band, border, not finite

fn on_border(voxel: vec3<u32>) -> bool {
    let low = voxel == vec3<u32>(0u);
    let high = voxel == grid.size - 1u;
    let flat = low.xy | high.xy;
    return any(flat) || (grid.dimension == 3u && (low.z || high.z));
}

@compute @workgroup_size(256)
fn stats_partials(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var sums = vec4<f32>(0.0);
    for (var tile = workgroup.x; tile < grid.tile_count; tile += workgroups.x) {
        let voxel = tile_voxel(tile, local);
        // A tile that is +B throughout adds nothing.
        if tile_state[tile] != ABOVE_BOTTOM && in_grid(voxel) {
            let value = phi[voxel_index(vec3<i32>(voxel))];
            if not_finite(value) {
                sums.w += 1.0;
            } else {
                sums += vec4<f32>(
                    clamp(0.5 - value / grid.h_min_mm, 0.0, 1.0),
                    f32(abs(value) < grid.h_max_mm),
                    f32(value < 0.0 && on_border(voxel)),
                    0.0,
                );
            }
        }
    }
    let total = workgroup_sum(sums, local);
    if local == 0u {
        partials[workgroup.x] = total;
    }
}
