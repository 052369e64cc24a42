//! Display windows: presets of abdominal CT, and an automatic one from the histogram.

use zeroset_engine::Volume;

/// Intensities mapped to black and white, in HU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Middle grey.
    pub level: f32,
    /// Distance between black and white; at least 1.
    pub width: f32,
}

impl Default for Window {
    fn default() -> Self {
        Self::new(40.0, 400.0)
    }
}

impl Window {
    /// A window; a width below 1 HU is raised to 1.
    pub fn new(level: f32, width: f32) -> Self {
        Self { level, width: width.max(1.0) }
    }

    /// Intensity shown black.
    pub fn lower(self) -> f32 {
        self.level - 0.5 * self.width
    }

    /// Intensity shown white.
    pub fn upper(self) -> f32 {
        self.level + 0.5 * self.width
    }

    /// The window from its ends.
    pub fn between(lower: f32, upper: f32) -> Self {
        Self::new(0.5 * (lower + upper), upper - lower)
    }

    /// Window over the 1st to the 99th percentile of (a sample of) the body: voxels above -500 when the volume has such
    /// a background, else all.
    pub fn auto(volume: &Volume) -> Self {
        let count = volume.geometry().len();
        let stride = (count / 200_000).max(1);
        let mut sample: Vec<f32> =
            (0..count).step_by(stride).map(|i| volume.value(i)).filter(|v| v.is_finite()).collect();
        let body: Vec<f32> = sample.iter().copied().filter(|&v| v > -500.0).collect();
        if body.len() > sample.len() / 20 {
            sample = body;
        }
        if sample.is_empty() {
            return Self::new(0.0, 1.0);
        }
        sample.sort_by(f32::total_cmp);
        let at = |q: f64| sample[((sample.len() - 1) as f64 * q).round() as usize];
        let (low, high, least, greatest) = (at(0.01), at(0.99), at(0.0), at(1.0));
        // Nearly all voxels of one value: what little there is else should still be seen.
        if high - low < 0.02 * (greatest - least) { Self::between(least, greatest) } else { Self::between(low, high) }
    }
}

/// A named window. `None` asks for the automatic one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowPreset {
    /// Name as shown.
    pub name: &'static str,
    /// Level and width in HU.
    pub window: Option<Window>,
}

const fn preset(name: &'static str, level: f32, width: f32) -> WindowPreset {
    WindowPreset { name, window: Some(Window { level, width }) }
}

/// Presets of abdominal CT reading (level, width in HU).
pub const WINDOW_PRESETS: [WindowPreset; 6] = [
    preset("Abdomen", 40.0, 400.0),
    preset("Liver", 60.0, 160.0),
    preset("Kidney", 100.0, 300.0),
    preset("Lung", -600.0, 1500.0),
    preset("Bone", 400.0, 1800.0),
    WindowPreset { name: "Auto", window: None },
];
