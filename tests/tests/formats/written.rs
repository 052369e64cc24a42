//! Written files: the same voxels and values at the same places, whatever the grid.

use nalgebra::{Matrix3, Matrix4, Rotation3, Vector3};
use proptest::prelude::*;
use zeroset_engine::io::{
    Problem, ReadOptions, check_target, convert, read, read_labels, write_f32, write_f32_series, write_labels,
    write_volume,
};
use zeroset_engine::volume::Samples;
use zeroset_engine::{Geometry, LabelMap, Provenance, Volume};
use zeroset_tests::files::fixture;

const NAMES: [&str; 4] = ["out.nrrd", "out.nhdr", "out.mha", "out.mhd"];

/// All 48 axis orders: axis of each column and its sign.
fn orientations() -> Vec<([usize; 3], [f64; 3])> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let signs = |bits: usize| std::array::from_fn(|d| if bits >> d & 1 == 1 { -1.0 } else { 1.0 });
    orders.iter().flat_map(|&order| (0..8).map(move |bits| (order, signs(bits)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    /// Every orientation, turned by any rotation, with any spacing, sheared or not: scan, mask and φ come back.
    #[test]
    fn every_orientation_round_trips(
        spacing in prop::array::uniform3(0.2..8.0_f64),
        angles in prop_oneof![Just([0.0; 3]), prop::array::uniform3(-3.2..3.2_f64)],
        shear in prop_oneof![Just(0.0), 0.05..0.6_f64],
        origin in prop::array::uniform3(-900.0..900.0_f64),
        size in prop::array::uniform3(1..6_usize),
    ) {
        let folder = tempfile::tempdir().expect("folder");
        for (order, signs) in orientations() {
            let mut grid = Matrix3::zeros();
            for (column, &axis) in order.iter().enumerate() {
                grid[(axis, column)] = spacing[column] * signs[column];
            }
            grid.set_column(2, &(grid.column(2) + grid.column(1) * (shear * spacing[2] / spacing[1])));
            let turned = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]) * grid;
            let affine = Matrix4::new_translation(&Vector3::from(origin)) * turned.to_homogeneous();
            let geometry = Geometry::new(size, affine).expect("regular");
            let labels = LabelMap::new(geometry.clone(), (0..geometry.len()).map(|i| (i * 7 % 251) as u16).collect());
            let phi: Vec<f32> = (0..geometry.len()).map(|i| (i as f32 * 0.37).sin() * 1e3).collect();
            for name in NAMES {
                let path = folder.path().join(name);
                write_labels(&path, &labels, None).unwrap_or_else(|e| panic!("{e}"));
                let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}")).labels;
                prop_assert_eq!(back.labels(), labels.labels());
                prop_assert!(back.geometry().same_grid(&geometry, 1e-9), "{} {:?}", name, order);
                if name.starts_with("out.n") {
                    // NRRD keeps the affine to the last bit.
                    prop_assert_eq!(back.geometry().affine_rows(), geometry.affine_rows());
                }
                write_f32(&path, &geometry, &phi, None).unwrap_or_else(|e| panic!("{e}"));
                let volume = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")).volume;
                prop_assert_eq!(volume.to_f32(), phi.clone());
                prop_assert!(volume.geometry().same_grid(&geometry, 1e-9));
            }
        }
    }
}

fn small() -> Geometry {
    Geometry::aligned([3, 4, 5], [0.7, 0.8, 2.5], [-10.0, 20.5, 30.25]).expect("grid")
}

#[test]
fn integers_stay_integers_and_scaled_ones_become_their_values() {
    let folder = tempfile::tempdir().expect("folder");
    let stored: Vec<i16> = (0..60).map(|i| i * 37 - 1024).collect();
    for (slope, intercept, kind) in [(1.0, 0.0, "int16"), (0.5, -3.0, "float32")] {
        let samples = Samples::I16 { stored: stored.clone(), slope, intercept };
        let volume = Volume::with_samples(small(), samples);
        let nifti = folder.path().join("scaled.nii");
        write_volume(&nifti, &volume, None).unwrap_or_else(|e| panic!("{e}"));
        for name in NAMES {
            let path = folder.path().join(name);
            write_volume(&path, &volume, None).unwrap_or_else(|e| panic!("{e}"));
            let back = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((back.source.datatype.as_str(), back.volume.to_f32()), (kind, volume.to_f32()), "{name}");
            let done = convert(&nifti, &path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            let back = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((back.source.datatype.as_str(), back.volume.to_f32()), (kind, volume.to_f32()), "{name}");
            assert_eq!(done.warnings.iter().any(|w| w.contains("slope and intercept")), kind == "float32", "{name}");
        }
    }
}

#[test]
fn how_a_mask_came_about_travels_with_it() {
    let folder = tempfile::tempdir().expect("folder");
    let mut origin = Provenance::new("level set, region");
    origin.history = vec!["a \\ and a\nnew line".into()];
    for name in NAMES {
        let path = folder.path().join(name);
        write_labels(&path, &LabelMap::empty(small()), Some(&origin)).unwrap_or_else(|e| panic!("{e}"));
        let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(back.source.provenance(), Some(origin.clone()), "{name}");
        let nifti = folder.path().join("mask.nii");
        convert(&path, &nifti, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let back = read_labels(&nifti).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(back.source.provenance(), Some(origin.clone()), "{name} to NIfTI");
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_and_the_old_file_stays() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("old.nrrd");
    std::fs::write(&path, b"precious").expect("write");
    let values = vec![0.0; 60];
    let error = write_f32_series(&path, &small(), &[&values, &values], 0.5, None).expect_err("a series");
    assert!(error.to_string().contains(".nii.gz"), "{error}");
    let seg = folder.path().join("old.seg.nrrd");
    let error = write_f32(&seg, &small(), &values, None).expect_err("no labels");
    assert!(error.to_string().contains(".nrrd"), "{error}");
    let error = write_f32(&folder.path().join("out.png"), &small(), &values, None).expect_err("ending");
    assert!(matches!(error.problem, Problem::Extension) && error.to_string().contains(".mha"), "{error}");
    assert_eq!(std::fs::read(&path).expect("old file"), b"precious");
    // Converting a damaged file leaves what was there.
    let damaged = folder.path().join("damaged.nrrd");
    let whole = std::fs::read(fixture("formats/gzip.nrrd")).expect("fixture");
    std::fs::write(&damaged, &whole[..whole.len() - 12]).expect("write");
    convert(&damaged, &path, &ReadOptions::default()).expect_err("truncated");
    assert_eq!(std::fs::read(&path).expect("old file"), b"precious");
    for (name, good) in [("new.nrrd", true), ("new.mhd", true), ("new.seg.nrrd", true), ("no/such.mha", false)] {
        assert_eq!(check_target(&folder.path().join(name)).is_ok(), good, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 2, "nothing half-written stays");
}
