//! Exact distance to the nearest of given voxel centres (Felzenszwalb & Huttenlocher 2012), anisotropic.
//!
//! Unlike [`crate::filter::distance`], which measures to voxel faces, this measures from centre to centre, as the
//! definition of the surface metrics asks.

use rayon::prelude::*;

/// Distance in mm from each voxel centre to the nearest one of `sites`; infinite without a site. x fastest.
pub(crate) fn distance_mm(sites: &[bool], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f64> {
    let mut squared: Vec<f64> = sites.iter().map(|&s| if s { 0.0 } else { f64::INFINITY }).collect();
    let mut shape = size;
    for h in spacing_mm {
        squared.par_chunks_mut(shape[0]).for_each(|row| envelope(row, h));
        squared = turned(&squared, shape);
        shape = [shape[1], shape[2], shape[0]];
    }
    squared.par_iter_mut().for_each(|v| *v = v.sqrt());
    squared
}

/// The same values with the axes (x, y, z) stored as (y, z, x).
fn turned(values: &[f64], [nx, ny, nz]: [usize; 3]) -> Vec<f64> {
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(ny).enumerate().for_each(|(row, out)| {
        let (z, x) = (row % nz, row / nz);
        for (y, value) in out.iter_mut().enumerate() {
            *value = values[(z * ny + y) * nx + x];
        }
    });
    out
}

/// Lower envelope of the parabolas row\[k\] + ((i - k) h)^2, in place.
fn envelope(row: &mut [f64], h: f64) {
    // Standing parabolas: where, how high, and from which position on each one is lowest.
    let mut hull: Vec<(f64, f64, f64)> = Vec::new();
    for (k, &f) in row.iter().enumerate().filter(|(_, f)| f.is_finite()) {
        let at = k as f64 * h;
        let mut from = f64::NEG_INFINITY;
        while let Some(&(other, height, begin)) = hull.last() {
            from = ((f + at * at) - (height + other * other)) / (2.0 * (at - other));
            if from > begin {
                break;
            }
            hull.pop();
            from = f64::NEG_INFINITY;
        }
        hull.push((at, f, from));
    }
    let mut current = 0;
    for (i, value) in row.iter_mut().enumerate() {
        let at = i as f64 * h;
        while current + 1 < hull.len() && hull[current + 1].2 <= at {
            current += 1;
        }
        if let Some(&(site, height, _)) = hull.get(current) {
            *value = height + (at - site) * (at - site);
        }
    }
}
