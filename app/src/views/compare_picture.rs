//! What is drawn over a slice of a comparison: the contours as lines, and the classes of the difference as a picture.
//! Made on the CPU, once for each moment and slice: a layer of the site at a time.

use super::compare::colour;
use super::slice::SliceTransform;
use crate::session::{ComparisonView, PlaneAxes};
use crate::theme;
use egui::{Color32, ColorImage, Painter, Pos2, Stroke, TextureHandle, TextureOptions};
use std::fmt;
use zeroset_engine::Geometry;
use zeroset_engine::animate::PhiSlice;
use zeroset_engine::compare::{Class, Track, classify};

/// Opacities of what differs and of what is common, of 255: the tissue beneath is to be seen.
const STRONG: u8 = 125;
const FAINT: u8 = 45;

/// What a picture is made of.
pub struct Source<'a> {
    /// The comparison and the moment shown.
    pub view: &'a ComparisonView,
    /// Grid of the scan.
    pub scan: &'a Geometry,
    /// The linked cursor.
    pub cursor: [usize; 3],
}

/// What a picture depends on: comparison, axis across the slice, its index, the pair, and the frame of each track.
type Key = (u64, usize, usize, (usize, usize), Vec<u64>);

/// Two ends of a line, in voxels of the scan.
type Segment = [[f64; 3]; 2];

