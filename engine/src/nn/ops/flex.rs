//! Kernels on tensors of burn's CPU backend.

use super::cpu::conv::{self, ConvShape};
use super::cpu::norm::{self, NormShape};
use super::cpu::scale;
use super::extension::MapKernels;
use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// A tensor whose numbers lie in a row.
struct Contiguous(FlexTensor);

impl Contiguous {
    /// Copies only what is permuted or cut out of a larger tensor.
    fn new(tensor: FlexTensor) -> Self {
        Self(if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() })
    }

    fn values(&self) -> &[f32] {
        self.0.as_slice().expect("an f32 tensor, contiguous: ops::is_fast lets no other through")
    }
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F32)
}

impl MapKernels for Flex {
    fn conv2d_kernel(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, shape: ConvShape) -> FlexTensor {
        let [x, weight, bias] = [x, weight, bias].map(Contiguous::new);
        let bias = Some(bias.values()).filter(|bias| !bias.is_empty());
        let [height, width] = shape.output_size();
        tensor(
            conv::conv(&shape, x.values(), weight.values(), bias),
            [shape.images, shape.groups * shape.outputs, height, width],
        )
    }

    fn conv2d_input_gradient(weight: FlexTensor, gradient: FlexTensor, shape: ConvShape) -> FlexTensor {
        let [weight, gradient] = [weight, gradient].map(Contiguous::new);
        let [height, width] = shape.size;
        tensor(
            conv::input_gradient(&shape, weight.values(), gradient.values()),
            [shape.images, shape.groups * shape.inputs, height, width],
        )
    }

    fn conv2d_weight_gradient(x: FlexTensor, gradient: FlexTensor, shape: ConvShape) -> FlexTensor {
        let [x, gradient] = [x, gradient].map(Contiguous::new);
        let [height, width] = shape.kernel;
        tensor(
            conv::weight_gradient(&shape, x.values(), gradient.values()),
            [shape.groups * shape.outputs, shape.inputs, height, width],
        )
    }

    fn conv2d_bias_gradient(gradient: FlexTensor) -> FlexTensor {
        let [_, channels, height, width] = gradient.layout().shape().dims();
        let gradient = Contiguous::new(gradient);
        tensor(conv::bias_gradient(gradient.values(), channels, height * width), [channels])
    }

    fn norm_kernel(x: FlexTensor, scale: FlexTensor, offset: FlexTensor, shape: NormShape) -> [FlexTensor; 2] {
        let map = x.layout().shape().clone();
        let [x, scale, offset] = [x, scale, offset].map(Contiguous::new);
        let (result, stats) = norm::normalise(&shape, x.values(), scale.values(), offset.values());
        [tensor(result, map), tensor(stats, [shape.images, shape.groups, 2])]
    }

    fn norm_gradient(
        x: FlexTensor,
        scale: FlexTensor,
        offset: FlexTensor,
        stats: FlexTensor,
        gradient: FlexTensor,
        shape: NormShape,
    ) -> [FlexTensor; 3] {
        let map = x.layout().shape().clone();
        let [x, scale, offset, stats, gradient] = [x, scale, offset, stats, gradient].map(Contiguous::new);
        let [x, scale, offset] = norm::normalise_backward(
            &shape,
            x.values(),
            scale.values(),
            offset.values(),
            stats.values(),
            gradient.values(),
        );
        let channels = shape.groups * shape.channels;
        [tensor(x, map), tensor(scale, [channels]), tensor(offset, [channels])]
    }

    fn max_pool2_kernel(x: FlexTensor) -> FlexTensor {
        let [n, c, h, w] = x.layout().shape().dims();
        let x = Contiguous::new(x);
        tensor(scale::max_pool(x.values(), [h, w]), [n, c, h / 2, w / 2])
    }

    fn max_pool2_gradient(x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let shape @ [_, _, h, w] = x.layout().shape().dims();
        let [x, gradient] = [x, gradient].map(Contiguous::new);
        tensor(scale::max_pool_backward(x.values(), [h, w], gradient.values()), shape)
    }

    fn upsample2_kernel(x: FlexTensor) -> FlexTensor {
        let [n, c, h, w] = x.layout().shape().dims();
        tensor(scale::upsample(Contiguous::new(x).values(), w), [n, c, 2 * h, 2 * w])
    }

    fn upsample2_gradient(gradient: FlexTensor) -> FlexTensor {
        let [n, c, h, w] = gradient.layout().shape().dims();
        tensor(scale::upsample_backward(Contiguous::new(gradient).values(), w / 2), [n, c, h / 2, w / 2])
    }
}
