//! What was found: parts with their volumes, and warnings in words.

use super::border::{Face, touched};
use super::components::{Component, Components};
use super::{Extent, Judgement, kidney, liver};
use crate::geometry::Geometry;
use serde::Serialize;
use std::fmt;
use thiserror::Error;

/// A side of the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The patient's left: smaller R.
    Left,
    /// The patient's right.
    Right,
}

/// What a part of a contour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartName {
    /// The organ as a whole.
    Organ,
    /// The kidney of a side.
    Kidney(Side),
    /// Kidneys that are one across the midline.
    BothKidneys,
    /// Another kidney beside these.
    FurtherKidney,
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organ => "the organ",
            Self::Kidney(Side::Left) => "the left kidney",
            Self::Kidney(Side::Right) => "the right kidney",
            Self::BothKidneys => "the kidney across the midline",
            Self::FurtherKidney => "the further kidney",
        })
    }
}

/// A part that was kept; pieces of one organ together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What it is.
    pub name: PartName,
    /// Components that it is made of.
    pub pieces: usize,
    /// Volume, mL.
    pub volume_ml: f64,
    /// Centre, RAS+ mm.
    pub centre_mm: [f64; 3],
}

/// Something that may surprise, in one line that says what to look at.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Warning {
    /// No voxel inside.
    #[error("nothing was found")]
    Nothing,
    /// The contour runs into the border.
    #[error("{name} reaches the {} border of the scan: part of it may lie outside", words(.faces))]
    Border {
        /// What.
        name: PartName,
        /// Which borders.
        faces: Vec<Face>,
    },
    /// The contour is cut off where the network saw nothing more.
    #[error(
        "the contour ends where the network's view ends: it is cut off there; seed it by hand, or take a wider network"
    )]
    View,
    /// One kidney alone.
    #[error("only {0} was found: is the other one removed, outside the scan, or missed?")]
    OneKidney(PartName),
    /// A kidney on both sides of the midline.
    #[error("one part lies across the midline: a horseshoe kidney, or two kidneys drawn as one?")]
    AcrossMidline,
    /// No kidney on one side, two on the other.
    #[error("two kidneys on the same side: one is crossed, in the pelvis or transplanted, or is no kidney")]
    SameSide,
    /// Several components of one organ.
    #[error("{name} is in {pieces} pieces: look at the slices between them")]
    Pieces {
        /// What.
        name: PartName,
        /// How many.
        pieces: usize,
    },
    /// A kidney that narrows where none does.
    #[error(
        "{name} narrows to a neck at S {at_mm:.0} mm: are the {volume_ml:.0} mL beyond it another organ, bowel perhaps?"
    )]
    Neck {
        /// What.
        name: PartName,
        /// Where, world S, mm.
        at_mm: f64,
        /// Volume of the lesser side, mL.
        volume_ml: f64,
    },
    /// Beside two kidneys a third one.
    #[error("a third part of {volume_ml:.0} mL was kept: a transplant, or no kidney?")]
    Third {
        /// Its volume.
        volume_ml: f64,
    },
    /// Parts that are not the organ.
    #[error("{parts} further part(s) of {volume_ml:.0} mL in all were left out: look whether they belong to it")]
    LeftOut {
        /// How many.
        parts: usize,
        /// Their volume together.
        volume_ml: f64,
    },
    /// A volume that the organ hardly has.
    #[error("{name} has {volume_ml:.0} mL; usual are {} to {} mL", .usual_ml[0], .usual_ml[1])]
    Volume {
        /// What.
        name: PartName,
        /// Its volume.
        volume_ml: f64,
        /// The usual range.
        usual_ml: [f64; 2],
    },
}

fn words(faces: &[Face]) -> String {
    faces.iter().map(|face| face.word()).collect::<Vec<_>>().join(" and ")
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Voxels kept.
    pub voxels: usize,
    /// Volume kept, mL.
    pub volume_ml: f64,
    /// What is kept, left before right.
    pub parts: Vec<Part>,
    /// Components and mL that were taken out, crumbs included.
    pub left_out: (usize, f64),
    /// Box around what is kept, half-open, voxels; `None` when nothing is.
    pub bounds: Option<([usize; 3], [usize; 3])>,
    /// World R coordinate of the patient's middle, mm; kidneys only.
    pub midline_mm: Option<f64>,
    /// What looks wrong.
    pub warnings: Vec<Warning>,
}

