//! The window: each frame takes what the threads have finished, draws, and applies the commands that came of it.

use crate::desk::Desk;
use crate::dialogs::Dialogs;
use crate::keys::{self, Chrome, Hands};
use crate::paint::{Scene, SlicePipeline, SurfacePipeline};
use crate::panels::compare as compare_panel;
use crate::panels::{guide, help, question, status, timeline, toolbar};
use crate::recent::Recent;
use crate::session::{Command, CompareCommand, Effect, Severity};
use crate::starting::Gpu;
use crate::theme;
use crate::views::{Display, compare, layout, slice, surface};
use crate::worker::Wake;
use eframe::egui_wgpu::RenderState;
use egui::{Frame, Margin, Panel, Ui};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Shortest time between two frames while something moves.
const FRAME: std::time::Duration = std::time::Duration::from_millis(16);

/// Most time that may pass for what plays between two frames, however long the window was hidden, s.
const LONGEST_S: f64 = 0.25;

/// What is drawn with the graphics device.
struct Graphics {
    state: RenderState,
    scene: Scene,
    slices: Arc<SlicePipeline>,
    surface: SurfacePipeline,
    slow: bool,
}

/// The window's state.
pub struct ZerosetApp {
    /// Session and threads.
    pub desk: Desk,
    /// How images are shown.
    pub display: Display,
    /// Help, theme.
    pub chrome: Chrome,
    dialogs: Dialogs,
    recent: Recent,
    graphics: Option<Graphics>,
    adapter: String,
    mask: Option<PathBuf>,
    /// Reference to open with the scan.
    pub reference: Option<PathBuf>,
    scene_of: u64,
    title: String,
}

