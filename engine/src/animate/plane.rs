//! Which way up a slice is shown: from the affine, never from the storage order.

use crate::geometry::Geometry;
use serde::{Deserialize, Serialize};

/// Anatomical planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plane {
    /// Seen from the feet.
    Axial,
    /// Seen from the front.
    Coronal,
    /// Seen from the patient's left.
    Sagittal,
}

impl Plane {
    /// World axis across the slice: 0 R, 1 A, 2 S.
    fn normal(self) -> usize {
        match self {
            Plane::Sagittal => 0,
            Plane::Coronal => 1,
            Plane::Axial => 2,
        }
    }

    /// World axis shown from left to right, and whether + points right.
    fn rightwards(self) -> (usize, bool) {
        match self {
            Plane::Sagittal => (1, false),
            Plane::Coronal | Plane::Axial => (0, false),
        }
    }

    /// World axis shown from top to bottom; + always points up.
    fn downwards(self) -> usize {
        match self {
            Plane::Axial => 1,
            Plane::Coronal | Plane::Sagittal => 2,
        }
    }
}

/// The voxel axis that runs across slices of this plane (the closest one, for oblique scans).
pub fn voxel_axis(geometry: &Geometry, plane: Plane) -> usize {
    let axes = geometry.closest_world_axes();
    (0..3).find(|&d| axes[d].0 == plane.normal()).unwrap_or(2)
}

/// How the two voxel axes of a slice lie in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    /// Voxel axis shown from left to right, and the one from top to bottom.
    pub(super) axes: [usize; 2],
    /// Whether the index falls along that direction.
    pub(super) flipped: [bool; 2],
    /// Letters at the picture's left, right, top and bottom edge.
    pub(super) letters: [char; 4],
}

impl Layout {
    /// Layout of slices across voxel axis `axis` (0 to 2).
    pub(super) fn new(geometry: &Geometry, axis: usize) -> Self {
        let world = geometry.closest_world_axes();
        let plane = [Plane::Sagittal, Plane::Coronal, Plane::Axial][world[axis].0];
        let (right_axis, right_positive) = plane.rightwards();
        let down_axis = plane.downwards();
        let find = |wanted: usize| (0..3).find(|&d| world[d].0 == wanted).unwrap_or(0);
        let (column, row) = (find(right_axis), find(down_axis));
        let letters = |axis: usize| [['L', 'R'], ['P', 'A'], ['I', 'S']][axis];
        let ends = letters(right_axis);
        let (left, right) = if right_positive { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
        let [bottom, top] = letters(down_axis);
        Self {
            axes: [column, row],
            flipped: [world[column].1 != right_positive, world[row].1],
            letters: [left, right, top, bottom],
        }
    }
}
