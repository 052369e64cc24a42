//! Segmentations: one label number per voxel, and run-length changes that can be undone.

use crate::geometry::Geometry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One label number per voxel (0 = background), x fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    geometry: Geometry,
    labels: Vec<u16>,
    /// Voxels of each label that occurs, background included: the window asks for them in every frame.
    counts: BTreeMap<u16, usize>,
}

impl LabelMap {
    /// All background.
    pub fn empty(geometry: Geometry) -> Self {
        let labels = vec![0; geometry.len()];
        let counts = BTreeMap::from([(0, labels.len())]);
        Self { geometry, labels, counts }
    }

    /// Labels given voxel by voxel.
    ///
    /// # Panics
    /// When the number of labels is not the grid's.
    pub fn new(geometry: Geometry, labels: Vec<u16>) -> Self {
        assert_eq!(labels.len(), geometry.len(), "labels must fill the grid");
        let mut voxels = vec![0; usize::from(u16::MAX) + 1];
        for &label in &labels {
            voxels[usize::from(label)] += 1;
        }
        let counts = (0..=u16::MAX).zip(voxels).filter(|&(_, count)| count > 0).collect();
        Self { geometry, labels, counts }
    }

    /// The grid.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The labels, x fastest.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// Label of a voxel.
    pub fn at(&self, voxel: [usize; 3]) -> u16 {
        self.labels[self.geometry.index(voxel)]
    }

    /// The label numbers that occur, ascending, without 0.
    pub fn present(&self) -> Vec<u16> {
        self.counts.keys().copied().filter(|&label| label != 0).collect()
    }

    /// Number of voxels with this label.
    pub fn count(&self, label: u16) -> usize {
        self.counts.get(&label).copied().unwrap_or(0)
    }

    /// Volume of a label in mL.
    pub fn volume_ml(&self, label: u16) -> f64 {
        self.count(label) as f64 * self.geometry.voxel_volume_mm3() / 1000.0
    }

    /// The change that writes `label` wherever `inside(index)` holds, without applying it.
    pub fn delta(&self, inside: impl Fn(usize) -> Option<u16>) -> LabelDelta {
        let mut runs: Vec<Run> = Vec::new();
        for (index, &before) in self.labels.iter().enumerate() {
            let Some(after) = inside(index) else { continue };
            if after == before {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.start + run.len == index && run.before == before && run.after == after => run.len += 1,
                _ => runs.push(Run { start: index, len: 1, before, after }),
            }
        }
        LabelDelta { runs }
    }

    /// Applies a change.
    pub fn apply(&mut self, delta: &LabelDelta) {
        for run in &delta.runs {
            self.labels[run.start..run.start + run.len].fill(run.after);
            self.recount(run.before, run.after, run.len);
        }
    }

    /// Takes a change back.
    pub fn revert(&mut self, delta: &LabelDelta) {
        for run in delta.runs.iter().rev() {
            self.labels[run.start..run.start + run.len].fill(run.before);
            self.recount(run.after, run.before, run.len);
        }
    }

    /// Moves `voxels` from one label's count to another's.
    fn recount(&mut self, from: u16, to: u16, voxels: usize) {
        let left = self.count(from).saturating_sub(voxels);
        if left == 0 {
            self.counts.remove(&from);
        } else {
            self.counts.insert(from, left);
        }
        *self.counts.entry(to).or_default() += voxels;
    }
}

/// A change of labels as runs of voxels: small, and invertible.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelDelta {
    runs: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    start: usize,
    len: usize,
    before: u16,
    after: u16,
}

impl LabelDelta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Number of voxels that change.
    pub fn changed_voxels(&self) -> usize {
        self.runs.iter().map(|r| r.len).sum()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.runs.len() * size_of::<Run>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_a_change_and_its_undoing() {
        let geometry = Geometry::aligned([4, 3, 2], [1.0; 3], [0.0; 3]).unwrap();
        let mut map = LabelMap::new(geometry, (0..24).map(|i| u16::from(i % 3 == 0) * 7).collect());
        let before = map.clone();
        let delta = map.delta(|i| (i < 10).then_some(if i < 6 { 2 } else { 0 }));
        map.apply(&delta);
        for label in [0, 2, 7, 9] {
            assert_eq!(map.count(label), map.labels().iter().filter(|&&l| l == label).count(), "label {label}");
        }
        assert_eq!(map.present(), [2, 7]);
        map.revert(&delta);
        assert_eq!(map, before);
    }
}
