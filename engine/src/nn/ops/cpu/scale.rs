//! Maps at half and at double size.

use super::parallel::filled;
use super::simd::{Task, Vector, dispatch};
use rayon::prelude::*;

/// Each 2×2 square of planes `[planes, height, width]` to its maximum. An odd last row or column is dropped.
pub fn max_pool(x: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    struct Plane<'a>(&'a [f32], usize, *mut f32);
    impl Task for Plane<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            let half = self.1 / 2;
            for (row, rows) in self.0.chunks_exact(2 * self.1).enumerate() {
                let (upper, lower) = rows.split_at(self.1);
                let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
                for (column, (u, l)) in upper.iter().zip(lower).enumerate() {
                    let value = largest(largest(u[0], u[1]), largest(l[0], l[1]));
                    // SAFETY: the plane of the result that belongs to this plane.
                    unsafe { self.2.add(row * half + column).write(value) };
                }
            }
        }
    }
    let (pixels, half) = (height * width, (height / 2) * (width / 2));
    // SAFETY: each plane writes its quarter.
    unsafe {
        filled(x.len() / pixels * half, |result| {
            x.par_chunks_exact(pixels).enumerate().for_each(|(plane, x)| {
                dispatch(Plane(x, width, result.at(plane * half)));
            });
        })
    }
}

/// The larger one; a number that is not one wins.
#[inline(always)]
fn largest(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// Gradient of [`max_pool`]'s input: to the first of the largest in each square.
pub fn max_pool_backward(x: &[f32], [height, width]: [usize; 2], gradient: &[f32]) -> Vec<f32> {
    struct Plane<'a>(&'a [f32], usize, &'a [f32], *mut f32);
    impl Task for Plane<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            let (width, half) = (self.1, self.1 / 2);
            for (row, rows) in self.0.chunks_exact(2 * width).enumerate() {
                let gradient = &self.2[row * half..(row + 1) * half];
                let (upper, lower) = rows.split_at(width);
                let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
                let strips = upper.chunks(STRIP).zip(lower.chunks(STRIP)).zip(gradient.chunks(STRIP));
                for (strip, ((upper, lower), gradient)) in strips.enumerate() {
                    let (to_upper, to_lower) = of_squares(upper, lower, gradient);
                    // SAFETY: the plane of the result that belongs to this plane.
                    unsafe {
                        let to = self.3.add(2 * (row * width + strip * STRIP));
                        let len = 2 * gradient.len();
                        std::ptr::copy_nonoverlapping(to_upper.as_ptr().cast(), to, len);
                        std::ptr::copy_nonoverlapping(to_lower.as_ptr().cast(), to.add(width), len);
                    }
                }
            }
        }
    }
    let (pixels, half) = (height * width, (height / 2) * (width / 2));
    let work = |plane: usize, x: &[f32], to: *mut f32| {
        dispatch(Plane(x, width, &gradient[plane * half..(plane + 1) * half], to));
    };
    if height % 2 == 1 || width % 2 == 1 {
        let mut result = vec![0.0; x.len()];
        x.par_chunks_exact(pixels)
            .zip(result.par_chunks_exact_mut(pixels))
            .enumerate()
            .for_each(|(plane, (x, result))| work(plane, x, result.as_mut_ptr()));
        return result;
    }
    // SAFETY: with even sides the squares cover the plane.
    unsafe {
        filled(x.len(), |result| {
            x.par_chunks_exact(pixels).enumerate().for_each(|(plane, x)| work(plane, x, result.at(plane * pixels)));
        })
    }
}

/// Squares of which the gradient is found at a time, in buffers that overlap with nothing.
const STRIP: usize = 64;

/// The gradient of both rows of a strip of squares.
#[inline(always)]
fn of_squares(upper: &[[f32; 2]], lower: &[[f32; 2]], gradient: &[f32]) -> ([[f32; 2]; STRIP], [[f32; 2]; STRIP]) {
    let [mut a, mut b, mut c, mut d, mut g] = [[0.0_f32; STRIP]; 5];
    for (i, ((u, l), gradient)) in upper.iter().zip(lower).zip(gradient).enumerate().take(STRIP) {
        (a[i], b[i], c[i], d[i], g[i]) = (u[0], u[1], l[0], l[1], *gradient);
    }
    for i in 0..STRIP {
        let largest = largest(largest(a[i], b[i]), largest(c[i], d[i]));
        let is_a = a[i] >= largest;
        let is_b = !is_a & (b[i] >= largest);
        let is_c = !is_a & !is_b & (c[i] >= largest);
        let is_d = !is_a & !is_b & !is_c;
        a[i] = if is_a { g[i] } else { 0.0 };
        b[i] = if is_b { g[i] } else { 0.0 };
        c[i] = if is_c { g[i] } else { 0.0 };
        d[i] = if is_d { g[i] } else { 0.0 };
    }
    (std::array::from_fn(|i| [a[i], b[i]]), std::array::from_fn(|i| [c[i], d[i]]))
}

/// Each pixel of planes `[planes, height, width]` to a 2×2 square.
pub fn upsample(x: &[f32], width: usize) -> Vec<f32> {
    struct Rows<'a>(&'a [f32], usize, *mut f32);
    impl Task for Rows<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            for (row, x) in self.0.chunks_exact(self.1).enumerate() {
                // SAFETY: the rows of the result that belong to these rows.
                unsafe {
                    let to = self.2.add(row * 4 * self.1);
                    for (column, x) in x.iter().enumerate() {
                        to.cast::<[f32; 2]>().add(column).write_unaligned([*x; 2]);
                    }
                    std::ptr::copy_nonoverlapping(to, to.add(2 * self.1), 2 * self.1);
                }
            }
        }
    }
    let part = ROWS * width;
    // SAFETY: each row writes two of twice its length.
    unsafe {
        filled(4 * x.len(), |result| {
            x.par_chunks(part).enumerate().for_each(|(index, x)| dispatch(Rows(x, width, result.at(4 * part * index))));
        })
    }
}

/// Rows of one part.
const ROWS: usize = 32;

/// Gradient of [`upsample`]'s input, `width` wide: sums of 2×2 squares.
pub fn upsample_backward(gradient: &[f32], width: usize) -> Vec<f32> {
    struct Rows<'a>(&'a [f32], usize, *mut f32);
    impl Task for Rows<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            for (row, rows) in self.0.chunks_exact(4 * self.1).enumerate() {
                let (upper, lower) = rows.split_at(2 * self.1);
                let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
                for (column, (u, l)) in upper.iter().zip(lower).enumerate() {
                    // SAFETY: the rows of the result that belong to these rows.
                    unsafe { self.2.add(row * self.1 + column).write((u[0] + u[1]) + (l[0] + l[1])) };
                }
            }
        }
    }
    let part = 4 * ROWS * width;
    // SAFETY: two rows write one of half their length.
    unsafe {
        filled(gradient.len() / 4, |result| {
            gradient
                .par_chunks(part)
                .enumerate()
                .for_each(|(index, rows)| dispatch(Rows(rows, width, result.at(part / 4 * index))));
        })
    }
}
