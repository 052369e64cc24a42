//! The thread on which a network solves, one job after the other.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use zeroset_engine::neural::{Advance, Field, Job, NeuralError};
use zeroset_engine::ode::Outcome;

/// What the thread tells.
pub enum News {
    /// An accepted step of a branch.
    Step(usize, Vec<usize>, Advance),
    /// A job of a branch has ended.
    Ended(usize, Vec<usize>, Result<Outcome, NeuralError>),
    /// All jobs of a branch have ended.
    Idle,
}

/// Tells news of the round with this number to whoever listens; false when nobody does.
pub type Tell = Box<dyn Fn(u64, News) -> bool + Send>;

/// The thread's handle.
pub struct Network {
    rounds: Sender<Round>,
    cancel: Arc<AtomicBool>,
    round: u64,
}

struct Round {
    number: u64,
    branch: usize,
    jobs: Vec<Job>,
    cancel: Arc<AtomicBool>,
}

impl Network {
    /// Starts the thread; it ends with the handle.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(field: Arc<Field>, tell: Tell) -> std::io::Result<Self> {
        let (rounds, inbox) = channel::<Round>();
        std::thread::Builder::new().name("zeroset-network".to_owned()).spawn(move || {
            while let Ok(round) = inbox.recv() {
                if !solve(&field, &round, &tell) {
                    return;
                }
            }
        })?;
        Ok(Self { rounds, cancel: Arc::default(), round: 0 })
    }

    /// Solves jobs of a branch in their order; whatever it was doing ends with its next step.
    pub fn solve(&mut self, branch: usize, jobs: Vec<Job>) {
        self.stop();
        self.cancel = Arc::default();
        let round = Round { number: self.round, branch, jobs, cancel: self.cancel.clone() };
        // The thread ends only with this handle.
        let _ = self.rounds.send(round);
    }

    /// Ends the present round with its next step; news of it that are still to come are old.
    pub fn stop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.round += 1;
    }

    /// Whether news of this round still count.
    pub fn is_present(&self, round: u64) -> bool {
        round == self.round
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// One round; false when nobody listens any more.
fn solve(field: &Field, round: &Round, tell: &Tell) -> bool {
    for job in &round.jobs {
        let mut heard = true;
        let result = field.solve(job, &mut |advance| {
            if round.cancel.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            heard = tell(round.number, News::Step(round.branch, job.slices.clone(), advance));
            if heard { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        heard &= tell(round.number, News::Ended(round.branch, job.slices.clone(), result));
        if !heard {
            return false;
        }
        if round.cancel.load(Ordering::Relaxed) {
            break;
        }
    }
    tell(round.number, News::Idle)
}
