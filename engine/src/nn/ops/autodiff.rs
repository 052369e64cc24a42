//! Recording of the operations, with gradients that are kernels too.

use super::cpu::conv::ConvShape;
use super::cpu::norm::NormShape;
use super::extension::{MapKernels, MapOps};
use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;

#[derive(Debug)]
struct ConvBackward;

impl<B: MapKernels> Backward<B, 3> for ConvBackward {
    type State = (NodeId, NodeId, ConvShape);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, shape) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        let gradient = gradients.consume::<B>(&ops.node);
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::conv2d_input_gradient(weight, gradient.clone(), shape));
        }
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, B::conv2d_bias_gradient(gradient.clone()));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::conv2d_weight_gradient(x, gradient, shape));
        }
    }
}

#[derive(Debug)]
struct NormBackward;

impl<B: MapKernels> Backward<B, 3> for NormBackward {
    type State = (NodeId, NodeId, NodeId, FloatTensor<B>, NormShape);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (x, scale, offset, stats, shape) = ops.state;
        let [x, scale, offset] = [x, scale, offset].map(|id| checkpointer.retrieve_node_output::<FloatTensor<B>>(id));
        let gradient = gradients.consume::<B>(&ops.node);
        let result = B::norm_gradient(x, scale, offset, stats, gradient, shape);
        for (node, gradient) in ops.parents.into_iter().zip(result) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct MaxPoolBackward;

impl<B: MapKernels> Backward<B, 1> for MaxPoolBackward {
    type State = NodeId;

    fn backward(self, ops: Ops<NodeId, 1>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(ops.state);
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::max_pool2_gradient(x, gradient));
    }
}

#[derive(Debug)]
struct UpsampleBackward;

impl<B: MapKernels> Backward<B, 1> for UpsampleBackward {
    type State = ();

    fn backward(self, ops: Ops<(), 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, B::upsample2_gradient);
    }
}

impl<B: MapKernels, C: CheckpointStrategy> MapOps for Autodiff<B, C> {
    fn map_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        match Backward::<B, 3>::prepare::<C>(ConvBackward, nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut record) => {
                let state = (record.checkpoint(&x), record.checkpoint(&weight), shape);
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                record.finish(state, B::conv2d_kernel(x, weight, bias, shape))
            }
            OpsKind::UnTracked(record) => {
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                record.finish(B::conv2d_kernel(x, weight, bias, shape))
            }
        }
    }

    fn map_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        shape: NormShape,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), scale.node(), offset.node()];
        match Backward::<B, 3>::prepare::<C>(NormBackward, nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut record) => {
                let ids = [&x, &scale, &offset].map(|tensor| record.checkpoint(tensor));
                let [x, scale, offset] = [x, scale, offset].map(|tensor| tensor.into_primitive());
                let [result, stats] = B::norm_kernel(x, scale, offset, shape);
                record.finish((ids[0], ids[1], ids[2], stats, shape), result)
            }
            OpsKind::UnTracked(record) => {
                let [x, scale, offset] = [x, scale, offset].map(|tensor| tensor.into_primitive());
                let [result, _] = B::norm_kernel(x, scale, offset, shape);
                record.finish(result)
            }
        }
    }

    fn map_max_pool2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Backward::<B, 1>::prepare::<C>(MaxPoolBackward, [x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut record) => {
                let state = record.checkpoint(&x);
                record.finish(state, B::max_pool2_kernel(x.into_primitive()))
            }
            OpsKind::UnTracked(record) => record.finish(B::max_pool2_kernel(x.into_primitive())),
        }
    }

    fn map_upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let record = Backward::<B, 1>::prepare::<C>(UpsampleBackward, [x.node()]).compute_bound();
        record.stateless(B::upsample2_kernel(x.into_primitive()))
    }
}
