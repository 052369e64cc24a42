//! One type for every architecture: what inference runs and training moves.

use super::ModelError;
use super::deep_chan_vese::DeepChanVese;
use super::lsn::Lsn;
use super::node::{NodeContour, NodeImage, NodeStack, evolve};
use super::unet::UNet;
use crate::ode::{Outcome, SolverParams, Stats};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// A network with its weights.
// A program holds a few of these and moves none in a loop; burn's derive knows no Box.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub enum Network {
    /// Image to distance map.
    Unet(UNet),
    /// Contour evolution.
    NodeContour(NodeContour),
    /// Image evolution.
    NodeImage(NodeImage),
    /// A stack of neural ODEs.
    NodeStack(NodeStack),
    /// The level set solver unrolled.
    Lsn(Lsn),
    /// Chan–Vese on learned features.
    DeepChanVese(DeepChanVese),
}

/// What a network sees.
#[derive(Clone, Debug)]
pub struct Input {
    /// `[n, channels, h, w]`, −1 to 1.
    pub image: Tensor<4>,
    /// `[n, organs, h, w]`: φ of the start contours in band widths, negative inside.
    pub start: Option<Tensor<4>>,
}

/// What a network says.
#[derive(Clone, Debug)]
pub struct Output {
    /// `[n, organs, h, w]`: φ in band widths, negative inside.
    pub phi_band: Tensor<4>,
    /// How the ODE was solved, all its solves together; `None` where there is none.
    pub solver: Option<(Outcome, Stats)>,
}

/// How the gradient passes an ODE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientMethod {
    /// Through every operation of the solver, all kept in memory.
    Backprop,
    /// The same gradient from a few kept states; the steps between them are run again.
    #[default]
    Checkpointed,
    /// The continuous adjoint, solved backwards in time (Chen et al. 2018): constant memory, another error.
    Adjoint,
}

impl Network {
    /// Name of the architecture, as on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unet(_) => "unet",
            Self::NodeContour(_) => "node-contour",
            Self::NodeImage(_) => "node-image",
            Self::NodeStack(_) => "node-stack",
            Self::Lsn(_) => "lsn",
            Self::DeepChanVese(_) => "deep-chan-vese",
        }
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.num_params()
    }

    /// Channels of the image and of the output.
    pub fn channels(&self) -> [usize; 2] {
        match self {
            Self::Unet(network) => [network.inputs, network.outputs],
            Self::NodeContour(network) => network.channels(),
            Self::NodeImage(network) => network.channels(),
            Self::NodeStack(network) => network.channels(),
            Self::Lsn(network) => network.channels(),
            Self::DeepChanVese(network) => network.channels(),
        }
    }

    /// Runs the network; no gradient is kept, whatever device it lives on.
    ///
    /// A solver that stops before the end is told in [`Output::solver`]; φ is then that of the time reached.
    ///
    /// # Errors
    /// An input that does not fit.
    pub fn predict(&self, input: Input, solver: &SolverParams) -> Result<Output, ModelError> {
        let input = self.checked(input)?.detached();
        let output = match self.valid() {
            Self::Unet(network) => Output { phi_band: network.forward(input.image), solver: None },
            Self::NodeContour(network) => evolve::forward(&network, &input, solver),
            Self::NodeImage(network) => evolve::forward(&network, &input, solver),
            Self::NodeStack(network) => evolve::forward(&network, &input, solver),
            Self::Lsn(network) => Output { phi_band: network.forward(input.image, input.start), solver: None },
            Self::DeepChanVese(network) => Output { phi_band: network.forward(input.image, input.start), solver: None },
        };
        Ok(output)
    }

    /// Value and gradients of a loss of the predicted φ; the network lives on an autodiff device.
    ///
    /// `loss` takes `[n, organs, h, w]` in band widths and gives one number. A deep Chan–Vese network is judged by its
    /// first φ too, with the weights of its configuration.
    ///
    /// # Errors
    /// An input that does not fit; a solver that stops before the end.
    pub fn loss_gradients(
        &self,
        input: Input,
        solver: &SolverParams,
        method: GradientMethod,
        loss: impl Fn(Tensor<4>) -> Tensor<1>,
    ) -> Result<(f64, GradientsParams), ModelError> {
        let input = self.checked(input)?.detached();
        let plain = |loss: Tensor<1>| {
            let value = loss.clone().into_scalar();
            Ok((value, GradientsParams::from_grads(loss.backward(), self)))
        };
        match self {
            Self::Unet(network) => plain(loss(network.forward(input.image))),
            Self::Lsn(network) => plain(loss(network.forward(input.image, input.start))),
            Self::DeepChanVese(network) => {
                let [first, last] = network.config().loss_weights;
                let steps = network.forward_steps(input.image, input.start);
                plain(loss(steps[0].clone()) * first + loss(steps[steps.len() - 1].clone()) * last)
            }
            Self::NodeContour(network) => evolve::loss_gradients(network, self, &input, solver, method, loss),
            Self::NodeImage(network) => evolve::loss_gradients(network, self, &input, solver, method, loss),
            Self::NodeStack(network) => evolve::loss_gradients(network, self, &input, solver, method, loss),
        }
    }

    /// Whether it only ever evolves a contour that it is given.
    fn needs_start(&self) -> bool {
        match self {
            Self::NodeContour(_) => true,
            Self::Lsn(network) => network.config().start == super::lsn::Start::Given,
            Self::DeepChanVese(network) => network.config().start_given,
            Self::Unet(_) | Self::NodeImage(_) | Self::NodeStack(_) => false,
        }
    }

    fn checked(&self, input: Input) -> Result<Input, ModelError> {
        let [n, found, h, w] = input.image.dims();
        let [expected, organs] = self.channels();
        if found != expected {
            return Err(ModelError::Channels { expected, found });
        }
        match &input.start {
            None if self.needs_start() => Err(ModelError::NoStart { network: self.name() }),
            Some(start) if start.dims() != [n, organs, h, w] => {
                Err(ModelError::Start { expected: [n, organs, h, w], found: start.dims() })
            }
            _ => Ok(input),
        }
    }
}

impl Input {
    /// The same without a tape.
    fn detached(self) -> Self {
        Self { image: self.image.inner(), start: self.start.map(Tensor::inner) }
    }
}
