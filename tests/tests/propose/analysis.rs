//! What anatomy says: parts, sides, what is kept, what is left out, and every warning, on boxes of known volume.

use crate::support::{CRUMB, Cuboid, LEFT, PELVIC, RIGHT, VOXEL_ML, grid, labels, lps, phi, scan};
use proptest::prelude::*;
use zeroset_engine::Volume;
use zeroset_engine::analysis::{
    Components, Face, Findings, PartName, Side, Warning, describe, erase, side_labels, tidy,
};
use zeroset_engine::io;
use zeroset_engine::roi::Roi;
use zeroset_tests::files::real_data;

const KIDNEYS: [PartName; 2] = [PartName::Kidney(Side::Left), PartName::Kidney(Side::Right)];

/// φ after tidying, the number of its inner voxels, and the findings.
fn tidied(organ: &str, boxes: &[Cuboid]) -> (usize, Findings) {
    let grid = lps();
    let mut phi = phi(&grid, boxes);
    let findings = tidy(organ, &scan(&grid, boxes, 0.0), None, &mut phi);
    (phi.iter().filter(|&&v| v < 0.0).count(), findings)
}

fn names(findings: &Findings) -> Vec<PartName> {
    findings.parts.iter().map(|part| part.name).collect()
}

/// Fills from voxel to voxel: the slow way.
fn flooded(mask: &[bool], size: [usize; 3]) -> Vec<usize> {
    let mut part = vec![0; mask.len()];
    let mut count = 0;
    for first in 0..mask.len() {
        if !mask[first] || part[first] > 0 {
            continue;
        }
        count += 1;
        let mut open = vec![first];
        part[first] = count;
        while let Some(i) = open.pop() {
            let at = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
            for j in 0..27 {
                let to: [usize; 3] = std::array::from_fn(|d| (at[d] + j / 3_usize.pow(d as u32) % 3).wrapping_sub(1));
                if (0..3).all(|d| to[d] < size[d]) {
                    let next = (to[2] * size[1] + to[1]) * size[0] + to[0];
                    if mask[next] && part[next] == 0 {
                        part[next] = count;
                        open.push(next);
                    }
                }
            }
        }
    }
    part
}

proptest! {
    #[test]
    fn components_are_those_of_a_flood(size in [1_usize..9, 1_usize..8, 1_usize..7], seed: u64, share in 1_u64..9) {
        let mut state = seed;
        let mask: Vec<bool> = (0..size.iter().product()).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % 10 < share
        }).collect();
        let flooded = flooded(&mask, size);
        let components = Components::of(size, |i| mask[i]);
        prop_assert_eq!(components.parts().len(), flooded.iter().copied().max().unwrap_or(0));
        let mut seen = 0;
        for (number, part) in components.parts().iter().enumerate() {
            let voxels: Vec<usize> = components.voxels(number).collect();
            prop_assert_eq!(voxels.len(), part.voxels);
            prop_assert!(voxels.iter().all(|&i| flooded[i] == flooded[voxels[0]] && flooded[i] > 0));
            prop_assert!(number == 0 || part.voxels <= components.parts()[number - 1].voxels);
            for d in 0..3 {
                let along = |i: &usize| [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])][d];
                let mean = voxels.iter().map(|i| along(i) as f64).sum::<f64>() / voxels.len() as f64;
                prop_assert!((part.centre_voxel[d] - mean).abs() < 1e-9);
                prop_assert_eq!(part.lower[d], voxels.iter().map(along).min().unwrap());
                prop_assert_eq!(part.upper[d], voxels.iter().map(along).max().unwrap() + 1);
            }
            seen += part.voxels;
        }
        prop_assert_eq!(seen, mask.iter().filter(|&&v| v).count());
    }
}

