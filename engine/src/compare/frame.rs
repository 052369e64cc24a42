//! What a method left behind: its contour at some moments from the start to the end.

use super::inside::Inside;
use crate::levelset::packed::{PackedPhi, UnpackError};
use rayon::prelude::*;
use serde::Serialize;
use std::ops::Range;

/// Most frames of a track: the start and 32 more.
pub const MOST_FRAMES: usize = 33;

/// Rounding of progress must not show the frame before.
const ROUNDING: f64 = 1e-9;

/// A contour at one moment.
#[derive(Clone, Debug)]
pub struct Frame {
    /// From 0, the start, to 1, where the method ended.
    pub progress: f64,
    /// Steps behind it; 0 for a network.
    pub step: u64,
    /// The method's own time.
    pub t: f64,
    /// Its inside.
    pub inside: Inside,
    /// φ clamped to the ground's bound, one for each layer of the stored grid.
    layers: Vec<PackedPhi>,
}

impl Frame {
    /// φ in mm on the site's grid, clamped to the ground's bound; progress is set when the track ends.
    pub(super) fn new(step: u64, t: f64, phi: &[f32], layer: usize, bound_mm: f32) -> Self {
        let pack = |values: &[f32]| {
            // NaN has no place in a contour: it counts as outside, here as everywhere.
            let clamped: Vec<f32> = values.iter().map(|v| v.min(bound_mm).max(-bound_mm)).collect();
            PackedPhi::pack(&clamped, bound_mm)
        };
        let layers = phi.par_chunks(layer.max(1)).map(pack).collect();
        Self { progress: 0.0, step, t, inside: Inside::of_phi(phi), layers }
    }

    /// φ on the whole site, mm, negative inside, clamped to a few voxels around the contour; x fastest.
    ///
    /// # Errors
    /// Only when memory was damaged.
    pub fn phi(&self) -> Result<Vec<f32>, UnpackError> {
        self.layers(0..self.layers.len())
    }

    /// φ in some layers of the stored grid (its slowest axis).
    ///
    /// # Errors
    /// Only when memory was damaged.
    ///
    /// # Panics
    /// Layers that the grid does not have.
    pub fn layers(&self, range: Range<usize>) -> Result<Vec<f32>, UnpackError> {
        let layers: Vec<Vec<f32>> = self.layers[range].par_iter().map(PackedPhi::unpack).collect::<Result<_, _>>()?;
        Ok(layers.concat())
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.inside.bytes() + self.layers.iter().map(PackedPhi::bytes).sum::<usize>()
    }
}

/// What a method did to get there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "counted", content = "number")]
pub enum Work {
    /// Steps of the level set equation.
    Steps(u64),
    /// Evaluations of a network as an ODE's right-hand side (NFE), over all slices.
    Evaluations(u64),
    /// Slices that went through a network once.
    Slices(u64),
}

impl Work {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Steps(n) => format!("{n} steps"),
            Self::Evaluations(n) => format!("NFE {n}"),
            Self::Slices(n) => format!("{n} slices"),
        }
    }
}

/// A method from the start to its end.
#[derive(Clone, Debug)]
pub struct Track {
    /// The method's name.
    pub name: String,
    /// At least one, ascending.
    frames: Vec<Frame>,
    /// What it took.
    pub work: Work,
    /// Seconds of work, without storing frames.
    pub duration_s: f64,
    /// Why it ended, in words.
    pub end: String,
    /// What to look at, in words.
    pub warnings: Vec<String>,
    /// The network behind it: SHA-256 of its weights.
    pub weights_sha256: Option<String>,
    /// Whether frames were left out because they did not fit the budget.
    pub thinned: bool,
}

impl Track {
    /// Its frames, the start first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The newest frame at or before `progress` (0 to 1).
    pub fn at(&self, progress: f64) -> &Frame {
        let after = self.frames.partition_point(|frame| frame.progress <= progress + ROUNDING);
        &self.frames[after.saturating_sub(1)]
    }

    /// Where it ended.
    pub fn last(&self) -> &Frame {
        self.at(1.0)
    }

    /// Whether it is one contour that does not move.
    pub fn is_still(&self) -> bool {
        self.frames.len() == 1
    }

    /// Bytes of its frames.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(Frame::bytes).sum()
    }
}

/// Frames in the making.
pub(super) struct Recorder {
    frames: Vec<Frame>,
    layer: usize,
    bound_mm: f32,
    budget_bytes: usize,
    bytes: usize,
    thinned: bool,
    /// Every how many looks a frame is taken.
    stride: u64,
    looks: u64,
}

impl Recorder {
    pub(super) fn new(layer: usize, bound_mm: f32, budget_bytes: usize) -> Self {
        let frames = Vec::new();
        Self { frames, layer, bound_mm, budget_bytes, bytes: 0, thinned: false, stride: 1, looks: 0 }
    }

    /// Whether the present look is to become a frame.
    pub(super) fn wants(&mut self) -> bool {
        self.looks += 1;
        self.looks.is_multiple_of(self.stride)
    }

    /// Takes a frame. Whatever was taken at the same step before is replaced.
    pub(super) fn take(&mut self, step: u64, t: f64, phi: &[f32]) {
        if self.frames.len() > 1 && self.frames.last().is_some_and(|last| (last.step, last.t) == (step, t)) {
            self.drop_last();
        }
        let frame = Frame::new(step, t, phi, self.layer, self.bound_mm);
        self.bytes += frame.bytes();
        self.frames.push(frame);
        while self.frames.len() > MOST_FRAMES || (self.bytes > self.budget_bytes && self.frames.len() > 2) {
            self.thinned |= self.frames.len() <= MOST_FRAMES;
            self.thin();
        }
    }

    fn drop_last(&mut self) {
        if let Some(last) = self.frames.pop() {
            self.bytes -= last.bytes();
        }
    }

    /// Every other frame goes; the first and the newest stay.
    fn thin(&mut self) {
        let newest = self.frames.len() - 1;
        let mut position = 0;
        self.frames.retain(|_| {
            position += 1;
            (position - 1) % 2 == 0 || position - 1 == newest
        });
        self.bytes = self.frames.iter().map(Frame::bytes).sum();
        self.stride *= 2;
    }

    /// The finished frames: `share` tells the progress of a step and t.
    pub(super) fn end(mut self, name: &str, work: Work, share: impl Fn(&Frame) -> f64) -> Track {
        for frame in &mut self.frames {
            frame.progress = share(frame).clamp(0.0, 1.0);
        }
        Track {
            name: name.to_owned(),
            frames: self.frames,
            work,
            duration_s: 0.0,
            end: String::new(),
            warnings: Vec::new(),
            weights_sha256: None,
            thinned: self.thinned,
        }
    }
}
