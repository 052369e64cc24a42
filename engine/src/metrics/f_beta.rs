//! F_β of binary and of real-valued predictions (salient objects).

use super::Overlap;

/// β² of the salient object literature: precision weighs more than recall (Achanta 2009).
pub const BETA_SQUARED: f64 = 0.3;

/// (1 + β²) P R / (β² P + R) with precision P and recall R, in counts (1 + β²) TP / (β² (TP + FN) + TP + FP).
/// Pooled over a set when the overlaps are added up first. Not defined when nothing is predicted and nothing is true.
///
/// (The NODE paper writes its α-F_β as F₁ (1 + β²)/β², which exceeds 1; it cites Hu 2017, whose formula this is.)
pub fn f_beta(overlap: Overlap, beta_squared: f64) -> Option<f64> {
    let whole = beta_squared * overlap.truth() as f64 + overlap.prediction() as f64;
    (whole > 0.0).then(|| (1.0 + beta_squared) * overlap.both as f64 / whole)
}

/// The adaptive threshold of a probability map: twice its mean, at most 1 (Achanta 2009). Not defined without pixels.
pub fn adaptive_threshold(probability: &[f32]) -> Option<f64> {
    let sum: f64 = probability.iter().map(|&p| f64::from(p)).sum();
    (!probability.is_empty()).then(|| (2.0 * sum / probability.len() as f64).min(1.0))
}

/// The map at its adaptive threshold against the truth: add these over a set for the pooled adaptive F_β.
///
/// # Panics
/// When map and truth differ in length.
pub fn adaptive_overlap(probability: &[f32], truth: &[bool]) -> Overlap {
    let Some(threshold) = adaptive_threshold(probability) else { return Overlap::default() };
    let prediction: Vec<bool> = probability.iter().map(|&p| f64::from(p) >= threshold).collect();
    Overlap::of(&prediction, truth)
}
