//! What the figures were measured on.

use serde::Serialize;

/// The processor and how much of it is used.
#[derive(Debug, Serialize)]
pub struct Machine {
    processor: String,
    threads: usize,
    os: &'static str,
    version: &'static str,
}

impl Machine {
    /// Reads what the system tells.
    pub fn detect() -> Self {
        let processor = std::fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|line| line.starts_with("model name"))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            })
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        Self {
            processor,
            threads: rayon::current_num_threads(),
            os: std::env::consts::OS,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
