//! Gradient of a convolution's kernels.
//!
//! For each output channel, input channel and tap it is the scalar product of two lines: the gradient of the result,
//! and the slab shifted by the tap. 8 output channels and 3 taps stay in registers: 11 loads for 24 multiply-adds.
//! The parts and the order in which they are summed depend on the shape alone, not on the threads.

use super::super::parallel::Scratch;
use super::super::simd::{Task, Vector, dispatch};
use super::pack::blocks;
use super::shape::{ConvShape, Rows};
use rayon::prelude::*;

/// Pixels of a line, about: 8 output channels of it stay in the first-level cache's reach.
const LINE: usize = 1600;
/// Parts that may run side by side.
const PARTS: usize = 16;
/// Taps in registers.
const TAPS: usize = 3;

/// Gradients of the kernels `[groups·outputs, inputs, ..kernel]` and the bias `[groups·outputs]` from `x` and the
/// gradient of the result.
pub fn weight_gradient(shape: &ConvShape, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let depth = shape.inputs * shape.taps();
    let len = shape.groups * shape.outputs * depth;
    let height = shape.output_size()[0];
    let row_parts = (height * shape.stride()).div_ceil(LINE).clamp(1, height);
    let regions = shape.images * row_parts;
    let region_parts = regions.min(PARTS);
    let input_parts = PARTS.div_ceil(region_parts * shape.groups).min(shape.inputs.div_ceil(4));
    let parts = region_parts * shape.groups * input_parts;
    let partial: Vec<Vec<f32>> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let (region_part, rest) = (part / (shape.groups * input_parts), part % (shape.groups * input_parts));
            let (group, input_part) = (rest / input_parts, rest % input_parts);
            let first = shape.inputs * input_part / input_parts;
            let inputs = shape.inputs * (input_part + 1) / input_parts - first;
            let mut sums = vec![0.0; shape.outputs * inputs * shape.taps()];
            for region in regions * region_part / region_parts..regions * (region_part + 1) / region_parts {
                dispatch(Region {
                    shape,
                    x,
                    gradient,
                    image: region / row_parts,
                    group,
                    first,
                    inputs,
                    rows: Rows::part(height, region % row_parts, row_parts),
                    sums: &mut sums,
                });
            }
            sums
        })
        .collect();
    let mut result = vec![0.0; len];
    result.par_chunks_mut(shape.outputs * depth).enumerate().for_each(|(group, result)| {
        for input_part in 0..input_parts {
            let first = shape.inputs * input_part / input_parts * shape.taps();
            let count = shape.inputs * (input_part + 1) / input_parts * shape.taps() - first;
            for region_part in 0..region_parts {
                let part = &partial[(region_part * shape.groups + group) * input_parts + input_part];
                for (result, part) in result.chunks_exact_mut(depth).zip(part.chunks_exact(count)) {
                    for (result, part) in result[first..first + count].iter_mut().zip(part) {
                        *result += part;
                    }
                }
            }
        }
    });
    result
}

/// Gradient of the bias `[channels]` from that of the result `[images, channels, pixels]`.
pub fn bias_gradient(gradient: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    (0..channels)
        .into_par_iter()
        .map(|channel| {
            gradient
                .chunks_exact(pixels)
                .skip(channel)
                .step_by(channels)
                .map(|plane| {
                    let mut sum = 0.0;
                    dispatch(Sum(plane, &mut sum));
                    f64::from(sum)
                })
                .sum::<f64>() as f32
        })
        .collect()
}

/// Sum of floats, in as many running sums as a vector has lanes.
struct Sum<'a>(&'a [f32], &'a mut f32);

impl Task for Sum<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let whole = self.0.chunks_exact(V::LANES);
        let rest: f32 = whole.remainder().iter().sum();
        // SAFETY: each chunk is a vector; the caller's promise.
        unsafe {
            let mut sums = [V::splat(0.0); 4];
            for (at, chunk) in whole.enumerate() {
                sums[at % 4] = sums[at % 4].add(V::load(chunk.as_ptr()));
            }
            *self.1 = sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum() + rest;
        }
    }
}

struct Region<'a> {
    shape: &'a ConvShape,
    x: &'a [f32],
    gradient: &'a [f32],
    image: usize,
    group: usize,
    first: usize,
    inputs: usize,
    rows: Rows,
    sums: &'a mut [f32],
}

