//! Opens the window on the best graphics adapter there is, or says in one line how to go on without one.

use crate::app::ZerosetApp;
use crate::recent::Recent;
use anyhow::anyhow;
use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroset_engine::models::Catalogue;

/// How to go on without a window.
const WITHOUT: &str = "without a window use `zeroset segment SCAN -o MASK …` or try `zeroset demo`";

/// Opens the window, with a scan, a mask over it and a reference where they are given, and with the networks of a folder in the place
/// of the program's.
///
/// # Errors
/// No display or no usable graphics adapter, in one line that says how to go on; no network in the folder.
pub fn run_window(
    file: Option<PathBuf>,
    mask: Option<PathBuf>,
    reference: Option<PathBuf>,
    models: Option<&Path>,
) -> anyhow::Result<()> {
    let catalogue = models.map(Catalogue::of_folder).transpose()?;
    if cfg!(target_os = "linux") && !["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].iter().any(|v| is_set(v)) {
        return Err(anyhow!("no display to open a window on (DISPLAY and WAYLAND_DISPLAY are not set): {WITHOUT}"));
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Zeroset")
            .with_app_id("zeroset")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([980.0, 640.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: WgpuConfiguration { wgpu_setup: WgpuSetup::CreateNew(setup()), ..Default::default() },
        ..Default::default()
    };
    eframe::run_native(
        "zeroset",
        options,
        Box::new(move |cc| {
            let mut app = ZerosetApp::new(cc, Recent::of_user(), file, mask)?;
            app.reference = reference;
            if let Some(catalogue) = catalogue {
                app.desk.session.catalogue = Arc::new(catalogue);
            }
            Ok(Box::new(app))
        }),
    )
    .map_err(|error| anyhow!("{}: {WITHOUT}", reason(&error)))
}

/// Why there is no window, without the libraries' own wording, which names their source files.
fn reason(error: &eframe::Error) -> String {
    match error {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => {
            let display = std::env::var("DISPLAY").or_else(|_| std::env::var("WAYLAND_DISPLAY")).unwrap_or_default();
            format!("no window can be opened on the display \"{display}\" (is it running, and may you use it?)")
        }
        eframe::Error::Wgpu(_) => {
            "no graphics adapter can draw a window here (a GPU driver, or on Debian mesa-vulkan-drivers, is missing)"
                .to_owned()
        }
        other => format!("the window cannot be opened ({other})"),
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|v| !v.is_empty())
}

/// Any adapter that can draw, real ones first, with its own limits: scans are larger than the defaults allow.
pub fn setup() -> WgpuSetupCreateNew {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.instance_descriptor.backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::PRIMARY);
    setup.native_adapter_selector = Some(Arc::new(|adapters, surface| {
        let usable = |adapter: &&wgpu::Adapter| surface.is_none_or(|s| adapter.is_surface_supported(s));
        let rank = |adapter: &&wgpu::Adapter| match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        };
        let best = adapters.iter().filter(usable).min_by_key(rank).cloned();
        best.ok_or_else(|| {
            "no graphics adapter can draw here (a driver such as mesa-vulkan-drivers is missing)".to_owned()
        })
    }));
    setup.device_descriptor = Arc::new(|adapter| wgpu::DeviceDescriptor {
        label: Some("zeroset"),
        required_limits: adapter.limits(),
        ..Default::default()
    });
    setup
}
