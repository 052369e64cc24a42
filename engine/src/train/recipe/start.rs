//! `[start]`: the contours that a contour evolution starts from in training.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where start contours come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StartRecipe {
    /// Checkpoint folder of a network that finds contours by itself (the paper: the UNet with the least validation
    /// loss, just before it overfits). `${NAME}` stands for an environment variable.
    pub checkpoint: Option<PathBuf>,
    /// Checkpoint folders of networks that learned from other patients: a training patient whom `checkpoint` learned
    /// from gets the first of these that did not.
    pub folds: Vec<PathBuf>,
    /// How much of its error a found start contour keeps in training, drawn between these: 1 is the contour as it was
    /// found, 0 the truth, between them the contour between both (of their distances). Networks of `folds` that learned
    /// from few patients are wrong in the same ways as the one that the product starts from, only by more.
    pub error_share: [f64; 2],
    /// Part of the start contours that are the truth, deformed; 1 where there is no checkpoint.
    pub deformed_part: f64,
    /// Standard deviation of a deformed truth's displacement, pixels.
    pub deform_px: f64,
    /// Pixels between the displacement's nodes.
    pub deform_grid_px: f64,
    /// A deformed truth grows or shrinks by up to this many pixels.
    pub offset_px: f64,
}

impl Default for StartRecipe {
    fn default() -> Self {
        Self {
            checkpoint: None,
            folds: Vec::new(),
            error_share: [1.0, 1.0],
            deformed_part: 0.0,
            deform_px: 2.5,
            deform_grid_px: 20.0,
            offset_px: 4.0,
        }
    }
}

impl StartRecipe {
    /// The part of start contours that are the truth, deformed.
    pub fn deformed(&self) -> f64 {
        if self.checkpoint.is_none() { 1.0 } else { self.deformed_part }
    }
}
