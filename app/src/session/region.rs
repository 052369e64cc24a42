//! A region around where a contour starts.

use super::document::Document;
use zeroset_engine::roi::Roi;

/// What a contour may move, and is shown, beyond its start, mm.
const MARGIN_MM: f64 = 30.0;

/// The seeds, or the active label where there are none, with a margin, cut to the scan; `None` without either.
pub(super) fn around_start(document: &Document) -> Option<Roi> {
    let scan = document.image.geometry();
    let (size, spacing) = (scan.size(), scan.spacing_mm());
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let mut take = |voxel: [f64; 3], reach: [f64; 3]| {
        for d in 0..3 {
            low[d] = low[d].min(voxel[d] - reach[d]);
            high[d] = high[d].max(voxel[d] + reach[d]);
        }
    };
    if document.seeds.is_empty() {
        let labels = document.labels.as_ref()?;
        for (row, line) in labels.labels().chunks(size[0]).enumerate() {
            let is_label = |label: &u16| *label == document.active_label;
            if let (Some(first), Some(last)) = (line.iter().position(is_label), line.iter().rposition(is_label)) {
                let [y, z] = [(row % size[1]) as f64, (row / size[1]) as f64];
                take([first as f64, y, z], [0.0; 3]);
                take([last as f64, y, z], [0.0; 3]);
            }
        }
    } else {
        for seed in &document.seeds {
            take(scan.voxel_of_world(seed.center_mm), spacing.map(|h| seed.radius_mm / h));
        }
    }
    let lower = std::array::from_fn(|d| (low[d] - MARGIN_MM / spacing[d]).floor().max(0.0) as usize);
    let upper = std::array::from_fn(|d| ((high[d] + MARGIN_MM / spacing[d]).ceil() as usize + 1).min(size[d]));
    let roi = Roi { lower, upper, resample: None };
    roi.validate(scan).is_ok().then_some(roi)
}