#[test]
fn sides_are_the_patients_in_every_storage_and_wherever_the_body_lies() {
    let smaller: Cuboid = (RIGHT.0, [40.0, 40.0, 80.0]);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (permutation, flips) in orders.into_iter().flat_map(|p| (0..8).map(move |f| (p, f))) {
        let grid = grid(permutation, [0, 1, 2].map(|d| flips >> d & 1 == 1));
        let mut phi = phi(&grid, &[LEFT, smaller]);
        let findings = tidy("kidney", &scan(&grid, &[LEFT, smaller], 0.0), None, &mut phi);
        assert_eq!(names(&findings), KIDNEYS, "{permutation:?} {flips}");
        let volumes: Vec<f64> = findings.parts.iter().map(|part| part.volume_ml).collect();
        assert!((volumes[0] - 160.0).abs() < 1e-9 && (volumes[1] - 128.0).abs() < 1e-9, "{volumes:?}");
        assert!((0..3).all(|d| (findings.parts[0].centre_mm[d] - LEFT.0[d]).abs() < 1e-6));
        assert_eq!(findings.warnings, [], "{permutation:?} {flips}");
    }
    // A body far to the right of the scan's middle: both kidneys have R > 0, and are left and right all the same.
    let shift = |(middle, sides): Cuboid| ([middle[0] + 64.0, middle[1], middle[2]], sides);
    let boxes = [LEFT, smaller].map(shift);
    let grid = lps();
    let mut phi = phi(&grid, &boxes);
    let findings = tidy("kidney", &scan(&grid, &boxes, 64.0), None, &mut phi);
    assert_eq!(names(&findings), KIDNEYS);
    assert!((findings.parts[0].volume_ml - 160.0).abs() < 1e-9);
}

#[test]
fn two_kidneys_stay_and_what_else_is_found_goes_with_a_word() {
    let (inside, findings) = tidied("kidney", &[LEFT, RIGHT, CRUMB]);
    assert_eq!((inside, findings.voxels, names(&findings)), (4000, 4000, KIDNEYS.to_vec()));
    // 2 × 2 × 2 voxels: a crumb goes without a word.
    assert_eq!((findings.left_out, findings.warnings.len()), ((1, 8.0 * VOXEL_ML), 0));
    let (inside, findings) = tidied("kidney", &[LEFT, RIGHT, PELVIC, CRUMB]);
    assert_eq!(inside, 4000);
    assert_eq!(findings.warnings, [Warning::LeftOut { parts: 1, volume_ml: 80.0 }]);
    assert!((findings.volume_ml - 320.0).abs() < 1e-9);
}

#[test]
fn unusual_kidneys_stay_with_a_warning() {
    // Alone.
    let (inside, findings) = tidied("kidney", &[RIGHT]);
    assert_eq!(inside, 2000);
    assert_eq!(findings.warnings, [Warning::OneKidney(PartName::Kidney(Side::Right))]);
    // Across the midline: a bridge between the lower poles.
    let bridge: Cuboid = ([0.0, -40.0, -40.0], [80.0, 24.0, 20.0]);
    let (inside, findings) = tidied("kidney", &[LEFT, RIGHT, bridge]);
    assert_eq!((inside, names(&findings)), (4480, vec![PartName::BothKidneys]));
    assert_eq!(findings.warnings, [Warning::AcrossMidline]);
    // A transplant beside shrunken kidneys of 23 mL.
    let shrunken = [LEFT, RIGHT].map(|(middle, _)| (middle, [24.0, 24.0, 40.0]));
    let (inside, findings) = tidied("kidney", &[shrunken[0], shrunken[1], PELVIC]);
    assert_eq!(inside, 2 * 288 + 1000);
    assert!(findings.warnings.contains(&Warning::Third { volume_ml: 23.04 }), "{:?}", findings.warnings);
    assert_eq!(findings.warnings.iter().filter(|w| matches!(w, Warning::Volume { .. })).count(), 1);
    // Something small in the pelvis is none, whatever the kidneys.
    let small: Cuboid = ([80.0, 0.0, -130.0], [24.0, 24.0, 40.0]);
    let (inside, findings) = tidied("kidney", &[shrunken[0], RIGHT, small]);
    assert_eq!(inside, 288 + 2000);
    assert!(findings.warnings.contains(&Warning::LeftOut { parts: 1, volume_ml: 23.04 }), "{:?}", findings.warnings);
    // A transplant and one kidney.
    let (inside, findings) = tidied("kidney", &[LEFT, PELVIC]);
    assert_eq!(inside, 3000);
    assert!(findings.warnings.contains(&Warning::SameSide), "{:?}", findings.warnings);
    // In two pieces, because a slice was missed.
    let pieces = [([-60.0, -40.0, 30.0], [40.0, 40.0, 40.0]), ([-60.0, -40.0, -20.0], [40.0, 40.0, 50.0])];
    let (inside, findings) = tidied("kidney", &[pieces[0], pieces[1], RIGHT]);
    assert_eq!((inside, findings.parts.len()), (800 + 1000 + 2000, 2));
    assert_eq!(findings.warnings, [Warning::Pieces { name: PartName::Kidney(Side::Left), pieces: 2 }]);
    // What is all there is stays, however small.
    let (inside, findings) = tidied("kidney", &[CRUMB]);
    assert_eq!(inside, 8);
    assert!(
        matches!(findings.warnings.as_slice(), [Warning::OneKidney(_), Warning::Volume { .. }]),
        "{:?}",
        findings.warnings
    );
}

