//! Forces and constraints beside the network, on the right-hand side of its ODE.
//!
//! Each takes φ and dφ/dt of one organ on the network's grid (band widths, negative inside, `[slice][row][column]`) and
//! changes dφ/dt; h is left to the network. They act in this order: curvature and smoothness between slices add a
//! force, volume preservation takes the mean normal speed out of the sum, and strokes have the last word.
//!
//! All fade with [`near`]: a network's φ is a distance only around its contour. Forces that smooth are stiff: an adaptive
//! solver takes as many steps as they need, a fixed one may need more than the network alone does.

mod between;
mod curvature;
mod strokes;
mod volume;

pub use strokes::Stroke;

use super::field::Field;
use serde::{Deserialize, Serialize};
use strokes::Bounds;

/// A prior that may be off, and how strong it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Whether it acts.
    pub on: bool,
    /// Its weight, 0 or more.
    pub weight: f64,
}

/// All priors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Priors {
    /// Shortens the contour: dφ/dt += weight κ |∇φ|, weight in mm² per unit of t.
    pub curvature: Prior,
    /// Keeps each slice's area: weight 1 takes out the whole mean normal speed, 0.5 half of it.
    pub volume: Prior,
    /// Keeps the contour on its side of the strokes; the weight is the rate at which it is brought there, per unit of t.
    pub strokes: Prior,
    /// Smooths from slice to slice: dφ/dt += weight d²φ/dz², weight in mm² per unit of t. All slices are then solved
    /// together, with one step.
    pub between: Prior,
    /// The strokes.
    pub drawn: Vec<Stroke>,
}

impl Default for Priors {
    fn default() -> Self {
        let off = |weight| Prior { on: false, weight };
        Self { curvature: off(10.0), volume: off(1.0), strokes: off(20.0), between: off(10.0), drawn: Vec::new() }
    }
}

/// What priors have to know of the slices that are solved together.
#[derive(Debug)]
pub struct Ground {
    /// Rows and columns.
    pub pixels: [usize; 2],
    /// Width and height of a pixel, mm.
    pub pixel_mm: [f64; 2],
    /// One band width, mm.
    pub band_mm: f64,
    /// Distance between neighbouring slices, mm.
    pub slice_mm: f64,
    /// Slices of the scan, ascending where they are tied together.
    pub slices: Vec<usize>,
    bounds: Option<Bounds>,
}

impl Ground {
    /// Of slices on a scan.
    pub(super) fn new(field: &Field, slices: &[usize], priors: &Priors) -> Self {
        let grid = field.grid();
        let constrained = priors.strokes.acts() && !priors.drawn.is_empty();
        Self {
            pixels: grid.pixels(),
            pixel_mm: grid.pixel_mm(),
            band_mm: grid.band_mm(),
            slice_mm: field.slice_mm(),
            slices: slices.to_vec(),
            bounds: constrained.then(|| Bounds::new(field, slices, &priors.drawn)),
        }
    }

    /// A ground by its numbers, without strokes.
    pub fn of(pixels: [usize; 2], pixel_mm: [f64; 2], band_mm: f64, slice_mm: f64, slices: Vec<usize>) -> Self {
        Self { pixels, pixel_mm, band_mm, slice_mm, slices, bounds: None }
    }
}

impl Prior {
    fn acts(self) -> bool {
        self.on && self.weight > 0.0
    }
}

impl Priors {
    /// Whether any of them changes anything.
    pub fn act(&self) -> bool {
        let strokes = self.strokes.acts() && !self.drawn.is_empty();
        strokes || [self.curvature, self.volume, self.between].into_iter().any(Prior::acts)
    }

    /// Whether slices have to be solved together.
    pub fn tie_slices(&self) -> bool {
        self.between.acts()
    }

    /// Keeps what the postnet adds from carrying φ over a stroke that it respects; both maps as in
    /// [`apply`](Self::apply).
    pub(super) fn hold(&self, ground: &Ground, phi: &[f32], correction: &mut [f32]) {
        if let Some(bounds) = ground.bounds.as_ref().filter(|_| self.strokes.acts()) {
            strokes::hold(bounds, phi, correction);
        }
    }

    /// Changes dφ/dt; both maps are `[slice][row][column]`, band widths.
    pub fn apply(&self, ground: &Ground, phi: &[f32], rate: &mut [f32]) {
        if self.curvature.acts() {
            curvature::add(ground, self.curvature.weight, phi, rate);
        }
        if self.between.acts() {
            between::add(ground, self.between.weight, phi, rate);
        }
        if self.volume.acts() {
            volume::keep(ground, self.volume.weight.min(1.0), phi, rate);
        }
        if let Some(bounds) = ground.bounds.as_ref().filter(|_| self.strokes.acts()) {
            strokes::constrain(bounds, self.strokes.weight, phi, rate);
        }
    }
}

/// 1 within a band width of the contour, 0 from two on, linear between.
pub(super) fn near(phi: f32) -> f32 {
    (2.0 - phi.abs()).clamp(0.0, 1.0)
}
