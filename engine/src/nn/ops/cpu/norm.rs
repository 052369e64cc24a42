//! Group normalisation, with the nonlinearity behind it in the same pass.
//!
//! Wu & He 2018: z = γ·(x − μ)/√(σ² + ε) + β with μ and σ² over the channels of a group and all pixels. Two passes over
//! the map forward (moments; result) and two backward (sums; gradient), where a chain of elementwise operations takes
//! about twenty. Sums run over a plane in strips, strips in f64, in an order that no thread can change.

use super::activation::{Identity, Nonlinearity, Pointwise, Relu, Silu};
use super::parallel::{Shared, filled};
use super::simd::{Task, Vector, dispatch};
use super::sum::{moments, sum_and_product};
use rayon::prelude::*;

/// Floats that are summed in f32 before f64 takes over; strips of them lie in the first-level cache.
const STRIP: usize = 1024;

/// Sizes of a group normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormShape {
    /// Images in the batch.
    pub images: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Channels of a group.
    pub channels: usize,
    /// Pixels of a channel.
    pub pixels: usize,
    /// Added to the variance.
    pub epsilon: f32,
    /// What follows.
    pub nonlinearity: Nonlinearity,
}

impl NormShape {
    /// Floats of one group of one image.
    fn group(&self) -> usize {
        self.channels * self.pixels
    }

    /// Whether groups are enough to keep all threads busy; otherwise planes are handed out.
    fn groups_suffice(&self) -> bool {
        let (units, threads) = (self.images * self.groups, rayon::current_num_threads());
        units.is_multiple_of(threads) || units >= 8 * threads
    }
}

/// Result, and mean and 1/√(σ² + ε) of each group of each image.
pub fn normalise(shape: &NormShape, x: &[f32], scale: &[f32], offset: &[f32]) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(x.len(), shape.images * shape.groups * shape.group());
    assert!(scale.len() == shape.groups * shape.channels && offset.len() == scale.len());
    let mut stats = vec![0.0; shape.images * shape.groups * 2];
    // SAFETY: units and planes cover the result.
    let result = unsafe {
        filled(x.len(), |result| {
            if shape.groups_suffice() {
                stats.par_chunks_exact_mut(2).zip(x.par_chunks_exact(shape.group())).enumerate().for_each(
                    |(unit, (stats, group))| {
                        let planes = group.chunks_exact(shape.pixels).map(|plane| plane_moments(plane, group[0]));
                        let moments: Vec<_> = planes.collect();
                        stats.copy_from_slice(&statistics(shape, &moments, group[0]));
                        for (c, plane) in group.chunks_exact(shape.pixels).enumerate() {
                            apply(shape, plane, unit, c, stats, scale, offset, result);
                        }
                    },
                );
            } else {
                let moments: Vec<_> = x
                    .par_chunks_exact(shape.pixels)
                    .enumerate()
                    .map(|(plane, values)| plane_moments(values, x[plane / shape.channels * shape.group()]))
                    .collect();
                for (unit, (stats, moments)) in
                    stats.chunks_exact_mut(2).zip(moments.chunks_exact(shape.channels)).enumerate()
                {
                    stats.copy_from_slice(&statistics(shape, moments, x[unit * shape.group()]));
                }
                x.par_chunks_exact(shape.pixels).enumerate().for_each(|(index, plane)| {
                    let (unit, c) = (index / shape.channels, index % shape.channels);
                    apply(shape, plane, unit, c, &stats[2 * unit..2 * unit + 2], scale, offset, result);
                });
            }
        })
    };
    (result, stats)
}

/// Mean and 1/√(σ² + ε) of a group from the moments of its planes about `shift`.
fn statistics(shape: &NormShape, moments: &[[f64; 2]], shift: f32) -> [f32; 2] {
    let count = shape.group() as f64;
    let first = moments.iter().map(|m| m[0]).sum::<f64>() / count;
    let second = moments.iter().map(|m| m[1]).sum::<f64>() / count;
    let variance = (second - first * first).max(0.0);
    [(f64::from(shift) + first) as f32, (1.0 / (variance + f64::from(shape.epsilon)).sqrt()) as f32]
}

