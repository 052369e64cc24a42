// Second half of Chan-Vese's means: c1 inside and c2 outside from the sums of chan_vese_partials. One workgroup.
#import common/reduce

@group(0) @binding(0) var<storage, read> partials: array<vec4<f32>>; // as many as summed, at most 512
@group(0) @binding(1) var<storage, read_write> means: array<f32>; // c1, c2

@compute @workgroup_size(256)
fn region_means(@builtin(local_invocation_index) local: u32) {
    var sums = vec4<f32>(0.0);
    for (var i = local; i < arrayLength(&partials); i += 256u) {
        sums += partials[i];
    }
    let total = workgroup_sum(sums, local);
    if local == 0u {
        // A side without voxels takes the mean of everything.
        let voxels = total.y + total.w;
        let overall = (total.x + total.z) / voxels;
        means[0] = select(overall, total.x / total.y, total.y > 1e-9 * voxels);
        means[1] = select(overall, total.z / total.w, total.w > 1e-9 * voxels);
    }
}
