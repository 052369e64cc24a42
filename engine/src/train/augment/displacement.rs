//! A smooth random displacement: normal vectors on a coarse lattice, cubic B-splines between.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A displacement field over a grid of pixels.
#[derive(Clone, Debug)]
pub(crate) struct Displacement {
    columns: usize,
    spacing_px: f64,
    nodes: Vec<[f64; 2]>,
}

impl Displacement {
    /// A field over `[rows, columns]` pixels with this standard deviation (of each component, at the nodes).
    pub(crate) fn random(size: [usize; 2], deviation_px: f64, spacing_px: f64, random: &mut ChaCha8Rng) -> Self {
        let spacing_px = spacing_px.max(1.0);
        let nodes = size.map(|side| (side as f64 / spacing_px).ceil() as usize + 4);
        // At a node the spline weighs the nodes around it by 1/6, 4/6 and 1/6 along both axes: of independent ones it
        // keeps √(18/36)² = ½ of the deviation.
        let scale = 2.0 * deviation_px;
        let mut normal = || -> f64 { StandardNormal.sample(random) };
        let nodes_at = (0..nodes[0] * nodes[1]).map(|_| [scale * normal(), scale * normal()]).collect();
        Self { columns: nodes[1], spacing_px, nodes: nodes_at }
    }

    /// Displacement (rows, columns) of a pixel.
    pub(crate) fn at(&self, [row, column]: [usize; 2]) -> [f64; 2] {
        let (rows, row_weights) = spline(row as f64 / self.spacing_px);
        let (columns, column_weights) = spline(column as f64 / self.spacing_px);
        let mut sum = [0.0; 2];
        for (j, wr) in row_weights.into_iter().enumerate() {
            for (i, wc) in column_weights.into_iter().enumerate() {
                let node = self.nodes[(rows + j) * self.columns + columns + i];
                sum[0] += wr * wc * node[0];
                sum[1] += wr * wc * node[1];
            }
        }
        sum
    }
}

/// First of four nodes and their weights (uniform cubic B-spline).
fn spline(position: f64) -> (usize, [f64; 4]) {
    let first = position.floor();
    let t = position - first;
    let (t2, t3) = (t * t, t * t * t);
    let weights = [
        (1.0 - t).powi(3) / 6.0,
        (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0,
        (-3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0) / 6.0,
        t3 / 6.0,
    ];
    (first as usize, weights)
}