/// The contours of all methods in one slice, and where two of them differ.
pub struct Picture {
    key: Key,
    contours: Vec<Vec<Segment>>,
    /// The classes, and the voxels of the scan at the outer corners of its first and last pixel.
    difference: Option<(TextureHandle, [f64; 3], [f64; 3])>,
    crosses: bool,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Picture {
    /// The picture of a source: the one before where nothing has changed.
    pub fn of(ctx: &egui::Context, before: Option<Self>, source: &Source<'_>) -> Self {
        let axis = PlaneAxes::new(source.scan, source.view.plane).through.voxel_axis;
        let frame = |track: &Track| track.at(source.view.position).progress.to_bits();
        let frames = source.view.comparison.tracks.iter().map(frame).collect();
        let key = (source.view.number, axis, source.cursor[axis], source.view.pair, frames);
        match before {
            Some(before) if before.key == key => before,
            before => Self::new(ctx, before.and_then(|b| b.difference).map(|d| d.0), source, key),
        }
    }

    fn new(ctx: &egui::Context, texture: Option<TextureHandle>, source: &Source<'_>, key: Key) -> Self {
        let (axis, index) = (key.1, key.2);
        let comparison = &source.view.comparison;
        let site = &comparison.site;
        let Some((layers, nearest)) = site.layers_at(source.scan, axis, index) else {
            return Self { key, contours: Vec::new(), difference: None, crosses: false };
        };
        // A φ that cannot be read back (memory was damaged) is left out.
        let slab = |track: &Track| site.slab(track.at(source.view.position), axis, layers).ok();
        let slabs: Vec<Option<(Geometry, Vec<f32>)>> = comparison.tracks.iter().map(slab).collect();
        let [a, b] = [[1, 2], [0, 2], [0, 1]][axis];
        let ends = |ends: [[f64; 2]; 2]| {
            ends.map(|end| {
                let mut voxel = source.cursor.map(|v| v as f64);
                (voxel[a], voxel[b]) = (end[0], end[1]);
                voxel
            })
        };
        let contour = |slab: &Option<(Geometry, Vec<f32>)>| {
            let Some((grid, phi)) = slab else { return Vec::new() };
            let slice = PhiSlice::new(phi, grid, source.scan, axis, index);
            slice.map_or_else(Vec::new, |slice| slice.segments().into_iter().map(ends).collect())
        };
        let contours = slabs.iter().map(contour).collect();
        let layer = |number: usize| {
            let (grid, phi) = slabs.get(number)?.as_ref()?;
            Some(layer_of(grid.size(), phi, axis, nearest - layers[0]))
        };
        let difference = layer(source.view.pair.0).zip(layer(source.view.pair.1)).map(|(first, second)| {
            let size = site.stored.size();
            let picture = ColorImage::new([size[a], size[b]], colours(&classify(&first, &second), source.view.pair));
            let texture = match texture {
                Some(mut texture) => {
                    texture.set(picture, TextureOptions::NEAREST);
                    texture
                }
                None => ctx.load_texture("difference", picture, TextureOptions::NEAREST),
            };
            let corner = |at: [f64; 3]| source.scan.voxel_of_world(site.stored.world_of_voxel(at));
            (texture, corner([-0.5; 3]), corner(size.map(|n| n as f64 - 0.5)))
        });
        Self { key, contours, difference, crosses: true }
    }

    /// Whether the slice crosses the place at all.
    pub fn crosses(&self) -> bool {
        self.crosses
    }

    /// Draws a method's contour with a dark rim.
    pub fn draw_contour(&self, painter: &Painter, transform: &SliceTransform, track: usize, width: f32) {
        let Some(contour) = self.contours.get(track) else { return };
        let strokes = [Stroke::new(width + 1.6, Color32::from_black_alpha(110)), Stroke::new(width, colour(track))];
        for stroke in strokes {
            for segment in contour {
                painter.line_segment(segment.map(|end| transform.point_of(end)), stroke);
            }
        }
    }

    /// Draws the classes of the difference, voxel by voxel.
    pub fn draw_difference(&self, painter: &Painter, transform: &SliceTransform) {
        let Some((texture, first, last)) = &self.difference else { return };
        let (from, to) = (transform.point_of(*first), transform.point_of(*last));
        // Columns of the picture run along the lower voxel axis of the slice, rows along the higher one.
        let turned = transform.axes.right.voxel_axis > transform.axes.down.voxel_axis;
        let corner = |along: bool, down: bool| {
            let x = if along { to.x } else { from.x };
            let y = if down { to.y } else { from.y };
            Pos2::new(x, y)
        };
        let mut mesh = egui::Mesh::with_texture(texture.id());
        for (right, below) in [(false, false), (true, false), (true, true), (false, true)] {
            let uv = if turned { (below, right) } else { (right, below) };
            let uv = Pos2::new(f32::from(u8::from(uv.0)), f32::from(u8::from(uv.1)));
            mesh.vertices.push(egui::epaint::Vertex { pos: corner(right, below), uv, color: Color32::WHITE });
        }
        mesh.indices.extend([0, 1, 2, 0, 2, 3]);
        painter.add(mesh);
    }
}

/// One layer across `axis` of a slab of `size` voxels.
fn layer_of([nx, ny, nz]: [usize; 3], phi: &[f32], axis: usize, layer: usize) -> Vec<f32> {
    let at = |x: usize, y: usize, z: usize| phi[(z * ny + y) * nx + x];
    match axis {
        0 => (0..nz).flat_map(|z| (0..ny).map(move |y| at(layer, y, z))).collect(),
        1 => (0..nz).flat_map(|z| (0..nx).map(move |x| at(x, layer, z))).collect(),
        _ => phi[layer * nx * ny..(layer + 1) * nx * ny].to_vec(),
    }
}

fn colours(classes: &[Class], pair: (usize, usize)) -> Vec<Color32> {
    let strong = |colour: Color32| Color32::from_rgba_unmultiplied(colour.r(), colour.g(), colour.b(), STRONG);
    let (first, second) = (strong(colour(pair.0)), strong(colour(pair.1)));
    let both = theme::COMPARED_BOTH;
    let both = Color32::from_rgba_unmultiplied(both.r(), both.g(), both.b(), FAINT);
    let colour = |class: &Class| match class {
        Class::Neither => Color32::TRANSPARENT,
        Class::FirstOnly => first,
        Class::SecondOnly => second,
        Class::Both => both,
    };
    classes.iter().map(colour).collect()
}
