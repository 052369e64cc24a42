//! Damaged and hostile files: refused in one line that says what is wrong, never a panic.

use std::path::{Path, PathBuf};
use zeroset_engine::io::{Problem, ReadOptions, read, read_labels};
use zeroset_tests::files::fixture;

fn refused(path: &Path) -> Problem {
    let error = read(path, &ReadOptions::default()).map(|_| ()).expect_err("must be refused");
    let text = error.to_string();
    assert!(!text.contains(['\n', '\u{1b}']) && text.contains("volume."), "{text:?}");
    error.problem
}

fn write(folder: &Path, ending: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(format!("volume.{ending}"));
    std::fs::write(&path, bytes).expect("write");
    path
}

#[test]
fn every_truncation_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["swapped.nrrd", "gzip.nrrd", "swapped.mha", "zlib.mha", "las_text.nrrd"] {
        let whole = std::fs::read(fixture("formats").join(name)).expect("fixture");
        let ending = name.rsplit('.').next().expect("ending");
        // Text without its last digits can still be numbers; voxels of zlib are whole before their checksum.
        let keep = if name.starts_with("las") || name.starts_with("zlib") { whole.len() - 8 } else { whole.len() };
        for length in 0..keep {
            let problem = refused(&write(folder.path(), ending, &whole[..length]));
            let known = matches!(
                problem,
                Problem::Truncated { .. }
                    | Problem::Gzip(_)
                    | Problem::Zlib(_)
                    | Problem::Text(_)
                    | Problem::DataFile { .. }
                    | Problem::Field { .. }
                    | Problem::MissingField { .. }
                    | Problem::ImpossibleRatio { .. }
                    | Problem::Dimension { .. }
                    | Problem::Unsupported(_)
            );
            assert!(known, "{name} cut to {length}: {problem}");
        }
    }
}

#[test]
fn no_byte_makes_it_panic() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["swapped.nrrd", "gzip.nrrd", "las_text.nrrd", "swapped.mha", "zlib.mha"] {
        let whole = std::fs::read(fixture("formats").join(name)).expect("fixture");
        let ending = name.rsplit('.').next().expect("ending");
        for at in 0..whole.len() {
            for byte in [0, b'-', b'9', b'\n', 0xff] {
                let mut changed = whole.clone();
                changed[at] = byte;
                let path = write(folder.path(), ending, &changed);
                // Many changes leave a sound file; all that counts is that the answer is one.
                for text in [read(&path, &ReadOptions::default()).err(), read_labels(&path).err()].into_iter().flatten()
                {
                    assert!(!text.to_string().contains('\n'), "{text}");
                }
            }
        }
    }
}

/// A header that is sound but for one line, with 8 bytes of voxels.
fn nrrd(from: &str, to: &str) -> Vec<u8> {
    let sound = "NRRD0004\ntype: uint8\ndimension: 3\nspace: LPS\nsizes: 2 2 2\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n\
                 kinds: domain domain domain\nendian: little\nencoding: raw\nspace origin: (0,0,0)\n\n";
    assert!(sound.contains(from), "{from}");
    [sound.replace(from, to).as_bytes(), &[0, 1, 2, 3, 4, 5, 6, 7]].concat()
}

fn meta(from: &str, to: &str) -> Vec<u8> {
    let sound = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n\
                 TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\nDimSize = 2 2 2\n\
                 ElementType = MET_UCHAR\nElementDataFile = LOCAL\n";
    assert!(sound.contains(from), "{from}");
    [sound.replace(from, to).as_bytes(), &[0, 1, 2, 3, 4, 5, 6, 7]].concat()
}

#[test]
fn nrrd_fields_that_cannot_be_used() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(
        read(&write(folder.path(), "nrrd", &nrrd("", "")), &ReadOptions::default()).is_ok(),
        "sound without a change"
    );
    for (from, to, words) in [
        ("NRRD0004", "NRRD0009", "NRRD0001 to NRRD0005"),
        ("NRRD0004", "hello", "NRRD0001 to NRRD0005"),
        ("type: uint8", "type: block", "int8 to int64"),
        ("type: uint8\n", "", "no field \"type\""),
        ("type: uint8", "type: int16", "promises 16 bytes of data, 8 are there"),
        ("sizes: 2 2 2", "sizes: 2 2 two", "a whole number per axis"),
        ("sizes: 2 2 2", "sizes: 2 2", "3 whole numbers"),
        ("sizes: 2 2 2", "sizes: 2 0 2", "a size of 0 along dimension 2"),
        ("sizes: 2 2 2", "sizes: 2 -2 2", "a size of -2"),
        ("sizes: 2 2 2", "sizes: 3000000000 3000000000 3000000000", "more than a computer can count"),
        ("sizes: 2 2 2", "sizes: 100000 10000 100", "8 are there"),
        ("dimension: 3", "dimension: x", "a whole number"),
        ("dimension: 3", "dimension: 2", "2 whole numbers"),
        ("space: LPS", "space: upside-down", "right-anterior-superior"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0,0) (0,1,0)", "3 vectors"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0) (0,1) (0,0)", "vectors of 3 numbers"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0,0) (0,1,0) (0,0,x)", "vectors of 3 numbers"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0,0) (0,1,0) (0,1,0)", "singular"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0,0) (0,1,0) (0,0,nan)", "not a number"),
        ("(1,0,0) (0,1,0) (0,0,1)", "(1,0,0) (0,1,0) none", "2 values per voxel"),
        ("origin: (0,0,0)", "origin: (0,0,", "vectors of 3 numbers"),
        ("origin: (0,0,0)", "origin: (0,0,0) (1,1,1)", "one vector"),
        ("encoding: raw", "encoding: bzip2", "raw, gzip or ascii"),
        ("encoding: raw", "encoding: gzip", "is truncated"),
        ("encoding: raw\n", "", "no field \"encoding\""),
        ("encoding: raw", "encoding: raw\nbyte skip: -2", "a whole number of at least 0, or -1"),
        ("encoding: raw", "encoding: raw\nbyte skip: 9223372036854775807", "0 are there"),
        ("encoding: raw", "encoding: raw\nline skip: 1000000", "8 bytes of data"),
        ("encoding: raw", "encoding: raw\nline skip: many", "line skip"),
        ("type: uint8", "type: int16\nendian: middle", "little or big"),
        ("encoding: raw", "encoding: raw\ndata file: ../x.raw", "not in the header's folder"),
        ("encoding: raw", "encoding: raw\ndata file: /etc/passwd", "not in the header's folder"),
        ("encoding: raw", "encoding: raw\ndata file: gone.raw", "cannot be read"),
        ("encoding: raw", "encoding: raw\ndata file: .", "is no file"),
        ("encoding: raw", "encoding: raw\ndata file: LIST", "several files"),
        ("encoding: raw", "encoding: raw\ndata file: i%03d.raw 1 9 1", "several files"),
        ("space: LPS", "space: \u{1b}[31m", "space"),
    ] {
        // A second "endian" line wins: the first is the one of the sound header.
        let bytes = if to.contains("middle") {
            String::from_utf8_lossy(&nrrd(from, to)).replace("endian: little\n", "").into_bytes()
        } else {
            nrrd(from, to)
        };
        let path = write(folder.path(), "nrrd", &bytes);
        let problem = refused(&path).to_string();
        assert!(problem.contains(words), "{to}: {problem}");
    }
}

