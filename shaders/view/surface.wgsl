// The 3D pane: the surface phi = 0, or the labels' surface, by ray casting, shaded with a light at the eye.
//
// phi is a distance in mm (clamped to its band), so a ray may always go on by |phi| without passing the surface:
// sphere tracing. Labels have no distance; their rays go by half a voxel through a smoothed occupancy.

struct Surface {
    // Rows of the affine from RAS mm to the field's grid.
    grid_from_world: array<vec4<f32>, 3>,
    // Voxels of the grid; w: 0 nothing, 1 phi, 2 labels.
    size: vec4<u32>,
    // Eye-side ray start plane in RAS mm: its centre, and half its width and height as vectors.
    centre: vec4<f32>,
    right: vec4<f32>,
    up: vec4<f32>,
    // Unit direction of all rays (parallel projection), RAS; w: length of the rays, mm.
    forward: vec4<f32>,
    colour: vec4<f32>,
    background_top: vec4<f32>,
    background_bottom: vec4<f32>,
    // First and one past the last voxel to look at; lower.w: least step, mm; upper.w: largest step, mm.
    lower: vec4<f32>,
    upper: vec4<f32>,
}

@group(0) @binding(0) var<uniform> surface: Surface;
@group(0) @binding(1) var<storage, read> phi: array<f32>;
@group(0) @binding(2) var labels: texture_3d<u32>;
@group(0) @binding(3) var<storage, read> label_colours: array<u32>;

struct Varying {
    @builtin(position) position: vec4<f32>,
    @location(0) pane: vec2<f32>,
}

@vertex
fn surface_vertex(@builtin(vertex_index) index: u32) -> Varying {
    let pane = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return Varying(vec4<f32>(pane.x * 2.0 - 1.0, 1.0 - pane.y * 2.0, 0.0, 1.0), pane * 2.0 - 1.0);
}

fn to_grid(world: vec3<f32>) -> vec3<f32> {
    let w = vec4<f32>(world, 1.0);
    return vec3<f32>(
        dot(surface.grid_from_world[0], w),
        dot(surface.grid_from_world[1], w),
        dot(surface.grid_from_world[2], w),
    );
}

fn to_grid_step(step: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(
        dot(surface.grid_from_world[0].xyz, step),
        dot(surface.grid_from_world[1].xyz, step),
        dot(surface.grid_from_world[2].xyz, step),
    );
}

fn visible_label(voxel: vec3<u32>) -> f32 {
    let label = textureLoad(labels, vec3<i32>(voxel), 0).x;
    return select(0.5, -0.5, label != 0u && (label_colours[min(label, 65535u)] >> 24u) != 0u);
}

// Distance to the surface in mm for phi; half a voxel at most for labels. Positive outside.
fn value_at(voxel: vec3<u32>) -> f32 {
    if surface.size.w == 2u {
        return visible_label(voxel);
    }
    return phi[voxel.x + surface.size.x * (voxel.y + surface.size.y * voxel.z)];
}

fn sampled(grid: vec3<f32>) -> f32 {
    let last = vec3<f32>(surface.size.xyz) - 1.0;
    let at = clamp(grid, vec3<f32>(0.0), last);
    let base = min(floor(at), max(last - 1.0, vec3<f32>(0.0)));
    let f = at - base;
    let a = vec3<u32>(base);
    let b = min(a + 1u, surface.size.xyz - 1u);
    let x00 = mix(value_at(a), value_at(vec3<u32>(b.x, a.y, a.z)), f.x);
    let x10 = mix(value_at(vec3<u32>(a.x, b.y, a.z)), value_at(vec3<u32>(b.x, b.y, a.z)), f.x);
    let x01 = mix(value_at(vec3<u32>(a.x, a.y, b.z)), value_at(vec3<u32>(b.x, a.y, b.z)), f.x);
    let x11 = mix(value_at(vec3<u32>(a.x, b.y, b.z)), value_at(b), f.x);
    return mix(mix(x00, x10, f.y), mix(x01, x11, f.y), f.z);
}

