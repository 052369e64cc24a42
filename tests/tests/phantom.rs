//! The synthetic abdomen: a believable patient, the same on every machine, with labels that fit its scan.

use zeroset_engine::phantom::{LABEL_NAMES, Phantom, PhantomError, PhantomOptions};
use zeroset_engine::{LabelMap, Volume};

/// The default field of view in coarser voxels: fast, and still an abdomen.
fn coarse(rng_seed: u64) -> Phantom {
    let options = PhantomOptions { size: [128, 128, 72], spacing_mm: [1.6, 1.6, 4.0], rng_seed, noise_hu: 13.0 };
    Phantom::generate(&options).unwrap()
}

fn voxels_of(labels: &LabelMap, label: u16) -> Vec<[usize; 3]> {
    let [nx, ny, _] = labels.geometry().size();
    let all = labels.labels().iter().enumerate();
    all.filter(|(_, l)| **l == label).map(|(i, _)| [i % nx, i / nx % ny, i / nx / ny]).collect()
}

/// Centre of mass of a label in RAS mm.
fn center_mm(labels: &LabelMap, label: u16) -> [f64; 3] {
    let voxels = voxels_of(labels, label);
    let sum = voxels.iter().fold([0.0; 3], |s, v| std::array::from_fn(|d| s[d] + v[d] as f64));
    labels.geometry().world_of_voxel(sum.map(|s| s / voxels.len() as f64))
}

