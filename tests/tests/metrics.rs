//! Overlap and surface metrics: exact shapes, goldens of scipy and SimpleITK, and the command line.

use nalgebra::Matrix4;
use zeroset::cli::evaluate::EvaluateArgs;
use zeroset_engine::metrics::{LabelMetrics, MetricsError, Overlap, SurfaceDistances, evaluate, evaluate_label};
use zeroset_engine::{Geometry, LabelMap, io};

const SIZE: [usize; 3] = [40, 36, 20];
const SPACING_MM: [f64; 3] = [0.8, 0.9, 3.0];

fn grid() -> Geometry {
    Geometry::aligned(SIZE, SPACING_MM, [0.0; 3]).unwrap()
}

/// The box of voxels \[low, high) with label 1.
fn cuboid(low: [usize; 3], high: [usize; 3]) -> LabelMap {
    let geometry = grid();
    let mut labels = vec![0u16; geometry.len()];
    for z in low[2]..high[2] {
        for y in low[1]..high[1] {
            for x in low[0]..high[0] {
                labels[geometry.index([x, y, z])] = 1;
            }
        }
    }
    LabelMap::new(geometry, labels)
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("defined");
    assert!((found - expected).abs() < 1e-9, "found {found}, expected {expected}");
}

#[test]
fn a_mask_agrees_with_itself_exactly() {
    let a = cuboid([5, 6, 3], [15, 16, 9]);
    let m = evaluate_label(&a, &a, 1, 0.0).unwrap();
    for (found, expected) in [
        (m.dice, 1.0),
        (m.iou, 1.0),
        (m.precision, 1.0),
        (m.recall, 1.0),
        (m.hausdorff_mm, 0.0),
        (m.hd95_mm, 0.0),
        (m.assd_mm, 0.0),
        (m.surface_dice, 1.0),
    ] {
        close(found, expected);
    }
    assert_eq!(m.volume_difference_ml, 0.0);
    assert!((m.truth_ml - 600.0 * 0.8 * 0.9 * 3.0 / 1000.0).abs() < 1e-12);
}

#[test]
fn a_cuboid_shifted_by_two_voxels_along_x() {
    let t = cuboid([5, 6, 3], [15, 16, 9]);
    let p = cuboid([7, 6, 3], [17, 16, 9]);
    let m = evaluate_label(&p, &t, 1, 0.8).unwrap();
    // 8 of 10 layers overlap.
    close(m.dice, 0.8);
    close(m.iou, 8.0 / 12.0);
    close(m.precision, 0.8);
    close(m.recall, 0.8);
    // The leading and trailing faces are 2 voxels apart.
    close(m.hausdorff_mm, 1.6);
    assert_eq!(m.volume_difference_ml, 0.0);
}

#[test]
fn a_cuboid_shifted_along_the_thick_slices_is_further_off_in_mm() {
    let t = cuboid([5, 6, 3], [15, 16, 9]);
    let p = cuboid([5, 6, 5], [15, 16, 11]);
    close(evaluate_label(&p, &t, 1, 1.0).unwrap().hausdorff_mm, 6.0);
}

#[test]
fn a_slab_thicker_by_one_slice_has_known_distances() {
    // Whole slices: the border is the slab's two outer slices and the rim; along x and y nothing moves.
    let t = cuboid([0, 0, 5], [SIZE[0], SIZE[1], 10]);
    let p = cuboid([0, 0, 5], [SIZE[0], SIZE[1], 11]);
    let (area, rim) = ((SIZE[0] * SIZE[1]) as f64, (2 * (SIZE[0] + SIZE[1]) - 4) as f64);
    let (border_t, border_p) = (2.0 * area + 3.0 * rim, 2.0 * area + 4.0 * rim);
    // Of the prediction the outer slice (all of it) is one slice off; of the truth the inner part of its last slice is
    // as far from slice 10 as from the rim of slice 9, whichever is nearer.
    let m = evaluate_label(&p, &t, 1, 2.9).unwrap();
    close(m.hausdorff_mm, 3.0);
    let surface = SurfaceDistances::between(&mask(&p), &mask(&t), SIZE, SPACING_MM);
    assert_eq!(surface.from_truth_mm.len() as f64, border_t);
    assert_eq!(surface.from_prediction_mm.len() as f64, border_p);
    assert_eq!(surface.from_prediction_mm.iter().filter(|&&d| d == 3.0).count() as f64, area);
    // Within 3 voxels (2.4 or 2.7 mm) of the rim the rim is nearer than 2.9 mm.
    let deep = ((SIZE[0] - 8) * (SIZE[1] - 8)) as f64;
    let within = (border_p - area) + (border_t - deep);
    close(m.surface_dice, within / (border_p + border_t));
}

