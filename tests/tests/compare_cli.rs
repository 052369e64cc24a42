//! `zeroset compare`: table, masks, film, and the one line of a failure.

use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroset_engine::metrics::overlap::Overlap;
use zeroset_engine::{Geometry, Volume, io};

/// Exit code, standard output, standard error.
fn zeroset(line: &str) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = std::iter::once("zeroset").chain(line.split_whitespace());
    let code = zeroset::cli::run_from(words, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A bright ball of 12 mm on a darker ground, stored L, P, S.
fn ball(folder: &Path) -> PathBuf {
    let mut affine = nalgebra::Matrix4::<f64>::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
    (affine[(0, 3)], affine[(1, 3)], affine[(2, 3)]) = (20.0, 20.0, -20.0);
    let grid = Geometry::new([40, 40, 20], affine).unwrap();
    let hu = |i: usize| {
        let p = grid.world_of_voxel([(i % 40) as f64, (i / 40 % 40) as f64, (i / 1600) as f64]);
        if p.iter().map(|v| v * v).sum::<f64>() < 144.0 { 150.0 } else { 30.0 }
    };
    let values = (0..grid.len()).map(hu).collect();
    let path = folder.join("ball.nii.gz");
    io::write_volume(&path, &Volume::new(grid, values), None).unwrap();
    path
}

fn inside(path: &Path) -> Vec<bool> {
    io::read_labels(path).unwrap().labels.labels().iter().map(|&label| label == 4).collect()
}

#[test]
fn two_methods_leave_a_table_masks_and_a_film() {
    let folder = tempfile::tempdir().unwrap();
    let image = ball(folder.path()).display().to_string();
    let at = |name: &str| folder.path().join(name);
    let start = "--seed -1,2,0,5 --lower 100 --upper 200 --label 4 --device cpu --roi 2,2,1,38,38,19";
    let alone = format!("segment {image} -o {} --method region {start}", at("alone.nii.gz").display());
    assert_eq!(zeroset(&alone).0, 0);
    let line = format!(
        "compare {image} --method region --method chan-vese {start} --reference {} -o {} --json",
        at("alone.nii.gz").display(),
        at("out").display()
    );
    let (code, out, err) = zeroset(&line);
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).expect("exactly one JSON document");
    let saved: Value = serde_json::from_reader(File::open(at("out/table.json")).unwrap()).unwrap();
    assert_eq!(report, saved);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!((rows.len(), rows[0]["method"].as_str()), (2, Some("region")));
    assert_eq!((rows[0]["dice_to_first"].as_f64(), rows[0]["hd95_to_first_mm"].as_f64()), (Some(1.0), Some(0.0)));
    // The method ends where `segment` ends.
    assert_eq!(rows[0]["dice_to_reference"].as_f64(), Some(1.0), "{rows:?}");
    assert_eq!(inside(&at("out/region.nii.gz")), inside(&at("alone.nii.gz")));
    let dice = Overlap::of(&inside(&at("out/chan-vese.nii.gz")), &inside(&at("out/region.nii.gz"))).dice();
    assert!((rows[1]["dice_to_first"].as_f64().unwrap() - dice.unwrap()).abs() < 1e-12);
    let csv = std::fs::read_to_string(at("out/table.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.lines().nth(2).unwrap().starts_with("chan-vese,steps,"), "{csv}");
    // Two methods and their difference, from the start to the end.
    let mut film = gif::DecodeOptions::new().read_info(File::open(at("out/compare.gif")).unwrap()).unwrap();
    assert!(film.width() > 3 * 300, "{} x {}", film.width(), film.height());
    let mut frames = 0;
    while film.read_next_frame().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 33);
}

#[test]
fn one_slice_is_compared_alone() {
    let folder = tempfile::tempdir().unwrap();
    let image = ball(folder.path()).display().to_string();
    let out = folder.path().join("out");
    let line = format!(
        "compare {image} --method region --method region --seed 0,0,0,5 --slice 10 --label 4 --device cpu -o {}",
        out.display()
    );
    let (code, text, err) = zeroset(&line);
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("region-2") && text.contains("1.0000"), "{text}");
    let (first, second) = (inside(&out.join("region.nii.gz")), inside(&out.join("region-2.nii.gz")));
    assert!(first == second && first.iter().enumerate().all(|(i, v)| !v || i / 1600 == 10));
    assert!(first.iter().filter(|v| **v).count() > 400, "the disc of 12 mm");
}

#[test]
fn what_cannot_be_compared_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let image = ball(folder.path()).display().to_string();
    let out = folder.path().join("out").display().to_string();
    let failing = |line: &str, code: u8, words: &str| {
        let (found, _, err) = zeroset(line);
        assert_eq!(found, code, "{line}: {err}");
        assert!(err.contains(words) && (code != 1 || err.lines().count() == 1), "{line}: {err}");
    };
    failing(&format!("compare {image} --method region --seed 0,0,0,5 -o {out}"), 1, "two or more times");
    failing(&format!("compare {image} --method region --method edge -o {out}"), 2, "--start");
    let two = "--method region --method edge";
    failing(&format!("compare {image} {two} --seed 0,0,900,5 -o {out}"), 1, "touches no voxel");
    failing(&format!("compare {image} {two} --seed 0,0,0,5 --slice 99 -o {out}"), 1, "");
    let network = "--method region --method node-stack --organ kidney";
    failing(
        &format!("compare {image} {network} --seed 0,0,0,5 --device cpu -o {out}"),
        1,
        "no network contours kidney",
    );
    assert!(!folder.path().join("out").exists(), "nothing is written before all is done");
}
