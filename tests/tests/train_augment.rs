//! Augmentation: the same for the same seed, one map for image and truth, and nothing where nothing is asked for.

use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::train::recipe::{Augmentation, StartRecipe, Structure};
use zeroset_engine::train::{Slice, augmented, deformed, draws_deformed, random_for};

const SIZE: [usize; 2] = [64, 80];

fn preprocessing() -> Preprocessing {
    Preprocessing {
        window_hu: [-100.0, 200.0],
        size: SIZE,
        fit: Fit::Stretch,
        neighbours: 0,
        neighbour_mm: None,
        band_px: 4.0,
        organs: vec![Organ { name: "disc".into(), labels: vec![1] }],
    }
}

/// A disc off the middle: 150 HU inside, 0 outside; the truth says the same as a part of each pixel.
fn disc() -> Slice {
    let part = |i: usize| {
        let (row, column) = ((i / SIZE[1]) as f32, (i % SIZE[1]) as f32);
        (12.5 - ((row - 28.0).powi(2) + (column - 36.0).powi(2)).sqrt()).clamp(0.0, 1.0)
    };
    let inside: Vec<f32> = (0..SIZE[0] * SIZE[1]).map(part).collect();
    let image_hu = inside.iter().map(|p| 150.0 * p).collect();
    Slice { size: SIZE, image_hu, inside, valid: None, structures: Vec::new() }
}

fn seen(wanted: &Augmentation, indices: [u64; 2]) -> (Slice, [f32; 2]) {
    augmented(disc(), wanted, &preprocessing(), &mut random_for("augment", 3, indices))
}

fn all() -> Augmentation {
    Augmentation {
        scale: 0.2,
        rotation_degrees: 20.0,
        translation: 0.05,
        flip_left_right: 0.5,
        elastic_px: 2.0,
        elastic_grid_px: 16.0,
        brightness_hu: 20.0,
        contrast: 0.2,
        window_shift_hu: 20.0,
        noise_hu: 10.0,
        blur_px: 0.8,
        ..Augmentation::default()
    }
}

/// The disc with a darker and a brighter half, marked as the only structure, in three channels of other brightness.
fn marked() -> Slice {
    let disc = disc();
    let textured = |shift: f32| {
        let hu = move |(i, p): (usize, &f32)| p * (150.0 + if i % 2 == 0 { 20.0 } else { -20.0 }) + shift;
        disc.inside.iter().enumerate().map(hu).collect::<Vec<f32>>()
    };
    let places: Vec<u8> = disc.inside.iter().map(|&p| u8::from(p >= 0.5)).collect();
    Slice {
        image_hu: [textured(-1.0), textured(0.0), textured(1.0)].concat(),
        structures: [places.clone(), places.clone(), places].concat(),
        ..disc
    }
}

fn one_structure(native: f64, structure_shift_hu: f32) -> Augmentation {
    let structures = vec![Structure { labels: vec![1], native_hu: [20.0, 30.0] }];
    Augmentation { native, structure_shift_hu, structures, ..Augmentation::default() }
}

/// The least and the greatest HU of the disc's inner part, and of what lies well outside.
fn levels(slice: &Slice) -> [f32; 4] {
    let plane = SIZE[0] * SIZE[1];
    let away = |i: usize| {
        let (row, column) = ((i % plane / SIZE[1]) as f32, (i % SIZE[1]) as f32);
        ((row - 28.0).powi(2) + (column - 36.0).powi(2)).sqrt()
    };
    let ends = |near: bool| {
        let of = slice.image_hu.iter().enumerate();
        let chosen = of.filter(|&(i, _)| if near { away(i) < 9.0 } else { away(i) > 16.0 }).map(|(_, hu)| *hu);
        chosen.fold([f32::MAX, f32::MIN], |[least, most], hu| [least.min(hu), most.max(hu)])
    };
    let (inner, outer) = (ends(true), ends(false));
    [inner[0], inner[1], outer[0], outer[1]]
}

#[test]
fn nothing_asked_for_is_nothing_done() {
    assert_eq!(seen(&Augmentation::default(), [0, 0]), (disc(), [-100.0, 200.0]));
}

