// One stage of a time step of the edge and region methods on the tiles of the band:
// dphi/dt = -P |grad phi| + K kappa |grad phi| + A . grad phi, P = alpha sgn(g) |g|^a, K = beta |g|^b,
// A = gamma |g|^c grad g. SECOND_STAGE ends a TVD-RK2 step: (phi_start + phi + dt L(phi)) / 2.
#import common/tiles
#import common/weights
#import common/difference
#import common/curvature

override SCHEME: u32 = 0u; // 0 = upwind1, 1 = eno2, 2 = weno5
override SECOND_STAGE: bool = false;

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> active_tiles: array<u32>; // [0] = how many, then their numbers
@group(0) @binding(3) var<storage, read> speed: array<f32>;
@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read> phi_start: array<f32>; // phi before the step
@group(0) @binding(6) var<storage, read_write> phi_next: array<f32>;
@group(0) @binding(7) var<storage, read_write> tile_state: array<u32>;

var<workgroup> seen: atomic<u32>;

fn phi_at(at: vec3<i32>) -> f32 {
    return phi[voxel_index(at)];
}

fn speed_at(at: vec3<i32>) -> f32 {
    return speed[voxel_index(at)];
}

// D- and D+ along one axis; phi one voxel away is known already.
fn one_sided(at: vec3<i32>, axis: u32, low: f32, centre: f32, high: f32) -> vec2<f32> {
    let step = axis_step(axis);
    let inverse_h = grid.inverse_spacing[axis];
    if SCHEME == 1u {
        return eno2(phi_at(at - 2 * step), low, centre, high, phi_at(at + 2 * step), inverse_h);
    }
    if SCHEME == 2u {
        let far_low = phi_at(at - 3 * step);
        let far_high = phi_at(at + 3 * step);
        return weno5(far_low, phi_at(at - 2 * step), low, centre, high, phi_at(at + 2 * step), far_high, inverse_h);
    }
    return upwind1(low, centre, high, inverse_h);
}

fn diagonal_difference(at: vec3<i32>, first: u32, second: u32) -> f32 {
    let u = axis_step(first);
    let v = axis_step(second);
    return phi_at(at + u + v) - phi_at(at + u - v) - phi_at(at - u + v) + phi_at(at - u - v);
}

// dphi/dt at a voxel.
fn rate(at: vec3<i32>) -> f32 {
    let solid = grid.dimension == 3u;
    let g = speed_at(at);
    let propagation = weights.alpha * sign(g) * power(abs(g), weights.propagation_exponent);
    let bending = weights.beta * power(abs(g), weights.curvature_exponent);

    var n = Neighbourhood(phi_at(at), vec3<f32>(0.0), vec3<f32>(0.0), vec3<f32>(0.0));
    n.low = vec3<f32>(phi_at(at - axis_step(0u)), phi_at(at - axis_step(1u)), n.centre);
    n.high = vec3<f32>(phi_at(at + axis_step(0u)), phi_at(at + axis_step(1u)), n.centre);
    if solid {
        n.low.z = phi_at(at - axis_step(2u));
        n.high.z = phi_at(at + axis_step(2u));
    }

    var rate = 0.0;
    if propagation != 0.0 || weights.gamma != 0.0 {
        let x = one_sided(at, 0u, n.low.x, n.centre, n.high.x);
        let y = one_sided(at, 1u, n.low.y, n.centre, n.high.y);
        var z = vec2<f32>(0.0);
        if solid {
            z = one_sided(at, 2u, n.low.z, n.centre, n.high.z);
        }
        let backward = vec3<f32>(x.x, y.x, z.x);
        let forward = vec3<f32>(x.y, y.y, z.y);
        rate -= propagation * godunov(backward, forward, propagation > 0.0);
        if weights.gamma != 0.0 {
            let above = vec3<f32>(speed_at(at + axis_step(0u)), speed_at(at + axis_step(1u)), speed_at(at + axis_step(2u)));
            let below = vec3<f32>(speed_at(at - axis_step(0u)), speed_at(at - axis_step(1u)), speed_at(at - axis_step(2u)));
            let grad_g = 0.5 * (above - below) * grid.inverse_spacing;
            let towards_edge = weights.gamma * power(abs(g), weights.advection_exponent) * grad_g;
            // Transport velocity is -A: its upwind side is backward where -A > 0.
            rate += dot(towards_edge, select(forward, backward, towards_edge < vec3<f32>(0.0)));
        }
    }
    if bending != 0.0 {
        n.diagonal.x = diagonal_difference(at, 0u, 1u);
        if solid {
            n.diagonal.y = diagonal_difference(at, 0u, 2u);
            n.diagonal.z = diagonal_difference(at, 1u, 2u);
        }
        rate += bending * curvature(n).times_gradient;
    }
    return rate;
}

@compute @workgroup_size(256)
fn update(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = folded_number(workgroup);
    if slot >= active_tiles[0] {
        return;
    }
    let tile = active_tiles[slot + 1u];
    let voxel = tile_voxel(tile, local);
    if in_grid(voxel) {
        let at = vec3<i32>(voxel);
        let index = voxel_index(at);
        var next = phi[index] + weights.dt * rate(at);
        if SECOND_STAGE {
            next = 0.5 * (phi_start[index] + next);
        }
        next = keep_in_band(next, weights.band_mm);
        phi_next[index] = next;
        atomicOr(&seen, voxel_state(next, weights.band_mm));
    }
    workgroupBarrier();
    if local == 0u {
        tile_state[tile] = atomicLoad(&seen);
    }
}
