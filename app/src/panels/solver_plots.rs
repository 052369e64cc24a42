//! Live plots of a network's solver, of the slice at the crosshair: step and local error, evaluations and rejected steps.

use crate::session::Session;
use crate::session::neural::NeuralView;
use crate::theme;
use egui::{Color32, RichText, Ui, Vec2};
use egui_plot::{Line, Plot, PlotPoints, Points, VLine};
use zeroset_engine::neural::StepFigures;

/// A curve: its name, colour, and value at a step.
type Curve<'a> = (&'a str, Color32, fn(&StepFigures) -> f64);

/// Draws both plots side by side, each of this size.
pub fn solver_plots_ui(ui: &mut Ui, each: Vec2, session: &Session, neural: &NeuralView) {
    let palette = theme::palette(ui);
    let Some((slice, steps)) = neural.steps_near(session.cursor[neural.axis]) else { return };
    let t = neural.t.unwrap_or(1.0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let step: Curve<'_> = ("dt", palette.warning, |s| s.dt);
        let error: Curve<'_> = ("error / tolerance", theme::CONTOUR, |s| s.error);
        plot(ui, each, "Step", &format!("slice {}", slice + 1), [step, error], steps, t);
        let evaluations: Curve<'_> = ("NFE", palette.warning, |s| s.evaluations as f64);
        let rejected: Curve<'_> = ("rejected", theme::CONTOUR, |s| s.rejected as f64);
        plot(ui, each, "Work", "", [evaluations, rejected], steps, t);
    });
}

fn plot(ui: &mut Ui, size: Vec2, id: &str, place: &str, curves: [Curve<'_>; 2], steps: &[StepFigures], t: f64) {
    let palette = theme::palette(ui);
    let shade =
        |colour: Color32| if ui.visuals().dark_mode { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.35) };
    let colours = curves.map(|(_, colour, _)| shade(colour));
    ui.allocate_ui(size, |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                for ((name, ..), colour) in curves.iter().zip(colours) {
                    ui.label(RichText::new(*name).size(11.0).color(colour));
                }
                ui.label(RichText::new(place).size(11.0).color(palette.weak));
            });
            Plot::new(id)
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
                .include_x(0.0)
                .include_x(1.0)
                .include_y(0.0)
                .y_axis_min_width(34.0)
                .set_margin_fraction(Vec2::new(0.01, 0.12))
                .show(ui, |plot| {
                    for ((name, _, value), colour) in curves.iter().zip(colours) {
                        let points = || -> PlotPoints<'_> { steps.iter().map(|step| [step.t, value(step)]).collect() };
                        plot.line(Line::new(*name, points()).color(colour).width(1.4));
                        plot.points(Points::new(*name, points()).color(colour).radius(2.5));
                    }
                    plot.vline(VLine::new("present t", t).color(palette.accent).width(1.0));
                });
        });
    });
}
