// Smoothed Heaviside and Dirac functions of Chan-Vese. atan and tanh are written out because WGSL's own may be wrong
// in the fourth digit; the CPU evaluates the same expressions.

const INVERSE_PI: f32 = 0.3183098862;
const HALF_PI: f32 = 1.5707963268;

// H(z): 0 far below zero, 1 far above. `form` is 0 for atan, 1 for tanh.
fn heaviside(z: f32, epsilon: f32, form: u32) -> f32 {
    if form == 1u {
        return 0.5 + 0.5 * precise_tanh(z / epsilon);
    }
    return 0.5 + INVERSE_PI * precise_atan(z / epsilon);
}

// dH/dz.
fn dirac(z: f32, epsilon: f32, form: u32) -> f32 {
    if form == 1u {
        let t = precise_tanh(z / epsilon);
        return 0.5 * (1.0 - t * t) / epsilon;
    }
    return INVERSE_PI * epsilon / (epsilon * epsilon + z * z);
}

// Abramowitz & Stegun 4.4.49, error below 2e-8.
fn precise_atan(x: f32) -> f32 {
    let a = abs(x);
    let r = select(a, 1.0 / a, a > 1.0);
    let s = r * r;
    var p = -0.016165737 + s * 0.002866226;
    p = 0.042909614 + s * p;
    p = -0.07528964 + s * p;
    p = 0.10656264 + s * p;
    p = -0.14208899 + s * p;
    p = 0.19993551 + s * p;
    p = -0.33333145 + s * p;
    let y = r + r * s * p;
    return sign(x) * select(y, HALF_PI - y, a > 1.0);
}

fn precise_tanh(x: f32) -> f32 {
    return 1.0 - 2.0 / (exp(2.0 * clamp(x, -9.0, 9.0)) + 1.0);
}
