//! The figures of a comparison, and their form as CSV.

use super::frame::Work;
use serde::Serialize;

/// What a method reached at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The method's name.
    pub method: String,
    /// What the whole run took.
    pub work: Work,
    /// Steps behind the moment; 0 for a network.
    pub step: u64,
    /// The method's own time at the moment.
    pub t: f64,
    /// Seconds of the whole run.
    pub duration_s: f64,
    /// Voxels inside times the volume of a voxel, mL.
    pub volume_ml: f64,
    /// The same less that of the start, mL.
    pub change_ml: f64,
    /// Dice's coefficient against the first method at the same progress.
    pub dice_to_first: Option<f64>,
    /// 95th percentile of the surface distances to it, mm; `None` also where it was not measured.
    pub hd95_to_first_mm: Option<f64>,
    /// Dice's coefficient against a reference, where there is one.
    pub dice_to_reference: Option<f64>,
    /// Why the method ended.
    pub end: String,
}

/// The table as CSV with a line of names.
pub fn csv(rows: &[Row]) -> String {
    let names = [
        "method",
        "counted",
        "number",
        "step",
        "t",
        "seconds",
        "volume_ml",
        "change_ml",
        "dice_to_first",
        "hd95_to_first_mm",
        "dice_to_reference",
        "end",
    ];
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
    let lines = rows.iter().map(|row| {
        let (counted, count) = match row.work {
            Work::Steps(n) => ("steps", n),
            Work::Evaluations(n) => ("evaluations", n),
            Work::Slices(n) => ("slices", n),
        };
        let figures = [row.t, row.duration_s, row.volume_ml, row.change_ml].map(|v| format!("{v:.4}"));
        let judged = [row.dice_to_first, row.hd95_to_first_mm, row.dice_to_reference].map(number);
        let first = [quoted(&row.method), counted.to_owned(), count.to_string(), row.step.to_string()];
        first.into_iter().chain(figures).chain(judged).chain([quoted(&row.end)]).collect::<Vec<_>>().join(",")
    });
    std::iter::once(names.join(",")).chain(lines).map(|line| line + "\n").collect()
}

/// A text that may hold commas.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
