// One slice pane: CT through its display window, a map and labels over it, the contour phi = 0 with those of earlier
// moments, a proposed contour, dashed, and a reference's contour in black.
//
// Each pixel finds its own (fractional) voxel; nothing is resampled beforehand. The contour is drawn from phi itself:
// its distance in screen pixels is |phi| / |grad phi| with the gradient taken in pixels, so the line has the same
// width at every zoom and lies at sub-voxel accuracy.

struct Slice {
    // Voxel of the pane's upper left corner, and the steps across the pane's whole width and height.
    corner_voxel: vec4<f32>,
    across_voxel: vec4<f32>,
    down_voxel: vec4<f32>,
    // Voxels of the scan; w: 0 stored as i16, 1 as f32.
    size: vec4<u32>,
    // Voxel axes across and down; z: interpolate; w: a label map is bound.
    axes: vec4<u32>,
    // Slope, intercept, intensity shown black, intensity shown white.
    intensity: vec4<f32>,
    // Pane in pixels; z: contour width in pixels; w: how much to dim outside the ROI.
    pane_px: vec4<f32>,
    // ROI in voxels, half-open.
    roi_lower: vec4<f32>,
    roi_upper: vec4<f32>,
    // Rows of the affine from scan voxels to phi's grid, and that grid's size; w: phi is bound.
    phi_from_voxel: array<vec4<f32>, 3>,
    phi_size: vec4<u32>,
    // The same for the map that is laid over the image; w: 0 there is none, 1 speed in [-1, 1], 2 speed in [0, 1], 3 phi,
    // 4 a force.
    map_from_voxel: array<vec4<f32>, 3>,
    map_size: vec4<u32>,
    // Map of phi or a force: the value of its full colour, half width of the band that is shown (mm).
    map_range: vec4<f32>,
    // The same for the proposal.
    proposal_from_voxel: array<vec4<f32>, 3>,
    proposal_size: vec4<u32>,
    // The same for the reference.
    reference_from_voxel: array<vec4<f32>, 3>,
    reference_size: vec4<u32>,
    // Earlier contours on phi's grid: their number (0 to 8), and the distance of a stored 1, mm.
    trail: vec4<f32>,
    trail_colour: vec4<f32>,
    contour_colour: vec4<f32>,
    // Opacities of labels, the map, and of the inside of the contour; w: background grey.
    opacity: vec4<f32>,
}

@group(0) @binding(0) var<uniform> slice: Slice;
@group(0) @binding(1) var scan: texture_3d<u32>;
@group(0) @binding(2) var labels: texture_3d<u32>;
@group(0) @binding(3) var<storage, read> label_colours: array<u32>;
@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read> map: array<f32>;
@group(0) @binding(6) var<storage, read> proposal: array<f32>;
@group(0) @binding(7) var<storage, read> reference: array<f32>;
// Eight signed bytes per voxel, the oldest contour first.
@group(0) @binding(8) var<storage, read> earlier: array<vec2<u32>>;

// The fields that are read at any place.
const PHI = 0u;
const MAP = 1u;
const PROPOSAL = 2u;
const REFERENCE = 3u;

// Length of a dash and its gap, in contour widths.
const DASH: f32 = 6.0;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) pane: vec2<f32>,
}

@vertex
fn slice_vertex(@builtin(vertex_index) index: u32) -> Varying {
    // One triangle that covers the pane.
    let pane = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return Varying(vec4<f32>(pane.x * 2.0 - 1.0, 1.0 - pane.y * 2.0, 0.0, 1.0), pane);
}

fn intensity_at(voxel: vec3<i32>) -> f32 {
    let inside = clamp(voxel, vec3<i32>(0), vec3<i32>(slice.size.xyz) - 1);
    let stored = textureLoad(scan, inside, 0).x;
    if slice.size.w == 1u {
        return bitcast<f32>(stored);
    }
    return f32(bitcast<i32>(stored << 16u) >> 16u) * slice.intensity.x + slice.intensity.y;
}

