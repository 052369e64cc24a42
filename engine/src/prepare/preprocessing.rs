//! What a network expects of its input: a part of its checkpoint.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a slice is laid on the network's grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// The whole slice stretched to the grid (the NODE paper's 200×200).
    Stretch,
    /// Square pixels of this side in mm around the slice's centre; what lies outside the slice is air.
    PixelMm(f64),
    /// A box around the organ: the user's region of interest, or in training the truth's, widened on every side by
    /// this part of its side, in square pixels (the shorter side shows more of the surroundings).
    Region {
        /// Margin as a part of the box's side.
        margin: f64,
    },
}

/// One output channel of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organ {
    /// Name as on the command line, e.g. `kidney`.
    pub name: String,
    /// Labels of the training masks that are this organ, e.g. left and right kidney.
    pub labels: Vec<u16>,
}

/// From HU on a scan's grid to a network's input, and what its output means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// HU that become −1 and 1; what lies outside is clipped.
    pub window_hu: [f32; 2],
    /// Rows and columns of the network's grid.
    pub size: [usize; 2],
    /// How a slice is laid on that grid.
    pub fit: Fit,
    /// Slices above and below that the network sees too, as further channels (0: the slice alone).
    pub neighbours: usize,
    /// Distance between the slices that it sees, mm, to the nearest slice that the scan has (at least the next one), so
    /// that thin slices show as much of the surroundings as the thick ones that it learned from. Without it: the next
    /// slices, whatever lies between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbour_mm: Option<f64>,
    /// The band width w: networks give φ in units of `band_px` pixels of their grid, and the regression loss
    /// compares tanh of that.
    pub band_px: f64,
    /// The output channels.
    pub organs: Vec<Organ>,
}

/// What a preprocessing cannot be.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{field}: found {found}, expected {expected}")]
pub struct PreprocessingError {
    /// Name of the field, as in the recipe.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: &'static str,
}

impl Preprocessing {
    /// Channels of the network's input.
    pub fn channels(&self) -> usize {
        1 + 2 * self.neighbours
    }

    /// Index of an organ's output channel.
    pub fn organ(&self, name: &str) -> Option<usize> {
        self.organs.iter().position(|organ| organ.name == name)
    }

    /// HU to the network's intensity.
    pub fn scaled(&self, hu: f32) -> f32 {
        let [low, high] = self.window_hu;
        // A NaN becomes air: clamp would keep it, and one bad voxel would spoil its whole slice.
        if hu.is_nan() { -1.0 } else { (2.0 * (hu - low) / (high - low) - 1.0).clamp(-1.0, 1.0) }
    }

    /// # Errors
    /// The first field that no network could be run with.
    pub fn check(&self) -> Result<(), PreprocessingError> {
        let refuse = |field, found: String, expected| Err(PreprocessingError { field, found, expected });
        let [low, high] = self.window_hu;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return refuse("window_hu", format!("{:?}", self.window_hu), "two HU, the lower one first");
        }
        if self.size.iter().any(|side| !(8..=4096).contains(side)) {
            return refuse("size", format!("{:?}", self.size), "rows and columns from 8 to 4096");
        }
        if !(self.band_px.is_finite() && self.band_px > 0.0) {
            return refuse("band_px", self.band_px.to_string(), "a positive number of pixels");
        }
        match self.fit {
            Fit::PixelMm(mm) if !(mm.is_finite() && mm > 0.0) => {
                return refuse("fit.pixel-mm", mm.to_string(), "a positive length in mm");
            }
            Fit::Region { margin } if !(0.0..=10.0).contains(&margin) => {
                return refuse("fit.region.margin", margin.to_string(), "a part of the box's side from 0 to 10");
            }
            _ => {}
        }
        if self.neighbours > 8 {
            return refuse("neighbours", self.neighbours.to_string(), "0 to 8 slices on either side");
        }
        if let Some(mm) = self.neighbour_mm.filter(|mm| !(mm.is_finite() && *mm > 0.0)) {
            return refuse("neighbour_mm", mm.to_string(), "a positive distance in mm");
        }
        if self.organs.is_empty() {
            return refuse("organs", "none".into(), "at least one organ");
        }
        if let Some(organ) = self.organs.iter().find(|organ| organ.labels.is_empty() || organ.labels.contains(&0)) {
            return refuse("organs.labels", format!("{organ:?}"), "labels from 1 up, at least one per organ");
        }
        Ok(())
    }
}
