//! How well the boundaries of found instances lie: AF₁ and AF₂ of LevelSet R-CNN, from DAVIS's boundary measure.

use super::confusion::mean;
use super::instances::{Instance, Matches, THRESHOLDS};

/// Boundary pixels of a mask, rows then columns: those that differ from their right, lower or lower right neighbour
/// (DAVIS's seg2bmap, after Martin 2003); at the last row and column only the neighbours that exist count.
///
/// # Panics
/// When the mask does not fill the image.
pub fn boundary(mask: &[bool], size: [usize; 2]) -> Vec<bool> {
    let [h, w] = size;
    assert_eq!(mask.len(), h * w, "the mask must fill the image");
    (0..h * w)
        .map(|i| {
            let (below, beside) = (i / w + 1 < h, i % w + 1 < w);
            (beside && mask[i] != mask[i + 1])
                || (below && mask[i] != mask[i + w])
                || (below && beside && mask[i] != mask[i + w + 1])
        })
        .collect()
}

/// F₁ of two boundaries: precision is the part of the prediction's boundary pixels within `reach` pixels of one of the
/// truth's, recall the other way round (Perazzi 2016, §5). 0 when only one mask has a boundary; not defined when none
/// has.
///
/// # Panics
/// When a mask does not fill the image.
pub fn boundary_f(prediction: &[bool], truth: &[bool], size: [usize; 2], reach: usize) -> Option<f64> {
    let (p, t) = (boundary(prediction, size), boundary(truth, size));
    let part = |of: &[bool], near: &[bool]| {
        let near = dilated(near, size, reach);
        let count = of.iter().filter(|v| **v).count();
        let hits = of.iter().zip(near).filter(|(of, near)| **of && *near).count();
        (count > 0).then(|| hits as f64 / count as f64)
    };
    match (part(&p, &t), part(&t, &p)) {
        (None, None) => None,
        (Some(precision), Some(recall)) if precision + recall > 0.0 => {
            Some(2.0 * precision * recall / (precision + recall))
        }
        _ => Some(0.0),
    }
}

/// All pixels whose centre is within `reach` of a true one's.
fn dilated(mask: &[bool], [h, w]: [usize; 2], reach: usize) -> Vec<bool> {
    let mut wide = vec![false; mask.len()];
    let r = reach as isize;
    let disc: Vec<(isize, isize)> =
        (-r..=r).flat_map(|y| (-r..=r).map(move |x| (y, x))).filter(|(y, x)| y * y + x * x <= r * r).collect();
    for i in (0..mask.len()).filter(|&i| mask[i]) {
        for (dy, dx) in &disc {
            let (y, x) = ((i / w) as isize + dy, (i % w) as isize + dx);
            if (0..h as isize).contains(&y) && (0..w as isize).contains(&x) {
                wide[y as usize * w + x as usize] = true;
            }
        }
    }
    wide
}

/// One image of a class: what was predicted, what is true, and who hit whom.
#[derive(Clone, Debug)]
pub struct BoundaryImage {
    /// Predicted instances.
    pub predictions: Vec<Instance>,
    /// True instances.
    pub truths: Vec<Vec<bool>>,
    /// Rows and columns.
    pub size: [usize; 2],
}

/// AF of one class over a set of images at a reach in pixels: per IoU threshold the mean F₁ of the true positives,
/// then the mean over those of the ten thresholds that have one (LevelSet R-CNN, "Boundary Metric"; its mean runs over
/// the classes too, which is the mean of this function's values). Not defined without a true positive.
pub fn average_boundary_f(images: &[BoundaryImage], reach: usize) -> Option<f64> {
    let matches: Vec<Matches> = images.iter().map(|image| Matches::of(&image.predictions, &image.truths)).collect();
    let at_threshold = |index: usize| {
        let values = images.iter().zip(&matches).flat_map(|(image, matches)| {
            matches
                .true_positives(index)
                .filter_map(|(p, t)| boundary_f(&image.predictions[p].mask, &image.truths[t], image.size, reach))
        });
        mean(values)
    };
    mean((0..THRESHOLDS).filter_map(at_threshold))
}
