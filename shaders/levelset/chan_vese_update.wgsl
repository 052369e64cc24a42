// A time step of Chan-Vese on the tiles of the band (all tiles when there is no band):
// dphi/dt = delta(phi) [mu kappa + nu + lambda1 (I - c1)^2 - lambda2 (I - c2)^2]. Forward Euler.
// In a narrow band a voxel that is saturated as all its face neighbours are stays so: the band grows from the contour.
#import common/tiles
#import common/weights
#import common/heaviside
#import common/curvature

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> active_tiles: array<u32>; // [0] = how many, then their numbers
@group(0) @binding(3) var<storage, read> intensity: array<f32>;
@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read> means: array<f32>; // c1, c2
@group(0) @binding(6) var<storage, read_write> phi_next: array<f32>;
@group(0) @binding(7) var<storage, read_write> tile_state: array<u32>;

var<workgroup> seen: atomic<u32>;

fn phi_at(at: vec3<i32>) -> f32 {
    return phi[voxel_index(at)];
}

fn diagonal_difference(at: vec3<i32>, first: u32, second: u32) -> f32 {
    let u = axis_step(first);
    let v = axis_step(second);
    return phi_at(at + u + v) - phi_at(at + u - v) - phi_at(at - u + v) + phi_at(at - u - v);
}

// dphi/dt at a voxel.
fn rate(at: vec3<i32>, index: u32) -> f32 {
    let centre = phi[index];
    var n = Neighbourhood(centre, vec3<f32>(centre), vec3<f32>(centre), vec3<f32>(0.0));
    for (var axis = 0u; axis < grid.dimension; axis++) {
        n.low[axis] = phi_at(at - axis_step(axis));
        n.high[axis] = phi_at(at + axis_step(axis));
    }
    let least = min(min(min(n.low.x, n.low.y), n.low.z), min(min(n.high.x, n.high.y), n.high.z));
    let most = max(max(max(n.low.x, n.low.y), n.low.z), max(max(n.high.x, n.high.y), n.high.z));
    if min(least, centre) >= weights.band_mm || max(most, centre) <= -weights.band_mm {
        return 0.0;
    }
    n.diagonal.x = diagonal_difference(at, 0u, 1u);
    if grid.dimension == 3u {
        n.diagonal.y = diagonal_difference(at, 0u, 2u);
        n.diagonal.z = diagonal_difference(at, 1u, 2u);
    }
    let found = curvature(n);
    let inside = intensity[index] - means[0];
    let outside = intensity[index] - means[1];
    let region = weights.lambda1 * inside * inside - weights.lambda2 * outside * outside;
    let force = weights.mu * (found.times_gradient / found.gradient) + weights.nu + region;
    return dirac(centre, weights.epsilon_mm, weights.heaviside) * force;
}

@compute @workgroup_size(256)
fn chan_vese_update(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = folded_number(workgroup);
    if slot >= active_tiles[0] {
        return;
    }
    let tile = active_tiles[slot + 1u];
    let voxel = tile_voxel(tile, local);
    if in_grid(voxel) {
        let at = vec3<i32>(voxel);
        let index = voxel_index(at);
        let next = keep_in_band(phi[index] + weights.dt * rate(at, index), weights.band_mm);
        phi_next[index] = next;
        atomicOr(&seen, voxel_state(next, weights.band_mm));
    }
    workgroupBarrier();
    if local == 0u {
        tile_state[tile] = atomicLoad(&seen);
    }
}
