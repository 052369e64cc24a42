//! Earlier contours of the line shown: stored φ as signed bytes, eight moments to a voxel.

use super::Source;
use crate::session::evolution::Place;
use crate::session::overlay::{TRAIL, Trail};
use rayon::prelude::*;
use std::sync::Arc;
use zeroset_engine::levelset::phi::grid_of;

/// Most bytes of moments kept so that scrubbing finds them again.
const KEPT_BYTES: usize = 128 << 20;

/// Trails made so far of an evolution.
#[derive(Default)]
pub struct Trails {
    line: (usize, usize),
    /// Moments of the line as bytes, the last used ones last.
    moments: Vec<(u64, Arc<Vec<i8>>)>,
    newest: Option<Arc<Trail>>,
}

impl Trails {
    /// The trail of what is shown; `None` when nothing came before.
    pub fn make(&mut self, source: &dyn Source, place: &Place) -> Option<Arc<Trail>> {
        if source.line() != self.line {
            *self = Self { line: source.line(), ..Self::default() };
        }
        let steps = source.stored();
        if steps.is_empty() {
            return None;
        }
        if let Some(newest) = self.newest.as_ref().filter(|trail| trail.moments == steps) {
            return Some(newest.clone());
        }
        let range_mm = 2.0 * grid_of(&place.geometry).h_max();
        let layers: Vec<Arc<Vec<i8>>> =
            steps.iter().map(|&step| self.layer(source, step, range_mm)).collect::<Option<_>>()?;
        let trail = Arc::new(Trail { moments: steps, packed: pack(&layers), range_mm });
        self.newest = Some(trail.clone());
        self.forget();
        Some(trail)
    }

    fn layer(&mut self, source: &dyn Source, step: u64, range_mm: f32) -> Option<Arc<Vec<i8>>> {
        let known = self.moments.iter().position(|(known, _)| *known == step).map(|at| self.moments.remove(at).1);
        let layer = match known {
            Some(layer) => layer,
            None => Arc::new(source.stored_phi(step)?.par_iter().map(|&phi| byte(phi / range_mm)).collect()),
        };
        self.moments.push((step, layer.clone()));
        Some(layer)
    }

    /// Drops what was not used for longest.
    fn forget(&mut self) {
        let bytes = |moments: &[(u64, Arc<Vec<i8>>)]| moments.iter().map(|(_, layer)| layer.len()).sum::<usize>();
        while self.moments.len() > TRAIL && bytes(&self.moments) > KEPT_BYTES {
            self.moments.remove(0);
        }
    }
}

/// Steps before `step`, from 0 on, evenly spaced by `unit` times a power of two, at most [`TRAIL`]: while the contour
/// moves on they stay the same, until every other one goes.
pub fn moments(step: u64, unit: u64) -> Vec<u64> {
    let mut spacing = unit.max(1);
    while step.div_ceil(spacing) > TRAIL as u64 {
        spacing *= 2;
    }
    (0..step.div_ceil(spacing)).map(|n| n * spacing).collect()
}

/// A share of the range as WGSL's snorm.
fn byte(share: f32) -> i8 {
    (share.clamp(-1.0, 1.0) * 127.0).round() as i8
}

/// Layers (at most eight, of one length) side by side, voxel by voxel.
pub fn pack(layers: &[Arc<Vec<i8>>]) -> Vec<[u32; 2]> {
    let voxels = layers.first().map_or(0, |layer| layer.len());
    let word = |voxel: usize, half: usize| {
        let bytes = std::array::from_fn(|k| layers.get(4 * half + k).map_or(0, |layer| layer[voxel].cast_unsigned()));
        u32::from_le_bytes(bytes)
    };
    (0..voxels).into_par_iter().with_min_len(4096).map(|voxel| [word(voxel, 0), word(voxel, 1)]).collect()
}
