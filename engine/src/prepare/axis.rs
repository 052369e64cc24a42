//! One axis of a slice: where the network's pixels lie among the scan's voxels, and the weights between them.

/// Pixels 0, 1, … of the network's grid along one voxel axis of the scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Voxel axis of the stored grid.
    pub voxel_axis: usize,
    /// Voxels of the scan along it.
    pub voxels: usize,
    /// Pixels of the network's grid along it.
    pub pixels: usize,
    /// (Fractional) voxel index of the centre of pixel 0.
    pub first: f64,
    /// Voxels from one pixel to the next; negative where the grid runs against the stored order.
    pub step: f64,
}

/// The voxels that make up one pixel: `weights[k]` belongs to voxel `start + k`; what is missing to 1 is beyond the scan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taps {
    /// First voxel.
    pub start: usize,
    /// Their weights.
    pub weights: Vec<f32>,
}

impl Axis {
    /// `pixels` that fill the voxel interval from `low` to `high` (voxel k covers k − ½ to k + ½), against the stored
    /// order if `reversed`.
    pub fn across(voxel_axis: usize, voxels: usize, pixels: usize, low: f64, high: f64, reversed: bool) -> Self {
        let step = (high - low) / pixels as f64;
        let (first, step) = if reversed { (high - 0.5 * step, -step) } else { (low + 0.5 * step, step) };
        Self { voxel_axis, voxels, pixels, first, step }
    }

    /// (Fractional) pixel whose centre lies at a voxel index.
    pub fn pixel_of_voxel(&self, voxel: f64) -> f64 {
        (voxel - self.first) / self.step
    }

    /// The weights of every pixel: linear interpolation between voxel centres; where a pixel covers several voxels a
    /// triangle of two pixels' width, so that nothing is skipped (no aliasing of thin structures).
    pub fn taps(&self) -> Vec<Taps> {
        let reach = self.step.abs().max(1.0);
        (0..self.pixels)
            .map(|pixel| {
                let centre = self.first + self.step * pixel as f64;
                let (low, high) = ((centre - reach).floor() as i64, (centre + reach).ceil() as i64);
                let weight = |k: i64| (1.0 - (k as f64 - centre).abs() / reach).max(0.0);
                let total: f64 = (low..=high).map(weight).sum();
                let last = self.voxels as i64 - 1;
                let (start, end) = (low.max(0), high.min(last));
                if start > end {
                    return Taps::default();
                }
                let mut weights: Vec<f32> = (start..=end).map(|k| (weight(k) / total) as f32).collect();
                // A voxel reaches half its side beyond its centre: there the border voxel counts alone.
                if (-0.5..=last as f64 + 0.5).contains(&centre) {
                    let beyond = |range: std::ops::Range<i64>| (range.map(weight).sum::<f64>() / total) as f32;
                    weights[0] += beyond(low..start);
                    *weights.last_mut().unwrap_or(&mut 0.0) += beyond(end + 1..high + 1);
                }
                Taps { start: start as usize, weights }
            })
            .collect()
    }
}
