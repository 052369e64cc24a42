//! `zeroset segment` and `zeroset demo`: words, files, exit codes, the one line of a failure; and real kidneys.

use serde_json::Value;
use std::path::{Path, PathBuf};
use zeroset_engine::filter::signed_distance_mm;
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::metrics::overlap::Overlap;
use zeroset_engine::{Geometry, LabelMap, Volume};
use zeroset_tests::files::real_data;

/// Exit code, standard output, standard error.
fn zeroset(args: &[String]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = std::iter::once("zeroset".to_owned()).chain(args.iter().cloned());
    let code = zeroset::cli::run_from(words, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A bright ball of 12 mm on a darker ground, with a little texture, stored L, P, S.
fn ball(folder: &Path) -> PathBuf {
    let mut affine = nalgebra::Matrix4::<f64>::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
    (affine[(0, 3)], affine[(1, 3)], affine[(2, 3)]) = (20.0, 20.0, -20.0);
    let grid = Geometry::new([40, 40, 20], affine).unwrap();
    let hu = (0..grid.len())
        .map(|i| {
            let p = grid.world_of_voxel([(i % 40) as f64, (i / 40 % 40) as f64, (i / 1600) as f64]);
            let inside = p.iter().map(|v| v * v).sum::<f64>() < 144.0;
            (if inside { 150.0 } else { 30.0 }) + (i * 7 % 11) as f32
        })
        .collect();
    let path = folder.join("ball.nii.gz");
    io::write_volume(&path, &Volume::new(grid, hu), None).unwrap();
    path
}

#[test]
fn a_mask_with_everything_that_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let image = ball(folder.path()).display().to_string();
    let line = format!(
        "segment {image} -o {} --method region --seed -1,2,0,4 --lower 100 --upper 200 --roi 4,4,2,36,36,18 --label 9 \
         --device cpu --phi {} --save-speed {} --report {} --animate {} --json",
        at("mask.nii.gz"),
        at("phi.nii.gz"),
        at("speed.nii.gz"),
        at("report.json"),
        at("film.gif"),
    );
    let (code, out, err) = zeroset(&words(&line));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).expect("exactly one JSON document");
    let mask = io::read_labels(&folder.path().join("mask.nii.gz")).unwrap();
    let scan = io::read(Path::new(&image), &ReadOptions::default()).unwrap();
    assert!(mask.labels.geometry().same_grid(scan.volume.geometry(), 1e-6));
    assert_eq!(mask.labels.present(), [9]);
    let exact_ml = 4.0 / 3.0 * std::f64::consts::PI * 1.2_f64.powi(3);
    assert!((mask.labels.volume_ml(9) / exact_ml - 1.0).abs() < 0.05, "{}", mask.labels.volume_ml(9));
    assert_eq!(report["voxels"], mask.labels.count(9));
    assert_eq!(report["source"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(report["recipe"]["seeds"][0]["center_mm"], serde_json::json!([-1.0, 2.0, 0.0]));
    let saved: Value = serde_json::from_slice(&std::fs::read(at("report.json")).unwrap()).unwrap();
    assert_eq!(saved["voxels"], report["voxels"]);
    let origin = mask.source.provenance().expect("how it came about, in its header");
    assert_eq!((origin.source_file.as_str(), origin.seeds.len()), ("ball.nii.gz", 1));
    assert_eq!(origin.source_sha256, report["source"]["sha256"]);
    // φ says the same as the mask, on the same grid; the speed lies on the ROI.
    let phi = io::read(&folder.path().join("phi.nii.gz"), &ReadOptions::default()).unwrap().volume;
    assert!(phi.to_f32().iter().zip(mask.labels.labels()).all(|(p, l)| (*p < 0.0) == (*l == 9)));
    let speed = io::read(&folder.path().join("speed.nii.gz"), &ReadOptions::default()).unwrap().volume;
    assert_eq!(speed.geometry().size(), [32, 32, 16]);
    assert!(std::fs::read(at("film.gif")).unwrap().starts_with(b"GIF89a"));
}

#[test]
fn every_method_and_device_option_runs() {
    let folder = tempfile::tempdir().unwrap();
    let image = ball(folder.path()).display().to_string();
    let mask = folder.path().join("m.nii.gz").display().to_string();
    for options in [
        "--method edge --seed 0,0,0,5 --alpha 1 --beta 0.2 --gamma 2 --sigma 1 --edge-scale 8",
        "--method region --seed 0,0,0,5",
        "--method region --seed 0,0,0,5 --dimension 2 --animate FOLDER/slices.gif",
        "--method region --seed 0,0,0,5 --spacing 1 --scheme weno5 --integrator tvd-rk2 --dt-factor 0.5",
        "--method chan-vese --seed 0,0,0,5 --mu 0.2",
        "--method region --init PREVIOUS --lower 100 --upper 200",
    ] {
        let previous = folder.path().join("previous.nii.gz").display().to_string();
        let options = options.replace("PREVIOUS", &previous).replace("FOLDER", &folder.path().display().to_string());
        let (code, out, err) = zeroset(&words(&format!("segment {image} -o {mask} --device cpu {options}")));
        assert_eq!(code, 0, "{options}: {err}");
        assert!(out.contains("mL") && out.lines().count() == 1, "{out}");
        let labels = io::read_labels(Path::new(&mask)).unwrap().labels;
        assert!((labels.volume_ml(1) / 7.24 - 1.0).abs() < 0.12, "{options}: {} mL", labels.volume_ml(1));
        std::fs::rename(&mask, previous).unwrap();
    }
}

#[test]
fn failures_are_one_line_that_names_the_culprit_and_leave_no_mask() {
    let folder = tempfile::tempdir().unwrap();
    let image = ball(folder.path()).display().to_string();
    let mask = folder.path().join("m.nii.gz");
    let small = folder.path().join("small.nii.gz");
    let grid = Geometry::aligned([4, 4, 4], [1.0; 3], [0.0; 3]).unwrap();
    io::write_labels(&small, &LabelMap::empty(grid), None).unwrap();
    for (options, code, expected) in [
        ("--seed 0,0,0,5 --seed 300,0,0,5", 1, "seed 2 at (300.0, 0.0, 0.0) mm RAS lies outside the volume"),
        ("--seed 0,0,0,5 --roi 0,0,0,10,10,10", 1, "lies outside the ROI"),
        ("--seed 0,0,0,5 --roi 0,0,0,10,10,50", 1, "reaches outside the scan"),
        ("--seed 0,0,0,5 --roi 9,0,0,3,10,10", 1, "the ROI is empty"),
        ("--seed 0.5,0.5,1,0.2", 1, "seed 1 at (0.5, 0.5, 1.0) mm RAS with radius 0.2 mm is smaller than a voxel"),
        ("--seed 0,0,0,5 --lower 200 --upper 100", 1, "the threshold window 200..100"),
        ("--seed 0,0,0,5 --lower 500 --upper 600", 1, "the contour has vanished"),
        ("--init SMALL", 1, "another grid than the scan: mask 4x4x4 voxels"),
        ("--speed SMALL --seed 0,0,0,5", 1, "another grid than the scan: speed 4x4x4 voxels"),
        ("--method edge --seed 0,0,0,5 --lower 3", 1, "--lower has no meaning for this method"),
        ("--seed 0,0,0,5 --animate film.avi", 1, "written as .gif"),
        ("", 1, "there is nothing to start from"),
        ("--seed 0,0,0", 2, "expected 4 numbers"),
        ("--method magic --seed 0,0,0,5", 2, "possible values: edge, region, chan-vese"),
        ("--dimension 4 --seed 0,0,0,5", 2, "4 is not in 2..=3"),
    ] {
        let options = options.replace("SMALL", &small.display().to_string());
        let line = format!("segment {image} -o {} --device cpu {options}", mask.display());
        let (found, out, err) = zeroset(&words(&line));
        assert_eq!(found, code, "{options}: {err}");
        assert!(err.contains(expected), "{options}: {err}");
        assert!(code == 2 || err.lines().count() == 1, "{options}: {err}");
        assert!(out.is_empty() && !mask.exists(), "{options}");
    }
}

#[test]
fn the_demo_contours_kidneys_and_liver() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("demo -o {} --device cpu --json", folder.path().display());
    let (code, out, err) = zeroset(&words(&line));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).expect("exactly one JSON document");
    for file in report["files"].as_array().unwrap() {
        assert!(Path::new(file.as_str().unwrap()).metadata().unwrap().len() > 500, "{file}");
    }
    let read = |name: &str| io::read_labels(&folder.path().join(name)).unwrap().labels;
    let (mask, truth) = (read("mask.nii.gz"), read("labels.nii.gz"));
    assert!([3, 4, 5].iter().all(|organ| mask.present().contains(organ)), "{:?}", mask.present());
    for label in mask.present() {
        let of = |map: &LabelMap| -> Vec<bool> { map.labels().iter().map(|&l| l == label).collect() };
        let dice = Overlap::of(&of(&mask), &of(&truth)).dice().unwrap();
        assert!(dice >= 0.95, "label {label}: Dice {dice}");
    }
}

