//! A comparison being made, and a finished one.

use crate::session::evolution::Place;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use zeroset_engine::compare::{Comparison, Inside, Progress};

/// A comparison being made: shared with the thread that makes it.
#[derive(Debug, Default)]
pub struct CompareRun {
    /// Counts comparisons asked for: the newest wins.
    pub number: u64,
    /// Names of the methods.
    pub methods: Vec<String>,
    /// Set to stop it at the next step.
    pub cancelled: Arc<AtomicBool>,
    /// Set to end the method at work where it has come to.
    end_here: AtomicBool,
    /// Which method is at work, and where it stands.
    at: Mutex<Option<(usize, Progress)>>,
}

impl CompareRun {
    /// The comparison with this number, of these methods.
    pub fn new(number: u64, methods: Vec<String>) -> Self {
        Self { number, methods, ..Self::default() }
    }

    /// Tells where it stands.
    pub fn report(&self, method: usize, progress: Progress) {
        if let Ok(mut at) = self.at.lock() {
            *at = Some((method, progress));
        }
    }

    /// Which method is at work, and where it stands; `None` before the first one is.
    pub fn progress(&self) -> Option<(usize, Progress)> {
        self.at.lock().ok().and_then(|at| *at)
    }

    /// Ends the method at work where it has come to; the next one begins.
    pub fn end_method(&self) {
        self.end_here.store(true, Ordering::Relaxed);
    }

    /// Whether the method at work shall end here; asked once.
    pub fn ends_here(&self) -> bool {
        self.end_here.swap(false, Ordering::Relaxed)
    }

    /// Stops it.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A finished comparison, as the thread hands it over.
#[derive(Debug)]
pub struct Compared {
    /// Document it belongs to.
    pub document: u64,
    /// The tracks.
    pub comparison: Comparison,
    /// Where.
    pub place: Place,
    /// HD95 of each to the first, mm, at the end.
    pub hd95_mm: Vec<Option<f64>>,
    /// The reference in the place, with its name.
    pub reference: Option<(String, Inside)>,
    /// Methods that could not be run, and why.
    pub failures: Vec<String>,
}
