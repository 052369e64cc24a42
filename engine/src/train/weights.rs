//! A network's weights as a list, in the order in which the network names them: what the optimizer, the average and
//! the saved state work on.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

/// Every float parameter as a vector, without a tape.
pub fn collect<M: Module>(network: &M) -> Vec<Tensor<1>> {
    struct Collect(Vec<Tensor<1>>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(flat(param.val().inner()));
        }
    }
    let mut visitor = Collect(Vec::new());
    network.visit(&mut visitor);
    visitor.0
}

/// The network with other weights: `change` gets place and identity of each parameter and its values, and gives the
/// new ones. Tapes and gradients stay as they were.
pub fn map<M: Module>(network: M, change: impl FnMut(usize, ParamId, Tensor<1>) -> Tensor<1>) -> M {
    struct Map<F>(usize, F);
    impl<F: FnMut(usize, ParamId, Tensor<1>) -> Tensor<1>> ModuleMapper for Map<F> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let (shape, on_tape, keeps_gradient) = (tensor.dims(), tensor.is_autodiff(), tensor.is_require_grad());
            let new = (self.1)(self.0, id, flat(tensor.inner())).reshape(shape);
            self.0 += 1;
            let new = if on_tape { Tensor::from_inner(new).set_require_grad(keeps_gradient) } else { new };
            Param::from_mapped_value(id, new, mapper)
        }
    }
    network.map(&mut Map(0, change))
}

/// The network with these weights.
///
/// # Panics
/// When there are fewer than the network has.
pub fn assign<M: Module>(network: M, weights: &[Tensor<1>]) -> M {
    map(network, |place, _, _| weights[place].clone())
}

/// A tensor's values in a row.
pub fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let elements = tensor.shape().num_elements();
    tensor.reshape([elements])
}

/// Copies to the host.
pub fn to_host(tensors: &[Tensor<1>]) -> Vec<Vec<f32>> {
    tensors.iter().map(|tensor| tensor.to_data().convert::<f32>().try_to_vec().unwrap_or_default()).collect()
}

/// Copies from the host.
pub fn to_device(values: &[Vec<f32>], device: &Device) -> Vec<Tensor<1>> {
    values.iter().map(|v| Tensor::from_data(TensorData::new(v.clone(), [v.len()]), device)).collect()
}

/// The moving average: each weight `decay` of itself and the rest of the network's.
pub fn average(averaged: &mut [Tensor<1>], weights: &[Tensor<1>], decay: f64) {
    for (mean, weight) in averaged.iter_mut().zip(weights) {
        *mean = mean.clone() * decay + weight.clone() * (1.0 - decay);
    }
}
