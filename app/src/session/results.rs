//! What comes back from the worker and the evolution thread.

use super::compare;
use super::control::AfterAccept;
use super::document::{Accepted, LoadedScan};
use super::evolution::{EvolverCommand, PhiState};
use super::history::{Change, Pair};
use super::jobs::{AnimationJob, Content, Origin, WriteJob};
use super::neural::MOMENTS;
use super::reference::Compared;
use super::{
    Command, Document, Effect, EvolutionView, History, Proposal, ReferenceMask, RunState, SegmentationOffer, Session,
    Severity, SpeedImage, SpeedKey, Step, Tool, Window,
};
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::LabelMap;
use zeroset_engine::io::LabelDescription;
use zeroset_engine::label::LabelDelta;

/// A result of work that the session had asked for.
#[derive(Debug)]
pub enum Outcome {
    /// A scan was read.
    Scan(LoadedScan),
    /// A segmentation was read on the grid of the document with this number, with the names of its labels if the file
    /// tells them.
    Segmentation(u64, PathBuf, Arc<LabelMap>, Vec<LabelDescription>),
    /// Names and colours of labels were read for the document with this number.
    Descriptions(u64, PathBuf, Vec<LabelDescription>),
    /// A segmentation lies on another grid; both grids in words.
    OtherGrid(u64, PathBuf, Arc<LabelMap>, String),
    /// A reference was read, on the scan's grid; both grids in words when it had to be resampled.
    Reference {
        /// Document it belongs to.
        document: u64,
        /// Its file.
        path: PathBuf,
        /// Its labels.
        labels: Arc<LabelMap>,
        /// Both grids in words.
        grids: Option<String>,
    },
    /// Labels of the reference are ready.
    ReferenceMask(Arc<ReferenceMask>),
    /// A proposal was compared with the reference.
    Compared(Box<Compared>),
    /// A speed image was computed.
    Speed(Arc<SpeedImage>),
    /// A speed image could not be computed.
    SpeedFailed(SpeedKey, String),
    /// A proposal, or why there is none, by the number of its run.
    Proposed(u64, Result<Arc<Proposal>, String>),
    /// A comparison, or why there is none, by the number of its run.
    Comparison(u64, Result<Box<compare::Compared>, String>),
    /// HD95 of each method to the first, mm, of the comparison with this number at a moment.
    Measured(u64, u32, Vec<Option<f64>>),
    /// The label change of an accepted contour, and how the contour came about.
    Accepted(u64, LabelDelta, Box<Accepted>),
    /// A file was written; for a mask with the number of changes in it.
    Written(u64, PathBuf, Option<u64>),
    /// Something failed; in words.
    Failed(String),
}

impl Session {
    /// Takes a result of the worker.
    pub fn take(&mut self, outcome: Outcome) -> Vec<Effect> {
        let current = self.document.as_ref().map(|d| d.serial);
        match outcome {
            Outcome::Scan(scan) => return self.open_document(scan),
            Outcome::Segmentation(serial, path, labels, names) if current == Some(serial) => {
                self.take_segmentation(path, labels);
                self.take_descriptions(&names);
            }
            Outcome::Descriptions(serial, path, names) if current == Some(serial) => {
                self.take_descriptions(&names);
                self.notify(Severity::Info, format!("{} labels named by {}", names.len(), file_name(&path)));
            }
            Outcome::OtherGrid(serial, path, labels, grids) if current == Some(serial) => {
                self.notify(
                    Severity::Warning,
                    format!("{} lies on another grid than the scan. {grids}", file_name(&path)),
                );
                self.segmentation_offer = Some(SegmentationOffer { path, labels });
            }
            Outcome::Speed(image) => {
                if let Some(document) = self.document.as_mut().filter(|d| d.serial == image.key.serial) {
                    document.speed_image = Some(image);
                    return self.begin_when_ready();
                }
            }
            Outcome::SpeedFailed(key, reason) if current == Some(key.serial) => {
                if self.begin_pending.take().is_some() {
                    self.evolution.state = RunState::Absent;
                }
                self.notify(Severity::Error, format!("No speed image: {reason}"));
            }
            Outcome::Reference { .. } | Outcome::ReferenceMask(_) | Outcome::Compared(_) => {
                return self.take_reference(outcome);
            }
            Outcome::Proposed(number, result) => self.take_proposal(number, result),
            Outcome::Comparison(number, result) => self.take_comparison(number, result),
            Outcome::Measured(number, tick, hd95_mm) => self.take_measured(number, tick, hd95_mm),
            Outcome::Accepted(serial, delta, record) if current == Some(serial) => {
                return self.take_accepted(delta, *record);
            }
            Outcome::Written(serial, path, revision) => {
                if let (Some(document), Some(revision)) =
                    (self.document.as_mut().filter(|d| d.serial == serial), revision)
                {
                    document.saved_revision = revision;
                }
                self.notify(Severity::Info, format!("Saved {}", path.display()));
                if self.quit_after_save {
                    return vec![Effect::Quit];
                }
            }
            Outcome::Failed(reason) => {
                self.quit_after_save = false;
                self.notify(Severity::Error, reason);
            }
            _ => {}
        }
        Vec::new()
    }

