// Curvature by central differences: kappa |grad phi|, with |kappa| limited to (dim - 1) / h_min.
#import common/grid

// phi around a voxel, in mm: `low` and `high` are the face neighbours along x, y, z; `diagonal` holds
// phi(+,+) - phi(+,-) - phi(-,+) + phi(-,-) over the planes xy, xz, yz.
struct Neighbourhood {
    centre: f32,
    low: vec3<f32>,
    high: vec3<f32>,
    diagonal: vec3<f32>,
}

// What central differences say about phi at a voxel.
struct Curvature {
    times_gradient: f32, // kappa |grad phi|, 1/mm
    gradient: f32, // |grad phi|
}

fn curvature(n: Neighbourhood) -> Curvature {
    let inverse = grid.inverse_spacing;
    let first = 0.5 * (n.high - n.low) * inverse;
    let second = (n.high - 2.0 * n.centre + n.low) * inverse * inverse;
    let mixed = 0.25 * n.diagonal * inverse.xxy * inverse.yzz;
    let squares = first * first;
    let gradient_squared = squares.x + squares.y + squares.z + 1e-12;
    // G - phi_i^2 is the sum of the other two squares: taken so, nothing cancels.
    let others = squares.yxx + squares.zzy + vec3<f32>(1e-12);
    let straight = dot(second, others);
    let crossed = dot(first.xxy * first.yzz, mixed);
    let gradient = sqrt(gradient_squared);
    let limit = f32(grid.dimension - 1u) / grid.h_min_mm * gradient;
    return Curvature(clamp((straight - 2.0 * crossed) / gradient_squared, -limit, limit), gradient);
}
