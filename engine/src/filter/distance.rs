//! Exact signed Euclidean distance of a mask (Felzenszwalb & Huttenlocher 2012), anisotropic and parallel.
//!
//! # Convention
//! A voxel is the box around its centre, and the contour of a mask is the set of voxel **faces** between inside and
//! outside. The value of a voxel is the exact distance in mm from its centre to that surface, negative inside: a
//! voxel beside a face across x has ∓hx/2. So the zero set lies on the faces, a straight wall gives the same |φ| on
//! both sides, and φ of a mask and of its complement differ in sign only. The faces of the grid itself are no contour:
//! the mask goes on beyond them as it is at the border.
//!
//! # Method
//! From a centre to a box at index distance k along an axis it is max(k − ½, 0)·h, so the squared distance is a sum
//! over the axes and one-dimensional passes are exact. Along one axis, with f the result so far,
//! D(i) = min(f(i), min over k of min(f(k), f(k+1)) + ((i − k − ½) h)²): the lower envelope of parabolas that stand on
//! the faces k + ½. (The smaller of two neighbours may stand on their common face: for every i it is either the nearer
//! face of a box or further away than that.)

use rayon::prelude::*;

/// Stands for "no box of that class in sight": above any squared distance, and still exact in sums with them.
const FAR: f64 = 1e30;

/// Signed distance in mm, negative inside, to the faces between `mask` and its complement; x fastest.
///
/// A mask without a voxel gives +∞ everywhere, one without a voxel outside −∞: neither has a contour.
///
/// # Panics
/// When `mask` does not fill the grid.
pub fn signed_distance_mm(mask: &[bool], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f32> {
    assert_eq!(mask.len(), size.iter().product::<usize>(), "the mask must fill the grid");
    let to_inside = squared_distance(mask, size, spacing_mm, true);
    let to_outside = squared_distance(mask, size, spacing_mm, false);
    let root = |squared: f64| if squared >= FAR { f32::INFINITY } else { squared.sqrt() as f32 };
    let mut signed = vec![0.0; mask.len()];
    signed.par_iter_mut().enumerate().with_min_len(4096).for_each(|(i, value)| {
        *value = if mask[i] { -root(to_outside[i]) } else { root(to_inside[i]) };
    });
    signed
}

/// Squared distance (mm²) from every voxel centre to the nearest box of class `target`.
fn squared_distance(mask: &[bool], size: [usize; 3], spacing_mm: [f64; 3], target: bool) -> Vec<f64> {
    let [nx, ny, nz] = size;
    let seed = |inside: bool| if inside == target { 0.0 } else { FAR };
    let along_x = pass(mask.len(), nx, spacing_mm[0], |row, x| seed(mask[row * nx + x]));
    // Each pass reads across the rows of the one before and leaves its own axis fastest:
    // (x, y, z) -> (y, z, x) -> (z, x, y) -> back.
    let along_y = pass(mask.len(), ny, spacing_mm[1], |row, y| along_x[(row % nz * ny + y) * nx + row / nz]);
    let along_z = pass(mask.len(), nz, spacing_mm[2], |row, z| along_y[(row % nx * nz + z) * ny + row / nx]);
    let mut result = vec![0.0; mask.len()];
    result.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
        let (y, z) = (row % ny, row / ny);
        for (x, value) in out.iter_mut().enumerate() {
            *value = along_z[(y * nx + x) * nz + z];
        }
    });
    result
}

/// One pass: rows of `n` values, gathered by `value(row, position)`, transformed with spacing `h` mm.
fn pass(total: usize, n: usize, h: f64, value: impl Fn(usize, usize) -> f64 + Sync) -> Vec<f64> {
    let mut output = vec![0.0; total];
    output.par_chunks_mut(n).enumerate().for_each_init(
        || Envelope { input: vec![0.0; n], feet: Vec::with_capacity(n), starts: Vec::with_capacity(n) },
        |work, (row, out)| {
            for (position, v) in work.input.iter_mut().enumerate() {
                *v = value(row, position);
            }
            work.transform(h, out);
        },
    );
    output
}

/// Work space of one row: the lower envelope of parabolas on the faces.
struct Envelope {
    input: Vec<f64>,
    /// Faces k (between k and k + 1) whose parabolas form the envelope, left to right.
    feet: Vec<usize>,
    /// Where each of them takes over, in voxels.
    starts: Vec<f64>,
}

impl Envelope {
    fn transform(&mut self, h: f64, out: &mut [f64]) {
        let f = &self.input;
        out.copy_from_slice(f);
        let height = |k: usize| f[k].min(f[k + 1]);
        self.feet.clear();
        self.starts.clear();
        for k in (0..f.len().saturating_sub(1)).filter(|&k| height(k) < FAR) {
            let mut start = f64::NEG_INFINITY;
            while let (Some(&foot), Some(&foot_start)) = (self.feet.last(), self.starts.last()) {
                let (a, b) = (foot as f64 + 0.5, k as f64 + 0.5);
                start = (height(k) - height(foot)) / (2.0 * h * h * (b - a)) + 0.5 * (a + b);
                if start > foot_start {
                    break;
                }
                self.feet.pop();
                self.starts.pop();
                start = f64::NEG_INFINITY;
            }
            self.feet.push(k);
            self.starts.push(start);
        }
        let mut current = 0;
        for (i, value) in out.iter_mut().enumerate() {
            while self.starts.get(current + 1).is_some_and(|&start| start < i as f64) {
                current += 1;
            }
            if let Some(&foot) = self.feet.get(current) {
                let distance_mm = (i as f64 - foot as f64 - 0.5) * h;
                *value = value.min(height(foot) + distance_mm * distance_mm);
            }
        }
    }
}
