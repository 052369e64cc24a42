//! DICOM series in: geometry, order, pixels, what is refused, hostile files, real files.

mod geometry;
mod hostile;
mod pixels;
mod real;
mod refused;
mod writer;
