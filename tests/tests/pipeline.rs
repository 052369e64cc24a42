//! The whole flow on scans whose answer is known: an ellipsoid of even intensity in noise.

use std::ops::ControlFlow;
use zeroset_engine::device::Device;
use zeroset_engine::levelset::{Method, Seed, StopReason};
use zeroset_engine::pipeline::{Input, Outcome, PipelineError, Progress, segment};
use zeroset_engine::recipe::{Recipe, Report, SpeedRecipe};
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Volume};

const HALF_AXES_MM: [f64; 3] = [14.0, 11.0, 17.0];
const CENTER_MM: [f64; 3] = [3.0, -2.0, 5.0];

/// Whether a world position lies in the organ.
fn is_organ(p: [f64; 3]) -> bool {
    (0..3).map(|d| ((p[d] - CENTER_MM[d]) / HALF_AXES_MM[d]).powi(2)).sum::<f64>() < 1.0
}

/// A scan of the organ (120 HU in 20 HU, noise of 10 HU) whose voxel axes run along the given world axes.
fn scan(spacing_mm: [f64; 3], world_axes: [usize; 3]) -> (Volume, LabelMap) {
    let size: [usize; 3] = std::array::from_fn(|d| (56.0 / spacing_mm[d]).round() as usize);
    let mut affine = nalgebra::Matrix4::<f64>::zeros();
    affine[(3, 3)] = 1.0;
    for d in 0..3 {
        affine[(world_axes[d], d)] = spacing_mm[d];
        affine[(world_axes[d], 3)] = -0.5 * spacing_mm[d] * (size[d] as f64 - 1.0);
    }
    let grid = Geometry::new(size, affine).unwrap();
    let mut state = 12345_u64;
    let mut noise = || {
        // The mean of four even numbers: close enough to a bell curve, and the same everywhere.
        let mut sum = 0.0;
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (state >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        sum * 17.3
    };
    let (mut hu, mut labels) = (Vec::new(), Vec::new());
    for i in 0..grid.len() {
        let voxel = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
        let inside = is_organ(grid.world_of_voxel(voxel.map(|v| v as f64)));
        hu.push(if inside { 120.0 } else { 20.0 } + noise());
        labels.push(u16::from(inside) * 3);
    }
    (Volume::new(grid.clone(), hu), LabelMap::new(grid, labels))
}

fn seed() -> Seed {
    Seed { center_mm: [5.0, -3.0, 4.0], radius_mm: 5.0 }
}

fn recipe(method: Method) -> Recipe {
    let mut recipe = Recipe::new(method, vec![seed()], None);
    recipe.label = 3;
    recipe.device = Device::Cpu;
    recipe
}

fn run(input: &Input<'_>, recipe: &Recipe) -> Result<Outcome, PipelineError> {
    segment(input, recipe, &mut |_: Progress<'_>| ControlFlow::Continue(()))
}

fn on(scan: &Volume) -> Input<'_> {
    Input { scan, init: None, speed: None }
}

fn dice(found: &LabelMap, truth: &LabelMap) -> f64 {
    let both = found.labels().iter().zip(truth.labels()).filter(|(a, b)| **a == 3 && **b == 3).count();
    2.0 * both as f64 / (found.count(3) + truth.count(3)) as f64
}

#[test]
fn every_method_finds_the_organ_in_3d_and_slice_by_slice() {
    let (volume, truth) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    for method in [Method::Region, Method::Edge, Method::ChanVese] {
        for dimension in [3, 2] {
            let mut recipe = recipe(method);
            recipe.dimension = dimension;
            let outcome = run(&on(&volume), &recipe).unwrap();
            let score = dice(&outcome.labels, &truth);
            let least = if method == Method::Edge { 0.93 } else { 0.97 };
            assert!(score > least, "{method:?} in {dimension}D: {score} {}", outcome.report.stop_text);
            assert_eq!(outcome.labels.geometry(), volume.geometry());
            assert_eq!(outcome.report.slices.is_empty(), dimension == 3);
        }
    }
}

#[test]
fn coarse_slices_and_isotropic_resampling_agree() {
    let (volume, truth) = scan([0.8, 0.8, 5.0], [0, 1, 2]);
    let stored = run(&on(&volume), &recipe(Method::Region)).unwrap();
    let mut isotropic = recipe(Method::Region);
    isotropic.roi = Some(Roi { resample: Some(1.0), ..Roi::whole(volume.geometry()) });
    let resampled = run(&on(&volume), &isotropic).unwrap();
    assert!(dice(&stored.labels, &truth) > 0.96, "{}", dice(&stored.labels, &truth));
    assert!(dice(&resampled.labels, &stored.labels) > 0.95, "{}", dice(&resampled.labels, &stored.labels));
    assert_eq!(resampled.labels.geometry(), volume.geometry());
    assert!((resampled.report.grid.spacing_mm()[2] - 1.0).abs() < 1e-9);
}

#[test]
fn slices_are_axial_whatever_the_storage_order() {
    for axes in [[2, 0, 1], [1, 2, 0], [1, 0, 2]] {
        let (volume, truth) = scan([1.5, 1.5, 1.5], axes);
        let mut recipe = recipe(Method::Region);
        recipe.dimension = 2;
        let outcome = run(&on(&volume), &recipe).unwrap();
        assert!(dice(&outcome.labels, &truth) > 0.96, "{axes:?}: {}", dice(&outcome.labels, &truth));
        // 34 mm of organ in slices of 1.5 mm, whichever axis they lie on.
        let kept = outcome.report.slices.iter().filter(|slice| slice.kept).count();
        assert!((20..=24).contains(&kept), "{axes:?}: {kept} slices");
    }
}

#[test]
fn the_walk_over_slices_ends_where_the_organ_does() {
    let (volume, truth) = scan([1.0, 1.0, 2.0], [0, 1, 2]);
    let mut recipe = recipe(Method::Region);
    recipe.dimension = 2;
    let slices = run(&on(&volume), &recipe).unwrap().report.slices;
    let start = slices[0];
    assert_eq!(start.carried_from, None);
    for pair in slices.iter().skip(1) {
        assert_eq!(pair.carried_from.map(|from| from.abs_diff(pair.slice)), Some(1), "from the neighbour");
    }
    let plane = volume.geometry().size()[0] * volume.geometry().size()[1];
    let organ: Vec<usize> = (0..28).filter(|z| truth.labels()[z * plane..(z + 1) * plane].contains(&3)).collect();
    let visited = |z: &usize| slices.iter().any(|s| s.slice == *z && s.kept);
    let missed = organ.iter().filter(|z| !visited(z)).count();
    assert!(missed <= 2, "{missed} of {} slices missed", organ.len());
    assert!(slices.len() <= organ.len() + 2, "beyond the organ at most one try up and one down");
}

#[test]
fn an_initial_mask_starts_where_seeds_would() {
    let (volume, truth) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    let size = volume.geometry().size();
    // The organ's truth, a few voxels off, in a mask with another organ beside it.
    let shifted: Vec<u16> = (0..truth.labels().len())
        .map(|i| if i % size[0] < 4 { 7 } else { truth.labels()[i.saturating_sub(3)] })
        .collect();
    let init = LabelMap::new(volume.geometry().clone(), shifted);
    let mut recipe = recipe(Method::Region);
    recipe.seeds.clear();
    for dimension in [3, 2] {
        recipe.dimension = dimension;
        let outcome = run(&Input { init: Some(&init), ..on(&volume) }, &recipe).unwrap();
        assert!(dice(&outcome.labels, &truth) > 0.97, "{dimension}D: {}", dice(&outcome.labels, &truth));
    }
    let other = LabelMap::empty(Geometry::aligned([5, 5, 5], [1.0; 3], [0.0; 3]).unwrap());
    let error = run(&Input { init: Some(&other), ..on(&volume) }, &recipe).unwrap_err().to_string();
    assert!(error.contains("mask 5x5x5 voxels") && error.contains("scan 56x56x22 voxels"), "{error}");
    let empty = LabelMap::empty(volume.geometry().clone());
    let error = run(&Input { init: Some(&empty), ..on(&volume) }, &recipe).unwrap_err().to_string();
    assert!(error.contains("no contour in the ROI"), "{error}");
}

#[test]
fn an_imported_speed_drives_like_the_one_it_was_saved_from() {
    let (volume, _) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    let own = run(&on(&volume), &recipe(Method::Region)).unwrap();
    let saved = Volume::new(volume.geometry().clone(), own.speed.unwrap().g);
    let mut imported = recipe(Method::Region);
    imported.speed = SpeedRecipe::Imported;
    let again = run(&Input { speed: Some(&saved), ..on(&volume) }, &imported).unwrap();
    assert_eq!(again.labels, own.labels);
    assert!(matches!(run(&on(&volume), &imported), Err(PipelineError::NoSpeedFile)));
    let too_large = Volume::new(volume.geometry().clone(), vec![5.0; volume.geometry().len()]);
    let error = run(&Input { speed: Some(&too_large), ..on(&volume) }, &imported).unwrap_err().to_string();
    assert!(error.contains("from 5 to 5, expected -1 to 1"), "{error}");
    let elsewhere = Geometry::aligned(volume.geometry().size(), [1.0, 1.0, 2.5], [0.0; 3]).unwrap();
    let elsewhere = Volume::new(elsewhere, vec![0.5; volume.geometry().len()]);
    let error = run(&Input { speed: Some(&elsewhere), ..on(&volume) }, &imported).unwrap_err().to_string();
    assert!(error.contains("another grid"), "{error}");
}

#[test]
fn a_constant_scan_is_an_error_that_says_so() {
    let grid = Geometry::aligned([20; 3], [2.0; 3], [-20.0; 3]).unwrap();
    let constant = Volume::new(grid.clone(), vec![42.0; grid.len()]);
    for method in [Method::Edge, Method::Region, Method::ChanVese] {
        let error = run(&on(&constant), &recipe(method)).unwrap_err().to_string();
        assert!(error.contains("same value (42) everywhere"), "{method:?}: {error}");
    }
}

#[test]
fn without_an_roi_a_flood_stops_with_a_leak() {
    let (volume, _) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    let mut recipe = recipe(Method::Region);
    // A window that holds everything: nothing but the scan's border could stop it.
    recipe.speed = SpeedRecipe::Threshold { sigma_mm: 0.5, lower: Some(-500.0), upper: Some(500.0), smoothness: None };
    let report = run(&on(&volume), &recipe).unwrap().report;
    assert!(matches!(report.stop, StopReason::Leak { .. }), "{}", report.stop_text);
    assert!(report.warnings.iter().any(|w| w.contains("touches the border")), "{:?}", report.warnings);
    assert!(report.volume_ml < 0.9 * 56.0_f64.powi(3) / 1000.0, "stopped before everything was flooded");
}

#[test]
fn the_report_says_what_was_left_open_and_repeats_the_run() {
    let (volume, _) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    let first = run(&on(&volume), &recipe(Method::Region)).unwrap();
    let window = first.report.resolved.window.unwrap();
    assert!(window.lower.unwrap() > 60.0 && window.upper.unwrap() < 180.0, "{window:?}");
    let text = serde_json::to_string(&first.report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(read.recipe, first.report.recipe);
    assert_eq!((read.iterations, read.voxels), (first.report.iterations, first.report.voxels));
    assert!(read.stop.converged());
    let again = run(&on(&volume), &read.recipe).unwrap();
    assert_eq!(again.labels, first.labels);
    assert_eq!(again.phi_in_roi, first.phi_in_roi);
    assert!((first.report.volume_ml - first.labels.volume_ml(3)).abs() < 1e-9);
    for stage in ["crop", "speed", "evolve", "paste"] {
        assert!(first.report.timings_s.contains_key(stage), "{stage}");
    }
}

#[test]
fn a_caller_can_watch_and_stop_it() {
    let (volume, _) = scan([1.0, 1.0, 2.5], [0, 1, 2]);
    let mut looks = 0;
    let outcome = segment(&on(&volume), &recipe(Method::Region), &mut |progress| {
        let Progress::Step { evolution, .. } = progress else { return ControlFlow::Continue(()) };
        looks += 1;
        assert_eq!(evolution.phi().unwrap().len(), volume.geometry().len());
        if looks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let report = outcome.unwrap().report;
    assert_eq!((report.stop, report.iterations), (StopReason::Cancelled, 10));
    assert!(report.warnings.iter().any(|w| w.contains("stopped by the user")));
}
