//! Damaged and hostile files: an error, never a panic, and no more memory than they are long.

use crate::writer::{Slice, encapsulated, refusal};
use proptest::prelude::*;
use zeroset_engine::io::{ReadOptions, read};

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = Slice::new(0).bytes();
    let folder = tempfile::tempdir().expect("folder");
    for length in 132..whole.len() {
        std::fs::write(folder.path().join("slice"), &whole[..length]).expect("a file");
        let error = read(folder.path(), &ReadOptions::default()).map(|s| s.range);
        assert!(error.is_err(), "{length} of {} bytes gave {error:?}", whole.len());
    }
    std::fs::write(folder.path().join("slice"), &whole).expect("a file");
    assert!(read(folder.path(), &ReadOptions::default()).is_ok());
}

#[test]
fn claims_beyond_the_file_are_refused() {
    let claim = |spoil: &dyn Fn(&mut Slice)| {
        let mut slice = Slice::new(0);
        spoil(&mut slice);
        refusal(&[slice])
    };
    let text = claim(&|s| s.size = [60000, 3]);
    assert!(text.contains("is truncated: 360000 bytes of pixels are promised, 24 are there"), "{text}");
    for syntax in ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"]
    {
        let text = claim(&|s| {
            s.syntax = match syntax {
                "1.2.840.10008.1.2.5" => crate::writer::RLE,
                "1.2.840.10008.1.2.4.70" => "1.2.840.10008.1.2.4.70",
                "1.2.840.10008.1.2.4.80" => "1.2.840.10008.1.2.4.80",
                _ => "1.2.840.10008.1.2.4.90",
            };
            s.size = [20000, 20000];
            s.raw = Some((encapsulated(&[0; 64]), true));
        });
        assert!(text.contains("cannot hold what its header declares"), "{text}");
    }
    let mut slice = Slice::new(0);
    slice.size = [65535, 65535];
    let folder = tempfile::tempdir().expect("folder");
    slice.write(folder.path(), "slice");
    let limit = ReadOptions { memory_limit_bytes: Some(1 << 20), ..ReadOptions::default() };
    let text = read(folder.path(), &limit).expect_err("too large").to_string();
    assert!(text.contains("of memory"), "{text}");
}

/// Starts of streams of every codec, for bytes to be changed in.
fn seeds() -> Vec<Slice> {
    let lossless = [
        0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 16, 0, 3, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xC4, 0, 20, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 5, 0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xFF, 0xD9,
    ];
    let ls = [
        0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 16, 0, 3, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0x12, 0x34,
        0x56, 0x78, 0x9A, 0xBC, 0xDE, 0x10, 0x32, 0x54, 0x76, 0x18, 0xFF, 0xD9,
    ];
    let compressed = |syntax, data: &[u8]| Slice { syntax, raw: Some((encapsulated(data), true)), ..Slice::new(0) };
    let rle: Vec<u8> =
        [2u32, 64, 66].iter().flat_map(|v| v.to_le_bytes()).chain([0; 52]).chain([0xF5, 1, 0xF5, 9]).collect();
    vec![
        Slice::new(0),
        Slice { syntax: crate::writer::IMPLICIT, ..Slice::new(0) },
        compressed(crate::writer::RLE, &rle),
        compressed("1.2.840.10008.1.2.4.70", &lossless),
        compressed("1.2.840.10008.1.2.4.80", &ls),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_bytes_never_panic(
        seed in 0usize..5, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = seeds()[seed].bytes();
        for (at, value) in changes {
            let at = 132 + at.index(bytes.len() - 132);
            bytes[at] = value;
        }
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("slice"), bytes).expect("a file");
        let options = ReadOptions { memory_limit_bytes: Some(64 << 20), ..ReadOptions::default() };
        if let Err(error) = read(folder.path(), &options) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