fn mask(map: &LabelMap) -> Vec<bool> {
    map.labels().iter().map(|&l| l == 1).collect()
}

#[test]
fn concentric_balls_are_their_radii_apart() {
    let geometry = Geometry::aligned([64; 3], [0.5; 3], [-15.75; 3]).unwrap();
    let ball = |radius: f64| -> Vec<bool> {
        (0..geometry.len())
            .map(|i| {
                let p = geometry.world_of_voxel([(i % 64) as f64, (i / 64 % 64) as f64, (i / 4096) as f64]);
                p.iter().map(|v| v * v).sum::<f64>().sqrt() <= radius
            })
            .collect()
    };
    let s = SurfaceDistances::between(&ball(13.0), &ball(9.0), [64; 3], [0.5; 3]);
    // Border voxel centres lie up to a voxel below their sphere; half a voxel on average.
    assert!((s.assd_mm().unwrap() - 4.0).abs() < 0.25, "{:?}", s.assd_mm());
    assert!((s.hausdorff_mm().unwrap() - 4.0).abs() < 0.75, "{:?}", s.hausdorff_mm());
    assert_eq!(s.dice_at(3.0), Some(0.0));
    assert_eq!(s.dice_at(4.9), Some(1.0));
}

#[test]
fn what_an_empty_mask_leaves_undefined() {
    let full = cuboid([5, 6, 3], [15, 16, 9]);
    let empty = LabelMap::empty(grid());
    let LabelMetrics { dice, iou, precision, recall, hausdorff_mm, hd95_mm, assd_mm, surface_dice, .. } =
        evaluate_label(&empty, &empty, 1, 1.0).unwrap();
    for value in [dice, iou, precision, recall, hausdorff_mm, hd95_mm, assd_mm, surface_dice] {
        assert_eq!(value, None);
    }
    let missed = evaluate_label(&empty, &full, 1, 1.0).unwrap();
    assert_eq!((missed.dice, missed.iou, missed.recall), (Some(0.0), Some(0.0), Some(0.0)));
    assert_eq!((missed.precision, missed.hausdorff_mm, missed.assd_mm), (None, None, None));
    assert_eq!(missed.surface_dice, Some(0.0));
    let invented = evaluate_label(&full, &empty, 1, 1.0).unwrap();
    assert_eq!((invented.precision, invented.recall), (Some(0.0), None));
}

#[test]
fn every_label_of_either_mask_is_compared() {
    let t = cuboid([5, 6, 3], [15, 16, 9]);
    let mut labels = t.labels().to_vec();
    labels[0] = 300;
    let found = evaluate(&LabelMap::new(grid(), labels), &t, 1.0).unwrap();
    assert_eq!(found.iter().map(|m| m.label).collect::<Vec<_>>(), [1, 300]);
    assert_eq!(found[1].dice, Some(0.0));
}

#[test]
fn another_grid_is_refused_and_both_are_named() {
    let t = cuboid([5, 6, 3], [15, 16, 9]);
    let mut moved = *grid().world_from_voxel();
    moved[(0, 3)] += 0.5;
    let p = LabelMap::empty(Geometry::new(SIZE, moved).unwrap());
    let error = evaluate_label(&p, &t, 1, 1.0).unwrap_err();
    assert!(matches!(error, MetricsError::DifferentGrids { .. }));
    let text = error.to_string();
    assert!(text.contains(&p.geometry().describe()) && text.contains(&t.geometry().describe()), "{text}");
    assert!(matches!(evaluate_label(&t, &t, 1, -1.0), Err(MetricsError::Tolerance { .. })));
}

