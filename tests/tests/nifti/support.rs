//! The goldens, and shorthands for reading.

use serde_json::Value;
use std::path::Path;
use zeroset_engine::io::{IoError, Problem, ReadOptions, ReadScan, read};
use zeroset_tests::files::fixture;

/// What nibabel reads from one file.
pub struct Expected {
    pub name: String,
    pub size: [usize; 3],
    pub affine: [[f64; 4]; 3],
    pub datatype: String,
    /// Values of every volume, x fastest; NaN and infinities as they are.
    pub frames: Vec<Vec<f64>>,
}

/// The goldens of every fixture.
pub fn expected() -> Vec<Expected> {
    let text = std::fs::read_to_string(fixture("nifti/expected.json")).expect("goldens");
    let Value::Object(files) = serde_json::from_str(&text).expect("goldens are JSON") else { panic!("an object") };
    files
        .into_iter()
        .map(|(name, golden)| Expected {
            name,
            size: size(&golden["size"]),
            affine: affine(&golden["affine"]),
            datatype: golden["datatype"].as_str().expect("text").into(),
            frames: list(&golden["frames"]).iter().map(|f| list(f).iter().map(number).collect()).collect(),
        })
        .collect()
}

pub fn size(value: &Value) -> [usize; 3] {
    std::array::from_fn(|d| value[d].as_u64().expect("a size") as usize)
}

pub fn affine(value: &Value) -> [[f64; 4]; 3] {
    std::array::from_fn(|r| std::array::from_fn(|c| value[r][c].as_f64().expect("a number")))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().expect("a number").parse().expect("nan or inf"))
}

pub fn nifti(name: &str) -> std::path::PathBuf {
    fixture("nifti").join(name)
}

pub fn open(path: &Path) -> Result<ReadScan, IoError> {
    read(path, &ReadOptions::default())
}

pub fn open_fixture(name: &str) -> ReadScan {
    open(&nifti(name)).unwrap_or_else(|e| panic!("{e}"))
}

/// The problem of a file that must not open. The message must be one line that names the file.
pub fn refused(path: &Path) -> Problem {
    let error = open(path).map(|scan| scan.volume.geometry().describe()).expect_err("must be refused");
    let text = error.to_string();
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(!text.contains('\n') && text.contains(name.as_ref()), "{text:?}");
    error.problem
}

/// Asserts that one of the warnings contains `words`.
pub fn assert_warned(scan: &ReadScan, words: &str) {
    assert!(scan.warnings.iter().any(|w| w.contains(words)), "no {words:?} in {:?}", scan.warnings);
}

/// Largest difference between two affines, in mm per voxel or mm.
pub fn affine_difference(a: &[[f64; 4]; 3], b: &[[f64; 4]; 3]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}
