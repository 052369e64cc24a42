//! Where each pixel of an augmented slice comes from: one map for image, truth and what counts.

use super::Displacement;
use crate::train::data::Slice;
use crate::train::recipe::Augmentation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// For every pixel the (fractional) row and column that it shows.
#[derive(Clone, Debug)]
pub(crate) struct PixelMap {
    size: [usize; 2],
    source: Vec<[f64; 2]>,
}

impl PixelMap {
    /// Scale, rotation, mirror image and shift about the middle, then an elastic displacement.
    pub(crate) fn random(wanted: &Augmentation, size: [usize; 2], random: &mut ChaCha8Rng) -> Self {
        let mut either_way = |most: f64| most * random.random_range(-1.0..=1.0f64);
        let scale = (1.0 + wanted.scale).powf(either_way(1.0));
        let (sin, cos) = either_way(wanted.rotation_degrees).to_radians().sin_cos();
        let shift = [either_way(wanted.translation) * size[0] as f64, either_way(wanted.translation) * size[1] as f64];
        let mirror = if random.random_range(0.0..1.0f64) < wanted.flip_left_right { -1.0 } else { 1.0 };
        let grid_px = if wanted.elastic_grid_px > 0.0 { wanted.elastic_grid_px } else { Augmentation::ELASTIC_GRID_PX };
        let elastic = (wanted.elastic_px > 0.0).then(|| Displacement::random(size, wanted.elastic_px, grid_px, random));
        Self::from_fn(size, |pixel| {
            let middle = size.map(|side| (side as f64 - 1.0) / 2.0);
            let [row, column] = [pixel[0] as f64 - middle[0] - shift[0], pixel[1] as f64 - middle[1] - shift[1]];
            let (row, column) = ((cos * row - sin * column) / scale, (sin * row + cos * column) / scale);
            let bent = elastic.as_ref().map_or([0.0; 2], |field| field.at(pixel));
            [middle[0] + row + bent[0], middle[1] + mirror * column + bent[1]]
        })
    }

    /// A map given pixel by pixel.
    pub(crate) fn from_fn(size: [usize; 2], source: impl Fn([usize; 2]) -> [f64; 2]) -> Self {
        let source = (0..size[0] * size[1]).map(|i| source([i / size[1], i % size[1]])).collect();
        Self { size, source }
    }

    /// Planes (as many as there are) seen through the map, linear between pixels; `beyond` outside.
    pub(crate) fn planes(&self, planes: &[f32], beyond: f32) -> Vec<f32> {
        planes.chunks_exact(self.size[0] * self.size[1]).flat_map(|plane| self.plane(plane, beyond)).collect()
    }

    fn plane<'a>(&'a self, plane: &'a [f32], beyond: f32) -> impl Iterator<Item = f32> + 'a {
        let [h, w] = self.size.map(|side| side as i64);
        let at = move |row: i64, column: i64| -> f32 {
            if (0..h).contains(&row) && (0..w).contains(&column) { plane[(row * w + column) as usize] } else { beyond }
        };
        self.source.iter().map(move |&[row, column]| {
            let (r, c) = (row.floor(), column.floor());
            let (fr, fc) = ((row - r) as f32, (column - c) as f32);
            let (r, c) = (r as i64, c as i64);
            // Exact on pixels: beyond the border a weight of 0 must not bring in `beyond`.
            let mix = |a: f32, b: f32, f: f32| if f == 0.0 { a } else { a + f * (b - a) };
            mix(mix(at(r, c), at(r, c + 1), fc), mix(at(r + 1, c), at(r + 1, c + 1), fc), fr)
        })
    }

    /// A slice seen through the map.
    pub(crate) fn slice(&self, slice: &Slice, beyond_hu: f32) -> Slice {
        Slice {
            size: slice.size,
            image_hu: self.planes(&slice.image_hu, beyond_hu),
            inside: self.planes(&slice.inside, 0.0),
            valid: slice.valid.as_ref().map(|valid| self.planes(valid, 0.0)),
            // What they are for was done before.
            structures: Vec::new(),
        }
    }
}