    fn open_document(&mut self, scan: LoadedScan) -> Vec<Effect> {
        self.documents_opened += 1;
        let warnings = scan.warnings.join(" ");
        let document = Document::new(self.documents_opened, scan);
        let size = document.image.geometry().size();
        self.cursor = size.map(|n| n / 2);
        if document.range.0 > -300.0 || document.range.1 < 100.0 {
            // Not a CT in HU (or one cut to a window): its own range says more than a preset.
            self.window = Window::auto(&document.image);
        } else {
            self.window = Window::default();
        }
        if document.range.0 >= document.range.1 {
            let text = format!(
                "Every voxel of {} has the value {}: there is nothing to contour",
                document.name(),
                document.range.0
            );
            self.notify(Severity::Warning, text);
        } else if warnings.is_empty() {
            self.notice = None;
        } else {
            self.notify(Severity::Warning, warnings);
        }
        self.document = Some(document);
        self.history = History::default();
        self.evolution = EvolutionView::default();
        // One press of a button contours an organ, where there is a network for it.
        self.step = if self.catalogue.organs().is_empty() { Step::Roi } else { Step::Propose };
        self.tool = Tool::Crosshair;
        self.stop_proposing();
        self.forget_comparisons();
        (self.proposal, self.proposal_set_aside, self.begun_from) = (None, None, None);
        self.begun_contour = None;
        (self.begin_pending, self.accept_pending, self.after_accept) = (None, None, None);
        (self.segmentation_offer, self.speed_asked) = (None, None);
        let mut effects = self.close_reference();
        effects.push(Effect::Evolver(EvolverCommand::Close));
        effects
    }

    fn take_segmentation(&mut self, path: PathBuf, labels: Arc<LabelMap>) {
        let Some(document) = &mut self.document else { return };
        let present = labels.present();
        let before =
            document.labels.clone().unwrap_or_else(|| Arc::new(LabelMap::empty(document.image.geometry().clone())));
        let delta = before.delta(|index| Some(labels.labels()[index]));
        for &label in &present {
            document.table.ensure(label);
        }
        if let Some(&first) = present.first() {
            document.active_label = first;
        }
        document.log.push(format!("segmentation {} opened", file_name(&path)));
        document.labels = Some(labels);
        let was_saved = !document.unsaved();
        document.labels_revision += 1;
        if was_saved {
            document.saved_revision = document.labels_revision;
        }
        self.history.push(format!("Open {}", file_name(&path)), Change::Labels(Arc::new(delta)));
        self.history.seal();
        let plural = if present.len() == 1 { "" } else { "s" };
        self.notify(Severity::Info, format!("{}: {} label{plural}", file_name(&path), present.len()));
    }

    /// Names and colours of labels, as one step that can be undone.
    fn take_descriptions(&mut self, names: &[LabelDescription]) {
        let Some(mut table) = self.document.as_ref().map(|d| d.table.clone()).filter(|_| !names.is_empty()) else {
            return;
        };
        table.describe(names);
        self.history.seal();
        self.apply(Command::SetTable(table));
        self.history.seal();
    }

