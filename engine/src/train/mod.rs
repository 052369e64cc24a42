//! Training: from a recipe and folders of scans to a checkpoint.
//!
//! ```text
//! TrainRecipe --Dataset::open--> slices on the network's grid (cache on disk), patients on one side only
//! slices --Batch::prepare (a thread of its own)--> augmented batches --Learner::step--> weights
//! every epoch: validation, checkpoints best and last, epochs.jsonl, curves.svg, pictures; run.state to go on from
//! ```
//!
//! Nothing random is remembered: order, augmentation and start contours depend on seed, epoch and slice alone, so that
//! a run killed at any moment goes on to the same weights.
//!
//! # Several devices
//!
//! Every batch is shared out: each device works out loss and gradients of its part on a thread of its own, the first
//! one adds them up, clips and steps. That is burn's own `MultiDevice` strategy with `OptimMainDevice`, but for one thing: burn gives every
//! device whole batches and adds their gradients, so that the step grows with the devices; here the batch stays the
//! recipe's, and its loss is the mean over its slices. On devices of one kind the result is that of one device up to rounding for losses that are a mean
//! over slices or over all pixels; the Dice losses are a mean over slices; with masked pixels each part is weighed by its slices.
//! burn's Flex has one device handle: `["cpu", "cpu"]` runs two workers on it. `DistributedDataParallel` needs burn's
//! `Learner` and its collective operations, which would take resume, EMA and the batch order out of our hands.
//!
//! burn's `remote` backend is left out on purpose. It more than doubles burn's crates (337 instead of 137 with `flex`
//! alone: tokio, iroh, a websocket server), sends every tensor of a scan over the network, and knows none of
//! [`nn::ops`](crate::nn::ops) before each has a twin registered with its server. A training on another machine is a
//! recipe copied there; a checkpoint is the folder copied back.

mod augment;
mod batch;
mod begin;
mod curves;
mod data;
mod device;
mod error;
mod finish;
mod folder;
mod learner;
mod loader;
mod optimizer;
mod pictures;
mod random;
pub mod recipe;
mod report;
mod run;
mod schedule;
mod start;
mod starter;
mod state;
mod validate;
pub mod weights;

pub use augment::augmented;
pub use batch::{Batch, Purpose};
pub use data::{Case, DataProblem, Dataset, DatasetError, Sample, Sides, Slice, Split, find_cases, split};
pub use device::open_device;
pub use error::TrainError;
pub use folder::RunFolder;
pub use random::random_for;
pub use recipe::TrainRecipe;
pub use report::{End, EpochReport, Event, Observer, OrganScore, RunReport, Silent};
pub use run::{RunOptions, run};
pub use schedule::{Plateau, Rates, Schedule};
pub use start::{deformed, draws_deformed};
pub use state::{RunState, STATE_FORMAT};
