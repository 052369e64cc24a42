//! dphi/dt at one voxel for the edge and region methods. Written for one voxel; the run loop around it is
//! what the compiler turns into vector code.

use super::difference::one_sided;

/// What the stencil needs beside phi.
#[derive(Clone, Copy)]
pub struct Stencil {
    /// Offsets of the neighbours along x, y, z.
    pub stride: [usize; 3],
    /// 1 / h along x, y, z, mm⁻¹.
    pub inverse_h: [f32; 3],
    /// Limit of |kappa|: (dim - 1) / h_min, mm⁻¹.
    pub kappa_max: f32,
    /// K where it does not vary.
    pub curvature_constant: f32,
    /// P per voxel.
    pub propagation: *const f32,
    /// K per voxel, or null for the constant.
    pub curvature: *const f32,
    /// A per voxel along x, y, z (null without advection).
    pub advection: [*const f32; 3],
}

// SAFETY: the pointers are only read, and the fields behind them outlive the step that uses them.
unsafe impl Sync for Stencil {}
// SAFETY: as above.
unsafe impl Send for Stencil {}

/// Numerator and squared gradient of the curvature by central differences:
/// kappa = N / |grad phi|^3 and kappa |grad phi| = N / |grad phi|^2.
///
/// # Safety
/// phi is readable one voxel around offset `i` in every direction of the `DIM` axes.
#[inline(always)]
unsafe fn curvature_parts<const DIM: usize>(s: &Stencil, phi: *const f32, i: usize) -> (f32, f32) {
    // SAFETY: the caller vouches for the neighbourhood.
    let at = |offset: isize| unsafe { *phi.offset(i as isize + offset) };
    let st = [s.stride[0] as isize, s.stride[1] as isize, s.stride[2] as isize];
    let center = at(0);
    let mut first = [0.0f32; 3];
    let mut second = [0.0f32; 3];
    for d in 0..DIM {
        let (a, b) = (at(-st[d]), at(st[d]));
        first[d] = 0.5 * s.inverse_h[d] * (b - a);
        second[d] = s.inverse_h[d] * s.inverse_h[d] * (a + b - 2.0 * center);
    }
    let cross = |p: usize, q: usize| {
        let sum = at(st[p] + st[q]) - at(st[p] - st[q]) - at(st[q] - st[p]) + at(-st[p] - st[q]);
        0.25 * s.inverse_h[p] * s.inverse_h[q] * sum
    };
    let (fx, fy, fz) = (first[0], first[1], first[2]);
    let mixed = if DIM == 2 {
        fx * fy * cross(0, 1)
    } else {
        fx * fy * cross(0, 1) + fx * fz * cross(0, 2) + fy * fz * cross(1, 2)
    };
    let square = fx * fx + fy * fy + fz * fz + 1e-12;
    let mut sum = second[0] * (square - fx * fx) + second[1] * (square - fy * fy);
    if DIM == 3 {
        sum += second[2] * (square - fz * fz);
    }
    (sum - 2.0 * mixed, square)
}

/// `value` limited to -limit..limit.
#[inline(always)]
fn limited(value: f32, limit: f32) -> f32 {
    let value = if value > limit { limit } else { value };
    if value < -limit { -limit } else { value }
}

/// kappa |grad phi|, limited to `kappa_max` |grad phi|.
///
/// # Safety
/// As [`curvature_parts`].
#[inline(always)]
pub unsafe fn curvature_flow<const DIM: usize>(s: &Stencil, phi: *const f32, i: usize) -> f32 {
    // SAFETY: passed on to the caller.
    let (numerator, square) = unsafe { curvature_parts::<DIM>(s, phi, i) };
    limited(numerator / square, s.kappa_max * square.sqrt())
}

/// kappa, limited to `kappa_max`; and |grad phi|.
///
/// # Safety
/// As [`curvature_parts`].
#[inline(always)]
pub unsafe fn curvature<const DIM: usize>(s: &Stencil, phi: *const f32, i: usize) -> (f32, f32) {
    // SAFETY: passed on to the caller.
    let (numerator, square) = unsafe { curvature_parts::<DIM>(s, phi, i) };
    let gradient = square.sqrt();
    (limited(numerator / (square * gradient), s.kappa_max), gradient)
}

/// |grad phi| of Godunov for a front of speed sign `sign` (outward where positive).
#[inline(always)]
pub fn godunov(minus: f32, plus: f32, sign: f32) -> f32 {
    let a = sign * minus;
    let b = sign * plus;
    let a = if a > 0.0 { a } else { 0.0 };
    let b = if b < 0.0 { b } else { 0.0 };
    let (a, b) = (a * a, b * b);
    if a > b { a } else { b }
}

/// The terms of dphi/dt at offset `i`: propagation, curvature, advection.
///
/// # Safety
/// phi is readable as far as the scheme reaches (and one voxel diagonally); the fields at `i`.
#[inline(always)]
pub unsafe fn terms<const DIM: usize, const SCHEME: u8, const ADVECT: bool>(
    s: &Stencil,
    phi: *const f32,
    i: usize,
) -> [f32; 3] {
    // SAFETY: the caller vouches for every offset read here.
    unsafe {
        let p = *s.propagation.add(i);
        let sign = if p < 0.0 { -1.0 } else { 1.0 };
        let mut square = 0.0;
        let mut advection = 0.0;
        for d in 0..DIM {
            let (minus, plus) = one_sided::<SCHEME>(phi, i, s.stride[d], s.inverse_h[d]);
            square += godunov(minus, plus, sign);
            if ADVECT {
                let a = *s.advection[d].add(i);
                advection += a * if a < 0.0 { minus } else { plus };
            }
        }
        let k = if s.curvature.is_null() { s.curvature_constant } else { *s.curvature.add(i) };
        let curvature = k * curvature_flow::<DIM>(s, phi, i);
        [-(p * square.sqrt()), curvature, advection]
    }
}

/// dphi/dt at offset `i`.
///
/// # Safety
/// As [`terms`].
#[inline(always)]
pub unsafe fn rate<const DIM: usize, const SCHEME: u8, const ADVECT: bool>(
    s: &Stencil,
    phi: *const f32,
    i: usize,
) -> f32 {
    // SAFETY: passed on to the caller.
    let [propagation, curvature, advection] = unsafe { terms::<DIM, SCHEME, ADVECT>(s, phi, i) };
    advection + curvature + propagation
}
