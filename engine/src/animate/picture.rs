//! One slice as a picture: window, square pixels, contours, orientation letters, caption.

use super::contour::{PhiSlice, slice_axes};
use super::font;
use super::plane::Layout;
use crate::volume::Volume;
use image::{Rgb, RgbImage};

/// Intensities shown from black to white, HU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowHu {
    /// Black.
    pub lower: f32,
    /// White.
    pub upper: f32,
}

impl WindowHu {
    /// Soft tissue of the abdomen: level 50, width 400.
    pub const ABDOMEN: Self = Self { lower: -150.0, upper: 250.0 };
}

/// How a slice is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureOptions {
    /// Grey window.
    pub window: WindowHu,
    /// Only this box of voxels (lower, upper; half-open), or the whole slice.
    pub crop: Option<([usize; 3], [usize; 3])>,
    /// Edge of a pixel in mm; `None` = the finer spacing of the slice.
    pub pixel_mm: Option<f64>,
    /// Letters R, L, A, P, S, I at the edges.
    pub letters: bool,
}

impl Default for PictureOptions {
    fn default() -> Self {
        Self { window: WindowHu::ABDOMEN, crop: None, pixel_mm: None, letters: true }
    }
}

/// A line to draw: the zero set of phi.
#[derive(Clone, Debug)]
pub struct Contour {
    /// phi in the slice.
    pub phi: PhiSlice,
    /// Colour of the line.
    pub colour: [u8; 3],
    /// Width of the line in pixels.
    pub width: f32,
}

/// Largest edge of a picture in pixels.
const MAX_EDGE: f64 = 4096.0;

/// A slice rendered once, on which contours can be drawn again and again.
#[derive(Clone, Debug)]
pub struct SlicePicture {
    grey: RgbImage,
    /// Per picture direction (right, down): position in scan voxels = offset + pixel * step.
    offset: [f64; 2],
    step: [f64; 2],
    /// Whether the picture's first direction is the second of the slice's ascending axes.
    swapped: bool,
    letters: Option<[char; 4]>,
}

impl SlicePicture {
    /// Renders slice `index` across voxel axis `axis` (0 to 2; see [`super::voxel_axis`] for anatomical planes).
    ///
    /// # Panics
    /// When the axis, the slice or the crop lies outside the volume.
    pub fn new(volume: &Volume, axis: usize, index: usize, options: &PictureOptions) -> Self {
        let geometry = volume.geometry();
        let size = geometry.size();
        assert!(axis < 3 && index < size[axis], "slice {index} across axis {axis} of {size:?}");
        let (lower, upper) = options.crop.unwrap_or(([0; 3], size));
        assert!((0..3).all(|d| lower[d] < upper[d] && upper[d] <= size[d]), "crop {lower:?} to {upper:?} of {size:?}");
        let layout = Layout::new(geometry, axis);
        let spacing_mm = layout.axes.map(|d| geometry.spacing_mm()[d]);
        let extent_mm: [f64; 2] = std::array::from_fn(|d| {
            let voxels = upper[layout.axes[d]] - lower[layout.axes[d]];
            voxels as f64 * spacing_mm[d]
        });
        let finest = spacing_mm[0].min(spacing_mm[1]);
        let coarsest_needed = extent_mm[0].max(extent_mm[1]) / MAX_EDGE;
        let pixel_mm = options.pixel_mm.filter(|p| *p > 0.0).unwrap_or(finest).max(coarsest_needed);
        let pixels = extent_mm.map(|mm| (mm / pixel_mm).round().max(1.0) as u32);
        let mut offset = [0.0; 2];
        let mut step = [0.0; 2];
        for d in 0..2 {
            let (low, high) = (lower[layout.axes[d]] as f64, upper[layout.axes[d]] as f64);
            let per_pixel = (high - low) / f64::from(pixels[d]);
            // Voxel centres are at integers: the box reaches from low - 1/2 to high - 1/2.
            (offset[d], step[d]) = if layout.flipped[d] {
                (high - 0.5 - 0.5 * per_pixel, -per_pixel)
            } else {
                (low - 0.5 + 0.5 * per_pixel, per_pixel)
            };
        }
        let WindowHu { lower: black, upper: white } = options.window;
        let gain = 255.0 / (white - black).max(1e-3);
        let value = |column: usize, row: usize| {
            let mut voxel = [0; 3];
            (voxel[layout.axes[0]], voxel[layout.axes[1]], voxel[axis]) = (column, row, index);
            volume.at(voxel)
        };
        let neighbours = |position: f64, d: usize| {
            let (low, high) = (lower[layout.axes[d]], upper[layout.axes[d]] - 1);
            let clamped = position.clamp(low as f64, high as f64);
            let left = (clamped.floor() as usize).min(high);
            (left, (left + 1).min(high), (clamped - left as f64) as f32)
        };
        let grey = RgbImage::from_fn(pixels[0], pixels[1], |column, row| {
            let (x0, x1, tx) = neighbours(offset[0] + f64::from(column) * step[0], 0);
            let (y0, y1, ty) = neighbours(offset[1] + f64::from(row) * step[1], 1);
            let upper_row = value(x0, y0) * (1.0 - tx) + value(x1, y0) * tx;
            let lower_row = value(x0, y1) * (1.0 - tx) + value(x1, y1) * tx;
            let hu = upper_row * (1.0 - ty) + lower_row * ty;
            let level = ((hu - black) * gain).clamp(0.0, 255.0).round() as u8;
            Rgb([level; 3])
        });
        let swapped = layout.axes != slice_axes(axis);
        Self { grey, offset, step, swapped, letters: options.letters.then_some(layout.letters) }
    }

