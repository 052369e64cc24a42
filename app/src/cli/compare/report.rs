//! The table of a comparison as JSON and for people.

use super::args::CompareArgs;
use serde::Serialize;
use zeroset_engine::Roi;
use zeroset_engine::compare::{Comparison, Row, Track};

/// The table with what it takes to repeat it.
#[derive(Serialize)]
pub struct Report<'a> {
    program: &'static str,
    version: &'static str,
    image: String,
    roi: Roi,
    slice: Option<usize>,
    start_ml: f64,
    rows: &'a [Row],
    /// SHA-256 of each network's weights.
    weights_sha256: Vec<Option<&'a str>>,
    pub warnings: Vec<String>,
}

/// All that is known of a comparison.
pub fn report<'a>(args: &CompareArgs, comparison: &'a Comparison, rows: &'a [Row]) -> Report<'a> {
    let voxel_ml = comparison.site.grid.voxel_volume_mm3() / 1000.0;
    let warned = |track: &Track| {
        let thinned = track.thinned.then(|| "moments were left out: they did not fit the memory".to_owned());
        let all = track.warnings.iter().cloned().chain(thinned);
        all.map(|warning| format!("{}: {warning}", track.name)).collect::<Vec<_>>()
    };
    Report {
        program: "Zeroset",
        version: env!("CARGO_PKG_VERSION"),
        image: args.image.display().to_string(),
        roi: comparison.site.roi,
        slice: args.slice,
        start_ml: comparison.start.voxels() as f64 * voxel_ml,
        rows,
        weights_sha256: comparison.tracks.iter().map(|track| track.weights_sha256.as_deref()).collect(),
        warnings: comparison.tracks.iter().flat_map(warned).collect(),
    }
}

/// The table for people.
pub fn in_columns(rows: &[Row], with_reference: bool) -> String {
    let first = rows.first().map_or("", |row| row.method.as_str());
    let number = |value: Option<f64>, digits: usize| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    let mut text = format!(
        "{:<16} {:>12} {:>8} {:>10} {:>10} {:>10} {:>9}{}\n",
        "method",
        "work",
        "s",
        "mL",
        "change",
        "Dice*",
        "HD95* mm",
        if with_reference { "  Dice to reference" } else { "" }
    );
    for row in rows {
        let judged = if with_reference { format!("  {:>17}", number(row.dice_to_reference, 4)) } else { String::new() };
        text += &format!(
            "{:<16} {:>12} {:>8.2} {:>10.2} {:>+10.2} {:>10} {:>9}{judged}\n",
            row.method,
            row.work.words(),
            row.duration_s,
            row.volume_ml,
            row.change_ml,
            number(row.dice_to_first, 4),
            number(row.hd95_to_first_mm, 2),
        );
    }
    text + &format!("* to {first}\n")
}
