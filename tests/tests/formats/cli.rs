//! The command line with every format: `convert` between all pairs, `info`, `mesh`.

use serde_json::Value;
use zeroset_engine::io::{ReadOptions, read, write_labels};
use zeroset_engine::{Geometry, LabelMap};
use zeroset_tests::files::fixture;

fn zeroset(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = zeroset::cli::run_from(std::iter::once(&"zeroset").chain(args), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (code, text(out), text(err))
}

#[test]
fn every_pair_of_formats() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let names = ["a.nii", "a.nii.gz", "a.hdr", "a.nrrd", "a.nhdr", "a.mha", "a.mhd"];
    let first = fixture("formats/gzip.nrrd");
    let wanted = read(&first, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")).volume;
    for from in names {
        let (code, _, err) = zeroset(&["convert", &first.display().to_string(), &at(from)]);
        assert_eq!(code, 0, "{err}");
        for to in names.map(|name| name.replacen('a', "b", 1)) {
            let (code, text, err) = zeroset(&["convert", &at(from), &at(&to)]);
            assert_eq!(code, 0, "{from} to {to}: {err}");
            assert!(text.contains("int16"), "{text}");
            let found =
                read(&folder.path().join(&to), &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")).volume;
            assert_eq!(found.to_f32(), wanted.to_f32(), "{from} to {to}");
            // NIfTI keeps the affine as float32.
            assert!(found.geometry().same_grid(wanted.geometry(), 1e-4), "{from} to {to}");
        }
    }
    let (code, out, _) = zeroset(&["info", "--json", &at("b.mhd")]);
    let info: Value = serde_json::from_str(&out).expect("one JSON document");
    assert_eq!((code, info["datatype"].as_str()), (0, Some("int16")));
    assert_eq!(info["format"], "MetaImage header with voxels beside it, little endian, zlib");
    let (code, out, _) = zeroset(&["info", &at("b.nrrd")]);
    assert!(code == 0 && out.contains("NRRD single file, little endian, gzip"), "{out}");
}

#[test]
fn a_mesh_of_one_label() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let geometry = Geometry::aligned([12, 10, 8], [0.5, 0.5, 2.0], [0.0; 3]).expect("grid");
    let inside =
        |i: usize| (3..9).contains(&(i % 12)) && (2..8).contains(&(i / 12 % 10)) && (2..6).contains(&(i / 120));
    let labels = (0..geometry.len()).map(|i| if inside(i) { 3 } else { u16::from(i == 0) }).collect();
    write_labels(&folder.path().join("mask.nrrd"), &LabelMap::new(geometry, labels), None).expect("mask");
    for (name, bytes) in [("k.stl", 84), ("k.obj", 20), ("k.ply", 100)] {
        let (code, out, err) = zeroset(&["mesh", &at("mask.nrrd"), "--label", "3", "-o", &at(name), "--json"]);
        assert_eq!(code, 0, "{err}");
        let report: Value = serde_json::from_str(&out).expect("one JSON document");
        let triangles = report["triangles"].as_u64().expect("a number");
        // 3 × 3 × 8 mm, less what the rounded edges take.
        let volume = report["volume_ml"].as_f64().expect("a number");
        assert!(volume > 0.055 && volume < 0.0721, "{volume} mL");
        let written = std::fs::read(folder.path().join(name)).expect("mesh");
        assert!(written.len() > bytes);
        if name == "k.stl" {
            assert_eq!(written.len() as u64, 84 + 50 * triangles);
            assert!(!written.starts_with(b"solid"));
        }
    }
    for (args, words) in [
        (vec!["mesh", "mask.nrrd", "-o", "k.stl"], "--label"),
        (vec!["mesh", "mask.nrrd", "--label", "7", "-o", "k.stl"], "no label 7"),
        (vec!["mesh", "mask.nrrd", "--label", "3", "-o", "k.vtk"], ".stl, .obj or .ply"),
        (vec!["mesh", "mask.nrrd", "--phi", "-o", "k.stl"], "negative inside"),
    ] {
        let args: Vec<String> = args.iter().map(|a| if a.contains('.') { at(a) } else { (*a).to_owned() }).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, _, err) = zeroset(&args);
        assert!(code == 1 && err.contains(words) && err.lines().count() == 1, "{args:?}: {err}");
    }
}
