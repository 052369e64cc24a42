//! The real files, against numbers that nibabel gave for them (`make_real.py`).

use crate::support::{affine, affine_difference, open, size};
use serde_json::{Map, Value};
use std::path::Path;
use zeroset_engine::io::{ReadOptions, convert};
use zeroset_engine::volume::Samples;
use zeroset_engine::{Geometry, Volume};
use zeroset_tests::files::{fixture, real_data};

fn goldens() -> Map<String, Value> {
    let text = std::fs::read_to_string(fixture("nifti/real.json")).expect("goldens");
    let Value::Object(files) = serde_json::from_str(&text).expect("JSON") else { panic!("an object") };
    files
}

/// The stored bytes in RAS order, by the axes of the affine: the same however the axes lie in the file.
fn ras_bytes(volume: &Volume) -> Vec<u8> {
    let Samples::I16 { stored, .. } = volume.samples() else { panic!("uint8 is kept in 16 bits") };
    let geometry = volume.geometry();
    let (axes, size) = (geometry.closest_world_axes(), geometry.size());
    let mut column_of = [0; 3];
    for (column, &(axis, _)) in axes.iter().enumerate() {
        column_of[axis] = column;
    }
    let extent = column_of.map(|column| size[column]);
    let mut bytes = Vec::with_capacity(geometry.len());
    for s in 0..extent[2] {
        for a in 0..extent[1] {
            for r in 0..extent[0] {
                let mut voxel = [0; 3];
                for (axis, along) in [r, a, s].into_iter().enumerate() {
                    let column = column_of[axis];
                    voxel[column] = if axes[column].1 { along } else { size[column] - 1 - along };
                }
                bytes.push(u8::try_from(stored[geometry.index(voxel)]).expect("uint8"));
            }
        }
    }
    bytes
}

/// Asserts that both volumes have the same value at every world position of `a`.
fn assert_same_in_world(a: &Volume, b: &Volume, what: &str) {
    let (ga, gb): (&Geometry, &Geometry) = (a.geometry(), b.geometry());
    assert_eq!(ga.len(), gb.len(), "{what}");
    let [nx, ny, nz] = ga.size();
    for (z, y) in (0..nz).flat_map(|z| (0..ny).map(move |y| (z, y))) {
        for x in 0..nx {
            let there = gb.voxel_of_world(ga.world_of_voxel([x as f64, y as f64, z as f64]));
            let voxel = there.map(|v| v.round() as usize);
            assert!(there.iter().all(|v| (v - v.round()).abs() < 1e-3), "{what}: {there:?} is between voxels");
            assert_eq!(a.at([x, y, z]), b.at(voxel), "{what}: ({x}, {y}, {z}) and {voxel:?}");
        }
    }
}