/// z = a·x + b of a channel.
fn affine(stats: &[f32], scale: f32, offset: f32) -> [f32; 2] {
    let a = stats[1] * scale;
    [a, offset - stats[0] * a]
}

/// Σ (x − shift), Σ (x − shift)² of a plane.
fn plane_moments(plane: &[f32], shift: f32) -> [f64; 2] {
    struct Moments<'a>(&'a [f32], f32, &'a mut [f64; 2]);
    impl Task for Moments<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            for strip in self.0.chunks(STRIP) {
                // SAFETY: the caller's promise.
                let sums = unsafe { moments::<V>(strip, self.1) };
                self.2[0] += f64::from(sums[0]);
                self.2[1] += f64::from(sums[1]);
            }
        }
    }
    let mut sums = [0.0; 2];
    dispatch(Moments(plane, shift, &mut sums));
    sums
}

/// Writes the result of one plane.
fn apply(
    shape: &NormShape,
    plane: &[f32],
    unit: usize,
    c: usize,
    stats: &[f32],
    scale: &[f32],
    offset: &[f32],
    result: Shared,
) {
    struct Apply<'a, P>(&'a [f32], [f32; 2], *mut f32, P);
    impl<P: Pointwise> Task for Apply<'_, P> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            let [a, b] = self.1;
            for (i, x) in self.0.iter().enumerate() {
                // SAFETY: the plane of the result that belongs to this plane.
                unsafe { self.2.add(i).write(P::value(x * a + b)) };
            }
        }
    }
    let channel = unit % shape.groups * shape.channels + c;
    let line = affine(stats, scale[channel], offset[channel]);
    // SAFETY: as long as x.
    let to = unsafe { result.at((unit * shape.channels + c) * shape.pixels) };
    match shape.nonlinearity {
        Nonlinearity::Identity => dispatch(Apply(plane, line, to, Identity)),
        Nonlinearity::Relu => dispatch(Apply(plane, line, to, Relu)),
        Nonlinearity::Silu => dispatch(Apply(plane, line, to, Silu)),
    }
}

/// Gradients of x, scale and offset.
pub fn normalise_backward(
    shape: &NormShape,
    x: &[f32],
    scale: &[f32],
    offset: &[f32],
    stats: &[f32],
    gradient: &[f32],
) -> [Vec<f32>; 3] {
    match shape.nonlinearity {
        Nonlinearity::Identity => Backward { shape, x, scale, offset, stats, gradient, of: Identity }.run(),
        Nonlinearity::Relu => Backward { shape, x, scale, offset, stats, gradient, of: Relu }.run(),
        Nonlinearity::Silu => Backward { shape, x, scale, offset, stats, gradient, of: Silu }.run(),
    }
}

#[derive(Clone, Copy)]
struct Backward<'a, P> {
    shape: &'a NormShape,
    x: &'a [f32],
    scale: &'a [f32],
    offset: &'a [f32],
    stats: &'a [f32],
    gradient: &'a [f32],
    of: P,
}

