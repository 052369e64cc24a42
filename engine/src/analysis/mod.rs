//! What anatomy says of a contour that a network proposes: which of its parts are the organ, which side they are on,
//! and what looks wrong. Nothing here knows how the contour came about.
//!
//! ```text
//! phi < 0 --Components--> parts --kidney | liver--> Findings (kept, left out, warnings) --erase--> phi of what is kept
//! ```
//!
//! Warnings never change a contour. A part is left out only where anatomy makes it implausible, and then a warning
//! names it; crumbs are the exception, see [`kidney`] and [`liver`].

mod border;
mod components;
mod erase;
mod findings;
pub mod kidney;
pub mod liver;
mod midline;
mod neck;

pub use border::{Face, touched};
pub use components::{Component, Components};
pub use erase::erase;
pub use findings::{Findings, Part, PartName, Side, Warning};
pub use kidney::side_labels;
pub use midline::midline_mm;

use crate::geometry::Geometry;
use crate::roi::Roi;
use crate::slices::axial_axis;
use crate::volume::Volume;

/// How much of the patient was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole scan.
    Scan,
    /// A box in it: what lies beside it is not known.
    Box,
    /// One axial slice: volumes and sides mean little.
    Slice,
}

impl Extent {
    /// Of a region on a scan; `None` is the whole scan.
    pub fn of(scan: &Geometry, region: Option<&Roi>) -> Self {
        match region {
            Some(roi) if roi.size()[axial_axis(scan)] == 1 && scan.size()[axial_axis(scan)] > 1 => Self::Slice,
            Some(roi) if !roi.covers(scan) => Self::Box,
            _ => Self::Scan,
        }
    }
}

/// What was decided about the parts of a contour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    /// Which components are the organ, and what they are called.
    pub kept: Vec<(usize, PartName)>,
    /// What looks wrong.
    pub warnings: Vec<Warning>,
}

/// Takes out of φ (mm, negative inside, on the scan's grid) what cannot be the organ, and says what was found.
///
/// Kidneys and livers are judged by their anatomy; of other organs everything is kept.
pub fn tidy(organ: &str, scan: &Volume, region: Option<&Roi>, phi_mm: &mut [f32]) -> Findings {
    let components = parts(scan.geometry(), region, phi_mm);
    let (judgement, findings) = examine(organ, scan, region, &components, true);
    erase(phi_mm, scan.geometry(), &components, |part| judgement.kept.iter().any(|&(kept, _)| kept == part));
    findings
}

/// As [`tidy`], of a contour that somebody drew: everything is kept, and only said.
pub fn describe(organ: &str, scan: &Volume, region: Option<&Roi>, phi_mm: &[f32]) -> Findings {
    let components = parts(scan.geometry(), region, phi_mm);
    examine(organ, scan, region, &components, false).1
}

/// The parts of a contour; beside the region nothing was looked at.
fn parts(grid: &Geometry, region: Option<&Roi>, phi_mm: &[f32]) -> Components {
    let size = grid.size();
    let (lower, upper) = region.map_or(([0; 3], size), |roi| (roi.lower, roi.upper));
    Components::within(size, lower, upper, |index| phi_mm[index] < 0.0)
}

fn examine(
    organ: &str,
    scan: &Volume,
    region: Option<&Roi>,
    components: &Components,
    may_drop: bool,
) -> (Judgement, Findings) {
    let grid = scan.geometry();
    let extent = Extent::of(grid, region);
    let midline_mm = (organ == kidney::NAME).then(|| midline_mm(scan, components));
    let mut judgement = match (organ, midline_mm) {
        (_, Some(midline_mm)) => kidney::judge(components, grid, midline_mm, extent),
        (liver::NAME, _) => liver::judge(components, grid, extent),
        _ => keep_all(components),
    };
    if !may_drop {
        // Whoever drew it meant it: every part stays, and what would have been left out is no matter.
        judgement = Judgement { kept: keep_all(components).kept, warnings: Vec::new() };
    }
    let findings = Findings::new(judgement.clone(), components, grid, extent, midline_mm);
    (judgement, findings)
}

fn keep_all(components: &Components) -> Judgement {
    let kept = (0..components.parts().len()).map(|part| (part, PartName::Organ)).collect();
    Judgement { kept, warnings: Vec::new() }
}
