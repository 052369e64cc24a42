//! Convolution of stride 1, directly: no matrix of patches is built.
//!
//! A tile of 8 output channels and 3 vectors of pixels (4 and 2 where the processor has 16 registers) stays in registers while
//! all input channels and taps pass by; each loads 3 vectors and 8 weights for 24 multiply-adds.

use super::super::parallel::{Scratch, Shared, filled};
use super::super::simd::{Task, Vector, dispatch};
use super::pack::{Block, Packed};
use super::shape::{ConvShape, Rows};
use rayon::prelude::*;

/// Floats of a slab: half of a core's second-level cache.
const SLAB: usize = 96 * 1024;
/// Vectors of pixels in a tile, at most.
const WIDE: usize = 3;

/// The result `[images, groups·outputs, ..output_size]` of convolving `x` `[images, groups·inputs, ..size]`.
///
/// Each output is summed in the same order whatever the number of threads.
pub fn convolve(shape: &ConvShape, x: &[f32], packed: &Packed, bias: Option<&[f32]>) -> Vec<f32> {
    let [height, width] = shape.output_size();
    let channels = shape.groups * shape.outputs;
    assert_eq!(x.len(), shape.images * shape.groups * shape.inputs * shape.size[0] * shape.size[1]);
    assert!(bias.is_none_or(|bias| bias.len() == channels));
    let units = shape.images * shape.groups;
    let [row_parts, block_parts] = parts(shape, units, packed.blocks.len());
    // SAFETY: the parts cover each row of each channel of each image.
    unsafe {
        filled(shape.images * channels * height * width, |result| {
            (0..units * row_parts * block_parts).into_par_iter().for_each(|index| {
                let (unit, part) = (index / (row_parts * block_parts), index % (row_parts * block_parts));
                let (row_part, block_part) = (part / block_parts, part % block_parts);
                let count = packed.blocks.len();
                let blocks = count * block_part / block_parts..count * (block_part + 1) / block_parts;
                let (image, group) = (unit / shape.groups, unit % shape.groups);
                let rows = Rows::part(height, row_part, row_parts);
                let task = Part { shape, x, packed, bias, result, image, group, rows, blocks: &packed.blocks[blocks] };
                dispatch(task);
            });
        })
    }
}

/// Into how many parts the rows and the blocks of channels are cut.
fn parts(shape: &ConvShape, units: usize, blocks: usize) -> [usize; 2] {
    let threads = rayon::current_num_threads();
    let height = shape.output_size()[0];
    let pixels = height * shape.stride();
    let slabs = (pixels * shape.inputs).div_ceil(SLAB).clamp(1, height);
    if (units * slabs).is_multiple_of(threads) || units * slabs >= 8 * threads {
        return [slabs, 1];
    }
    if pixels < 1024 * threads && blocks >= threads {
        return [slabs, threads];
    }
    [slabs.next_multiple_of(threads).min(height), 1]
}

struct Part<'a> {
    shape: &'a ConvShape,
    x: &'a [f32],
    packed: &'a Packed,
    bias: Option<&'a [f32]>,
    result: Shared,
    image: usize,
    group: usize,
    rows: Rows,
    blocks: &'a [Block],
}

impl Task for Part<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let shape = self.shape;
        let pixels = shape.size[0] * shape.size[1];
        let unit = self.image * shape.groups + self.group;
        let x = &self.x[unit * shape.inputs * pixels..(unit + 1) * shape.inputs * pixels];
        let line = shape.line(self.rows.count);
        if shape.taps() == 1 && line >= V::LANES {
            // The map is its own slab.
            let offsets = self.rows.offsets(shape, shape.inputs, pixels);
            let from = &x[self.rows.first * shape.stride()..];
            // SAFETY: the caller's promise; vectors stay within the line.
            unsafe { self.tiles::<V>(from.as_ptr(), line, &offsets) };
            return;
        }
        let plane = self.rows.plane(shape, V::LANES);
        let offsets = self.rows.offsets(shape, shape.inputs, plane);
        let mut slab = Scratch::new(shape.inputs * plane);
        for (channel, slab) in x.chunks_exact(pixels).zip(slab.chunks_exact_mut(plane)) {
            self.rows.fill(shape, channel, slab);
        }
        // SAFETY: the caller's promise; the slab has a vector's slack.
        unsafe { self.tiles::<V>(slab.as_ptr(), line, &offsets) };
    }
}

