//! The finite-difference kernels that an untrained network starts from.

use super::config::{Curvature, Initial, LsnConfig};
use burn::module::{Initializer, Param};
use burn::tensor::{Device, Tensor, TensorData};

type Kernel = [f32; 9];

const CENTRAL_X: Kernel = [0.0, 0.0, 0.0, -0.5, 0.0, 0.5, 0.0, 0.0, 0.0];
const CENTRAL_Y: Kernel = [0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0];
const BACKWARD_X: Kernel = [0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
const FORWARD_X: Kernel = [0.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0];
const BACKWARD_Y: Kernel = [0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
const FORWARD_Y: Kernel = [0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0];
const SECOND_XX: Kernel = [0.0, 0.0, 0.0, 1.0, -2.0, 1.0, 0.0, 0.0, 0.0];
const SECOND_YY: Kernel = [0.0, 1.0, 0.0, 0.0, -2.0, 0.0, 0.0, 1.0, 0.0];
const SECOND_XY: Kernel = [0.25, 0.0, -0.25, 0.0, 0.0, 0.0, -0.25, 0.0, 0.25];
/// Standard deviation of kernels that no finite difference takes: a tenth of a central difference's taps.
const SPARE: f64 = 0.05;

/// The kernels of one layer before training.
pub struct Kernels {
    /// `[edge_kernels, channels, 3, 3]`.
    pub edge: Param<Tensor<4>>,
    /// `[4, 1, 3, 3]`.
    pub one_sided: Param<Tensor<4>>,
    /// `[gradient_kernels, 1, 3, 3]`, two with the compact form.
    pub gradient: Param<Tensor<4>>,
    /// `[1, gradient_kernels, 3, 3]`, or `[3, 1, 3, 3]` with the compact form.
    pub curvature: Param<Tensor<4>>,
}

impl Kernels {
    /// Draws or sets the kernels as `config.initial` says.
    pub fn new(config: &LsnConfig, channels: usize, device: &Device) -> Self {
        let compact = config.curvature == Curvature::Compact;
        let gradients = if compact { 2 } else { config.gradient_kernels };
        let curvature_shape = if compact { [3, 1, 3, 3] } else { [1, gradients, 3, 3] };
        let edge_shape = [config.edge_kernels, channels, 3, 3];
        if config.initial == Initial::Normal {
            let normal = |shape: [usize; 4]| Initializer::Normal { mean: 0.0, std: 1.0 }.init(shape, device);
            return Self {
                edge: normal(edge_shape),
                one_sided: normal([4, 1, 3, 3]),
                gradient: normal([gradients, 1, 3, 3]),
                curvature: normal(curvature_shape),
            };
        }
        // The image itself is the middle one of its channels; its neighbours in the stack start without a say.
        let middle = channels / 2;
        let scale = (1.0 / config.edge_scale) as f32;
        let [edge_x, edge_y] = [CENTRAL_X, CENTRAL_Y].map(|kernel| kernel.map(|tap| tap * scale));
        let seconds = [(0, 0, SECOND_XX), (1, 0, SECOND_YY), (2, 0, SECOND_XY)];
        let divergence = [(0, 0, CENTRAL_X), (0, 1, CENTRAL_Y)];
        let sides = [(0, 0, BACKWARD_X), (1, 0, FORWARD_X), (2, 0, BACKWARD_Y), (3, 0, FORWARD_Y)];
        Self {
            edge: placed(edge_shape, &[(0, middle, edge_x), (1, middle, edge_y)], device),
            one_sided: placed([4, 1, 3, 3], &sides, device),
            gradient: placed([gradients, 1, 3, 3], &[(0, 0, CENTRAL_X), (1, 0, CENTRAL_Y)], device),
            curvature: placed(curvature_shape, if compact { &seconds } else { &divergence }, device),
        }
    }
}

/// Small random kernels, with the given ones at (output, input).
fn placed(shape: [usize; 4], kernels: &[(usize, usize, Kernel)], device: &Device) -> Param<Tensor<4>> {
    let mut values: Tensor<4> = Initializer::Normal { mean: 0.0, std: SPARE }.init(shape, device).val();
    for (output, input, kernel) in kernels {
        let kernel = Tensor::from_data(TensorData::new(kernel.to_vec(), [1, 1, 3, 3]), device);
        values = values.slice_assign([*output..output + 1, *input..input + 1, 0..3, 0..3], kernel);
    }
    // A parameter is a leaf of the tape: it must not remember how it was put together.
    Param::from_tensor(values.detach())
}
