//! Kernels in the order in which the forward pass reads them.

use super::shape::ConvShape;

/// A block of output channels that one pass computes.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// First output channel within its group.
    pub first: usize,
    /// Output channels: 8, 4, 2 or 1.
    pub channels: usize,
    /// Where its kernels start.
    pub at: usize,
}

/// Kernels by group, block of output channels, input channel, tap, output channel of the block.
#[derive(Debug)]
pub struct Packed {
    /// Blocks of a group's output channels.
    pub blocks: Vec<Block>,
    data: Vec<f32>,
    group: usize,
}

impl Packed {
    /// Packs `weight` `[groups·outputs, inputs, taps]`, output channels in blocks of at most `widest`.
    pub fn forward(shape: &ConvShape, weight: &[f32], widest: usize) -> Self {
        let (inputs, taps) = (shape.inputs, shape.taps());
        Self::pack(shape, widest, |group, output, input, tap| {
            weight[((group * shape.outputs + output) * inputs + input) * taps + tap]
        })
    }

    /// Packs the flipped kernels for `shape`, which is the [backward](ConvShape::backward) convolution of the one that
    /// `weight` belongs to.
    pub fn backward(shape: &ConvShape, weight: &[f32], widest: usize) -> Self {
        let (inputs, outputs, taps) = (shape.inputs, shape.outputs, shape.taps());
        Self::pack(shape, widest, |group, output, input, tap| {
            weight[((group * inputs + input) * outputs + output) * taps + taps - 1 - tap]
        })
    }

    fn pack(shape: &ConvShape, widest: usize, at: impl Fn(usize, usize, usize, usize) -> f32) -> Self {
        let depth = shape.inputs * shape.taps();
        let blocks = blocks(shape.outputs, widest, depth);
        let mut data = Vec::with_capacity(shape.groups * shape.outputs * depth);
        for group in 0..shape.groups {
            for block in &blocks {
                for input in 0..shape.inputs {
                    for tap in 0..shape.taps() {
                        data.extend((0..block.channels).map(|channel| at(group, block.first + channel, input, tap)));
                    }
                }
            }
        }
        Self { blocks, data, group: shape.outputs * depth }
    }

    /// The kernels of a block of a group.
    pub fn kernels(&self, group: usize, block: &Block) -> &[f32] {
        &self.data[group * self.group + block.at..(group + 1) * self.group]
    }
}

/// `channels` in blocks of `widest`, the rest in powers of two.
pub fn blocks(channels: usize, widest: usize, depth: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut first, mut size) = (0, widest);
    while first < channels {
        while channels - first < size {
            size /= 2;
        }
        blocks.push(Block { first, channels: size, at: first * depth });
        first += size;
    }
    blocks
}
