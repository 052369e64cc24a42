//! Gradient by central differences, in units of the image per mm.

use rayon::prelude::*;

/// |∇I| by central differences over 2h, border voxels repeated; axes of one voxel do not count.
///
/// # Panics
/// When `image` does not fill the grid.
pub fn gradient_magnitude(image: &[f32], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f32> {
    assert_eq!(image.len(), size.iter().product::<usize>(), "the image must fill the grid");
    let mut magnitude = vec![0.0; image.len()];
    let row_len = size[0];
    let factor: [f32; 3] = std::array::from_fn(|d| (0.5 / spacing_mm[d]) as f32);
    let row = |y: usize, z: usize| &image[(z * size[1] + y) * row_len..][..row_len];
    magnitude.par_chunks_mut(row_len).enumerate().for_each(|(index, out)| {
        let (y, z) = (index % size[1], index / size[1]);
        let center = row(y, z);
        let (south, north) = (row(y.saturating_sub(1), z), row((y + 1).min(size[1] - 1), z));
        let (below, above) = (row(y, z.saturating_sub(1)), row(y, (z + 1).min(size[2] - 1)));
        for x in 0..row_len {
            let dx = (center[(x + 1).min(row_len - 1)] - center[x.saturating_sub(1)]) * factor[0];
            let dy = (north[x] - south[x]) * factor[1];
            let dz = (above[x] - below[x]) * factor[2];
            out[x] = (dx * dx + dy * dy + dz * dz).sqrt();
        }
    });
    magnitude
}
