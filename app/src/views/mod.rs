//! The panes: three slices and the 3D surface, and how they share the window.

pub mod compare;
pub mod compare_picture;
pub mod layout;
pub mod legend;
pub mod overlay;
pub mod slice;
pub mod slice_input;
pub mod surface;

use crate::session::Plane;

/// A pane of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// A slice.
    Slice(Plane),
    /// The 3D surface.
    Surface,
}

/// How the images are shown: none of it belongs to the document.
#[derive(Clone, Debug)]
pub struct Display {
    /// Pan and zoom of the three slices, in the order of [`Plane::ALL`].
    pub slices: [slice::SliceView; 3],
    /// How a comparison is shown.
    pub compare: compare::CompareDisplay,
    /// Where the 3D pane is seen from.
    pub orbit: surface::Orbit,
    /// The pane that fills the window; `None` shows all four.
    pub maximised: Option<Pane>,
    /// Opacity of labels.
    pub label_opacity: f32,
    /// Whether labels are drawn.
    pub show_labels: bool,
    /// Opacity of the speed overlay.
    pub speed_opacity: f32,
    /// Whether the speed overlay is drawn.
    pub show_speed: bool,
    /// Whether the crosshair is drawn.
    pub show_crosshair: bool,
    /// Whether letters, scale and names are drawn.
    pub show_annotations: bool,
    /// Whether intensities are smoothed between voxels.
    pub interpolate: bool,
    /// The brush paints a ball (else a disc in the slice).
    pub brush_ball: bool,
    /// The pane under the pointer, or the last one that was.
    pub active: Plane,
    /// What lies under the pointer.
    pub hover: Option<Hover>,
}

/// What lies under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hover {
    /// Fractional voxel of the scan.
    pub voxel: [f64; 3],
}

impl Default for Display {
    fn default() -> Self {
        Self {
            slices: Plane::ALL.map(slice::SliceView::new),
            compare: compare::CompareDisplay::default(),
            orbit: surface::Orbit::default(),
            maximised: None,
            label_opacity: 0.7,
            show_labels: true,
            speed_opacity: 0.55,
            show_speed: true,
            show_crosshair: true,
            show_annotations: true,
            interpolate: true,
            brush_ball: true,
            active: Plane::Axial,
            hover: None,
        }
    }
}

impl Display {
    /// The view of a plane.
    pub fn slice_mut(&mut self, plane: Plane) -> &mut slice::SliceView {
        let at = Plane::ALL.iter().position(|&p| p == plane).unwrap_or(0);
        &mut self.slices[at]
    }

    /// Zooms all panes to fit.
    pub fn fit_all(&mut self) {
        self.slices.iter_mut().for_each(|s| s.fit_pending = true);
        self.orbit.fit_pending = true;
        self.compare.view.fit_pending = true;
    }
}
