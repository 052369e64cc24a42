//! Series that are no volume, and which of several is taken.

use crate::writer::{Slice, read_slices, refusal, volume_of};
use zeroset_engine::io::{ReadOptions, file_of_series, list_series, read};

fn stack(count: usize) -> Vec<Slice> {
    (0..count).map(Slice::new).collect()
}

fn at(slices: &mut [Slice], heights: &[f64]) {
    for (slice, &z) in slices.iter_mut().zip(heights) {
        slice.position = Some([-10.0, -20.0, z]);
    }
}

#[test]
fn gaps_and_uneven_steps_name_their_slices() {
    let mut slices = stack(6);
    at(&mut slices, &[0.0, 2.5, 5.0, 12.5, 15.0, 17.5]);
    let text = refusal(&slices);
    // Slices 2 and 3 are written as IM17 and IM24.
    for words in ["a gap: 2 slice(s)", "between IM17 (at 5.000 mm) and IM24 (at 12.500 mm)", "--resample"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    at(&mut slices, &[0.0, 2.5, 5.0, 6.1, 8.6, 11.1]);
    let text = refusal(&slices);
    for words in ["uneven steps from 1.100 to 2.500 mm", "from IM17 (at 5.000 mm) to IM24", "--resample"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    at(&mut slices, &[0.0, 2.5, 5.0, 7.5, 10.0, 12.5]);
    slices[2].position = Some([-10.0, -14.0, 5.0]);
    assert!(refusal(&slices).contains("shifted sideways: IM17"));
}

#[test]
fn slices_at_one_place_are_copies_or_refused() {
    let mut slices = stack(4);
    slices.push(slices[2].clone());
    let scan = volume_of(&slices);
    assert_eq!(scan.volume.geometry().size()[2], 4);
    assert!(scan.warnings.iter().any(|w| w.contains("1 copies")), "{:?}", scan.warnings);
    slices[4].instance = "1.2.3.4.99".into();
    assert!(refusal(&slices).contains("different slices at one place (5.00 mm"));
}

#[test]
fn phases_at_one_place_are_series_of_their_own() {
    let mut slices = stack(3);
    let later = slices.clone().into_iter().map(|s| Slice {
        acquisition: 2,
        instance: s.instance.clone() + ".2",
        scale: Some((1.0, 0.0)),
        ..s
    });
    slices.extend(later);
    let text = refusal(&slices);
    assert!(text.contains("acquisition 1") && text.contains("acquisition 2") && text.contains("--series N"), "{text}");
    let second = ReadOptions { series: Some("2".into()), ..ReadOptions::default() };
    let scan = read_slices(&slices, &second).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((scan.volume.geometry().size()[2], scan.volume.at([1, 0, 0])), (3, 1.0));
    // Different acquisitions at different places are one volume.
    let mut steps = stack(4);
    steps.iter_mut().enumerate().for_each(|(i, s)| s.acquisition = i as i32);
    assert_eq!(volume_of(&steps).volume.geometry().size()[2], 4);
}

#[test]
fn what_does_not_place_a_slice_is_never_invented() {
    let without = |spoil: &dyn Fn(&mut Slice)| {
        let mut slices = stack(3);
        slices.iter_mut().for_each(spoil);
        refusal(&slices)
    };
    assert!(without(&|s| s.spacing = None).contains("no PixelSpacing"));
    assert!(without(&|s| s.position = None).contains("no ImagePositionPatient"));
    assert!(without(&|s| s.orientation = None).contains("no ImageOrientationPatient"));
    assert!(without(&|s| s.spacing = Some([0.0, 1.0])).contains("PixelSpacing of [0.0, 1.0]"));
    assert!(without(&|s| s.orientation = Some([1.0, 0.0, 0.0, 0.5, 0.5, 0.0])).contains("perpendicular"));
    assert!(without(&|s| s.orientation = Some([0.0; 6])).contains("perpendicular"));
    let mut single = stack(1);
    assert_eq!(volume_of(&single).volume.geometry().spacing_mm(), [0.5, 0.75, 2.5]);
    single[0].thickness = None;
    assert!(refusal(&single).contains("single slice"));
}

#[test]
fn localizers_and_other_orientations_are_apart() {
    let folder = tempfile::tempdir().expect("folder");
    for (i, slice) in stack(4).iter().enumerate() {
        slice.write(folder.path(), &format!("a{i}"));
    }
    let scout = Slice {
        image_type: "ORIGINAL\\PRIMARY\\LOCALIZER",
        orientation: Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]),
        instance: "1.2.3.4.77".into(),
        ..Slice::new(0)
    };
    let scout = scout.write(folder.path(), "scout");
    let plain = ReadOptions::default();
    let scan = read(folder.path(), &plain).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scan.volume.geometry().size(), [4, 3, 4]);
    // Any slice opens its series; the scout opens none.
    let by_file = read(&folder.path().join("a2"), &plain).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(by_file.volume.to_f32(), scan.volume.to_f32());
    assert!(read(&scout, &plain).expect_err("a scout").to_string().contains("is a localizer"));

    let mr = Slice { modality: "MR", series: "9.9".into(), ..Slice::new(0) };
    mr.write(folder.path(), "mr");
    let list = list_series(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let said: Vec<String> = list.iter().map(|s| s.describe()).collect();
    assert_eq!(said[0], "1: CT \"Abdomen 2.5\", 4 slice(s) of 4x3, 0.500x0.750x2.500 mm, 2024-02-29");
    assert!(said[1].starts_with("2: MR") && said[2].ends_with("localizer"), "{said:?}");
    assert_eq!(file_of_series(folder.path(), 2).unwrap_or_else(|e| panic!("{e}")), folder.path().join("mr"));
    let of_uid = ReadOptions { series: Some("9.9".into()), ..ReadOptions::default() };
    assert_eq!(read(folder.path(), &of_uid).unwrap_or_else(|e| panic!("{e}")).volume.geometry().size()[2], 1);
    let none = ReadOptions { series: Some("7".into()), ..ReadOptions::default() };
    assert!(read(folder.path(), &none).expect_err("no such").to_string().contains("has no series 7; there are 1: CT"));
}