/// Mean and standard deviation inside a label, two voxels away from its border in the plane.
fn inside_hu(ct: &Volume, labels: &LabelMap, label: u16) -> (f64, f64) {
    let values: Vec<f64> = voxels_of(labels, label)
        .into_iter()
        .filter(|&[x, y, z]| {
            let [nx, ny, nz] = labels.geometry().size();
            let room = x > 1 && y > 1 && z > 0 && x + 2 < nx && y + 2 < ny && z + 1 < nz;
            room && [[x - 2, y, z], [x + 2, y, z], [x, y - 2, z], [x, y + 2, z], [x, y, z - 1], [x, y, z + 1]]
                .iter()
                .all(|&v| labels.at(v) == label)
        })
        .map(|v| f64::from(ct.at(v)))
        .collect();
    assert!(values.len() > 20, "label {label} is too small: {} inner voxels", values.len());
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

#[test]
fn the_default_is_stored_as_lps_with_the_stated_grid() {
    let phantom = coarse(0);
    let geometry = phantom.ct.geometry();
    assert_eq!(geometry.orientation(), ['L', 'P', 'S']);
    assert_eq!(geometry.size(), [128, 128, 72]);
    assert_eq!(geometry.spacing_mm(), [1.6, 1.6, 4.0]);
    assert!(phantom.labels.geometry().same_grid(geometry, 0.0));
    // The middle of the grid is the origin.
    assert_eq!(geometry.world_of_voxel([63.5, 63.5, 35.5]), [0.0; 3]);
    let default = PhantomOptions::default();
    assert_eq!((default.size, default.spacing_mm), ([256, 256, 96], [0.8, 0.8, 3.0]));
}

#[test]
fn a_seed_is_a_patient() {
    let (a, b, c) = (coarse(1), coarse(1), coarse(2));
    assert_eq!(a.ct.to_f32(), b.ct.to_f32());
    assert_eq!(a.labels, b.labels);
    assert_eq!(a.suggestions, b.suggestions);
    let changed = a.labels.labels().iter().zip(c.labels.labels()).filter(|(a, c)| a != c).count();
    assert!(changed > a.labels.labels().len() / 100, "{changed}");
}

/// FNV-1a.
fn fingerprint(values: impl Iterator<Item = i16>) -> u64 {
    values
        .flat_map(i16::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Only +, -, *, / and square roots are used, so the numbers are the same on every machine. Changes of the anatomy
/// change them: then the README's figures must be measured again, too.
#[test]
fn the_same_phantom_on_every_machine() {
    let options = PhantomOptions { size: [64, 64, 36], spacing_mm: [3.2, 3.2, 8.0], rng_seed: 7, noise_hu: 13.0 };
    let phantom = Phantom::generate(&options).unwrap();
    let ct = fingerprint(phantom.ct.to_f32().into_iter().map(|v| v as i16));
    let labels = fingerprint(phantom.labels.labels().iter().map(|&l| l as i16));
    assert_eq!((ct, labels), (0x97fb_c048_bd22_a939, 0x58b6_9547_8a43_3293), "{ct:#x} {labels:#x}");
}

#[test]
fn organs_lie_on_their_sides() {
    for seed in 0..4 {
        let labels = coarse(seed).labels;
        for (label, name) in LABEL_NAMES {
            assert!(labels.count(label) > 0, "seed {seed} has no {name}");
        }
        let at = |label| center_mm(&labels, label);
        assert!(at(5)[0] > 10.0, "liver on the patient's right");
        assert!(at(2)[0] > 5.0, "gallbladder on the patient's right");
        assert!(at(7)[0] < -20.0 && at(8)[0] < -5.0, "spleen and stomach on the patient's left");
        assert!(at(4)[0] > 20.0 && at(3)[0] < -20.0, "kidneys on their sides");
        assert!(at(9)[0] > at(1)[0], "vena cava to the right of the aorta");
        assert!(at(14)[1] < -8.0 && at(8)[1] > 0.0, "bone behind, stomach in front");
        assert!(at(12)[2] > at(5)[2] && at(5)[2] > at(16)[2], "lung above liver above bladder");
    }
}

#[test]
fn a_child_fills_the_small_field_and_an_adult_the_large_one() {
    let child = coarse(0).labels;
    let options = PhantomOptions { size: [128, 128, 80], spacing_mm: [3.0, 3.0, 5.0], rng_seed: 0, noise_hu: 13.0 };
    let adult = Phantom::generate(&options).unwrap().labels;
    // mL: liver of a child about 250 to 450, of an adult about 1000 to 2000; kidneys 20 to 60 and 100 to 220.
    for (labels, liver, kidney) in [(&child, 200.0..500.0, 18.0..65.0), (&adult, 900.0..2100.0, 90.0..230.0)] {
        assert!(liver.contains(&labels.volume_ml(5)), "liver {}", labels.volume_ml(5));
        for side in [3, 4] {
            assert!(kidney.contains(&labels.volume_ml(side)), "kidney {}", labels.volume_ml(side));
        }
    }
}

#[test]
fn tissues_have_the_numbers_of_the_portal_venous_phase() {
    for seed in 0..3 {
        let Phantom { ct, labels, .. } = coarse(seed);
        let expect = |label, low: f64, high: f64| {
            let (mean, deviation) = inside_hu(&ct, &labels, label);
            assert!((low..high).contains(&mean), "seed {seed} label {label}: {mean} HU");
            deviation
        };
        for kidney in [3, 4] {
            expect(kidney, 160.0, 205.0);
        }
        let liver = expect(5, 100.0, 120.0);
        let bladder = expect(16, 0.0, 20.0);
        expect(15, 40.0, 75.0);
        expect(12, -900.0, -780.0);
        assert!((8.0..20.0).contains(&liver), "spread of the liver {liver} HU");
        assert!((8.0..18.0).contains(&bladder), "noise in fluid {bladder} HU");
    }
}

#[test]
fn noise_is_correlated_as_a_ct_s_is() {
    let options = PhantomOptions { size: [256, 256, 8], ..PhantomOptions::default() };
    let quiet = Phantom::generate(&PhantomOptions { noise_hu: 0.0, ..options.clone() }).unwrap();
    let noisy = Phantom::generate(&options).unwrap();
    let noise: Vec<f64> = noisy.ct.to_f32().iter().zip(quiet.ct.to_f32()).map(|(n, q)| f64::from(n - q)).collect();
    // A square in the middle of each slice.
    let at = |x: usize, y: usize, z: usize| noise[(z * 256 + y) * 256 + x];
    let covariance = |dx: usize, dz: usize| {
        let mut sum = 0.0;
        for z in 0..7 {
            for y in 90..150 {
                for x in 90..150 {
                    sum += at(x, y, z) * at(x + dx, y, z + dz);
                }
            }
        }
        sum / (7.0 * 3600.0)
    };
    let variance = covariance(0, 0);
    assert!((10.5..15.0).contains(&variance.sqrt()), "{}", variance.sqrt());
    let correlation = |dx, dz| covariance(dx, dz) / variance;
    // Neighbours go together, at 3 pixels the band-pass makes them go apart, far away they are independent.
    assert!((0.4..0.8).contains(&correlation(1, 0)), "{}", correlation(1, 0));
    assert!(correlation(4, 0) < 0.0, "{}", correlation(4, 0));
    assert!(correlation(20, 0).abs() < 0.04, "{}", correlation(20, 0));
    assert!((0.2..0.6).contains(&correlation(0, 1)), "{}", correlation(0, 1));
}

#[test]
fn borders_show_partial_volume() {
    let options = PhantomOptions { size: [128, 128, 24], spacing_mm: [1.6, 1.6, 6.0], rng_seed: 3, noise_hu: 0.0 };
    let ct = Phantom::generate(&options).unwrap().ct;
    // Between air and skin nothing has -900 to -150 HU but mixtures.
    let [nx, _, _] = ct.geometry().size();
    let row = |y: usize| (0..nx).map(move |x| [x, y, 12]);
    let mixed = (0..128).flat_map(row).filter(|&v| (-900.0..-150.0).contains(&ct.at(v))).count();
    assert!(mixed > 100, "{mixed}");
}

#[test]
fn suggestions_fit_the_organs() {
    for seed in 0..6 {
        let phantom = coarse(seed);
        let labels: Vec<u16> = phantom.suggestions.iter().map(|s| s.label).collect();
        assert_eq!(labels, [3, 4, 5], "seed {seed}");
        for s in &phantom.suggestions {
            assert!(s.seeds.len() >= 2, "seed {seed} {}", s.organ);
            for seed_mm in &s.seeds {
                let v = phantom.labels.geometry().voxel_of_world([seed_mm[0], seed_mm[1], seed_mm[2]]);
                assert_eq!(phantom.labels.at(v.map(|c| c.round() as usize)), s.label);
            }
            let voxels = voxels_of(&phantom.labels, s.label);
            let within = |v: &&[usize; 3]| (0..3).all(|d| s.roi_lower[d] <= v[d] && v[d] < s.roi_upper[d]);
            assert_eq!(voxels.iter().filter(within).count(), voxels.len(), "seed {seed}: {} leaves its box", s.organ);
            let (mean, _) = inside_hu(&phantom.ct, &phantom.labels, s.label);
            assert!(f64::from(s.lower_hu) < mean && mean < f64::from(s.upper_hu));
        }
        let kidney = &phantom.suggestions[0];
        let boxed: usize = (0..3).map(|d| kidney.roi_upper[d] - kidney.roi_lower[d]).product();
        assert!(boxed < phantom.labels.labels().len() / 10, "the box of a kidney is small");
    }
}

#[test]
fn impossible_phantoms_are_refused() {
    let with = |change: fn(&mut PhantomOptions)| {
        let mut options = PhantomOptions::default();
        change(&mut options);
        Phantom::generate(&options).unwrap_err()
    };
    assert!(matches!(with(|o| o.size[2] = 0), PhantomError::Size { .. }));
    assert!(matches!(with(|o| o.size = [2048; 3]), PhantomError::Size { .. }));
    assert!(matches!(with(|o| o.spacing_mm[0] = f64::NAN), PhantomError::Spacing { .. }));
    assert!(matches!(with(|o| o.noise_hu = -1.0), PhantomError::Noise { .. }));
}
