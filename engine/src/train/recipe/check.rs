//! What TOML cannot say: values that no training could use, and folders with variables.

use super::{DataRecipe, TrainRecipe};
use crate::loss::LossConfig;
use crate::models::NetworkConfig;
use std::path::{Path, PathBuf};

/// Dotted key and what is wrong.
type Wrong = (String, String);

fn ensure(holds: bool, key: &str, reason: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err((key.into(), reason())) }
}

impl TrainRecipe {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        self.preprocessing.check().map_err(|e| {
            let key = format!("preprocessing.{}", e.field);
            (key, format!("found {}, expected {}", e.found, e.expected))
        })?;
        self.network
            .check()
            .map_err(|e| (format!("network.{}", e.field), format!("found {}, expected {}", e.found, e.expected)))?;
        if let NetworkConfig::Lsn(lsn) = &self.network {
            let (own, data) = (lsn.band_px, self.preprocessing.band_px);
            ensure(own == data, "network.band_px", || {
                format!("found {own}, expected preprocessing.band_px, {data}: the network's steps are in pixels")
            })?;
        }
        self.data.check()?;
        self.check_optimizer()?;
        self.check_augmentation()?;
        let start = &self.start;
        let part = start.deformed_part;
        ensure((0.0..=1.0).contains(&part), "start.deformed_part", || format!("found {part}, expected 0 to 1"))?;
        let [least, most] = start.error_share;
        ensure((0.0..=1.0).contains(&least) && (least..=1.0).contains(&most), "start.error_share", || {
            format!("found [{least}, {most}], expected two numbers from 0 to 1, the smaller one first")
        })?;
        for (key, value) in
            [("deform_px", start.deform_px), ("deform_grid_px", start.deform_grid_px), ("offset_px", start.offset_px)]
        {
            ensure(value >= 0.0 && value.is_finite(), &format!("start.{key}"), || {
                format!("found {value}, expected 0 or more pixels")
            })?;
        }
        ensure(start.folds.is_empty() || start.checkpoint.is_some(), "start.folds", || {
            "without start.checkpoint, the network for all other patients".into()
        })?;
        self.check_loss()?;
        ensure(!self.devices.is_empty(), "devices", || {
            "names no device: expected at least one, e.g. [\"auto\"]".into()
        })?;
        let minutes = self.output.save_every_minutes;
        ensure(minutes > 0.0, "output.save_every_minutes", || format!("found {minutes}, expected more than 0"))
    }

    fn check_loss(&self) -> Result<(), Wrong> {
        let (found, wanted) = (self.organ_weights.len(), self.preprocessing.organs.len());
        ensure(found == 0 || found == wanted, "organ_weights", || {
            format!("found {found} numbers, expected one for each of the {wanted} organs")
        })?;
        let positive = self.organ_weights.iter().all(|&weight| weight > 0.0 && weight.is_finite());
        ensure(positive, "organ_weights", || format!("found {:?}, expected more than 0", self.organ_weights))?;
        let used = matches!(self.loss, LossConfig::TanhBand | LossConfig::TanhBandPlus { .. });
        ensure(found == 0 || used, "organ_weights", || "only the losses tanh-band and tanh-band-plus use them".into())?;
        let LossConfig::TanhBandPlus { cross_entropy, dice, width } = self.loss else { return Ok(()) };
        for (key, value) in [("cross_entropy", cross_entropy), ("dice", dice)] {
            ensure(value >= 0.0 && value.is_finite(), &format!("loss.tanh-band-plus.{key}"), || {
                format!("found {value}, expected 0 or more")
            })?;
        }
        ensure(width > 0.0 && width.is_finite(), "loss.tanh-band-plus.width", || {
            format!("found {width}, expected more than 0 band widths")
        })
    }

    fn check_optimizer(&self) -> Result<(), Wrong> {
        let o = &self.optimizer;
        let positive = |key: &str, value: f64| {
            ensure(value > 0.0 && value.is_finite(), &format!("optimizer.{key}"), || {
                format!("found {value}, expected more than 0")
            })
        };
        positive("rate", o.rate)?;
        ensure((0.0..=o.rate).contains(&o.least_rate), "optimizer.least_rate", || {
            format!("found {}, expected 0 to the rate, {}", o.least_rate, o.rate)
        })?;
        positive("epsilon", f64::from(o.epsilon))?;
        for (key, value) in
            [("beta_1", f64::from(o.beta_1)), ("beta_2", f64::from(o.beta_2)), ("ema_decay", o.ema_decay)]
        {
            ensure((0.0..1.0).contains(&value), &format!("optimizer.{key}"), || {
                format!("found {value}, expected 0 to below 1")
            })?;
        }
        ensure(o.clip_norm >= 0.0, "optimizer.clip_norm", || format!("found {}, expected 0 or more", o.clip_norm))?;
        for (key, value) in [("batch_size", o.batch_size), ("accumulate", o.accumulate), ("epochs", o.epochs)] {
            ensure(value > 0, &format!("optimizer.{key}"), || "found 0, expected at least 1".into())?;
        }
        if let super::super::Schedule::Plateau { patience, factor } = o.schedule {
            ensure(patience > 0, "optimizer.schedule.patience", || "found 0, expected at least 1 epoch".into())?;
            ensure(factor > 0.0 && factor <= 1.0, "optimizer.schedule.factor", || {
                format!("found {factor}, expected above 0 and up to 1")
            })?;
        }
        Ok(())
    }

    fn check_augmentation(&self) -> Result<(), Wrong> {
        let a = &self.augmentation;
        for (key, value) in [
            ("scale", a.scale),
            ("rotation_degrees", a.rotation_degrees),
            ("translation", a.translation),
            ("elastic_px", a.elastic_px),
            ("elastic_grid_px", a.elastic_grid_px),
            ("brightness_hu", f64::from(a.brightness_hu)),
            ("contrast", f64::from(a.contrast)),
            ("window_shift_hu", f64::from(a.window_shift_hu)),
            ("noise_hu", f64::from(a.noise_hu)),
            ("blur_px", f64::from(a.blur_px)),
            ("structure_shift_hu", f64::from(a.structure_shift_hu)),
        ] {
            ensure(value >= 0.0 && value.is_finite(), &format!("augmentation.{key}"), || {
                format!("found {value}, expected 0 or more")
            })?;
        }
        for (key, part) in
            [("flip_left_right", a.flip_left_right), ("native", a.native), ("repeat_neighbours", a.repeat_neighbours)]
        {
            ensure((0.0..=1.0).contains(&part), &format!("augmentation.{key}"), || {
                format!("found {part}, expected a probability, 0 to 1")
            })?;
        }
        let acts = a.native > 0.0 || a.structure_shift_hu > 0.0;
        ensure(!acts || !a.structures.is_empty(), "augmentation.structures", || {
            "none, and native or structure_shift_hu needs some".into()
        })?;
        ensure(a.structures.len() < 256, "augmentation.structures", || "expected at most 255".into())?;
        for structure in &a.structures {
            let [low, high] = structure.native_hu;
            ensure(low.is_finite() && high.is_finite() && low <= high, "augmentation.structures.native_hu", || {
                format!("found [{low}, {high}], expected two HU, the lower one first")
            })?;
            ensure(
                !structure.labels.is_empty() && !structure.labels.contains(&0),
                "augmentation.structures.labels",
                || format!("found {:?}, expected labels from 1 up, at least one", structure.labels),
            )?;
        }
        Ok(())
    }

    /// Replaces `${NAME}` in every folder.
    ///
    /// # Errors
    /// Key and name of a variable that is not set.
    pub fn resolve(&mut self) -> Result<(), (String, String)> {
        for (key, folder) in self.folders() {
            *folder = resolved(folder).map_err(|name| (key.to_owned(), name))?;
        }
        Ok(())
    }

    /// The same with the last part of every folder only: what a checkpoint that others get says of this machine.
    pub fn without_places(&self) -> Self {
        let mut recipe = self.clone();
        for (_, folder) in recipe.folders() {
            *folder = folder.file_name().map(PathBuf::from).unwrap_or_default();
        }
        recipe
    }

    /// Every folder and its key.
    fn folders(&mut self) -> Vec<(&'static str, &mut PathBuf)> {
        let mut folders =
            vec![("data.source.folder", &mut self.data.source.folder), ("output.folder", &mut self.output.folder)];
        folders.extend(self.data.validation_source.as_mut().map(|s| ("data.validation_source.folder", &mut s.folder)));
        folders.extend(self.data.cache.as_mut().map(|folder| ("data.cache", folder)));
        folders.extend(self.start.checkpoint.as_mut().map(|folder| ("start.checkpoint", folder)));
        folders.extend(self.start.folds.iter_mut().map(|folder| ("start.folds", folder)));
        folders.extend(self.begin_with.as_mut().map(|folder| ("begin_with", folder)));
        folders
    }
}

