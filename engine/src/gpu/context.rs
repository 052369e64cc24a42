//! The device that runs the passes: chosen among the machine's adapters, or shared with the window.

use super::error::GpuError;
use super::pass::{Pass, PassKey};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use wgpu::{DeviceType, ErrorFilter, PollType};

/// Which adapters may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdapterChoice {
    /// A real GPU.
    Hardware,
    /// A software rasteriser (lavapipe, WARP): for tests; slower than the CPU stepper.
    Software,
    /// A real GPU, else software.
    Any,
}

impl AdapterChoice {
    fn rank(self, device_type: DeviceType) -> Option<u8> {
        let rank = match device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        };
        let is_allowed = match self {
            Self::Hardware => device_type != DeviceType::Cpu,
            Self::Software => device_type == DeviceType::Cpu,
            Self::Any => true,
        };
        is_allowed.then_some(rank)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hardware => "GPU adapter",
            Self::Software => "software adapter",
            Self::Any => "GPU or software adapter",
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    lost: Mutex<Option<String>>,
    passes: Mutex<HashMap<PassKey, Arc<Pass>>>,
}

/// A device with its queue and the passes compiled for it so far. Clones share all of it.
#[derive(Clone, Debug)]
pub struct GpuContext {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// Name, kind and driver of the adapter.
    pub adapter_info: Arc<wgpu::AdapterInfo>,
    shared: Arc<Shared>,
}

impl GpuContext {
    /// Opens the best adapter of the kind: discrete before integrated before virtual before software.
    ///
    /// # Errors
    /// No such adapter, or one that gives no device.
    pub fn new(choice: AdapterChoice) -> Result<Self, GpuError> {
        if choice == AdapterChoice::Hardware && !may_have_gpu() {
            return Err(GpuError::NoAdapter { wanted: choice.name(), present: "none".to_owned() });
        }
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        // Every indirect dispatch here has sizes that a pass of ours bounds; checking each would cost a dispatch more.
        descriptor.flags.remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
        let instance = wgpu::Instance::new(descriptor);
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        let names: Vec<String> = adapters.iter().map(|a| a.get_info().name).collect();
        let best = adapters
            .into_iter()
            .filter_map(|a| choice.rank(a.get_info().device_type).map(|rank| (rank, a)))
            .min_by_key(|(rank, _)| *rank);
        let Some((_, adapter)) = best else {
            let present = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(GpuError::NoAdapter { wanted: choice.name(), present });
        };
        let adapter_info = adapter.get_info();
        let of_adapter = adapter.limits();
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: of_adapter.max_storage_buffer_binding_size,
            max_buffer_size: of_adapter.max_buffer_size,
            ..wgpu::Limits::default()
        };
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("zeroset"), required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| GpuError::NoDevice { adapter: adapter_info.name.clone(), reason: e.to_string() })?;
        let context = Self::from_existing(device, queue, adapter_info);
        // Errors are caught by scopes; what slips past one must not end the program.
        context.device.on_uncaptured_error(Arc::new(|error| tracing::error!("uncaptured GPU error: {error}")));
        Ok(context)
    }

    /// Uses a device that someone else opened, such as the window's: make one context of it and clone that. It takes
    /// the device's callback for loss (wgpu keeps one); its handler of uncaptured errors stays as it is.
    pub fn from_existing(device: wgpu::Device, queue: wgpu::Queue, adapter_info: wgpu::AdapterInfo) -> Self {
        let shared = Arc::<Shared>::default();
        let told = Arc::clone(&shared);
        device.set_device_lost_callback(move |reason, message| {
            let words = format!("{reason:?}: {message}");
            *told.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        });
        Self { device, queue, adapter_info: Arc::new(adapter_info), shared }
    }

    /// Whether the adapter is software: then the CPU stepper is the faster choice.
    pub fn is_software(&self) -> bool {
        self.adapter_info.device_type == DeviceType::Cpu
    }

    /// Refuses a grid whose fields do not fit into one buffer each.
    ///
    /// # Errors
    /// The limit that is too small.
    pub fn check_size(&self, size: [usize; 3]) -> Result<(), GpuError> {
        let limits = self.device.limits();
        let voxels = size.iter().try_fold(1u64, |n, &s| n.checked_mul(s as u64)).unwrap_or(u64::MAX);
        let needed = voxels.saturating_mul(4);
        for (limit, bytes) in [
            ("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size),
            ("max_buffer_size", limits.max_buffer_size),
            ("32-bit voxel numbers", 4 * u64::from(u32::MAX >> 1)),
        ] {
            if needed > bytes {
                return Err(GpuError::TooLarge {
                    size,
                    needed_mib: needed >> 20,
                    adapter: self.adapter_info.name.clone(),
                    limit_mib: bytes >> 20,
                    limit,
                });
            }
        }
        Ok(())
    }

    /// Runs wgpu calls and returns the errors they raise on this thread instead of letting them panic.
    pub(crate) fn checked<T>(&self, action: &'static str, calls: impl FnOnce() -> T) -> Result<T, GpuError> {
        self.check_lost()?;
        let out_of_memory = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(ErrorFilter::Internal);
        let validation = self.device.push_error_scope(ErrorFilter::Validation);
        let value = calls();
        let refused = [validation, internal].map(|scope| pollster::block_on(scope.pop()));
        let exhausted = pollster::block_on(out_of_memory.pop());
        if exhausted.is_some() {
            return Err(GpuError::OutOfMemory { action });
        }
        if let Some(error) = refused.into_iter().flatten().next() {
            // Nothing works on a lost device, but wgpu tells of the loss only when it is polled.
            self.poll(PollType::Poll)?;
            return Err(GpuError::refused(action, &error));
        }
        self.check_lost()?;
        Ok(value)
    }

    /// Lets wgpu run its callbacks; waits for the GPU when `poll` says so.
    pub(super) fn poll(&self, poll: PollType) -> Result<(), GpuError> {
        // wgpu panics when it polls a device that was lost in between.
        match catch_unwind(AssertUnwindSafe(|| self.device.poll(poll))) {
            Ok(Ok(_)) => self.check_lost(),
            Ok(Err(error)) => Err(GpuError::Lost { reason: error.to_string() }),
            Err(_) => Err(GpuError::Lost { reason: "while waiting for it".to_owned() }),
        }
    }

    /// The pass of this name with these override constants, compiled at first use.
    pub(crate) fn pass(&self, name: &'static str, constants: &[(&'static str, u32)]) -> Result<Arc<Pass>, GpuError> {
        let key = (name, constants.to_vec());
        let mut passes = self.shared.passes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pass) = passes.get(&key) {
            return Ok(Arc::clone(pass));
        }
        let pass = Arc::new(Pass::new(self, name, constants)?);
        passes.insert(key, Arc::clone(&pass));
        Ok(pass)
    }

    fn check_lost(&self) -> Result<(), GpuError> {
        match &*self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(reason) => Err(GpuError::Lost { reason: reason.clone() }),
            None => Ok(()),
        }
    }
}

/// Whether the machine can have a GPU at all. On Linux a driver shows as a device node; without any, the graphics
/// libraries need not be loaded, which takes a while and makes some of them complain on stderr.
fn may_have_gpu() -> bool {
    const NODES: [&str; 7] = ["dri", "nvidiactl", "nvidia0", "dxg", "mali0", "kgsl-3d0", "pvr_sync"];
    !cfg!(target_os = "linux") || NODES.iter().any(|node| std::path::Path::new("/dev").join(node).exists())
}
