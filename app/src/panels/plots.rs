//! Live plots along the timeline: the contour's change and the volume it encloses (for Chan–Vese the energy).

use crate::session::Session;
use crate::theme;
use egui::{Color32, Ui, Vec2};
use egui_plot::{Line, Plot, PlotPoints, VLine};
use zeroset_engine::levelset::{Method, StepReport};

/// Most points of a curve; a longer evolution is thinned for the plot.
const MOST_POINTS: usize = 600;

/// Draws both plots side by side.
pub fn plots_ui(ui: &mut Ui, size: Vec2, session: &Session) {
    let each = Vec2::new((size.x - 8.0) / 2.0, size.y);
    let chan_vese = session.document.as_ref().is_some_and(|d| d.evolve.params.method == Method::ChanVese);
    let palette = theme::palette(ui);
    if let Some(neural) = session.evolution.neural.as_ref().filter(|neural| neural.t.is_some()) {
        super::solver_plots::solver_plots_ui(ui, each, session, neural);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        if chan_vese {
            plot(ui, "Energy", each, session, palette.warning, |r| r.stats.energy);
        } else {
            plot(ui, "Change, mm per t (RMS)", each, session, palette.warning, |r| r.stats.rms_rate);
        }
        plot(ui, "Volume, mL", each, session, theme::CONTOUR, |r| r.stats.volume_ml);
    });
}

fn plot(ui: &mut Ui, name: &str, size: Vec2, session: &Session, colour: Color32, value: impl Fn(&StepReport) -> f64) {
    let palette = theme::palette(ui);
    ui.allocate_ui(size, |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.label(egui::RichText::new(name).size(11.0).color(palette.weak));
            let reports = &session.evolution.reports;
            let period = session.evolution.reinitialize_every.max(1);
            // A reinitialisation moves the numbers a little: the curve takes them at one phase of it, and the newest.
            let last = reports.last().map_or(0, |r| r.step);
            let in_phase = |r: &&StepReport| r.step.is_multiple_of(u64::from(period)) || r.step == last;
            let every = reports.len().div_ceil(MOST_POINTS).max(1);
            let points: PlotPoints<'_> = reports
                .iter()
                .filter(|r| r.step > 0 || name.starts_with("Volume"))
                .filter(in_phase)
                .step_by(every)
                .map(|r| [r.step as f64, value(r)])
                .collect();
            let colour = if ui.visuals().dark_mode { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.35) };
            let step = session.evolution.step as f64;
            Plot::new(name)
                .height((size.y - 18.0).max(40.0))
                .width(size.x)
                .allow_drag(false)
                .allow_zoom(false)
                .allow_scroll(false)
                .allow_boxed_zoom(false)
                .allow_axis_zoom_drag(false)
                .allow_double_click_reset(false)
                .show_crosshair(false)
                .show_x(false)
                .y_axis_min_width(34.0)
                .set_margin_fraction(Vec2::new(0.01, 0.12))
                .show(ui, |plot| {
                    if session.evolution.exists() {
                        plot.line(Line::new(name, points).color(colour).width(1.6));
                        plot.vline(VLine::new("present step", step).color(palette.accent).width(1.0));
                    }
                });
        });
    });
}
