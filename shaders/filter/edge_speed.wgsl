// Edge speed g = 1 / (1 + (|grad I| / lambda)^p) from a gradient magnitude (Caselles 1997; Yushkevich 2006).
#import common/grid
#import common/speed_shape

@group(0) @binding(1) var<uniform> shape: SpeedShape; // first = lambda, second = p
@group(0) @binding(2) var<storage, read> magnitude: array<f32>;
@group(0) @binding(3) var<storage, read_write> speed: array<f32>;

@compute @workgroup_size(256)
fn edge_speed(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = folded_number(workgroup) * 256u + local;
    if index >= grid.voxel_count {
        return;
    }
    let ratio = magnitude[index] / shape.first;
    // pow of 0 is left open by WGSL; the exponent lies above 0.
    let steepness = select(0.0, pow(ratio, shape.second), ratio > 0.0);
    speed[index] = 1.0 / (1.0 + steepness);
}
