//! `zeroset info FILE`: geometry, orientation, datatype, intensity range, warnings and origin of a file.

use crate::cli::source::{self, SourceArgs};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use zeroset_engine::io::{self, ReadScan, SeriesInfo};

/// Arguments of `zeroset info`.
#[derive(clap::Args, Debug)]
pub struct InfoArgs {
    /// Scan, mask or phi (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd), DICOM folder or one of its slices
    pub file: PathBuf,
    /// How it is to be read
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Prints what the file holds. The whole volume is read, so that damage is found too.
///
/// # Errors
/// The file cannot be read.
pub fn run(args: InfoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let scan = match io::read(&args.file, &args.source.options()) {
        Ok(scan) => scan,
        // Several series, and none chosen: the list of them is the answer.
        Err(error) => match source::choices(&args.file, &error).filter(|_| args.source.series.is_none()) {
            Some(series) => return list(&series, args.json, out),
            None => return Err(error.into()),
        },
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&as_json(&scan))?)?;
    } else {
        as_text(&scan, out)?;
    }
    Ok(())
}

fn list(series: &[SeriesInfo], json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&json!({ "series": series }))?)?;
        return Ok(());
    }
    writeln!(out, "several series; choose one by --series N")?;
    for series in series {
        writeln!(out, "{}", series.describe().replace(char::is_control, " "))?;
    }
    Ok(())
}

fn as_json(scan: &ReadScan) -> Value {
    let geometry = scan.volume.geometry();
    let source = &scan.source;
    json!({
        "file": source.file_name,
        "format": source.format,
        "datatype": source.datatype,
        "slope": source.slope,
        "intercept": source.intercept,
        "frames": source.frames,
        "size": geometry.size(),
        "spacing_mm": geometry.spacing_mm(),
        "world_from_voxel": geometry.affine_rows(),
        "affine_from": source.affine_from,
        "orientation": geometry.orientation().iter().collect::<String>(),
        "oblique_degrees": geometry.oblique_degrees(),
        "shear_degrees": geometry.shear_degrees(),
        "intensity": { "least": scan.range.0, "greatest": scan.range.1 },
        "window": scan.window.map(|[center, width]| json!({ "center": center, "width": width })),
        "non_finite": scan.non_finite,
        "memory_bytes": scan.volume.bytes(),
        "descrip": source.descrip,
        "extensions": source.extensions.iter().map(|(code, bytes)| json!({ "code": code, "bytes": bytes })).collect::<Vec<_>>(),
        "comments": source.comments,
        "provenance": source.provenance(),
        "warnings": scan.warnings,
    })
}

fn as_text(scan: &ReadScan, out: &mut dyn Write) -> std::io::Result<()> {
    let geometry = scan.volume.geometry();
    let source = &scan.source;
    // Text from a file must not steer the terminal.
    let mut line = |name: &str, value: String| writeln!(out, "{name:<13}{}", value.replace(char::is_control, " "));
    line("file", source.file_name.clone())?;
    line("format", source.format.clone())?;
    let scaling = match (source.slope, source.intercept) {
        (1.0, 0.0) => String::new(),
        (slope, intercept) => format!(", slope {slope}, intercept {intercept}"),
    };
    line("datatype", format!("{}{scaling}", source.datatype))?;
    let [nx, ny, nz] = geometry.size();
    line("size", format!("{nx} x {ny} x {nz} voxels"))?;
    if source.frames > 1 {
        line("volumes", source.frames.to_string())?;
    }
    let [sx, sy, sz] = geometry.spacing_mm();
    line("spacing", format!("{sx:.6} x {sy:.6} x {sz:.6} mm"))?;
    let axes: String = geometry.orientation().iter().collect();
    let oblique = geometry.oblique_degrees();
    let angle = if oblique > 0.01 { format!(", {oblique:.2} degrees oblique") } else { String::new() };
    line("orientation", format!("{axes} (x, y, z grow towards these){angle}"))?;
    if geometry.shear_degrees() > 0.01 {
        line("shear", format!("{:.2} degrees", geometry.shear_degrees()))?;
    }
    for (name, row) in ["affine", "", ""].iter().zip(geometry.affine_rows()) {
        let [a, b, c, t] = row;
        line(name, format!("{a:12.6} {b:12.6} {c:12.6} {t:12.4}"))?;
    }
    line("affine from", source.affine_from.clone())?;
    line("intensity", format!("{} to {}", scan.range.0, scan.range.1))?;
    if let Some([center, width]) = scan.window {
        line("window", format!("center {center}, width {width}"))?;
    }
    if !source.descrip.is_empty() {
        line("descrip", source.descrip.clone())?;
    }
    for (code, bytes) in &source.extensions {
        line("extension", format!("code {code}, {bytes} bytes"))?;
    }
    if let Some(origin) = source.provenance() {
        line("made by", format!("{} {}, {}", origin.program, origin.version, origin.method))?;
        line("made from", format!("{} (sha256 {})", origin.source_file, origin.source_sha256))?;
    }
    for warning in &scan.warnings {
        line("warning", warning.clone())?;
    }
    Ok(())
}
