//! `zeroset segment --organ`: no other option, what the report and the header name, and what to do when there is no network.

use crate::support::{CRUMB, LEFT, PELVIC, RIGHT, identity, labels, lps, narrow_finder, scan, write_models};
use serde_json::Value;
use std::path::Path;
use zeroset_engine::{LabelMap, io};

/// Exit code, standard output, standard error.
fn zeroset(line: &str, folder: &Path) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let line = line.replace("DIR", &folder.display().to_string());
    let words = std::iter::once("zeroset".to_owned()).chain(line.split_whitespace().map(str::to_owned));
    let code = zeroset::cli::run_from(words, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A patient with two kidneys and two false ones, and networks.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ct = scan(&lps(), &[LEFT, RIGHT, PELVIC, CRUMB], 0.0);
    io::write_volume(&folder.path().join("ct.nii.gz"), &ct, None).unwrap();
    write_models(&folder.path().join("models"));
    folder
}

fn mask(folder: &Path) -> LabelMap {
    io::read_labels(&folder.join("m.nii.gz")).unwrap().labels
}

#[test]
fn an_organ_needs_no_other_option_and_its_contour_may_be_evolved() {
    let folder = folder();
    let folder = folder.path();
    let line = "segment DIR/ct.nii.gz --organ kidney -o DIR/m.nii.gz --models DIR/models --report DIR/r.json";
    let (code, out, err) = zeroset(line, folder);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("unet on 70 slices"), "{out}");
    let found = mask(folder);
    let (code, out, err) = zeroset(&format!("{line} --method node-contour"), folder);
    assert_eq!(code, 0, "{err}");
    // The contour ODE of this test leaves a contour as it is.
    assert_eq!(mask(folder).labels(), found.labels());
    assert!(out.contains("node-contour from both-unet on 20 slices"), "{out}");
    // Left and right together, label 1, to the voxel; what is no kidney is gone.
    let truth = labels(&lps(), &[LEFT, RIGHT]);
    assert!(mask(folder).labels().iter().zip(truth.labels()).all(|(m, t)| *m == u16::from(*t > 0)));
    let report: Value = serde_json::from_slice(&std::fs::read(folder.join("r.json")).unwrap()).unwrap();
    assert_eq!((&report["model"], &report["start_model"]), (&"kidney-node".into(), &"both-unet".into()));
    assert_eq!((&report["time"], &report["tolerance"]), (&1.0.into(), &Value::Null));
    assert_eq!(report["parts"][0]["volume_ml"], 160.0);
    assert_eq!(report["left_out"][0], 2);
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("1 further part(s) of 80 mL in all were left out"), "{warning}");
    let origin = io::read_labels(&folder.join("m.nii.gz")).unwrap().source.provenance().unwrap();
    assert_eq!((origin.method.as_str(), origin.time), ("network, node-contour", 1.0));
    for name in ["weights_sha256", "start_weights_sha256"] {
        assert_eq!(origin.parameters[name].as_str().unwrap().len(), 64, "{name}");
    }
    assert_eq!(origin.parameters["weights_sha256"], report["run"]["weights_sha256"]);
    assert_eq!(origin.parameters["start_weights_sha256"], report["start"]["weights_sha256"]);
}

