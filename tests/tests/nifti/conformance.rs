//! Every fixture reads as nibabel reads it: grid, affine, values.

use crate::support::{affine_difference, assert_warned, expected, nifti, open, open_fixture};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use zeroset_engine::io::{Problem, ReadOptions, read, read_labels};
use zeroset_engine::volume::Samples;

#[test]
fn every_fixture_reads_as_nibabel_says() {
    let all = expected();
    assert!(all.len() >= 120, "fixtures are missing: {}", all.len());
    for golden in all {
        for (frame, values) in golden.frames.iter().enumerate() {
            let options = ReadOptions { frame: Some(frame), ..ReadOptions::default() };
            let scan = read(&nifti(&golden.name), &options).unwrap_or_else(|e| panic!("{e}"));
            let geometry = scan.volume.geometry();
            assert_eq!(geometry.size(), golden.size, "{}", golden.name);
            let apart = affine_difference(&geometry.affine_rows(), &golden.affine);
            assert!(apart < 1e-9, "{}: affine differs by {apart}", golden.name);
            assert_eq!(scan.source.datatype, golden.datatype, "{}", golden.name);
            assert_eq!(scan.source.frames, golden.frames.len(), "{}", golden.name);

            let finite = || values.iter().copied().filter(|v| v.is_finite());
            let least = finite().fold(f64::INFINITY, f64::min);
            let greatest = finite().fold(f64::NEG_INFINITY, f64::max);
            let tolerance = 3e-7 * least.abs().max(greatest.abs()).max(f64::MIN_POSITIVE);
            for (index, &value) in values.iter().enumerate() {
                let wanted = match value {
                    f64::INFINITY => greatest,
                    v if v.is_finite() => v,
                    _ => least,
                };
                let found = f64::from(scan.volume.value(index));
                assert!((found - wanted).abs() <= tolerance, "{} [{index}]: {found}, nibabel {wanted}", golden.name);
            }
            let (lo, hi) = scan.volume.range();
            assert_eq!(scan.range, (lo, hi), "{}", golden.name);
            assert!((f64::from(lo) - least).abs() <= tolerance && (f64::from(hi) - greatest).abs() <= tolerance);
        }
    }
}

#[test]
fn integers_that_fit_take_two_bytes_and_lose_nothing() {
    let two_bytes = ["uint8", "int8", "int16"].map(|t| format!("datatypes/{t}_big_1.nii"));
    for name in two_bytes.iter().map(String::as_str).chain(["awkward/fits_16_bit.nii", "awkward/slope.nii"]) {
        let scan = open_fixture(name);
        assert_eq!(scan.volume.bytes(), 2 * scan.volume.geometry().len(), "{name}");
    }
    for name in ["datatypes/uint16_little_1.nii", "datatypes/int32_big_2.nii", "datatypes/float32_little_1.nii"] {
        let scan = open_fixture(name);
        assert_eq!(scan.volume.bytes(), 4 * scan.volume.geometry().len(), "{name}");
    }
    let fits = open_fixture("awkward/fits_16_bit.nii");
    let Samples::I16 { stored, slope, intercept } = fits.volume.samples() else { panic!("16 bits") };
    assert_eq!((*slope, *intercept), (1.0, 0.0));
    assert!(stored.iter().copied().eq((0..24).map(|i: i16| {
        // numpy's C order in a Fortran-ordered file.
        let [x, y, z] = [i % 2, i / 2 % 3, i / 6];
        (x * 12 + y * 4 + z - 12) * 300
    })));
}

#[test]
fn values_that_are_no_numbers_are_counted_and_replaced() {
    let scan = open_fixture("awkward/nan.nii");
    let counts = scan.non_finite;
    assert_eq!((counts.nan, counts.positive_infinity, counts.negative_infinity), (2, 1, 1));
    assert_warned(&scan, "2 NaN, 1 +infinity and 1 -infinity among 24 voxels");
    let (least, greatest) = scan.range;
    assert!(least.is_finite() && greatest.is_finite());
    assert_eq!(scan.volume.at([0, 0, 0]), least);
    assert_eq!(scan.volume.at([1, 0, 0]), greatest);
    assert_eq!(scan.volume.at([0, 1, 0]), least);
}

