//! Writes synthetic slices, element by element as PS3.5 says.

use std::path::{Path, PathBuf};
use zeroset_engine::io::{IoError, ReadOptions, ReadScan, read};

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
pub const RLE: &str = "1.2.840.10008.1.2.5";
/// What must never appear in what is said of a scan.
pub const PATIENT: &str = "SMITHSON^JANE";

/// A slice to write. Public fields, so that tests spoil what they are about.
#[derive(Clone)]
pub struct Slice {
    pub syntax: &'static str,
    pub series: String,
    pub instance: String,
    pub number: i32,
    pub modality: &'static str,
    pub image_type: &'static str,
    pub acquisition: i32,
    pub position: Option<[f64; 3]>,
    pub orientation: Option<[f64; 6]>,
    pub spacing: Option<[f64; 2]>,
    pub thickness: Option<f64>,
    pub size: [u16; 2],
    pub bits: [u16; 3],
    pub signed: bool,
    pub photometric: &'static str,
    pub padding: Option<u16>,
    pub scale: Option<(f64, f64)>,
    /// Stored bits, row by row.
    pub cells: Vec<u16>,
    /// Instead of `cells`: the value of the pixels' element as it is, and whether it is compressed.
    pub raw: Option<(Vec<u8>, bool)>,
}

impl Slice {
    /// A CT slice of 4×3 pixels, numbered by `index` and 2.5 mm above the one before.
    pub fn new(index: usize) -> Self {
        Self {
            syntax: EXPLICIT,
            series: "1.2.3.4".into(),
            instance: format!("1.2.3.4.{index}"),
            number: index as i32 + 1,
            modality: "CT",
            image_type: "ORIGINAL\\PRIMARY\\AXIAL",
            acquisition: 1,
            position: Some([-10.0, -20.0, 2.5 * index as f64]),
            orientation: Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            spacing: Some([0.75, 0.5]),
            thickness: Some(2.5),
            size: [4, 3],
            bits: [16, 16, 15],
            signed: true,
            photometric: "MONOCHROME2",
            padding: None,
            scale: Some((1.0, -1024.0)),
            cells: (0..12).map(|i| (index * 12 + i) as u16).collect(),
            raw: None,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (explicit, big) = (self.syntax != IMPLICIT, self.syntax == BIG_ENDIAN);
        let mut out = Writer { bytes: vec![0; 128], explicit: true, big: false };
        out.bytes.extend_from_slice(b"DICM");
        out.text(0x0002_0010, b"UI", self.syntax);
        (out.explicit, out.big) = (explicit, big);
        let numbers = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join("\\");
        out.text(0x0008_0008, b"CS", self.image_type);
        out.text(0x0008_0018, b"UI", &self.instance);
        out.text(0x0008_0021, b"DA", "20240229");
        out.text(0x0008_0060, b"CS", self.modality);
        out.text(0x0008_103E, b"LO", "Abdomen 2.5");
        out.text(0x0010_0010, b"PN", PATIENT);
        if let Some(thickness) = self.thickness {
            out.text(0x0018_0050, b"DS", &thickness.to_string());
        }
        out.text(0x0020_000E, b"UI", &self.series);
        out.text(0x0020_0012, b"IS", &self.acquisition.to_string());
        out.text(0x0020_0013, b"IS", &self.number.to_string());
        if let Some(position) = &self.position {
            out.text(0x0020_0032, b"DS", &numbers(position));
        }
        if let Some(orientation) = &self.orientation {
            out.text(0x0020_0037, b"DS", &numbers(orientation));
        }
        out.short(0x0028_0002, 1);
        out.text(0x0028_0004, b"CS", self.photometric);
        out.short(0x0028_0010, self.size[1]);
        out.short(0x0028_0011, self.size[0]);
        if let Some(spacing) = &self.spacing {
            out.text(0x0028_0030, b"DS", &numbers(spacing));
        }
        for (tag, value) in [0x0028_0100, 0x0028_0101, 0x0028_0102].into_iter().zip(self.bits) {
            out.short(tag, value);
        }
        out.short(0x0028_0103, self.signed.into());
        if let Some(padding) = self.padding {
            out.short(0x0028_0120, padding);
        }
        out.text(0x0028_1050, b"DS", "40");
        out.text(0x0028_1051, b"DS", "400");
        if let Some((slope, intercept)) = self.scale {
            out.text(0x0028_1052, b"DS", &intercept.to_string());
            out.text(0x0028_1053, b"DS", &slope.to_string());
        }
        let native = || {
            let cells = self.cells.iter();
            if self.bits[0] == 8 {
                cells.map(|&v| v as u8).collect()
            } else if big {
                cells.flat_map(|v| v.to_be_bytes()).collect()
            } else {
                cells.flat_map(|v| v.to_le_bytes()).collect()
            }
        };
        let (value, compressed) = self.raw.clone().unwrap_or_else(|| (native(), false));
        out.pixels(&value, compressed);
        out.bytes
    }

    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, self.bytes()).expect("a slice");
        path
    }
}

