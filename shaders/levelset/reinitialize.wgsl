// One pseudo-time step of Hartmann's constrained reinitialisation HCR-2 on the tiles of the band:
// phi <- phi - dtau (S(phi0) (|grad phi| - 1) - F / 2), dtau = h_min / 2, S = phi0 / sqrt(phi0^2 + h_min^2).
// F = (r sum phi_n - phi) / h_min over the face neighbours n of the other sign in phi0, r = phi0 / sum phi0_n, keeps
// the zero set where it is; it is 0 without such neighbours. Every voxel keeps the side it has in phi0. |grad phi| by
// Godunov from ENO2 differences: first order ones would pull a curved contour inwards.
#import common/tiles
#import common/weights
#import common/difference

@group(0) @binding(1) var<uniform> weights: Weights;
@group(0) @binding(2) var<storage, read> active_tiles: array<u32>; // [0] = how many
@group(0) @binding(3) var<storage, read> phi_start: array<f32>; // phi0: phi before the reinitialisation
@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read_write> phi_next: array<f32>;
@group(0) @binding(6) var<storage, read_write> tile_state: array<u32>;

var<workgroup> seen: atomic<u32>;

@compute @workgroup_size(256)
fn reinitialize(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = folded_number(workgroup);
    if slot >= active_tiles[0] {
        return;
    }
    let tile = active_tiles[slot + 1u];
    let voxel = tile_voxel(tile, local);
    if in_grid(voxel) {
        let index = voxel_index(vec3<i32>(voxel));
        let next = keep_in_band(relaxed(vec3<i32>(voxel), index), weights.band_mm);
        phi_next[index] = next;
        atomicOr(&seen, voxel_state(next, weights.band_mm));
    }
    workgroupBarrier();
    if local == 0u {
        tile_state[tile] = atomicLoad(&seen);
    }
}

// Least share of its starting value that reinitialisation leaves a voxel.
const KEPT: f32 = 1e-3;

fn relaxed(at: vec3<i32>, index: u32) -> f32 {
    let start = phi_start[index];
    let centre = phi[index];
    let inside = start < 0.0;
    var backward = vec3<f32>(0.0);
    var forward = vec3<f32>(0.0);
    var crossing = false;
    var start_sum = 0.0;
    var sum = 0.0;
    for (var axis = 0u; axis < grid.dimension; axis++) {
        let step = axis_step(axis);
        let low = voxel_index(at - step);
        let high = voxel_index(at + step);
        let far_low = phi[voxel_index(at - 2 * step)];
        let far_high = phi[voxel_index(at + 2 * step)];
        let one_sided = eno2(far_low, phi[low], centre, phi[high], far_high, grid.inverse_spacing[axis]);
        backward[axis] = one_sided.x;
        forward[axis] = one_sided.y;
        for (var side = 0u; side < 2u; side++) {
            let neighbour = select(low, high, side == 1u);
            let neighbour_start = phi_start[neighbour];
            if (neighbour_start < 0.0) != inside {
                crossing = true;
                start_sum += neighbour_start;
                sum += phi[neighbour];
            }
        }
    }
    var forcing = 0.0;
    if crossing && start_sum != 0.0 {
        forcing = (start / start_sum * sum - centre) / grid.h_min_mm;
    }
    let sign_of_start = start / sqrt(start * start + grid.h_min_mm * grid.h_min_mm);
    let slope = godunov(backward, forward, !inside);
    let value = centre - 0.5 * grid.h_min_mm * (sign_of_start * (slope - 1.0) - 0.5 * forcing);
    // A voxel keeps its side: where phi is steep one step would push it across, and the contour with it.
    let least = KEPT * start;
    return select(max(value, least), min(value, least), inside);
}