fn unit(axis: u32) -> vec3<i32> {
    return vec3<i32>(i32(axis == 0u), i32(axis == 1u), i32(axis == 2u));
}

// Bilinear within the slice: across it the voxel is a whole number.
fn intensity(voxel: vec3<f32>) -> f32 {
    if slice.axes.z == 0u {
        return intensity_at(vec3<i32>(round(voxel)));
    }
    let across = unit(slice.axes.x);
    let down = unit(slice.axes.y);
    let in_plane = across + down;
    let base = select(vec3<i32>(round(voxel)), vec3<i32>(floor(voxel)), in_plane == vec3<i32>(1));
    let fraction = voxel - vec3<f32>(base);
    let fa = dot(fraction, vec3<f32>(across));
    let fd = dot(fraction, vec3<f32>(down));
    let top = mix(intensity_at(base), intensity_at(base + across), fa);
    let bottom = mix(intensity_at(base + down), intensity_at(base + in_plane), fa);
    return mix(top, bottom, fd);
}

fn label_at(voxel: vec3<f32>) -> u32 {
    let inside = clamp(vec3<i32>(round(voxel)), vec3<i32>(0), vec3<i32>(slice.size.xyz) - 1);
    return textureLoad(labels, inside, 0).x;
}

fn apply_affine(rows: array<vec4<f32>, 3>, voxel: vec3<f32>) -> vec3<f32> {
    let v = vec4<f32>(voxel, 1.0);
    return vec3<f32>(dot(rows[0], v), dot(rows[1], v), dot(rows[2], v));
}

fn apply_linear(rows: array<vec4<f32>, 3>, step: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(dot(rows[0].xyz, step), dot(rows[1].xyz, step), dot(rows[2].xyz, step));
}

fn within(grid: vec3<f32>, size: vec3<u32>) -> bool {
    return all(grid >= vec3<f32>(-0.5)) && all(grid < vec3<f32>(size) - 0.5);
}

fn value_at(field: u32, size: vec3<u32>, voxel: vec3<u32>) -> f32 {
    let index = voxel.x + size.x * (voxel.y + size.y * voxel.z);
    switch field {
        case MAP: { return map[index]; }
        case PROPOSAL: { return proposal[index]; }
        case REFERENCE: { return reference[index]; }
        default: { return phi[index]; }
    }
}

// Trilinear value of a field (w) and its gradient per voxel of its grid (xyz).
fn value_and_gradient(field: u32, size: vec3<u32>, grid: vec3<f32>) -> vec4<f32> {
    let last = vec3<f32>(size) - 1.0;
    let at = clamp(grid, vec3<f32>(0.0), last);
    let base = min(floor(at), max(last - 1.0, vec3<f32>(0.0)));
    let f = at - base;
    let a = vec3<u32>(base);
    let b = min(a + 1u, size - 1u);
    let p000 = value_at(field, size, a);
    let p100 = value_at(field, size, vec3<u32>(b.x, a.y, a.z));
    let p010 = value_at(field, size, vec3<u32>(a.x, b.y, a.z));
    let p110 = value_at(field, size, vec3<u32>(b.x, b.y, a.z));
    let p001 = value_at(field, size, vec3<u32>(a.x, a.y, b.z));
    let p101 = value_at(field, size, vec3<u32>(b.x, a.y, b.z));
    let p011 = value_at(field, size, vec3<u32>(a.x, b.y, b.z));
    let p111 = value_at(field, size, b);
    let x00 = mix(p000, p100, f.x);
    let x10 = mix(p010, p110, f.x);
    let x01 = mix(p001, p101, f.x);
    let x11 = mix(p011, p111, f.x);
    let y0 = mix(x00, x10, f.y);
    let y1 = mix(x01, x11, f.y);
    let dx = mix(mix(p100 - p000, p110 - p010, f.y), mix(p101 - p001, p111 - p011, f.y), f.z);
    let dy = mix(x10 - x00, x11 - x01, f.z);
    return vec4<f32>(dx, dy, y1 - y0, mix(y0, y1, f.z));
}

