//! Names of devices in a recipe.

use super::TrainError;
use crate::gpu::{AdapterChoice, GpuContext};
use burn::tensor::{Device, DeviceKind};

/// Opens a recipe's device: `cpu`, `gpu` (the first that is no software adapter), `gpu:1`, with the feature `cuda`
/// `cuda` and `cuda:1`, or `auto`: a GPU where there is one, else the CPU.
///
/// # Errors
/// An unknown name, or a GPU that is not there.
pub fn open_device(name: &str) -> Result<Device, TrainError> {
    let refuse = |reason: String| TrainError::Device { name: name.into(), reason };
    let (kind, number) = match name.split_once(':') {
        Some((kind, number)) => {
            (kind, number.parse::<usize>().map_err(|e| refuse(format!("{number:?} is no number: {e}")))?)
        }
        None => (name, 0),
    };
    // burn takes a software adapter as readily as a GPU, and is twelve times slower on it than on the CPU.
    let hardware = || GpuContext::new(AdapterChoice::Hardware);
    match kind {
        "cpu" if number == 0 => Ok(Device::flex()),
        "auto" if number == 0 => {
            Ok(if hardware().is_ok() { Device::wgpu(DeviceKind::DefaultDevice) } else { Device::flex() })
        }
        "gpu" => {
            hardware().map_err(|e| refuse(e.to_string()))?;
            Ok(Device::wgpu(if number == 0 { DeviceKind::DefaultDevice } else { DeviceKind::DiscreteGpu(number) }))
        }
        #[cfg(feature = "cuda")]
        "cuda" => Ok(Device::cuda(number)),
        _ => Err(refuse("expected auto, cpu, gpu or gpu:N (cuda or cuda:N in a build with --features cuda)".into())),
    }
}
