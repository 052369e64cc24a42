//! Batches prepared on a thread of their own while the network works on the one before.

use super::batch::{Batch, Purpose};
use super::data::{DatasetError, Sample};
use super::recipe::TrainRecipe;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

/// Batches that wait at most.
const WAITING: usize = 2;

/// Starts preparing the batches of an epoch from batch `first` on; they come in order.
pub(crate) fn load<'scope>(
    scope: &'scope Scope<'scope, '_>,
    samples: &'scope [Sample],
    first: usize,
    recipe: &'scope TrainRecipe,
    purpose: Purpose,
) -> Receiver<Result<Batch, DatasetError>> {
    let (sender, receiver) = sync_channel(WAITING);
    let size = recipe.optimizer.batch_size;
    scope.spawn(move || {
        for (number, slices) in samples.chunks(size).enumerate().skip(first) {
            let batch = Batch::prepare(slices, number * size, recipe, purpose);
            let failed = batch.is_err();
            // Nobody listens any more: the epoch ended early.
            if sender.send(batch).is_err() || failed {
                return;
            }
        }
    });
    receiver
}
