//! Written files: the source's grid to the last bit, readable again, never half there.

use crate::support::{affine_difference, expected, nifti, open_fixture};
use nalgebra::{Matrix4, Quaternion, Rotation3, UnitQuaternion, Vector3};
use proptest::prelude::*;
use std::path::Path;
use zeroset_engine::io::{
    Problem, ReadOptions, check_target, convert, read, read_labels, write_f32, write_labels, write_volume,
};
use zeroset_engine::{Geometry, LabelMap, Provenance, Volume};

const LAYOUTS: [&str; 5] = ["out.nii", "out.nii.gz", "out.hdr", "out.img", "out.hdr.gz"];

fn as_f32(rows: [[f64; 4]; 3]) -> [[f64; 4]; 3] {
    rows.map(|row| row.map(|v| f64::from(v as f32)))
}

/// Labels that no two voxels near each other share.
fn some_labels(geometry: &Geometry, modulus: usize) -> LabelMap {
    let labels = (0..geometry.len()).map(|i| (i * 7 % modulus) as u16).collect();
    LabelMap::new(geometry.clone(), labels)
}

/// Little-endian numbers of a written header, by the offsets of nifti1.h.
struct Raw(Vec<u8>);

impl Raw {
    fn i16(&self, at: usize) -> i16 {
        i16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn f32(&self, at: usize) -> f32 {
        f32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn sform(&self) -> [[f64; 4]; 3] {
        std::array::from_fn(|r| std::array::from_fn(|c| f64::from(self.f32(280 + 16 * r + 4 * c))))
    }

    /// Method 2 of nifti1.h, by nalgebra's quaternions instead of the engine's own formula.
    fn qform(&self) -> [[f64; 4]; 3] {
        let [b, c, d] = [256, 260, 264].map(|at| f64::from(self.f32(at)));
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let rotation = UnitQuaternion::from_quaternion(Quaternion::new(a, b, c, d)).to_rotation_matrix();
        let spacing = [80, 84, 88].map(|at| f64::from(self.f32(at)));
        let factors = [spacing[0], spacing[1], spacing[2] * f64::from(self.f32(76))];
        std::array::from_fn(|r| {
            std::array::from_fn(|column| match column {
                3 => f64::from(self.f32(268 + 4 * r)),
                _ => rotation[(r, column)] * factors[column],
            })
        })
    }
}

#[test]
fn a_mask_has_the_grid_and_affine_of_every_fixture() {
    let folder = tempfile::tempdir().expect("folder");
    for golden in expected() {
        let scan = open_fixture(&golden.name);
        let geometry = scan.volume.geometry();
        let labels = some_labels(geometry, 200);
        for layout in LAYOUTS {
            let path = folder.path().join(layout);
            write_labels(&path, &labels, None).unwrap_or_else(|e| panic!("{e}"));
            let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(back.labels.labels(), labels.labels(), "{} {layout}", golden.name);
            let rows = back.labels.geometry().affine_rows();
            assert_eq!(rows, as_f32(geometry.affine_rows()), "{} {layout}", golden.name);
            assert!(
                affine_difference(&rows, &golden.affine) < 1e-4,
                "{}: not where nibabel has the source",
                golden.name
            );
            assert_eq!(back.source.datatype, "uint8");
        }
    }
}

#[test]
fn an_sform_survives_byte_for_byte() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["awkward/oblique_sheared.nii", "awkward/sheared.nii", "orientations/PIR.nii", "awkward/two_places.nii"]
    {
        let path = folder.path().join("mask.nii");
        let scan = open_fixture(name);
        write_labels(&path, &some_labels(scan.volume.geometry(), 9), None).unwrap_or_else(|e| panic!("{e}"));
        let source = std::fs::read(nifti(name)).expect("fixture");
        assert_eq!(std::fs::read(&path).expect("mask")[280..328], source[280..328], "{name}");
    }
}

#[test]
fn header_fields_of_a_mask() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mask.nii");
    let scan = open_fixture("awkward/oblique.nii.gz");
    let geometry = scan.volume.geometry();
    let mut origin = Provenance::new("level set, region");
    origin.source_sha256 = scan.source.sha256().unwrap_or_else(|e| panic!("{e}"));
    origin.seeds = vec![[1.5, -2.0, 3.25, 10.0]];
    origin.parameters = serde_json::json!({ "alpha": 1.0 });
    write_labels(&path, &some_labels(geometry, 256), Some(&origin)).unwrap_or_else(|e| panic!("{e}"));

