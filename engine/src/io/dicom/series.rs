//! Slices that belong together: one series, one orientation, one size; apart by what tells doubles apart.

use super::place::along_normal;
use super::slice::{About, Place, Slice, TELLING};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Cosines of one orientation differ by rounding only: 0.1 mm at half a metre.
const SAME_COSINE: f64 = 2e-4;
/// Slices closer than this lie at one place.
pub(super) const SAME_PLACE_MM: f64 = 1e-3;

/// Slices that may be one volume.
pub(super) struct Series {
    pub about: Arc<About>,
    pub slices: Vec<Slice>,
    /// What it is a part of its series by, in words.
    pub part: String,
    /// Copies of slices that were left out.
    pub copies: usize,
}

/// A series in words and numbers, for a list to choose from. Nothing of the patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesInfo {
    /// Its number in the list, from 1: what `--series` takes.
    pub number: usize,
    /// SeriesInstanceUID.
    pub uid: String,
    /// E.g. `CT`.
    pub modality: String,
    /// SeriesDescription.
    pub description: String,
    /// Date of the series, `YYYYMMDD` as stored.
    pub date: String,
    /// Number of slices.
    pub slices: usize,
    /// Columns and rows.
    pub size: [usize; 2],
    /// Distance between columns and between rows, mm, where it is said.
    pub spacing_mm: Option<[f64; 2]>,
    /// Median distance between slices, mm, where it is known.
    pub step_mm: Option<f64>,
    /// What tells it from other parts of the same series, or why it is no volume.
    pub part: String,
}

impl SeriesInfo {
    /// One line: `2: CT "Abdomen", 131 slices of 512x512, 0.700x0.700x2.500 mm, 2019-03-07`.
    pub fn describe(&self) -> String {
        let mut text = format!("{}: {}", self.number, self.modality);
        if !self.description.is_empty() {
            text += &format!(" \"{}\"", self.description);
        }
        text += &format!(", {} slice(s) of {}x{}", self.slices, self.size[0], self.size[1]);
        if let Some([x, y]) = self.spacing_mm {
            let z = self.step_mm.map_or_else(|| "?".to_owned(), |z| format!("{z:.3}"));
            text += &format!(", {x:.3}x{y:.3}x{z} mm");
        }
        if let (8, Some(y), Some(m), Some(d)) =
            (self.date.len(), self.date.get(..4), self.date.get(4..6), self.date.get(6..))
        {
            text += &format!(", {y}-{m}-{d}");
        }
        if !self.part.is_empty() {
            text += &format!(", {}", self.part);
        }
        text
    }
}

impl Series {
    /// The series in words and numbers.
    pub fn info(&self, number: usize) -> SeriesInfo {
        let first = &self.slices[0];
        let mut positions: Vec<f64> = self.slices.iter().filter_map(|s| along_normal(&s.place)).collect();
        positions.sort_by(f64::total_cmp);
        let mut steps: Vec<f64> = positions.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        SeriesInfo {
            number,
            uid: self.about.series.clone(),
            modality: self.about.modality.clone(),
            description: self.about.description.clone(),
            date: self.about.date.clone(),
            slices: self.slices.len(),
            size: [first.format.columns, first.format.rows],
            spacing_mm: first.place.spacing.map(|[rows, columns]| [columns, rows]),
            step_mm: steps.get(steps.len() / 2).copied().or(first.place.thickness),
            part: self.part.clone(),
        }
    }
}

/// Groups slices, in the order in which they come.
pub(super) fn group(slices: Vec<Slice>) -> Vec<Series> {
    let mut groups: Vec<Vec<Slice>> = Vec::new();
    let mut by_key: HashMap<(String, String, usize, usize, bool), Vec<usize>> = HashMap::new();
    for slice in slices {
        let (about, format) = (&slice.about, &slice.format);
        let key = (about.series.clone(), about.modality.clone(), format.rows, format.columns, about.localizer);
        let known = by_key.entry(key).or_default();
        match known.iter().find(|&&g| same_plane(&groups[g][0].place, &slice.place)) {
            Some(&g) => groups[g].push(slice),
            None => {
                known.push(groups.len());
                groups.push(vec![slice]);
            }
        }
    }
    let oblique_parts = by_key.values().filter(|g| g.len() > 1).flatten().copied().collect::<BTreeSet<_>>();
    let apart = |(number, slices): (usize, Vec<Slice>)| {
        let mut part = if slices[0].about.localizer { "localizer" } else { "" }.to_owned();
        if oblique_parts.contains(&number) && part.is_empty() {
            part = orientation_words(&slices[0].place);
        }
        split(slices, &part)
    };
    groups.into_iter().enumerate().flat_map(apart).collect()
}

fn orientation_words(place: &Place) -> String {
    match place.orientation {
        Some(o) => {
            format!("of orientation {:.3}\\{:.3}\\{:.3}\\{:.3}\\{:.3}\\{:.3}", o[0], o[1], o[2], o[3], o[4], o[5])
        }
        None => "without orientation".to_owned(),
    }
}

/// Same directions and same distances between pixels.
fn same_plane(a: &Place, b: &Place) -> bool {
    let orientation = match (a.orientation, b.orientation) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SAME_COSINE),
        (None, None) => true,
        _ => false,
    };
    let spacing = match (a.spacing, b.spacing) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * a.abs()),
        (None, None) => true,
        _ => false,
    };
    orientation && spacing
}

/// Leaves copies out, and where slices lie at one place, takes them apart by the first attribute that does.
fn split(mut slices: Vec<Slice>, part: &str) -> Vec<Series> {
    let before = slices.len();
    let mut seen = BTreeSet::new();
    slices.retain(|s| s.about.instance.is_empty() || seen.insert((s.about.instance.clone(), s.frame)));
    let copies = before - slices.len();
    let series = |slices: Vec<Slice>, part: String| Series { about: slices[0].about.clone(), slices, part, copies };
    if doubled(&slices) {
        for (which, name) in TELLING.iter().enumerate() {
            let mut parts: BTreeMap<&str, Vec<Slice>> = BTreeMap::new();
            for slice in &slices {
                parts.entry(&slice.telling[which]).or_default().push(slice.clone());
            }
            if parts.len() > 1 && parts.values().all(|part| !doubled(part)) {
                let words = |value: &str| {
                    let value = value.replace(char::is_control, " ");
                    if part.is_empty() { format!("{name} {value}") } else { format!("{part}, {name} {value}") }
                };
                return parts.into_iter().map(|(value, slices)| series(slices, words(value))).collect();
            }
        }
    }
    vec![series(slices, part.to_owned())]
}

/// Whether two slices lie at one place.
fn doubled(slices: &[Slice]) -> bool {
    let mut positions: Vec<f64> = slices.iter().filter_map(|s| along_normal(&s.place)).collect();
    positions.sort_by(f64::total_cmp);
    positions.windows(2).any(|pair| pair[1] - pair[0] < SAME_PLACE_MM)
}
