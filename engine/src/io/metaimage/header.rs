//! The lines `Field = value` of a header; the last field is `ElementDataFile`.

use super::META_IMAGE;
use crate::io::Problem;
use crate::io::header_text::{Lines, numbers, read_lines, shortened};
use crate::io::nifti::Datatype;
use std::collections::BTreeMap;
use std::path::Path;

/// A header's fields, by lower-case name.
pub(super) struct Header {
    fields: BTreeMap<String, String>,
    /// First byte after the header.
    pub end: u64,
}

impl Header {
    /// Reads the lines up to `ElementDataFile`.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name_of = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_ascii_lowercase());
        let last = |line: &str| name_of(line).is_some_and(|name| name == "elementdatafile");
        let Lines { lines, end } = read_lines(path, last)?;
        let mut fields = BTreeMap::new();
        for (name, value) in lines.iter().filter_map(|line| line.split_once('=')) {
            fields.insert(name.trim().to_ascii_lowercase(), value.trim().to_string());
        }
        Ok(Self { fields, end })
    }

    /// A field's value.
    pub fn get(&self, field: &'static str) -> Option<&str> {
        self.fields.get(&field.to_ascii_lowercase()).map(String::as_str)
    }

    /// The first of several names for the same thing that the header has.
    pub fn any(&self, fields: &[&'static str]) -> Option<&'static str> {
        fields.iter().copied().find(|field| self.get(field).is_some())
    }

    /// The value of a field that has to be there.
    pub fn required(&self, field: &'static str) -> Result<&str, Problem> {
        self.get(field).ok_or(Problem::MissingField { format: META_IMAGE, field })
    }

    /// An error about a field.
    pub fn bad(&self, field: &'static str, expected: impl Into<String>) -> Problem {
        let found = shortened(self.get(field).unwrap_or_default());
        Problem::Field { format: META_IMAGE, field, found, expected: expected.into() }
    }

    /// `N` numbers of a field.
    pub fn numbers<const N: usize>(&self, field: &'static str) -> Result<[f64; N], Problem> {
        numbers(self.required(field)?).ok_or_else(|| self.bad(field, format!("{N} numbers")))
    }

    /// A yes or no, `otherwise` when the field is not there.
    pub fn flag(&self, field: &'static str, otherwise: bool) -> Result<bool, Problem> {
        match self.get(field).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(otherwise),
            Some("true" | "t" | "1") => Ok(true),
            Some("false" | "f" | "0") => Ok(false),
            Some(_) => Err(self.bad(field, "True or False")),
        }
    }

    /// The type of the voxels.
    pub fn datatype(&self) -> Result<Datatype, Problem> {
        Ok(match self.required("ElementType")? {
            "MET_UCHAR" | "MET_ASCII_CHAR" => Datatype::U8,
            "MET_CHAR" => Datatype::I8,
            "MET_USHORT" => Datatype::U16,
            "MET_SHORT" => Datatype::I16,
            // A long has 4 bytes in this format, on every machine.
            "MET_UINT" | "MET_ULONG" => Datatype::U32,
            "MET_INT" | "MET_LONG" => Datatype::I32,
            "MET_ULONG_LONG" => Datatype::U64,
            "MET_LONG_LONG" => Datatype::I64,
            "MET_FLOAT" => Datatype::F32,
            "MET_DOUBLE" => Datatype::F64,
            _ => {
                let expected = "MET_CHAR to MET_ULONG_LONG, MET_FLOAT or MET_DOUBLE: one real number per voxel";
                return Err(self.bad("ElementType", expected));
            }
        })
    }
}

/// The name of a type.
pub(super) fn type_name(datatype: Datatype) -> &'static str {
    match datatype {
        Datatype::U8 => "MET_UCHAR",
        Datatype::I8 => "MET_CHAR",
        Datatype::U16 => "MET_USHORT",
        Datatype::I16 => "MET_SHORT",
        Datatype::U32 => "MET_UINT",
        Datatype::I32 => "MET_INT",
        Datatype::U64 => "MET_ULONG_LONG",
        Datatype::I64 => "MET_LONG_LONG",
        Datatype::F32 => "MET_FLOAT",
        Datatype::F64 => "MET_DOUBLE",
    }
}
