//! Metrics over sets of images: exact cases, and goldens of scikit-learn, PySODMetrics, pycocotools and scipy.

use serde_json::Value;
use zeroset_engine::metrics::bootstrap::{Interval, interval, mean_interval};
use zeroset_engine::metrics::boundary::{BoundaryImage, average_boundary_f, boundary, boundary_f};
use zeroset_engine::metrics::f_beta::{BETA_SQUARED, adaptive_overlap, adaptive_threshold, f_beta};
use zeroset_engine::metrics::instances::{
    Instance, Matches, average_precision, average_precisions, mean_average_precision, threshold,
};
use zeroset_engine::metrics::weighted_f::{weighted_f, weighted_f_beta};
use zeroset_engine::metrics::{Confusion, Overlap};
use zeroset_tests::numbers::{count, golden, numbers};

fn sets(part: &str) -> Value {
    golden("metrics/sets.json")[part].take()
}

fn close(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    let (found, expected) = (found.unwrap_or(f64::NAN), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

/// Bits of a mask in hexadecimal bytes, least significant first.
fn mask(hex: &Value, len: usize) -> Vec<bool> {
    let hex = hex.as_str().unwrap();
    (0..len).map(|i| u8::from_str_radix(&hex[i / 8 * 2..i / 8 * 2 + 2], 16).unwrap() >> (i % 8) & 1 == 1).collect()
}

fn labels(array: &Value) -> Vec<u16> {
    numbers(array).into_iter().map(|v| v as u16).collect()
}

fn list(array: &Value) -> &[Value] {
    array.as_array().unwrap()
}

#[test]
fn pooled_iou_and_dice_are_those_of_scikit_learn() {
    let golden = sets("confusion");
    let mut confusion = Confusion::new(4);
    for (p, t) in list(&golden["prediction"]).iter().zip(list(&golden["truth"])) {
        confusion.add(&labels(p), &labels(t));
    }
    let (mut ious, mut dices) = (0.0, 0.0);
    for class in 0..4 {
        let overlap = confusion.overlap(class);
        close(overlap.iou(), &golden["iou"][class], 1e-12, "IoU");
        close(overlap.dice(), &golden["dice"][class], 1e-12, "Dice");
        ious += golden["iou"][class].as_f64().unwrap() / 4.0;
        dices += golden["dice"][class].as_f64().unwrap() / 4.0;
    }
    assert!((confusion.mean_iou().unwrap() - ious).abs() < 1e-12);
    assert!((confusion.mean_dice().unwrap() - dices).abs() < 1e-12);
}

#[test]
fn pooling_weighs_pixels_not_images() {
    let mut confusion = Confusion::new(2);
    confusion.add(&[1, 1, 1, 1], &[1, 1, 1, 1]);
    confusion.add(&[1, 0], &[0, 1]);
    assert_eq!(confusion.overlap(1), Overlap { both: 4, prediction_only: 1, truth_only: 1 });
    // Class 0: no pixel in common, 2 in the union.
    assert_eq!(confusion.mean_iou(), Some((4.0 / 6.0 + 0.0) / 2.0));
    let mut absent = Confusion::new(3);
    absent.add(&[0, 1], &[0, 1]);
    assert_eq!(absent.mean_iou(), Some(1.0), "a class that nobody has does not count");
    assert_eq!(Confusion::new(3).mean_iou(), None);
}

#[test]
fn f_measures_are_those_of_scikit_learn_and_pysodmetrics() {
    let golden = sets("maps");
    let mut pooled = Overlap::default();
    for case in list(&golden["cases"]) {
        let size = [0, 1].map(|i| count(&case["size"][i]));
        let (prediction, truth) = (numbers(&case["prediction"]), mask(&case["truth"], size[0] * size[1]));
        let overlap = adaptive_overlap(&prediction, &truth);
        close(f_beta(overlap, BETA_SQUARED), &case["adaptive_f"], 1e-12, "adaptive F");
        // The map is f32 here and f64 there.
        close(weighted_f(&prediction, &truth, size), &case["weighted_f"], 1e-6, "weighted F");
        pooled = pooled + overlap;
    }
    close(f_beta(pooled, BETA_SQUARED), &golden["pooled_f"], 1e-12, "pooled F");
}

#[test]
fn exact_f_measures_and_what_is_not_defined() {
    assert_eq!(f_beta(Overlap { both: 3, prediction_only: 1, truth_only: 5 }, 1.0), Some(6.0 / 12.0));
    assert_eq!(f_beta(Overlap::default(), BETA_SQUARED), None);
    assert_eq!(f_beta(Overlap { both: 0, prediction_only: 0, truth_only: 2 }, BETA_SQUARED), Some(0.0));
    assert_eq!(adaptive_threshold(&[0.25, 0.25]), Some(0.5));
    assert_eq!(adaptive_threshold(&[0.75, 0.75]), Some(1.0));
    assert_eq!(adaptive_threshold(&[]), None);
    let truth: Vec<bool> = (0..144).map(|i| (4..8).contains(&(i % 12)) && (4..8).contains(&(i / 12))).collect();
    let as_map = |mask: &[bool]| mask.iter().map(|&v| f32::from(v)).collect::<Vec<f32>>();
    assert_eq!(weighted_f(&as_map(&truth), &truth, [12, 12]), Some(1.0));
    assert_eq!(weighted_f(&as_map(&truth), &[false; 144], [12, 12]), None);
    // Every pixel wrong; the same error far from the object costs more than beside it.
    let wrong: Vec<bool> = truth.iter().map(|v| !v).collect();
    assert!(weighted_f(&as_map(&wrong), &truth, [12, 12]).unwrap() < 0.05);
    let with = |extra: usize| {
        let mut prediction = as_map(&truth);
        prediction[extra] = 1.0;
        weighted_f_beta(&prediction, &truth, [12, 12], 1.0).unwrap()
    };
    assert!(with(5 * 12 + 8) > with(0) && with(0) < 1.0);
}

fn images(golden: &Value, class: usize) -> Vec<BoundaryImage> {
    let size = [0, 1].map(|i| count(&golden["size"][i]));
    let read = |hex: &Value| mask(hex, size[0] * size[1]);
    let instance = |p: &Value| Instance { score: p["score"].as_f64().unwrap(), mask: read(&p["mask"]) };
    let image = |entry: &Value| BoundaryImage {
        predictions: list(&entry["classes"][class]["predictions"]).iter().map(instance).collect(),
        truths: list(&entry["classes"][class]["truths"]).iter().map(read).collect(),
        size,
    };
    list(&golden["images"]).iter().map(image).collect()
}

#[test]
fn average_precision_is_that_of_pycocotools() {
    let golden = sets("instances");
    let classes: Vec<Vec<Matches>> = (0..2)
        .map(|class| {
            images(&golden, class).iter().map(|image| Matches::of(&image.predictions, &image.truths)).collect()
        })
        .collect();
    for (class, matches) in classes.iter().enumerate() {
        let found = average_precisions(matches).unwrap();
        for (index, value) in found.into_iter().enumerate() {
            let what = format!("class {class} at IoU {:.2}", threshold(index));
            close(Some(value), &golden["ap_per_threshold"][class][index], 1e-12, &what);
        }
        assert_eq!(average_precision(matches), Some(found.iter().sum::<f64>() / 10.0));
    }
    close(mean_average_precision(&classes), &golden["ap"], 1e-12, "AP");
}

#[test]
fn boundary_f_is_that_of_davis_on_the_matches_of_pycocotools() {
    let golden = sets("instances");
    for class in 0..2 {
        let images = images(&golden, class);
        for reach in [1, 2] {
            let what = format!("class {class}, AF{reach}");
            close(average_boundary_f(&images, reach), &golden["af"][reach.to_string()][class], 1e-12, &what);
        }
    }
}

#[test]
fn instances_that_are_not_defined_and_hits_that_are_taken() {
    let mask = |pixels: std::ops::Range<usize>| (0..20).map(|i| pixels.contains(&i)).collect::<Vec<bool>>();
    let instance = |score, pixels| Instance { score, mask: mask(pixels) };
    assert_eq!(average_precision(&[Matches::of(&[instance(0.9, 0..5)], &[])]), None);
    assert_eq!(average_precision(&[Matches::of(&[], &[mask(0..5)])]), Some(0.0));
    assert_eq!(mean_average_precision(&[vec![], vec![Matches::of(&[], &[mask(0..5)])]]), Some(0.0));
    // The surest prediction takes the truth; the exact one comes too late.
    let taken = Matches::of(&[instance(0.3, 0..10), instance(0.8, 0..9)], &[mask(0..10)]);
    assert_eq!(taken.true_positives(0).collect::<Vec<_>>(), [(1, 0)]);
    assert_eq!(taken.true_positives(9).collect::<Vec<_>>(), [(0, 0)]);
    // Found first, then a false alarm: precision 1 at every recall. The other way round: 1/2.
    let ap = |first, second| average_precision(&[Matches::of(&[first, second], &[mask(0..10)])]).unwrap();
    assert!((ap(instance(0.9, 0..10), instance(0.1, 12..15)) - 1.0).abs() < 1e-12);
    assert!((ap(instance(0.1, 0..10), instance(0.9, 12..15)) - 0.5).abs() < 1e-12);
}

#[test]
fn boundaries_of_shifted_squares() {
    let square = |x0: usize| {
        (0..400).map(|i| (x0..x0 + 6).contains(&(i % 20)) && (6..12).contains(&(i / 20))).collect::<Vec<bool>>()
    };
    let size = [20, 20];
    assert_eq!(boundary(&square(6), size).iter().filter(|v| **v).count(), 24);
    assert_eq!(boundary_f(&square(6), &square(6), size, 1), Some(1.0));
    assert_eq!(boundary_f(&square(6), &square(7), size, 1), Some(1.0));
    assert!(boundary_f(&square(6), &square(9), size, 1).unwrap() < 1.0);
    assert_eq!(boundary_f(&square(6), &[false; 400], size, 1), Some(0.0));
    assert_eq!(boundary_f(&[false; 400], &[false; 400], size, 1), None);
}

#[test]
fn intervals_agree_with_scipy_and_repeat() {
    let golden = sets("bootstrap");
    let values: Vec<f64> = list(&golden["values"]).iter().map(|v| v.as_f64().unwrap()).collect();
    let check = |found: Interval, name: &str| {
        let [low, high] = [0, 1].map(|i| golden[name][i].as_f64().unwrap());
        // Both draw at random: ends within a fortieth of the width of each other.
        let slack = (high - low) / 40.0;
        println!("{name}: {found:?}, scipy {low:.4} to {high:.4}");
        assert!((found.low - low).abs() < slack && (found.high - high).abs() < slack, "{name}: {found:?}");
    };
    let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    let found = mean_interval(&some, 40_000, 7).unwrap();
    check(found, "mean");
    assert_eq!(mean_interval(&some, 40_000, 7), Some(found));
    assert_ne!(mean_interval(&some, 40_000, 8), Some(found));
    let median = |drawn: &[usize]| {
        let mut drawn: Vec<f64> = drawn.iter().map(|&i| values[i]).collect();
        drawn.sort_by(f64::total_cmp);
        Some(drawn[drawn.len() / 2])
    };
    check(interval(values.len(), 40_000, 7, median).unwrap(), "median");
    // A patient without a value changes nothing.
    let with_none: Vec<Option<f64>> = some.iter().copied().chain([None]).collect();
    assert_eq!(mean_interval(&with_none, 40_000, 7), Some(found));
}

#[test]
fn intervals_that_are_not_defined() {
    assert_eq!(mean_interval(&[Some(0.9), None], 1000, 1), None);
    assert_eq!(mean_interval(&[], 1000, 1), None);
    assert_eq!(interval(5, 1000, 1, |_| None), None);
    assert_eq!(mean_interval(&[Some(0.5); 4], 1000, 1), Some(Interval { low: 0.5, high: 0.5 }));
    let rare = interval(2, 1000, 1, |drawn| (drawn == [0, 0]).then_some(1.0));
    assert_eq!(rare, None, "a quarter of the draws is too few");
}
