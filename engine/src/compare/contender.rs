//! The methods that can be compared.

use crate::device::OpenDevice;
use crate::levelset::{Fields, LevelSetParams, StopRule};
use crate::models::{Checkpoint, NetworkConfig};
use crate::neural::Law;

/// A method with its name in the table.
#[derive(Clone, Debug)]
pub struct Contender<'a> {
    /// As shown.
    pub name: String,
    /// What moves the contour.
    pub mover: Mover<'a>,
}

/// What moves a contour.
#[derive(Clone, Debug)]
pub enum Mover<'a> {
    /// The level set equation.
    Equation(Equation<'a>),
    /// A network that evolves a contour, for an organ; `None` solves it as it was trained, without priors.
    Contour {
        /// The network.
        checkpoint: &'a Checkpoint,
        /// Name of the organ.
        organ: &'a str,
        /// How it is solved.
        law: Option<Law>,
    },
    /// A network that answers at once: from the start where it takes one, else on its own, with what anatomy says.
    Answer {
        /// The network.
        checkpoint: &'a Checkpoint,
        /// Name of the organ.
        organ: &'a str,
    },
}

/// The level set equation with all that it needs.
#[derive(Clone, Debug)]
pub struct Equation<'a> {
    /// Weights and numerics.
    pub params: LevelSetParams,
    /// When it ends.
    pub stop: StopRule,
    /// Speed or intensities on the site's grid.
    pub fields: Fields,
    /// How far the start is drawn in before it runs, mm: an edge contour only grows.
    pub draw_in_mm: f32,
    /// Steps between two looks at the stop rule.
    pub steps_per_check: u32,
    /// What steps.
    pub device: &'a OpenDevice,
}

impl<'a> Mover<'a> {
    /// A network as what it is: one that evolves a contour over t, or one that answers at once.
    pub fn of_network(checkpoint: &'a Checkpoint, organ: &'a str, law: Option<Law>) -> Self {
        match checkpoint.manifest.network {
            NetworkConfig::NodeContour(_) => Self::Contour { checkpoint, organ, law },
            _ => Self::Answer { checkpoint, organ },
        }
    }
}
