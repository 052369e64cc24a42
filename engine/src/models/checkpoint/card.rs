//! The model card: what model.json holds, for people.

use super::manifest::{Manifest, Precision};
use std::fmt::Write;

/// Markdown.
pub(super) fn render(manifest: &Manifest) -> String {
    let card = &manifest.card;
    let prepare = &manifest.preprocessing;
    let organs: Vec<&str> = prepare.organs.iter().map(|organ| organ.name.as_str()).collect();
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    let title = or(&card.title, &format!("{} for {}", manifest.network.name(), organs.join(", ")));
    let [low, high] = prepare.window_hu;
    let [rows, columns] = prepare.size;
    let numbers = match manifest.precision {
        Precision::Full => "f32",
        Precision::Half => "f16",
    };
    let mut text = format!(
        "# {title}\n\n**Not a medical device.** For research and teaching; no contour of this model may be used for a \
         patient unless a qualified person has checked it.\n\n"
    );
    let mut line = |name: &str, what: String| {
        let _ = writeln!(text, "- {name}: {what}");
    };
    line(
        "Architecture",
        format!("`{}`, {} parameters, {numbers} on disk", manifest.network.name(), manifest.parameters),
    );
    line("Organs", organs.join(", "));
    line("Input", format!("CT, {low} to {high} HU, {rows}×{columns} pixels, {} slice(s)", prepare.channels()));
    line("Output", format!("signed distance in bands of {} pixels, negative inside", prepare.band_px));
    if manifest.network.needs_start() {
        line("Start", "needs a start contour".into());
    }
    line("Weights", format!("SHA-256 `{}`", manifest.weights_sha256));
    line("Written by", manifest.program.clone());
    for (name, what, otherwise) in [
        ("Purpose", &card.purpose, "Not stated."),
        ("Data", &card.data, "Not stated."),
        ("Licence and attribution", &card.licence, "Not stated: ask whoever trained it before passing it on."),
        ("Protocol", &card.protocol, "Not stated."),
    ] {
        let _ = write!(text, "\n## {name}\n\n{}\n", or(what, otherwise));
    }
    text += &training(manifest);
    text += &scores(manifest);
    let _ = write!(text, "\n## Limits\n\n{}\n", or(&card.limits, "Not studied."));
    text
}

fn training(manifest: &Manifest) -> String {
    let record = &manifest.training;
    let loss = |loss: Option<f64>| loss.map_or("not known".into(), |value| format!("{value:.5}"));
    let mut text = format!(
        "\n## Training\n\n{} epochs, {} steps, {:.0} s on {}, seed {}. Loss {} in training, {} in validation. Cases: {} \
         to learn from, {} to choose by.\n",
        record.epochs,
        record.steps,
        record.duration_s,
        if record.device.is_empty() { "an unknown device" } else { &record.device },
        record.rng_seed,
        loss(record.training_loss),
        loss(record.validation_loss),
        record.training_cases.len(),
        record.validation_cases.len(),
    );
    if !record.built_on.is_empty() {
        let _ = writeln!(text, "Built on weights {}.", record.built_on.join(", "));
    }
    text
}

fn scores(manifest: &Manifest) -> String {
    if manifest.scores.is_empty() {
        return "\n## Scores\n\nNone taken.\n".into();
    }
    let mut text =
        String::from("\n## Scores\n\n| data | organ | metric | value | 95 % interval |\n|---|---|---|---|---|\n");
    for score in &manifest.scores {
        let interval = score.interval.map_or("–".into(), |[low, high]| format!("{low:.4} to {high:.4}"));
        let cell = |text: &str| text.replace('|', "/");
        let (data, organ, metric) = (cell(&score.data), cell(&score.organ), cell(&score.metric));
        let _ = writeln!(text, "| {data} | {organ} | {metric} | {:.4} | {interval} |", score.value);
    }
    text
}