fn map_near(grid: vec3<f32>) -> f32 {
    let at = vec3<u32>(clamp(round(grid), vec3<f32>(0.0), vec3<f32>(slice.map_size.xyz) - 1.0));
    return map[at.x + slice.map_size.x * (at.y + slice.map_size.y * at.z)];
}

// -1 deep blue, 0 light blue, 1 white.
fn speed_colour(g: f32) -> vec3<f32> {
    let t = clamp(0.5 * (g + 1.0), 0.0, 1.0);
    return mix(vec3<f32>(0.07, 0.16, 0.55), vec3<f32>(1.0), t * t);
}

// -1 blue (inside), 0 white (the contour), 1 orange (outside).
fn phi_colour(t: f32) -> vec3<f32> {
    return mix(vec3<f32>(1.0), select(vec3<f32>(0.9, 0.43, 0.05), vec3<f32>(0.11, 0.36, 0.75), t < 0.0), abs(t));
}

// dphi/dt: -1 green (the contour grows), 0 white, 1 magenta (it shrinks).
fn force_colour(t: f32) -> vec3<f32> {
    return mix(vec3<f32>(1.0), select(vec3<f32>(0.77, 0.1, 0.55), vec3<f32>(0.2, 0.62, 0.12), t < 0.0), abs(t));
}

// The image under the map.
fn with_map(under: vec3<f32>, voxel: vec3<f32>) -> vec3<f32> {
    let grid = apply_affine(slice.map_from_voxel, voxel);
    if !within(grid, slice.map_size.xyz) {
        return under;
    }
    if slice.map_size.w < 3u {
        let g = map_near(grid);
        return mix(under, speed_colour(select(g, 2.0 * g - 1.0, slice.map_size.w == 2u)), slice.opacity.y);
    }
    let value = value_and_gradient(MAP, slice.map_size.xyz, grid).w;
    var distance_mm = value;
    if slice.map_size.w == 4u {
        // A force lies on phi's own grid.
        distance_mm = value_and_gradient(PHI, slice.map_size.xyz, grid).w;
    }
    // Fades out over the last fifth of the band.
    let shown = clamp(5.0 * (1.0 - abs(distance_mm) / slice.map_range.y), 0.0, 1.0);
    let t = clamp(value / slice.map_range.x, -1.0, 1.0);
    if slice.map_size.w == 3u {
        return mix(under, phi_colour(t), slice.opacity.y * shown);
    }
    // A weak force leaves the image to be seen.
    return mix(under, force_colour(t), slice.opacity.y * shown * mix(0.2, 1.0, min(2.0 * abs(t), 1.0)));
}

// The line where the value is 0, with a dark rim; `ink` from 0 (a gap between dashes) to 1.
fn with_contour(under: vec3<f32>, value: f32, gradient_px: vec2<f32>, ink: f32) -> vec3<f32> {
    let distance_px = value / max(length(gradient_px), 1e-6);
    let half_width = 0.5 * slice.pane_px.z;
    let line = clamp(half_width + 0.5 - abs(distance_px), 0.0, 1.0);
    let halo = clamp(half_width + 1.5 - abs(distance_px), 0.0, 1.0);
    let dark = mix(under, vec3<f32>(0.0), 0.45 * halo * ink * slice.contour_colour.w);
    return mix(dark, slice.contour_colour.rgb, line * ink * slice.contour_colour.w);
}

