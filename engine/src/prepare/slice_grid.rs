//! The network's grid laid on every slice of a scan, and the way back.

use super::axis::{Axis, Taps};
use super::distance::phi_band_of;
use super::{Fit, Organ, Preprocessing, PreprocessingError};
use crate::geometry::Geometry;
use crate::label::LabelMap;
use crate::roi::{Roi, RoiError};
use crate::volume::Volume;
use thiserror::Error;

/// HU of what lies beyond the scan.
const AIR_HU: f32 = -1024.0;
/// Largest |φ| of a start contour or a truth, in band widths: beyond it tanh is ±1 in f32, and the farther values
/// (which differ between a slice with and without a second organ) would only disturb a network.
pub const FAR_BANDS: f32 = 4.0;

/// Why a scan cannot be cut into slices for a network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SliceGridError {
    /// A preprocessing that fits no network.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// A network for regions, and no region.
    #[error("this network works on a region of interest: give one with --roi around the organ")]
    NoRegion,
    /// A region that is empty or beyond the scan.
    #[error(transparent)]
    Region(#[from] RoiError),
}

/// The network's grid on the slices of one scan.
///
/// Slice s lies at index s of the stored axis nearest to the patient's long axis; pixel columns run to the patient's
/// left, rows to the back.
#[derive(Clone, Debug)]
pub struct SliceGrid {
    size: [usize; 3],
    stride: [usize; 3],
    axis: usize,
    columns: Axis,
    rows: Axis,
    column_taps: Vec<Taps>,
    row_taps: Vec<Taps>,
    pixel_mm: [f64; 2],
    band_px: f64,
    neighbours: usize,
    /// Slices from one image channel to the next.
    neighbour_step: usize,
}

impl SliceGrid {
    /// Lays the grid. `region` is the user's box (needed by [`Fit::Region`] only, which widens it by its margin).
    ///
    /// # Errors
    /// A preprocessing that fits no network; a region that is missing or outside the scan.
    pub fn new(scan: &Geometry, wanted: &Preprocessing, region: Option<&Roi>) -> Result<Self, SliceGridError> {
        wanted.check()?;
        let size = scan.size();
        let world = scan.closest_world_axes();
        let voxel_axis = |axis: usize| world.iter().position(|&(w, _)| w == axis).unwrap_or(axis);
        let (u, v, axis) = (voxel_axis(0), voxel_axis(1), voxel_axis(2));
        let spacing_mm = scan.spacing_mm();
        region.map_or(Ok(()), |roi| roi.validate(scan))?;
        // Square pixels of a side around a middle, as (middle voxel, pixel's side in mm); without one, the whole axis.
        let square = match (wanted.fit, region) {
            (Fit::Stretch, _) => None,
            (Fit::PixelMm(pixel_mm), _) => Some((size.map(|n| 0.5 * (n as f64 - 1.0)), pixel_mm)),
            (Fit::Region { .. }, None) => return Err(SliceGridError::NoRegion),
            (Fit::Region { margin }, Some(roi)) => {
                let side_mm = |d: usize| (1.0 + 2.0 * margin) * (roi.upper[d] - roi.lower[d]) as f64 * spacing_mm[d];
                let pixel_mm = (side_mm(u) / wanted.size[1] as f64).max(side_mm(v) / wanted.size[0] as f64);
                Some((std::array::from_fn(|d| 0.5 * ((roi.lower[d] + roi.upper[d]) as f64 - 1.0)), pixel_mm))
            }
        };
        let lay = |d: usize, pixels: usize| {
            let (low, high) = square.map_or((-0.5, size[d] as f64 - 0.5), |(middle, pixel_mm)| {
                let half = 0.5 * pixels as f64 * pixel_mm / spacing_mm[d];
                (middle[d] - half, middle[d] + half)
            });
            // Pixel columns run to the left (-R), rows to the back (-A): reversed where the voxels run along +R, +A.
            Axis::across(d, size[d], pixels, low, high, world[d].1)
        };
        let (columns, rows) = (lay(u, wanted.size[1]), lay(v, wanted.size[0]));
        let pixel_mm = [columns.step.abs() * spacing_mm[u], rows.step.abs() * spacing_mm[v]];
        Ok(Self {
            size,
            stride: [1, size[0], size[0] * size[1]],
            axis,
            column_taps: columns.taps(),
            row_taps: rows.taps(),
            columns,
            rows,
            pixel_mm,
            band_px: wanted.band_px,
            neighbours: wanted.neighbours,
            neighbour_step: wanted.neighbour_mm.map_or(1, |mm| ((mm / spacing_mm[axis]).round() as usize).max(1)),
        })
    }

    /// Number of slices.
    pub fn slices(&self) -> usize {
        self.size[self.axis]
    }

    /// The stored axis across the slices.
    pub fn axis(&self) -> usize {
        self.axis
    }