#[test]
fn the_same_numbers_give_the_same_slice() {
    assert_eq!(seen(&all(), [4, 9]), seen(&all(), [4, 9]));
    assert_ne!(seen(&all(), [4, 9]).0, seen(&all(), [5, 9]).0);
    assert_ne!(seen(&all(), [4, 9]).0, seen(&all(), [4, 10]).0);
}

#[test]
fn image_and_truth_go_through_one_map() {
    let geometric = Augmentation { brightness_hu: 0.0, contrast: 0.0, noise_hu: 0.0, blur_px: 0.0, ..all() };
    let mut moved = 0.0f32;
    for sample in 0..20 {
        let (slice, _) = seen(&geometric, [0, sample]);
        // Beyond the slice lies air, where the disc is not.
        for (hu, part) in slice.image_hu.iter().zip(&slice.inside).filter(|(hu, _)| **hu >= 0.0) {
            assert!((hu - 150.0 * part).abs() < 0.01, "{hu} HU where the truth is {part}");
        }
        moved = moved.max(slice.inside.iter().zip(&disc().inside).map(|(a, b)| (a - b).abs()).sum());
        let area: f32 = slice.inside.iter().sum();
        assert!((200.0..900.0).contains(&area), "the disc stays a disc: {area} pixels of 490");
    }
    assert!(moved > 100.0, "slices must differ from the original: {moved}");
}

#[test]
fn a_mirror_image_swaps_left_and_right_exactly() {
    let mirror = Augmentation { flip_left_right: 1.0, ..Augmentation::default() };
    let (slice, _) = seen(&mirror, [0, 0]);
    let original = disc();
    for row in 0..SIZE[0] {
        for column in 0..SIZE[1] {
            let (here, there) = (row * SIZE[1] + column, row * SIZE[1] + SIZE[1] - 1 - column);
            assert_eq!(slice.image_hu[here], original.image_hu[there]);
            assert_eq!(slice.inside[here], original.inside[there]);
        }
    }
}

#[test]
fn scale_and_intensities_stay_in_their_ranges() {
    let (scale, contrast) = (Augmentation { scale: 0.2, ..Augmentation::default() }, 0.2);
    let bright = Augmentation { brightness_hu: 20.0, contrast, window_shift_hu: 30.0, ..Augmentation::default() };
    let (mut areas, mut levels) = (Vec::new(), Vec::new());
    for sample in 0..200 {
        areas.push(seen(&scale, [0, sample]).0.inside.iter().sum::<f32>());
        let (slice, window) = seen(&bright, [0, sample]);
        levels.push(slice.image_hu[28 * SIZE[1] + 36]);
        assert!((window[0] + 100.0).abs() <= 30.0 && (window[1] - 200.0).abs() <= 30.0, "{window:?}");
    }
    let ends = |v: &[f32]| (v.iter().copied().fold(f32::MAX, f32::min), v.iter().copied().fold(f32::MIN, f32::max));
    let original: f32 = disc().inside.iter().sum();
    let (least, most) = ends(&areas);
    assert!(least > original / 1.44 * 0.97 && least < original / 1.35, "{least} of {original}");
    assert!(most < original * 1.44 * 1.03 && most > original * 1.35, "{most} of {original}");
    // 150 HU lie 100 above the window's middle, 50.
    let (least, most) = ends(&levels);
    assert!(least >= 50.0 + 100.0 / 1.2 - 20.0 - 0.01 && most <= 50.0 + 120.0 + 20.0 + 0.01, "{least} to {most}");
    assert!(most - least > 40.0);
}

