//! The header that Zeroset writes: little endian, NIfTI-1, or NIfTI-2 where a size needs it.

use super::affine::qform_of;
use super::datatype::Datatype;
use super::header::{Header, INTENT_LABEL, Version};
use super::samples::Scale;
use crate::geometry::Geometry;
use crate::io::Problem;
use crate::provenance::{PROGRAM, VERSION};

/// NIfTI's unit code for millimetres.
const UNITS_MM: i32 = 2;

impl Header {
    /// A header with nothing in it.
    pub(super) fn blank() -> Self {
        Self {
            version: Version::One,
            big_endian: false,
            single: true,
            dim: [1; 8],
            datatype: 0,
            bitpix: 0,
            pixdim: [1.0; 8],
            vox_offset: 0.0,
            scl_slope: 1.0,
            scl_inter: 0.0,
            xyzt_units: UNITS_MM,
            descrip: String::new(),
            qform_code: 0,
            sform_code: 0,
            quatern: [0.0; 3],
            qoffset: [0.0; 3],
            srow: [[0.0; 4]; 3],
            intent_code: 0,
            warnings: Vec::new(),
        }
    }

    /// The header of one volume on `geometry`; `vox_offset` is still 0.
    pub fn for_volume(geometry: &Geometry, datatype: Datatype, scale: Scale, labels: bool) -> Result<Self, Problem> {
        let size = geometry.size().map(|n| n as i64);
        let version = if size.iter().all(|&n| n <= i64::from(i16::MAX)) { Version::One } else { Version::Two };
        let rows = geometry.affine_rows();
        if rows.iter().flatten().any(|v| !(*v as f32).is_finite()) {
            return Err(Problem::NotRepresentable(format!("the affine {rows:?} is beyond float32")));
        }
        let qform = qform_of(geometry);
        let spacing = geometry.spacing_mm();
        Ok(Self {
            version,
            dim: [3, size[0], size[1], size[2], 1, 1, 1, 1],
            datatype: datatype.code(),
            bitpix: datatype.bytes() as i16 * 8,
            pixdim: [qform.qfac, spacing[0], spacing[1], spacing[2], 1.0, 1.0, 1.0, 1.0],
            scl_slope: scale.slope,
            scl_inter: scale.intercept,
            descrip: format!("{PROGRAM} {VERSION}"),
            qform_code: qform.code,
            sform_code: 1,
            quatern: qform.quatern,
            qoffset: qform.qoffset,
            srow: rows,
            intent_code: if labels { INTENT_LABEL } else { 0 },
            ..Self::blank()
        })
    }

    /// The header's bytes, little endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(vec![0; self.version.header_bytes()]);
        match self.version {
            Version::One => self.encode_one(&mut out),
            Version::Two => self.encode_two(&mut out),
        }
        out.0
    }

    fn encode_one(&self, out: &mut Writer) {
        out.put(0, &348_i32.to_le_bytes());
        // The field `regular`, unused since Analyze; some readers still look at it.
        out.put(38, b"r");
        for i in 0..8 {
            out.put(40 + 2 * i, &(self.dim[i] as i16).to_le_bytes());
            out.put(76 + 4 * i, &(self.pixdim[i] as f32).to_le_bytes());
        }
        out.put(68, &(self.intent_code as i16).to_le_bytes());
        out.put(70, &self.datatype.to_le_bytes());
        out.put(72, &self.bitpix.to_le_bytes());
        out.put(108, &(self.vox_offset as f32).to_le_bytes());
        out.put(112, &(self.scl_slope as f32).to_le_bytes());
        out.put(116, &(self.scl_inter as f32).to_le_bytes());
        out.put(123, &[self.xyzt_units as u8]);
        out.put_text(148, 79, &self.descrip);
        out.put(252, &(self.qform_code as i16).to_le_bytes());
        out.put(254, &(self.sform_code as i16).to_le_bytes());
        for r in 0..3 {
            out.put(256 + 4 * r, &(self.quatern[r] as f32).to_le_bytes());
            out.put(268 + 4 * r, &(self.qoffset[r] as f32).to_le_bytes());
            for c in 0..4 {
                out.put(280 + 16 * r + 4 * c, &(self.srow[r][c] as f32).to_le_bytes());
            }
        }
        out.put(344, if self.single { b"n+1\0" } else { b"ni1\0" });
    }

    fn encode_two(&self, out: &mut Writer) {
        out.put(0, &540_i32.to_le_bytes());
        out.put(4, if self.single { b"n+2\0\r\n\x1a\n" } else { b"ni2\0\r\n\x1a\n" });
        out.put(12, &self.datatype.to_le_bytes());
        out.put(14, &self.bitpix.to_le_bytes());
        for i in 0..8 {
            out.put(16 + 8 * i, &self.dim[i].to_le_bytes());
            out.put(104 + 8 * i, &self.pixdim[i].to_le_bytes());
        }
        out.put(168, &(self.vox_offset as i64).to_le_bytes());
        out.put(176, &self.scl_slope.to_le_bytes());
        out.put(184, &self.scl_inter.to_le_bytes());
        out.put_text(240, 79, &self.descrip);
        out.put(344, &self.qform_code.to_le_bytes());
        out.put(348, &self.sform_code.to_le_bytes());
        for r in 0..3 {
            out.put(352 + 8 * r, &self.quatern[r].to_le_bytes());
            out.put(376 + 8 * r, &self.qoffset[r].to_le_bytes());
            for c in 0..4 {
                out.put(400 + 32 * r + 8 * c, &self.srow[r][c].to_le_bytes());
            }
        }
        out.put(500, &self.xyzt_units.to_le_bytes());
        out.put(504, &self.intent_code.to_le_bytes());
    }
}

/// Bytes at the standard's offsets.
struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Text of at most `room` bytes, cut at a character; the NUL after it is already there.
    fn put_text(&mut self, at: usize, room: usize, text: &str) {
        self.put(at, &text.as_bytes()[..text.floor_char_boundary(room)]);
    }
}