impl Task for Region<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let shape = self.shape;
        let plane = self.rows.plane(shape, V::LANES);
        let line = shape.line(self.rows.count).next_multiple_of(V::LANES);
        let line_plane = line + 16;
        let unit = self.image * shape.groups + self.group;
        let mut scratch = Scratch::new(self.inputs * plane + shape.outputs * line_plane);
        let (slab, lines) = scratch.split_at_mut(self.inputs * plane);
        let pixels = shape.size[0] * shape.size[1];
        for (input, slab) in slab.chunks_exact_mut(plane).enumerate() {
            let at = (unit * shape.inputs + self.first + input) * pixels;
            self.rows.fill(shape, &self.x[at..at + pixels], slab);
        }
        for (output, lines) in lines.chunks_exact_mut(line_plane).enumerate() {
            self.lay_out(unit * shape.outputs + output, lines);
        }
        let offsets = self.rows.offsets(shape, self.inputs, plane);
        for block in blocks(shape.outputs, V::TILE_ROWS, offsets.len()) {
            let lines = &lines[block.first * line_plane..];
            let sums = &mut self.sums[block.at..];
            // SAFETY: the lines are as long as said; the slab has a vector's slack; the caller's promise.
            unsafe {
                match block.channels {
                    8 => products::<V, 8>(lines, line_plane, line, slab, &offsets, sums),
                    4 => products::<V, 4>(lines, line_plane, line, slab, &offsets, sums),
                    2 => products::<V, 2>(lines, line_plane, line, slab, &offsets, sums),
                    _ => products::<V, 1>(lines, line_plane, line, slab, &offsets, sums),
                }
            }
        }
    }
}

impl Region<'_> {
    /// The gradient of one channel as a line, zero between the rows.
    fn lay_out(&self, channel: usize, line: &mut [f32]) {
        let [height, width] = self.shape.output_size();
        let rows = &self.gradient[(channel * height + self.rows.first) * width..][..self.rows.count * width];
        let mut chunks = line.chunks_mut(self.shape.stride());
        for (row, chunk) in rows.chunks_exact(width).zip(&mut chunks) {
            let (pixels, gap) = chunk.split_at_mut(width);
            pixels.copy_from_slice(row);
            gap.fill(0.0);
        }
        chunks.for_each(|chunk| chunk.fill(0.0));
    }
}

/// Adds to `sums` `[C, offsets]` the products of `C` lines with the slab at each offset.
#[inline(always)]
unsafe fn products<V: Vector, const C: usize>(
    lines: &[f32],
    line_plane: usize,
    line: usize,
    slab: &[f32],
    offsets: &[usize],
    sums: &mut [f32],
) {
    let depth = offsets.len();
    let mut at = 0;
    while at < depth {
        let taps = if depth - at >= TAPS { TAPS } else { 1 };
        // SAFETY: the caller's promise.
        unsafe {
            if taps == TAPS {
                some_products::<V, C, TAPS>(lines, line_plane, line, slab, &offsets[at..], &mut sums[at..], depth);
            } else {
                some_products::<V, C, 1>(lines, line_plane, line, slab, &offsets[at..], &mut sums[at..], depth);
            }
        }
        at += taps;
    }
}

#[inline(always)]
unsafe fn some_products<V: Vector, const C: usize, const T: usize>(
    lines: &[f32],
    line_plane: usize,
    line: usize,
    slab: &[f32],
    offsets: &[usize],
    result: &mut [f32],
    depth: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let lines = lines.as_ptr();
        let mut slabs = [slab.as_ptr(); T];
        for t in 0..T {
            slabs[t] = slab.as_ptr().add(offsets[t]);
        }
        let mut sums = [[V::splat(0.0); T]; C];
        let mut q = 0;
        while q < line {
            let mut pixels = [V::splat(0.0); T];
            for t in 0..T {
                pixels[t] = V::load(slabs[t].add(q));
            }
            for c in 0..C {
                let gradient = V::load(lines.add(c * line_plane + q));
                for t in 0..T {
                    sums[c][t] = sums[c][t].add_product(gradient, pixels[t]);
                }
            }
            q += V::LANES;
        }
        for c in 0..C {
            for t in 0..T {
                result[c * depth + t] += sums[c][t].sum();
            }
        }
    }
}
