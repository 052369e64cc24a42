//! The ROI: its errors, its grids, and the way of phi back onto the scan; seeds and masks as starts.

use zeroset_engine::levelset::phi::LevelSet;
use zeroset_engine::levelset::seeds::{Seed, SeedError, validate};
use zeroset_engine::roi::{Roi, RoiError};
use zeroset_engine::{Geometry, LabelMap, Volume};

fn scan() -> Geometry {
    Geometry::aligned([20, 18, 8], [0.8, 0.8, 3.0], [-5.0, 12.0, 100.0]).unwrap()
}

fn roi(lower: [usize; 3], upper: [usize; 3], resample: Option<f64>) -> Roi {
    Roi { lower, upper, resample }
}

#[test]
fn a_box_that_cannot_be_used_is_refused_with_its_numbers() {
    let empty = roi([4, 5, 3], [9, 5, 6], None).validate(&scan()).unwrap_err();
    assert_eq!(empty, RoiError::Empty { lower: [4, 5, 3], upper: [9, 5, 6] });
    let outside = roi([0, 0, 0], [20, 19, 8], None).validate(&scan()).unwrap_err();
    assert_eq!(
        outside.to_string(),
        "the ROI [0, 0, 0]..[20, 19, 8] reaches outside the scan, which has [20, 18, 8] voxels"
    );
    for spacing in [0.0, -1.0, f64::NAN, 0.1, 50.0] {
        let error = roi([0; 3], [5; 3], Some(spacing)).validate(&scan()).unwrap_err();
        assert!(matches!(error, RoiError::Spacing { .. }), "{spacing}: {error}");
    }
    assert!(Roi::whole(&scan()).validate(&scan()).is_ok());
}

#[test]
fn cropping_keeps_voxels_where_they_are() {
    let scan = scan();
    let values: Vec<f32> = (0..scan.len()).map(|i| i as f32).collect();
    let volume = Volume::new(scan.clone(), values);
    let roi = roi([3, 4, 2], [9, 15, 7], None);
    let grid = roi.geometry(&scan).unwrap();
    let cropped = roi.crop(&volume, &grid).unwrap();
    assert_eq!(grid.size(), [6, 11, 5]);
    for (voxel, expected) in [([0, 0, 0], [3, 4, 2]), ([5, 10, 4], [8, 14, 6]), ([2, 7, 1], [5, 11, 3])] {
        assert_eq!(cropped[grid.index(voxel)], volume.at(expected));
        let (a, b) = (grid.world_of_voxel(voxel.map(|v| v as f64)), scan.world_of_voxel(expected.map(|v| v as f64)));
        assert!((0..3).all(|d| (a[d] - b[d]).abs() < 1e-12));
    }
    assert_eq!(roi.paste_phi(&cropped, &grid, &scan).unwrap(), cropped);
}

#[test]
fn an_isotropic_roi_fills_the_same_box() {
    let scan = scan();
    let roi = roi([2, 3, 1], [18, 15, 7], Some(1.0));
    let grid = roi.geometry(&scan).unwrap();
    // 12.8 x 9.6 x 18 mm in voxels of 1 mm.
    assert_eq!(grid.size(), [13, 10, 18]);
    assert!(grid.spacing_mm().iter().all(|h| (h - 1.0).abs() < 1e-12));
    let middle = |g: &Geometry, lower: [f64; 3], upper: [f64; 3]| {
        g.world_of_voxel(std::array::from_fn(|d| (lower[d] + upper[d] - 1.0) / 2.0))
    };
    let (a, b) = (middle(&grid, [0.0; 3], [13.0, 10.0, 18.0]), middle(&scan, [2.0, 3.0, 1.0], [18.0, 15.0, 7.0]));
    assert!((0..3).all(|d| (a[d] - b[d]).abs() < 1e-9), "{a:?} {b:?}");
    // Slice by slice, the slices stay.
    assert_eq!(roi.geometry_of_slices(&scan, Some(2)).unwrap().size(), [13, 10, 6]);
}

#[test]
fn a_sphere_survives_the_way_through_a_resampled_roi_onto_the_scan() {
    let scan = Geometry::aligned([40, 40, 14], [0.8, 0.8, 3.0], [0.0; 3]).unwrap();
    let seed = Seed { center_mm: [15.3, 16.1, 20.2], radius_mm: 9.0 };
    let roi = roi([2, 2, 1], [38, 38, 13], Some(1.0));
    let grid = roi.geometry(&scan).unwrap();
    let phi = LevelSet::from_seeds(grid.clone(), &[seed]).phi;
    let pasted = roi.paste_phi(&phi, &grid, &scan).unwrap();
    let mut labels = LabelMap::empty(scan.clone());
    labels.apply(&roi.label_delta(&pasted, &labels, 3));
    let direct = LevelSet::from_seeds(scan, &[seed]).to_mask();
    let (mut both, mut sum) = (0, 0);
    for (label, inside) in labels.labels().iter().zip(direct) {
        both += usize::from(*label == 3 && inside);
        sum += usize::from(*label == 3) + usize::from(inside);
    }
    assert!(2.0 * both as f64 / sum as f64 > 0.99, "{both} of {sum}");
}

