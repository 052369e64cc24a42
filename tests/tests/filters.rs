//! Filters against brute force, scipy and what can be said exactly.

use proptest::prelude::*;
use zeroset_engine::Geometry;
use zeroset_engine::filter::{gaussian, gradient_magnitude, resample, signed_distance_mm, trilinear};

struct Golden(serde_json::Value);

impl Golden {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("../fixtures/filters/filters.json")).unwrap())
    }

    fn numbers(&self, key: &str) -> Vec<f64> {
        self.0[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    fn size(&self) -> [usize; 3] {
        let n = self.numbers("size");
        std::array::from_fn(|d| n[d] as usize)
    }

    fn spacing_mm(&self) -> [f64; 3] {
        self.numbers("spacing_mm").try_into().unwrap()
    }
}

fn assert_close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(f) - e).abs() <= tolerance, "voxel {i}: found {f}, expected {e}");
    }
}

#[test]
fn scipy_agrees() {
    let golden = Golden::read();
    let (size, spacing) = (golden.size(), golden.spacing_mm());
    let image: Vec<f32> = golden.numbers("image").iter().map(|&v| v as f32).collect();
    let mask: Vec<bool> = golden.0["mask"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect();
    let sigma = golden.0["sigma_mm"].as_f64().unwrap();
    assert_close(&signed_distance_mm(&mask, size, spacing), &golden.numbers("signed_distance_mm"), 1e-5);
    assert_close(&gaussian(&image, size, spacing, sigma), &golden.numbers("gaussian"), 1e-3);
    assert_close(&gradient_magnitude(&image, size, spacing), &golden.numbers("gradient_magnitude"), 1e-4);
}

/// Distance to the nearest box of the other class, by looking at all of them.
fn brute_force(mask: &[bool], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<f64> {
    let voxel = |i: usize| [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
    let to_box = |from: [usize; 3], to: [usize; 3]| -> f64 {
        let gap = |d: usize| (from[d].abs_diff(to[d]) as f64 - 0.5).max(0.0) * spacing_mm[d];
        (0..3).map(|d| gap(d).powi(2)).sum()
    };
    (0..mask.len())
        .map(|i| {
            let others = (0..mask.len()).filter(|&j| mask[j] != mask[i]);
            let squared = others.map(|j| to_box(voxel(i), voxel(j))).fold(f64::INFINITY, f64::min);
            if mask[i] { -squared.sqrt() } else { squared.sqrt() }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn distance_equals_brute_force(
        size in [1_usize..9, 1_usize..8, 1_usize..7],
        spacing_mm in [0.3..5.0_f64, 0.3..5.0, 0.3..5.0],
        inside_share in 0.02..0.98_f64,
        bits in prop::collection::vec(0.0..1.0_f64, 9 * 8 * 7),
    ) {
        let len = size.iter().product();
        let mask: Vec<bool> = bits[..len].iter().map(|&b| b < inside_share).collect();
        let found = signed_distance_mm(&mask, size, spacing_mm);
        for (f, e) in found.iter().zip(brute_force(&mask, size, spacing_mm)) {
            prop_assert!(f64::from(*f) == e || (f64::from(*f) - e).abs() < 1e-4 * e.abs().max(1.0), "{f} {e}");
        }
    }

    #[test]
    fn distance_of_the_complement_is_the_negative(
        bits in prop::collection::vec(prop::bool::ANY, 6 * 5 * 4),
    ) {
        let (size, spacing) = ([6, 5, 4], [0.7, 0.9, 2.5]);
        let complement: Vec<bool> = bits.iter().map(|b| !b).collect();
        let (a, b) = (signed_distance_mm(&bits, size, spacing), signed_distance_mm(&complement, size, spacing));
        prop_assert!(a.iter().zip(&b).all(|(a, b)| *a == -*b));
    }
}

#[test]
fn a_wall_has_its_zero_on_the_faces() {
    let size = [8, 3, 2];
    let mask: Vec<bool> = (0..48).map(|i| i % 8 < 3).collect();
    let phi = signed_distance_mm(&mask, size, [0.5, 2.0, 4.0]);
    assert_eq!(phi[..8], [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75, 2.25]);
}

#[test]
fn a_mask_without_contour_is_infinitely_far() {
    assert!(signed_distance_mm(&[false; 8], [2; 3], [1.0; 3]).iter().all(|&v| v == f32::INFINITY));
    assert!(signed_distance_mm(&[true; 8], [2; 3], [1.0; 3]).iter().all(|&v| v == f32::NEG_INFINITY));
}

#[test]
fn gaussian_keeps_a_constant_and_leaves_wide_spacing_alone() {
    let constant = vec![37.5_f32; 10 * 6 * 4];
    for v in gaussian(&constant, [10, 6, 4], [0.8, 0.8, 5.0], 2.0) {
        assert!((v - 37.5).abs() < 1e-4);
    }
    // An impulse, smoothed with sigma far below the slice distance, does not reach the next slice.
    let mut impulse = vec![0.0_f32; 5 * 5 * 3];
    impulse[5 * 5 + 12] = 1.0;
    let smooth = gaussian(&impulse, [5, 5, 3], [1.0, 1.0, 40.0], 1.0);
    assert!(smooth[..25].iter().all(|&v| v < 1e-20));
    assert!((smooth[25..50].iter().sum::<f32>() - 1.0).abs() < 0.05);
}

#[test]
fn gradient_of_a_ramp_is_its_slope_in_mm() {
    let (size, spacing) = ([5, 4, 3], [0.5, 2.0, 4.0]);
    let ramp: Vec<f32> = (0..5 * 4 * 3)
        .map(|i| {
            let at = [i % 5, i / 5 % 4, i / 20];
            (0..3).map(|d| at[d] as f64 * spacing[d] * [3.0, 4.0, 12.0][d]).sum::<f64>() as f32
        })
        .collect();
    let center = 5 * 4 + 5 + 2;
    assert!((gradient_magnitude(&ramp, size, spacing)[center] - 13.0).abs() < 1e-4);
}

#[test]
fn resampling_reproduces_what_is_linear_in_the_world() {
    let coarse = Geometry::aligned([7, 6, 5], [2.0, 1.5, 3.0], [-4.0, 10.0, 2.0]).unwrap();
    let fine = Geometry::aligned([9, 8, 7], [0.7, 0.6, 1.1], [-2.0, 11.0, 4.0]).unwrap();
    let linear = |p: [f64; 3]| (3.0 * p[0] - 2.0 * p[1] + 0.5 * p[2] + 7.0) as f32;
    let on = |g: &Geometry| -> Vec<f32> {
        let [nx, ny, _] = g.size();
        (0..g.len())
            .map(|i| linear(g.world_of_voxel([(i % nx) as f64, (i / nx % ny) as f64, (i / (nx * ny)) as f64])))
            .collect()
    };
    let found = resample(&on(&coarse), &coarse, &fine);
    assert!(found.iter().zip(on(&fine)).all(|(a, b)| (a - b).abs() < 1e-4));
    // Beyond the grid the border repeats.
    assert_eq!(trilinear(&[1.0, 2.0], [2, 1, 1], [9.0, -3.0, 0.4]), 2.0);
}
