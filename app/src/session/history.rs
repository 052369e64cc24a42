//! Undo and redo: one list of named changes, each with its way back.

use super::document::{Document, EvolveSettings};
use super::evolution::PhiState;
use super::labels::LabelTable;
use super::speed::SpeedSettings;
use std::sync::Arc;
use zeroset_engine::LabelMap;
use zeroset_engine::label::LabelDelta;
use zeroset_engine::levelset::Seed;
use zeroset_engine::roi::Roi;

/// Most changes kept.
const MOST_CHANGES: usize = 500;
/// Most bytes that undone φ may hold; the oldest changes go first.
const MOST_BYTES: usize = 512 << 20;

/// A change of the document that can be taken back.
#[derive(Clone, Debug)]
pub enum Change {
    /// Region of interest.
    Roi(Pair<Roi>),
    /// Speed settings.
    Speed(Pair<SpeedSettings>),
    /// Seeds.
    Seeds(Pair<Vec<Seed>>),
    /// Evolution settings.
    Evolve(Box<Pair<EvolveSettings>>),
    /// Names, colours, visibility, and the active label.
    Table(Pair<(LabelTable, u16)>),
    /// Voxels of the segmentation.
    Labels(Arc<LabelDelta>),
    /// A brush edit of φ, in the evolution with this number.
    Phi(u64, Pair<PhiState>),
}

/// Before and after.
#[derive(Clone, Debug)]
pub struct Pair<T> {
    /// What it was.
    pub before: T,
    /// What it became.
    pub after: T,
}

/// A change with its name.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    change: Change,
}

/// What undo or redo asks for beyond the document itself.
#[derive(Clone, Debug)]
pub enum Restored {
    /// The document was changed.
    Document,
    /// The evolution with this number must take this φ.
    Phi(u64, PhiState),
}

/// The list of changes.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Entry>,
    undone: Vec<Entry>,
    /// Changes of one kind join while a gesture (a drag of a slider) lasts.
    gesture_open: bool,
}

impl History {
    /// Records a change that has been made. While a gesture lasts, changes of one kind become one.
    pub fn push(&mut self, name: impl Into<String>, change: Change) {
        self.undone.clear();
        if self.gesture_open
            && let Some(last) = self.done.last_mut()
            && join(&mut last.change, &change)
        {
            return;
        }
        self.done.push(Entry { name: name.into(), change });
        self.gesture_open = true;
        while self.done.len() > MOST_CHANGES || (self.done.len() > 1 && self.bytes() > MOST_BYTES) {
            self.done.remove(0);
        }
    }

    /// Ends a gesture: the next change is an undo point of its own.
    pub fn seal(&mut self) {
        self.gesture_open = false;
    }

    /// Name of the change that undo would take back.
    pub fn undo_name(&self) -> Option<&str> {
        self.done.last().map(|e| e.name.as_str())
    }

    /// Name of the change that redo would make again.
    pub fn redo_name(&self) -> Option<&str> {
        self.undone.last().map(|e| e.name.as_str())
    }

    /// Takes the last change back; gives its name and what else is to be done.
    pub fn undo(&mut self, document: &mut Document) -> Option<(String, Restored)> {
        let entry = self.done.pop()?;
        self.gesture_open = false;
        let restored = restore(document, &entry.change, true);
        let name = entry.name.clone();
        self.undone.push(entry);
        Some((name, restored))
    }

    /// Makes the last undone change again; gives its name and what else is to be done.
    pub fn redo(&mut self, document: &mut Document) -> Option<(String, Restored)> {
        let entry = self.undone.pop()?;
        self.gesture_open = false;
        let restored = restore(document, &entry.change, false);
        let name = entry.name.clone();
        self.done.push(entry);
        Some((name, restored))
    }

    /// Bytes held by the stored changes.
    pub fn bytes(&self) -> usize {
        let held = |e: &Entry| match &e.change {
            Change::Labels(delta) => delta.bytes(),
            Change::Phi(_, pair) => 4 * (pair.before.phi.len() + pair.after.phi.len()),
            _ => 0,
        };
        self.done.iter().chain(&self.undone).map(held).sum()
    }
}

/// Lets `last` swallow `next` when both are of one kind that a slider changes; false when they must stay apart.
fn join(last: &mut Change, next: &Change) -> bool {
    match (last, next) {
        (Change::Roi(a), Change::Roi(b)) => a.after = b.after,
        (Change::Speed(a), Change::Speed(b)) => a.after = b.after.clone(),
        (Change::Seeds(a), Change::Seeds(b)) if a.after.len() == b.after.len() => a.after = b.after.clone(),
        (Change::Evolve(a), Change::Evolve(b)) => a.after = b.after.clone(),
        (Change::Table(a), Change::Table(b)) => a.after = b.after.clone(),
        _ => return false,
    }
    true
}

fn restore(document: &mut Document, change: &Change, back: bool) -> Restored {
    fn pick<T: Clone>(pair: &Pair<T>, back: bool) -> T {
        if back { pair.before.clone() } else { pair.after.clone() }
    }
    match change {
        Change::Roi(pair) => document.roi = pick(pair, back),
        Change::Speed(pair) => document.speed = pick(pair, back),
        Change::Seeds(pair) => document.seeds = pick(pair, back),
        Change::Evolve(pair) => document.evolve = pick(pair, back),
        Change::Table(pair) => (document.table, document.active_label) = pick(pair, back),
        Change::Labels(delta) => {
            let geometry = document.image.geometry();
            let labels = document.labels.get_or_insert_with(|| Arc::new(LabelMap::empty(geometry.clone())));
            let labels = Arc::make_mut(labels);
            if back {
                labels.revert(delta)
            } else {
                labels.apply(delta)
            }
            document.labels_revision += 1;
        }
        Change::Phi(serial, pair) => return Restored::Phi(*serial, pick(pair, back)),
    }
    Restored::Document
}
