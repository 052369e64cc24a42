//! The reference: a segmentation that the contour is compared with. It is drawn and measured, never saved.

use super::evolution::EvolverCommand;
use super::overlay::Agreement;
use super::{Command, Effect, Outcome, Proposal, Session, Severity};
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::{Geometry, LabelMap};

/// An open reference.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Its file.
    pub path: PathBuf,
    /// Its labels on the scan's grid.
    pub labels: Arc<LabelMap>,
    /// The labels that occur in it, ascending.
    pub present: Vec<u16>,
    /// Whether it was resampled onto the scan's grid.
    pub resampled: bool,
    /// The labels that the user chose; `None` takes those of the organ at hand.
    pub by_hand: Option<Vec<u16>>,
    /// Ready to be drawn and counted.
    pub mask: Option<Arc<ReferenceMask>>,
    asked: Option<Vec<u16>>,
}

/// Labels of a reference as one organ, in a box around it.
#[derive(Clone, Debug)]
pub struct ReferenceMask {
    /// Document it belongs to.
    pub document: u64,
    /// The labels.
    pub labels: Vec<u16>,
    /// Grid of the scan.
    pub scan: Geometry,
    /// First voxel of the box on it.
    pub lower: [usize; 3],
    /// Grid of the box.
    pub geometry: Geometry,
    /// Signed distance to the labels' border in the box, mm, negative inside, x fastest.
    pub phi: Arc<Vec<f32>>,
}

/// A proposal beside the reference.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The proposal.
    pub proposal: Arc<Proposal>,
    /// The reference.
    pub mask: Arc<ReferenceMask>,
    /// How they agree, once it was counted.
    pub agreement: Option<Agreement>,
}

/// Make labels of a reference ready.
#[derive(Clone, Debug)]
pub struct ReferenceJob {
    /// Document it belongs to.
    pub document: u64,
    /// The reference on the scan's grid.
    pub labels: Arc<LabelMap>,
    /// Which of its labels.
    pub chosen: Vec<u16>,
}

impl ReferenceMask {
    /// The distances along `length` voxels of the scan from `first` on along x, as far as the box holds them, and how
    /// many voxels come before it.
    pub fn row(&self, first: [usize; 3], length: usize) -> (usize, &[f32]) {
        let size = self.geometry.size();
        let end = (first[0] + length).min(self.lower[0] + size[0]);
        let begin = first[0].max(self.lower[0]);
        let crosses = (1..3).all(|d| (self.lower[d]..self.lower[d] + size[d]).contains(&first[d]));
        if !crosses || begin >= end {
            return (0, &[]);
        }
        let at = self.geometry.index([begin - self.lower[0], first[1] - self.lower[1], first[2] - self.lower[2]]);
        (begin - first[0], &self.phi[at..at + end - begin])
    }
}

impl Session {
    /// The labels of the reference that are compared: those chosen by hand, else those of the organ at hand.
    pub fn reference_labels(&self) -> Vec<u16> {
        let Some(reference) = &self.reference else { return Vec::new() };
        reference.by_hand.clone().unwrap_or_else(|| self.matching_labels(&reference.present))
    }

    /// Of the labels that are present those of the organ that a network works on, else the active one, else all.
    fn matching_labels(&self, present: &[u16]) -> Vec<u16> {
        let Some(document) = &self.document else { return present.to_vec() };
        let organ = if self.evolution.exists() {
            let moved = self.evolution.neural.as_ref().map(|neural| neural.origin.organ.as_str());
            moved.or_else(|| self.begun_from().map(|proposal| proposal.record.organ.as_str()))
        } else {
            self.proposal.as_ref().map(|proposal| proposal.record.organ.as_str())
        };
        let named = |organ: &str| -> Vec<u16> {
            let both = self.side_labels().filter(|_| organ == "kidney").map(|sides| vec![sides.left, sides.right]);
            let entries = document.table.iter().filter(|label| label.name.eq_ignore_ascii_case(organ));
            both.unwrap_or_else(|| entries.map(|label| label.number).collect())
        };
        let among = |labels: Vec<u16>| -> Vec<u16> { labels.into_iter().filter(|l| present.contains(l)).collect() };
        let of_organ = organ.map(|organ| among(named(organ))).unwrap_or_default();
        let of_active = among(vec![document.active_label]);
        [of_organ, of_active].into_iter().find(|labels| !labels.is_empty()).unwrap_or_else(|| present.to_vec())
    }

