//! Folders of cases: every convention, everything that can be wrong with them, splits, the slice cache.

use image::{GrayImage, Luma, Rgb, RgbImage};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use zeroset_engine::io;
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::train::recipe::{Convention, DataRecipe, Fold, Source, Structure};
use zeroset_engine::train::{Case, DataProblem, Dataset, DatasetError, find_cases, split};
use zeroset_tests::training::block;

fn source(folder: &Path, convention: Convention) -> Source {
    Source {
        folder: folder.into(),
        convention,
        images: "".into(),
        labels: "".into(),
        image_suffix: None,
        label_suffix: None,
        patient_until: None,
    }
}

fn recipe(source: Source, validation: &[&str]) -> DataRecipe {
    DataRecipe {
        source,
        validation_source: None,
        train: Vec::new(),
        validation: validation.iter().map(|s| (*s).to_owned()).collect(),
        fold: None,
        validate_on_train: false,
        empty_slices: 0.0,
        max_slices: None,
        max_validation_slices: None,
        slices_per_epoch: None,
        repeats: 1,
        cache: None,
    }
}

fn preprocessing() -> Preprocessing {
    Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [16, 24],
        fit: Fit::Stretch,
        neighbours: 0,
        neighbour_mm: None,
        band_px: 3.0,
        organs: vec![Organ { name: "block".into(), labels: vec![1] }],
    }
}

fn open(recipe: &DataRecipe, wanted: &Preprocessing, folder: &Path, skip_bad: bool) -> Result<Dataset, DatasetError> {
    Dataset::open(recipe, wanted, &[], &folder.join("cache"), skip_bad, &mut |_, _| {})
}

fn write(image: &Path, label: &Path, offset: f32) {
    let (mut volume, labels) = block([20, 18, 4]);
    let values = volume.to_f32().iter().map(|v| v + offset).collect();
    volume = zeroset_engine::Volume::new(volume.geometry().clone(), values);
    fs::create_dir_all(image.parent().unwrap()).unwrap();
    io::write_volume(image, &volume, None).unwrap();
    io::write_labels(label, &labels, None).unwrap();
}

#[test]
fn every_convention_finds_its_cases() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (number, name) in ["a", "b"].iter().enumerate() {
        let at = |path: String| root.join(path);
        let hu = number as f32;
        write(&at(format!("pairs/{name}_ct.nii.gz")), &at(format!("pairs/{name}_label.nii.gz")), hu);
        let case = format!("kits/case_0000{number}");
        write(&at(format!("{case}/imaging.nii.gz")), &at(format!("{case}/segmentation.nii.gz")), hu);
        write(&at(format!("lits/volume-{number}.nii")), &at(format!("lits/segmentation-{number}.nii")), hu);
        fs::create_dir_all(root.join("pictures")).unwrap();
        let picture = RgbImage::from_fn(30, 20, |x, y| Rgb([x as u8, y as u8, number as u8]));
        picture.save(at(format!("pictures/{name}.jpg"))).unwrap();
        let mask = GrayImage::from_fn(30, 20, |x, _| Luma([if x < 10 { 255 } else { 0 }]));
        mask.save(at(format!("pictures/{name}.png"))).unwrap();
    }
    for (sub, convention, validating) in [
        ("pairs", Convention::NiftiPairs, "b"),
        ("kits", Convention::Kits19, "case_00001"),
        ("lits", Convention::Lits, "1"),
        ("pictures", Convention::ImageMask, "b"),
    ] {
        let recipe = recipe(source(&root.join(sub), convention), &[validating]);
        let (cases, problems) = find_cases(&recipe.source).unwrap();
        assert_eq!((cases.len(), problems), (2, vec![]), "{sub}");
        let data = open(&recipe, &preprocessing(), root, false).unwrap_or_else(|e| panic!("{sub}: {e}"));
        assert_eq!(data.validation_patients, [validating]);
        // Of four slices the first holds no block; a picture is one slice.
        let slices = if sub == "pictures" { 1 } else { 3 };
        assert_eq!((data.train.with_organ.len(), data.validation.len()), (slices, slices), "{sub}");
        let slice = data.validation[0].slice().unwrap();
        assert_eq!((slice.image_hu.len(), slice.inside.len()), (16 * 24, 16 * 24));
        let part = slice.inside.iter().sum::<f32>() / (16.0 * 24.0);
        let expected = if sub == "pictures" { 1.0 / 3.0 } else { 5.0 * 6.0 / (20.0 * 18.0) };
        assert!((part - expected).abs() < 0.01, "{sub}: {part} of the slice, expected {expected}");
        assert_eq!(slice.valid.is_some(), sub == "pictures");
    }
}

