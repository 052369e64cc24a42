//! How well a segmentation agrees with another one.
//!
//! Of two masks: overlap counts voxels ([`overlap`]); surface distances run between border voxels ([`surface`]). Of a
//! set of images: pixels by class ([`confusion`]), F measures ([`f_beta`], [`weighted_f`]), instances ([`instances`],
//! [`boundary`]), and intervals over patients ([`bootstrap`]). Whatever a
//! pair of masks leaves undefined is `None`, never a silent 0 or 1: both masks empty leave every metric
//! undefined, one empty mask leaves the distances, and precision or recall, undefined (its Dice and IoU are 0).

pub mod bootstrap;
pub mod boundary;
pub mod confusion;
mod distance;
pub mod f_beta;
pub mod instances;
pub mod overlap;
pub mod surface;
pub mod weighted_f;

pub use confusion::Confusion;
pub use overlap::Overlap;
pub use surface::SurfaceDistances;

use crate::label::LabelMap;
use serde::Serialize;
use thiserror::Error;

/// Why two segmentations cannot be compared.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum MetricsError {
    /// Two grids.
    #[error("the masks lie on different grids: prediction {prediction}; truth {truth}")]
    DifferentGrids {
        /// Grid of the prediction, in words.
        prediction: String,
        /// Grid of the truth, in words.
        truth: String,
    },
    /// A tolerance that is negative or not a number.
    #[error("tolerance {tolerance_mm} mm: expected 0 or more")]
    Tolerance {
        /// The refused tolerance.
        tolerance_mm: f64,
    },
}

/// Every metric of one label. `None` (JSON `null`) = not defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelMetrics {
    /// Label number.
    pub label: u16,
    /// Volume of the prediction, mL.
    pub prediction_ml: f64,
    /// Volume of the truth, mL.
    pub truth_ml: f64,
    /// Prediction less truth, mL.
    pub volume_difference_ml: f64,
    /// 2 |P and T| / (|P| + |T|).
    pub dice: Option<f64>,
    /// |P and T| / |P or T|.
    pub iou: Option<f64>,
    /// |P and T| / |P|.
    pub precision: Option<f64>,
    /// |P and T| / |T|.
    pub recall: Option<f64>,
    /// Largest distance from one surface to the other, mm.
    pub hausdorff_mm: Option<f64>,
    /// 95th percentile of the distances, the larger of both directions, mm.
    pub hd95_mm: Option<f64>,
    /// Mean of the distances of both directions together, mm.
    pub assd_mm: Option<f64>,
    /// Part of both surfaces that lies within the tolerance of the other one.
    pub surface_dice: Option<f64>,
    /// The tolerance of `surface_dice`, mm.
    pub tolerance_mm: f64,
}

/// All metrics of one label; mm by the affine's spacing.
///
/// # Errors
/// Different grids, or a negative tolerance.
pub fn evaluate_label(
    prediction: &LabelMap,
    truth: &LabelMap,
    label: u16,
    tolerance_mm: f64,
) -> Result<LabelMetrics, MetricsError> {
    if !(tolerance_mm >= 0.0 && tolerance_mm.is_finite()) {
        return Err(MetricsError::Tolerance { tolerance_mm });
    }
    let geometry = truth.geometry();
    let spacing_mm = geometry.spacing_mm();
    // A hundredth of a voxel: float32 affines and quaternions do not agree better.
    let slack_mm = 0.01 * spacing_mm.iter().copied().fold(f64::INFINITY, f64::min);
    if !prediction.geometry().same_grid(geometry, slack_mm) {
        return Err(MetricsError::DifferentGrids {
            prediction: prediction.geometry().describe(),
            truth: geometry.describe(),
        });
    }
    let mask = |map: &LabelMap| -> Vec<bool> { map.labels().iter().map(|&l| l == label).collect() };
    let (p, t) = (mask(prediction), mask(truth));
    let overlap = Overlap::of(&p, &t);
    let surface = SurfaceDistances::between(&p, &t, geometry.size(), spacing_mm);
    let ml = |voxels: u64| voxels as f64 * geometry.voxel_volume_mm3() / 1000.0;
    let (prediction_ml, truth_ml) = (ml(overlap.prediction()), ml(overlap.truth()));
    Ok(LabelMetrics {
        label,
        prediction_ml,
        truth_ml,
        volume_difference_ml: prediction_ml - truth_ml,
        dice: overlap.dice(),
        iou: overlap.iou(),
        precision: overlap.precision(),
        recall: overlap.recall(),
        hausdorff_mm: surface.hausdorff_mm(),
        hd95_mm: surface.percentile_mm(95.0),
        assd_mm: surface.assd_mm(),
        surface_dice: surface.dice_at(tolerance_mm),
        tolerance_mm,
    })
}

/// All metrics of every label that occurs in either mask, ascending.
///
/// # Errors
/// As [`evaluate_label`].
pub fn evaluate(prediction: &LabelMap, truth: &LabelMap, tolerance_mm: f64) -> Result<Vec<LabelMetrics>, MetricsError> {
    let mut labels = prediction.present();
    labels.extend(truth.present());
    labels.sort_unstable();
    labels.dedup();
    labels.into_iter().map(|label| evaluate_label(prediction, truth, label, tolerance_mm)).collect()
}
