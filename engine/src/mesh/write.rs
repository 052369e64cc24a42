//! STL (binary), OBJ and PLY (binary, little endian). A file appears whole or not at all.

use super::Mesh;
use crate::io::{AtomicFile, IoError, Problem};
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// The formats of meshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshFormat {
    /// Binary STL.
    Stl,
    /// Wavefront OBJ, text.
    Obj,
    /// PLY, binary little endian.
    Ply,
}

impl MeshFormat {
    /// The format that a name asks for.
    ///
    /// # Errors
    /// Another ending.
    pub fn of_target(path: &Path) -> std::result::Result<Self, IoError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "stl" => Ok(Self::Stl),
            "obj" => Ok(Self::Obj),
            "ply" => Ok(Self::Ply),
            _ => {
                let words = "the ending is none of a mesh; use .stl, .obj or .ply";
                Err(IoError::new(path, Problem::NotWritten(words.into())))
            }
        }
    }
}

/// Writes a mesh in RAS+ mm; the format follows the ending: `.stl`, `.obj` or `.ply`.
///
/// # Errors
/// Another ending, or a target that cannot be written: then what was there before is untouched.
pub fn write(path: &Path, mesh: &Mesh) -> std::result::Result<(), IoError> {
    let format = MeshFormat::of_target(path)?;
    let at = |problem| IoError::new(path, problem);
    let mut file = AtomicFile::create(path).map_err(at)?;
    let mut out = BufWriter::with_capacity(256 * 1024, file.file());
    let written = match format {
        MeshFormat::Stl => stl(&mut out, mesh),
        MeshFormat::Obj => obj(&mut out, mesh),
        MeshFormat::Ply => ply(&mut out, mesh),
    };
    written.and_then(|()| out.flush()).map_err(|e| at(Problem::Write(e)))?;
    drop(out);
    file.commit().map_err(at)
}

/// 80 bytes of text, the number of triangles, then 50 bytes for each: normal, corners, two bytes of nothing.
fn stl(out: &mut impl Write, mesh: &Mesh) -> Result<()> {
    let mut head = [b' '; 80];
    // A text that starts with "solid" would be taken for the other kind of STL.
    let text = b"binary STL, RAS mm, written by Zeroset";
    head[..text.len()].copy_from_slice(text);
    out.write_all(&head)?;
    out.write_all(&(mesh.triangles.len() as u32).to_le_bytes())?;
    for triangle in &mesh.triangles {
        let normal = mesh.normal(triangle);
        let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        let unit = normal.map(|v| if length > 0.0 { v / length } else { 0.0 });
        put(out, unit)?;
        for &corner in triangle {
            put(out, mesh.vertices_mm[corner as usize])?;
        }
        out.write_all(&[0; 2])?;
    }
    Ok(())
}

fn put(out: &mut impl Write, vector: [f64; 3]) -> Result<()> {
    vector.iter().try_for_each(|&v| out.write_all(&(v as f32).to_le_bytes()))
}

fn obj(out: &mut impl Write, mesh: &Mesh) -> Result<()> {
    writeln!(out, "# RAS mm, written by Zeroset")?;
    for [x, y, z] in &mesh.vertices_mm {
        writeln!(out, "v {x:.5} {y:.5} {z:.5}")?;
    }
    for [a, b, c] in &mesh.triangles {
        writeln!(out, "f {} {} {}", a + 1, b + 1, c + 1)?;
    }
    Ok(())
}

fn ply(out: &mut impl Write, mesh: &Mesh) -> Result<()> {
    write!(
        out,
        "ply\nformat binary_little_endian 1.0\ncomment RAS mm, written by Zeroset\nelement vertex {}\n\
         property float x\nproperty float y\nproperty float z\nelement face {}\n\
         property list uchar uint vertex_indices\nend_header\n",
        mesh.vertices_mm.len(),
        mesh.triangles.len()
    )?;
    mesh.vertices_mm.iter().try_for_each(|&vertex| put(out, vertex))?;
    for triangle in &mesh.triangles {
        out.write_all(&[3])?;
        triangle.iter().try_for_each(|v| out.write_all(&v.to_le_bytes()))?;
    }
    Ok(())
}
