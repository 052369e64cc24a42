//! The kidneys: one on either side of the patient's midline, and what is not as usual.
//!
//! Kept are the largest plausible part of each side and pieces of it above and below. A kidney that is alone, lies
//! across the midline (horseshoe), lies beside its fellow (crossed, in the pelvis) or is the third (transplant) is kept
//! with a warning. Only where both usual kidneys are there is a further part left out, with a warning too; what
//! disappears without a word is below [`CRUMB_ML`].

use super::components::{Component, Components};
use super::findings::{PartName, Side, Warning};
use super::neck::{Neck, neck};
use super::{Extent, Judgement};
use crate::geometry::Geometry;
use crate::slices::axial_axis;

/// Name of the organs, left and right together, as on the command line and in checkpoints.
pub const NAME: &str = "kidney";

/// Volumes (mL) that a kidney usually has.
///
/// Adults with normal function had 177 ± 34 mL (men) and 146 ± 28 mL (women) per kidney on CT (Kwon et al., Korean J
/// Nephrol 2008; 27:659): three deviations below the women's mean is 62. A single kidney grows; twice the men's mean is
/// 354. Beyond it polycystic kidneys begin, with 1060 ± 642 mL for both (Grantham et al., N Engl J Med 2006; 354:2122).
pub const USUAL_ML: [f64; 2] = [60.0, 350.0];

/// Parts below this are crumbs, mL.
pub const CRUMB_ML: f64 = 5.0;
/// Least volume of a kidney that is not cut by the border of the scan, mL: shrunken ones have a quarter of the usual.
pub const LEAST_ML: f64 = 15.0;
/// Part of a component on the lesser side of the midline from which on it lies across.
const ACROSS: f64 = 0.15;
/// Gap along the patient's axis that may part two pieces of a kidney, mm.
const GAP_MM: f64 = 15.0;
/// A part whose middle lies this much lower than another one's is in the pelvis when the other is a kidney, mm.
const BELOW_MM: f64 = 80.0;
/// Area in a single slice below which a part is a crumb, mm².
const CRUMB_MM2: f64 = 50.0;

/// Decides what the components of a kidney mask (the largest first) are.
pub(super) fn judge(components: &Components, grid: &Geometry, midline_mm: f64, extent: Extent) -> Judgement {
    let parts = components.parts();
    if extent == Extent::Slice {
        return slice(components, grid);
    }
    let ml = |part: usize| parts[part].voxels as f64 * grid.voxel_volume_mm3() / 1000.0;
    let side = |part: usize| side_of(grid.world_of_voxel(parts[part].centre_voxel), midline_mm);
    let is_cut = |part: usize| !super::touched(components, part, grid).is_empty();
    let is_kidney = |part: usize| ml(part) >= LEAST_ML || (ml(part) >= CRUMB_ML && is_cut(part));

    let mut kept: Vec<(usize, PartName)> = Vec::new();
    let mut warnings = Vec::new();
    let mut candidates: Vec<usize> = (0..parts.len()).filter(|&part| is_kidney(part)).collect();
    if candidates.is_empty() && !parts.is_empty() {
        // What there is; its volume warns.
        candidates.push(0);
    }
    for &part in &candidates {
        if is_across(components, part, grid, midline_mm) {
            kept.push((part, PartName::BothKidneys));
            warnings.push(Warning::AcrossMidline);
        } else if !kept
            .iter()
            .any(|&(_, name)| matches!(name, PartName::BothKidneys) || name == PartName::Kidney(side(part)))
        {
            kept.push((part, PartName::Kidney(side(part))));
        }
    }
    keep_pieces(components, grid, &mut kept);
    let is_whole = |side: Side, kept: &[(usize, PartName)]| {
        let of_side = |name: PartName| name == PartName::Kidney(side) || name == PartName::BothKidneys;
        kept.iter().filter(|&&(_, name)| of_side(name)).map(|&(part, _)| ml(part)).sum::<f64>() >= USUAL_ML[0]
    };
    // Below a shrunken kidney its side's largest part may be a transplant.
    let height_mm = |part: usize| grid.world_of_voxel(parts[part].centre_voxel)[2];
    let has_main_below = |part: usize, kept: &[(usize, PartName)]| {
        let on_its_side = |name: PartName| name == PartName::Kidney(side(part));
        kept.iter().any(|&(main, name)| on_its_side(name) && height_mm(main) + BELOW_MM < height_mm(part))
    };
    let is_kept = |part: usize, kept: &[(usize, PartName)]| kept.iter().any(|&(own, _)| own == part);
    if let Some(&further) = candidates.iter().find(|&&part| !is_kept(part, &kept)) {
        let sides = [Side::Left, Side::Right].map(|side| kept.iter().any(|&(_, name)| name == PartName::Kidney(side)));
        let both_are_usual = is_whole(Side::Left, &kept) && is_whole(Side::Right, &kept);
        let is_pair = sides == [true, true] || kept.iter().any(|&(_, name)| name == PartName::BothKidneys);
        if !is_pair {
            kept.push((further, PartName::FurtherKidney));
            warnings.push(Warning::SameSide);
        } else if !both_are_usual && (ml(further) >= USUAL_ML[0] || has_main_below(further, &kept)) {
            kept.push((further, PartName::FurtherKidney));
            warnings.push(Warning::Third { volume_ml: ml(further) });
        }
    }
    for name in [PartName::Kidney(Side::Left), PartName::Kidney(Side::Right), PartName::BothKidneys] {
        let pieces = kept.iter().filter(|part| part.1 == name).count();
        if pieces > 1 {
            warnings.push(Warning::Pieces { name, pieces });
        }
    }
    for &(part, name) in kept.iter().filter(|(_, name)| matches!(name, PartName::Kidney(_))) {
        if let Some(Neck { at_mm, lesser_ml }) = neck(components, part, grid) {
            warnings.push(Warning::Neck { name, at_mm, volume_ml: lesser_ml });
        }
    }
    if let ([(_, name @ PartName::Kidney(_)), rest @ ..], Extent::Scan) = (kept.as_slice(), extent)
        && rest.iter().all(|(_, other)| other == name)
    {
        warnings.push(Warning::OneKidney(*name));
    }
    let left_out: Vec<usize> = (0..parts.len()).filter(|&p| ml(p) >= CRUMB_ML && !is_kept(p, &kept)).collect();
    if !left_out.is_empty() {
        let volume_ml = left_out.iter().map(|&part| ml(part)).sum();
        warnings.push(Warning::LeftOut { parts: left_out.len(), volume_ml });
    }
    Judgement { kept, warnings }
}