    /// Rows and columns.
    pub fn pixels(&self) -> [usize; 2] {
        [self.rows.pixels, self.columns.pixels]
    }

    /// Width (to the left) and height (to the back) of a pixel, mm.
    pub fn pixel_mm(&self) -> [f64; 2] {
        self.pixel_mm
    }

    /// Length of one band width, mm; by the mean side of a pixel where they are not square.
    pub fn band_mm(&self) -> f64 {
        self.band_px * (self.pixel_mm[0] * self.pixel_mm[1]).sqrt()
    }

    /// The voxels that the grid covers, half-open: what lies beside them no network has seen.
    pub fn seen(&self) -> ([usize; 3], [usize; 3]) {
        let (mut lower, mut upper) = ([0; 3], self.size);
        for axis in [&self.columns, &self.rows] {
            let covered = |voxel: &usize| between(axis.pixel_of_voxel(*voxel as f64), axis.pixels).is_some();
            let d = axis.voxel_axis;
            lower[d] = (0..axis.voxels).find(covered).unwrap_or(0);
            upper[d] = (0..axis.voxels).rev().find(covered).map_or(0, |last| last + 1);
        }
        (lower, upper)
    }

    /// A scalar of the scan on the grid of slice `slice`, `[row][column]`; `beyond` stands for what lies outside.
    ///
    /// `value` is asked by linear offset on the stored grid.
    ///
    /// # Panics
    /// A slice that the scan does not have.
    pub fn resample(&self, slice: usize, beyond: f32, value: impl Fn(usize) -> f32) -> Vec<f32> {
        assert!(slice < self.slices(), "slice {slice} of {}", self.slices());
        let [h, w] = self.pixels();
        let (su, sv) = (self.stride[self.columns.voxel_axis], self.stride[self.rows.voxel_axis]);
        let base = slice * self.stride[self.axis];
        let used = |taps: &[Taps]| {
            let filled = || taps.iter().filter(|t| !t.weights.is_empty());
            let low = filled().map(|t| t.start).min().unwrap_or(0);
            (low, filled().map(|t| t.start + t.weights.len()).max().unwrap_or(low))
        };
        let (low, high) = used(&self.row_taps);
        // First along the rows of voxels, then across them; differences to `beyond`, so that missing weight is 0.
        let mut narrow = vec![0.0; (high - low) * w];
        for (row, out) in narrow.chunks_exact_mut(w).enumerate() {
            let line = base + (low + row) * sv;
            for (taps, sum) in self.column_taps.iter().zip(out) {
                *sum = taps
                    .weights
                    .iter()
                    .enumerate()
                    .map(|(k, t)| t * (value(line + (taps.start + k) * su) - beyond))
                    .sum();
            }
        }
        let mut output = vec![beyond; h * w];
        for (taps, out) in self.row_taps.iter().zip(output.chunks_exact_mut(w)) {
            for (k, &weight) in taps.weights.iter().enumerate() {
                let line = &narrow[(taps.start + k - low) * w..][..w];
                out.iter_mut().zip(line).for_each(|(o, v)| *o += weight * v);
            }
        }
        output
    }

    /// HU of a slice, `[row][column]`; air beyond the scan.
    pub fn image_hu(&self, scan: &Volume, slice: usize) -> Vec<f32> {
        self.resample(slice, AIR_HU, |index| scan.value(index))
    }

    /// The slices that the network sees as the channels of `slice`: its neighbours below, itself, those above; beyond
    /// the first and last slice these repeat.
    pub fn channel_slices(&self, slice: usize) -> impl Iterator<Item = usize> + use<> {
        let (last, middle, step) = (self.slices() - 1, self.neighbours, self.neighbour_step);
        (0..=2 * middle).map(move |channel| (slice + channel * step).saturating_sub(middle * step).min(last))
    }

    /// What the network sees of a slice: `[channel][row][column]`, −1 to 1.
    pub fn network_image(&self, scan: &Volume, slice: usize, preprocessing: &Preprocessing) -> Vec<f32> {
        let slices = self.channel_slices(slice);
        slices.flat_map(|s| self.image_hu(scan, s)).map(|hu| preprocessing.scaled(hu)).collect()
    }

    /// Part of each pixel that is organ, `[row][column]`, 0 to 1.
    pub fn labels(&self, truth: &LabelMap, slice: usize, organ: &Organ) -> Vec<f32> {
        let labels = truth.labels();
        self.resample(slice, 0.0, |index| if organ.labels.contains(&labels[index]) { 1.0 } else { 0.0 })
    }

    /// φ in band widths, negative inside, of the pixels that are at least half inside; at most [`FAR_BANDS`] either way.
    ///
    /// `inside` is `[row][column]`, 0 to 1, as from [`labels`](Self::labels).
    pub fn phi_band(&self, inside: &[f32]) -> Vec<f32> {
        let [h, w] = self.pixels();
        phi_band_of(inside, [h, w], self.band_px)
    }

