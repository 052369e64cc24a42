//! What is known after an epoch, and what an observer is told in between.

use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// An organ's overlap on the network's grid, pooled over all validation slices (PASCAL VOC's way of counting).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrganScore {
    /// Name of the organ.
    pub organ: String,
    /// Intersection over union; not defined when neither truth nor prediction holds it.
    pub iou: Option<f64>,
    /// Dice's coefficient.
    pub dice: Option<f64>,
}

/// One line of `epochs.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// From 1.
    pub epoch: u64,
    /// Steps of the whole run.
    pub step: u64,
    /// Learning rate of the last step.
    pub rate: f64,
    /// Mean over the epoch's slices, each before its step.
    pub training_loss: f64,
    /// Mean over the validation slices.
    pub validation_loss: f64,
    /// Mean over the organs for which it is defined.
    pub iou: Option<f64>,
    /// Each organ.
    pub organs: Vec<OrganScore>,
    /// Mean evaluations of the ODE's right-hand side in validation, per solution of a batch.
    pub evaluations: Option<f64>,
    /// Whether it is the best so far.
    pub best: bool,
    /// Seconds for training and validation.
    pub seconds: f64,
}

/// What a run tells while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something the user should know.
    Note(&'a str),
    /// Cases laid on the network's grid.
    Preparing {
        /// Done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Before the first batch.
    Started {
        /// Weights of the network.
        parameters: usize,
        /// Training slices of an epoch.
        training_slices: usize,
        /// Validation slices.
        validation_slices: usize,
        /// Epochs done by an earlier run.
        epochs_done: u64,
        /// Epochs in all.
        epochs: u64,
    },
    /// A training batch is done.
    Batch {
        /// Epoch, from 1.
        epoch: u64,
        /// Batch, from 1.
        batch: u64,
        /// Batches of the epoch.
        batches: u64,
        /// Slices of the batch.
        slices: usize,
        /// Mean loss.
        loss: f64,
        /// Learning rate.
        rate: f64,
    },
    /// A validation batch is done.
    Validated {
        /// Slices done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// An epoch is done; its line is in `epochs.jsonl`.
    Epoch(&'a EpochReport),
}

/// Who watches a run.
pub trait Observer {
    /// Takes note of an event; `Break` ends the run after its state has been saved.
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()>;
}

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// Why.
    pub end: End,
    /// Every epoch, also those of earlier runs that this one went on from.
    pub epochs: Vec<EpochReport>,
    /// The best epoch, from 1.
    pub best_epoch: u64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Epochs,
    /// No better score for `stop.patience` epochs.
    Patience,
    /// Every organ above `stop.iou_above`.
    Reached,
    /// The observer asked for it.
    Asked,
}

impl End {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Epochs => "all epochs are done",
            Self::Patience => "no better score for stop.patience epochs",
            Self::Reached => "every organ's IoU is above stop.iou_above",
            Self::Asked => "stopped on request; go on with --resume",
        }
    }
}
