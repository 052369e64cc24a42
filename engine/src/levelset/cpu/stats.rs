//! What a report says of phi: rate of change on the contour, enclosed volume, contact with the border.

use super::banded::Band;
use crate::levelset::{Grid, StepStats};
use rayon::prelude::*;

/// Speed of the contour in the last step, RMS and greatest, mm per unit of t: dphi/dt interpolated to where phi was 0
/// between two neighbours along an axis. `tiles` were active before the step; the snapshot was taken then.
pub fn rates(grid: &Grid, band: &Band, tiles: &[u32], dt: f64) -> (f64, f64) {
    if dt <= 0.0 {
        return (0.0, 0.0);
    }
    // Inside the band on both sides: a neighbour in a tile at rest is not.
    let near = 2.0 * grid.h_max();
    let (before, after) = (band.snapshot(), band.current());
    let strides = &band.layout.stride[..grid.dimension()];
    let (squares, largest, count) = fold_tiles(
        band,
        tiles,
        (0.0f64, 0.0f32, 0u64),
        |(mut squares, mut largest, mut count), row, len| {
            for i in row..row + len {
                for stride in strides {
                    // Beyond the grid lies the same value: no crossing.
                    let (b, b_next) = (before[i], before[i + stride]);
                    if (b < 0.0) != (b_next < 0.0) && b.abs() < near && b_next.abs() < near {
                        let (change, change_next) = (after[i] - b, after[i + stride] - b_next);
                        let at_zero = change + b / (b - b_next) * (change_next - change);
                        squares += f64::from(at_zero * at_zero);
                        // A NaN must not get lost in the maximum.
                        largest = if at_zero.abs() <= largest { largest } else { at_zero.abs() };
                        count += 1;
                    }
                }
            }
            (squares, largest, count)
        },
        |a, b| (a.0 + b.0, if a.1 <= b.1 { b.1 } else { a.1 }, a.2 + b.2),
    );
    let rms = if count == 0 { 0.0 } else { (squares / count as f64).sqrt() };
    (rms / dt, f64::from(largest) / dt)
}

/// Volume, band voxels and border voxels of phi as it stands; rates are left 0.
pub fn measure(grid: &Grid, band: &Band) -> StepStats {
    let (near, inverse_h) = (grid.h_max(), 1.0 / grid.h_min());
    let size = grid.size;
    let three = grid.dimension() == 3;
    let (inside, count) = fold_tiles(
        band,
        band.list.active(),
        (0.0f64, 0u64),
        |(inside, count), row, len| {
            let mut sum = 0.0f32;
            let mut n = 0u32;
            for &v in &band.current()[row..row + len] {
                let fraction = 0.5 - v * inverse_h;
                let fraction = if fraction > 0.0 { fraction } else { 0.0 };
                sum += if fraction > 1.0 { 1.0 } else { fraction };
                // NaN compares false: it would vanish from both sums.
                n += u32::from(v.abs() < near);
            }
            (inside + f64::from(sum), count + u64::from(n))
        },
        |a, b| (a.0 + b.0, a.1 + b.1),
    );
    let mut border = 0u64;
    let mut count_row = |y: usize, z: usize, whole: bool| {
        let row = &band.current()[band.layout.at(0, y, z)..][..size[0]];
        border += if whole {
            row.iter().filter(|&&v| v < 0.0).count() as u64
        } else {
            let ends = if size[0] > 1 { &[0, size[0] - 1][..] } else { &[0][..] };
            ends.iter().filter(|&&x| row[x] < 0.0).count() as u64
        };
    };
    for z in 0..size[2] {
        for y in 0..size[1] {
            let whole = y == 0 || y + 1 == size[1] || (three && (z == 0 || z + 1 == size[2]));
            count_row(y, z, whole);
        }
    }
    StepStats {
        volume_ml: (inside + band.inactive_inside() as f64) * grid.voxel_ml(),
        band_voxels: count,
        border_voxels: border,
        ..StepStats::default()
    }
}

/// Whether every phi of the active tiles is a number.
pub fn is_finite(band: &Band) -> bool {
    fold_tiles(
        band,
        band.list.active(),
        true,
        |finite, row, len| finite & band.current()[row..row + len].iter().fold(true, |all, v| all & v.is_finite()),
        |a, b| a & b,
    )
}

/// Folds over the rows of `tiles` in a fixed order: sums do not depend on the number of threads.
fn fold_tiles<T: Copy + Send + Sync>(
    band: &Band,
    tiles: &[u32],
    start: T,
    row: impl Fn(T, usize, usize) -> T + Sync,
    join: impl Fn(T, T) -> T,
) -> T {
    const TILES: usize = 64;
    let of = |tiles: &[u32]| {
        tiles.iter().fold(start, |mut sum, &tile| {
            let (lower, upper) = band.tiling.bounds(tile);
            for z in lower[2]..upper[2] {
                for y in lower[1]..upper[1] {
                    sum = row(sum, band.layout.at(lower[0], y, z), upper[0] - lower[0]);
                }
            }
            sum
        })
    };
    if tiles.len() <= 2 * TILES {
        return of(tiles);
    }
    let parts: Vec<T> = tiles.par_chunks(TILES).map(of).collect();
    parts.into_iter().reduce(join).unwrap_or(start)
}