// Where a ray enters and leaves the looked-at box, as distances along it in mm.
fn box_span(start: vec3<f32>, step: vec3<f32>) -> vec2<f32> {
    // Zero components would divide by zero; the smallest step that matters is far above this.
    let safe = select(step, vec3<f32>(1e-9), abs(step) < vec3<f32>(1e-9));
    let a = (surface.lower.xyz - 0.5 - start) / safe;
    let b = (surface.upper.xyz - 0.5 - start) / safe;
    let near = min(a, b);
    let far = max(a, b);
    return vec2<f32>(max(max(near.x, near.y), max(near.z, 0.0)), min(min(far.x, far.y), far.z));
}

@fragment
fn surface_fragment(in: Varying) -> @location(0) vec4<f32> {
    let background = mix(surface.background_top, surface.background_bottom, 0.5 * (in.pane.y + 1.0));
    if surface.size.w == 0u {
        return background;
    }
    let world = surface.centre.xyz + in.pane.x * surface.right.xyz - in.pane.y * surface.up.xyz;
    let start = to_grid(world);
    let step = to_grid_step(surface.forward.xyz);
    let span = box_span(start, step);
    if span.x >= span.y {
        return background;
    }
    var along = span.x;
    var before = along;
    var value = sampled(start + along * step);
    var hit = value < 0.0;
    // However fine the voxels, the steps reach the far side of the box.
    let least = (span.y - span.x) / 500.0;
    for (var i = 0u; i < 512u && !hit && along < span.y; i += 1u) {
        before = along;
        let distance = select(value, surface.upper.w, surface.size.w == 2u);
        along += max(clamp(distance * 0.9, surface.lower.w, surface.upper.w), least);
        value = sampled(start + along * step);
        hit = value < 0.0;
    }
    if !hit || along > span.y + surface.lower.w {
        return background;
    }
    // Bisection between the last point outside and the first inside.
    var outside = before;
    for (var i = 0u; i < 6u; i += 1u) {
        let middle = 0.5 * (outside + along);
        if sampled(start + middle * step) < 0.0 {
            along = middle;
        } else {
            outside = middle;
        }
    }
    let at = start + along * step;
    // A wider difference for labels, whose occupancy is a staircase.
    let reach = select(1.0, 1.6, surface.size.w == 2u);
    let gradient = vec3<f32>(
        sampled(at + vec3<f32>(reach, 0.0, 0.0)) - sampled(at - vec3<f32>(reach, 0.0, 0.0)),
        sampled(at + vec3<f32>(0.0, reach, 0.0)) - sampled(at - vec3<f32>(0.0, reach, 0.0)),
        sampled(at + vec3<f32>(0.0, 0.0, reach)) - sampled(at - vec3<f32>(0.0, 0.0, reach)),
    );
    // Gradients turn by the transposed affine.
    let normal_world = surface.grid_from_world[0].xyz * gradient.x + surface.grid_from_world[1].xyz * gradient.y
        + surface.grid_from_world[2].xyz * gradient.z;
    let normal = normal_world / max(length(normal_world), 1e-9);
    let facing = max(dot(normal, -surface.forward.xyz), 0.0);
    let light = normalize(-surface.forward.xyz + 0.45 * normalize(surface.up.xyz) - 0.35 * normalize(surface.right.xyz));
    let diffuse = max(dot(normal, light), 0.0);
    let half_way = normalize(light - surface.forward.xyz);
    let specular = pow(max(dot(normal, half_way), 0.0), 40.0);
    var base = surface.colour.rgb;
    if surface.size.w == 2u {
        // The first label on the way inside.
        let inwards = -0.6 * gradient / max(length(gradient), 1e-9);
        let last = vec3<f32>(surface.size.xyz) - 1.0;
        for (var k = 1.0; k < 4.0; k += 1.0) {
            let inside = clamp(at + k * inwards, vec3<f32>(0.0), last);
            let label = textureLoad(labels, vec3<i32>(round(inside)), 0).x;
            if label != 0u {
                base = unpack4x8unorm(label_colours[min(label, 65535u)]).rgb;
                break;
            }
        }
    }
    let shaded = base * (0.18 + 0.62 * diffuse + 0.25 * facing) + vec3<f32>(0.18) * specular;
    return vec4<f32>(min(shaded, vec3<f32>(1.0)), 1.0);
}