#[test]
fn what_hangs_on_a_kidney_by_a_neck_is_told() {
    // A loop of bowel of 40 x 40 x 40 mm below the left kidney, joined to it by one slice of 16 x 16 mm.
    let (bowel, joint) = (([-60.0, -40.0, -75.0], [40.0, 40.0, 40.0]), ([-60.0, -40.0, -52.5], [16.0, 16.0, 5.0]));
    let (inside, findings) = tidied("kidney", &[LEFT, RIGHT, bowel, joint]);
    assert_eq!((inside, names(&findings)), (4000 + 800 + 16, KIDNEYS.to_vec()), "nothing is cut off");
    let neck = Warning::Neck { name: PartName::Kidney(Side::Left), at_mm: -52.5, volume_ml: 800.0 * VOXEL_ML };
    assert_eq!(findings.warnings, [neck]);
    assert!(findings.warnings[0].to_string().contains("the left kidney narrows to a neck at S -5"));
    // A pole that tapers is no neck, nor is a waist that a kidney has at its hilum.
    let pole = ([-60.0, -40.0, -62.5], [16.0, 16.0, 25.0]);
    assert_eq!(tidied("kidney", &[LEFT, RIGHT, pole]).1.warnings, []);
    let waist = ([-60.0, -40.0, -52.5], [32.0, 32.0, 5.0]);
    assert_eq!(tidied("kidney", &[LEFT, RIGHT, bowel, waist]).1.warnings, []);
}

#[test]
fn the_liver_is_the_largest_part() {
    let liver: Cuboid = ([60.0, 0.0, 40.0], [120.0, 120.0, 100.0]);
    let (inside, findings) = tidied("liver", &[liver, LEFT, CRUMB]);
    assert_eq!((inside, names(&findings)), (18000, vec![PartName::Organ]));
    assert_eq!(findings.warnings, [Warning::LeftOut { parts: 1, volume_ml: 160.0 }]);
    let (_, findings) = tidied("liver", &[LEFT]);
    assert_eq!(
        findings.warnings,
        [Warning::Volume { name: PartName::Organ, volume_ml: 160.0, usual_ml: [550.0, 3000.0] }]
    );
}

#[test]
fn borders_empty_contours_and_boxes_are_told() {
    // The upper half of the left kidney lies above the scan.
    let high: Cuboid = ([-60.0, -40.0, 175.0], [40.0, 40.0, 100.0]);
    let (inside, findings) = tidied("kidney", &[high, RIGHT]);
    assert_eq!(inside, 3000);
    let expected = Warning::Border { name: PartName::Kidney(Side::Left), faces: vec![Face::Upper] };
    assert_eq!(findings.warnings, std::slice::from_ref(&expected));
    assert_eq!(
        expected.to_string(),
        "the left kidney reaches the upper border of the scan: part of it may lie outside"
    );
    let (_, findings) = tidied("kidney", &[]);
    assert_eq!((findings.warnings, findings.bounds), (vec![Warning::Nothing], None));
    // In a box around one kidney nobody misses the other one; in a slice every part may belong.
    let grid = lps();
    let roi = Roi { lower: [45, 0, 0], upper: [80, 60, 70], resample: None };
    let ct = scan(&grid, &[LEFT], 0.0);
    assert_eq!(tidy("kidney", &ct, Some(&roi), &mut phi(&grid, &[LEFT])).warnings, []);
    let slice = Roi { lower: [0, 0, 35], upper: [80, 60, 36], resample: None };
    let ends = [([-60.0, -60.0, 2.5], [40.0, 8.0, 5.0]), ([-60.0, -20.0, 2.5], [40.0, 8.0, 5.0])];
    let findings = tidy("kidney", &ct, Some(&slice), &mut phi(&grid, &ends));
    assert_eq!((findings.voxels, findings.warnings), (40, Vec::new()));
}

