//! Strokes that the contour must hold inside, or leave outside, as constraints on φ.
//!
//! A stroke to stay inside asks for φ ≤ b, one to stay outside for φ ≥ b, with b from the distance to the stroke. Where
//! φ is within the bound the rate may not carry it across: the part that points across fades out over the last quarter
//! of a band and is 0 at the bound. Where φ starts on the wrong side it is brought over as e^(−w t). Both are continuous
//! in φ, as an adaptive solver wants them. Where two strokes disagree, the one to stay outside holds.

use super::super::ball::Ball;
use super::super::field::Field;
use serde::{Deserialize, Serialize};

/// How far inside a bound lies at most, band widths: a thick stroke asks for a side, not for a distance.
const DEPTH: f32 = 1.0;
/// Over this last part of the way the rate across a bound fades out, band widths.
const FADE: f32 = 0.25;

/// Within this of its bound φ is on its side, band widths.
const TOUCH: f32 = 0.01;

/// One dab of a stroke.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    /// Its place.
    pub ball: Ball,
    /// Whether the contour has to hold it inside, else to leave it outside.
    pub inside: bool,
}

/// The bounds of φ, `[slice][row][column]`, band widths; infinite where there are none.
#[derive(Debug)]
pub(super) struct Bounds {
    least: Vec<f32>,
    most: Vec<f32>,
}

impl Bounds {
    /// Of strokes on a scan's slices.
    pub fn new(field: &Field, slices: &[usize], drawn: &[Stroke]) -> Self {
        let [h, w] = field.grid().pixels();
        let band_mm = field.grid().band_mm();
        let count = slices.len() * h * w;
        let mut bounds = Self { least: vec![f32::NEG_INFINITY; count], most: vec![f32::INFINITY; count] };
        for (index, &slice) in slices.iter().enumerate() {
            for pixel in 0..h * w {
                let world = field.world_of_pixel(slice, pixel / w, pixel % w);
                for stroke in drawn {
                    let distance_mm = stroke.ball.distance_mm(world, |normal| field.thickness_mm(normal));
                    if let Some(distance_mm) = distance_mm.filter(|&d| d <= 0.0) {
                        bounds.add(index * h * w + pixel, (distance_mm / band_mm) as f32, stroke.inside);
                    }
                }
            }
        }
        bounds
    }

    fn add(&mut self, at: usize, distance: f32, inside: bool) {
        let bound = distance.max(-DEPTH);
        if inside {
            self.most[at] = self.most[at].min(bound);
        } else {
            self.least[at] = self.least[at].max(-bound);
        }
    }
}

/// Keeps φ on its side.
pub(super) fn constrain(bounds: &Bounds, pull: f64, phi: &[f32], rate: &mut [f32]) {
    let limits = bounds.least.iter().zip(&bounds.most);
    for ((rate, &phi), (&least, &most)) in rate.iter_mut().zip(phi).zip(limits) {
        if least > f32::NEG_INFINITY {
            *rate = -below(-*rate, -phi, -least, pull as f32);
        } else if most < f32::INFINITY {
            *rate = below(*rate, phi, most, pull as f32);
        }
    }
}

/// Limits what is added to φ for display: where φ is on its side, so is the sum.
pub(super) fn hold(bounds: &Bounds, phi: &[f32], correction: &mut [f32]) {
    let limits = bounds.least.iter().zip(&bounds.most);
    for ((correction, &phi), (&least, &most)) in correction.iter_mut().zip(phi).zip(limits) {
        // The bound is approached from the other side without end: nearly there counts as there.
        if phi <= most + TOUCH {
            *correction = correction.min(most - phi);
        }
        if phi >= least - TOUCH {
            *correction = correction.max(least - phi);
        }
    }
}

/// The rate that keeps φ at or below `most`.
fn below(rate: f32, phi: f32, most: f32, pull: f32) -> f32 {
    let across = ((phi - most) / FADE + 1.0).clamp(0.0, 1.0);
    rate - across * rate.max(0.0) - pull * (phi - most).max(0.0)
}
