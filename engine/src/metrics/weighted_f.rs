//! Weighted F_β of an image (Margolin, Zelnik-Manor & Tal 2014, "How to evaluate foreground maps").
//!
//! An error counts less where its surroundings are right, and more the farther it is from the object:
//!
//! ```text
//! E = |D − G|;  E_t = E inside G, outside the E of the nearest pixel of G
//! E_w = B min(E, A E_t),  A a 7×7 Gaussian of σ = 5 (the minimum inside G only)
//! B = 1 inside G, 2 − exp(ln ½ / 5 · distance to G) outside
//! TP_w = |G| − Σ_G E_w,  FP_w = Σ_outside E_w,  R = 1 − mean_G E_w,  P = TP_w / (TP_w + FP_w)
//! ```
//!
//! and F = (1 + β²) P R / (β² P + R). Among equally near pixels of G the leftmost, then the uppermost counts, as in
//! scipy's transform; MATLAB's takes others, which moves the fourth decimal.

/// F with β² = 1, what is usually reported. See [`weighted_f_beta`].
pub fn weighted_f(prediction: &[f32], truth: &[bool], size: [usize; 2]) -> Option<f64> {
    weighted_f_beta(prediction, truth, size, 1.0)
}

/// Weighted F_β of one image; over a set the mean of the images counts. Not defined when the truth is empty.
///
/// `prediction` holds probabilities (0 to 1) or a mask as 0 and 1; `size` is rows and columns.
///
/// # Panics
/// When prediction or truth do not fill the image.
pub fn weighted_f_beta(prediction: &[f32], truth: &[bool], size: [usize; 2], beta_squared: f64) -> Option<f64> {
    let [h, w] = size;
    assert!(prediction.len() == h * w && truth.len() == h * w, "prediction and truth must fill the image");
    let nearest = nearest_true(truth, size)?;
    let error: Vec<f64> = prediction.iter().zip(truth).map(|(&p, &t)| (f64::from(p) - f64::from(t)).abs()).collect();
    let spread: Vec<f64> = nearest.iter().map(|&(index, _)| error[index]).collect();
    let smooth = smoothed(&spread, size);
    let (mut inside, mut outside, mut count) = (0.0, 0.0, 0.0);
    for i in 0..h * w {
        if truth[i] {
            inside += error[i].min(smooth[i]);
            count += 1.0;
        } else {
            outside += error[i] * (2.0 - (0.5f64.ln() / 5.0 * nearest[i].1).exp());
        }
    }
    let (hits, recall) = (count - inside, 1.0 - inside / count);
    let precision = if hits + outside > 0.0 { hits / (hits + outside) } else { 0.0 };
    let whole = beta_squared * precision + recall;
    Some(if whole > 0.0 { (1.0 + beta_squared) * precision * recall / whole } else { 0.0 })
}

/// Index of the nearest true pixel, and its distance in pixels; nothing when none is true.
fn nearest_true(truth: &[bool], [h, w]: [usize; 2]) -> Option<Vec<(usize, f64)>> {
    if !truth.contains(&true) {
        return None;
    }
    // First the nearest within each column, then the best of the columns along each row.
    let mut in_column = vec![None; h * w];
    for x in 0..w {
        let rows: Vec<usize> = (0..h).filter(|y| truth[y * w + x]).collect();
        for y in 0..h {
            in_column[y * w + x] = rows.iter().copied().min_by_key(|row| row.abs_diff(y));
        }
    }
    let nearest = |i: usize| {
        let (y, x) = (i / w, i % w);
        let squared = |column: usize, row: usize| row.abs_diff(y).pow(2) + column.abs_diff(x).pow(2);
        let columns = (0..w).filter_map(|column| in_column[y * w + column].map(|row| (column, row)));
        let (column, row) = columns.min_by_key(|&(column, row)| squared(column, row)).unwrap_or((x, y));
        (row * w + column, (squared(column, row) as f64).sqrt())
    };
    Some((0..h * w).map(nearest).collect())
}

/// 7×7 Gaussian of σ = 5 that sums to 1; beyond the image is 0.
fn smoothed(values: &[f64], [h, w]: [usize; 2]) -> Vec<f64> {
    let mut taps: [f64; 7] = std::array::from_fn(|k| (-(k as f64 - 3.0).powi(2) / 50.0).exp());
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    let along = |from: &[f64], stride: usize, position: &dyn Fn(usize) -> (usize, usize)| -> Vec<f64> {
        let reach = |i: usize| {
            let (at, side) = position(i);
            let tap = |k: usize| {
                let inside = at + k >= 3 && at + k < side + 3;
                if inside { taps[k] * from[i + k * stride - 3 * stride] } else { 0.0 }
            };
            (0..7).map(tap).sum()
        };
        (0..h * w).map(reach).collect()
    };
    let rows = along(values, 1, &|i| (i % w, w));
    along(&rows, w, &|i| (i / w, h))
}
