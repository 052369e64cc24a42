//! A validation slice with its contours: prediction orange, truth black, as in the NODE paper's Figure 3.

use super::TrainError;
use super::batch::Batch;
use super::error::write_error;
use super::folder::write;
use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::path::Path;

const ORANGE: Rgb<u8> = Rgb([255, 127, 14]);
const BLACK: Rgb<u8> = Rgb([0, 0, 0]);

/// Pixels of the picture per pixel of the network's grid.
const ZOOM: usize = 3;

/// Draws slice `k` of a batch with a prediction (`[organ][row][column]`, band widths) into `folder`.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn draw(folder: &Path, batch: &Batch, k: usize, phi: &[f32]) -> Result<(), TrainError> {
    let (plane, [h, w]) = (batch.plane(), batch.size);
    // The slice itself is the middle channel.
    let middle = (k * batch.channels + batch.channels / 2) * plane;
    let grey = &batch.image[middle..middle + plane];
    let mut picture = RgbImage::from_fn((w * ZOOM) as u32, (h * ZOOM) as u32, |x, y| {
        let value = grey[y as usize / ZOOM * w + x as usize / ZOOM];
        // Darkest at 64: the truth's black stays visible on air.
        Rgb([(64.0 + 95.5 * (value + 1.0)) as u8; 3])
    });
    for organ in 0..batch.organs {
        let place = (k * batch.organs + organ) * plane;
        outline(&mut picture, &batch.phi_band[place..place + plane], [h, w], BLACK);
        outline(&mut picture, &phi[organ * plane..(organ + 1) * plane], [h, w], ORANGE);
    }
    let name: String = batch.names[k].chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let path = folder.join(format!("{name}.png"));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|e| write_error(&path, e))?;
    write(&path, bytes.get_ref())
}

/// Marks the zero set of φ, linear between pixel centres.
fn outline(picture: &mut RgbImage, phi: &[f32], [h, w]: [usize; 2], colour: Rgb<u8>) {
    let half = (ZOOM as f32 - 1.0) / 2.0;
    let at = |x: i64, y: i64| -> f32 {
        let place = |v: i64, side: usize| ((v as f32 - half) / ZOOM as f32).clamp(0.0, side as f32 - 1.0);
        let (column, row) = (place(x, w), place(y, h));
        let (c, r) = (column as usize, row as usize);
        let (c1, r1) = ((c + 1).min(w - 1), (r + 1).min(h - 1));
        let mix = |a: f32, b: f32, f: f32| a + f * (b - a);
        let (fc, fr) = (column - c as f32, row - r as f32);
        mix(mix(phi[r * w + c], phi[r * w + c1], fc), mix(phi[r1 * w + c], phi[r1 * w + c1], fc), fr)
    };
    for y in 0..picture.height() as i64 {
        for x in 0..picture.width() as i64 {
            let inside = at(x, y) < 0.0;
            if inside != (at(x + 1, y) < 0.0) || inside != (at(x, y + 1) < 0.0) {
                picture.put_pixel(x as u32, y as u32, colour);
            }
        }
    }
}