#[test]
fn elastic_displacement_has_the_asked_size() {
    // A ramp shows where each pixel comes from.
    let ramp = Slice {
        image_hu: (0..SIZE[0] * SIZE[1]).map(|i| (i % SIZE[1]) as f32).collect(),
        inside: vec![0.0; SIZE[0] * SIZE[1]],
        ..disc()
    };
    let elastic = Augmentation { elastic_px: 2.0, elastic_grid_px: 8.0, ..Augmentation::default() };
    let (mut sum, mut count) = (0.0, 0);
    for sample in 0..30 {
        let (slice, _) =
            augmented(ramp.clone(), &elastic, &preprocessing(), &mut random_for("augment", 3, [0, sample]));
        for row in (8..56).step_by(8) {
            for column in (16..64).step_by(8) {
                let i = row * SIZE[1] + column;
                sum += (slice.image_hu[i] - column as f32).powi(2);
                count += 1;
            }
        }
    }
    let deviation = (sum / count as f32).sqrt();
    assert!((deviation - 2.0).abs() < 0.3, "{deviation} px, asked for 2");
}

#[test]
fn a_deformed_truth_is_a_distance_map_near_the_truth() {
    let wanted = StartRecipe::default();
    let truth = disc().inside;
    for sample in 0..10 {
        let (is_deformed, mut random) = draws_deformed(&wanted, 1, Some(0), sample);
        assert!(is_deformed, "there is no checkpoint to find contours");
        let phi = deformed(&truth, SIZE, 4.0, &wanted, &mut random);
        let area = phi.iter().filter(|&&v| v < 0.0).count();
        assert!((100..1200).contains(&area), "{area} pixels of 490");
        // One pixel further is at most one pixel more.
        for row in 0..SIZE[0] {
            for column in 1..SIZE[1] {
                let i = row * SIZE[1] + column;
                assert!((phi[i] - phi[i - 1]).abs() <= 0.25 + 1e-5);
            }
        }
    }
    let part = StartRecipe { checkpoint: Some("x".into()), deformed_part: 0.25, ..wanted };
    let drawn = (0..1000).filter(|&sample| draws_deformed(&part, 1, None, sample).0).count();
    assert!((200..300).contains(&drawn), "{drawn} of 1000, expected 250");
}

#[test]
fn without_contrast_medium_a_structure_takes_its_native_mean_and_the_rest_stays() {
    for sample in 0..20 {
        let mut random = random_for("augment", 3, [1, sample]);
        let (slice, _) = augmented(marked(), &one_structure(1.0, 0.0), &preprocessing(), &mut random);
        let [least, most, outer_least, outer_most] = levels(&slice);
        // Of ±21 HU of texture between 30 % and all is left, about a mean of 20 to 30 HU (the disc's soft rim, darker
        // than the disc, is part of that mean).
        assert!(most - least < 42.1 && most - least > 0.29 * 42.0, "{least} to {most} HU");
        assert!((15.0..65.0).contains(&(0.5 * (least + most))), "{least} to {most} HU");
        assert_eq!([outer_least, outer_most], [-1.0, 1.0], "what has no label keeps its HU");
    }
}

#[test]
fn structures_shift_each_on_its_own_within_the_range() {
    let mut shifts = Vec::new();
    for sample in 0..100 {
        let mut random = random_for("augment", 3, [1, sample]);
        let (slice, _) = augmented(marked(), &one_structure(0.0, 40.0), &preprocessing(), &mut random);
        let [least, most, outer_least, outer_most] = levels(&slice);
        assert!((most - least - 42.0).abs() < 0.01, "the texture stays: {least} to {most} HU");
        assert_eq!([outer_least, outer_most], [-1.0, 1.0]);
        shifts.push(least - 129.0);
    }
    let (least, most) = shifts.iter().fold((f32::MAX, f32::MIN), |(a, b), s| (a.min(*s), b.max(*s)));
    assert!((-40.01..-30.0).contains(&least) && (30.0..40.01).contains(&most), "{least} to {most} HU");
}

#[test]
fn repeated_neighbours_show_the_slice_itself() {
    let wanted = Augmentation { repeat_neighbours: 1.0, ..Augmentation::default() };
    let (slice, _) = augmented(marked(), &wanted, &preprocessing(), &mut random_for("augment", 3, [0, 0]));
    let plane = SIZE[0] * SIZE[1];
    let middle = marked().image_hu[plane..2 * plane].to_vec();
    for channel in slice.image_hu.chunks_exact(plane) {
        assert!(channel.iter().zip(&middle).all(|(a, b)| (a - b).abs() < 1e-3));
    }
}
