//! What the pixels say: signs, bits, slopes, transfer syntaxes.

use crate::writer::{BIG_ENDIAN, IMPLICIT, PATIENT, RLE, Slice, encapsulated, refusal, volume_of};
use zeroset_engine::volume::Samples;

fn pair(spoil: impl Fn(&mut Slice)) -> Vec<Slice> {
    (0..2)
        .map(|i| {
            let mut slice = Slice::new(i);
            spoil(&mut slice);
            slice
        })
        .collect()
}

#[test]
fn integers_stay_in_16_bits() {
    for syntax in [crate::writer::EXPLICIT, IMPLICIT, BIG_ENDIAN] {
        let scan = volume_of(&pair(|s| {
            s.syntax = syntax;
            s.cells[5] = -300i16 as u16;
        }));
        assert!(matches!(scan.volume.samples(), Samples::I16 { slope: 1.0, intercept: -1024.0, .. }));
        assert_eq!(scan.volume.at([1, 1, 0]), -1324.0);
        assert_eq!(scan.volume.at([3, 2, 1]), 23.0 - 1024.0);
        assert_eq!(scan.range, (-1324.0, -1001.0));
        assert_eq!(scan.window, Some([40.0, 400.0]));
    }
}

#[test]
fn bits_beside_the_number_do_not_count() {
    let dirty = |s: &mut Slice| {
        s.bits = [16, 12, 11];
        s.cells.iter_mut().for_each(|cell| *cell |= 0xF000);
        s.cells[0] = 0x5800;
    };
    let unsigned = volume_of(&pair(|s| {
        dirty(s);
        s.signed = false;
    }));
    assert_eq!((unsigned.volume.at([0, 0, 0]), unsigned.volume.at([3, 2, 1])), (2048.0 - 1024.0, 23.0 - 1024.0));
    let signed = volume_of(&pair(dirty));
    assert_eq!((signed.volume.at([0, 0, 0]), signed.volume.at([3, 2, 1])), (-2048.0 - 1024.0, 23.0 - 1024.0));
    // The number in bits 4 to 15.
    let high = volume_of(&pair(|s| {
        s.bits = [16, 12, 15];
        s.cells.iter_mut().for_each(|cell| *cell = *cell << 4 | 0xA);
    }));
    assert_eq!(high.volume.at([3, 2, 1]), 23.0 - 1024.0);
}

#[test]
fn unsigned_16_bits_beyond_i16_become_f32() {
    let scan = volume_of(&pair(|s| {
        s.signed = false;
        s.cells[7] = 65535;
    }));
    assert!(matches!(scan.volume.samples(), Samples::F32(_)));
    assert_eq!((scan.volume.at([3, 1, 0]), scan.volume.at([0, 0, 1])), (65535.0 - 1024.0, 12.0 - 1024.0));
}

#[test]
fn slopes_may_differ_from_slice_to_slice() {
    let mut slices = pair(|_| {});
    slices[1].scale = Some((2.0, -1000.0));
    let whole = volume_of(&slices);
    assert!(matches!(whole.volume.samples(), Samples::I16 { slope: 1.0, intercept: 0.0, .. }));
    assert_eq!((whole.volume.at([3, 2, 0]), whole.volume.at([3, 2, 1])), (11.0 - 1024.0, 2.0 * 23.0 - 1000.0));
    slices[1].scale = Some((0.1, -1000.0));
    let broken = volume_of(&slices);
    assert!(matches!(broken.volume.samples(), Samples::F32(_)));
    assert_eq!(broken.volume.at([3, 2, 1]), (23.0f64 * 0.1 - 1000.0) as f32);
    assert_eq!(broken.volume.at([3, 2, 0]), -1013.0);
}

