//! The active line of an evolution's history: its reports and marks from the first step to the last, over the branches
//! that it passes through.

use crate::evolver::is_marked;
use zeroset_engine::levelset::StepReport;
use zeroset_engine::levelset::history::{Event, History};

/// The active line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Reports, oldest first.
    pub reports: Vec<StepReport>,
    /// Steps at which something was changed, and what.
    pub marks: Vec<(u64, Event)>,
}

/// The active line of a history.
pub fn of(history: &History) -> Line {
    let branches = history.branches();
    // From the active branch up to the first: each contributes up to where the next one left it.
    let mut chain = Vec::new();
    let (mut at, mut until) = (history.active(), u64::MAX);
    while let Some(branch) = branches.get(at) {
        chain.push((branch, until));
        match branch.parent {
            Some((above, left_at)) if chain.len() <= branches.len() => (at, until) = (above, left_at.min(until)),
            _ => break,
        }
    }
    let mut line = Line::default();
    for (branch, until) in chain.into_iter().rev() {
        line.reports.extend(branch.reports().iter().filter(|r| r.step <= until));
        let marked = branch.keyframes().iter().filter(|k| is_marked(k.event) && k.step <= until);
        line.marks.extend(marked.map(|k| (k.step, k.event)));
    }
    line.marks.dedup();
    line
}
