//! Progress on standard error, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};
use zeroset_engine::pipeline::Progress;
use zeroset_engine::recipe::Recipe;

/// A line that shows stage, iterations, time and volume while a contour evolves.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar for a run by this recipe; it stays hidden when standard error is no terminal.
    pub fn new(recipe: &Recipe) -> Self {
        let bar = ProgressBar::new(recipe.stop.max_iterations);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    /// Shows where the run stands.
    pub fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Stage(stage) => self.bar.set_message((*stage).to_owned()),
            Progress::Step { evolution, slice, .. } => {
                let report = evolution.report();
                self.bar.set_position(report.step);
                let place = slice.map_or_else(String::new, |(index, _)| format!("slice {index}, "));
                self.bar.set_message(format!("{place}t = {:.1}, {:.1} mL", report.time, report.stats.volume_ml));
            }
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