impl Findings {
    /// Puts together what was decided, and adds what can be said of every organ: borders, volumes, nothing found.
    pub(super) fn new(
        judgement: Judgement,
        components: &Components,
        grid: &Geometry,
        extent: Extent,
        midline_mm: Option<f64>,
    ) -> Self {
        let all = components.parts();
        let ml = |voxels: usize| voxels as f64 * grid.voxel_volume_mm3() / 1000.0;
        let kept = |name: PartName| judgement.kept.iter().filter(move |part| part.1 == name).map(|&(part, _)| part);
        let mut names: Vec<PartName> = Vec::new();
        names.extend(judgement.kept.iter().map(|&(_, name)| name));
        names.sort_unstable();
        names.dedup();
        let mut warnings = judgement.warnings.clone();
        let mut parts = Vec::new();
        for name in names {
            let own: Vec<&Component> = kept(name).map(|part| &all[part]).collect();
            let voxels: usize = own.iter().map(|part| part.voxels).sum();
            let weighted = |d: usize| own.iter().map(|p| p.centre_voxel[d] * p.voxels as f64).sum::<f64>();
            let centre_mm = grid.world_of_voxel(std::array::from_fn(|d| weighted(d) / voxels as f64));
            let mut faces: Vec<Face> = kept(name).flat_map(|part| touched(components, part, grid)).collect();
            faces.sort_unstable();
            faces.dedup();
            if extent == Extent::Slice {
                // A slice ends where it begins.
                faces.retain(|face| !matches!(face, Face::Upper | Face::Lower));
            }
            warnings.extend(volume_warning(name, ml(voxels), &faces, extent, midline_mm.is_some()));
            if !faces.is_empty() {
                warnings.push(Warning::Border { name, faces });
            }
            parts.push(Part { name, pieces: own.len(), volume_ml: ml(voxels), centre_mm });
        }
        let kept_parts = || judgement.kept.iter().map(|&(part, _)| &all[part]);
        let voxels: usize = kept_parts().map(|part| part.voxels).sum();
        let gone = all.len() - judgement.kept.len();
        let gone_ml = ml(all.iter().map(|part| part.voxels).sum::<usize>() - voxels);
        if voxels == 0 {
            warnings.push(Warning::Nothing);
        }
        let lower = kept_parts().map(|part| part.lower).reduce(|a, b| std::array::from_fn(|d| a[d].min(b[d])));
        let upper = kept_parts().map(|part| part.upper).reduce(|a, b| std::array::from_fn(|d| a[d].max(b[d])));
        Self {
            voxels,
            volume_ml: ml(voxels),
            parts,
            left_out: (gone, gone_ml),
            bounds: lower.zip(upper),
            midline_mm,
            warnings,
        }
    }
}

impl Findings {
    /// Warns when the contour reaches the end of what a network saw of the scan (voxels, half-open).
    pub(crate) fn look_at_view(&mut self, (lower, upper): ([usize; 3], [usize; 3]), scan: &Geometry) {
        let Some(own) = self.bounds else { return };
        let is_cut =
            |d: usize| (lower[d] > 0 && own.0[d] <= lower[d]) || (upper[d] < scan.size()[d] && own.1[d] >= upper[d]);
        if (0..3).any(is_cut) {
            self.warnings.push(Warning::View);
        }
    }

    /// Takes over what was left out before, of the contour that this one started from: it must not go unsaid.
    pub(crate) fn also_left_out(&mut self, before: &Self) {
        self.left_out = (self.left_out.0 + before.left_out.0, self.left_out.1 + before.left_out.1);
        for warning in &before.warnings {
            let Warning::LeftOut { parts, volume_ml } = *warning else { continue };
            let own = self.warnings.iter_mut().find_map(|own| match own {
                Warning::LeftOut { parts, volume_ml } => Some((parts, volume_ml)),
                _ => None,
            });
            match own {
                Some((own_parts, own_ml)) => (*own_parts, *own_ml) = (*own_parts + parts, *own_ml + volume_ml),
                None => self.warnings.push(Warning::LeftOut { parts, volume_ml }),
            }
        }
    }
}

/// A volume outside the usual range. What is cut by the border may be small; of a box or a slice nothing is known.
fn volume_warning(name: PartName, volume_ml: f64, faces: &[Face], extent: Extent, is_kidney: bool) -> Option<Warning> {
    let usual_ml = match name {
        PartName::Kidney(_) => kidney::USUAL_ML,
        PartName::BothKidneys => kidney::USUAL_ML.map(|ml| 2.0 * ml),
        PartName::Organ if !is_kidney => liver::USUAL_ML,
        // A further kidney has a warning of its own.
        PartName::Organ | PartName::FurtherKidney => return None,
    };
    let too_small = volume_ml < usual_ml[0] && faces.is_empty();
    (extent == Extent::Scan && (too_small || volume_ml > usual_ml[1])).then_some(Warning::Volume {
        name,
        volume_ml,
        usual_ml,
    })
}
