//! The backbone of a region of interest and the three heads on it.

use super::DeepChanVeseConfig;
use crate::nn::{Conv2d, Conv2dConfig, Norm, NormConfig, resize_bilinear, upsample2};
use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// Pixels of the crop along the side of one pixel of the backbone's map (112 to 28 in the paper).
pub const REDUCTION: usize = 4;

/// 3×3 convolution, group normalisation, ReLU.
#[derive(Module, Debug)]
struct Unit {
    conv: Conv2d,
    norm: Norm,
}

impl Unit {
    fn new(config: Conv2dConfig, device: &Device) -> Self {
        Self { conv: config.without_bias().init(device), norm: NormConfig::group(config.outputs).init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

/// Two halvings, then dilated convolutions with residual connections.
#[derive(Module, Debug)]
pub struct Backbone {
    stem: Unit,
    down: Unit,
    context: Vec<Unit>,
}

impl Backbone {
    pub fn new(inputs: usize, config: &DeepChanVeseConfig, device: &Device) -> Self {
        let c = config.backbone;
        let halving =
            |inputs, outputs| Unit::new(Conv2dConfig { stride: 2, ..Conv2dConfig::new(inputs, outputs, 3) }, device);
        let dilated = |&dilation: &usize| Unit::new(Conv2dConfig { dilation, ..Conv2dConfig::new(c, c, 3) }, device);
        Self {
            stem: halving(inputs, c / 2),
            down: halving(c / 2, c),
            context: config.dilations.iter().map(dilated).collect(),
        }
    }

    /// # Shapes
    /// - `image`: `[n, inputs, h, w]`, h and w multiples of [`REDUCTION`]
    /// - result: `[n, c, h / 4, w / 4]`
    pub fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let map = self.down.forward(self.stem.forward(image));
        self.context.iter().fold(map, |map, unit| map.clone() + unit.forward(map))
    }
}

/// Initial TSDF: regressed on the backbone's map, enlarged to the crop.
#[derive(Module, Debug)]
pub struct TsdfHead {
    unit: Unit,
    last: Conv2d,
}

impl TsdfHead {
    pub fn new(c: usize, organs: usize, device: &Device) -> Self {
        let last = Conv2dConfig::new(c, organs, 3).init(device);
        Self { unit: Unit::new(Conv2dConfig::new(c, c, 3), device), last }
    }

    /// # Shapes
    /// - `map`: `[n, c, h / 4, w / 4]`
    /// - result: `[n, organs, h, w]`, positive inside
    pub fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = map.dims();
        resize_bilinear(self.last.forward(self.unit.forward(map)), [h * REDUCTION, w * REDUCTION])
    }
}

/// Hyperparameters: a convolution, the mean over the crop, two fully connected layers.
#[derive(Module, Debug)]
pub struct HyperHead {
    unit: Unit,
    hidden: Conv2d,
    last: Conv2d,
}

impl HyperHead {
    pub fn new(c: usize, outputs: usize, device: &Device) -> Self {
        Self {
            unit: Unit::new(Conv2dConfig::new(c, c, 3), device),
            hidden: Conv2dConfig::new(c, c, 1).init(device),
            last: Conv2dConfig::new(c, outputs, 1).init_zero(device),
        }
    }

    /// # Shapes
    /// - `map`: `[n, c, h / 4, w / 4]`
    /// - result: `[n, outputs, 1, 1]`, before 2·sigmoid
    pub fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let mean = self.unit.forward(map).mean_dim(2).mean_dim(3);
        self.last.forward(relu(self.hidden.forward(mean)))
    }
}

/// Chan–Vese features: enlarged twice, joined by the crop's own pixels.
#[derive(Module, Debug)]
pub struct FeatureHead {
    coarse: Unit,
    fine: Unit,
    last: Conv2d,
}

impl FeatureHead {
    pub fn new(c: usize, inputs: usize, features: usize, device: &Device) -> Self {
        Self {
            coarse: Unit::new(Conv2dConfig::new(c, c, 3), device),
            fine: Unit::new(Conv2dConfig::new(c, c / 2, 3), device),
            // An offset would move F, c₁ and c₂ alike.
            last: Conv2dConfig::new(c / 2 + inputs, features, 3).without_bias().init(device),
        }
    }

    /// # Shapes
    /// - `map`: `[n, c, h / 4, w / 4]`
    /// - `image`: `[n, inputs, h, w]`
    /// - result: `[n, features, h, w]`
    pub fn forward(&self, map: Tensor<4>, image: Tensor<4>) -> Tensor<4> {
        let coarse = upsample2(self.coarse.forward(map));
        let fine = upsample2(self.fine.forward(coarse));
        self.last.forward(Tensor::cat(vec![fine, image], 1))
    }
}
