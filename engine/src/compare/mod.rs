//! Several methods from one contour on one place, side by side: frames to play in step, what differs, and a table.
//!
//! ```text
//! Site + phi --Ground--> the same start for all
//!      | Contender (equation | contour ODE | network that answers at once)
//!      '--run--> Track (frames from progress 0 to 1) --Comparison--> difference classes, Dice, HD95, table
//! ```
//!
//! # The same start
//! φ is brought back to a distance where it had been clamped or had grown steep ([`Ground::new`]); next to the contour
//! it stays as it is, so the contour itself does not move. A level set takes it clamped to its own band, a network
//! slice by slice as it was trained. Every track's first frame is this start.
//!
//! # In step
//! Methods count in units of their own: steps, evaluations of a network, t. What they have in common is progress from
//! 0 (the start) to 1 (where the method ended); a frame says which step and t it is. What a network answers at once has
//! no way of its own: it is shown as a still, or where it was given the start, as start and end.
//!
//! # Memory
//! φ of a frame is stored clamped to a few voxels around the contour, layer by layer and compressed
//! ([`crate::levelset::packed`]); beside it the inside as runs of voxels, from which volumes and overlaps come without
//! unpacking. A track keeps at most [`MOST_FRAMES`] frames; above its share of the budget it keeps every other one, and
//! says so ([`Track::thinned`]).

mod contender;
mod difference;
mod error;
mod frame;
mod inside;
mod recipe;
mod run;
mod site;
mod table;

pub use contender::{Contender, Equation, Mover};
pub use difference::{Class, classify};
pub use error::CompareError;
pub use frame::{Frame, MOST_FRAMES, Track, Work};
pub use inside::Inside;
pub use recipe::start_of;
pub use run::{Progress, run};
pub use site::{Ground, Site};
pub use table::{Row, csv};

use crate::metrics::{Overlap, SurfaceDistances};

/// What several methods made of one contour.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Where they worked.
    pub site: Site,
    /// Inside of the contour that they started from.
    pub start: Inside,
    /// One for each method, in the order of the table; the first is what the others are measured against.
    pub tracks: Vec<Track>,
}

impl Comparison {
    /// Voxels inside both tracks, and inside one of them, at a moment: the first as prediction, the second as truth.
    pub fn overlap(&self, first: usize, second: usize, progress: f64) -> Overlap {
        self.tracks[first].at(progress).inside.overlap(&self.tracks[second].at(progress).inside)
    }

    /// HD95 of every track against the first one at a moment, mm; `None` where a contour is empty.
    pub fn hd95_mm(&self, progress: f64) -> Vec<Option<f64>> {
        let (size, spacing_mm) = (self.site.grid.size(), self.site.grid.spacing_mm());
        let mask = |track: &Track| track.at(progress).inside.mask(self.site.grid.len());
        let Some(first) = self.tracks.first().map(mask) else { return Vec::new() };
        let to_first = |track| SurfaceDistances::between(&mask(track), &first, size, spacing_mm).percentile_mm(95.0);
        self.tracks.iter().map(to_first).collect()
    }

    /// The table at a moment. `hd95_mm` is what [`hd95_mm`](Self::hd95_mm) gave for it, where that was measured; `reference` a
    /// mask on the site's grid.
    pub fn table(&self, progress: f64, hd95_mm: Option<&[Option<f64>]>, reference: Option<&Inside>) -> Vec<Row> {
        let voxel_ml = self.site.grid.voxel_volume_mm3() / 1000.0;
        let ml = |inside: &Inside| inside.voxels() as f64 * voxel_ml;
        let start_ml = ml(&self.start);
        let row = |(number, track): (usize, &Track)| {
            let frame = track.at(progress);
            let volume_ml = ml(&frame.inside);
            Row {
                method: track.name.clone(),
                work: track.work,
                step: frame.step,
                t: frame.t,
                duration_s: track.duration_s,
                volume_ml,
                change_ml: volume_ml - start_ml,
                dice_to_first: self.overlap(number, 0, progress).dice(),
                hd95_to_first_mm: hd95_mm.and_then(|all| all.get(number).copied().flatten()),
                dice_to_reference: reference.and_then(|reference| frame.inside.overlap(reference).dice()),
                end: track.end.clone(),
            }
        };
        self.tracks.iter().enumerate().map(row).collect()
    }

    /// Bytes of all frames.
    pub fn bytes(&self) -> usize {
        self.tracks.iter().map(Track::bytes).sum()
    }
}
