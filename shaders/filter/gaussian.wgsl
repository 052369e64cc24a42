// One axis of a separable Gaussian, border voxels repeated. The kernel comes from the CPU, normalised, so that both
// devices use the same weights.
#import common/grid

struct Blur {
    axis: u32,
    radius: u32,
    padding: vec2<u32>,
}

@group(0) @binding(1) var<uniform> blur: Blur;
@group(0) @binding(2) var<storage, read> kernel: array<f32>; // weights from the centre outwards, radius + 1
@group(0) @binding(3) var<storage, read> image: array<f32>;
@group(0) @binding(4) var<storage, read_write> blurred: array<f32>;

@compute @workgroup_size(256)
fn gaussian(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = folded_number(workgroup) * 256u + local;
    if index >= grid.voxel_count {
        return;
    }
    let at = voxel_coordinates(index);
    let step = axis_step(blur.axis);
    var sum = kernel[0] * image[index];
    for (var k = 1; k <= i32(blur.radius); k++) {
        sum += kernel[k] * (image[voxel_index(at - k * step)] + image[voxel_index(at + k * step)]);
    }
    blurred[index] = sum;
}