#[test]
fn what_is_odd_is_said_in_words() {
    // tan(angle) = 0.3 by construction.
    let angle = format!("{:.2} degrees", 0.3_f64.atan().to_degrees());
    assert_warned(&open_fixture("awkward/sheared.nii"), &angle);
    assert_warned(&open_fixture("awkward/oblique_sheared.nii"), &angle);
    let oblique = open_fixture("awkward/oblique.nii.gz");
    let degrees = oblique.volume.geometry().oblique_degrees();
    assert_warned(&oblique, &format!("oblique: {degrees:.2} degrees"));
    assert!((degrees - 26.0).abs() < 2.0, "{degrees}");
    assert_warned(&open_fixture("awkward/neither.nii"), "left and right are assumed");
    assert_warned(&open_fixture("awkward/two_places.nii"), "mm apart");
    assert_warned(&open_fixture("awkward/four_d.nii.gz"), "holds 5 volumes");
    assert_warned(&open_fixture("awkward/constant.nii"), "every voxel has the same value, 7");
    let odd = open_fixture("awkward/odd_header.nii");
    for words in ["sizeof_hdr is 384", "bitpix is 8", "sform_code 9", "pixdim[1] is -0.75", "pixdim[2] is 0"] {
        assert_warned(&odd, words);
    }
    for quiet in ["datatypes/int16_little_1.nii", "orientations/LPS.nii"] {
        assert_eq!(open_fixture(quiet).warnings, Vec::<String>::new(), "{quiet}");
    }
}

#[test]
fn comments_are_read_and_other_extensions_listed() {
    for name in ["extensions.nii", "extensions_big_2.nii.gz", "extensions_pair.hdr"] {
        let source = open_fixture(&format!("awkward/{name}")).source;
        assert_eq!(source.comments, ["first comment", "zweiter Ülünç"], "{name}");
        assert_eq!(source.extensions.iter().map(|e| e.0).collect::<Vec<_>>(), [6, 4, 6], "{name}");
    }
}

#[test]
fn a_pair_opens_by_either_half() {
    for (header, image) in [("pair.hdr", "pair.img"), ("pair_gz.hdr.gz", "pair_gz.img.gz")] {
        let [a, b] = [header, image].map(|name| open_fixture(&format!("awkward/{name}")));
        assert_eq!(a.volume.geometry(), b.volume.geometry());
        assert_eq!(a.volume.to_f32(), b.volume.to_f32());
        assert!(a.source.data_paths[0].ends_with(image), "the hash is that of the voxels");
    }
}

#[test]
fn volumes_are_chosen_by_number() {
    let path = nifti("awkward/four_d.nii.gz");
    let problem = read(&path, &ReadOptions { frame: Some(5), ..ReadOptions::default() }).unwrap_err();
    assert!(matches!(problem.problem, Problem::Frame { asked: 5, frames: 5 }), "{problem}");
    assert!(problem.to_string().contains("numbered 0 to 4"), "{problem}");
}

/// bgzip and pigz write several members; some tools pad the end with zeros.
#[test]
fn gzip_members_and_what_follows_them() {
    let raw = std::fs::read(nifti("datatypes/int16_big_1.nii")).expect("fixture");
    let folder = tempfile::tempdir().expect("folder");
    let mut file = Vec::new();
    for piece in raw.chunks(100) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(piece).expect("memory");
        file.extend(encoder.finish().expect("memory"));
    }
    let wanted = open_fixture("datatypes/int16_big_1.nii").volume.to_f32();
    for (name, tail) in [("members.nii.gz", &[][..]), ("padded.nii.gz", &[0; 512][..])] {
        let path = folder.path().join(name);
        std::fs::write(&path, [&file, tail].concat()).expect("write");
        let scan = open(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scan.volume.to_f32(), wanted, "{name}");
    }
    // gzip is recognised by content: the name may lie either way.
    let path = folder.path().join("plain.nii.gz");
    std::fs::write(&path, &raw).expect("write");
    assert_eq!(open(&path).unwrap_or_else(|e| panic!("{e}")).volume.to_f32(), wanted);
}

#[test]
fn label_maps_are_whole_numbers() {
    let labels = read_labels(&nifti("awkward/labels_float.nii")).unwrap_or_else(|e| panic!("{e}")).labels;
    assert_eq!(labels.present(), [1, 300]);
    assert_eq!((labels.at([1, 1, 1]), labels.at([0, 2, 3])), (1, 300));
    let from_integers = read_labels(&nifti("datatypes/uint16_big_2.nii")).unwrap_or_else(|e| panic!("{e}")).labels;
    assert_eq!(from_integers.labels()[23], 65535);

    let fails = |name: &str| read_labels(&nifti(name)).expect_err("no labels").problem;
    let Problem::NotALabel { voxel, value } = fails("datatypes/int16_big_1.nii") else { panic!("not a label") };
    assert_eq!((voxel, value), ([0, 0, 0], -32768.0));
    let Problem::NotALabel { voxel, value } = fails("datatypes/uint32_little_1.nii") else { panic!("not a label") };
    assert_eq!(voxel, [1, 0, 0]);
    assert!(value > 65535.0);
    // 1.0, then -1.25.
    let Problem::NotALabel { voxel, value } = fails("datatypes/float64_big_1.nii") else { panic!("not a label") };
    assert_eq!((voxel, value), ([1, 0, 0], -1.25));
    assert!(matches!(fails("awkward/nan.nii"), Problem::NotALabel { value, .. } if value.is_nan()));
}