#[test]
fn pooled_overlap_is_that_of_all_voxels() {
    let a = Overlap { both: 10, prediction_only: 5, truth_only: 0 };
    let b = Overlap { both: 0, prediction_only: 0, truth_only: 20 };
    assert_eq!((a + b).dice(), Some(20.0 / 45.0));
}

#[test]
fn goldens_of_scipy_and_simpleitk() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/metrics/metrics.json");
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let three = |key: &str| -> [f64; 3] { std::array::from_fn(|d| case[key][d].as_f64().unwrap()) };
        let size = three("size").map(|v| v as usize);
        let voxels: usize = size.iter().product();
        let geometry = Geometry::aligned(size, three("spacing_mm"), [0.0; 3]).unwrap();
        let map = |key: &str| {
            let bytes: Vec<u64> = case[key].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
            let labels = (0..voxels).map(|i| (bytes[i / 8] >> (i % 8) & 1) as u16).collect();
            LabelMap::new(geometry.clone(), labels)
        };
        let tolerance = case["tolerance_mm"].as_f64().unwrap();
        let m = evaluate_label(&map("prediction"), &map("truth"), 1, tolerance).unwrap();
        for (key, found) in [
            ("dice", m.dice),
            ("iou", m.iou),
            ("precision", m.precision),
            ("recall", m.recall),
            ("hausdorff_mm", m.hausdorff_mm),
            ("hd95_mm", m.hd95_mm),
            ("assd_mm", m.assd_mm),
            ("surface_dice", m.surface_dice),
        ] {
            let (found, expected) = (found.unwrap(), case[key].as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{name}: {key} is {found}, expected {expected}");
        }
    }
}

/// Runs `zeroset evaluate`: its standard output, or its error line.
fn run(prediction: &str, truth: &str, label: Option<u16>, json: bool) -> Result<String, String> {
    let masks = (Some(prediction.into()), Some(truth.into()));
    let args =
        EvaluateArgs { prediction: masks.0, truth: masks.1, label, tolerance: 0.8, json, ..EvaluateArgs::default() };
    let mut out = Vec::new();
    let done = zeroset::cli::evaluate::run(args, &mut out);
    let text = String::from_utf8(out).unwrap();
    done.map(|()| text).map_err(|error| zeroset::cli::one_line(&error))
}

#[test]
fn evaluate_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (t, p, q) = (path("t.nii.gz"), path("p.nii.gz"), path("q.nii.gz"));
    io::write_labels(t.as_ref(), &cuboid([5, 6, 3], [15, 16, 9]), None).unwrap();
    io::write_labels(p.as_ref(), &cuboid([7, 6, 3], [17, 16, 9]), None).unwrap();
    let mut elsewhere = Matrix4::identity();
    elsewhere[(2, 3)] = 7.0;
    io::write_labels(q.as_ref(), &LabelMap::empty(Geometry::new(SIZE, elsewhere).unwrap()), None).unwrap();

    let document: serde_json::Value = serde_json::from_str(&run(&p, &t, None, true).unwrap()).unwrap();
    assert!((document["labels"][0]["dice"].as_f64().unwrap() - 0.8).abs() < 1e-12);
    // The spacing went through float32 in the file.
    assert!((document["labels"][0]["hausdorff_mm"].as_f64().unwrap() - 1.6).abs() < 1e-6);
    assert!(run(&p, &t, None, false).unwrap().contains(" 0.8000 "));
    assert!(run(&p, &t, Some(9), false).unwrap().contains("not defined"));
    assert!(run(&q, &q, None, false).unwrap_err().contains("both masks are empty"));

    let error = run(&q, &t, None, false).unwrap_err();
    assert!(error.contains("different grids") && error.matches("axes RAS").count() == 2, "{error}");
    assert!(run(&path("absent.nii.gz"), &t, None, false).unwrap_err().contains("absent.nii.gz"));
}
