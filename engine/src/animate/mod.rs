//! Pictures of slices with contours, and films of an evolution: PNG and GIF, without a display.
//!
//! ```text
//! Volume --SlicePicture::new--> grey picture --draw(contours)--> RgbImage --Animation::push--> GIF | PNG series
//! ```
//!
//! Display is radiological whatever the storage order: the patient's right is on the picture's left, anterior is
//! up in axial slices, superior up in coronal and sagittal ones (sagittal: anterior on the left). Pixels are square
//! in mm. Contours are the zero set of phi at sub-pixel accuracy (marching squares), drawn anti-aliased.

mod contour;
mod film;
mod font;
mod picture;
mod plane;

pub use contour::PhiSlice;
pub use film::{Animation, Frame, write_png};
pub use image::RgbImage;
pub use picture::{Contour, PictureOptions, SlicePicture, WindowHu, render_slice};
pub use plane::{Plane, voxel_axis};

/// Colours that are told apart on grey, also by colour-blind eyes: evolving contour, truth, start, others.
pub const CONTOUR_COLOURS: [[u8; 3]; 4] = [[255, 176, 0], [0, 200, 255], [255, 90, 120], [120, 230, 90]];
