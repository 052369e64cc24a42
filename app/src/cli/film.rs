//! Films of an evolution: one slice of the scan with the contour on it, from the start to the end.

use anyhow::bail;
use std::path::Path;
use zeroset_engine::animate::{Animation, CONTOUR_COLOURS, Contour, PhiSlice, PictureOptions, RgbImage, SlicePicture};
use zeroset_engine::levelset::EvolutionState;
use zeroset_engine::pipeline::Progress;
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, Volume};

/// Beyond this many pictures every other one is dropped: a film lasts seconds, whatever the run.
const MOST_PICTURES: usize = 160;
/// How long a picture stays, ms.
const DELAY_MS: u32 = 60;
/// How long the last picture stays, ms.
const END_MS: u32 = 2000;
/// Pictures are at least this many pixels wide and high where the crop would be smaller.
const LEAST_EDGE: f64 = 420.0;
/// Voxels shown around the ROI.
const MARGIN: usize = 12;

/// A film in the making.
pub struct Film<'a> {
    scan: &'a Volume,
    axis: usize,
    index: usize,
    options: PictureOptions,
    picture: SlicePicture,
    /// Contours that stay under the moving one.
    still: Vec<Contour>,
    pictures: Vec<RgbImage>,
    stride: usize,
    looks: usize,
    first_slice: Option<usize>,
}

impl<'a> Film<'a> {
    /// A film of slice `index` across stored axis `axis`, around the ROI.
    pub fn new(scan: &'a Volume, axis: usize, index: usize, roi: Option<&Roi>) -> Self {
        let geometry = scan.geometry();
        let size = geometry.size();
        let crop = roi.map(|roi| {
            let lower = roi.lower.map(|v| v.saturating_sub(MARGIN));
            let upper = std::array::from_fn(|d| (roi.upper[d] + MARGIN).min(size[d]));
            (lower, upper)
        });
        let (lower, upper) = crop.unwrap_or(([0; 3], size));
        let in_plane = (0..3).filter(|&d| d != axis);
        let widest_mm = in_plane.map(|d| (upper[d] - lower[d]) as f64 * geometry.spacing_mm()[d]).fold(0.0, f64::max);
        let finest_mm = geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
        let pixel_mm = Some((widest_mm / LEAST_EDGE).min(finest_mm));
        let options = PictureOptions { crop, pixel_mm, ..PictureOptions::default() };
        let picture = SlicePicture::new(scan, axis, index, &options);
        let (still, pictures) = (Vec::new(), Vec::new());
        Self { scan, axis, index, options, picture, still, pictures, stride: 1, looks: 0, first_slice: None }
    }

    /// Takes a picture of where the run stands; slice by slice, of every look at the first slice and of the end of
    /// the others.
    ///
    /// # Errors
    /// The device is lost.
    pub fn look(&mut self, progress: &mut Progress<'_>) -> anyhow::Result<()> {
        let Progress::Step { evolution, grid, slice } = progress else { return Ok(()) };
        let over = evolution.state() != EvolutionState::Ready;
        if let Some((index, axis)) = *slice {
            let first = *self.first_slice.get_or_insert(index);
            if index != first && !over {
                return Ok(());
            }
            if (index, axis) != (self.index, self.axis) {
                (self.index, self.axis) = (index, axis);
                self.picture = SlicePicture::new(self.scan, axis, index, &self.options);
                self.still.clear();
            }
        }
        self.looks += 1;
        if !self.looks.is_multiple_of(self.stride) && !over && self.looks > 1 {
            return Ok(());
        }
        let report = evolution.report();
        let phi = evolution.phi()?;
        let place = slice.map_or_else(String::new, |(index, _)| format!("slice {index}  "));
        let caption = format!("{place}t {:.1}  {:.1} mL", report.time, report.stats.volume_ml);
        self.take(&phi, grid, &caption);
        Ok(())
    }

    /// Takes a picture of φ on `grid`.
    fn take(&mut self, phi: &[f32], grid: &Geometry, caption: &str) {
        let mut contours = self.still.clone();
        contours.extend(self.contour(phi, grid, CONTOUR_COLOURS[0]));
        self.pictures.push(self.picture.draw(&contours, caption));
        if self.pictures.len() > MOST_PICTURES {
            let mut position = 0;
            self.pictures.retain(|_| {
                position += 1;
                position % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// Leaves the contour of φ standing in one of the contour colours.
    pub fn leave(&mut self, phi: &[f32], grid: &Geometry, colour: usize) {
        let colour = CONTOUR_COLOURS[colour % CONTOUR_COLOURS.len()];
        self.still.extend(self.contour(phi, grid, colour));
    }

    fn contour(&self, phi: &[f32], grid: &Geometry, colour: [u8; 3]) -> Option<Contour> {
        let phi = PhiSlice::new(phi, grid, self.scan.geometry(), self.axis, self.index)?;
        Some(Contour { phi, colour, width: 2.0 })
    }

    /// Writes a GIF, or a series of PNG pictures for `.png`.
    ///
    /// # Errors
    /// A target that cannot be written.
    pub fn write(self, path: &Path) -> anyhow::Result<()> {
        let mut film = Animation::new();
        let last = self.pictures.len().saturating_sub(1);
        for (number, picture) in self.pictures.into_iter().enumerate() {
            film.push(picture, if number == last { END_MS } else { DELAY_MS });
        }
        film.write(path)?;
        Ok(())
    }
}

/// Refuses, before any work, a name that no film can have.
///
/// # Errors
/// Another extension than `.gif` or `.png`.
pub fn check_name(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    if extension != "gif" && extension != "png" {
        bail!("{}: a film is written as .gif, or as .png for a series of pictures", path.display());
    }
    Ok(())
}