/// Of a single slice everything but crumbs: an organ may be in several parts there.
pub(super) fn slice(components: &Components, grid: &Geometry) -> Judgement {
    let area_mm2 = grid.voxel_volume_mm3() / grid.spacing_mm()[axial_axis(grid)];
    let kept = (0..components.parts().len())
        .filter(|&part| part == 0 || components.parts()[part].voxels as f64 * area_mm2 >= CRUMB_MM2);
    Judgement { kept: kept.map(|part| (part, PartName::Organ)).collect(), warnings: Vec::new() }
}

/// Adds to each kidney the components from crumb size on whose boxes overlap its own in the axial plane and lie at most a
/// small gap above or below.
fn keep_pieces(components: &Components, grid: &Geometry, kept: &mut Vec<(usize, PartName)>) {
    let parts = components.parts();
    let axis = axial_axis(grid);
    let voxel_ml = grid.voxel_volume_mm3() / 1000.0;
    let gap_mm = |a: &Component, b: &Component, d: usize| {
        let gap = a.lower[d].max(b.lower[d]).saturating_sub(a.upper[d].min(b.upper[d]));
        gap as f64 * grid.spacing_mm()[d]
    };
    for part in 0..parts.len() {
        if kept.iter().any(|&(own, _)| own == part) || (parts[part].voxels as f64) * voxel_ml < CRUMB_ML {
            continue;
        }
        let belongs = |main: &Component| {
            let beside = (0..3).filter(|&d| d != axis).any(|d| gap_mm(main, &parts[part], d) > 0.0);
            !beside && gap_mm(main, &parts[part], axis) <= GAP_MM
        };
        if let Some(&(_, name)) = kept.iter().find(|&&(main, _)| belongs(&parts[main])) {
            kept.push((part, name));
        }
    }
}

/// RAS+: R grows towards the patient's right.
fn side_of(world_mm: [f64; 3], midline_mm: f64) -> Side {
    if world_mm[0] < midline_mm { Side::Left } else { Side::Right }
}

fn is_across(components: &Components, part: usize, grid: &Geometry, midline_mm: f64) -> bool {
    let left =
        components.voxels(part).filter(|&index| side_of(world_of(grid, index), midline_mm) == Side::Left).count();
    let share = left as f64 / components.parts()[part].voxels as f64;
    share.min(1.0 - share) >= ACROSS
}

fn world_of(grid: &Geometry, index: usize) -> [f64; 3] {
    let [nx, ny, _] = grid.size();
    grid.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64))
}

/// A label for every voxel of a kidney mask: `left` or `right`, 0 outside. Every component goes to the side of its
/// centre as a whole, one across the midline is parted there.
pub fn side_labels(
    grid: &Geometry,
    inside: impl Fn(usize) -> bool,
    midline_mm: f64,
    [left, right]: [u16; 2],
) -> Vec<u16> {
    let components = Components::of(grid.size(), inside);
    let label = |side: Side| if side == Side::Left { left } else { right };
    let mut labels = vec![0; grid.len()];
    for (part, component) in components.parts().iter().enumerate() {
        let across = is_across(&components, part, grid, midline_mm);
        let whole = label(side_of(grid.world_of_voxel(component.centre_voxel), midline_mm));
        for index in components.voxels(part) {
            labels[index] = if across { label(side_of(world_of(grid, index), midline_mm)) } else { whole };
        }
    }
    labels
}
