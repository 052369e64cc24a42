//! Damaged and hostile files: refused with a message that says what is wrong, never a panic.

use crate::support::{nifti, open, open_fixture, refused};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use zeroset_engine::GeometryError;
use zeroset_engine::io::{Problem, ReadOptions, read};

/// A fixture with some bytes changed, as a file of its own.
struct Damaged {
    folder: TempDir,
    bytes: Vec<u8>,
}

impl Damaged {
    fn from(name: &str) -> Self {
        let bytes = std::fs::read(nifti(name)).expect("fixture");
        Self { folder: tempfile::tempdir().expect("folder"), bytes }
    }

    fn one() -> Self {
        Self::from("datatypes/int16_little_1.nii")
    }

    fn two() -> Self {
        Self::from("datatypes/int16_little_2.nii")
    }

    fn put<const N: usize>(mut self, at: usize, bytes: [u8; N]) -> Self {
        self.bytes[at..at + N].copy_from_slice(&bytes);
        self
    }

    fn path(&self) -> PathBuf {
        let path = self.folder.path().join("damaged.nii");
        std::fs::write(&path, &self.bytes).expect("write");
        path
    }

    fn problem(self) -> Problem {
        refused(&self.path())
    }

    fn gzip(mut self) -> Self {
        self.bytes = gzip(&self.bytes);
        self
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn every_truncation_is_refused() {
    for name in ["datatypes/int16_little_1.nii", "datatypes/float64_big_2.nii", "awkward/oblique.nii.gz"] {
        let whole = Damaged::from(name);
        for length in 0..whole.bytes.len() {
            let path = whole.folder.path().join("short.nii");
            std::fs::write(&path, &whole.bytes[..length]).expect("write");
            // A gzip file may miss up to 8 bytes of trailer: then the checksum is what fails.
            let problem = refused(&path);
            assert!(
                matches!(
                    problem,
                    Problem::HeaderTooShort { .. }
                        | Problem::Truncated { .. }
                        | Problem::Gzip(_)
                        | Problem::NotNifti { .. }
                ),
                "{name} cut to {length}: {problem}"
            );
        }
    }
    let Problem::Truncated { expected, found } = ({
        let mut short = Damaged::one();
        short.bytes.truncate(360);
        short.problem()
    }) else {
        panic!("truncated")
    };
    assert_eq!((expected, found), (48, 8));
}

#[test]
fn every_flipped_byte_of_a_gzip_file_is_noticed() {
    let whole = Damaged::one().gzip();
    let wanted = open_fixture("datatypes/int16_little_1.nii").volume.to_f32();
    let path = whole.folder.path().join("flipped.nii.gz");
    let mut refused = 0;
    for at in 0..whole.bytes.len() {
        let mut bytes = whole.bytes.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).expect("write");
        match open(&path) {
            // Time stamp and system in gzip's header change nothing.
            Ok(scan) => assert_eq!(scan.volume.to_f32(), wanted, "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > whole.bytes.len() - 12, "{refused} of {}", whole.bytes.len());
}

#[test]
fn not_nifti_at_all() {
    let start = |bytes: &[u8]| {
        let mut file = Damaged::one();
        file.bytes = bytes.to_vec();
        file.problem()
    };
    assert!(matches!(start(b""), Problem::HeaderTooShort { found: 0, .. }));
    assert!(matches!(start(&[7; 1000]), Problem::NotNifti { .. }));
    let mut dicom = vec![0; 600];
    dicom[128..132].copy_from_slice(b"DICM");
    // The content counts here too: a damaged slice is a damaged DICOM file, whatever its name.
    let problem = start(&dicom);
    assert!(matches!(problem, Problem::Dicom(_)), "{problem}");
    // The content counts, not the name; but a compressed file is NIfTI or nothing.
    assert!(matches!(start(b"NRRD0005\n# and so on"), Problem::MissingField { format: "NRRD", .. }));
    let Problem::NotNifti { found } = start(&gzip(b"NRRD0005\n# and so on")) else { panic!("no NIfTI") };
    assert!(found.contains("NRRD"), "{found}");
    assert!(matches!(start(&gzip(b"hello, this is no scan")), Problem::NotNifti { .. }));
    // The size of an Analyze header without NIfTI's magic.
    let Problem::Magic { found, expected } = Damaged::one().put(344, *b"xyz\0").problem() else { panic!("magic") };
    assert_eq!((found.as_str(), expected), ("\"xyz\\0\"", "n+1 or ni1"));
    assert!(matches!(Damaged::two().put(4, *b"n+1\0").problem(), Problem::Magic { .. }));
    assert!(matches!(Damaged::two().put(8, [13, 10, 26, 13]).problem(), Problem::LineEndings { .. }));
}

#[test]
fn impossible_sizes() {
    for dim0 in [0_i16, -1, 8, 300] {
        let found = Damaged::one().put(40, dim0.to_le_bytes()).problem();
        assert!(matches!(found, Problem::DimensionCount { found } if found == i64::from(dim0)), "{found}");
    }
    for (index, bad) in [(1_usize, 0_i16), (2, -5), (3, 0)] {
        let found = Damaged::one().put(40 + 2 * index, bad.to_le_bytes()).problem();
        assert!(matches!(found, Problem::Dimension { index: i, found } if i == index && found == i64::from(bad)));
    }
    let huge = [[0xff, 0x7f]; 3].concat();
    let huge: [u8; 6] = huge.try_into().expect("six bytes");
    assert!(matches!(Damaged::one().put(42, huge).problem(), Problem::Truncated { found: 48, .. }));
    assert!(matches!(Damaged::one().put(42, huge).gzip().problem(), Problem::ImpossibleRatio { .. }));
    for size in [1_i64 << 62, i64::MAX, 1 << 40] {
        let sizes: Vec<u8> = [size; 3].iter().flat_map(|n| n.to_le_bytes()).collect();
        let sizes: [u8; 24] = sizes.try_into().expect("24 bytes");
        assert!(matches!(Damaged::two().put(24, sizes).problem(), Problem::Overflow { .. }));
    }
    // Frames alone can overflow too.
    let five = Damaged::two().put(16, 7_i64.to_le_bytes()).put(48, i64::MAX.to_le_bytes()).put(56, 9_i64.to_le_bytes());
    assert!(matches!(five.problem(), Problem::Overflow { .. }));
}

#[test]
fn a_limit_on_memory_is_kept() {
    let path = nifti("datatypes/int16_little_1.nii");
    let limited = |bytes| read(&path, &ReadOptions { memory_limit_bytes: Some(bytes), ..ReadOptions::default() });
    assert!(limited(48).is_ok());
    let error = limited(47).expect_err("too large");
    assert!(matches!(error.problem, Problem::TooLarge { needed: 48, limit: 47, size: [2, 3, 4] }), "{error}");
}

/// Which form of the affine was refused, and why.
fn geometry_problem(file: Damaged) -> (&'static str, GeometryError) {
    match file.problem() {
        Problem::Geometry { form, error } => (form, *error),
        other => panic!("not about the affine: {other}"),
    }
}

#[test]
fn unusable_affines() {
    let row = |values: [f32; 4]| -> [u8; 16] { values.map(f32::to_le_bytes).concat().try_into().expect("16 bytes") };
    let nan = geometry_problem(Damaged::one().put(280, row([f32::NAN, 0.0, 0.0, 0.0])));
    assert!(matches!(nan, ("sform", GeometryError::NotFinite { .. })), "{nan:?}");
    let infinite = geometry_problem(Damaged::one().put(292, f32::INFINITY.to_le_bytes()));
    assert!(matches!(infinite, ("sform", GeometryError::NotFinite { .. })), "{infinite:?}");
    let flat = geometry_problem(Damaged::one().put(312, row([0.0, 0.0, 0.0, 5.0])));
    assert!(matches!(flat, ("sform", GeometryError::Singular { .. })), "{flat:?}");
    let parallel = Damaged::one().put(280, row([1.0, 2.0, 0.0, 0.0])).put(296, row([2.0, 4.0, 0.0, 0.0]));
    let parallel = geometry_problem(parallel);
    assert!(matches!(parallel, ("sform", GeometryError::Singular { .. })), "{parallel:?}");

    let qform = || Damaged::from("awkward/qform_only.nii");
    let long = qform().put(256, 3.0_f32.to_le_bytes()).problem();
    assert!(matches!(long, Problem::Quaternion { found } if found[0] == 3.0), "{long}");
    let nan = geometry_problem(qform().put(260, f32::NAN.to_le_bytes()));
    assert!(matches!(nan, ("qform", GeometryError::NotFinite { .. })), "{nan:?}");
    let nan = geometry_problem(Damaged::from("awkward/neither.nii").put(80, f32::NAN.to_le_bytes()));
    assert!(matches!(nan, ("pixdim", GeometryError::NotFinite { .. })), "{nan:?}");
}

#[test]
fn datatypes_without_one_real_number_are_refused_by_name() {
    let named = [
        (0, "unknown"),
        (1, "binary"),
        (32, "complex64"),
        (128, "RGB24"),
        (1536, "float128"),
        (1792, "complex128"),
        (2048, "complex256"),
        (2304, "RGBA32"),
        (3, "unlisted"),
    ];
    for (code, name) in named {
        let problem = Damaged::one().put(70, i16::to_le_bytes(code)).problem();
        assert!(matches!(problem, Problem::Datatype { code: c, .. } if c == code));
        assert!(problem.to_string().contains(name), "{problem}");
    }
}

#[test]
fn voxels_that_start_nowhere() {
    for offset in [-16.0_f32, f32::NAN, 100.0, 351.0, 352.5, 1e30] {
        let problem = Damaged::one().put(108, offset.to_le_bytes()).problem();
        assert!(matches!(problem, Problem::Offset { .. }), "{offset}: {problem}");
    }
    for offset in [400.0_f32, 4e9] {
        let problem = Damaged::one().put(108, offset.to_le_bytes()).problem();
        assert!(matches!(problem, Problem::Truncated { .. }), "{offset}: {problem}");
    }
    let far = Damaged::one().put(108, 4e9_f32.to_le_bytes()).gzip().problem();
    assert!(matches!(far, Problem::ImpossibleRatio { .. }), "{far}");
}

#[test]
fn intensities_that_are_no_numbers() {
    let problem = Damaged::one().put(112, 2.0_f32.to_le_bytes()).put(116, f32::NAN.to_le_bytes()).problem();
    assert!(matches!(problem, Problem::Intercept { slope: 2.0, .. }), "{problem}");
    let problem = Damaged::one().put(112, 3e38_f32.to_le_bytes()).put(116, 0_f32.to_le_bytes()).problem();
    assert!(matches!(problem, Problem::ScaleOverflow { .. }), "{problem}");
    let mut all_nan = Damaged::from("datatypes/float32_little_1.nii");
    for value in all_nan.bytes[352..].chunks_exact_mut(4) {
        value.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    assert!(matches!(all_nan.problem(), Problem::NothingFinite { voxels: 24 }));
}

#[test]
fn broken_extensions_are_skipped_with_a_warning() {
    let damaged = Damaged::from("awkward/extensions.nii").put(352, i32::MAX.to_le_bytes());
    let scan = open(&damaged.path()).unwrap_or_else(|e| panic!("{e}"));
    assert!(scan.warnings.iter().any(|w| w.contains("extension")), "{:?}", scan.warnings);
    assert_eq!(scan.volume.to_f32(), open_fixture("awkward/extensions.nii").volume.to_f32());
    let mut many = Damaged::one();
    let one_of_many = [16_i32.to_le_bytes(), 6_i32.to_le_bytes(), *b"some", *b"text"].concat();
    many.bytes.splice(352..352, one_of_many.repeat(1000));
    let many = many.put(348, [1, 0, 0, 0]).put(108, (352.0_f32 + 16_000.0).to_le_bytes());
    let scan = open(&many.path()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((scan.source.comments.len(), scan.warnings.len()), (256, 1), "{:?}", scan.warnings);
    assert_eq!(scan.volume.to_f32(), open_fixture("datatypes/int16_little_1.nii").volume.to_f32());

    let negative = Damaged::from("awkward/extensions.nii").put(352, (-32_i32).to_le_bytes());
    assert!(open(&negative.path()).is_ok());
}

#[test]
fn files_that_are_not_there() {
    let folder = tempfile::tempdir().expect("folder");
    let missing = folder.path().join("missing.nii.gz");
    assert!(matches!(refused(&missing), Problem::Read(_)));
    assert!(matches!(refused(&folder.path().join("missing.img")), Problem::Read(_)));
    assert!(matches!(refused(folder.path()), Problem::Dicom(_)));
    for (present, absent) in [("pair.hdr", "alone.img"), ("pair.img", "alone.hdr")] {
        let alone = folder.path().join("alone").with_extension(&present[5..]);
        std::fs::copy(nifti(&format!("awkward/{present}")), &alone).expect("copy");
        let Problem::MissingHalf { missing } = refused(&alone) else { panic!("half") };
        assert!(missing.ends_with(absent), "{missing:?}");
        std::fs::remove_file(alone).expect("remove");
    }
}