impl ZerosetApp {
    /// The window's state, with a scan and a mask to open.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        recent: Recent,
        file: Option<PathBuf>,
        mask: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        theme::install(&cc.egui_ctx);
        let ctx = cc.egui_ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        let state = cc.wgpu_render_state.clone();
        let graphics = state.clone().map(|state| {
            let slow = state.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
            Graphics {
                scene: Scene::new(state.device.clone(), state.queue.clone()),
                slices: Arc::new(SlicePipeline::new(&state.device, state.target_format)),
                surface: SurfacePipeline::new(&state.device),
                slow,
                state,
            }
        });
        let device = state.as_ref().map(|s| (s.device.clone(), s.queue.clone()));
        let gpu = Gpu { device: state.as_ref().map(|s| (s.device.clone(), s.queue.clone(), s.adapter.get_info())) };
        let adapter = state.map_or_else(String::new, |s| s.adapter.get_info().name);
        let mut desk = Desk::start(wake.clone(), device, gpu)?;
        if let Some(file) = file {
            desk.apply(Command::Open(file));
        }
        Ok(Self {
            desk,
            display: Display::default(),
            chrome: Chrome::default(),
            dialogs: Dialogs::new(wake),
            recent,
            graphics,
            adapter,
            mask,
            reference: None,
            scene_of: 0,
            title: String::new(),
        })
    }

    /// Takes what the threads, the dialogs and the system have for us.
    fn take_results(&mut self, ctx: &egui::Context) {
        for texture in self.desk.poll() {
            if let Some(graphics) = &mut self.graphics {
                graphics.scene.clear();
                graphics.scene.scan = Some(texture);
            }
        }
        for command in self.dialogs.answers() {
            self.desk.apply(command);
        }
        let serial = self.desk.session.document.as_ref().map_or(0, |d| d.serial);
        if serial != self.scene_of {
            self.scene_of = serial;
            self.display.fit_all();
            if let Some(path) = self.desk.session.document.as_ref().and_then(|d| d.path.clone()) {
                self.recent.push(&path);
            }
            if let Some(mask) = self.mask.take() {
                self.desk.apply(Command::OpenSegmentation(mask));
            }
            if let Some(reference) = self.reference.take() {
                self.desk.apply(Command::OpenReference(reference));
            }
        }
        let dropped: Vec<PathBuf> = ctx.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_owned()).collect());
        for path in dropped {
            self.open_dropped(&path, ctx.input(|i| i.modifiers));
        }
        if let Some(path) = self.chrome.open_recent.take().and_then(|i| self.recent.paths().get(i).cloned()) {
            self.desk.apply(Command::Open(path));
        }
    }

    /// A dropped file is a scan; with Shift held it is a segmentation of the open one, with Ctrl a reference.
    fn open_dropped(&mut self, path: &Path, modifiers: egui::Modifiers) {
        let path = path.to_owned();
        self.desk.apply(match (modifiers.shift, modifiers.command) {
            (true, _) => Command::OpenSegmentation(path),
            (_, true) => Command::OpenReference(path),
            _ => Command::Open(path),
        });
    }

    /// Brings the graphics device up to the session.
    fn update_scene(&mut self) {
        let (Some(graphics), Some(document)) = (&mut self.graphics, &self.desk.session.document) else { return };
        let scene = &mut graphics.scene;
        if scene.scan_geometry.is_none() {
            scene.scan_geometry = Some(document.image.geometry().clone());
        }
        scene.set_colours(&document.table);
        let revision = (document.serial, document.labels_revision);
        if let Err(error) = scene.set_labels(revision, document.labels.as_deref()) {
            let text = error.to_string();
            self.desk.session.notify(Severity::Error, text);
            return;
        }
        scene.set_speed(document.speed_image.as_ref());
        // A comparison has panes of its own, in which nothing else is drawn.
        let comparing = self.desk.session.compare.shown().is_some();
        scene.set_proposal(self.desk.session.proposal.as_ref().filter(|_| !comparing));
        let evolution = &self.desk.session.evolution;
        match (&evolution.place, &self.desk.phi_buffer, &evolution.phi) {
            (Some(place), Some(buffer), _) => scene.set_phi_buffer(&place.geometry, buffer, self.desk.pictures),
            (Some(place), None, Some(state)) => scene.set_phi(Some((&place.geometry, &state.phi))),
            _ => scene.set_phi(None),
        }
        let made = &evolution.overlays;
        let force = made.force.as_ref().and_then(|made| made.as_ref().ok());
        scene.set_force(evolution.place.as_ref().map(|place| &place.geometry).zip(force));
        scene.set_trail(made.trail.as_ref());
        scene.set_reference(self.desk.session.reference.as_ref().and_then(|r| r.mask.as_ref()));
    }

    fn draw(&mut self, ui: &mut Ui, out: &mut Vec<Command>) {
        let session = &self.desk.session;
        let panel_fill = ui.visuals().panel_fill;
        let frame = |x: i8, y: i8| Frame::new().fill(panel_fill).inner_margin(Margin::symmetric(x, y));
        Panel::top("toolbar").exact_size(44.0).frame(frame(12, 4)).show(ui, |ui| {
            toolbar::toolbar_ui(ui, session, &mut self.display, &mut self.chrome, &self.recent, out);
        });
        let busy = self.desk.busy();
        Panel::bottom("status").exact_size(26.0).frame(frame(12, 2)).show(ui, |ui| {
            status::status_ui(ui, session, &self.display, &busy, &self.adapter);
        });
        let compared = session.compare.shown();
        match compared {
            Some(view) => {
                let height = compare_panel::height(view.comparison.tracks.len());
                Panel::bottom("comparison").exact_size(height).frame(frame(12, 8)).show(ui, |ui| {
                    compare_panel::compare_ui(ui, view, out);
                });
            }
            None => {
                Panel::bottom("timeline").exact_size(132.0).frame(frame(12, 8)).show(ui, |ui| {
                    timeline::timeline_ui(ui, session, out);
                });
            }
        }
        Panel::left("guide").exact_size(316.0).resizable(false).frame(frame(12, 8)).show(ui, |ui| {
            guide::guide_ui(ui, session, &mut self.display, out);
        });
        let panes = ui.available_rect_before_wrap();
        egui::CentralPanel::no_frame().show(ui, |ui| {
            let paint = slice::Painter {
                scene: self.graphics.as_ref().map(|g| &g.scene),
                pipeline: self.graphics.as_ref().map(|g| &g.slices),
            };
            if let Some(view) = compared {
                compare::panes_ui(ui, session, view, &mut self.display, &paint, out);
                return;
            }
            // The slices only read the graphics state, the 3D pane draws its picture: two passes over it.
            let mut surface = None;
            layout::panes_ui(ui, session, &mut self.display, &paint, &mut surface, out);
            if let (Some(graphics), Some(request)) = (&mut self.graphics, surface) {
                surface::picture(
                    ui,
                    &request,
                    surface::Painter {
                        state: &graphics.state,
                        scene: &graphics.scene,
                        pipeline: &mut graphics.surface,
                        slow: graphics.slow,
                    },
                );
            }
        });
        question::notice_ui(ui.ctx(), panes, session, out);
        question::questions_ui(ui.ctx(), session, out);
        if self.chrome.help {
            self.chrome.help = help::help_ui(ui.ctx());
        }
    }

    fn carry_out_window_effects(&mut self, ctx: &egui::Context) {
        for effect in std::mem::take(&mut self.desk.for_window) {
            let speed = self.desk.session.document.as_ref().map(|d| d.speed.clone());
            if matches!(effect, Effect::Quit) {
                self.desk.session.asking_to_quit = false;
                if let Some(document) = &mut self.desk.session.document {
                    document.saved_revision = document.labels_revision;
                }
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            } else {
                self.dialogs
                    .show(&effect, &speed.unwrap_or_else(|| crate::session::SpeedSettings::starting((0.0, 1.0))));
            }
        }
    }

    fn update_title(&mut self, ctx: &egui::Context) {
        let title = self.desk.session.document.as_ref().map_or_else(
            || "Zeroset".to_owned(),
            |d| format!("{}{} · Zeroset", d.name(), if d.unsaved() { " *" } else { "" }),
        );
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl eframe::App for ZerosetApp {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.take_results(&ctx);
        self.update_scene();
        let mut out = Vec::new();
        let session = &self.desk.session;
        keys::handle(&ctx, &mut Hands { session, display: &mut self.display, chrome: &mut self.chrome, out: &mut out });
        self.draw(ui, &mut out);
        if ctx.input(|i| i.viewport().close_requested()) && self.desk.session.unsaved() {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            out.push(Command::Quit);
        }
        let acted = !out.is_empty();
        for command in out {
            self.desk.apply(command);
        }
        if ctx.input(|i| !i.pointer.any_down()) {
            self.desk.session.end_gesture();
        }
        if std::mem::take(&mut self.chrome.toggle_theme) {
            let dark = ctx.theme() == egui::Theme::Dark;
            ctx.set_theme(if dark { egui::Theme::Light } else { egui::Theme::Dark });
        }
        self.carry_out_window_effects(&ctx);
        self.update_title(&ctx);
        if self.desk.session.compare.shown().is_some_and(|view| view.playing) {
            let seconds = f64::from(ctx.input(|i| i.stable_dt)).min(LONGEST_S);
            self.desk.apply(Command::Compare(CompareCommand::Advance(seconds)));
            ctx.request_repaint();
        }
        if acted {
            ctx.request_repaint();
        } else if !self.desk.busy().is_empty() {
            ctx.request_repaint_after(10 * FRAME);
        }
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        [0.02, 0.024, 0.03, 1.0]
    }
}
