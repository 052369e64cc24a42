//! A film of a comparison: the methods side by side in one slice, and where the first two differ.

use std::path::Path;
use zeroset_engine::animate::{Animation, Contour, PhiSlice, PictureOptions, RgbImage, SlicePicture};
use zeroset_engine::compare::{Class, Comparison, MOST_FRAMES, classify};
use zeroset_engine::slices::axial_axis;
use zeroset_engine::{Geometry, Volume};

/// Colours of the methods, as in the window, and of what two of them have in common.
const COLOURS: [[u8; 3]; 4] = [[0x56, 0xb4, 0xe9], [0xe6, 0x9f, 0x00], [0xcc, 0x79, 0xa7], [0x00, 0xb8, 0x86]];
const BOTH: [u8; 3] = [0xd8, 0xdc, 0xe0];
/// How much of the colour lies over the scan.
const STRENGTH: f32 = 0.55;
/// How long a moment stays, and how long the last one does, ms.
const MOMENT_MS: u32 = 120;
const LAST_MS: u32 = 2500;
/// Edge of a pixel, mm: pictures of at least this many pixels across.
const LEAST_EDGE: f64 = 320.0;
/// Space between pictures.
const GAP: u32 = 4;

/// Writes the film (`.gif`, or `.png` for a series).
///
/// # Errors
/// A target that cannot be written.
pub fn write(path: &Path, scan: &Volume, comparison: &Comparison, start: &[f32]) -> anyhow::Result<()> {
    let geometry = scan.geometry();
    let site = &comparison.site;
    let (axis, index) = site.slice.unwrap_or_else(|| (axial_axis(geometry), fullest(comparison, start, geometry)));
    let roi = site.roi;
    let in_plane = (0..3).filter(|&d| d != axis);
    let widest_mm =
        in_plane.map(|d| (roi.upper[d] - roi.lower[d]) as f64 * geometry.spacing_mm()[d]).fold(0.0, f64::max);
    let options = PictureOptions {
        crop: Some((roi.lower, roi.upper)),
        pixel_mm: Some(widest_mm / LEAST_EDGE),
        ..PictureOptions::default()
    };
    let picture = SlicePicture::new(scan, axis, index, &options);
    let Some((layers, nearest)) = site.layers_at(geometry, axis, index) else { return Ok(()) };
    let mut film = Animation::new();
    for tick in 0..MOST_FRAMES {
        let progress = tick as f64 / (MOST_FRAMES - 1) as f64;
        let mut panes = Vec::new();
        let mut layer = Vec::new();
        for (number, track) in comparison.tracks.iter().enumerate() {
            let frame = track.at(progress);
            let (grid, phi) = site.slab(frame, axis, layers)?;
            let colour = COLOURS[number % COLOURS.len()];
            let contour =
                PhiSlice::new(&phi, &grid, geometry, axis, index).map(|phi| Contour { phi, colour, width: 2.0 });
            let ml = frame.inside.voxels() as f64 * site.grid.voxel_volume_mm3() / 1000.0;
            let moment = if frame.step > 0 { format!("step {}", frame.step) } else { format!("t {:.2}", frame.t) };
            panes.push(picture.draw(contour.as_slice(), &format!("{}  {moment}  {ml:.1} mL", track.name)));
            if number < 2 {
                layer.push(site.slab(frame, axis, [nearest, nearest])?);
            }
        }
        if let [(grid, first), (_, second)] = layer.as_slice() {
            let dice = comparison.overlap(0, 1, progress).dice().map_or_else(String::new, |d| format!("Dice {d:.3}"));
            let mut pane = picture.draw(&[], &format!("difference of the first two  {dice}"));
            fill(&mut pane, &picture, grid, geometry, axis, &classify(first, second));
            panes.push(pane);
        }
        let last = tick + 1 == MOST_FRAMES;
        film.push(beside(&panes), if last { LAST_MS } else { MOMENT_MS });
    }
    film.write(path)?;
    Ok(())
}

/// The axial slice of the scan in which the start is largest.
fn fullest(comparison: &Comparison, start: &[f32], scan: &Geometry) -> usize {
    let axis = axial_axis(scan);
    let grid = &comparison.site.stored;
    let [nx, ny, nz] = grid.size();
    let mut count = vec![0usize; [nx, ny, nz][axis]];
    for (i, _) in start.iter().enumerate().filter(|(_, v)| **v < 0.0) {
        count[[i % nx, i / nx % ny, i / (nx * ny)][axis]] += 1;
    }
    let layer = (0..count.len()).max_by_key(|&l| count[l]).unwrap_or(0);
    let mut voxel = [0.0; 3];
    voxel[axis] = layer as f64;
    let at = scan.voxel_of_world(grid.world_of_voxel(voxel))[axis].round().max(0.0) as usize;
    at.clamp(comparison.site.roi.lower[axis], comparison.site.roi.upper[axis] - 1)
}

/// Lays the classes of one layer over a picture, voxel by voxel.
fn fill(pane: &mut RgbImage, picture: &SlicePicture, grid: &Geometry, scan: &Geometry, axis: usize, classes: &[Class]) {
    let [a, b] = [[1, 2], [0, 2], [0, 1]][axis];
    let (nx, ny) = (grid.size()[0], grid.size()[1]);
    for (i, class) in classes.iter().enumerate() {
        let (colour, strength) = match class {
            Class::Neither => continue,
            Class::FirstOnly => (COLOURS[0], STRENGTH),
            Class::SecondOnly => (COLOURS[1], STRENGTH),
            Class::Both => (BOTH, 0.4 * STRENGTH),
        };
        let voxel = [i % nx, i / nx % ny, i / (nx * ny)].map(|v| v as f64);
        let corner = |by: f64| {
            let at = scan.voxel_of_world(grid.world_of_voxel(voxel.map(|v| v + by)));
            picture.pixel_of([at[a], at[b]])
        };
        let (from, to) = (corner(-0.5), corner(0.5));
        let range = |d: usize, n: u32| {
            let (low, high) = (from[d].min(to[d]).ceil().max(0.0), from[d].max(to[d]).ceil().max(0.0));
            (low as u32).min(n)..(high as u32).min(n)
        };
        for y in range(1, pane.height()) {
            for x in range(0, pane.width()) {
                let pixel = pane.get_pixel_mut(x, y);
                for (channel, own) in pixel.0.iter_mut().zip(colour) {
                    *channel = (f32::from(*channel) * (1.0 - strength) + f32::from(own) * strength).round() as u8;
                }
            }
        }
    }
}

/// Pictures of one size beside each other.
fn beside(panes: &[RgbImage]) -> RgbImage {
    let (width, height) = panes.first().map_or((1, 1), |pane| pane.dimensions());
    let count = panes.len() as u32;
    let mut whole = RgbImage::new(count * width + count.saturating_sub(1) * GAP, height);
    for (number, pane) in panes.iter().enumerate() {
        let left = number as u32 * (width + GAP);
        for (x, y, pixel) in pane.enumerate_pixels() {
            whole.put_pixel(left + x, y, *pixel);
        }
    }
    whole
}
