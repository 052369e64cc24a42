//! Segmentations: one label number per voxel, and run-length changes that can be undone.

use crate::geometry::Geometry;
use serde::{Deserialize, Serialize};

/// One label number per voxel (0 = background), x fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    geometry: Geometry,
    labels: Vec<u16>,
}

impl LabelMap {
    /// All background.
    pub fn empty(geometry: Geometry) -> Self {
        let labels = vec![0; geometry.len()];
        Self { geometry, labels }
    }

    /// Labels given voxel by voxel.
    ///
    /// # Panics
    /// When the number of labels is not the grid's.
    pub fn new(geometry: Geometry, labels: Vec<u16>) -> Self {
        assert_eq!(labels.len(), geometry.len(), "labels must fill the grid");
        Self { geometry, labels }
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
        let mut seen = vec![false; usize::from(u16::MAX) + 1];
        for &label in &self.labels {
            seen[usize::from(label)] = true;
        }
        (1..=u16::MAX).filter(|&label| seen[usize::from(label)]).collect()
    }

    /// Number of voxels with this label.
    pub fn count(&self, label: u16) -> usize {
        self.labels.iter().filter(|&&l| l == label).count()
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
        }
    }

    /// Takes a change back.
    pub fn revert(&mut self, delta: &LabelDelta) {
        for run in delta.runs.iter().rev() {
            self.labels[run.start..run.start + run.len].fill(run.before);
        }
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
