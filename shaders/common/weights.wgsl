// Weights of the level set equation and the step. Mirrored by layout::Weights.

struct Weights {
    dt: f32,
    band_mm: f32,
    alpha: f32,
    beta: f32,
    gamma: f32,
    propagation_exponent: f32,
    curvature_exponent: f32,
    advection_exponent: f32,
    mu: f32,
    nu: f32,
    lambda1: f32,
    lambda2: f32,
    epsilon_mm: f32,
    heaviside: u32,
    padding: vec2<u32>,
}

// |g|^exponent with 0^0 = 1; the usual exponents do without pow, whose result at 0 WGSL leaves open.
fn power(magnitude: f32, exponent: f32) -> f32 {
    if exponent == 0.0 {
        return 1.0;
    }
    if exponent == 1.0 {
        return magnitude;
    }
    if magnitude == 0.0 {
        return 0.0;
    }
    return pow(magnitude, exponent);
}
