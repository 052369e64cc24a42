//! One-sided differences along one axis, divided by the spacing: first order, ENO2, WENO5.

/// Scheme numbers as const generics: [`crate::levelset::Scheme`] in its declared order.
pub const UPWIND1: u8 = 0;
/// Second order ENO.
pub const ENO2: u8 = 1;
/// Fifth order WENO.
pub const WENO5: u8 = 2;

/// Neighbours along the axis that a scheme reads on each side.
pub const fn reach(scheme: u8) -> usize {
    match scheme {
        UPWIND1 => 1,
        ENO2 => 2,
        _ => 3,
    }
}

/// Backward and forward difference (D-, D+) at offset `i` with neighbours `stride` apart.
///
/// # Safety
/// `phi` is readable from `i - reach * stride` to `i + reach * stride`.
#[inline(always)]
pub unsafe fn one_sided<const SCHEME: u8>(phi: *const f32, i: usize, stride: usize, inverse_h: f32) -> (f32, f32) {
    // SAFETY: the caller vouches for the reach of the scheme.
    let at = |k: isize| unsafe { *phi.offset(i as isize + k * stride as isize) };
    let center = at(0);
    let minus = (center - at(-1)) * inverse_h;
    let plus = (at(1) - center) * inverse_h;
    if SCHEME == UPWIND1 {
        return (minus, plus);
    }
    if SCHEME == ENO2 {
        // Half the second difference with the smaller magnitude corrects the first (Osher & Shu 1991).
        let before = (center - 2.0 * at(-1) + at(-2)) * inverse_h;
        let here = (at(1) - 2.0 * center + at(-1)) * inverse_h;
        let after = (at(2) - 2.0 * at(1) + center) * inverse_h;
        return (minus + 0.5 * smaller(before, here), plus - 0.5 * smaller(here, after));
    }
    let d = |k: isize| (at(k + 1) - at(k)) * inverse_h;
    let v = [d(-3), d(-2), d(-1), d(0), d(1), d(2)];
    (weno5(v[0], v[1], v[2], v[3], v[4]), weno5(v[5], v[4], v[3], v[2], v[1]))
}

/// The argument nearer to zero when both have one sign, else 0 (minmod).
#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    let least = if a.abs() < b.abs() { a } else { b };
    if a * b > 0.0 { least } else { 0.0 }
}

/// WENO5 of five consecutive differences (Jiang & Peng 2000, eq. 2.6 ff.).
#[inline(always)]
fn weno5(a: f32, b: f32, c: f32, d: f32, e: f32) -> f32 {
    let square = |x: f32| x * x;
    let s0 = 13.0 / 12.0 * square(a - 2.0 * b + c) + 0.25 * square(a - 4.0 * b + 3.0 * c);
    let s1 = 13.0 / 12.0 * square(b - 2.0 * c + d) + 0.25 * square(b - d);
    let s2 = 13.0 / 12.0 * square(c - 2.0 * d + e) + 0.25 * square(3.0 * c - 4.0 * d + e);
    const EPSILON: f32 = 1e-6;
    let w0 = 0.1 / square(EPSILON + s0);
    let w1 = 0.6 / square(EPSILON + s1);
    let w2 = 0.3 / square(EPSILON + s2);
    let q0 = (2.0 * a - 7.0 * b + 11.0 * c) / 6.0;
    let q1 = (-b + 5.0 * c + 2.0 * d) / 6.0;
    let q2 = (2.0 * c + 5.0 * d - e) / 6.0;
    (w0 * q0 + w1 * q1 + w2 * q2) / (w0 + w1 + w2)
}