#[test]
fn seeds_that_cannot_start_a_contour_are_named() {
    let scan = scan();
    let roi = roi([5, 5, 2], [15, 15, 6], None);
    let grid = roi.geometry(&scan).unwrap();
    let inside = scan.world_of_voxel([9.0, 9.0, 4.0]);
    let check = |center_mm, radius_mm| {
        let first = Seed { center_mm: inside, radius_mm: 3.0 };
        validate(&[first, Seed { center_mm, radius_mm }], &scan, &roi, &grid).unwrap_err()
    };
    assert_eq!(validate(&[], &scan, &roi, &grid), Err(SeedError::None));
    let outside = check([500.0, 0.0, 0.0], 3.0);
    assert!(matches!(outside, SeedError::OutsideVolume { number: 2, .. }));
    assert!(outside.to_string().contains("seed 2 at (500.0, 0.0, 0.0) mm RAS"), "{outside}");
    let beside = check(scan.world_of_voxel([2.0, 9.0, 4.0]), 3.0);
    assert!(matches!(beside, SeedError::OutsideRoi { number: 2, voxel: [2, 9, 4], .. }), "{beside}");
    let between = check(scan.world_of_voxel([9.5, 9.5, 4.5]), 1.0);
    assert!(matches!(between, SeedError::TooSmall { number: 2, .. }), "{between}");
    assert!(matches!(check(inside, f64::NAN), SeedError::Number { number: 2, .. }));
    let voxel_sized = Seed { center_mm: inside, radius_mm: 0.1 };
    assert_eq!(validate(&[voxel_sized], &scan, &roi, &grid), Ok(()), "a small sphere on a voxel centre holds it");
}

#[test]
fn seeds_give_world_distances_on_sheared_grids() {
    let mut affine = nalgebra::Matrix4::<f64>::identity();
    affine[(0, 0)] = -0.9;
    affine[(1, 1)] = 1.1;
    affine[(1, 2)] = 1.3;
    affine[(2, 2)] = 3.0;
    affine[(0, 3)] = 20.0;
    let grid = Geometry::new([12, 10, 9], affine).unwrap();
    let seeds =
        [Seed { center_mm: [15.0, 9.0, 12.0], radius_mm: 4.0 }, Seed { center_mm: [12.0, 4.0, 3.0], radius_mm: 2.5 }];
    let level_set = LevelSet::from_seeds(grid.clone(), &seeds);
    for voxel in [[0, 0, 0], [5, 4, 4], [11, 9, 8], [8, 2, 1]] {
        let p = grid.world_of_voxel(voxel.map(|v| v as f64));
        let distance = |s: &Seed| (0..3).map(|d| (p[d] - s.center_mm[d]).powi(2)).sum::<f64>().sqrt() - s.radius_mm;
        let expected = distance(&seeds[0]).min(distance(&seeds[1]));
        assert!((f64::from(level_set.phi[grid.index(voxel)]) - expected).abs() < 1e-5);
    }
}

#[test]
fn a_slice_takes_the_circle_that_its_plane_cuts() {
    let slice = Geometry::aligned([30, 30, 1], [1.0, 1.0, 5.0], [0.0, 0.0, 53.0]).unwrap();
    let sphere = Seed { center_mm: [15.0, 14.0, 50.0], radius_mm: 5.0 };
    let phi = LevelSet::from_seeds(slice.clone(), &[sphere]).phi;
    // Cut 3 mm off its centre, a sphere of 5 mm leaves a circle of 4 mm.
    assert!((phi[slice.index([15, 14, 0])] + 4.0).abs() < 1e-6);
    assert!((phi[slice.index([25, 14, 0])] - 6.0).abs() < 1e-6);
    let missed = LevelSet::from_seeds(slice, &[Seed { radius_mm: 2.0, ..sphere }]);
    assert!(missed.phi.iter().all(|&v| v == f32::INFINITY));
}

#[test]
fn masks_without_a_contour_are_refused() {
    let grid = scan();
    assert!(LevelSet::from_mask(grid.clone(), |_| false).is_err());
    assert!(LevelSet::from_mask(grid.clone(), |_| true).is_err());
    assert!(LevelSet::from_mask(grid, |i| i == 70).is_ok());
}
