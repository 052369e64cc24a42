//! All patients of one network and organ together.

use super::CaseScore;
use crate::metrics::bootstrap::{DEFAULT_DRAWS, Interval, interval, mean_interval};
use crate::metrics::{LabelMetrics, Overlap};
use serde::Serialize;

/// A number with its interval over patients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The number; `None` where it is not defined.
    pub value: Option<f64>,
    /// 95 % interval; `None` with fewer than two patients.
    pub interval: Option<Interval>,
}

/// All patients of one network and organ.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Architecture.
    pub method: String,
    /// Number of weights; 0 for a method that learned nothing.
    pub parameters: usize,
    /// Mean evaluations per solve, or steps of a level set; `None` without either.
    pub evaluations: Option<f64>,
    /// Name of the organ.
    pub organ: String,
    /// Number of patients.
    pub patients: usize,
    /// Pooled over the slices with organ (the NODE paper's protocol).
    pub iou_organ_slices: Estimate,
    /// The same.
    pub dice_organ_slices: Estimate,
    /// Pooled over whole volumes.
    pub iou: Estimate,
    /// The same.
    pub dice: Estimate,
    /// Mean over patients of the whole volume's Dice.
    pub mean_dice: Estimate,
    /// Mean over patients, mm.
    pub hd95_mm: Estimate,
    /// Mean over patients, mm.
    pub assd_mm: Estimate,
    /// Mean over patients.
    pub surface_dice: Estimate,
    /// Mean over patients, mL.
    pub volume_difference_ml: Estimate,
}

/// One summary per network and organ, in the order in which they first occur. The same `rng_seed` gives the same
/// intervals.
pub fn summarize(scores: &[CaseScore], rng_seed: u64) -> Vec<Summary> {
    let mut groups: Vec<Vec<&CaseScore>> = Vec::new();
    for score in scores {
        let same = |g: &&mut Vec<&CaseScore>| {
            let first = g[0];
            (&first.method, first.parameters, &first.organ) == (&score.method, score.parameters, &score.organ)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(score),
            None => groups.push(vec![score]),
        }
    }
    groups.iter().map(|group| summary(group, rng_seed)).collect()
}

fn summary(group: &[&CaseScore], rng_seed: u64) -> Summary {
    let pooled = |part: fn(&CaseScore) -> &Overlap, metric: fn(&Overlap) -> Option<f64>| {
        let of = |drawn: &[usize]| metric(&drawn.iter().fold(Overlap::default(), |sum, &i| sum + *part(group[i])));
        let all: Vec<usize> = (0..group.len()).collect();
        Estimate { value: of(&all), interval: interval(group.len(), DEFAULT_DRAWS, rng_seed, of) }
    };
    let mean = |metric: fn(&LabelMetrics) -> Option<f64>| {
        let values: Vec<Option<f64>> = group.iter().map(|score| metric(&score.volume)).collect();
        let defined: Vec<f64> = values.iter().copied().flatten().collect();
        let value = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64);
        Estimate { value, interval: mean_interval(&values, DEFAULT_DRAWS, rng_seed) }
    };
    let evaluations: Vec<f64> = group.iter().filter_map(|score| score.evaluations).collect();
    Summary {
        method: group[0].method.clone(),
        parameters: group[0].parameters,
        evaluations: (!evaluations.is_empty()).then(|| evaluations.iter().sum::<f64>() / evaluations.len() as f64),
        organ: group[0].organ.clone(),
        patients: group.len(),
        iou_organ_slices: pooled(|s| &s.organ_slices, Overlap::iou),
        dice_organ_slices: pooled(|s| &s.organ_slices, Overlap::dice),
        iou: pooled(|s| &s.whole, Overlap::iou),
        dice: pooled(|s| &s.whole, Overlap::dice),
        mean_dice: mean(|m| m.dice),
        hd95_mm: mean(|m| m.hd95_mm),
        assd_mm: mean(|m| m.assd_mm),
        surface_dice: mean(|m| m.surface_dice),
        volume_difference_ml: mean(|m| Some(m.volume_difference_ml)),
    }
}
