//! Memory: a scan opens within a small multiple of its size, and no header makes the reader take more
//! than it was allowed.

use flate2::{Compression, write::GzEncoder};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroset_engine::io::{ReadOptions, convert, read, read_labels_with, write_volume};
use zeroset_engine::volume::Samples;
use zeroset_engine::{Geometry, Volume};
use zeroset_tests::files::fixture;

/// The system's allocator, with the bytes in use and their maximum.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// One measurement at a time.
static MEASURING: Mutex<()> = Mutex::new(());

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` had in use at most, above what there was before.
fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = work();
    (result, PEAK.load(Ordering::Relaxed).saturating_sub(before))
}

const MIB: usize = 1024 * 1024;

#[test]
fn a_scan_opens_in_little_more_than_its_size() {
    let _alone = MEASURING.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().expect("folder");
    let geometry = Geometry::aligned([256, 256, 160], [0.8, 0.8, 2.0], [0.0; 3]).expect("grid");
    let stored: Vec<i16> = (0..geometry.len()).map(|i| (i % 2311) as i16 - 1024).collect();
    let raw_bytes = stored.len() * 2;
    let volume = Volume::with_samples(geometry, Samples::I16 { stored, slope: 1.0, intercept: 0.0 });
    for name in ["ct.nii", "ct.nii.gz"] {
        let path = folder.path().join(name);
        write_volume(&path, &volume, None).unwrap_or_else(|e| panic!("{e}"));
        let (scan, peak) = peak_bytes(|| read(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")));
        assert_eq!(scan.volume.bytes(), raw_bytes);
        assert!(peak < raw_bytes + 6 * MIB, "{name}: {peak} bytes for {raw_bytes}");
        // Converting needs no volume at all.
        let (_, peak) = peak_bytes(|| convert(&path, &folder.path().join("out.hdr"), &ReadOptions::default()));
        assert!(peak < 8 * MIB, "{name}: {peak} bytes to convert");
    }
}

/// xorshift64: the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Changes a few bytes, mostly of the header, mostly to extremes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(6) {
        let reach = if random.below(8) == 0 { bytes.len() } else { bytes.len().min(600) };
        let at = random.below(reach.max(1));
        let value = [0, 0xff, 0x7f, 0x80, 1, random.below(256) as u8][random.below(6)];
        // Whole fields at once make the larger numbers.
        for byte in bytes.iter_mut().skip(at).take([1, 1, 2, 4, 8][random.below(5)]) {
            *byte = value;
        }
    }
    if random.below(20) == 0 {
        let length = random.below(bytes.len());
        bytes.truncate(length);
    }
}

/// Reads in every way. Success and refusal are both fine; a panic or a flood of memory is not.
fn try_everything(path: &Path, folder: &Path, round: usize) -> bool {
    let options = ReadOptions {
        frame: round.is_multiple_of(3).then_some(round % 2),
        memory_limit_bytes: Some(8 * MIB as u64),
        ..ReadOptions::default()
    };
    let (opened, peak) = peak_bytes(|| {
        let scan = read(path, &options);
        let labels = read_labels_with(path, &options);
        if round.is_multiple_of(16) {
            // Refused or not: the outcome is that of `read`.
            let _ = convert(path, &folder.join("converted.nii"), &options);
        }
        if let Ok(scan) = &scan {
            let (least, greatest) = scan.range;
            assert!(least <= greatest && least.is_finite() && greatest.is_finite(), "{:?}", scan.range);
            assert_eq!(scan.volume.range(), scan.range);
            assert!(!scan.volume.geometry().describe().is_empty());
        }
        scan.is_ok() || labels.is_ok()
    });
    // 16 MiB of extensions, 8 of samples, half as much again while they are widened, and the buffers.
    assert!(peak < 48 * MIB, "{peak} bytes in round {round}: kept as {}", path.display());
    opened
}

#[test]
fn mutated_headers_neither_panic_nor_flood_the_memory() {
    let _alone = MEASURING.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().expect("folder");
    let mut random = Random(0x5eed_cafe_2e70_05e7);
    let bases = [
        "datatypes/int16_little_1.nii",
        "datatypes/uint16_big_1.nii",
        "datatypes/float32_little_2.nii",
        "datatypes/int64_big_2.nii",
        "awkward/qform_only.nii",
        "awkward/neither.nii",
        "awkward/extensions.nii",
        "awkward/five_d.nii",
        "awkward/slope_2.nii",
    ];
    let (mut opened, mut rounds) = (0, 0);
    for base in bases {
        let original = std::fs::read(fixture("nifti").join(base)).expect("fixture");
        for round in 0..600 {
            let mut bytes = original.clone();
            mutate(&mut bytes, &mut random);
            if round % 4 == 0 {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&bytes).expect("memory");
                bytes = encoder.finish().expect("memory");
                // And damage to the compressed bytes themselves.
                if round % 8 == 0 {
                    mutate(&mut bytes, &mut random);
                }
            }
            let path = folder.path().join("mutated.nii");
            std::fs::write(&path, &bytes).expect("write");
            opened += usize::from(try_everything(&path, folder.path(), round));
            rounds += 1;
        }
    }
    // The mutations must reach both sides of the checks.
    assert!(opened > rounds / 10 && opened < rounds * 9 / 10, "{opened} of {rounds} opened");
}

#[test]
fn mutated_pairs_neither_panic_nor_flood_the_memory() {
    let _alone = MEASURING.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().expect("folder");
    let mut random = Random(0x0bad_cafe);
    let original = std::fs::read(fixture("nifti/awkward/extensions_pair.hdr")).expect("fixture");
    let path = folder.path().join("pair.hdr");
    std::fs::copy(fixture("nifti/awkward/extensions_pair.img"), folder.path().join("pair.img")).expect("copy");
    let opened = (0..1000)
        .filter(|&round| {
            let mut bytes = original.clone();
            mutate(&mut bytes, &mut random);
            std::fs::write(&path, &bytes).expect("write");
            try_everything(&path, folder.path(), round)
        })
        .count();
    assert!(opened > 100 && opened < 950, "{opened} of 1000 opened");
}