    fn take_accepted(&mut self, delta: LabelDelta, record: Accepted) -> Vec<Effect> {
        let Some(document) = &mut self.document else { return Vec::new() };
        let after = self.after_accept.take().unwrap_or(AfterAccept::Stay);
        let right = record.label_right.map_or_else(String::new, |right| format!(" and {}", document.table.name(right)));
        let name = format!("{}{right}", document.table.name(record.label));
        if delta.is_empty() {
            self.notify(Severity::Info, format!("{name} already holds this contour"));
        } else {
            let geometry = document.image.geometry();
            let labels = document.labels.get_or_insert_with(|| Arc::new(LabelMap::empty(geometry.clone())));
            let labels = Arc::make_mut(labels);
            labels.apply(&delta);
            document.labels_revision += 1;
            std::iter::once(record.label).chain(record.label_right).for_each(|label| document.table.ensure(label));
            let changed = delta.changed_voxels();
            let volume_ml = labels.volume_ml(record.label) + record.label_right.map_or(0.0, |l| labels.volume_ml(l));
            document.accepted.push(record.clone());
            self.history.seal();
            self.history.push(format!("Accept into {name}"), Change::Labels(Arc::new(delta)));
            self.history.seal();
            let text = format!("{name}: {changed} voxels accepted, now {volume_ml:.1} mL");
            self.notify(Severity::Info, text);
        }
        self.proposal_was_accepted(&record);
        match after {
            AfterAccept::Stay | AfterAccept::IntoActive => Vec::new(),
            AfterAccept::Carry(forward) => self.carry(forward),
        }
    }

    /// Takes what the evolution thread reports.
    pub fn take_evolution(&mut self, view: EvolutionView) -> Vec<Effect> {
        if view.serial != self.evolutions_begun || self.document.is_none() || self.evolution.state == RunState::Absent {
            return Vec::new();
        }
        // A fast run may begin and end between two looks at it.
        let news = (&view.state, view.step, view.serial)
            != (&self.evolution.state, self.evolution.step, self.evolution.serial);
        self.evolution = view;
        match &self.evolution.state {
            RunState::Failed(reason) => {
                let text = format!("The evolution failed: {reason}");
                self.accept_pending = None;
                self.notify(Severity::Error, text);
            }
            RunState::Stopped(reason) if news => {
                let severity = if reason.starts_with("converged") { Severity::Info } else { Severity::Warning };
                let text = format!("Stopped at step {}: {reason}", self.evolution.step);
                self.notify(severity, text);
            }
            _ => {}
        }
        let mut effects = self.accept_when_held();
        effects.extend(self.compare_when_held());
        effects
    }

    /// Takes a finished brush edit of φ: one undo point.
    pub fn take_edit(&mut self, serial: u64, before: PhiState, after: PhiState) {
        if serial == self.evolution.serial {
            self.history.seal();
            self.history.push("Brush", Change::Phi(serial, Pair { before, after }));
            self.history.seal();
        }
    }

    /// Takes the moments of an evolution that are to become a picture.
    pub fn take_film(&mut self, path: PathBuf, moments: Vec<(u64, Arc<Vec<f32>>)>) -> Vec<Effect> {
        let (Some(document), Some(place)) = (&self.document, &self.evolution.place) else { return Vec::new() };
        let neural = self.evolution.neural.as_ref().map(|neural| neural.origin.clone());
        let is_picture = path.extension().is_some_and(|end| end == "gif" || end == "png");
        let content = if is_picture {
            Content::Animation(Box::new(AnimationJob {
                image: document.image.clone(),
                place: place.clone(),
                moments,
                cursor: self.cursor,
                window: (self.window.lower(), self.window.upper()),
                neural: neural.as_ref().map(|_| MOMENTS),
            }))
        } else {
            let per_t = if neural.is_some() { MOMENTS as f64 } else { 1.0 };
            let steps = moments.last().map_or(0, |last| last.0) as f64;
            let step = steps / per_t / (moments.len().max(2) - 1) as f64;
            let phi = moments.into_iter().map(|(_, phi)| phi).collect();
            Content::Series(Box::new(place.geometry.clone()), phi, step)
        };
        let origin = Origin { source: document.path.clone(), accepted: Vec::new(), log: Vec::new(), neural };
        vec![Effect::Write(Box::new(WriteJob { serial: document.serial, path, content, origin }))]
    }
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
