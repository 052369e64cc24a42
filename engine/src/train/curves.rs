//! Losses and overlap over the epochs as one SVG.

use super::TrainError;
use super::error::write_error;
use super::folder::write;
use super::report::EpochReport;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (900, 640);
const TRAINING: RGBColor = RGBColor(31, 119, 180);
const VALIDATION: RGBColor = RGBColor(255, 127, 14);

/// Draws the curves of a run.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn draw(path: &Path, epochs: &[EpochReport]) -> Result<(), TrainError> {
    let mut text = String::new();
    plot(&mut text, epochs).map_err(|e| write_error(path, e))?;
    write(path, text.as_bytes())
}

fn plot(text: &mut String, epochs: &[EpochReport]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (upper, lower) = area.split_vertically(SIZE.1 / 2);
    let losses = |of: fn(&EpochReport) -> f64| -> Vec<(f64, f64)> {
        let points = epochs.iter().map(|e| (e.epoch as f64, of(e)));
        points.filter(|(_, loss)| loss.is_finite() && *loss > 0.0).collect()
    };
    let (training, validation) = (losses(|e| e.training_loss), losses(|e| e.validation_loss));
    let all = || training.iter().chain(&validation).map(|p| p.1);
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let end = epochs.last().map_or(2.0, |e| e.epoch as f64).max(2.0);
    if least <= most {
        let mut chart = ChartBuilder::on(&upper)
            .caption("loss: training (blue), validation (orange)", ("sans-serif", 16))
            .margin(10)
            .x_label_area_size(24)
            .y_label_area_size(60)
            .build_cartesian_2d(1.0..end, (0.9 * least..1.1 * most).log_scale())?;
        chart.configure_mesh().light_line_style(WHITE).y_label_formatter(&|v| format!("{v:.1e}")).draw()?;
        chart.draw_series(LineSeries::new(training.iter().copied(), TRAINING.stroke_width(2)))?;
        chart.draw_series(LineSeries::new(validation.iter().copied(), VALIDATION.stroke_width(2)))?;
    }
    let organs: Vec<&str> = epochs.first().map_or(Vec::new(), |e| e.organs.iter().map(|o| o.organ.as_str()).collect());
    let mut chart = ChartBuilder::on(&lower)
        .caption(format!("validation IoU, pooled: {}", organs.join(", ")), ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(24)
        .y_label_area_size(60)
        .build_cartesian_2d(1.0..end, 0.0..1.0)?;
    chart.configure_mesh().light_line_style(WHITE).x_desc("epoch").draw()?;
    for place in 0..organs.len() {
        let points = epochs.iter().filter_map(|e| Some((e.epoch as f64, e.organs.get(place)?.iou?)));
        let colour = Palette99::pick(place).mix(1.0);
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    area.present()?;
    drop(chart);
    drop(area);
    Ok(())
}
