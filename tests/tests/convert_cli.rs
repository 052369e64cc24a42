//! `zeroset info` and `zeroset convert`: output, exit codes, and the one line of a failure.

use serde_json::Value;
use std::path::Path;
use zeroset_engine::io::{ReadOptions, read, write_labels};
use zeroset_engine::{Geometry, LabelMap, Provenance};
use zeroset_tests::files::fixture;

/// Exit code, standard output, standard error.
fn zeroset(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = zeroset::cli::run_from(std::iter::once(&"zeroset").chain(args), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (code, text(out), text(err))
}

fn nifti(name: &str) -> String {
    fixture("nifti").join(name).to_string_lossy().into_owned()
}

fn info_json(file: &str) -> Value {
    let (code, out, err) = zeroset(&["info", file, "--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    serde_json::from_str(&out).expect("exactly one JSON document")
}

#[test]
fn info_tells_what_a_file_holds() {
    let info = info_json(&nifti("awkward/extensions.nii"));
    assert_eq!(info["size"], serde_json::json!([2, 3, 4]));
    assert_eq!(info["spacing_mm"], serde_json::json!([0.75, 0.75, 3.0]));
    assert_eq!(info["orientation"], "LPS");
    assert_eq!(info["datatype"], "int16");
    assert_eq!(info["intensity"], serde_json::json!({ "least": -32768.0, "greatest": 32767.0 }));
    assert_eq!(info["comments"][0], "first comment");
    assert_eq!(info["descrip"], "fixture");
    assert_eq!(info["affine_from"], "sform, code 1");

    let info = info_json(&nifti("awkward/nan.nii"));
    assert_eq!(info["non_finite"]["nan"], 2);
    let info = info_json(&nifti("awkward/four_d.nii.gz"));
    assert_eq!(info["frames"], 5);
    assert!(info["warnings"][0].as_str().expect("a warning").contains("5 volumes"));

    let (code, text, _) = zeroset(&["info", &nifti("awkward/sheared.nii")]);
    assert_eq!(code, 0);
    for words in ["2 x 3 x 4 voxels", "0.800000 x 0.900000 x", "16.70 degrees", "warning"] {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
    let (code, text, _) = zeroset(&["info", &nifti("written/mask.nii")]);
    assert_eq!(code, 0);
    assert!(text.contains("level set, region") && text.contains("scan.nii.gz (sha256 00ff)"), "{text}");
}

#[test]
fn text_in_a_file_does_not_steer_the_terminal() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mask.nii");
    let geometry = Geometry::aligned([2, 2, 2], [1.0; 3], [0.0; 3]).expect("grid");
    let origin = Provenance::new("\u{1b}[31mred\u{7}\nand a new line");
    write_labels(&path, &LabelMap::empty(geometry), Some(&origin)).unwrap_or_else(|e| panic!("{e}"));
    let (code, text, _) = zeroset(&["info", &path.to_string_lossy()]);
    assert_eq!(code, 0);
    assert!(text.contains("[31mred") && !text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    assert!(text.lines().all(|line| !line.starts_with("and a new line")), "{text}");
}

#[test]
fn convert_keeps_the_volume_and_says_what_it_wrote() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("frame.hdr");
    let source = nifti("awkward/four_d.nii.gz");
    let (code, text, err) = zeroset(&["convert", &source, &out.to_string_lossy(), "--frame", "3"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(text.contains("int16") && text.contains("2x3x4 voxels"), "{text}");
    let options = |frame| ReadOptions { frame, ..ReadOptions::default() };
    let wanted = read(Path::new(&source), &options(Some(3))).unwrap_or_else(|e| panic!("{e}")).volume;
    let found = read(&out, &options(None)).unwrap_or_else(|e| panic!("{e}")).volume;
    assert_eq!(found.to_f32(), wanted.to_f32());
    assert_eq!(found.geometry(), wanted.geometry());
}

#[test]
fn a_failure_is_one_line_and_exit_code_1() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("out.nii").to_string_lossy().into_owned();
    let good = nifti("awkward/oblique.nii.gz");
    let cases: [(&[&str], &str); 5] = [
        (&["info", "/no/such/scan.nii"], "/no/such/scan.nii: cannot be read"),
        (&["info", &nifti("expected.json")], "not a NIfTI file"),
        (&["info", &good, "--frame", "1"], "volume 1 was asked for"),
        (&["convert", &good, "/no/such/folder/out.nii"], "cannot be written"),
        (&["convert", &nifti("make.py"), &out], "not a NIfTI file"),
    ];
    for (args, words) in cases {
        let (code, text, err) = zeroset(args);
        assert_eq!((code, text.as_str()), (1, ""), "{args:?}");
        assert!(err.starts_with("zeroset: ") && err.contains(words), "{args:?}: {err}");
        assert_eq!(err.trim_end().lines().count(), 1, "{err}");
    }
    let (code, _, err) = zeroset(&["convert", &good, &folder.path().join("out.png").to_string_lossy()]);
    assert_eq!(code, 1);
    assert!(err.contains(".nii.gz"), "what to do instead: {err}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in
        [&["convert", "only-one.nii"][..], &["info"], &["info", "x", "--colour"], &["info", "x", "--frame", "-1"]]
    {
        let (code, text, err) = zeroset(args);
        assert_eq!((code, text.as_str()), (2, ""), "{args:?}");
        assert!(err.contains("Usage") || err.contains("error:"), "{err}");
    }
    let (code, text, _) = zeroset(&["--version"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("zeroset "), "{text}");
    let (code, text, _) = zeroset(&["--help"]);
    assert_eq!(code, 0);
    assert!(text.contains("convert") && text.contains("info"), "{text}");
}
