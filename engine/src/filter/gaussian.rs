//! Separable Gaussian smoothing with its width in mm.

use rayon::prelude::*;

/// Smooths an image by a Gaussian of standard deviation `sigma_mm` along every axis longer than one voxel.
///
/// The kernel of an axis with spacing h reaches ceil(3σ/h) voxels, is sampled at the voxel centres and sums to 1;
/// beyond the grid the border voxel repeats. `sigma_mm <= 0` returns a copy. Anisotropic spacing needs no care: an
/// axis whose spacing is far above σ is hardly smoothed.
///
/// # Panics
/// When `image` does not fill the grid.
pub fn gaussian(image: &[f32], size: [usize; 3], spacing_mm: [f64; 3], sigma_mm: f64) -> Vec<f32> {
    assert_eq!(image.len(), size.iter().product::<usize>(), "the image must fill the grid");
    let mut current = image.to_vec();
    if sigma_mm <= 0.0 || image.is_empty() {
        return current;
    }
    let mut next = vec![0.0; image.len()];
    for axis in 0..3 {
        if size[axis] > 1 {
            let weights = kernel(sigma_mm / spacing_mm[axis]);
            if axis == 0 {
                along_rows(&current, &mut next, size[0], &weights)
            } else {
                across_rows(&current, &mut next, size, axis, &weights)
            }
            std::mem::swap(&mut current, &mut next);
        }
    }
    current
}

/// Weights w₀ … w_r of the half kernel for a σ in voxels; w₀ + 2 Σ w_k = 1.
fn kernel(sigma_voxels: f64) -> Vec<f32> {
    let radius = (3.0 * sigma_voxels).ceil() as usize;
    let raw: Vec<f64> = (0..=radius).map(|k| (-0.5 * (k as f64 / sigma_voxels).powi(2)).exp()).collect();
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    raw.iter().map(|w| (w / sum) as f32).collect()
}

/// Along x: every row is padded by its border values, then summed by shifted slices.
fn along_rows(input: &[f32], output: &mut [f32], row_len: usize, weights: &[f32]) {
    let radius = weights.len() - 1;
    let padded = || vec![0.0_f32; row_len + 2 * radius];
    output.par_chunks_mut(row_len).zip(input.par_chunks(row_len)).for_each_init(padded, |padded, (out, row)| {
        padded[..radius].fill(row[0]);
        padded[radius..radius + row_len].copy_from_slice(row);
        padded[radius + row_len..].fill(row[row_len - 1]);
        for (o, v) in out.iter_mut().zip(row) {
            *o = weights[0] * v;
        }
        for (k, &w) in weights.iter().enumerate().skip(1) {
            let (left, right) = (&padded[radius - k..], &padded[radius + k..]);
            for ((o, l), r) in out.iter_mut().zip(left).zip(right) {
                *o += w * (l + r);
            }
        }
    });
}

/// Along y (`axis` 1) or z (`axis` 2): whole rows are added up, so that memory is read in order.
fn across_rows(input: &[f32], output: &mut [f32], size: [usize; 3], axis: usize, weights: &[f32]) {
    let row_len = size[0];
    let row = |y: usize, z: usize| &input[(z * size[1] + y) * row_len..][..row_len];
    output.par_chunks_mut(row_len).enumerate().for_each(|(index, out)| {
        let at = [0, index % size[1], index / size[1]];
        let shifted = |k: isize| {
            let position = at[axis].saturating_add_signed(k).min(size[axis] - 1);
            if axis == 1 { row(position, at[2]) } else { row(at[1], position) }
        };
        for (o, v) in out.iter_mut().zip(shifted(0)) {
            *o = weights[0] * v;
        }
        for (k, &w) in weights.iter().enumerate().skip(1) {
            for ((o, l), r) in out.iter_mut().zip(shifted(-(k as isize))).zip(shifted(k as isize)) {
                *o += w * (l + r);
            }
        }
    });
}
