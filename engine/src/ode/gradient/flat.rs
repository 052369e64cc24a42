//! The gradients of all parameters of a module as one vector, and back.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Gradients in the order in which the module is visited, zeros for those missing; `None` when no parameter asks for a
/// gradient.
///
/// # Shapes
/// - result: `[number of trainable parameters]`
pub(super) fn flatten<M: Module>(module: &M, gradients: GradientsParams) -> Option<Tensor<1>> {
    let mut flatten = Flatten { gradients, parts: Vec::new() };
    module.visit(&mut flatten);
    (!flatten.parts.is_empty()).then(|| Tensor::cat(flatten.parts, 0))
}

/// The reverse of [`flatten`].
pub(super) fn unflatten<M: Module>(module: &M, flat: Option<Tensor<1>>) -> GradientsParams {
    let mut unflatten = Unflatten { flat, from: 0, gradients: GradientsParams::new() };
    module.visit(&mut unflatten);
    unflatten.gradients
}

struct Flatten {
    gradients: GradientsParams,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let gradient = self.gradients.remove::<D>(param.id).unwrap_or_else(|| param.val().inner().zeros_like());
        let count = gradient.shape().num_elements();
        self.parts.push(gradient.reshape([count]));
    }
}

struct Unflatten {
    flat: Option<Tensor<1>>,
    from: usize,
    gradients: GradientsParams,
}

impl ModuleVisitor for Unflatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(flat) = self.flat.as_ref().filter(|_| param.is_require_grad()) else {
            return;
        };
        let shape = param.val().shape();
        let count = shape.num_elements();
        self.gradients.register::<D>(param.id, flat.clone().narrow(0, self.from, count).reshape(shape));
        self.from += count;
    }
}