#[test]
fn sides_parts_methods_and_tolerances_can_be_asked_for() {
    let folder = folder();
    let folder = folder.path();
    let base = "segment DIR/ct.nii.gz -o DIR/m.nii.gz --models DIR/models --device cpu";
    let run = |more: &str| {
        let (code, out, err) = zeroset(&format!("{base} {more}"), folder);
        assert_eq!(code, 0, "{more}: {err}");
        (out, mask(folder))
    };
    let (out, sides) = run("--organ kidney --method unet --sides --label 3");
    assert!(out.contains("labels 3 (left) and 4 (right)"), "{out}");
    let truth = labels(&lps(), &[LEFT, RIGHT]);
    assert!(sides.labels().iter().zip(truth.labels()).all(|(m, t)| *m == if *t > 0 { t + 2 } else { 0 }));
    assert_eq!(run("--organ kidney --keep-all").1.count(1), 2000 + 2000 + 1000 + 8);
    let (out, _) = run("--organ kidney --method node-contour --tolerance 1e-4 --json");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["tolerance"], 1e-4);
    // A liver of 160 mL is the largest part of what is bright.
    assert_eq!(run("--organ liver").1.count(1), 2000);
    // A contour of one's own is evolved as it is.
    let (out, mask) = run("--organ kidney --seed -80,0,-130,12");
    assert!(out.contains("node-contour on"), "{out}");
    assert!(mask.count(1) > 50 && mask.count(1) < 150, "{}", mask.count(1));
    // A network of one's own, started by the catalogue's.
    identity(&["kidney"]).save(&folder.join("own")).unwrap();
    let (out, mask) = run("--model DIR/own");
    assert!(out.contains("node-contour from both-unet on"), "{out}");
    assert_eq!(mask.count(1), 4000);
}

#[test]
fn without_a_network_one_line_says_what_to_do() {
    let folder = folder();
    let folder = folder.path();
    let base = "segment DIR/ct.nii.gz -o DIR/m.nii.gz --device cpu";
    for (more, words) in [
        ("--organ spleen --models DIR/models", "known are kidney (unet, node-contour), liver (unet)"),
        ("--organ gizzard", "--method region --seed"),
        ("--organ kidney --method lsn --models DIR/models", "by lsn"),
        ("--method unet --models DIR/models", "choose one of kidney, liver by --organ"),
        ("--organ liver --sides --models DIR/models", "leave it out for liver"),
        ("--organ kidney --models DIR/models --alpha 2", "--alpha has no meaning"),
        ("--organ kidney --models DIR/nowhere", "nowhere"),
        ("--method region --sides --seed 0,0,0,9", "--sides belongs to a network's method"),
    ] {
        let (code, out, err) = zeroset(&format!("{base} {more}"), folder);
        assert_eq!((code, err.lines().count()), (1, 1), "{more}: {err}");
        assert!(err.contains(words), "{more}: {err}");
        assert!(out.is_empty() && !folder.join("m.nii.gz").exists(), "{more}");
    }
}

#[test]
fn a_contour_that_the_networks_view_cuts_off_is_told() {
    let folder = folder();
    let folder = folder.path();
    io::write_volume(&folder.join("two.nii.gz"), &scan(&lps(), &[LEFT, RIGHT], 0.0), None).unwrap();
    // The kidneys reach from 20 to 60 mm behind the middle; 16 rows see 32 mm of it.
    narrow_finder(16).save(&folder.join("narrow")).unwrap();
    let (code, out, err) =
        zeroset("segment DIR/two.nii.gz --method unet --model DIR/narrow -o DIR/m.nii.gz --json", folder);
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("the contour ends where the network's view ends"), "{warnings}");
    assert_eq!(report["voxels"], 2 * 20 * 10 * 3);
    let (_, out, _) =
        zeroset("segment DIR/two.nii.gz --organ kidney --models DIR/models -o DIR/m.nii.gz --json", folder);
    assert!(!out.contains("view ends"), "the whole slice is seen: {out}");
}

#[test]
fn nothing_found_writes_nothing() {
    let folder = folder();
    let folder = folder.path();
    io::write_volume(&folder.join("empty.nii.gz"), &scan(&lps(), &[], 0.0), None).unwrap();
    let (code, _, err) = zeroset("segment DIR/empty.nii.gz --organ kidney -o DIR/m.nii.gz --models DIR/models", folder);
    assert_eq!((code, err.lines().count()), (1, 1), "{err}");
    assert!(err.contains("found no kidney") && !folder.join("m.nii.gz").exists(), "{err}");
}
