//! The liver: one part, the largest.

use super::components::Components;
use super::findings::{PartName, Warning};
use super::{Extent, Judgement};
use crate::geometry::Geometry;

/// Name of the organ, as on the command line and in checkpoints.
pub const NAME: &str = "liver";

/// Volumes (mL) that a liver usually has.
///
/// 369 healthy Chinese adults had 594 to 2250 mL on CT, mean 1205 ± 258 (Feng et al., World J Gastroenterol 2017;
/// 23:4968, doi:10.3748/wjg.v23.i27.4968); 2773 of the population of Pomerania 1505 ± 385 mL on MR, those with fatty
/// livers 1717 ± 419 (Eur J Radiol 2018; 106:32, doi:10.1016/j.ejrad.2018.07.005): three deviations above that is 3000.
pub const USUAL_ML: [f64; 2] = [550.0, 3000.0];

/// Other components below this are crumbs and go without a word, mL.
pub const CRUMB_ML: f64 = 20.0;

/// Keeps the largest component; in a single slice, where a liver may well be two, all but crumbs.
pub(super) fn judge(components: &Components, grid: &Geometry, extent: Extent) -> Judgement {
    let parts = components.parts();
    let ml = |part: usize| parts[part].voxels as f64 * grid.voxel_volume_mm3() / 1000.0;
    if extent == Extent::Slice {
        return super::kidney::slice(components, grid);
    }
    let others: Vec<usize> = (1..parts.len()).filter(|&part| ml(part) >= CRUMB_ML).collect();
    let left_out = Warning::LeftOut { parts: others.len(), volume_ml: others.iter().map(|&part| ml(part)).sum() };
    Judgement {
        kept: (0..parts.len().min(1)).map(|part| (part, PartName::Organ)).collect(),
        warnings: if others.is_empty() { Vec::new() } else { vec![left_out] },
    }
}
