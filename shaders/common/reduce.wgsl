// Sums over a workgroup of 256 threads by a tree whose order is fixed, so that a result repeats bit for bit.

var<workgroup> tree: array<vec4<f32>, 256>;

// Sum of `value` over the workgroup, for every thread. Must be reached by all 256 threads.
fn workgroup_sum(value: vec4<f32>, local: u32) -> vec4<f32> {
    tree[local] = value;
    workgroupBarrier();
    for (var stride = 128u; stride > 0u; stride >>= 1u) {
        if local < stride {
            tree[local] += tree[local + stride];
        }
        workgroupBarrier();
    }
    let total = tree[0];
    workgroupBarrier();
    return total;
}

// Greatest `value` over the workgroup, for every thread. Must be reached by all 256 threads.
fn workgroup_max(value: f32, local: u32) -> f32 {
    tree[local].x = value;
    workgroupBarrier();
    for (var stride = 128u; stride > 0u; stride >>= 1u) {
        if local < stride {
            tree[local].x = max(tree[local].x, tree[local + stride].x);
        }
        workgroupBarrier();
    }
    let greatest = tree[0].x;
    workgroupBarrier();
    return greatest;
}
