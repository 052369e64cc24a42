//! Where a contour runs into the border of the scan.

use super::components::Components;
use crate::geometry::Geometry;

/// A face of the scan, by the patient's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    /// Towards the head.
    Upper,
    /// Towards the feet.
    Lower,
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
    /// Towards the front.
    Front,
    /// Towards the back.
    Back,
}

impl Face {
    /// In a sentence: "the … border of the scan".
    pub fn word(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Left => "left",
            Self::Right => "right",
            Self::Front => "front",
            Self::Back => "back",
        }
    }
}

/// The faces of the scan that a component reaches.
pub fn touched(components: &Components, part: usize, scan: &Geometry) -> Vec<Face> {
    let component = &components.parts()[part];
    let mut faces = Vec::new();
    for (d, (world, positive)) in scan.closest_world_axes().into_iter().enumerate() {
        // Towards growing R, A, S.
        let ends = [(Face::Left, Face::Right), (Face::Back, Face::Front), (Face::Lower, Face::Upper)][world];
        let (first, last) = if positive { ends } else { (ends.1, ends.0) };
        // A grid of one voxel is all border.
        if scan.size()[d] > 1 {
            faces.extend((component.lower[d] == 0).then_some(first));
            faces.extend((component.upper[d] == scan.size()[d]).then_some(last));
        }
    }
    faces.sort_unstable();
    faces
}
