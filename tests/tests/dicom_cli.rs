//! DICOM on the command line: `info`, `convert`, the list of series.

use serde_json::Value;
use zeroset_tests::files::real_data;

/// Exit code, standard output, standard error.
fn zeroset(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = zeroset::cli::run_from(std::iter::once(&"zeroset").chain(args), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (code, text(out), text(err))
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn a_folder_is_shown_listed_and_converted() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("out.nii.gz").to_string_lossy().into_owned();
    let path = |name: &str| real_data(name).to_string_lossy().into_owned();
    let tilted = path("dicom/failing/gantrytilting/001");
    let (code, text, _) = zeroset(&["info", &tilted, "--json"]);
    let info: Value = serde_json::from_str(&text).expect("exactly one JSON document");
    assert_eq!((code, &info["file"], &info["size"]), (0, &"DICOM series".into(), &serde_json::json!([512, 512, 4])));
    assert!((info["shear_degrees"].as_f64().expect("degrees") - 14.0).abs() < 0.01);
    assert_eq!(zeroset(&["convert", &tilted, &out]).0, 0);
    let (_, text, _) = zeroset(&["info", &out, "--json"]);
    let converted: Value = serde_json::from_str(&text).expect("exactly one JSON document");
    assert_eq!(converted["intensity"], info["intensity"]);

    let (code, text, _) = zeroset(&["info", &path("dicom/failing/notavolume/001")]);
    assert_eq!((code, text.lines().count()), (0, 5), "{text}");
    assert!(text.contains("\n4: CT, 1 slice(s)") && text.contains("acquisition 15"), "{text}");
    let uneven = path("dicom/tilt_variable_spacing_ge");
    let (code, _, err) = zeroset(&["convert", &uneven, &out]);
    assert_eq!((code, err.trim_end().lines().count()), (1, 1), "{err}");
    assert!(err.contains("--resample"), "{err}");
    assert_eq!(zeroset(&["convert", &uneven, &out, "--resample"]).0, 0);
}
