//! A ball in the patient, or its disc in one slice: the shape of a brush and of a stroke.

use serde::{Deserialize, Serialize};

/// A ball.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ball {
    /// Centre, RAS+ mm.
    pub center_mm: [f64; 3],
    /// Radius, mm.
    pub radius_mm: f64,
    /// Only the slice through the centre, with this unit normal; `None` for the whole ball.
    pub slice_normal: Option<[f64; 3]>,
}

impl Ball {
    /// Distance of a point to its surface, mm, negative inside; `None` for a point beside the slice, which is
    /// `thickness_mm(normal)` thick.
    pub fn distance_mm(&self, point_mm: [f64; 3], thickness_mm: impl Fn([f64; 3]) -> f64) -> Option<f64> {
        let offset: [f64; 3] = std::array::from_fn(|d| point_mm[d] - self.center_mm[d]);
        let mut squared: f64 = offset.iter().map(|v| v * v).sum();
        if let Some(normal) = self.slice_normal {
            let height: f64 = (0..3).map(|d| offset[d] * normal[d]).sum();
            if height.abs() > 0.5 * thickness_mm(normal) {
                return None;
            }
            squared -= height * height;
        }
        Some(squared.max(0.0).sqrt() - self.radius_mm)
    }
}