/// The path with the values of its variables; a variable that is not set is the error.
fn resolved(path: &Path) -> Result<PathBuf, String> {
    let text = path.to_string_lossy();
    let (mut out, mut rest) = (String::new(), text.as_ref());
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        out += before;
        out += &std::env::var(name).map_err(|_| name.to_owned())?;
        rest = after;
    }
    Ok(PathBuf::from(out + rest))
}

impl DataRecipe {
    fn check(&self) -> Result<(), Wrong> {
        let named = !self.train.is_empty() || !self.validation.is_empty();
        let ways = [named, self.fold.is_some(), self.validation_source.is_some(), self.validate_on_train];
        if self.validation.is_empty() && ways[1..].iter().all(|way| !way) {
            return Err(("data".into(), "nothing validates: name patients (validation), folds (fold), a validation_source, or validate_on_train = true".into()));
        }
        if !self.validation.is_empty() && ways[1..].iter().any(|&way| way)
            || ways[1..].iter().filter(|&&way| way).count() > 1
        {
            return Err((
                "data".into(),
                "validation patients, fold, validation_source and validate_on_train exclude each other: keep one"
                    .into(),
            ));
        }
        if let Some(patient) = self.train.iter().find(|patient| self.validation.contains(patient)) {
            return Err((
                "data.validation".into(),
                format!("patient {patient} is also in data.train: no patient may be on both sides"),
            ));
        }
        if let Some(fold) = self.fold {
            ensure(fold.folds >= 2, "data.fold.folds", || format!("found {}, expected at least 2", fold.folds))?;
            ensure(fold.fold < fold.folds, "data.fold.fold", || {
                format!("found {}, expected 0 to {}", fold.fold, fold.folds - 1)
            })?;
            ensure(self.train.is_empty(), "data.train", || "cannot be named beside folds".into())?;
        }
        ensure(self.empty_slices >= 0.0 && self.empty_slices.is_finite(), "data.empty_slices", || {
            format!("found {}, expected 0 or more", self.empty_slices)
        })?;
        for (key, most) in [
            ("max_slices", self.max_slices),
            ("max_validation_slices", self.max_validation_slices),
            ("slices_per_epoch", self.slices_per_epoch),
            ("repeats", Some(self.repeats)),
        ] {
            ensure(most != Some(0), &format!("data.{key}"), || "found 0, expected at least 1".into())?;
        }
        Ok(())
    }
}