/// A patient's scan, the left kidney's truth, two seeds in it and a box around it.
struct Kidney {
    image: PathBuf,
    truth: Vec<bool>,
    seeds: String,
    roi: String,
}

impl Kidney {
    fn read(folder: &str, case: &str) -> Self {
        let folder = real_data(folder);
        let labels = io::read_labels(&folder.join(format!("{case}_label.nii.gz"))).unwrap().labels;
        let truth: Vec<bool> = labels.labels().iter().map(|&l| l == 3).collect();
        let grid = labels.geometry();
        let size = grid.size();
        let voxel = |i: usize| [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
        let inside: Vec<usize> = (0..truth.len()).filter(|&i| truth[i]).collect();
        let margin = [12, 12, 3];
        let bound = |pick: fn(usize, usize) -> usize, start: usize, d: usize| {
            inside.iter().map(|&i| voxel(i)[d]).fold(start, pick)
        };
        let lower: [usize; 3] = std::array::from_fn(|d| bound(usize::min, size[d], d).saturating_sub(margin[d]));
        let upper: [usize; 3] = std::array::from_fn(|d| (bound(usize::max, 0, d) + 1 + margin[d]).min(size[d]));
        // The deepest voxels of the lower and of the upper half of the kidney's voxels.
        let depth = signed_distance_mm(&truth, size, grid.spacing_mm());
        let middle = voxel(inside[inside.len() / 2])[2];
        let deepest = |upper_half: bool| {
            let half = inside.iter().filter(|&&i| (voxel(i)[2] >= middle) == upper_half);
            *half.min_by(|a, b| depth[**a].total_cmp(&depth[**b])).unwrap()
        };
        let seed = |i: usize| {
            let [x, y, z] = grid.world_of_voxel(voxel(i).map(|v| v as f64));
            format!("--seed {x:.2},{y:.2},{z:.2},5")
        };
        let corners: Vec<String> = lower.iter().chain(&upper).map(ToString::to_string).collect();
        Self {
            image: folder.join(format!("{case}_ct.nii.gz")),
            truth,
            seeds: format!("{} {}", seed(deepest(false)), seed(deepest(true))),
            roi: format!("--roi {}", corners.join(",")),
        }
    }

    /// The kidney's HU: from 0.75 standard deviations below its mean, which leaves fat and spleen out, to 1.5 above.
    fn window(&self) -> String {
        let scan = io::read(&self.image, &ReadOptions::default()).unwrap().volume;
        let hu: Vec<f64> =
            self.truth.iter().enumerate().filter(|(_, t)| **t).map(|(i, _)| f64::from(scan.value(i))).collect();
        let mean = hu.iter().sum::<f64>() / hu.len() as f64;
        let deviation = (hu.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / hu.len() as f64).sqrt();
        format!("--lower {:.0} --upper {:.0}", mean - 0.75 * deviation, mean + 1.5 * deviation)
    }

    fn segment(&self, options: &str) -> (f64, Value) {
        let folder = tempfile::tempdir().unwrap();
        let mask = folder.path().join("kidney.nii.gz");
        let line = format!(
            "segment {} -o {} --method region --json {} {options}",
            self.image.display(),
            mask.display(),
            self.seeds
        );
        let (code, out, err) = zeroset(&words(&line));
        assert_eq!(code, 0, "{err}");
        let labels = io::read_labels(&mask).unwrap().labels;
        let found: Vec<bool> = labels.labels().iter().map(|&l| l == 1).collect();
        (Overlap::of(&found, &self.truth).dice().unwrap(), serde_json::from_str(&out).unwrap())
    }
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn real_left_kidneys_reach_their_dice() {
    for (folder, case) in REAL_KIDNEYS {
        let kidney = Kidney::read(folder, case);
        let (dice, report) = kidney.segment(&format!("{} {}", kidney.roi, kidney.window()));
        assert!(dice >= 0.82, "{folder}/{case}: Dice {dice}; {}", report["stop_text"]);
    }
}

const REAL_KIDNEYS: [(&str, &str); 4] =
    [("btcv512", "case0006"), ("btcv256", "case0028"), ("btcv256", "case0031"), ("btcv256", "case0034")];

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn without_an_roi_real_scans_are_not_flooded() {
    for (folder, case) in REAL_KIDNEYS {
        let kidney = Kidney::read(folder, case);
        let (_, report) = kidney.segment(&kidney.window());
        let volume_ml = report["volume_ml"].as_f64().unwrap();
        assert!(volume_ml < 3000.0, "{folder}/{case}: {volume_ml} mL");
        let leaked = report["stop"]["reason"] == "leak";
        assert!(leaked || volume_ml < 500.0, "{folder}/{case}: {volume_ml} mL without a leak; {}", report["stop_text"]);
    }
}
