//! Photographs and their masks as a volume and labels of one pixel per mm.

use crate::geometry::Geometry;
use crate::label::LabelMap;
use crate::volume::Volume;
use nalgebra::Matrix4;
use std::path::Path;

/// Grey value from which a mask's pixel is inside: what the papers' protocols threshold at, half of 255.
const INSIDE: u8 = 128;

/// A picture as a volume: its luminance in one slice, or red, green and blue in three.
pub(super) fn read_picture(path: &Path, colours: bool) -> Result<Volume, String> {
    let picture = open(path)?;
    let [w, h] = [picture.width() as usize, picture.height() as usize];
    let samples = if colours {
        let rgb = picture.to_rgb8();
        (0..3)
            .flat_map(|channel| rgb.pixels().map(move |pixel| f32::from(pixel.0[channel])).collect::<Vec<_>>())
            .collect()
    } else {
        picture.to_luma8().pixels().map(|pixel| f32::from(pixel.0[0])).collect()
    };
    Ok(Volume::new(grid([w, h, if colours { 3 } else { 1 }])?, samples))
}

/// A mask as labels 0 and 1 on the same grid; in colours the middle slice carries them.
pub(super) fn read_mask(path: &Path, colours: bool) -> Result<LabelMap, String> {
    let mask = open(path)?.to_luma8();
    let [w, h] = [mask.width() as usize, mask.height() as usize];
    let plane: Vec<u16> = mask.pixels().map(|pixel| u16::from(pixel.0[0] >= INSIDE)).collect();
    let labels = if colours { [vec![0; w * h], plane, vec![0; w * h]].concat() } else { plane };
    Ok(LabelMap::new(grid([w, h, if colours { 3 } else { 1 }])?, labels))
}

fn open(path: &Path) -> Result<image::DynamicImage, String> {
    image::open(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Columns to the left, rows to the back: shown as stored.
fn grid(size: [usize; 3]) -> Result<Geometry, String> {
    let mut affine = Matrix4::identity();
    (affine[(0, 0)], affine[(1, 1)]) = (-1.0, -1.0);
    Geometry::new(size, affine).map_err(|e| e.to_string())
}