struct Writer {
    bytes: Vec<u8>,
    explicit: bool,
    big: bool,
}

impl Writer {
    fn u16(&mut self, v: u16) {
        self.bytes.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn u32(&mut self, v: u32) {
        self.bytes.extend(if self.big { v.to_be_bytes() } else { v.to_le_bytes() });
    }

    fn head(&mut self, tag: u32, vr: &[u8; 2], length: usize) {
        self.u16((tag >> 16) as u16);
        self.u16(tag as u16);
        if !self.explicit {
            return self.u32(length as u32);
        }
        self.bytes.extend_from_slice(vr);
        self.u16(length as u16);
    }

    fn text(&mut self, tag: u32, vr: &[u8; 2], text: &str) {
        let padded = text.len().next_multiple_of(2);
        self.head(tag, vr, padded);
        self.bytes.extend_from_slice(text.as_bytes());
        let fill = if vr == b"UI" { 0 } else { b' ' };
        self.bytes.resize(self.bytes.len() + padded - text.len(), fill);
    }

    fn short(&mut self, tag: u32, value: u16) {
        self.head(tag, b"US", 2);
        self.u16(value);
    }

    fn pixels(&mut self, value: &[u8], compressed: bool) {
        self.u16(0x7FE0);
        self.u16(0x0010);
        if self.explicit {
            self.bytes.extend_from_slice(b"OW\0\0");
        }
        self.u32(if compressed { u32::MAX } else { value.len() as u32 });
        self.bytes.extend_from_slice(value);
    }
}

/// One fragment with an empty table of offsets, as the value of compressed pixels.
pub fn encapsulated(fragment: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0];
    out.extend((fragment.len() as u32).to_le_bytes());
    out.extend_from_slice(fragment);
    out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    out
}

/// Writes slices under names whose order says nothing, and reads their folder.
pub fn read_slices(slices: &[Slice], options: &ReadOptions) -> Result<ReadScan, IoError> {
    let folder = tempfile::tempdir().expect("folder");
    for (i, slice) in slices.iter().enumerate() {
        // 7 and 31 have no common divisor: the names are a permutation.
        slice.write(folder.path(), &format!("IM{:02}", (i * 7 + 3) % 31));
    }
    std::fs::write(folder.path().join("README.txt"), "no slice").expect("a file");
    read(folder.path(), options)
}

/// [`read_slices`] of slices that are a volume.
pub fn volume_of(slices: &[Slice]) -> ReadScan {
    read_slices(slices, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// The one line of what is refused.
pub fn refusal(slices: &[Slice]) -> String {
    let error = read_slices(slices, &ReadOptions::default()).map(|s| s.volume.geometry().describe());
    let text = error.expect_err("must be refused").to_string();
    assert!(!text.contains('\n') && !text.contains(PATIENT), "{text}");
    text
}