#[test]
fn what_somebody_drew_is_never_left_out() {
    let grid = lps();
    let boxes = [LEFT, RIGHT, PELVIC, CRUMB];
    let findings = describe("kidney", &scan(&grid, &boxes, 0.0), None, &phi(&grid, &boxes));
    assert_eq!((findings.voxels, findings.left_out.0), (5008, 0));
}

#[test]
fn erasing_leaves_the_rest_to_the_bit_and_a_distance() {
    let grid = lps();
    let near: Cuboid = ([0.0, -40.0, 0.0], [32.0, 40.0, 100.0]);
    let before = phi(&grid, &[LEFT, near]);
    let mut after = before.clone();
    let components = Components::of(grid.size(), |i| before[i] < 0.0);
    assert_eq!(components.parts()[1].voxels, 1600);
    erase(&mut after, &grid, &components, |part| part == 0);
    let alone = phi(&grid, &[LEFT]);
    let mut mended = 0;
    for i in 0..before.len() {
        let is_alone = (after[i] - alone[i]).abs() < 1e-4;
        assert!(is_alone || after[i] == before[i], "voxel {i}: {} instead of {}", after[i], alone[i]);
        assert!(is_alone || before[i] > 0.0, "voxel {i} was taken out: {} instead of {}", after[i], alone[i]);
        mended += usize::from(after[i] != before[i]);
    }
    assert!(mended > 1600, "what lies around it is mended too: {mended} voxels");
    assert!(labels(&grid, &[LEFT]).labels().iter().zip(&after).all(|(l, phi)| (*l > 0) == (*phi < 0.0)));
}

#[test]
fn a_horseshoe_is_parted_at_the_midline() {
    let grid = lps();
    let bridge: Cuboid = ([0.0, -40.0, -40.0], [80.0, 24.0, 20.0]);
    let phi = phi(&grid, &[LEFT, RIGHT, bridge]);
    let sides = side_labels(&grid, |i| phi[i] < 0.0, 0.0, [3, 4]);
    let count = |label| sides.iter().filter(|&&l| l == label).count();
    assert_eq!((count(3), count(4)), (2240, 2240));
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn real_kidneys_are_told_apart_as_by_hand() {
    let folder = real_data("btcv256");
    let mut patients = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(case) = name.strip_suffix("_label.nii.gz") else { continue };
        let truth = io::read_labels(&path).unwrap().labels;
        let options = io::ReadOptions::default();
        let ct: Volume = io::read(&folder.join(format!("{case}_ct.nii.gz")), &options).unwrap().volume;
        let is_kidney = |i: usize| matches!(truth.labels()[i], 3 | 4);
        let mut phi: Vec<f32> = (0..truth.labels().len()).map(|i| if is_kidney(i) { -1.0 } else { 1.0 }).collect();
        let findings = tidy("kidney", &ct, None, &mut phi);
        let sides = side_labels(ct.geometry(), is_kidney, findings.midline_mm.unwrap(), [3, 4]);
        let wrong = (0..sides.len()).filter(|&i| is_kidney(i) && sides[i] != truth.labels()[i]).count();
        let whole = truth.count(3) + truth.count(4);
        assert!(wrong * 1000 <= whole, "{case}: {wrong} of {whole} voxels on the wrong side");
        assert!(findings.voxels * 100 >= whole * 99, "{case}: {} of {whole} voxels kept", findings.voxels);
        patients += 1;
    }
    assert_eq!(patients, 14);
}
