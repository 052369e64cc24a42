// One-sided differences along one axis. Arguments are phi at the neighbours (m3 = three voxels down, c = centre,
// p3 = three voxels up) and 1/h; results are (backward, forward) = (D-, D+) in 1/mm times phi's unit.

fn upwind1(m1: f32, c: f32, p1: f32, inverse_h: f32) -> vec2<f32> {
    return vec2<f32>(c - m1, p1 - c) * inverse_h;
}

// The argument of least magnitude, 0 when the signs differ.
fn minmod(a: f32, b: f32) -> f32 {
    if a * b <= 0.0 {
        return 0.0;
    }
    return select(b, a, abs(a) < abs(b));
}

// Second order ENO (Osher & Shu 1991): first difference plus half the smoother second difference.
fn eno2(m2: f32, m1: f32, c: f32, p1: f32, p2: f32, inverse_h: f32) -> vec2<f32> {
    let below = c - 2.0 * m1 + m2;
    let here = p1 - 2.0 * c + m1;
    let above = p2 - 2.0 * p1 + c;
    let backward = (c - m1) + 0.5 * minmod(below, here);
    let forward = (p1 - c) - 0.5 * minmod(here, above);
    return vec2<f32>(backward, forward) * inverse_h;
}

// WENO combination of five successive first differences v1..v5, from the upwind end (Jiang & Peng 2000).
fn weno5_side(v1: f32, v2: f32, v3: f32, v4: f32, v5: f32) -> f32 {
    let s1 = 13.0 / 12.0 * pow2(v1 - 2.0 * v2 + v3) + 0.25 * pow2(v1 - 4.0 * v2 + 3.0 * v3);
    let s2 = 13.0 / 12.0 * pow2(v2 - 2.0 * v3 + v4) + 0.25 * pow2(v2 - v4);
    let s3 = 13.0 / 12.0 * pow2(v3 - 2.0 * v4 + v5) + 0.25 * pow2(3.0 * v3 - 4.0 * v4 + v5);
    let a1 = 0.1 / pow2(s1 + 1e-6);
    let a2 = 0.6 / pow2(s2 + 1e-6);
    let a3 = 0.3 / pow2(s3 + 1e-6);
    let q1 = v1 / 3.0 - 7.0 / 6.0 * v2 + 11.0 / 6.0 * v3;
    let q2 = -v2 / 6.0 + 5.0 / 6.0 * v3 + v4 / 3.0;
    let q3 = v3 / 3.0 + 5.0 / 6.0 * v4 - v5 / 6.0;
    return (a1 * q1 + a2 * q2 + a3 * q3) / (a1 + a2 + a3);
}

fn pow2(x: f32) -> f32 {
    return x * x;
}

fn weno5(m3: f32, m2: f32, m1: f32, c: f32, p1: f32, p2: f32, p3: f32, inverse_h: f32) -> vec2<f32> {
    let d1 = (m2 - m3) * inverse_h;
    let d2 = (m1 - m2) * inverse_h;
    let d3 = (c - m1) * inverse_h;
    let d4 = (p1 - c) * inverse_h;
    let d5 = (p2 - p1) * inverse_h;
    let d6 = (p3 - p2) * inverse_h;
    return vec2<f32>(weno5_side(d1, d2, d3, d4, d5), weno5_side(d6, d5, d4, d3, d2));
}

// |grad phi| by Godunov's scheme for a front that moves outwards (`expands`: P > 0) or inwards; `backward` and
// `forward` hold D- and D+ along x, y, z.
fn godunov(backward: vec3<f32>, forward: vec3<f32>, expands: bool) -> f32 {
    let towards = select(min(backward, vec3<f32>(0.0)), max(backward, vec3<f32>(0.0)), expands);
    let away = select(max(forward, vec3<f32>(0.0)), min(forward, vec3<f32>(0.0)), expands);
    let greater = max(towards * towards, away * away);
    return sqrt(greater.x + greater.y + greater.z);
}