fn assert_golden(volume: &Volume, golden: &Value, tolerance_mm: f64, name: &str) {
    let geometry = volume.geometry();
    assert_eq!(geometry.size(), size(&golden["size"]), "{name}");
    let apart = affine_difference(&geometry.affine_rows(), &affine(&golden["affine"]));
    assert!(apart <= tolerance_mm, "{name}: affine differs by {apart} from nibabel's");
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn forty_eight_orientations_are_one_image() {
    let folder = tempfile::tempdir().expect("folder");
    let reference = open(&real_data("nifti/orientations48/RAS.nii.gz")).unwrap_or_else(|e| panic!("{e}")).volume;
    let (mut seen, mut image) = (0, None);
    for (name, golden) in goldens().iter().filter(|(name, _)| name.contains("orientations48")) {
        let path = real_data(name);
        let volume = open(&path).unwrap_or_else(|e| panic!("{e}")).volume;
        assert_golden(&volume, golden, 1e-9, name);
        let code: String = volume.geometry().orientation().iter().collect();
        assert!(path.to_string_lossy().contains(&format!("/{code}.nii")), "{name} is {code}");
        assert_same_in_world(&volume, &reference, name);
        let hash = sha256(&ras_bytes(&volume), folder.path());
        assert_eq!(hash, golden["ras_sha256"], "{name}: voxels differ from nibabel's");
        assert_eq!(image.get_or_insert_with(|| hash.clone()), &hash);
        for layout in ["out.nii", "out.nii.gz", "out.hdr"] {
            let out = folder.path().join(layout);
            convert(&path, &out, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            let converted = open(&out).unwrap_or_else(|e| panic!("{e}")).volume;
            assert_golden(&converted, golden, 1e-9, name);
            assert_eq!(converted.to_f32(), volume.to_f32(), "{name} as {layout}");
        }
        seen += 1;
    }
    assert_eq!(seen, 48);
}

fn sha256(bytes: &[u8], folder: &Path) -> String {
    let path = folder.join("bytes");
    std::fs::write(&path, bytes).expect("write");
    zeroset_engine::provenance::sha256_of_file(&path).expect("read")
}

/// What nibabel does not read, as SimpleITK 2.5 says: size, world RAS of the first voxel in mm, mean.
const SIMPLE_ITK: [(&str, [usize; 3], [f64; 3], f64); 2] = [
    (
        "FLAIR.nrrd",
        [124, 160, 140],
        [-64.898_239_135_742_2, -110.431_144_714_355_5, -27.925_539_016_723_64],
        41.486_047_667_050_69,
    ),
    ("mha.mha", [64, 64, 37], [108.281, -82.3795, -47.8356], 527.506_162_901_182_4),
];

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn awkward_files_open_as_nibabel_says_or_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let (mut opened, mut refused) = (0, Vec::new());
    for (name, golden) in goldens().iter().filter(|(name, _)| !name.contains("orientations48")) {
        let path = real_data(name);
        let scan = match open(&path) {
            Ok(scan) => scan,
            Err(error) => {
                assert!(golden.is_null(), "nibabel opens it: {error}");
                refused.push(error.to_string());
                continue;
            }
        };
        if let Some(&(_, size, first_voxel_mm, mean)) = SIMPLE_ITK.iter().find(|other| name.ends_with(other.0)) {
            let geometry = scan.volume.geometry();
            let at = geometry.world_of_voxel([0.0; 3]);
            assert_eq!(geometry.size(), size, "{name}");
            assert!((0..3).all(|d| (at[d] - first_voxel_mm[d]).abs() < 1e-6), "{name}: first voxel at {at:?}");
            let values = scan.volume.to_f32();
            let found = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
            assert!((found - mean).abs() < 1e-6, "{name}: mean {found}");
            continue;
        }
        assert!(!golden.is_null(), "{name}: should have been refused");
        assert_golden(&scan.volume, golden, 1e-9, name);
        assert_eq!(scan.source.frames as u64, golden["frames"].as_u64().expect("a number"), "{name}");
        let number = |key: &str| golden[key].as_f64().expect("a number");
        let span = number("least").abs().max(number("greatest").abs());
        assert!((f64::from(scan.range.0) - number("least")).abs() <= 1e-6 * span, "{name}: {:?}", scan.range);
        assert!((f64::from(scan.range.1) - number("greatest")).abs() <= 1e-6 * span, "{name}: {:?}", scan.range);
        let values = scan.volume.to_f32();
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        assert!((mean - number("mean")).abs() <= 1e-6 * span, "{name}: mean {mean}");

        let out = folder.path().join("out.nii.gz");
        convert(&path, &out, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let converted = open(&out).unwrap_or_else(|e| panic!("{e}"));
        // f32 of a qform's f64 affine.
        assert_golden(&converted.volume, golden, 1e-4, name);
        assert_eq!(converted.volume.to_f32(), values, "{name}");
        opened += 1;
    }
    assert_eq!(opened, 20, "files opened");
    for words in ["complex64", "RGB24", "not a NIfTI file (it starts"] {
        assert!(refused.iter().any(|message| message.contains(words)), "no refusal says {words:?}: {refused:?}");
    }
    assert_eq!(refused.len(), 3);
}