#[test]
fn metaimage_fields_that_cannot_be_used() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(
        read(&write(folder.path(), "mha", &meta("", "")), &ReadOptions::default()).is_ok(),
        "sound without a change"
    );
    for (from, to, words) in [
        ("ObjectType = Image", "ObjectType = Tube", "Image"),
        ("NDims = 3", "NDims = 4", "one volume on its own"),
        ("NDims = 3\n", "", "no field \"NDims\""),
        ("DimSize = 2 2 2", "DimSize = 2 2", "3 whole numbers"),
        ("DimSize = 2 2 2", "DimSize = 2 2 2.5", "3 whole numbers"),
        ("DimSize = 2 2 2", "DimSize = 2 0 2", "a size of 0"),
        ("DimSize = 2 2 2", "DimSize = 9000000000 9000000000 2", "more than a computer can count"),
        ("DimSize = 2 2 2", "DimSize = 2 2 3", "promises 12 bytes of data, 8 are there"),
        ("DimSize = 2 2 2", "DimSize = 2 2 2\nElementNumberOfChannels = 3", "one channel"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 1 0", "distances above 0"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 1 nan", "distances above 0"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 one 1", "3 numbers"),
        ("Offset = 0 0 0", "Offset = 0 0", "3 numbers"),
        ("Offset = 0 0 0", "Offset = 0 0 inf", "not a number"),
        ("1 0 0 0 1 0 0 0 1", "1 0 0 0 1 0 0 0", "9 numbers"),
        ("1 0 0 0 1 0 0 0 1", "1 0 0 1 0 0 0 0 1", "singular"),
        ("MET_UCHAR", "MET_UCHAR_ARRAY", "one real number per voxel"),
        ("MSB = False", "MSB = maybe", "True or False"),
        ("CompressedData = False", "CompressedData = True", "zlib"),
        ("ElementDataFile = LOCAL", "ElementDataFile = ../x.raw", "not in the header's folder"),
        ("ElementDataFile = LOCAL", "ElementDataFile = x.raw", "cannot be read"),
        ("ElementDataFile = LOCAL", "ElementDataFile = LIST", "several files"),
        ("NDims = 3", "NDims = 3\nHeaderSize = -3", "HeaderSize"),
        ("NDims = 3", "NDims = 3\nHeaderSize = 5", "3 are there"),
        ("NDims = 3", "NDims = 3\nElementToIntensityFunctionSlope = 0", "a slope other than 0"),
        ("ElementDataFile = LOCAL\n", "", "no field \"ElementDataFile\""),
    ] {
        let problem = refused(&write(folder.path(), "mha", &meta(from, to))).to_string();
        assert!(problem.contains(words), "{to}: {problem}");
    }
}

#[test]
fn a_small_file_cannot_claim_much() {
    let folder = tempfile::tempdir().expect("folder");
    for bytes in [
        nrrd("sizes: 2 2 2", "sizes: 60000 60000 60000").to_vec(),
        String::from_utf8_lossy(&nrrd("encoding: raw", "encoding: gzip"))
            .replace("2 2 2", "4000 4000 400")
            .into_bytes(),
        String::from_utf8_lossy(&nrrd("encoding: raw", "encoding: ascii"))
            .replace("2 2 2", "4000 4000 400")
            .into_bytes(),
    ] {
        let problem = refused(&write(folder.path(), "nrrd", &bytes));
        assert!(matches!(problem, Problem::Truncated { .. } | Problem::ImpossibleRatio { .. }), "{problem}");
    }
    let text = String::from_utf8_lossy(&nrrd("encoding: raw", "encoding: ascii")).into_owned();
    let (head, _) = text.split_once("\n\n").expect("an empty line");
    for (voxels, words) in [("0 1 2 3 4 5 6 256", "\"256\" is no uint8"), ("0 1 2 3 4 5 6", "7 are there")] {
        let path = write(folder.path(), "nrrd", format!("{head}\n\n{voxels}").as_bytes());
        let problem = refused(&path).to_string();
        assert!(problem.contains(words), "{problem}");
    }
}
