//! Sizes of a convolution of stride 1, and how its maps lie in memory while it runs.
//!
//! A *slab* holds rows of the input, each followed by `padding` zeros, which serve as the right edge of this row and as
//! the left edge of the next. In it the pixel that tap (ky, kx) reads for output pixel `q = y·stride + x` lies at
//! `q + ky·dilation·stride + kx·dilation`: all output pixels of all rows form one line, and vectors run along it
//! without regard to edges. The few results between two rows are dropped.

/// A convolution of stride 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images in the batch.
    pub images: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Input channels of each group.
    pub inputs: usize,
    /// Output channels of each group.
    pub outputs: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance between taps down and right.
    pub dilation: [usize; 2],
    /// Rows of zeros above and below, columns left and right.
    pub padding: [usize; 2],
}

impl ConvShape {
    /// Whether the kernels here can do it: the padding must not exceed what the taps reach.
    pub fn is_supported(&self) -> bool {
        let reach = self.reach();
        (0..2).all(|axis| {
            self.kernel[axis] > 0
                && self.padding[axis] <= reach[axis]
                && self.size[axis] + 2 * self.padding[axis] > reach[axis]
        }) && self.images * self.groups * self.inputs * self.outputs > 0
    }

    /// Distance between the first and the last tap.
    pub fn reach(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.dilation[axis] * (self.kernel[axis] - 1))
    }

    /// Height and width of the result.
    pub fn output_size(&self) -> [usize; 2] {
        let reach = self.reach();
        [0, 1].map(|axis| self.size[axis] + 2 * self.padding[axis] - reach[axis])
    }

    /// Taps of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The convolution that turns the gradient of the result into that of the input: kernels flipped, channels swapped.
    pub fn backward(&self) -> Self {
        let reach = self.reach();
        Self {
            inputs: self.outputs,
            outputs: self.inputs,
            size: self.output_size(),
            padding: [0, 1].map(|axis| reach[axis] - self.padding[axis]),
            ..*self
        }
    }

    /// Floats from one row of a slab to the next.
    pub fn stride(&self) -> usize {
        self.size[1] + self.padding[1]
    }

    /// The line of output pixels of `rows` rows, the gap behind the last row left out.
    pub fn line(&self, rows: usize) -> usize {
        (rows - 1) * self.stride() + self.output_size()[1]
    }
}

/// Rows `first..first + rows` of the result, and the slab that they read.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// First row of the result.
    pub first: usize,
    /// Rows of the result.
    pub count: usize,
}

impl Rows {
    /// Part `part` of `parts` parts of `total` rows; their counts differ by one at most.
    pub fn part(total: usize, part: usize, parts: usize) -> Self {
        let first = total * part / parts;
        Self { first, count: total * (part + 1) / parts - first }
    }

    /// Floats of one channel of the slab: vectors may read up to `slack` floats beyond the last pixel.
    pub fn plane(&self, shape: &ConvShape, slack: usize) -> usize {
        let rows = self.count + shape.reach()[0];
        // Not a multiple of 4096 bytes, or the channels would fall on the same lines of the cache.
        (rows * shape.stride() + shape.padding[1] + slack).next_multiple_of(32) + 16
    }

    /// Fills one channel of the slab from a channel of the input.
    pub fn fill(&self, shape: &ConvShape, channel: &[f32], slab: &mut [f32]) {
        let ([height, width], stride, pad) = (shape.size, shape.stride(), shape.padding[1]);
        let rows = self.count + shape.reach()[0];
        let (lines, tail) = slab.split_at_mut(rows * stride);
        for (row, line) in lines.chunks_exact_mut(stride).enumerate() {
            let y = (self.first + row).wrapping_sub(shape.padding[0]);
            if y < height {
                line[..pad].fill(0.0);
                line[pad..].copy_from_slice(&channel[y * width..(y + 1) * width]);
            } else {
                line.fill(0.0);
            }
        }
        tail.fill(0.0);
    }

    /// For each input channel and tap, where it reads relative to the output pixel.
    pub fn offsets(&self, shape: &ConvShape, inputs: usize, plane: usize) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(inputs * shape.taps());
        for input in 0..inputs {
            for ky in 0..shape.kernel[0] {
                for kx in 0..shape.kernel[1] {
                    let row = ky * shape.dilation[0] * shape.stride();
                    offsets.push(input * plane + row + kx * shape.dilation[1]);
                }
            }
        }
        offsets
    }
}
