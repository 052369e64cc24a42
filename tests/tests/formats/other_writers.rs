//! Files of SimpleITK and pynrrd (`fixtures/formats/make.py`): the same voxels at the same places.

use serde_json::Value;
use zeroset_engine::io::{ReadOptions, convert, read};
use zeroset_tests::files::fixture;

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(fixture("formats/expected.json")).expect("goldens");
    let Value::Object(files) = serde_json::from_str(&text).expect("JSON") else { panic!("an object") };
    assert!(files.len() > 25, "{} fixtures", files.len());
    files
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[test]
fn places_and_values_are_those_of_the_writers() {
    for (name, golden) in expected() {
        let scan = read(&fixture("formats").join(&name), &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let geometry = scan.volume.geometry();
        let size: Vec<f64> = geometry.size().iter().map(|&n| n as f64).collect();
        assert_eq!(size, numbers(&golden["size"]), "{name}");
        let found: Vec<f64> = geometry.affine_rows().iter().flatten().copied().collect();
        let wanted: Vec<f64> = golden["affine"].as_array().expect("rows").iter().flat_map(numbers).collect();
        for (a, b) in found.iter().zip(&wanted) {
            assert!((a - b).abs() < 1e-9, "{name}: {found:?}, SimpleITK has {wanted:?}");
        }
        let wanted: Vec<f32> = numbers(&golden["values"]).iter().map(|&v| v as f32).collect();
        assert_eq!(scan.volume.to_f32(), wanted, "{name}");
    }
}

#[test]
fn datatypes_are_told_and_kept() {
    let folder = tempfile::tempdir().expect("folder");
    for kind in ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"] {
        for (ending, others) in [("mha", ["a.nrrd", "a.nhdr", "a.nii"]), ("nrrd", ["b.mha", "b.mhd", "b.nrrd"])] {
            let input = fixture("formats").join(format!("{kind}.{ending}"));
            let source = read(&input, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(source.source.datatype, kind);
            for other in others {
                let path = folder.path().join(other);
                convert(&input, &path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
                let back = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
                assert_eq!(back.source.datatype, kind, "{other}");
                assert_eq!(back.volume.to_f32(), source.volume.to_f32(), "{kind} {other}");
                let tolerance = if other.ends_with("nii") { 1e-4 } else { 1e-10 };
                assert!(back.volume.geometry().same_grid(source.volume.geometry(), tolerance), "{kind} {other}");
            }
        }
    }
}
