//! The lines of a header as fields (`name: value`) and key/value pairs (`key:=value`).

use super::{MAGIC, NRRD};
use crate::io::Problem;
use crate::io::header_text::{Lines, read_lines, shortened};
use crate::io::nifti::Datatype;
use std::collections::BTreeMap;
use std::path::Path;

/// A header's fields, by lower-case name without spaces, and its pairs in their order.
pub(super) struct Header {
    fields: BTreeMap<String, String>,
    pub pairs: Vec<(String, String)>,
    /// First byte after the header.
    pub end: u64,
}

impl Header {
    /// Reads the lines up to the first empty one.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let Lines { lines, end } = read_lines(path, str::is_empty)?;
        let first = lines.first().map_or("", String::as_str);
        let version = first.as_bytes().strip_prefix(MAGIC);
        if !version.is_some_and(|rest| matches!(rest, [b'1'..=b'5'])) {
            let found = shortened(first);
            let expected = "NRRD0001 to NRRD0005 in the first line".into();
            return Err(Problem::Field { format: NRRD, field: "magic", found, expected });
        }
        let (mut fields, mut pairs) = (BTreeMap::new(), Vec::new());
        for line in lines[1..].iter().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.split_once(':') else { continue };
            match value.strip_prefix('=') {
                Some(value) => pairs.push((name.to_string(), unescaped(value))),
                None => {
                    fields.insert(plain(name), value.trim().to_string());
                }
            }
        }
        Ok(Self { fields, pairs, end })
    }

    /// A field's value.
    pub fn get(&self, field: &'static str) -> Option<&str> {
        self.fields.get(&plain(field)).map(String::as_str)
    }

    /// The value of a field that has to be there.
    pub fn required(&self, field: &'static str) -> Result<&str, Problem> {
        self.get(field).ok_or(Problem::MissingField { format: NRRD, field })
    }

    /// An error about a field.
    pub fn bad(&self, field: &'static str, expected: impl Into<String>) -> Problem {
        let found = shortened(self.get(field).unwrap_or_default());
        Problem::Field { format: NRRD, field, found, expected: expected.into() }
    }

    /// A pair's value.
    pub fn pair(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// The type of the voxels.
    pub fn datatype(&self) -> Result<Datatype, Problem> {
        let name = self.required("type")?.to_ascii_lowercase();
        let words: Vec<&str> = name.split_whitespace().collect();
        Ok(match words.join(" ").as_str() {
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => Datatype::U8,
            "char" | "signed char" | "int8" | "int8_t" => Datatype::I8,
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Datatype::U16,
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Datatype::I16,
            "uint" | "unsigned int" | "uint32" | "uint32_t" => Datatype::U32,
            "int" | "signed int" | "int32" | "int32_t" => Datatype::I32,
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Datatype::U64,
            "longlong"
            | "long long"
            | "long long int"
            | "signed long long"
            | "signed long long int"
            | "int64"
            | "int64_t" => Datatype::I64,
            "float" => Datatype::F32,
            "double" => Datatype::F64,
            _ => return Err(self.bad("type", "one of int8 to int64, uint8 to uint64, float, double")),
        })
    }
}

/// A field's name as it is compared: `Data File` and `datafile` are one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// NRRD writes a new line in a value as `\n`, a backslash as two.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            _ => match characters.next() {
                Some('n') => out.push('\n'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
        }
    }
    out
}

/// The other way round.
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "")
}
