//! Writes an evolution as an animated picture: the slice at the cursor with the contour of each moment.

use crate::session::evolution::Place;
use crate::session::jobs::AnimationJob;
use std::path::Path;
use zeroset_engine::animate::{Animation, Contour, PhiSlice, PictureOptions, SlicePicture, WindowHu};
use zeroset_engine::slices::axial_axis;
use zeroset_engine::{Geometry, Volume};

/// Colour of the contour.
const CONTOUR: [u8; 3] = [0x2d, 0xd4, 0xee];
/// How long a moment stays, and how long the last one does.
const MOMENT_MS: u32 = 60;
const LAST_MS: u32 = 1500;
/// What is shown around the ROI, mm.
const MARGIN_MM: f64 = 12.0;
/// Edge of a pixel, mm.
const PIXEL_MM: f64 = 0.5;

/// Writes the animation (`.gif`, or `.png` for a series of pictures).
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, job: &AnimationJob) -> anyhow::Result<()> {
    let scan = job.image.geometry();
    let (axis, index) = job
        .place
        .slice
        .map_or_else(|| (axial_axis(scan), job.cursor[axial_axis(scan)]), |slice| (slice.axis, slice.index));
    let grid = grid_with_scan_axes(&job.place, scan)?;
    let options = PictureOptions {
        window: WindowHu { lower: job.window.0, upper: job.window.1 },
        crop: Some(crop(&job.place, &job.image)),
        pixel_mm: Some(PIXEL_MM),
        letters: true,
    };
    let index = index.clamp(job.place.roi.lower[axis], job.place.roi.upper[axis] - 1);
    let slice = SlicePicture::new(&job.image, axis, index, &options);
    let mut film = Animation::new();
    for (number, (step, phi)) in job.moments.iter().enumerate() {
        let contour =
            PhiSlice::new(phi, &grid, scan, axis, index).map(|phi| Contour { phi, colour: CONTOUR, width: 2.0 });
        let last = number + 1 == job.moments.len();
        let picture = slice.draw(contour.as_slice(), &words(*step, job.neural));
        film.push(picture, if last { LAST_MS } else { MOMENT_MS });
    }
    film.write(path)?;
    Ok(())
}

/// Where a moment stands: t of a network, else its step.
fn words(step: u64, moments: Option<u64>) -> String {
    match moments {
        Some(moments) if step <= moments => format!("t = {:.2}", step as f64 / moments as f64),
        Some(moments) => format!("then step {}", step - moments),
        None => format!("step {step}"),
    }
}

/// The grid of φ with its axes in the scan's order: a slice's grid has them in its own.
pub(crate) fn grid_with_scan_axes(place: &Place, scan: &Geometry) -> anyhow::Result<Geometry> {
    let Some(slice) = place.slice else { return Ok(place.geometry.clone()) };
    let whole = place.roi.geometry_of_slices(scan, Some(slice.axis))?;
    let (mut lower, mut size) = ([0; 3], whole.size());
    lower[slice.axis] = slice.index - place.roi.lower[slice.axis];
    size[slice.axis] = 1;
    Ok(whole.cropped(lower, size)?)
}

/// The ROI with a margin, cut to the scan.
fn crop(place: &Place, image: &Volume) -> ([usize; 3], [usize; 3]) {
    let geometry = image.geometry();
    let margin = geometry.spacing_mm().map(|h| (MARGIN_MM / h).ceil() as usize);
    let lower = std::array::from_fn(|d| place.roi.lower[d].saturating_sub(margin[d]));
    let upper = std::array::from_fn(|d| (place.roi.upper[d] + margin[d]).min(geometry.size()[d]));
    (lower, upper)
}
