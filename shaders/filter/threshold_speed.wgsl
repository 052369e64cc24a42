// Region speed from a soft window: g = 2 T((I - lower) / s) T((upper - I) / s) - 1, T(z) = (1 + tanh z) / 2; the
// factor of an open bound is 1.
#import common/grid
#import common/speed_shape

@group(0) @binding(1) var<uniform> shape: SpeedShape; // first = lower, second = upper
@group(0) @binding(2) var<storage, read> image: array<f32>;
@group(0) @binding(3) var<storage, read_write> speed: array<f32>;

fn soft_step(z: f32) -> f32 {
    // tanh is 1 in f32 from 10 on; some drivers overflow for great arguments.
    return 0.5 * (1.0 + tanh(clamp(z, -20.0, 20.0)));
}

@compute @workgroup_size(256)
fn threshold_speed(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = folded_number(workgroup) * 256u + local;
    if index >= grid.voxel_count {
        return;
    }
    let above = select(1.0, soft_step((image[index] - shape.first) / shape.smoothness), (shape.bounds & 1u) != 0u);
    let below = select(1.0, soft_step((shape.second - image[index]) / shape.smoothness), (shape.bounds & 2u) != 0u);
    speed[index] = 2.0 * above * below - 1.0;
}