#[test]
fn colours_are_the_channels_of_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let blue = if name == "a" { 10 } else { 30 };
        RgbImage::from_pixel(30, 20, Rgb([200, 100, blue])).save(folder.path().join(format!("{name}.png"))).unwrap();
        let mask = GrayImage::from_fn(30, 20, |_, y| Luma([if y < 10 { 255 } else { 0 }]));
        mask.save(folder.path().join(format!("{name}_mask.png"))).unwrap();
    }
    let mut from = source(folder.path(), Convention::ImageMask);
    (from.image_suffix, from.label_suffix) = (Some(".png".into()), Some("_mask.png".into()));
    let wanted = Preprocessing {
        neighbours: 1,
        neighbour_mm: None,
        window_hu: [0.0, 255.0],
        fit: Fit::PixelMm(1.0),
        size: [32, 32],
        ..preprocessing()
    };
    let data = open(&recipe(from, &["b"]), &wanted, folder.path(), false).unwrap();
    let slice = data.train.with_organ[0].slice().unwrap();
    let middle = 16 * 32 + 16;
    let channel = |c: usize| slice.image_hu[c * 1024 + middle];
    assert_eq!([channel(0), channel(1), channel(2)], [200.0, 100.0, 10.0]);
    let valid = slice.valid.unwrap();
    assert_eq!(valid.iter().filter(|&&v| v > 0.5).count(), 30 * 20, "the padding does not count");
    assert_eq!(slice.inside.iter().filter(|&&v| v > 0.5).count(), 30 * 10);
}

#[test]
fn everything_that_is_wrong_is_listed_at_once_and_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (number, name) in ["good", "other", "grids", "broken", "nolabel", "empty"].iter().enumerate() {
        write(&at(&format!("{name}_ct.nii.gz")), &at(&format!("{name}_label.nii.gz")), number as f32);
    }
    let (_, wrong) = block([20, 18, 5]);
    io::write_labels(&at("grids_label.nii.gz"), &wrong, None).unwrap();
    fs::write(at("broken_ct.nii.gz"), b"no scan").unwrap();
    fs::remove_file(at("nolabel_label.nii.gz")).unwrap();
    fs::copy(at("good_label.nii.gz"), at("noimage_label.nii.gz")).unwrap();
    fs::copy(at("good_ct.nii.gz"), at("stray.nii.gz")).unwrap();
    let (_, labels) = block([20, 18, 4]);
    io::write_labels(&at("empty_label.nii.gz"), &zeroset_engine::LabelMap::empty(labels.geometry().clone()), None)
        .unwrap();
    let recipe = recipe(source(folder.path(), Convention::NiftiPairs), &["other", "ghost"]);
    let error = open(&recipe, &preprocessing(), folder.path(), false).unwrap_err();
    let DatasetError::Problems { problems } = &error else { panic!("{error}") };
    let has = |test: fn(&DataProblem) -> bool| problems.iter().filter(|p| test(p)).count();
    assert_eq!(problems.len(), 6, "{error}");
    assert_eq!(has(|p| matches!(p, DataProblem::NoLabel { case, .. } if case == "nolabel")), 1);
    assert_eq!(has(|p| matches!(p, DataProblem::NoImage { case, .. } if case == "noimage")), 1);
    assert_eq!(has(|p| matches!(p, DataProblem::Extra { file } if file.ends_with("stray.nii.gz"))), 1);
    assert_eq!(has(|p| matches!(p, DataProblem::Mismatch { case, .. } if case == "grids")), 1);
    assert_eq!(has(|p| matches!(p, DataProblem::Unreadable { case, .. } if case == "broken")), 1);
    assert_eq!(has(|p| matches!(p, DataProblem::NoSuchPatient { patient, .. } if patient == "ghost")), 1);
    assert!(error.to_string().contains("--skip-bad") && error.to_string().lines().count() == 1, "{error}");
    let data = open(&recipe, &preprocessing(), folder.path(), true).unwrap();
    assert_eq!(data.train.patients, ["empty", "good"]);
    assert_eq!(data.train.with_organ.len(), 3);
    assert_eq!(data.warnings.len(), 7, "{:?}", data.warnings);
    assert!(data.warnings.iter().any(|w| w.starts_with("empty: its truth holds none")), "{:?}", data.warnings);
}

#[test]
fn nothing_to_train_on_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = recipe(source(&folder.path().join("none"), Convention::Kits19), &["x"]);
    let error = open(&missing, &preprocessing(), folder.path(), false).unwrap_err().to_string();
    assert!(error.contains("cannot be listed") && error.contains("--data"), "{error}");
    let bare = recipe(source(folder.path(), Convention::Lits), &["x"]);
    let error = open(&bare, &preprocessing(), folder.path(), false).unwrap_err().to_string();
    assert!(error.contains("volume-0.nii beside segmentation-0.nii"), "{error}");
}

