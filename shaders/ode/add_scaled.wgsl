// sum = start + w1 k1 + w2 k2 + ...: the state of a stage of a Runge-Kutta step, from up to six rates at a time (eight
// storage buffers are what every device has). CPU twin: State::add_scaled of Vec<f32>.
#import common/grid

struct Terms {
    weights: array<vec4<f32>, 2>,
    count: vec4<u32>, // x: how many rates count; the others are bound to anything
}

@group(0) @binding(1) var<uniform> terms: Terms;
@group(0) @binding(2) var<storage, read> k1: array<f32>;
@group(0) @binding(3) var<storage, read> k2: array<f32>;
@group(0) @binding(4) var<storage, read> k3: array<f32>;
@group(0) @binding(5) var<storage, read> k4: array<f32>;
@group(0) @binding(6) var<storage, read> k5: array<f32>;
@group(0) @binding(7) var<storage, read> k6: array<f32>;
@group(0) @binding(8) var<storage, read> start: array<f32>;
@group(0) @binding(9) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(256)
fn add_scaled(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = folded_number(workgroup) * 256u + local;
    if index >= grid.voxel_count {
        return;
    }
    let count = terms.count.x;
    var total = start[index];
    if count > 0u {
        total += terms.weights[0].x * k1[index];
    }
    if count > 1u {
        total += terms.weights[0].y * k2[index];
    }
    if count > 2u {
        total += terms.weights[0].z * k3[index];
    }
    if count > 3u {
        total += terms.weights[0].w * k4[index];
    }
    if count > 4u {
        total += terms.weights[1].x * k5[index];
    }
    if count > 5u {
        total += terms.weights[1].y * k6[index];
    }
    sum[index] = total;
}
