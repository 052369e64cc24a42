//! `zeroset mesh MASK -o FILE`: the surface of a label, or of a level set function, as a closed mesh.

use anyhow::bail;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::mesh::{self, MeshFormat};

/// Arguments of `zeroset mesh`.
#[derive(clap::Args, Debug)]
pub struct MeshArgs {
    /// Mask, or with --phi a level set function in mm, negative inside (every format that `info` reads)
    pub input: PathBuf,
    /// Mesh to write, RAS mm; its ending says the format (.stl, .obj or .ply)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Label whose surface is wanted; needed when the mask holds several
    #[arg(long, value_name = "N", conflicts_with = "phi")]
    pub label: Option<u16>,
    /// The input is a level set function: its zero is the surface, finer than a mask's
    #[arg(long)]
    pub phi: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Writes the mesh and says how large it is.
///
/// # Errors
/// The input is no sound mask (or φ), it has no such label, or the output cannot be written.
pub fn run(args: MeshArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    MeshFormat::of_target(&args.output)?;
    let surface = if args.phi {
        let read = io::read(&args.input, &ReadOptions::default())?;
        let surface = mesh::of_phi(read.volume.geometry(), &read.volume.to_f32());
        if surface.triangles.is_empty() {
            bail!(
                "{}: no value is negative ({} to {}): a level set function is negative inside",
                args.input.display(),
                read.range.0,
                read.range.1
            );
        }
        surface
    } else {
        let labels = io::read_labels(&args.input)?.labels;
        let (present, input) = (labels.present(), args.input.display());
        let label = match (args.label, present.as_slice()) {
            (Some(label), _) if label > 0 && present.contains(&label) => label,
            (Some(label), _) => bail!("{input}: holds no label {label}; it holds {present:?}"),
            (None, [only]) => *only,
            (None, []) => bail!("{input}: holds no label: every voxel is background"),
            (None, _) => bail!("{input}: holds the labels {present:?}: choose one with --label"),
        };
        mesh::of_label(&labels, label)
    };
    mesh::write(&args.output, &surface)?;
    let (vertices, triangles) = (surface.vertices_mm.len(), surface.triangles.len());
    let (volume_ml, area_cm2) = (surface.volume_ml(), surface.area_cm2());
    if args.json {
        let report = json!({
            "output": args.output.display().to_string(),
            "vertices": vertices,
            "triangles": triangles,
            "volume_ml": volume_ml,
            "area_cm2": area_cm2,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        let name = args.output.display();
        writeln!(out, "{name}: {triangles} triangles, {vertices} vertices, {volume_ml:.2} mL, {area_cm2:.1} cm²")?;
    }
    Ok(())
}