impl<P: Pointwise + Send + Sync> Backward<'_, P> {
    fn run(self) -> [Vec<f32>; 3] {
        let shape = self.shape;
        let planes = shape.images * shape.groups * shape.channels;
        assert!(self.x.len() == planes * shape.pixels && self.gradient.len() == self.x.len());
        let mut sums = vec![[0.0_f64; 2]; planes];
        // SAFETY: units and planes cover the result.
        let x_gradient = unsafe {
            filled(self.x.len(), |result| {
                if shape.groups_suffice() {
                    sums.par_chunks_exact_mut(shape.channels).enumerate().for_each(|(unit, sums)| {
                        for (c, sums) in sums.iter_mut().enumerate() {
                            *sums = self.sums(unit * shape.channels + c);
                        }
                        for c in 0..shape.channels {
                            self.write(unit * shape.channels + c, sums, result);
                        }
                    });
                } else {
                    sums.par_iter_mut().enumerate().for_each(|(plane, sums)| *sums = self.sums(plane));
                    (0..planes).into_par_iter().for_each(|plane| {
                        let first = plane / shape.channels * shape.channels;
                        self.write(plane, &sums[first..first + shape.channels], result);
                    });
                }
            })
        };
        let channels = shape.groups * shape.channels;
        let sum = |c: usize, k: usize| sums.iter().skip(c).step_by(channels).map(|s| s[k]).sum::<f64>() as f32;
        [x_gradient, (0..channels).map(|c| sum(c, 1)).collect(), (0..channels).map(|c| sum(c, 0)).collect()]
    }

    fn plane(&self, plane: usize) -> (&[f32], &[f32], [f32; 2], f32, [f32; 2]) {
        let (channels, pixels) = (self.shape.groups * self.shape.channels, self.shape.pixels);
        let unit = plane / self.shape.channels;
        let (channel, range) = (plane % channels, plane * pixels..(plane + 1) * pixels);
        let stats = [self.stats[2 * unit], self.stats[2 * unit + 1]];
        let scale = self.scale[channel];
        (&self.x[range.clone()], &self.gradient[range], stats, scale, affine(&stats, scale, self.offset[channel]))
    }

    /// Σ dz and Σ dz·(x − μ)/σ of a plane, where dz is the gradient in front of the nonlinearity.
    fn sums(&self, plane: usize) -> [f64; 2] {
        struct Sums<'a, P>(&'a [f32], &'a [f32], f32, [f32; 2], &'a mut [f64; 2], P);
        impl<P: Pointwise> Task for Sums<'_, P> {
            #[inline(always)]
            unsafe fn run<V: Vector>(self) {
                let [a, b] = self.3;
                let (mut dz, mut centred) = ([0.0_f32; STRIP], [0.0_f32; STRIP]);
                for (x, dy) in self.0.chunks(STRIP).zip(self.1.chunks(STRIP)) {
                    let (dz, centred) = (&mut dz[..x.len()], &mut centred[..x.len()]);
                    for i in 0..x.len() {
                        dz[i] = dy[i] * P::slope(x[i] * a + b);
                        centred[i] = x[i] - self.2;
                    }
                    // SAFETY: the caller's promise.
                    let sums = unsafe { sum_and_product::<V>(dz, centred) };
                    self.4[0] += f64::from(sums[0]);
                    self.4[1] += f64::from(sums[1]);
                }
            }
        }
        let (x, dy, [mean, inverse], _, line) = self.plane(plane);
        let mut sums = [0.0; 2];
        dispatch(Sums(x, dy, mean, line, &mut sums, self.of));
        [sums[0], sums[1] * f64::from(inverse)]
    }

    /// dx = (γ·dz − mean(γ·dz) − x̂·mean(γ·dz·x̂)) / σ, means over the group.
    fn write(&self, plane: usize, group: &[[f64; 2]], result: Shared) {
        struct Write<'a, P>(&'a [f32], &'a [f32], [f32; 2], [f32; 3], *mut f32, P);
        impl<P: Pointwise> Task for Write<'_, P> {
            #[inline(always)]
            unsafe fn run<V: Vector>(self) {
                let ([a, b], [of_dz, of_x, constant]) = (self.2, self.3);
                let (x, dy) = (self.0, &self.1[..self.0.len()]);
                for i in 0..x.len() {
                    let dz = dy[i] * P::slope(x[i] * a + b);
                    // SAFETY: the plane of the result that belongs to this plane.
                    unsafe { self.4.add(i).write(of_dz * dz + (of_x * x[i] + constant)) };
                }
            }
        }
        let shape = self.shape;
        let (x, dy, [mean, inverse], scale, line) = self.plane(plane);
        let first = plane / shape.channels % shape.groups * shape.channels;
        let weighted = |k: usize| {
            let scales = &self.scale[first..first + shape.channels];
            scales.iter().zip(group).map(|(scale, sums)| f64::from(*scale) * sums[k]).sum::<f64>()
                / shape.group() as f64
        };
        let (inverse, mean) = (f64::from(inverse), f64::from(mean));
        let of_x = -inverse * inverse * weighted(1);
        let constant = -inverse * weighted(0) - of_x * mean;
        let factors = [(inverse * f64::from(scale)) as f32, of_x as f32, constant as f32];
        // SAFETY: as long as x.
        let to = unsafe { result.at(plane * shape.pixels) };
        dispatch(Write(x, dy, line, factors, to, self.of));
    }
}