#[test]
fn no_patient_is_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (number, name) in ["p1-early", "p1-late", "p2-early", "p3"].iter().enumerate() {
        write(&at(&format!("{name}_ct.nii.gz")), &at(&format!("{name}_label.nii.gz")), number as f32);
    }
    let mut from = source(folder.path(), Convention::NiftiPairs);
    from.patient_until = Some("-".into());
    let data = open(&recipe(from.clone(), &["p1"]), &preprocessing(), folder.path(), false).unwrap();
    assert_eq!(
        (data.train.patients.clone(), data.validation_patients),
        (vec!["p2".into(), "p3".into()], vec!["p1".to_owned()])
    );
    assert_eq!(data.validation.len(), 6, "both scans of p1 validate");
    // A second folder whose cases validate, with a patient of the first one.
    let other = tempfile::tempdir().unwrap();
    write(&other.path().join("p2-late_ct.nii.gz"), &other.path().join("p2-late_label.nii.gz"), 9.0);
    let second = DataRecipe {
        validation_source: Some(Source { folder: other.path().into(), ..from.clone() }),
        ..recipe(from.clone(), &[])
    };
    let error = open(&second, &preprocessing(), folder.path(), false).unwrap_err();
    assert!(matches!(&error, DatasetError::Crossing { patient, .. } if patient == "p2"), "{error}");
    // One scan under two names.
    fs::copy(at("p3_ct.nii.gz"), at("p4_ct.nii.gz")).unwrap();
    fs::copy(at("p3_label.nii.gz"), at("p4_label.nii.gz")).unwrap();
    let error = open(&recipe(from, &["p4"]), &preprocessing(), folder.path(), false).unwrap_err();
    assert!(error.to_string().contains("p3 = p4 (the same scan under two names)"), "{error}");
}

#[test]
fn folds_divide_the_patients() {
    let cases = || -> Vec<Case> {
        let case = |n: u32| Case {
            patient: format!("p{}", n / 2),
            name: format!("c{n}"),
            image: "i".into(),
            label: "l".into(),
        };
        (0..22).map(case).collect()
    };
    let base = recipe(source(Path::new("x"), Convention::NiftiPairs), &[]);
    let sides = |fold: usize, seed: u64| {
        let recipe = DataRecipe { fold: Some(Fold { folds: 4, fold, seed }), ..base.clone() };
        split(cases(), Vec::new(), &recipe).unwrap().0
    };
    let patients = |cases: &[Case]| -> BTreeSet<String> { cases.iter().map(|c| c.patient.clone()).collect() };
    let mut seen = BTreeSet::new();
    for fold in 0..4 {
        let sides = sides(fold, 5);
        let (train, validation) = (patients(&sides.train), patients(&sides.validation));
        assert!(train.is_disjoint(&validation));
        assert_eq!(train.len() + validation.len(), 11);
        assert!((2..=3).contains(&validation.len()));
        assert!(validation.iter().all(|p| seen.insert(p.clone())), "a patient validates in one fold only");
    }
    assert_eq!(seen.len(), 11);
    assert_eq!(sides(1, 5), sides(1, 5));
    assert_ne!(sides(1, 5).validation, sides(1, 6).validation);
    let few = DataRecipe { fold: Some(Fold { folds: 12, fold: 0, seed: 0 }), ..base };
    assert!(matches!(split(cases(), Vec::new(), &few), Err(DatasetError::Folds { patients: 11, folds: 12 })));
}

#[test]
fn epochs_draw_their_slices_by_seed_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (number, name) in ["a", "b", "c"].iter().enumerate() {
        write(&at(&format!("{name}_ct.nii.gz")), &at(&format!("{name}_label.nii.gz")), number as f32);
    }
    let base = recipe(source(folder.path(), Convention::NiftiPairs), &["c"]);
    let data =
        open(&DataRecipe { empty_slices: 0.34, repeats: 2, ..base.clone() }, &preprocessing(), folder.path(), false)
            .unwrap();
    let names = |seed, epoch| -> Vec<String> { data.epoch(seed, epoch).into_iter().map(|s| s.name).collect() };
    assert_eq!(names(1, 1), names(1, 1));
    assert_ne!(names(1, 1), names(1, 2));
    assert_ne!(names(1, 1), names(2, 1));
    // Per pass: six slices with a block and two of the two without.
    assert_eq!(names(1, 1).len(), 16);
    let short = open(
        &DataRecipe { slices_per_epoch: Some(4), max_slices: Some(5), ..base },
        &preprocessing(),
        folder.path(),
        false,
    )
    .unwrap();
    assert_eq!((short.train.with_organ.len(), short.epoch(1, 0).len()), (5, 4));
}

