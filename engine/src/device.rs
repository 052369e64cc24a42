//! Which device steps a contour.

use crate::levelset::cpu::CpuStepper;
use crate::levelset::{Fields, Grid, LevelSetParams, Stepper, StepperError};
use serde::{Deserialize, Serialize};

/// The user's choice of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// A real GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// All cores of the CPU.
    Cpu,
}

impl Device {
    /// A stepper for φ (mm, negative inside, x fastest) on this device.
    ///
    /// # Errors
    /// Fields or parameters that do not fit.
    pub fn stepper(
        self,
        grid: Grid,
        fields: Fields,
        params: LevelSetParams,
        phi: &[f32],
    ) -> Result<Box<dyn Stepper>, StepperError> {
        match self {
            Self::Auto | Self::Cpu => Ok(Box::new(CpuStepper::new(grid, fields, params, phi)?)),
        }
    }
}