// A reference's contour: black, with a thin light rim that shows it on dark tissue.
fn with_reference(under: vec3<f32>, value: f32, gradient_px: vec2<f32>) -> vec3<f32> {
    let distance_px = abs(value / max(length(gradient_px), 1e-6));
    let half_width = 0.5 * slice.pane_px.z;
    let line = clamp(half_width + 0.5 - distance_px, 0.0, 1.0);
    let rim = clamp(half_width + 2.0 - distance_px, 0.0, 1.0);
    return mix(mix(under, vec3<f32>(0.85), 0.8 * rim), vec3<f32>(0.0), line);
}

// Four earlier phi at a voxel: the first or the second four.
fn earlier_at(half: u32, size: vec3<u32>, voxel: vec3<u32>) -> vec4<f32> {
    return unpack4x8snorm(earlier[voxel.x + size.x * (voxel.y + size.y * voxel.z)][half]);
}

// Earlier contours, the older the fainter.
fn with_trail(under: vec3<f32>, grid: vec3<f32>, across_grid: vec3<f32>, down_grid: vec3<f32>) -> vec3<f32> {
    let size = slice.phi_size.xyz;
    let last = vec3<f32>(size) - 1.0;
    let at = clamp(grid, vec3<f32>(0.0), last);
    let base = min(floor(at), max(last - 1.0, vec3<f32>(0.0)));
    let f = at - base;
    let a = vec3<u32>(base);
    let b = min(a + 1u, size - 1u);
    let count = u32(slice.trail.x);
    var colour = under;
    for (var half = 0u; half < 2u && 4u * half < count; half++) {
        let p000 = earlier_at(half, size, a);
        let p100 = earlier_at(half, size, vec3<u32>(b.x, a.y, a.z));
        let p010 = earlier_at(half, size, vec3<u32>(a.x, b.y, a.z));
        let p110 = earlier_at(half, size, vec3<u32>(b.x, b.y, a.z));
        let p001 = earlier_at(half, size, vec3<u32>(a.x, a.y, b.z));
        let p101 = earlier_at(half, size, vec3<u32>(b.x, a.y, b.z));
        let p011 = earlier_at(half, size, vec3<u32>(a.x, b.y, b.z));
        let p111 = earlier_at(half, size, b);
        let x00 = mix(p000, p100, f.x);
        let x10 = mix(p010, p110, f.x);
        let x01 = mix(p001, p101, f.x);
        let x11 = mix(p011, p111, f.x);
        let y0 = mix(x00, x10, f.y);
        let y1 = mix(x01, x11, f.y);
        let value = mix(y0, y1, f.z);
        let dx = mix(mix(p100 - p000, p110 - p010, f.y), mix(p101 - p001, p111 - p011, f.y), f.z);
        let dy = mix(x10 - x00, x11 - x01, f.z);
        let dz = y1 - y0;
        let right = dx * across_grid.x + dy * across_grid.y + dz * across_grid.z;
        let down = dx * down_grid.x + dy * down_grid.y + dz * down_grid.z;
        let distance_px = abs(value) / max(sqrt(right * right + down * down), vec4<f32>(1e-6));
        for (var k = 0u; k < 4u && 4u * half + k < count; k++) {
            let age = f32(4u * half + k + 1u) / f32(count);
            let line = clamp(0.35 * slice.pane_px.z + 0.5 - distance_px[k], 0.0, 1.0);
            colour = mix(colour, slice.trail_colour.rgb, line * mix(0.3, 0.9, age) * slice.trail_colour.w);
        }
    }
    return colour;
}

// Dashes along a contour: counted across the screen where it runs rather across, else down it, so that no direction is
// without gaps.
fn dash(gradient_px: vec2<f32>, at_px: vec2<f32>) -> f32 {
    let along = select(at_px.y, at_px.x, abs(gradient_px.y) > abs(gradient_px.x));
    let period = DASH * slice.pane_px.z;
    let phase = fract(along / period) * period;
    let length_px = 0.62 * period;
    return clamp(min(phase, length_px - phase) + 0.5, 0.0, 1.0);
}

