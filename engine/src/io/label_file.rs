//! ITK-SNAP's label description files: one line per label, `index R G B opacity visible mesh "name"`.

use super::atomic::AtomicFile;
use super::header_text::shortened;
use super::{IoError, LabelDescription, Problem};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::Path;

/// Longest file that is read: 65536 labels with long names.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// What a line has to be.
const EXPECTED: &str = "index R G B opacity visible mesh \"name\", e.g. 3 242 166 59 1 1 1 \"Left kidney\"";

/// What ITK-SNAP writes at the top.
const HEAD: &str = "\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
";

/// Reads the labels of a description file, ascending by number; number 0, the background, is left out.
///
/// # Errors
/// The file cannot be read, or a line is none of a description: then with its number.
pub fn read_label_file(path: &Path) -> Result<Vec<LabelDescription>, IoError> {
    let at = |problem| IoError::new(path, problem);
    if path.is_dir() {
        return Err(at(Problem::Folder));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| at(Problem::Read(e)))?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|e| at(Problem::Read(e)))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut found = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || at(Problem::LabelLine { line: index + 1, found: shortened(line), expected: EXPECTED });
        let label = parse(line).ok_or_else(bad)?;
        found.insert(label.number, label);
    }
    found.remove(&0);
    if found.is_empty() {
        return Err(at(Problem::NoLabels { expected: EXPECTED }));
    }
    Ok(found.into_values().collect())
}

fn parse(line: &str) -> Option<LabelDescription> {
    let (numbers, name) = line.split_once('"')?;
    let name = name.trim_end().strip_suffix('"')?;
    let fields: Vec<&str> = numbers.split_whitespace().collect();
    let &[number, r, g, b, opacity, visible, in_3d] = fields.as_slice() else { return None };
    let flag = |text: &str| match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    Some(LabelDescription {
        number: number.parse().ok()?,
        name: name.chars().filter(|c| !c.is_control()).collect(),
        colour: [r.parse().ok()?, g.parse().ok()?, b.parse().ok()?],
        opacity: opacity.parse::<f32>().ok().filter(|v| (0.0..=1.0).contains(v))?,
        visible: flag(visible)?,
        in_3d: flag(in_3d)?,
    })
}

/// Writes a description file that ITK-SNAP reads, with its line for the background.
///
/// # Errors
/// The target cannot be written: then what was there before is untouched.
pub fn write_label_file(path: &Path, labels: &[LabelDescription]) -> Result<(), IoError> {
    let mut text = format!("{HEAD}    0     0    0    0        0  0  0    \"Clear Label\"\n");
    for label in labels {
        let [r, g, b] = label.colour;
        let (visible, in_3d) = (u8::from(label.visible), u8::from(label.in_3d));
        // The name ends at the last quotation mark of its line.
        let name = label.name.replace('"', "'").replace(char::is_control, " ");
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:5} {r:5} {g:4} {b:4} {:8} {visible:2} {in_3d:2}    \"{name}\"",
            label.number, label.opacity
        );
    }
    let at = |problem| IoError::new(path, problem);
    let mut file = AtomicFile::create(path).map_err(at)?;
    file.file().write_all(text.as_bytes()).map_err(|e| at(Problem::Write(e)))?;
    file.commit().map_err(at)
}