    let raw = Raw(std::fs::read(&path).expect("mask"));
    assert_eq!((raw.i16(254), raw.i16(252)), (1, 1), "sform and qform codes");
    assert!(affine_difference(&raw.qform(), &raw.sform()) < 1e-5, "qform {:?}", raw.qform());
    assert_eq!(raw.i16(70), 2, "uint8");
    assert_eq!(raw.0[123], 2, "mm");
    assert!(raw.0[148..].starts_with(b"Zeroset "), "descrip");
    assert_eq!((raw.f32(112), raw.f32(116)), (1.0, 0.0), "no scaling");
    let offset = raw.f32(108) as usize;
    assert!(offset > 352 && offset.is_multiple_of(16), "voxels start at a multiple of 16: {offset}");
    assert_eq!(raw.0.len(), offset + geometry.len());
    let size = i32::from_le_bytes(raw.0[352..356].try_into().expect("4 bytes")) as usize;
    assert_eq!((size % 16, 352 + size), (0, offset), "the extension fills the gap");
    assert_eq!(raw.0[356..360], 6_i32.to_le_bytes(), "a comment");

    let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back.source.provenance(), Some(origin));

    write_labels(&path, &some_labels(geometry, 257), None).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read_labels(&path).unwrap_or_else(|e| panic!("{e}")).source.datatype, "uint8");
    let mut wide = vec![0; geometry.len()];
    wide[5] = 256;
    write_labels(&path, &LabelMap::new(geometry.clone(), wide.clone()), None).unwrap_or_else(|e| panic!("{e}"));
    let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((back.source.datatype.as_str(), back.labels.labels()), ("uint16", wide.as_slice()));
}

#[test]
fn a_sheared_grid_has_no_qform() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mask.nii");
    let scan = open_fixture("awkward/oblique_sheared.nii");
    write_labels(&path, &some_labels(scan.volume.geometry(), 9), None).unwrap_or_else(|e| panic!("{e}"));
    let raw = Raw(std::fs::read(&path).expect("mask"));
    assert_eq!((raw.i16(254), raw.i16(252)), (1, 0));
}

#[test]
fn sizes_beyond_nifti_1_become_nifti_2() {
    let folder = tempfile::tempdir().expect("folder");
    let geometry = Geometry::aligned([40_000, 1, 2], [0.5, 0.5, 2.0], [1.0, 2.0, 3.0]).expect("geometry");
    let labels = some_labels(&geometry, 5);
    for layout in LAYOUTS {
        let path = folder.path().join(layout);
        write_labels(&path, &labels, Some(&Provenance::new("test"))).unwrap_or_else(|e| panic!("{e}"));
        let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
        assert!(back.source.format.contains("NIfTI-2"), "{}", back.source.format);
        assert_eq!(back.labels, labels);
        assert_eq!(back.source.comments.len(), 1);
    }
}

#[test]
fn volumes_keep_their_form() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["awkward/slope.nii", "datatypes/float32_big_2.nii", "datatypes/uint16_little_1.nii"] {
        let scan = open_fixture(name);
        for layout in LAYOUTS {
            let path = folder.path().join(layout);
            write_volume(&path, &scan.volume, None).unwrap_or_else(|e| panic!("{e}"));
            let back = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(back.volume.to_f32(), scan.volume.to_f32(), "{name}");
            assert_eq!(back.volume.bytes(), scan.volume.bytes(), "{name}");
        }
    }
}

