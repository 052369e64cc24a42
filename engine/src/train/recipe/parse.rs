//! From TOML to a [`TrainRecipe`], with the line and the key of whatever is wrong.

use super::{Augmentation, OptimizerRecipe, StartRecipe, StopRecipe, TrainRecipe};
use serde::Serialize;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A recipe that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RecipeError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable {
        /// The recipe.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A line that is wrong.
    #[error("{}:{line}: {key}: {reason}", path.display())]
    Line {
        /// The recipe.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Dotted key, or the table.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

impl TrainRecipe {
    /// Reads a recipe and replaces `${NAME}` in its folders.
    ///
    /// # Errors
    /// The file, a line of it with its key, or a value that no training could use.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| RecipeError::Unreadable { path: path.into(), reason: e.to_string() })?;
        Self::parse(&text, path)
    }

    /// As [`read`](Self::read), from text; `path` is for messages.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        let at =
            |line, key: &str, reason: String| RecipeError::Line { path: path.into(), line, key: key.into(), reason };
        let recipe: Self = toml::from_str(text).map_err(|error| {
            let reason = error.message().lines().collect::<Vec<_>>().join("; ");
            let start = error.span().map_or(0, |span| span.start);
            let (line, key) = place(text, start, quoted(&reason));
            at(line, &key, reason)
        })?;
        recipe.check().map_err(|(key, reason)| at(line_of(text, &key), &key, reason))?;
        Ok(recipe)
    }
}

/// The key that serde names: "unknown field `x`".
fn quoted(reason: &str) -> Option<&str> {
    reason.starts_with("unknown field").then(|| reason.split('`').nth(1)).flatten()
}

/// Line and dotted key of a byte; with `field`, of the first line from there on that sets it.
fn place(text: &str, start: usize, field: Option<&str>) -> (usize, String) {
    let line = text[..start.min(text.len())].matches('\n').count();
    let lines = keys(text);
    let named = field.and_then(|field| {
        lines.iter().enumerate().skip(line).find(|(_, key)| key.as_ref().is_some_and(|key| last(key) == field))
    });
    let (line, key) = named.map_or_else(|| (line, lines.get(line).cloned().flatten()), |(l, k)| (l, k.clone()));
    let mut key = key.unwrap_or_else(|| "the recipe".into());
    // A key within an inline table has no line of its own.
    if let Some(field) = field.filter(|field| last(&key) != *field) {
        key = if key == "the recipe" { field.into() } else { format!("{key}.{field}") };
    }
    (line + 1, key)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// For every line the dotted key or table that it sets.
fn keys(text: &str) -> Vec<Option<String>> {
    let mut table = String::new();
    text.lines()
        .map(|line| {
            let line = line.trim();
            if line.starts_with('[') {
                table = line.trim_matches(|c| c == '[' || c == ']' || c == ' ').to_owned();
                return Some(table.clone());
            }
            let (name, _) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
            let name = name.trim();
            Some(if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") })
        })
        .collect()
}

/// The line that sets a key, else the one of the innermost table or inline table around it, else the first.
fn line_of(text: &str, key: &str) -> usize {
    let lines = keys(text);
    let mut wanted = key;
    loop {
        if let Some(line) = lines.iter().position(|key| key.as_deref() == Some(wanted)) {
            return line + 1;
        }
        match wanted.rsplit_once('.') {
            Some((outer, _)) => wanted = outer,
            None => return 1,
        }
    }
}

/// The defaults of the optional sections, as TOML.
pub fn defaults_text() -> String {
    #[derive(Serialize)]
    struct Defaults {
        start: StartRecipe,
        augmentation: Augmentation,
        optimizer: OptimizerRecipe,
        stop: StopRecipe,
    }
    let defaults = Defaults {
        start: StartRecipe::default(),
        augmentation: Augmentation::default(),
        optimizer: OptimizerRecipe::default(),
        stop: StopRecipe::default(),
    };
    toml::to_string(&defaults).unwrap_or_default()
}
