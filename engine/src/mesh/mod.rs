//! The surface of a contour as triangles in the patient, and files of it: STL, OBJ, PLY.

mod march;
mod surface;
mod write;

pub use march::{of_label, of_phi};
pub use surface::Mesh;
pub use write::{MeshFormat, write};