    /// Pixels across and down.
    pub fn size(&self) -> [u32; 2] {
        [self.grey.width(), self.grey.height()]
    }

    /// Pixel position (column, row; pixel centres at integers) of a position in scan voxels along the slice's axes.
    pub fn pixel_of(&self, mut voxel: [f64; 2]) -> [f64; 2] {
        if self.swapped {
            voxel.swap(0, 1);
        }
        std::array::from_fn(|d| (voxel[d] - self.offset[d]) / self.step[d])
    }

    /// The picture with these contours (later ones on top), its letters and a caption at the bottom left.
    pub fn draw(&self, contours: &[Contour], caption: &str) -> RgbImage {
        let mut picture = self.grey.clone();
        for contour in contours {
            self.stroke(&mut picture, contour);
        }
        let (width, height) = (picture.width() as i64, picture.height() as i64);
        let scale = (width.min(height) / 200).clamp(1, 4);
        let (letter_w, letter_h) = (6 * scale, 8 * scale);
        if let Some([left, right, top, bottom]) = self.letters {
            let (mx, my) = ((width - letter_w) / 2, (height - letter_h) / 2);
            for (letter, x, y) in [
                (left, scale, my),
                (right, width - letter_w, my),
                (top, mx, scale),
                (bottom, mx, height - letter_h - scale),
            ] {
                font::draw(&mut picture, &letter.to_string(), [x, y], scale, [255, 220, 120]);
            }
        }
        font::draw(&mut picture, caption, [2 * scale, height - 2 * letter_h - 2 * scale], scale, [255, 255, 255]);
        picture
    }

    /// Draws the zero set as one stroke: coverage first, so that joints are not darker than lines.
    fn stroke(&self, picture: &mut RgbImage, contour: &Contour) {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut coverage = vec![0.0f32; width * height];
        let half = contour.width.max(0.5) / 2.0;
        let reach = f64::from(half) + 1.0;
        for segment in contour.phi.segments() {
            let [a, b] = segment.map(|end| self.pixel_of(end));
            let range = |d: usize, n: usize| {
                let low = (a[d].min(b[d]) - reach).ceil().max(0.0) as usize;
                let high = (a[d].max(b[d]) + reach).floor().min(n as f64 - 1.0);
                low..if high < 0.0 { 0 } else { high as usize + 1 }
            };
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let square = (dx * dx + dy * dy).max(1e-12);
            for y in range(1, height) {
                for x in range(0, width) {
                    let (px, py) = (x as f64 - a[0], y as f64 - a[1]);
                    let t = ((px * dx + py * dy) / square).clamp(0.0, 1.0);
                    let distance = ((px - t * dx).powi(2) + (py - t * dy).powi(2)).sqrt() as f32;
                    let covered = (half + 0.5 - distance).clamp(0.0, 1.0);
                    let pixel = &mut coverage[y * width + x];
                    *pixel = pixel.max(covered);
                }
            }
        }
        for (pixel, &covered) in picture.pixels_mut().zip(&coverage) {
            for (channel, colour) in pixel.0.iter_mut().zip(contour.colour) {
                let mixed = f32::from(*channel) * (1.0 - covered) + f32::from(colour) * covered;
                *channel = mixed.round() as u8;
            }
        }
    }
}

/// Slice `index` across voxel axis `axis` with contours: [`SlicePicture::new`] and [`SlicePicture::draw`] in one.
///
/// # Panics
/// As [`SlicePicture::new`].
pub fn render_slice(volume: &Volume, axis: usize, index: usize, window: WindowHu, contours: &[Contour]) -> RgbImage {
    let options = PictureOptions { window, ..PictureOptions::default() };
    SlicePicture::new(volume, axis, index, &options).draw(contours, "")
}
