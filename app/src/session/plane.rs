//! The three display planes and how each lies on the stored grid.
//!
//! Radiological convention: the patient's right is on the screen's left, anterior is up in the axial plane, superior is
//! up in the coronal and sagittal ones, and the sagittal plane looks from the patient's left (anterior on the screen's
//! left). So on every plane "right" and "down" run towards L, P or I: against the RAS axes, whatever the storage order.

use zeroset_engine::Geometry;

/// A display plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plane {
    /// Across the body.
    Axial,
    /// Front view.
    Coronal,
    /// Side view.
    Sagittal,
}

impl Plane {
    /// All planes, in ITK-SNAP's order of panes.
    pub const ALL: [Plane; 3] = [Plane::Axial, Plane::Sagittal, Plane::Coronal];

    /// Name as shown in the pane.
    pub fn name(self) -> &'static str {
        match self {
            Plane::Axial => "Axial",
            Plane::Coronal => "Coronal",
            Plane::Sagittal => "Sagittal",
        }
    }

    /// RAS world axes (0 R, 1 A, 2 S) along the screen's horizontal, vertical and depth direction.
    fn world_axes(self) -> [usize; 3] {
        match self {
            Plane::Axial => [0, 1, 2],
            Plane::Coronal => [0, 2, 1],
            Plane::Sagittal => [1, 2, 0],
        }
    }
}

/// A voxel axis of the stored grid with the direction in which the screen axis runs along it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenAxis {
    /// Voxel axis (0 x, 1 y, 2 z).
    pub voxel_axis: usize,
    /// +1 when the index grows along the screen axis, else -1.
    pub sign: f64,
}

/// How a plane lies on a stored grid. Oblique and sheared grids are shown along their nearest axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneAxes {
    /// The screen's right.
    pub right: ScreenAxis,
    /// The screen's down.
    pub down: ScreenAxis,
    /// Through the slices, positive towards S, A or R ("next slice").
    pub through: ScreenAxis,
    /// Anatomical letters at the left, right, top and bottom edge.
    pub letters: [char; 4],
}

impl PlaneAxes {
    /// The axes of `plane` on `geometry`.
    pub fn new(geometry: &Geometry, plane: Plane) -> Self {
        let closest = geometry.closest_world_axes();
        let along = |world_axis: usize, towards_positive: bool| {
            let voxel_axis = closest.iter().position(|&(axis, _)| axis == world_axis).unwrap_or(world_axis);
            let grows = closest[voxel_axis].1 == towards_positive;
            ScreenAxis { voxel_axis, sign: if grows { 1.0 } else { -1.0 } }
        };
        let [horizontal, vertical, depth] = plane.world_axes();
        let letter = |axis: usize, positive: bool| [['L', 'R'], ['P', 'A'], ['I', 'S']][axis][usize::from(positive)];
        Self {
            right: along(horizontal, false),
            down: along(vertical, false),
            through: along(depth, true),
            letters: [
                letter(horizontal, true),
                letter(horizontal, false),
                letter(vertical, true),
                letter(vertical, false),
            ],
        }
    }
}
