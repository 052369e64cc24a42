//! One compiled compute pass, and the buffers it works on.

use super::context::GpuContext;
use super::error::GpuError;
use bytemuck::Pod;
use std::borrow::Cow;
use std::time::Duration;
use wgpu::util::DeviceExt;
use wgpu::{Buffer, BufferUsages};

/// What tells compiled passes apart: the WGSL file's name and its override constants.
pub(super) type PassKey = (&'static str, Vec<(&'static str, u32)>);

/// How long to wait for a callback after its work is done. It may have been taken over by another thread that polled
/// the device first, and is then called a moment later.
pub(super) const CALLBACK_PATIENCE: Duration = Duration::from_secs(30);

/// Workgroups per row of a folded dispatch, as in `common/grid.wgsl`.
const WORKGROUPS_PER_ROW: u32 = 32768;

/// A compute pipeline; its bind group layout is what the WGSL declares and uses.
#[derive(Debug)]
pub(crate) struct Pass {
    name: &'static str,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Pass {
    /// Compiles the WGSL file `name`.
    pub(super) fn new(
        context: &GpuContext,
        name: &'static str,
        constants: &[(&'static str, u32)],
    ) -> Result<Self, GpuError> {
        let source = zeroset_shaders::wgsl(name)
            .ok_or_else(|| GpuError::Refused { action: "finding a shader", reason: format!("there is no {name}") })?;
        let constants: Vec<(&str, f64)> = constants.iter().map(|&(k, v)| (k, f64::from(v))).collect();
        context.checked("compiling a shader", || {
            let module = context.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(Cow::Owned(source)),
            });
            let pipeline = context.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: None,
                module: &module,
                entry_point: Some(zeroset_shaders::entry_point(name)),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..wgpu::PipelineCompilationOptions::default()
                },
                cache: None,
            });
            let layout = pipeline.get_bind_group_layout(0);
            Self { name, pipeline, layout }
        })
    }

    /// Binds whole buffers to the binding numbers from `first` on.
    pub(crate) fn bind(&self, context: &GpuContext, first: u32, buffers: &[Buffer]) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (first..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.name),
            layout: &self.layout,
            entries: &entries,
        })
    }

    /// Dispatches `workgroups` workgroups, folded into rows.
    pub(crate) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, group: &wgpu::BindGroup, workgroups: u32) {
        self.set(pass, group);
        let rows = workgroups.div_ceil(WORKGROUPS_PER_ROW);
        pass.dispatch_workgroups(workgroups.min(WORKGROUPS_PER_ROW), rows, 1);
    }

    /// Dispatches as many workgroups as the GPU has written into `sizes`.
    pub(super) fn dispatch_indirect(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        group: &wgpu::BindGroup,
        sizes: &Buffer,
        offset: u64,
    ) {
        self.set(pass, group);
        pass.dispatch_workgroups_indirect(sizes, offset);
    }

    fn set(&self, pass: &mut wgpu::ComputePass<'_>, group: &wgpu::BindGroup) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, group, &[]);
    }
}

/// A storage buffer of zeros; `bytes` is rounded up to 16.
pub(crate) fn storage(context: &GpuContext, label: &str, bytes: u64, more: BufferUsages) -> Buffer {
    context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.next_multiple_of(16).max(16),
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST | more,
        mapped_at_creation: false,
    })
}

/// A storage buffer that holds `values`.
pub(super) fn storage_of<T: Pod>(context: &GpuContext, label: &str, values: &[T]) -> Buffer {
    context.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some(label),
        contents: bytemuck::cast_slice(values),
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
    })
}

/// A uniform buffer that holds one struct.
pub(crate) fn uniform_of<T: Pod>(context: &GpuContext, label: &str, value: &T) -> Buffer {
    context.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some(label),
        contents: bytemuck::bytes_of(value),
        usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
    })
}

/// A buffer that the CPU can map to read `bytes`.
pub(super) fn staging(context: &GpuContext, bytes: u64) -> Buffer {
    context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("read back"),
        size: bytes,
        usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// The first `count` values of a buffer; waits for the GPU.
pub(crate) fn read<T: Pod>(context: &GpuContext, buffer: &Buffer, count: usize) -> Result<Vec<T>, GpuError> {
    let bytes = (count * size_of::<T>()) as u64;
    let action = "reading back";
    let (sender, receiver) = std::sync::mpsc::channel();
    let (target, submission) = context.checked(action, || {
        let target = staging(context, bytes);
        let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &target, 0, bytes);
        let submission = context.queue.submit([encoder.finish()]);
        // The receiver outlives the poll below; a failed send would only mean that nobody waits any more.
        target.map_async(wgpu::MapMode::Read, .., move |result| drop(sender.send(result)));
        (target, submission)
    })?;
    context.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None })?;
    let arrival = receiver.recv_timeout(CALLBACK_PATIENCE).map_err(|e| GpuError::refused(action, &e))?;
    arrival.map_err(|e| GpuError::refused(action, &e))?;
    let view = target.get_mapped_range(..).map_err(|e| GpuError::refused(action, &e))?;
    Ok(bytemuck::pod_collect_to_vec(&view))
}
