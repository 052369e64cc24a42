//! The noise of a CT: correlated within the slice, stronger in the middle of the patient.
//!
//! White noise is band-passed: a narrow Gaussian less a part of a wide one. Filtered back-projection does the
//! same (ramp times apodisation), which is why CT noise is grainy and has little power at low frequencies.

use super::field::gaussian_weights;
use super::rng::normal_of;
use rayon::prelude::*;

/// Correlation lengths, mm, and the part of the wide Gaussian that is taken away.
const NARROW_MM: f32 = 0.75;
const WIDE_MM: f32 = 1.9;
const WIDE_PART: f32 = 0.75;
/// Weight of each neighbouring slice.
const NEIGHBOUR_SLICE: f32 = 0.25;

/// Noise of standard deviation 1 for slice `z` of `size` pixels with in-plane spacing `spacing_mm`.
pub(crate) fn slice_noise(size: [usize; 2], spacing_mm: [f32; 2], z: usize, key: u64) -> Vec<f32> {
    let pixels = (size[0] * size[1]) as u64;
    let white: Vec<f32> = (0..pixels)
        .into_par_iter()
        .map(|i| {
            let of = |slice: u64| normal_of(key, slice * pixels + i);
            let z = z as u64 + 1;
            of(z) + NEIGHBOUR_SLICE * (of(z - 1) + of(z + 1))
        })
        .collect();
    let weights = |mm: f32| [0, 1].map(|d| gaussian_weights((mm / spacing_mm[d]).max(0.45)));
    let (narrow, wide) = (weights(NARROW_MM), weights(WIDE_MM));
    let (a, b) = (blur(&white, size, &narrow), blur(&white, size, &wide));
    let gain = 1.0 / ((1.0 + 2.0 * NEIGHBOUR_SLICE * NEIGHBOUR_SLICE).sqrt() * deviation(&narrow, &wide));
    a.iter().zip(&b).map(|(a, b)| (a - WIDE_PART * b) * gain).collect()
}

/// Standard deviation of filtered white noise: the root of the kernel's sum of squares.
fn deviation(narrow: &[Vec<f32>; 2], wide: &[Vec<f32>; 2]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let offset = (long.len() - short.len()) / 2;
        short.iter().zip(&long[offset..]).map(|(x, y)| x * y).sum()
    };
    let pair = |a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]| dot(&a[0], &b[0]) * dot(&a[1], &b[1]);
    (pair(narrow, narrow) - 2.0 * WIDE_PART * pair(narrow, wide) + WIDE_PART * WIDE_PART * pair(wide, wide)).sqrt()
}

fn blur(values: &[f32], [nx, ny]: [usize; 2], weights: &[Vec<f32>; 2]) -> Vec<f32> {
    // The border repeats mirrored, so that the noise keeps its strength there.
    let mirrored = |i: isize, n: usize| {
        let period = 2 * n as isize;
        let i = i.rem_euclid(period);
        (if i < n as isize { i } else { period - 1 - i }) as usize
    };
    let mut rows = vec![0.0; values.len()];
    let reach = weights[0].len() / 2;
    rows.par_chunks_mut(nx).zip(values.par_chunks(nx)).for_each(|(out, row)| {
        for (x, out) in out.iter_mut().enumerate() {
            *out = if x >= reach && x + reach < nx {
                weights[0].iter().zip(&row[x - reach..]).map(|(w, v)| w * v).sum()
            } else {
                let at = |k: usize| row[mirrored(x as isize + k as isize - reach as isize, nx)];
                weights[0].iter().enumerate().map(|(k, w)| w * at(k)).sum()
            };
        }
    });
    let reach = weights[1].len() as isize / 2;
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(nx).enumerate().for_each(|(y, out)| {
        for (k, w) in weights[1].iter().enumerate() {
            let from = mirrored(y as isize + k as isize - reach, ny);
            for (out, v) in out.iter_mut().zip(&rows[from * nx..(from + 1) * nx]) {
                *out += w * v;
            }
        }
    });
    out
}