    /// How the contour that is shown agrees with the reference: that of the evolution, else the proposal's.
    pub fn agreement(&self) -> Option<Agreement> {
        let mask = self.reference.as_ref()?.mask.as_ref()?;
        if self.evolution.exists() {
            return self.evolution.overlays.agreement;
        }
        let shown = self.proposal.as_ref()?;
        let found = self.compared.as_ref().filter(|c| Arc::ptr_eq(&c.proposal, shown) && Arc::ptr_eq(&c.mask, mask));
        found.and_then(|compared| compared.agreement)
    }

    /// The proposal to compare next, when it or the reference is another than before.
    pub fn wanted_comparison(&mut self) -> Option<Effect> {
        let (proposal, mask) = (self.proposal.as_ref()?, self.reference.as_ref()?.mask.as_ref()?);
        let same = |c: &Compared| Arc::ptr_eq(&c.proposal, proposal) && Arc::ptr_eq(&c.mask, mask);
        if self.compared.as_ref().is_some_and(same) {
            return None;
        }
        let compared = Compared { proposal: proposal.clone(), mask: mask.clone(), agreement: None };
        self.compared = Some(compared.clone());
        Some(Effect::CompareProposal(Box::new(compared)))
    }

    /// The reference to make ready next, when other labels of it are meant than before.
    pub fn wanted_reference(&mut self) -> Option<Effect> {
        let chosen = self.reference_labels();
        let document = self.document.as_ref()?.serial;
        let reference = self.reference.as_mut()?;
        if reference.asked.as_ref() == Some(&chosen) {
            return None;
        }
        reference.asked = Some(chosen.clone());
        Some(Effect::PrepareReference(Box::new(ReferenceJob { document, labels: reference.labels.clone(), chosen })))
    }

    pub(super) fn apply_overlay(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::SetOverlays(settings) => {
                let before = std::mem::replace(&mut self.overlays, settings).wanted();
                if before != settings.wanted() {
                    return vec![Effect::Evolver(EvolverCommand::SetOverlays(settings.wanted()))];
                }
            }
            Command::AskOpenReference if self.document.is_some() => return vec![Effect::AskOpenReference],
            Command::OpenReference(path) if self.document.is_some() => {
                let document = self.document.iter();
                let load =
                    |d: &super::Document| Effect::LoadReference(path.clone(), d.serial, d.image.geometry().clone());
                return document.map(load).collect();
            }
            Command::AskOpenReference | Command::OpenReference(_) => {
                self.notify(Severity::Warning, "Open the scan before its reference (Ctrl+G)");
            }
            Command::SetReferenceLabels(labels) => {
                if let Some(reference) = &mut self.reference {
                    reference.by_hand = labels;
                }
            }
            Command::CloseReference => return self.close_reference(),
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn close_reference(&mut self) -> Vec<Effect> {
        (self.reference, self.compared) = (None, None);
        vec![Effect::Evolver(EvolverCommand::SetReference(None))]
    }

    /// Takes a reference that was read, or made ready.
    pub(super) fn take_reference(&mut self, outcome: Outcome) -> Vec<Effect> {
        let current = self.document.as_ref().map(|d| d.serial);
        match outcome {
            Outcome::Reference { document, path, labels, grids } if current == Some(document) => {
                let present = labels.present();
                let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                match &grids {
                    Some(grids) => {
                        let text = format!(
                            "The reference {name} lies on another grid than the scan and was resampled by the nearest \
                             voxel. {grids}"
                        );
                        self.notify(Severity::Warning, text);
                    }
                    None => self.notify(Severity::Info, format!("Reference {name}: drawn in black, never saved")),
                }
                let resampled = grids.is_some();
                self.reference =
                    Some(Reference { path, labels, present, resampled, by_hand: None, mask: None, asked: None });
                self.overlays.reference = true;
                return vec![Effect::Evolver(EvolverCommand::SetReference(None))];
            }
            Outcome::Compared(compared) => {
                let same =
                    |c: &Compared| Arc::ptr_eq(&c.proposal, &compared.proposal) && Arc::ptr_eq(&c.mask, &compared.mask);
                if self.compared.as_ref().is_some_and(same) {
                    self.compared = Some(*compared);
                }
            }
            Outcome::ReferenceMask(mask) if current == Some(mask.document) => {
                if let Some(reference) = self.reference.as_mut().filter(|r| r.asked.as_ref() == Some(&mask.labels)) {
                    reference.mask = Some(mask.clone());
                    return vec![Effect::Evolver(EvolverCommand::SetReference(Some(mask)))];
                }
            }
            _ => {}
        }
        Vec::new()
    }
}
