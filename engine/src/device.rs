//! Which device steps a contour, and which one runs a network.

use crate::gpu::{AdapterChoice, GpuContext, GpuError, GpuStepper};
use crate::levelset::cpu::CpuStepper;
use crate::levelset::{Fields, Grid, LevelSetParams, Stepper, StepperError};
use burn::tensor::DeviceKind;
use serde::{Deserialize, Serialize};

/// The user's choice of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// A real GPU where there is one that the grid fits, else the CPU.
    #[default]
    Auto,
    /// A real GPU.
    Gpu,
    /// All cores of the CPU.
    Cpu,
    /// A software GPU adapter: to check the GPU's passes where there is no GPU.
    Software,
}

/// A device ready to step contours: opened once, used for any number of them.
#[derive(Clone, Debug)]
pub enum OpenDevice {
    /// All cores of the CPU.
    Cpu,
    /// A GPU.
    Gpu {
        /// The device and its compiled passes.
        context: GpuContext,
        /// Whether a grid that does not fit goes to the CPU instead.
        or_cpu: bool,
    },
}

impl Device {
    /// Opens the device.
    ///
    /// # Errors
    /// A GPU was asked for and there is none ([`Device::Auto`] and [`Device::Cpu`] never fail).
    pub fn open(self) -> Result<OpenDevice, GpuError> {
        let gpu = |choice, or_cpu| GpuContext::new(choice).map(|context| OpenDevice::Gpu { context, or_cpu });
        match self {
            Self::Cpu => Ok(OpenDevice::Cpu),
            Self::Auto => Ok(gpu(AdapterChoice::Hardware, true).unwrap_or(OpenDevice::Cpu)),
            Self::Gpu => gpu(AdapterChoice::Hardware, false),
            Self::Software => gpu(AdapterChoice::Software, false),
        }
    }
}

impl Device {
    /// The device on which networks run: burn's wgpu backend on a real GPU, else its CPU backend with our own kernels.
    /// [`Device::Auto`] never takes a software adapter: the CPU backend is an order of magnitude faster.
    ///
    /// # Errors
    /// A GPU was asked for and there is none.
    pub fn networks(self) -> Result<burn::tensor::Device, GpuError> {
        // Opening a context is how the adapters are looked through; burn then opens its own device on the best one.
        let has = |choice| GpuContext::new(choice).map(|_| ());
        match self {
            Self::Cpu => Ok(burn::tensor::Device::flex()),
            Self::Auto if has(AdapterChoice::Hardware).is_err() => Ok(burn::tensor::Device::flex()),
            Self::Auto => Ok(burn::tensor::Device::wgpu(DeviceKind::DefaultDevice)),
            Self::Gpu => has(AdapterChoice::Hardware).map(|()| burn::tensor::Device::wgpu(DeviceKind::DefaultDevice)),
            Self::Software => has(AdapterChoice::Software).map(|()| burn::tensor::Device::wgpu(DeviceKind::Cpu)),
        }
    }
}

/// Where a network runs, in words.
pub fn network_device_name(device: &burn::tensor::Device) -> String {
    if *device == burn::tensor::Device::flex() { "the CPU".to_owned() } else { format!("the GPU ({device:?})") }
}

impl OpenDevice {
    /// A stepper for φ (mm, negative inside, x fastest) on this device.
    ///
    /// # Errors
    /// Fields or parameters that do not fit; a grid beyond the GPU's limits.
    pub fn stepper(
        &self,
        grid: Grid,
        fields: Fields,
        params: LevelSetParams,
        phi: &[f32],
    ) -> Result<Box<dyn Stepper>, StepperError> {
        match self {
            Self::Gpu { context, or_cpu } if !or_cpu || context.check_size(grid.size).is_ok() => {
                Ok(Box::new(GpuStepper::new(context, grid, fields, params, phi)?))
            }
            _ => Ok(Box::new(CpuStepper::new(grid, fields, params, phi)?)),
        }
    }
}
