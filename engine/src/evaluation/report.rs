//! Tables: for people in the layout of the NODE paper's Table 1, for programs as CSV.

use super::summary::Estimate;
use super::{CaseScore, Summary};
use std::io::Write;

/// The NODE paper's Table 1 (method, parameters, NFE, IoU) with Dice and HD95: one line per network and organ. IoU and
/// Dice are pooled over the slices that contain the organ, as there; the last columns are of whole volumes.
pub fn table_one(summaries: &[Summary]) -> String {
    let mut text = format!(
        "{:<16} {:<8} {:>10} {:>6} {:>4}  {:<21} {:<21} {:<21} {:<21}\n",
        "method", "organ", "parameters", "NFE", "n", "IoU", "Dice", "Dice, whole volume", "HD95 mm"
    );
    for s in summaries {
        let evaluations = s.evaluations.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"));
        let parameters = if s.parameters == 0 { "-".to_owned() } else { s.parameters.to_string() };
        text += &format!(
            "{:<16} {:<8} {:>10} {:>6} {:>4}  {:<21} {:<21} {:<21} {:<21}\n",
            s.method,
            s.organ,
            parameters,
            evaluations,
            s.patients,
            words(&s.iou_organ_slices, 3),
            words(&s.dice_organ_slices, 3),
            words(&s.dice, 3),
            words(&s.hd95_mm, 1),
        );
    }
    text
}

fn words(estimate: &Estimate, digits: usize) -> String {
    let Some(value) = estimate.value else { return "-".to_owned() };
    let interval = estimate.interval.map(|i| format!(" [{:.digits$}, {:.digits$}]", i.low, i.high));
    format!("{value:.digits$}{}", interval.unwrap_or_default())
}

/// One line per network, patient and organ; an undefined metric is an empty cell.
///
/// # Errors
/// What the writer refuses.
pub fn write_csv(scores: &[CaseScore], out: impl Write) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record([
        "method",
        "parameters",
        "nfe",
        "patient",
        "organ",
        "dice",
        "iou",
        "precision",
        "recall",
        "hausdorff_mm",
        "hd95_mm",
        "assd_mm",
        "surface_dice",
        "volume_difference_ml",
        "prediction_ml",
        "truth_ml",
        "dice_organ_slices",
        "iou_organ_slices",
        "duration_s",
    ])?;
    let cell = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    for s in scores {
        let v = &s.volume;
        table.write_record([
            s.method.clone(),
            s.parameters.to_string(),
            cell(s.evaluations),
            s.patient.clone(),
            s.organ.clone(),
            cell(v.dice),
            cell(v.iou),
            cell(v.precision),
            cell(v.recall),
            cell(v.hausdorff_mm),
            cell(v.hd95_mm),
            cell(v.assd_mm),
            cell(v.surface_dice),
            v.volume_difference_ml.to_string(),
            v.prediction_ml.to_string(),
            v.truth_ml.to_string(),
            cell(s.organ_slices.dice()),
            cell(s.organ_slices.iou()),
            s.duration_s.to_string(),
        ])?;
    }
    table.flush()?;
    Ok(())
}
