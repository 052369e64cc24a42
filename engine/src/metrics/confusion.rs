//! Pixels counted by class over a whole set, as the PASCAL VOC segmentation challenge counts them.

use super::Overlap;

/// Pixels by true and predicted class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `truth * classes + prediction`.
    counts: Vec<u64>,
}

impl Confusion {
    /// No pixel yet, for classes 0 (background) to `classes - 1`.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Adds the pixels of one image; those whose truth is no class (VOC's 255 around objects) do not count.
    ///
    /// # Panics
    /// When the images differ in length, or a predicted class is none of them.
    pub fn add(&mut self, prediction: &[u16], truth: &[u16]) {
        assert_eq!(prediction.len(), truth.len(), "prediction and truth must lie on one grid");
        for (&p, &t) in prediction.iter().zip(truth) {
            let (p, t) = (usize::from(p), usize::from(t));
            assert!(p < self.classes, "predicted class {p}: expected 0 to {}", self.classes - 1);
            if t < self.classes {
                self.counts[t * self.classes + p] += 1;
            }
        }
    }

    /// Counts of one class against all others.
    ///
    /// # Panics
    /// A class that is none.
    pub fn overlap(&self, class: usize) -> Overlap {
        let sum = |cells: &mut dyn Iterator<Item = usize>| cells.map(|cell| self.counts[cell]).sum::<u64>();
        let both = self.counts[class * self.classes + class];
        let truth = sum(&mut (0..self.classes).map(|p| class * self.classes + p));
        let prediction = sum(&mut (0..self.classes).map(|t| t * self.classes + class));
        Overlap { both, prediction_only: prediction - both, truth_only: truth - both }
    }

    /// Mean over the classes, background included, of TP / (TP + FP + FN) over the whole set (Everingham 2015).
    /// Classes that neither truth nor prediction has are left out; not defined when there is no pixel.
    pub fn mean_iou(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.overlap(class).iou()))
    }

    /// The same mean of Dice's coefficient.
    pub fn mean_dice(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.overlap(class).dice()))
    }
}

/// Mean; not defined without a value.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}
