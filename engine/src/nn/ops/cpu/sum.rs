//! Sums over floats, in as many running sums as fit the registers.

use super::simd::Vector;

/// Running sums of the lanes of a vector; the order depends on the vector's width, not on threads.
const SUMS: usize = 4;

/// Σ (x − shift) and Σ (x − shift)² over at most a few thousand floats.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn moments<V: Vector>(x: &[f32], shift: f32) -> [f32; 2] {
    let whole = x.chunks_exact(SUMS * V::LANES);
    let (mut first, mut second) = (0.0, 0.0);
    for x in whole.remainder() {
        let x = x - shift;
        first += x;
        second += x * x;
    }
    // SAFETY: each chunk holds SUMS vectors; the caller's promise.
    unsafe {
        let negative = V::splat(-shift);
        let (mut sums, mut squares) = ([V::splat(0.0); SUMS], [V::splat(0.0); SUMS]);
        for chunk in whole {
            for k in 0..SUMS {
                let x = V::load(chunk.as_ptr().add(k * V::LANES)).add(negative);
                sums[k] = sums[k].add(x);
                squares[k] = squares[k].add_product(x, x);
            }
        }
        [first + total(sums), second + total(squares)]
    }
}

/// Σ a and Σ a·b over at most a few thousand floats.
///
/// # Safety
/// The processor has the instructions of `V`; both slices have one length.
#[inline(always)]
pub unsafe fn sum_and_product<V: Vector>(a: &[f32], b: &[f32]) -> [f32; 2] {
    let (wholes_a, wholes_b) = (a.chunks_exact(SUMS * V::LANES), b.chunks_exact(SUMS * V::LANES));
    let (mut first, mut second) = (0.0, 0.0);
    for (a, b) in wholes_a.remainder().iter().zip(wholes_b.remainder()) {
        first += a;
        second += a * b;
    }
    // SAFETY: each chunk holds SUMS vectors; the caller's promise.
    unsafe {
        let (mut sums, mut products) = ([V::splat(0.0); SUMS], [V::splat(0.0); SUMS]);
        for (a, b) in wholes_a.zip(wholes_b) {
            for k in 0..SUMS {
                let a = V::load(a.as_ptr().add(k * V::LANES));
                sums[k] = sums[k].add(a);
                products[k] = products[k].add_product(a, V::load(b.as_ptr().add(k * V::LANES)));
            }
        }
        [first + total(sums), second + total(products)]
    }
}

#[inline(always)]
unsafe fn total<V: Vector>(sums: [V; SUMS]) -> f32 {
    // SAFETY: the caller's promise.
    unsafe { sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum() }
}