@fragment
fn slice_fragment(in: Varying) -> @location(0) vec4<f32> {
    let voxel = slice.corner_voxel.xyz + in.pane.x * slice.across_voxel.xyz + in.pane.y * slice.down_voxel.xyz;
    let across_px = slice.across_voxel.xyz / slice.pane_px.x;
    let down_px = slice.down_voxel.xyz / slice.pane_px.y;
    if !within(voxel, slice.size.xyz) {
        return vec4<f32>(vec3<f32>(slice.opacity.w), 1.0);
    }
    let hu = intensity(voxel);
    var colour = vec3<f32>(clamp((hu - slice.intensity.z) / (slice.intensity.w - slice.intensity.z), 0.0, 1.0));

    if slice.map_size.w != 0u && slice.opacity.y > 0.0 {
        colour = with_map(colour, voxel);
    }
    let outside_roi = any(voxel < slice.roi_lower.xyz - 0.5) || any(voxel >= slice.roi_upper.xyz - 0.5);
    colour *= select(1.0, 1.0 - slice.pane_px.w, outside_roi);

    if slice.axes.w == 1u && slice.opacity.x > 0.0 {
        let label = label_at(voxel);
        let here = unpack4x8unorm(label_colours[min(label, 65535u)]);
        var strength = 0.55 * here.w;
        let edge = label != label_at(voxel + across_px) || label != label_at(voxel - across_px)
            || label != label_at(voxel + down_px) || label != label_at(voxel - down_px);
        if edge && label != 0u {
            strength = here.w;
        }
        colour = mix(colour, here.rgb, strength * slice.opacity.x);
    }

    if slice.proposal_size.w == 1u {
        let grid = apply_affine(slice.proposal_from_voxel, voxel);
        if within(grid, slice.proposal_size.xyz) {
            let sampled = value_and_gradient(PROPOSAL, slice.proposal_size.xyz, grid);
            let gradient_px = vec2<f32>(
                dot(sampled.xyz, apply_linear(slice.proposal_from_voxel, across_px)),
                dot(sampled.xyz, apply_linear(slice.proposal_from_voxel, down_px)),
            );
            // Nothing is filled: what is inside is not decided yet.
            colour = with_contour(colour, sampled.w, gradient_px, dash(gradient_px, in.pane * slice.pane_px.xy));
        }
    }
    if slice.reference_size.w == 1u {
        let grid = apply_affine(slice.reference_from_voxel, voxel);
        if within(grid, slice.reference_size.xyz) {
            let sampled = value_and_gradient(REFERENCE, slice.reference_size.xyz, grid);
            let gradient_px = vec2<f32>(
                dot(sampled.xyz, apply_linear(slice.reference_from_voxel, across_px)),
                dot(sampled.xyz, apply_linear(slice.reference_from_voxel, down_px)),
            );
            colour = with_reference(colour, sampled.w, gradient_px);
        }
    }
    if slice.phi_size.w == 1u {
        let grid = apply_affine(slice.phi_from_voxel, voxel);
        if within(grid, slice.phi_size.xyz) {
            let sampled = value_and_gradient(PHI, slice.phi_size.xyz, grid);
            let across_grid = apply_linear(slice.phi_from_voxel, across_px);
            let down_grid = apply_linear(slice.phi_from_voxel, down_px);
            let gradient_px = vec2<f32>(dot(sampled.xyz, across_grid), dot(sampled.xyz, down_grid));
            // A map of phi or a force says what is inside by its own colours.
            if sampled.w < 0.0 && slice.map_size.w < 3u {
                colour = mix(colour, slice.contour_colour.rgb, slice.opacity.z);
            }
            if slice.trail.x > 0.0 {
                colour = with_trail(colour, grid, across_grid, down_grid);
            }
            colour = with_contour(colour, sampled.w, gradient_px, 1.0);
        }
    }
    return vec4<f32>(colour, 1.0);
}