#[test]
fn regions_follow_each_label() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("a_ct.nii.gz"), &at("a_label.nii.gz"), 0.0);
    write(&at("b_ct.nii.gz"), &at("b_label.nii.gz"), 1.0);
    let wanted = Preprocessing { fit: Fit::Region { margin: 0.5 }, ..preprocessing() };
    let data =
        open(&recipe(source(folder.path(), Convention::NiftiPairs), &["b"]), &wanted, folder.path(), false).unwrap();
    let sample = &data.train.with_organ[0];
    assert!(sample.name.contains("around label 1"), "{}", sample.name);
    let part = sample.slice().unwrap().inside.iter().sum::<f32>() / (16.0 * 24.0);
    // The box is twice the block, 10 x 12 mm: pixels of 0.75 mm in 16 rows of 24.
    let expected = 30.0 / (0.75 * 0.75) / (16.0 * 24.0);
    assert!((part - expected).abs() < 0.01, "{part} of the region, expected {expected}");
}

#[test]
fn a_damaged_cache_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("a_ct.nii.gz"), &at("a_label.nii.gz"), 0.0);
    write(&at("b_ct.nii.gz"), &at("b_label.nii.gz"), 1.0);
    let recipe = recipe(source(folder.path(), Convention::NiftiPairs), &["b"]);
    let first = open(&recipe, &preprocessing(), folder.path(), false).unwrap();
    let expected = first.train.with_organ[1].slice().unwrap();
    let files = || -> Vec<_> {
        let mut files: Vec<_> = fs::read_dir(at("cache")).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files
    };
    assert_eq!(files().len(), 2);
    let whole: Vec<Vec<u8>> = files().iter().map(|f| fs::read(f).unwrap()).collect();
    for damage in [0usize, 9, 20, whole[0].len() / 2, whole[0].len() - 1] {
        for (file, bytes) in files().iter().zip(&whole) {
            let mut bytes = bytes.clone();
            bytes[damage] ^= 0x40;
            fs::write(file, bytes).unwrap();
        }
        let again = open(&recipe, &preprocessing(), folder.path(), false).unwrap();
        assert_eq!(again.train.with_organ[1].slice().unwrap(), expected);
        assert_eq!(files().iter().map(|f| fs::read(f).unwrap()).collect::<Vec<_>>(), whole, "damage at {damage}");
    }
    // Cut short while it is in use: said, not passed on as a slice.
    fs::write(&files()[0], &whole[0][..whole[0].len() - 100]).unwrap();
    fs::write(&files()[1], &whole[1][..whole[1].len() - 100]).unwrap();
    let error = first.train.with_organ[2].slice().unwrap_err().to_string();
    assert!(error.contains("built again"), "{error}");
    // Another preprocessing or another file has an entry of its own.
    let other = Preprocessing { size: [24, 24], ..preprocessing() };
    assert_eq!(
        open(&recipe, &other, folder.path(), false).unwrap().train.with_organ[0].slice().unwrap().size,
        [24, 24]
    );
    assert_eq!(files().len(), 4);
}

#[test]
fn structures_come_with_every_image_channel() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (number, name) in ["a", "b"].iter().enumerate() {
        write(&at(&format!("{name}_ct.nii.gz")), &at(&format!("{name}_label.nii.gz")), number as f32);
    }
    let recipe = recipe(source(folder.path(), Convention::NiftiPairs), &["b"]);
    let wanted = Preprocessing { neighbours: 1, ..preprocessing() };
    let structures = [9, 1].map(|label| Structure { labels: vec![label], native_hu: [0.0, 1.0] });
    let open = || Dataset::open(&recipe, &wanted, &structures, &at("cache"), false, &mut |_, _| {}).unwrap();
    // Built, and read again from the cache.
    let slices = [open(), open()].map(|data| data.train.with_organ[0].slice().unwrap());
    assert_eq!(slices[0], slices[1]);
    let plane = 16 * 24;
    let channels: Vec<&[u8]> = slices[0].structures.chunks_exact(plane).collect();
    // Slice 1 of the scan: below it slice 0, which has no block.
    assert!(channels[0].iter().all(|&place| place == 0));
    let inside: Vec<u8> = slices[0].inside.iter().map(|&part| if part >= 0.5 { 2 } else { 0 }).collect();
    assert!(channels[1] == inside && channels[2] == inside, "label 1 is the second structure");
    assert_eq!(
        Dataset::open(&recipe, &wanted, &[], &at("cache"), false, &mut |_, _| {}).unwrap().train.with_organ[0]
            .slice()
            .unwrap()
            .structures,
        Vec::<u8>::new()
    );
}