impl Part<'_> {
    /// Goes along the line in tiles. The last ones step back to end with the line.
    #[inline(always)]
    unsafe fn tiles<V: Vector>(&self, slab: *const f32, line: usize, offsets: &[usize]) {
        let mut at = 0;
        while at < line {
            let left = (line - at).div_ceil(V::LANES);
            let wide = if left >= V::TILE_VECTORS { V::TILE_VECTORS } else { 1 };
            let start = at.min(line.saturating_sub(wide * V::LANES));
            // SAFETY: the caller's promise.
            unsafe {
                match wide {
                    WIDE => self.blocks::<V, WIDE>(slab, start, line, offsets),
                    2 => self.blocks::<V, 2>(slab, start, line, offsets),
                    _ => self.blocks::<V, 1>(slab, start, line, offsets),
                }
            }
            at = start + wide * V::LANES;
        }
    }

    #[inline(always)]
    unsafe fn blocks<V: Vector, const N: usize>(&self, slab: *const f32, at: usize, line: usize, offsets: &[usize]) {
        for block in self.blocks {
            // SAFETY: the caller's promise.
            unsafe {
                match block.channels {
                    8 => self.tile::<V, 8, N>(slab, at, line, offsets, block),
                    4 => self.tile::<V, 4, N>(slab, at, line, offsets, block),
                    2 => self.tile::<V, 2, N>(slab, at, line, offsets, block),
                    _ => self.tile::<V, 1, N>(slab, at, line, offsets, block),
                }
            }
        }
    }

    /// `C` channels of `N` vectors of pixels.
    #[inline(always)]
    unsafe fn tile<V: Vector, const C: usize, const N: usize>(
        &self,
        slab: *const f32,
        at: usize,
        line: usize,
        offsets: &[usize],
        block: &Block,
    ) {
        let first = self.group * self.shape.outputs + block.first;
        let mut weight = self.packed.kernels(self.group, block).as_ptr();
        // SAFETY: offsets lead to the slab; the block has C weights for each of them; the caller's promise.
        unsafe {
            let mut sums = [[V::splat(0.0); N]; C];
            if let Some(bias) = self.bias {
                for c in 0..C {
                    sums[c] = [V::splat(bias[first + c]); N];
                }
            }
            let slab = slab.add(at);
            for offset in offsets {
                let from = slab.add(*offset);
                let mut pixels = [V::splat(0.0); N];
                for n in 0..N {
                    pixels[n] = V::load(from.add(n * V::LANES));
                }
                for c in 0..C {
                    let weight = V::splat(*weight.add(c));
                    for n in 0..N {
                        sums[c][n] = sums[c][n].add_product(weight, pixels[n]);
                    }
                }
                weight = weight.add(C);
            }
            for c in 0..C {
                self.put(first + c, at, line, &sums[c]);
            }
        }
    }

    /// Writes the pixels of the line from `at` on to their rows.
    #[inline(always)]
    unsafe fn put<V: Vector, const N: usize>(&self, channel: usize, at: usize, line: usize, values: &[V; N]) {
        let [height, width] = self.shape.output_size();
        let stride = self.shape.stride();
        let plane = (self.image * self.shape.groups * self.shape.outputs + channel) * height * width;
        let (row, column) = (at / stride, at % stride);
        let len = N * V::LANES;
        let row_at = |row: usize| plane + (self.rows.first + row) * width;
        // SAFETY: what is written belongs to this part: rows of its channels; the caller's promise.
        unsafe {
            if at + len <= line && (column + len <= width || stride == width) {
                let to = self.result.at(row_at(row) + column);
                for n in 0..N {
                    values[n].store(to.add(n * V::LANES));
                }
                return;
            }
            let mut buffer = [0.0_f32; 16 * WIDE];
            for n in 0..N {
                values[n].store(buffer.as_mut_ptr().add(n * V::LANES));
            }
            let (mut row, mut column, mut from) = (row, column, 0);
            let end = len.min(line - at);
            while from < end {
                if column < width {
                    let run = (width - column).min(end - from);
                    std::ptr::copy_nonoverlapping(buffer.as_ptr().add(from), self.result.at(row_at(row) + column), run);
                }
                from += stride - column;
                (row, column) = (row + 1, 0);
            }
        }
    }
}
