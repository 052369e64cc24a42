//! What is shown of a comparison: the moment, the pair of the difference pane, the plane.

use crate::session::command::CompareCommand;
use crate::session::evolution::Place;
use crate::session::plane::Plane;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroset_engine::compare::{Comparison, Inside, MOST_FRAMES, Row};

/// Moments of a comparison that can be stepped to, from 0 to this.
pub const TICKS: u32 = MOST_FRAMES as u32 - 1;
/// Seconds that playing a comparison takes.
const PLAYING_S: f64 = 5.0;

/// A comparison and what of it is shown.
#[derive(Clone, Debug)]
pub struct ComparisonView {
    /// Which one.
    pub number: u64,
    /// The tracks.
    pub comparison: Arc<Comparison>,
    /// Where they lie.
    pub place: Place,
    /// Progress shown, 0 to 1.
    pub position: f64,
    /// Whether it plays.
    pub playing: bool,
    /// The two methods of the difference pane.
    pub pair: (usize, usize),
    /// Plane of the panes.
    pub plane: Plane,
    /// The reference in the place, with its name.
    pub reference: Option<Arc<(String, Inside)>>,
    /// HD95 to the first method, mm, by tick.
    pub(super) hd95_mm: BTreeMap<u32, Vec<Option<f64>>>,
    /// The tick whose HD95 was asked for last.
    pub(super) measuring: Option<u32>,
}

impl ComparisonView {
    /// The table at the moment shown; without HD95 where that is not measured yet.
    pub fn table(&self) -> Vec<Row> {
        let hd95 = self.tick().and_then(|tick| self.hd95_mm.get(&tick));
        self.comparison.table(self.position, hd95.map(Vec::as_slice), self.reference.as_ref().map(|r| &r.1))
    }

    /// Whether HD95 of the moment shown is known.
    pub fn measured(&self) -> bool {
        self.tick().is_some_and(|tick| self.hd95_mm.contains_key(&tick))
    }

    /// The moment shown, where it is one that can be stepped to.
    pub(super) fn tick(&self) -> Option<u32> {
        let tick = self.position * f64::from(TICKS);
        ((tick - tick.round()).abs() < 1e-6).then_some(tick.round() as u32)
    }

    pub(super) fn go_to(&mut self, tick: i64) {
        self.playing = false;
        self.position = tick.clamp(0, i64::from(TICKS)) as f64 / f64::from(TICKS);
    }

    pub(super) fn nearest_tick(&self) -> i64 {
        (self.position * f64::from(TICKS)).round() as i64
    }
}

/// Plays from where it stands (from the start where it has ended), or holds.
pub(super) fn toggle(view: &mut ComparisonView) {
    if view.playing {
        view.go_to(view.nearest_tick());
    } else {
        view.position = if view.position >= 1.0 { 0.0 } else { view.position };
        view.playing = true;
    }
}

/// What changes only how a comparison is shown.
pub(super) fn steer(view: &mut ComparisonView, command: CompareCommand) {
    let tracks = view.comparison.tracks.len();
    match command {
        CompareCommand::TogglePlay => toggle(view),
        CompareCommand::GoTo(tick) => view.go_to(i64::from(tick)),
        CompareCommand::Advance(seconds) if view.playing => {
            view.position += seconds / PLAYING_S;
            if view.position >= 1.0 {
                view.go_to(i64::from(TICKS));
            }
        }
        CompareCommand::SetPair(first, second) if first < tracks && second < tracks => view.pair = (first, second),
        CompareCommand::SetPlane(plane) if view.place.slice.is_none() => view.plane = plane,
        _ => {}
    }
}
