//! burn-train's terminal dashboard, fed by hand: curves, progress and a key to stop (q).

use burn::train::Interrupter;
use burn::train::logger::TrainingProgressLogger;
use burn::train::metric::{
    MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use zeroset_engine::train::{Event, Observer};

const LOSS: &str = "Loss";
const RATE: &str = "Learning rate";

/// The dashboard; it takes the terminal with the first batch and gives it back when it is dropped.
pub struct Dashboard {
    title: String,
    interrupter: Interrupter,
    shown: Option<TuiMetricsRendererWrapper>,
    epochs: [u64; 2],
    slices: [usize; 2],
    validating: bool,
    /// What is said before the dashboard is there.
    notes: Vec<String>,
    known: Vec<String>,
}

impl Dashboard {
    /// A dashboard for a recipe.
    pub fn new(recipe: &Path) -> Self {
        Self {
            title: recipe.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            interrupter: Interrupter::new(),
            shown: None,
            epochs: [0; 2],
            slices: [0; 2],
            validating: false,
            notes: Vec::new(),
            known: Vec::new(),
        }
    }

    fn start(&mut self) {
        let mut tui = TuiMetricsRendererWrapper::new(self.interrupter.clone(), None);
        let [done, all] = self.epochs;
        tui.start(all as usize, done as usize + 1, Some(self.slices[0]), Some(&self.title));
        tui.start_split("train", self.slices[0]);
        self.shown = Some(tui);
    }

    fn plot(&mut self, name: &str, value: f64, training: bool, more_is_better: bool) {
        let Some(tui) = &mut self.shown else { return };
        let name = Arc::new(name.to_owned());
        let id = MetricId::new(name.clone());
        if !self.known.contains(&name) {
            self.known.push(name.to_string());
            let attributes =
                MetricAttributes::Numeric(NumericAttributes { unit: None, higher_is_better: more_is_better });
            tui.register_metric(MetricDefinition { metric_id: id.clone(), name, description: None, attributes });
        }
        let text = format!("{value:.4e}");
        let entry = MetricEntry::new(id, SerializedEntry::new(text.clone(), text));
        let state = MetricState::Numeric(entry, Some(NumericEntry::Value(value)));
        if training { tui.update_train(state) } else { tui.update_valid(state) }
    }

    /// Changes between training and validation where that is new.
    fn split(&mut self, validating: bool) {
        if self.validating != validating
            && let Some(tui) = &mut self.shown
        {
            self.validating = validating;
            tui.end_split();
            let (name, slices) = if validating { ("valid", self.slices[1]) } else { ("train", self.slices[0]) };
            tui.start_split(name, slices);
        }
    }
}

impl Observer for Dashboard {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Note(text) => self.notes.push(text.to_owned()),
            Event::Preparing { done, total } if done == total => eprintln!("zeroset: {total} cases read"),
            Event::Preparing { .. } => {}
            Event::Started { training_slices, validation_slices, epochs_done, epochs, .. } => {
                self.epochs = [epochs_done, epochs];
                self.slices = [training_slices, validation_slices];
                self.start();
            }
            Event::Batch { batch, batches, loss, rate, .. } => {
                self.split(false);
                self.plot(LOSS, loss, true, false);
                self.plot(RATE, rate, true, true);
                let done = (self.slices[0] as u64 * batch / batches.max(1)) as usize;
                if let Some(tui) = &mut self.shown {
                    tui.update_split(done);
                }
            }
            Event::Validated { done, .. } => {
                self.split(true);
                if let Some(tui) = &mut self.shown {
                    tui.update_split(done);
                }
            }
            Event::Epoch(report) => {
                self.plot(LOSS, report.validation_loss, false, false);
                for organ in &report.organs {
                    if let Some(iou) = organ.iou {
                        self.plot(&format!("IoU {}", organ.organ), iou, false, true);
                    }
                }
                self.split(false);
                if let Some(tui) = &mut self.shown {
                    tui.update_epoch(report.epoch as usize);
                }
            }
        }
        if self.interrupter.should_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.shown = None;
        for note in &self.notes {
            eprintln!("zeroset: {note}");
        }
    }
}