#[test]
fn conversion_keeps_every_stored_number() {
    let folder = tempfile::tempdir().expect("folder");
    for golden in expected() {
        for (frame, layout) in (0..golden.frames.len()).flat_map(|f| LAYOUTS.map(|l| (f, l))) {
            let path = folder.path().join(layout);
            let options = ReadOptions { frame: Some(frame), ..ReadOptions::default() };
            convert(&nifti(&golden.name), &path, &options).unwrap_or_else(|e| panic!("{e}"));
            let source = read(&nifti(&golden.name), &options).unwrap_or_else(|e| panic!("{e}"));
            let back = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(back.source.datatype, golden.datatype, "{}", golden.name);
            assert_eq!(back.volume.geometry().affine_rows(), as_f32(source.volume.geometry().affine_rows()));
            assert_eq!(back.volume.to_f32(), source.volume.to_f32(), "{} {layout}", golden.name);
            assert_eq!(back.non_finite, source.non_finite);
            assert_eq!(back.source.comments, source.source.comments);
        }
    }
    // Numbers that f32 cannot hold: compared as bytes.
    let path = folder.path().join("exact.nii");
    for (big, little) in [("int64_big_1.nii", "int64_little_1.nii"), ("float64_big_2.nii", "float64_little_1.nii")] {
        convert(&nifti(&format!("datatypes/{big}")), &path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let wanted = std::fs::read(nifti(&format!("datatypes/{little}"))).expect("fixture");
        assert_eq!(std::fs::read(&path).expect("converted")[352..], wanted[352..], "{big}");
    }
}

#[test]
fn a_failure_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("folder");
    let labels = some_labels(open_fixture("awkward/oblique.nii.gz").volume.geometry(), 3);
    let old = folder.path().join("old.nii");
    std::fs::write(&old, b"precious").expect("write");
    let untouched = |path: &Path| assert_eq!(std::fs::read(path).expect("old file"), b"precious");

    // Damaged input is noticed when half of the output is written.
    let short = folder.path().join("short.nii.gz");
    let whole = std::fs::read(nifti("awkward/four_d.nii.gz")).expect("fixture");
    std::fs::write(&short, &whole[..whole.len() - 40]).expect("write");
    let options = ReadOptions { frame: Some(4), ..ReadOptions::default() };
    let error = convert(&short, &old, &options).expect_err("truncated input");
    assert!(error.path == short, "the error names the input: {error}");
    untouched(&old);

    let mut permissions = std::fs::metadata(&old).expect("metadata").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&old, permissions).expect("read-only");
    let error = write_labels(&old, &labels, None).expect_err("read-only");
    assert!(matches!(error.problem, Problem::ReadOnly), "{error}");
    untouched(&old);

    let error = write_labels(&folder.path().join("no/such/folder.nii"), &labels, None).expect_err("no folder");
    assert!(matches!(error.problem, Problem::Write(_)), "{error}");
    std::fs::create_dir(folder.path().join("folder.nii")).expect("folder");
    let error = write_labels(&folder.path().join("folder.nii"), &labels, None).expect_err("a folder");
    assert!(matches!(error.problem, Problem::Write(_)), "{error}");
    let error = write_labels(&folder.path().join("mask.png"), &labels, None).expect_err("extension");
    assert!(matches!(error.problem, Problem::Extension), "{error}");

    for (name, good) in
        [("new.nii.gz", true), ("new.hdr", true), ("old.nii", false), ("no/such.nii", false), ("a.png", false)]
    {
        assert_eq!(check_target(&folder.path().join(name)).is_ok(), good, "{name}");
    }

    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("folder").map(|e| e.expect("entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["folder.nii", "old.nii", "short.nii.gz"], "nothing half-written stays");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("folder");
    let labels = some_labels(open_fixture("awkward/oblique.nii.gz").volume.geometry(), 3);
    let (real, link) = (folder.path().join("real.nii"), folder.path().join("link.nii"));
    std::fs::write(&real, b"old").expect("write");
    std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).expect("permissions");
    std::os::unix::fs::symlink(&real, &link).expect("link");
    write_labels(&link, &labels, None).unwrap_or_else(|e| panic!("{e}"));
    assert!(std::fs::symlink_metadata(&link).expect("link").is_symlink());
    assert_eq!(read_labels(&real).unwrap_or_else(|e| panic!("{e}")).labels.labels(), labels.labels());
    assert_eq!(std::fs::metadata(&real).expect("metadata").permissions().mode() & 0o777, 0o640);
    // A new file is as readable as any other new file of the user.
    std::fs::write(folder.path().join("usual"), b"").expect("write");
    write_labels(&folder.path().join("new.nii"), &labels, None).unwrap_or_else(|e| panic!("{e}"));
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).expect("metadata").permissions().mode();
    assert_eq!(mode("new.nii"), mode("usual"));
}

