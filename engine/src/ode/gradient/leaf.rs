//! States that begin a graph.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{GradientCheckpointingStrategy, Gradients, Tensor};

/// The autodiff strategy of the module's parameters: tensors of different strategies can not be combined.
fn strategy_of<M: Module>(module: &M) -> Option<GradientCheckpointingStrategy> {
    struct First(Option<GradientCheckpointingStrategy>);
    impl ModuleVisitor for First {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.0.is_none() {
                self.0 = param.val().gradient_checkpointing_strategy();
            }
        }
    }
    let mut first = First(None);
    module.visit(&mut first);
    first.0
}

/// The state as the beginning of a new graph through `module`; its gradient is retained.
pub(super) fn leaf<M: Module>(module: &M, state: Tensor<4>) -> Tensor<4> {
    let state = state.inner().autodiff();
    match strategy_of(module) {
        Some(strategy) => state.with_gradient_checkpointing_strategy(strategy),
        None => state,
    }
    .require_grad()
}

/// Backpropagates `gradient` from `output`: the gradients of ⟨output, gradient⟩, where `gradient` is a constant.
pub(super) fn backward_from(output: Tensor<4>, gradient: Tensor<4>) -> Gradients {
    (output * gradient.inner()).sum().backward()
}
