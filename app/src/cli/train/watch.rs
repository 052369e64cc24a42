//! A training told in lines: epochs on standard output, the rest on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::ops::ControlFlow;
use zeroset_engine::train::{Event, Observer, OrganScore};

/// Writes a line per epoch and, on a terminal, shows a bar between them.
pub struct Watch<'a> {
    out: &'a mut dyn Write,
    json: bool,
    bar: ProgressBar,
}

impl<'a> Watch<'a> {
    /// Epochs go to `out`: as JSON, or in words.
    pub fn new(out: &'a mut dyn Write, json: bool) -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { out, json, bar }
    }

    fn line(&mut self, text: &str) -> ControlFlow<()> {
        // A reader that has left wants nothing more.
        let written = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn note(&self, text: &str) {
        self.bar.suspend(|| eprintln!("zeroset: {text}"));
    }

    fn progress(&self, done: u64, total: u64, message: String) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(message);
    }
}

impl Observer for Watch<'_> {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Note(text) => self.note(text),
            Event::Preparing { done, total } => self.progress(done as u64, total as u64, "reading cases".into()),
            Event::Started { parameters, training_slices, validation_slices, epochs_done, epochs } => {
                let after = if epochs_done > 0 { format!(", {epochs_done} done before") } else { String::new() };
                self.note(&format!(
                    "{parameters} weights, {training_slices} training slices per epoch, {validation_slices} validation \
                     slices, {epochs} epochs{after}"
                ));
            }
            Event::Batch { epoch, batch, batches, loss, rate, .. } => {
                self.progress(batch, batches, format!("epoch {epoch}: loss {loss:.3e}, rate {rate:.1e}"));
            }
            Event::Validated { done, total } => self.progress(done as u64, total as u64, "validation".into()),
            Event::Epoch(report) if self.json => {
                let text = serde_json::to_string(report).unwrap_or_default();
                return self.line(&text);
            }
            Event::Epoch(report) => {
                let scores: Vec<String> = report.organs.iter().map(score).collect();
                let best = if report.best { ", best so far" } else { "" };
                return self.line(&format!(
                    "epoch {}: loss {:.4e}, validation {:.4e}, {}, {:.0} s{best}",
                    report.epoch,
                    report.training_loss,
                    report.validation_loss,
                    scores.join(", "),
                    report.seconds,
                ));
            }
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `kidney IoU 0.9123`.
pub fn score(organ: &OrganScore) -> String {
    match organ.iou {
        Some(iou) => format!("{} IoU {iou:.4}", organ.organ),
        None => format!("{} IoU not defined", organ.organ),
    }
}
