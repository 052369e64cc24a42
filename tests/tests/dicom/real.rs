//! The real files, against what pydicom and SimpleITK gave for them (`make_real.py`).

use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use zeroset_engine::io::{IoError, ReadOptions, ReadScan, read};
use zeroset_tests::files::{fixture, real_data};

fn goldens() -> Map<String, Value> {
    let text = std::fs::read_to_string(fixture("dicom/real.json")).expect("goldens");
    let Value::Object(files) = serde_json::from_str(&text).expect("JSON") else { panic!("an object") };
    files
}

/// Opens a folder, or a file by itself: away from its neighbours of the same series.
fn open(name: &str, resample: bool) -> Result<ReadScan, IoError> {
    let path = real_data(name);
    let options = ReadOptions { resample, ..ReadOptions::default() };
    if path.is_dir() {
        // Other modalities are taken by number.
        let first = ReadOptions { series: Some("1".into()), ..options.clone() };
        return read(&path, if name.contains("compressed_series") { &first } else { &options });
    }
    let folder = tempfile::tempdir().expect("folder");
    let copy: PathBuf = folder.path().join("slice");
    std::fs::copy(&path, &copy).expect("a copy");
    read(&copy, &options)
}

fn sha256(scan: &ReadScan, folder: &Path) -> String {
    let bytes: Vec<u8> = scan.volume.to_f32().iter().flat_map(|v| v.to_le_bytes()).collect();
    let path = folder.join("bytes");
    std::fs::write(&path, bytes).expect("write");
    zeroset_engine::provenance::sha256_of_file(&path).expect("read")
}

/// What is refused, and the words that say why.
const REFUSED: [(&str, &str); 7] = [
    ("dicom/failing/sliceincrement/001", "a gap: 1 slice(s) are missing between IM-0001-0009-0001.dcm"),
    ("dicom/failing/sliceincrement/002", "a gap: 1 slice(s) are missing between IM-0001-0003.dcm"),
    ("dicom/failing/notavolume/001", "4 series that could be meant"),
    ("dicom/tilt_variable_spacing_ge", "uneven steps from 1.081 to 6.999 mm"),
    ("dicom/rt-utils/tests/one_slice_data", "single slice"),
    ("_1.2.840.10008.1.2.4.53.dcm", "JPEG spectral selection"),
    ("_1.2.840.10008.1.2.4.55.dcm", "JPEG full progression"),
];

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn every_ct_is_as_pydicom_and_simpleitk_say_or_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let (mut opened, mut refused) = (0, 0);
    for (name, golden) in goldens() {
        let expected = REFUSED.iter().find(|(end, _)| name.ends_with(end));
        let scan = match (open(&name, false), expected) {
            (Ok(scan), None) => scan,
            (Err(error), Some((_, words))) => {
                assert!(error.to_string().contains(words), "{name}: {error}");
                println!("refused {name}: {}", error.problem);
                refused += 1;
                continue;
            }
            (Ok(_), Some(_)) => panic!("{name} should have been refused"),
            (Err(error), None) => panic!("{name}: {error}"),
        };
        let geometry = scan.volume.geometry();
        let number = |v: &Value| v.as_f64().expect("a number");
        for (r, row) in geometry.affine_rows().iter().enumerate() {
            for (c, &value) in row.iter().enumerate() {
                let apart = (value - number(&golden["affine"][r][c])).abs();
                assert!(apart < 1e-6, "{name}: affine [{r}][{c}] is {apart} off");
            }
        }
        let size: Vec<u64> = geometry.size().iter().map(|&n| n as u64).collect();
        assert_eq!(golden["size"], serde_json::json!(size), "{name}");
        // Decoders of lossy JPEG differ by 1 here and there: ours is libjpeg's, and so GDCM's and SimpleITK's.
        let wanted = golden.get("simpleitk_sha256").unwrap_or(&golden["sha256"]);
        assert_eq!(&sha256(&scan, folder.path()), wanted, "{name}: other intensities");
        println!("opened {name}: {}; {}", geometry.describe(), golden["simpleitk"]);
        opened += 1;
    }
    assert_eq!((opened, refused), (36, REFUSED.len()));
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn uneven_series_are_resampled_between_their_ends() {
    for (name, slices) in [
        ("dicom/failing/sliceincrement/001", 5),
        ("dicom/failing/sliceincrement/002", 5),
        ("dicom/tilt_variable_spacing_ge", 40),
    ] {
        let scan = open(name, true).unwrap_or_else(|e| panic!("{e}"));
        let golden = &goldens()[name];
        let [_, _, n] = scan.volume.geometry().size();
        assert!(n.abs_diff(slices) <= 4, "{name}: {n} slices");
        // Linear interpolation stays between the values, and the first slice is the first slice.
        let (least, greatest) = (golden["least"].as_f64().expect("HU"), golden["greatest"].as_f64().expect("HU"));
        assert!(f64::from(scan.range.0) >= least && f64::from(scan.range.1) <= greatest, "{name}: {:?}", scan.range);
        let origin = scan.volume.geometry().world_of_voxel([0.0; 3]);
        for (d, &value) in origin.iter().enumerate() {
            assert!((value - golden["affine"][d][3].as_f64().expect("mm")).abs() < 1e-6, "{name}");
        }
    }
}
