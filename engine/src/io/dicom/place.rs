//! Directions and positions of slices, in DICOM's axes (left, posterior, superior).

use super::error::DicomProblem;
use super::slice::{Place, Slice};
use nalgebra::Vector3;

/// Rounding of the cosines in a header; above it they are wrong.
const COSINE_TOLERANCE: f64 = 1e-3;

/// The directions along a row and along a column.
pub(super) fn axes(orientation: &[f64; 6]) -> (Vector3<f64>, Vector3<f64>) {
    let [a, b, c, d, e, f] = *orientation;
    (Vector3::new(a, b, c), Vector3::new(d, e, f))
}

/// Where a slice lies along the normal of its plane, mm.
pub(super) fn along_normal(place: &Place) -> Option<f64> {
    let (row, column) = axes(&place.orientation?);
    Some(row.cross(&column).normalize().dot(&Vector3::from(place.position?))).filter(|v| v.is_finite())
}

/// A slice that says all that is needed to place it.
pub(super) struct Placed {
    pub slice: Slice,
    pub position: Vector3<f64>,
    /// Along the normal, mm.
    pub along: f64,
}

impl Placed {
    /// Checks that a slice says where it lies.
    pub fn new(slice: Slice) -> Result<Self, DicomProblem> {
        let missing = |what| DicomProblem::NotPlaced { slice: name(&slice), what };
        let place = &slice.place;
        let position = Vector3::from(place.position.ok_or_else(|| missing("ImagePositionPatient"))?);
        let orientation = place.orientation.ok_or_else(|| missing("ImageOrientationPatient"))?;
        let spacing = place.spacing.ok_or_else(|| missing("PixelSpacing"))?;
        let (row, column) = axes(&orientation);
        let unit = |v: &Vector3<f64>| (v.norm() - 1.0).abs() <= COSINE_TOLERANCE;
        // In this form NaN is refused too.
        if !(unit(&row) && unit(&column) && row.dot(&column).abs() <= COSINE_TOLERANCE) {
            return Err(DicomProblem::Orientation { slice: name(&slice), found: orientation });
        }
        if spacing.iter().any(|&v| v <= 0.0) {
            return Err(DicomProblem::Spacing { slice: name(&slice), found: spacing });
        }
        let along = row.cross(&column).normalize().dot(&position);
        Ok(Self { slice, position, along })
    }

    /// File name and place, for messages.
    pub fn describe(&self) -> String {
        format!("{} (at {:.3} mm)", name(&self.slice), self.along)
    }
}

/// File name of a slice, with its frame where there are several.
pub(super) fn name(slice: &Slice) -> String {
    let file = slice.path.file_name().unwrap_or_default().to_string_lossy();
    let file = file.replace(char::is_control, " ");
    if slice.format.frames > 1 { format!("{file}, frame {}", slice.frame + 1) } else { file }
}
