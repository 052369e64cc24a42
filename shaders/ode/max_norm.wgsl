// Greatest |x| / (absolute + relative max(|a|, |b|)): an error against a tolerance, or with 1 and 0 the max norm of x.
// Each workgroup writes the greatest of its share and how many values are not finite. CPU twins: State::max_ratio and
// State::max_norm of Vec<f32>.
#import common/grid
#import common/reduce

struct Tolerance {
    absolute: f32,
    relative: f32,
    padding: vec2<u32>,
}

@group(0) @binding(1) var<uniform> tolerance: Tolerance;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4<f32>>; // greatest, how many not finite, 0, 0

@compute @workgroup_size(256)
fn max_norm(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var greatest = 0.0;
    var bad = 0.0;
    for (var index = workgroup.x * 256u + local; index < grid.voxel_count; index += workgroups.x * 256u) {
        let size = max(abs(a[index]), abs(b[index]));
        let ratio = abs(x[index]) / (tolerance.absolute + tolerance.relative * size);
        if not_finite(x[index]) || not_finite(ratio) {
            bad += 1.0;
        } else {
            greatest = max(greatest, ratio);
        }
    }
    let most = workgroup_max(greatest, local);
    let bad_in_all = workgroup_sum(vec4<f32>(bad, 0.0, 0.0, 0.0), local).x;
    if local == 0u {
        partials[workgroup.x] = vec4<f32>(most, bad_in_all, 0.0, 0.0);
    }
}