#[test]
fn what_is_odd_about_the_numbers_is_said() {
    let warned = |spoil: &dyn Fn(&mut Slice), words: &str| {
        let scan = volume_of(&pair(spoil));
        assert!(scan.warnings.iter().any(|w| w.contains(words)), "no {words:?} in {:?}", scan.warnings);
        scan
    };
    let inverted = warned(&|s| s.photometric = "MONOCHROME1", "MONOCHROME1");
    assert_eq!(inverted.volume.at([3, 2, 1]), 23.0 - 1024.0);
    let padded = warned(
        &|s| {
            s.padding = Some(-2000i16 as u16);
            s.cells[3] = -2000i16 as u16;
        },
        "2 pixels lie outside",
    );
    assert_eq!(padded.volume.at([3, 0, 0]), -3024.0);
    assert_eq!(warned(&|s| s.scale = None, "no RescaleSlope").volume.at([1, 0, 0]), 1.0);
}

#[test]
fn rle_is_unpacked_byte_by_byte() {
    let scan = volume_of(&pair(|s| {
        s.syntax = RLE;
        // High bytes: a run of 12 times 1. Low bytes: 4 literal ones, a no-op, a run of 8.
        let mut data = vec![0u8; 64];
        for (word, value) in [2u32, 64, 66].into_iter().enumerate() {
            data[4 * word..4 * word + 4].copy_from_slice(&value.to_le_bytes());
        }
        data.extend([(1 - 12i8) as u8, 1, 3, 5, 6, 7, 8, 0x80, (1 - 8i8) as u8, 9]);
        s.raw = Some((encapsulated(&data), true));
    }));
    let hu: Vec<f32> = (0..12).map(|i| scan.volume.value(i) + 1024.0).collect();
    assert_eq!(hu[..5], [261.0, 262.0, 263.0, 264.0, 265.0]);
    assert!(hu[5..].iter().all(|&v| v == 265.0));
}

#[test]
fn eight_bits_are_read_and_colour_is_not() {
    let scan = volume_of(&pair(|s| {
        s.bits = [8, 8, 7];
        s.signed = false;
        s.cells[0] = 200;
    }));
    assert_eq!((scan.volume.at([0, 0, 1]), scan.volume.at([3, 2, 1])), (200.0 - 1024.0, 23.0 - 1024.0));
    assert!(refusal(&pair(|s| s.photometric = "RGB")).contains("holds RGB pixels"));
    assert!(refusal(&pair(|s| s.bits = [32, 32, 31])).contains("zeroset reads 8 and 16 bits"));
    assert!(refusal(&pair(|s| s.scale = Some((0.0, 1.0)))).contains("RescaleSlope of 0"));
    let progressive = refusal(&pair(|s| s.syntax = "1.2.840.10008.1.2.4.55"));
    assert!(progressive.contains("JPEG full progression"), "{progressive}");
}

#[test]
fn nothing_of_the_patient_comes_out() {
    let folder = tempfile::tempdir().expect("folder");
    let named = folder.path().join("SMITHSON_JANE");
    std::fs::create_dir(&named).expect("folder");
    for (i, slice) in pair(|_| {}).iter().enumerate() {
        slice.write(&named, &format!("SMITHSON-{i}.dcm"));
    }
    let out = folder.path().join("out.nii");
    let done = zeroset_engine::io::convert(&named, &out, &Default::default()).unwrap_or_else(|e| panic!("{e}"));
    let said = serde_json::to_string(&done.source).expect("JSON") + &done.warnings.join(" ");
    let (name, sha256) = zeroset_engine::io::identity(&named).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((name.as_str(), sha256), ("DICOM series", done.source.sha256().unwrap_or_else(|e| panic!("{e}"))));
    let written = String::from_utf8_lossy(&std::fs::read(&out).expect("a file")).into_owned();
    for text in [said, written] {
        assert!(!text.contains("SMITHSON") && !text.contains(PATIENT), "{text}");
    }
    let read = zeroset_engine::io::read(&out, &Default::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.volume.to_f32(), volume_of(&pair(|_| {})).volume.to_f32());
}
