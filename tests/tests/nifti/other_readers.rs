//! What nibabel and SimpleITK said about files that Zeroset wrote, and that it still writes them so.
//!
//! `fixtures/nifti/written` holds the files, `read_back.json` what the two programs read from them
//! (`check_written.py`). After a wanted change of the written bytes, the test names the new file: put
//! it there and run the script again.

use crate::support::{affine, affine_difference, nifti, open_fixture};
use serde_json::Value;
use std::path::Path;
use zeroset_engine::io::{write_f32, write_labels, write_volume};
use zeroset_engine::volume::Samples;
use zeroset_engine::{Geometry, LabelMap, Provenance, Volume};

/// Writes every file anew and returns, per header file, the grid and values it should hold.
fn write_all(folder: &Path) -> Vec<(&'static str, Geometry, Vec<f64>)> {
    let at = |name: &str| folder.join(name);
    let grid = |name: &str| open_fixture(name).volume.geometry().clone();
    let mut origin = Provenance::new("level set, region");
    origin.version = "0.0.0".into();
    origin.source_file = "scan.nii.gz".into();
    origin.source_sha256 = "00ff".into();
    origin.parameters = serde_json::json!({ "alpha": 1.0, "lower_hu": 80 });
    origin.seeds = vec![[1.5, -20.25, 3.0, 8.0]];
    origin.iterations = 120;

    let oblique = grid("awkward/oblique.nii.gz");
    let mask: Vec<u16> = (0..24).map(|i| i * 7 % 200).collect();
    write_labels(&at("mask.nii"), &LabelMap::new(oblique.clone(), mask.clone()), Some(&origin)).expect("mask");

    let lps = grid("datatypes/uint8_little_1.nii");
    let wide: Vec<u16> = (0..24).map(|i| i * 300).collect();
    write_labels(&at("wide.hdr"), &LabelMap::new(lps.clone(), wide.clone()), Some(&origin)).expect("pair");

    let sheared = grid("awkward/oblique_sheared.nii");
    write_labels(&at("sheared.nii"), &LabelMap::new(sheared.clone(), mask.clone()), None).expect("sheared");

    let stored: Vec<i16> = (0..24).map(|i| i * 1000 - 12000).collect();
    let ct: Vec<f64> = stored.iter().map(|&v| f64::from(v) * 0.5 - 1024.0).collect();
    let samples = Samples::I16 { stored, slope: 0.5, intercept: -1024.0 };
    let pir = grid("orientations/PIR.nii");
    write_volume(&at("ct.nii"), &Volume::with_samples(pir.clone(), samples), None).expect("ct");

    let phi: Vec<f32> = (0..24).map(|i| (i as f32 - 11.5) * 0.75).collect();
    write_f32(&at("phi.nii"), &oblique, &phi, Some(&origin)).expect("phi");

    // Too large a dimension for NIfTI-1.
    let long = Geometry::aligned([33_000, 1, 1], [0.5, 1.0, 2.0], [-3.0, 4.0, 5.5]).expect("grid");
    let ends: Vec<u16> = (0..33_000).map(|i| u16::from(i % 32_999 == 0)).collect();
    write_labels(&at("long.nii"), &LabelMap::new(long.clone(), ends.clone()), None).expect("long");

    let wider = |values: &[u16]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    vec![
        ("mask.nii", oblique.clone(), wider(&mask)),
        ("wide.hdr", lps, wider(&wide)),
        ("sheared.nii", sheared, wider(&mask)),
        ("ct.nii", pir, ct),
        ("phi.nii", oblique, phi.iter().map(|&v| f64::from(v)).collect()),
        // The number of voxels, their sum, and the last one.
        ("long.nii", long, vec![33_000.0, 2.0, 1.0]),
    ]
}

/// The header's description names the program's version, which may change.
fn without_descrip(mut bytes: Vec<u8>, name: &str) -> Vec<u8> {
    let at = if name == "long.nii" { 240 } else { 148 };
    if !name.ends_with(".img") {
        bytes[at..at + 80].fill(0);
    }
    bytes
}

fn values(entry: &Value) -> Vec<f64> {
    entry["values"].as_array().expect("values").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[test]
fn other_readers_agree() {
    // Left behind when the test fails, so that the new files can be looked at.
    let folder = tempfile::tempdir().expect("folder").keep();
    let written = write_all(&folder);
    for entry in std::fs::read_dir(&folder).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let golden = std::fs::read(nifti("written").join(&name)).unwrap_or_default();
        let same = !golden.is_empty()
            && without_descrip(std::fs::read(&path).expect("written"), &name) == without_descrip(golden, &name);
        assert!(same, "{name} is not written as the file that other programs read: see {}", path.display());
    }

    let text = std::fs::read_to_string(nifti("read_back.json")).expect("goldens");
    let read_back: Value = serde_json::from_str(&text).expect("JSON");
    for (name, geometry, wanted) in written {
        let by_nibabel = &read_back[name]["nibabel"];
        let f32_affine = geometry.affine_rows().map(|row| row.map(|v| f64::from(v as f32)));
        let exact = if name == "long.nii" { geometry.affine_rows() } else { f32_affine };
        // JSON numbers come back within one unit in the last place of an f64.
        assert!(affine_difference(&affine(&by_nibabel["affine"]), &exact) < 1e-12, "{name}");
        assert_eq!(values(by_nibabel), wanted, "{name}");
        assert_eq!((&by_nibabel["sform_code"], &by_nibabel["units"]), (&1.into(), &"mm".into()), "{name}");
        let by_simpleitk = &read_back[name]["simpleitk"];
        if name == "sheared.nii" {
            assert_eq!(by_nibabel["qform_code"], 0);
            // ITK knows no sheared grids: refusing is right, showing it unsheared would not be.
            assert!(by_simpleitk["refused"].as_str().expect("refused").contains("orthonormal"), "{by_simpleitk}");
            continue;
        }
        assert_eq!(by_nibabel["qform_code"], 1, "{name}");
        assert!(affine_difference(&affine(&by_nibabel["qform"]), &exact) < 1e-5, "{name}");
        if name == "long.nii" {
            // This SimpleITK reads no NIfTI-2 file at all.
            assert!(by_simpleitk["refused"].is_string());
            continue;
        }
        assert!(affine_difference(&affine(&by_simpleitk["affine"]), &exact) < 1e-4, "{name}");
        assert_eq!(values(by_simpleitk), wanted, "{name}");
    }
    let comment = read_back["mask.nii"]["nibabel"]["comments"][0].as_str().expect("a comment");
    let origin = Provenance::from_comment(comment).expect("provenance");
    assert_eq!((origin.iterations, origin.seeds[0][3]), (120, 8.0));
    std::fs::remove_dir_all(&folder).expect("remove");
}