prop_compose! {
    /// One of the 48 axis orders, turned by any rotation, with any spacing, sheared or not.
    fn any_affine()(
        order in Just([0, 1, 2]).prop_shuffle(),
        signs in prop::array::uniform3(prop::bool::ANY),
        spacing in prop::array::uniform3(0.2..8.0_f64),
        angles in prop::array::uniform3(-3.2..3.2_f64),
        shear in prop_oneof![Just(0.0), 0.05..0.6_f64],
        origin in prop::array::uniform3(-900.0..900.0_f64),
    ) -> (Matrix4<f64>, f64) {
        let mut grid = nalgebra::Matrix3::zeros();
        for (column, &axis) in order.iter().enumerate() {
            grid[(axis, column)] = spacing[column] * if signs[column] { 1.0 } else { -1.0 };
        }
        grid.set_column(2, &(grid.column(2) + grid.column(1) * (shear * spacing[2] / spacing[1])));
        let turned = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]) * grid;
        (Matrix4::new_translation(&Vector3::from(origin)) * turned.to_homogeneous(), shear)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// A mask lands where the scan is, in every orientation, for readers of the sform and of the qform.
    #[test]
    fn every_orientation_round_trips((affine, shear) in any_affine(), size in prop::array::uniform3(1..6_usize)) {
        let folder = tempfile::tempdir().expect("folder");
        let geometry = Geometry::new(size, affine).expect("regular");
        let labels = some_labels(&geometry, 251);
        let path = folder.path().join("mask.nii");
        write_labels(&path, &labels, None).unwrap_or_else(|e| panic!("{e}"));
        let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}")).labels;
        prop_assert_eq!(back.labels(), labels.labels());
        prop_assert_eq!(back.geometry().affine_rows(), as_f32(geometry.affine_rows()));
        prop_assert!(back.geometry().same_grid(&geometry, 1e-3));
        let raw = Raw(std::fs::read(&path).expect("mask"));
        prop_assert_eq!(raw.sform(), back.geometry().affine_rows());
        if shear == 0.0 {
            prop_assert_eq!(raw.i16(252), 1);
            // f32 quaternions near half a turn are good to a few hundredths of a degree only.
            prop_assert!(affine_difference(&raw.qform(), &raw.sform()) < 0.02);
        }
        // phi, with values at the very corners, comes back bit for bit, in every layout.
        let phi: Vec<f32> = (0..geometry.len()).map(|i| (i as f32 * 0.37).sin() * 1e3).collect();
        for layout in LAYOUTS {
            let path = folder.path().join(layout);
            write_f32(&path, &geometry, &phi, None).unwrap_or_else(|e| panic!("{e}"));
            let volume: Volume = read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")).volume;
            prop_assert_eq!(volume.to_f32(), phi.clone());
        }
    }
}
