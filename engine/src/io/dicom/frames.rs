//! Multi-frame files: what the functional groups say of each frame (PS3.3, C.7.6.16).

use super::dataset::{DataSet, View};
use super::element::Tag;
use super::error::DicomProblem;
use super::slice::{Slice, telling};

/// Functional groups of each frame.
pub(super) const PER_FRAME: Tag = 0x5200_9230;
const SHARED: Tag = 0x5200_9229;
const PLANE_POSITION: Tag = 0x0020_9113;
const PLANE_ORIENTATION: Tag = 0x0020_9116;
const PIXEL_MEASURES: Tag = 0x0028_9110;
const PIXEL_VALUES: Tag = 0x0028_9145;
const FRAME_WINDOW: Tag = 0x0028_9132;
const FRAME_CONTENT: Tag = 0x0020_9111;

/// The frames of a file as slices. `first` is what the header outside of the groups says.
pub(super) fn slices(view: &View<'_>, first: &Slice) -> Result<Vec<Slice>, DicomProblem> {
    let damaged = |_| DicomProblem::Damaged;
    let shared = view.item(SHARED).map_err(damaged)?;
    let groups = view.items(PER_FRAME).map_err(damaged)?;
    let frames = first.format.frames;
    if groups.is_empty() {
        return Err(DicomProblem::FramesWithoutPlace { frames });
    }
    if groups.len() != frames {
        return Err(DicomProblem::FrameGroups { frames, groups: groups.len() });
    }
    let mut common = first.clone();
    if let Some(shared) = &shared {
        common = with_groups(&common, &view.of(shared))?;
    }
    let slice = |(frame, group): (usize, &DataSet)| {
        let slice = with_groups(&common, &view.of(group))?;
        Ok(Slice { frame, ..slice })
    };
    groups.iter().enumerate().map(slice).collect()
}

/// A slice with what some functional groups say.
fn with_groups(slice: &Slice, groups: &View<'_>) -> Result<Slice, DicomProblem> {
    let mut slice = slice.clone();
    for tag in [PLANE_POSITION, PLANE_ORIENTATION, PIXEL_MEASURES, PIXEL_VALUES, FRAME_WINDOW, FRAME_CONTENT] {
        let Some(group) = groups.item(tag).map_err(|_| DicomProblem::Damaged)? else { continue };
        let view = groups.of(&group);
        slice.place = slice.place.with(&view);
        slice.meaning = slice.meaning.with(&view);
        if tag == FRAME_CONTENT {
            // Attributes of single-frame files have other numbers here: acquisition, time, phase.
            let mut told = telling(&view);
            told[0] = view.text(0x0020_9156).unwrap_or_default();
            told[1] = view.text(0x0020_9128).unwrap_or_default();
            let stack = view.text(0x0020_9056).unwrap_or_default();
            told[5] = if stack.is_empty() { slice.telling[5].clone() } else { stack };
            slice.telling = told;
        }
    }
    Ok(slice)
}
