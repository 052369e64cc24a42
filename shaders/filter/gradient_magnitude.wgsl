// |grad I| by central differences, per mm; border voxels repeated, so that the border sees half of a one-sided step.
#import common/grid

@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> magnitude: array<f32>;

@compute @workgroup_size(256)
fn gradient_magnitude(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = folded_number(workgroup) * 256u + local;
    if index >= grid.voxel_count {
        return;
    }
    let at = voxel_coordinates(index);
    var squares = 0.0;
    for (var axis = 0u; axis < grid.dimension; axis++) {
        let step = axis_step(axis);
        let difference = image[voxel_index(at + step)] - image[voxel_index(at - step)];
        let slope = 0.5 * difference * grid.inverse_spacing[axis];
        squares += slope * slope;
    }
    magnitude[index] = sqrt(squares);
}
