//! The learning rate: warm-up, then one of four schedules.

use serde::{Deserialize, Serialize};

/// How the rate falls from `rate` to `least_rate`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Times `factor` whenever the watched loss has not fallen for `patience` epochs (the NODE paper's annealing
    /// "once the loss curves start to plateau").
    Plateau {
        /// Epochs without a lower loss.
        #[serde(default = "plateau_patience")]
        patience: usize,
        /// What the rate is multiplied by.
        #[serde(default = "plateau_factor")]
        factor: f64,
    },
    /// (1 − step / steps)^power: the level set loss paper's "poly" policy, power 0.9.
    Poly {
        /// The exponent.
        #[serde(default = "poly_power")]
        power: f64,
    },
    /// Half a cosine (Loshchilov & Hutter 2017, without restarts).
    Cosine,
}

fn plateau_patience() -> usize {
    4
}

fn plateau_factor() -> f64 {
    0.5
}

fn poly_power() -> f64 {
    0.9
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Plateau { patience: plateau_patience(), factor: plateau_factor() }
    }
}

impl Schedule {
    /// Whether the rate of a step depends on the planned number of steps.
    pub fn needs_total(&self) -> bool {
        matches!(self, Self::Poly { .. } | Self::Cosine)
    }
}

/// What a plateau schedule remembers: a part of the run's saved state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// Least loss so far.
    pub least: Option<f64>,
    /// Epochs since then.
    pub epochs_since: usize,
    /// What the rate has been multiplied by.
    pub factor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { least: None, epochs_since: 0, factor: 1.0 }
    }
}

impl Plateau {
    /// Takes note of an epoch's loss.
    pub fn observe(&mut self, schedule: &Schedule, loss: f64) {
        if self.least.is_none_or(|least| loss < least) {
            (self.least, self.epochs_since) = (Some(loss), 0);
            return;
        }
        self.epochs_since += 1;
        if let Schedule::Plateau { patience, factor } = *schedule
            && self.epochs_since >= patience
        {
            self.factor *= factor;
            self.epochs_since = 0;
        }
    }
}

/// Rates of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Greatest rate.
    pub rate: f64,
    /// Least rate.
    pub least_rate: f64,
    /// Steps over which the rate rises linearly from 0.
    pub warm_up_steps: u64,
    /// How it falls.
    pub schedule: Schedule,
    /// Steps of the whole run.
    pub total_steps: u64,
}

impl Rates {
    /// The rate of step `step` (the first is 0).
    pub fn at(&self, step: u64, plateau: &Plateau) -> f64 {
        let (most, least) = (self.rate, self.least_rate.min(self.rate));
        let part = (step as f64 / self.total_steps.max(1) as f64).min(1.0);
        let scheduled = match self.schedule {
            Schedule::Constant => most,
            Schedule::Plateau { .. } => (most * plateau.factor).max(least),
            Schedule::Poly { power } => least + (most - least) * (1.0 - part).powf(power),
            Schedule::Cosine => least + (most - least) * 0.5 * (1.0 + (std::f64::consts::PI * part).cos()),
        };
        let risen =
            if self.warm_up_steps == 0 { 1.0 } else { ((step + 1) as f64 / self.warm_up_steps as f64).min(1.0) };
        scheduled * risen
    }
}