    /// Puts φ of a slice (band widths, `[row][column]`) onto the scan's grid in mm; beyond the grid of pixels lies
    /// outside.
    ///
    /// # Panics
    /// When the buffers do not fill their grids.
    pub fn put_phi_mm(&self, slice: usize, phi_band: &[f32], scan_phi_mm: &mut [f32]) {
        self.put_phi_mm_in(slice, phi_band, [0; 3], self.size, scan_phi_mm);
    }

    /// As [`put_phi_mm`](Self::put_phi_mm), onto a box of the scan's grid: `size` voxels from `lower` on, which fill
    /// `box_phi_mm`, x fastest. A slice beside the box leaves it as it is.
    ///
    /// # Panics
    /// When the buffers do not fill their grids, or the box leaves the scan.
    pub fn put_phi_mm_in(
        &self,
        slice: usize,
        phi_band: &[f32],
        lower: [usize; 3],
        size: [usize; 3],
        box_phi_mm: &mut [f32],
    ) {
        self.put_mm_in(slice, phi_band, FAR_BANDS * self.band_mm() as f32, lower, size, box_phi_mm);
    }

    /// As [`put_phi_mm_in`](Self::put_phi_mm_in) of any map in band widths, with its value in mm beyond the grid of
    /// pixels.
    ///
    /// # Panics
    /// As that.
    pub fn put_mm_in(
        &self,
        slice: usize,
        phi_band: &[f32],
        beyond_mm: f32,
        lower: [usize; 3],
        size: [usize; 3],
        box_phi_mm: &mut [f32],
    ) {
        let [h, w] = self.pixels();
        assert_eq!(phi_band.len(), h * w, "phi must fill the network's grid");
        assert_eq!(box_phi_mm.len(), size.iter().product::<usize>(), "phi must fill the scan's grid");
        assert!((0..3).all(|d| lower[d] + size[d] <= self.size[d]), "the box must lie in the scan");
        if !(lower[self.axis]..lower[self.axis] + size[self.axis]).contains(&slice) {
            return;
        }
        let band_mm = self.band_mm() as f32;
        let (u, v) = (&self.columns, &self.rows);
        let stride = [1, size[0], size[0] * size[1]];
        let (su, sv) = (stride[u.voxel_axis], stride[v.voxel_axis]);
        let places = |axis: &Axis| -> Vec<Option<(usize, usize, f32)>> {
            let first = lower[axis.voxel_axis];
            let voxels = first..first + size[axis.voxel_axis];
            voxels.map(|voxel| between(axis.pixel_of_voxel(voxel as f64), axis.pixels)).collect()
        };
        let (across, down) = (places(u), places(v));
        for (j, row) in down.iter().enumerate() {
            let line = (slice - lower[self.axis]) * stride[self.axis] + j * sv;
            for (i, column) in across.iter().enumerate() {
                box_phi_mm[line + i * su] = match (row, column) {
                    (&Some((r0, r1, fr)), &Some((c0, c1, fc))) => {
                        let at = |r: usize, c: usize| phi_band[r * w + c];
                        let mix = |a: f32, b: f32, f: f32| a + f * (b - a);
                        band_mm * mix(mix(at(r0, c0), at(r0, c1), fc), mix(at(r1, c0), at(r1, c1), fc), fr)
                    }
                    _ => beyond_mm,
                };
            }
        }
    }

    /// Whether a voxel's middle lies on the grid, so that the network sees it.
    pub fn covers(&self, voxel: [usize; 3]) -> bool {
        [&self.columns, &self.rows]
            .into_iter()
            .all(|axis| between(axis.pixel_of_voxel(voxel[axis.voxel_axis] as f64), axis.pixels).is_some())
    }

    /// Where the middle of a pixel lies on the scan's stored grid, as a fractional voxel.
    pub fn voxel_of_pixel(&self, slice: usize, row: usize, column: usize) -> [f64; 3] {
        let mut voxel = [0.0; 3];
        voxel[self.axis] = slice as f64;
        voxel[self.columns.voxel_axis] = self.columns.first + self.columns.step * column as f64;
        voxel[self.rows.voxel_axis] = self.rows.first + self.rows.step * row as f64;
        voxel
    }
}

/// The two pixels around a position and the fraction between them; `None` beyond the border pixels' outer faces.
fn between(position: f64, pixels: usize) -> Option<(usize, usize, f32)> {
    let last = (pixels - 1) as f64;
    if !(-0.5..=last + 0.5).contains(&position) {
        return None;
    }
    let inside = position.clamp(0.0, last);
    let lower = inside as usize;
    Some((lower, (lower + 1).min(pixels - 1), (inside - lower as f64) as f32))
}
