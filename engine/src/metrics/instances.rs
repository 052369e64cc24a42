//! Average precision of instances, as COCO defines it (mask IoU 0.50 to 0.95).

use super::Overlap;
use super::confusion::mean;

/// Predictions per image that count, best first (COCO's maxDets).
const MOST_PREDICTIONS: usize = 100;
/// Recalls at which precision is read: 0, 0.01, … 1.
const RECALLS: usize = 101;
/// IoU thresholds.
pub const THRESHOLDS: usize = 10;

/// IoU threshold number `index`: 0.50, 0.55, … 0.95.
pub fn threshold(index: usize) -> f64 {
    // As numpy's linspace rounds it, so that an IoU of exactly a threshold counts as it does there.
    0.5 + index as f64 * ((0.95 - 0.5) / 9.0)
}

/// A predicted instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// How sure the prediction is; more is surer.
    pub score: f64,
    /// Its pixels.
    pub mask: Vec<bool>,
}

/// Predictions of one class in one image, surest first, and what they hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Matches {
    /// Score of each prediction.
    scores: Vec<f64>,
    /// Index among the given predictions.
    given: Vec<usize>,
    /// Per IoU threshold and prediction, the true instance that it hits.
    hits: Vec<Vec<Option<usize>>>,
    /// True instances.
    truths: usize,
}

impl Matches {
    /// Gives every prediction, surest first, the free true instance of greatest IoU, if that reaches the threshold.
    /// (COCO's rule without its crowd regions and size classes, which CT has not.)
    ///
    /// # Panics
    /// When masks differ in length.
    pub fn of(predictions: &[Instance], truths: &[Vec<bool>]) -> Self {
        let mut given: Vec<usize> = (0..predictions.len()).collect();
        given.sort_by(|&a, &b| predictions[b].score.total_cmp(&predictions[a].score));
        given.truncate(MOST_PREDICTIONS);
        let iou = |p: usize, t: usize| Overlap::of(&predictions[p].mask, &truths[t]).iou().unwrap_or(0.0);
        let ious: Vec<Vec<f64>> = given.iter().map(|&p| (0..truths.len()).map(|t| iou(p, t)).collect()).collect();
        let hits = (0..THRESHOLDS).map(|index| assign(&ious, truths.len(), threshold(index))).collect();
        Self { scores: given.iter().map(|&p| predictions[p].score).collect(), given, hits, truths: truths.len() }
    }

    /// Index of the prediction and of the true instance of every hit at IoU threshold number `index`.
    pub fn true_positives(&self, index: usize) -> impl Iterator<Item = (usize, usize)> {
        self.given.iter().zip(&self.hits[index]).filter_map(|(&p, hit)| hit.map(|t| (p, t)))
    }
}

fn assign(ious: &[Vec<f64>], truths: usize, threshold: f64) -> Vec<Option<usize>> {
    let mut free = vec![true; truths];
    let best = |ious: &Vec<f64>| {
        let (mut hit, mut least) = (None, threshold.min(1.0 - 1e-10));
        for (t, &iou) in ious.iter().enumerate() {
            if free[t] && iou >= least {
                (hit, least) = (Some(t), iou);
            }
        }
        if let Some(t) = hit {
            free[t] = false;
        }
        hit
    };
    ious.iter().map(best).collect()
}

/// Average precision of one class over a set of images, one value per IoU threshold; not defined without a true
/// instance. Precision is made to fall with recall and read at 101 recalls.
pub fn average_precisions(images: &[Matches]) -> Option<[f64; THRESHOLDS]> {
    let truths: usize = images.iter().map(|image| image.truths).sum();
    let mut ranked: Vec<(f64, usize, usize)> = images
        .iter()
        .enumerate()
        .flat_map(|(i, m)| m.scores.iter().enumerate().map(move |(d, &s)| (s, i, d)))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    (truths > 0).then(|| {
        std::array::from_fn(|index| {
            let is_hit = ranked.iter().map(|&(_, image, d)| images[image].hits[index][d].is_some());
            area(is_hit, truths as f64)
        })
    })
}

/// Mean over the ten IoU thresholds: AP. Mean over classes with [`mean_average_precision`].
pub fn average_precision(images: &[Matches]) -> Option<f64> {
    average_precisions(images).map(|values| values.iter().sum::<f64>() / THRESHOLDS as f64)
}

/// Mean AP over the classes that have a true instance anywhere: COCO's AP. `classes` holds the images of each class.
pub fn mean_average_precision(classes: &[Vec<Matches>]) -> Option<f64> {
    mean(classes.iter().filter_map(|images| average_precision(images)))
}

fn area(is_hit: impl Iterator<Item = bool>, truths: f64) -> f64 {
    let mut hits = 0.0;
    let mut curve: Vec<(f64, f64)> = is_hit
        .enumerate()
        .map(|(rank, hit)| {
            hits += f64::from(hit);
            (hits / truths, hits / (rank as f64 + 1.0))
        })
        .collect();
    for i in (1..curve.len()).rev() {
        curve[i - 1].1 = curve[i - 1].1.max(curve[i].1);
    }
    let at = |k: usize| {
        let recall = k as f64 * 0.01;
        curve.get(curve.partition_point(|point| point.0 < recall)).map_or(0.0, |point| point.1)
    };
    (0..RECALLS).map(at).sum::<f64>() / RECALLS as f64
}
