//! Slices for networks: the same patient gives the same picture whatever the order of voxels in the file, and a mask
//! that goes to the network's grid and back is the mask.

use zeroset_engine::metrics::Overlap;
use zeroset_engine::prepare::{FAR_BANDS, Fit, Organ, Preprocessing, SliceGrid, SliceGridError, distance_of};
use zeroset_engine::{Geometry, LabelMap, Roi, Volume};

fn preprocessing(size: [usize; 2], fit: Fit) -> Preprocessing {
    let organs = vec![Organ { name: "kidney".into(), labels: vec![3, 4] }];
    Preprocessing { window_hu: [-100.0, 200.0], size, fit, neighbours: 0, neighbour_mm: None, band_px: 5.0, organs }
}

/// HU that tell every place of the patient apart (RAS mm).
fn hu([x, y, z]: [f64; 3]) -> f32 {
    (x + 0.1 * y * y / 20.0 + 0.5 * z) as f32
}

/// The same RAS box of 20×16×10 mm, voxels of 1×2×5 mm, stored with the given order and signs of its axes.
fn stored(order: [usize; 3], flipped: [bool; 3]) -> Volume {
    let spacing_mm = [1.0, 2.0, 5.0];
    let voxels = [20, 8, 2];
    let mut rows = [[0.0; 4]; 3];
    for (axis, &world) in order.iter().enumerate() {
        rows[world][axis] = if flipped[axis] { -spacing_mm[world] } else { spacing_mm[world] };
        rows[world][3] = if flipped[axis] { spacing_mm[world] * (voxels[world] as f64 - 1.0) } else { 0.0 };
    }
    let geometry = Geometry::from_affine_rows(order.map(|world| voxels[world]), rows).unwrap();
    let samples = (0..geometry.len()).map(|i| hu(geometry.world_of_voxel(voxel_of(&geometry, i)))).collect();
    Volume::new(geometry, samples)
}

fn voxel_of(geometry: &Geometry, index: usize) -> [f64; 3] {
    let [nx, ny, _] = geometry.size();
    [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64)
}

#[test]
fn all_48_orientations_show_the_network_the_same_picture() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let wanted = preprocessing([8, 20], Fit::Stretch);
    for order in orders {
        for signs in 0..8 {
            let flipped = std::array::from_fn(|axis| signs >> axis & 1 == 1);
            let volume = stored(order, flipped);
            let grid = SliceGrid::new(volume.geometry(), &wanted, None).unwrap();
            assert_eq!(grid.slices(), 2);
            let (axis, reversed) = (order.iter().position(|&w| w == 2).unwrap(), flipped);
            for lower in 0..2 {
                // Slice numbers follow the stored order along the patient.
                let slice = if reversed[axis] { 1 - lower } else { lower };
                let image = grid.image_hu(&volume, slice);
                for (row, line) in image.chunks_exact(20).enumerate() {
                    for (column, &value) in line.iter().enumerate() {
                        // Column 0 is the patient's right (+R), row 0 the front (+A).
                        let expected = hu([19.0 - column as f64, 14.0 - 2.0 * row as f64, 5.0 * lower as f64]);
                        assert!((value - expected).abs() < 1e-3, "{order:?} {flipped:?}: {value} for {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn pixels_of_a_length_lie_around_the_middle_and_air_beyond() {
    let volume = stored([0, 1, 2], [true, true, false]);
    let grid = SliceGrid::new(volume.geometry(), &preprocessing([16, 40], Fit::PixelMm(1.0)), None).unwrap();
    assert_eq!(grid.pixel_mm(), [1.0, 1.0]);
    let image = grid.image_hu(&volume, 0);
    // 20 mm of patient in the middle of 40 mm, 16 mm in the middle of 16.
    let row = &image[8 * 40..9 * 40];
    assert!(row[..9].iter().chain(&row[31..]).all(|&v| v == -1024.0), "{row:?}");
    let expected = |column: f64| hu([19.0 - (column - 10.0), 14.0 - 7.5, 0.0]);
    for column in 10..30 {
        assert!((row[column] - expected(column as f64)).abs() < 0.2, "column {column}: {}", row[column]);
    }
}

#[test]
fn shrinking_averages_and_keeps_the_mean() {
    let geometry = Geometry::aligned([64, 64, 1], [1.0; 3], [0.0; 3]).unwrap();
    let samples: Vec<f32> = (0..64 * 64).map(|i| if (i % 64 + i / 64) % 2 == 0 { 0.0 } else { 100.0 }).collect();
    let grid = SliceGrid::new(&geometry, &preprocessing([16, 16], Fit::Stretch), None).unwrap();
    let image = grid.image_hu(&Volume::new(geometry, samples), 0);
    // A chequerboard of single pixels has no structure left at a quarter of the resolution.
    assert!(image.iter().all(|v| (v - 50.0).abs() < 2.0), "{image:?}");
}

#[test]
fn a_mask_survives_the_way_to_the_network_and_back() {
    for (size, fit) in
        [([96, 96], Fit::Stretch), ([160, 160], Fit::PixelMm(0.8)), ([64, 64], Fit::Region { margin: 0.2 })]
    {
        let geometry = Geometry::aligned([128, 120, 3], [0.9, 0.9, 3.0], [-50.0, 10.0, 0.0]).unwrap();
        let inside = |i: usize| {
            let (x, y) = ((i % 128) as f64 - 70.0, (i / 128 % 120) as f64 - 52.0);
            (x / 24.0).powi(2) + (y / 15.0).powi(2) < 1.0
        };
        let labels = (0..geometry.len()).map(|i| if inside(i) { 4 } else { 7 }).collect();
        let map = LabelMap::new(geometry.clone(), labels);
        let wanted = preprocessing(size, fit);
        let roi = Roi { lower: [44, 35, 0], upper: [96, 70, 3], resample: None };
        let grid = SliceGrid::new(&geometry, &wanted, Some(&roi)).unwrap();
        let mut phi_mm = vec![f32::NAN; geometry.len()];
        for slice in 0..3 {
            let part = grid.labels(&map, slice, &wanted.organs[0]);
            grid.put_phi_mm(slice, &grid.phi_band(&part), &mut phi_mm);
        }
        let back: Vec<bool> = phi_mm.iter().map(|&phi| phi < 0.0).collect();
        let truth: Vec<bool> = (0..geometry.len()).map(inside).collect();
        let dice = Overlap::of(&back, &truth).dice().unwrap();
        assert!(dice > 0.97, "{fit:?}: Dice {dice}");
        // phi is a distance in mm: at the ellipse's centre the short half axis, as far as the band reaches.
        let centre = phi_mm[geometry.index([70, 52, 1])];
        let expected = (-15.0 * 0.9_f64).max(-f64::from(FAR_BANDS) * grid.band_mm()) as f32;
        assert!((centre - expected).abs() < 1.5, "{fit:?}: {centre} mm for {expected} mm");
    }
}

#[test]
fn a_slice_without_the_organ_is_outside_everywhere() {
    let grid = SliceGrid::new(
        &Geometry::aligned([16, 16, 1], [1.0; 3], [0.0; 3]).unwrap(),
        &preprocessing([16, 16], Fit::Stretch),
        None,
    )
    .unwrap();
    assert!(grid.phi_band(&[0.0; 256]).iter().all(|&phi| phi == FAR_BANDS));
    assert!(grid.phi_band(&[1.0; 256]).iter().all(|&phi| phi == -FAR_BANDS));
}

/// Pixels from the middle of a 40 × 48 map to a circle.
fn to_circle(at: usize, radius_px: f32) -> f32 {
    ((at % 48) as f32 - 23.3).hypot((at / 48) as f32 - 19.6) - radius_px
}

#[test]
fn a_steep_map_becomes_the_distance_to_its_contour() {
    let (size, band_px) = ([40, 48], 4.0);
    // A wall between pixels, of slope 7 on one side and 3 on the other: exact beside it.
    let wall: Vec<f32> = (0..40 * 48).map(|i| (i % 48) as f32 - 20.25).collect();
    let steep: Vec<f32> = wall.iter().map(|v| 7.0 * v).collect();
    let found = distance_of(&steep, size, band_px);
    for (i, (found, wall)) in found.iter().zip(&wall).enumerate() {
        let tolerance = if wall.abs() < 1.0 { 1e-6 } else { 0.26 / 4.0 };
        let expected = (wall / 4.0).clamp(-FAR_BANDS, FAR_BANDS);
        assert!((found - expected).abs() <= tolerance, "pixel {i}: {found}, expected {expected}");
    }
    // A circle, as steep as a network's and saturated like one.
    for radius_px in [3.0, 9.4, 15.0] {
        let map: Vec<f32> = (0..40 * 48).map(|i| 3.0 * (to_circle(i, radius_px) / 2.0).tanh()).collect();
        let found = distance_of(&map, size, band_px);
        let mut near_px = Vec::new();
        for (i, found) in found.iter().enumerate() {
            let expected = to_circle(i, radius_px) / 4.0;
            assert_eq!(*found < 0.0, map[i] < 0.0, "pixel {i} changes sides");
            let error_px = 4.0 * (found - expected.clamp(-FAR_BANDS, FAR_BANDS)).abs();
            assert!(error_px < 0.75, "radius {radius_px}, pixel {i}: {found}, expected {expected}");
            near_px.extend((expected.abs() < 0.4).then_some(error_px));
        }
        let mean_px = near_px.iter().sum::<f32>() / near_px.len() as f32;
        assert!(mean_px < 0.2, "radius {radius_px}: {mean_px} px off near the contour");
    }
    assert!(distance_of(&[0.3; 40 * 48], size, band_px).iter().all(|&phi| phi == FAR_BANDS));
    assert!(distance_of(&[-0.3; 40 * 48], size, band_px).iter().all(|&phi| phi == -FAR_BANDS));
}

#[test]
fn neighbours_are_channels_and_repeat_at_the_ends() {
    let geometry = Geometry::aligned([16, 16, 3], [1.0; 3], [0.0; 3]).unwrap();
    let volume = Volume::new(geometry.clone(), (0..geometry.len()).map(|i| (i / 256) as f32 * 100.0).collect());
    let wanted = Preprocessing { neighbours: 1, neighbour_mm: None, ..preprocessing([16, 16], Fit::Stretch) };
    let grid = SliceGrid::new(&geometry, &wanted, None).unwrap();
    let channels = |slice| {
        let image = grid.network_image(&volume, slice, &wanted);
        assert_eq!(image.len(), 3 * 256);
        [image[0], image[256], image[512]].map(|v| (v * 150.0 + 50.0).round())
    };
    assert_eq!(channels(0), [0.0, 0.0, 100.0]);
    assert_eq!(channels(1), [0.0, 100.0, 200.0]);
    assert_eq!(channels(2), [100.0, 200.0, 200.0]);
}

#[test]
fn neighbours_lie_as_far_away_as_asked_for() {
    let volume_of = |spacing_mm: f64| {
        let geometry = Geometry::aligned([16, 16, 9], [1.0, 1.0, spacing_mm], [0.0; 3]).unwrap();
        let values = (0..geometry.len()).map(|i| (i / 256) as f32).collect();
        Volume::new(geometry, values)
    };
    let wanted = Preprocessing { neighbours: 1, neighbour_mm: Some(3.0), ..preprocessing([16, 16], Fit::PixelMm(1.0)) };
    for (spacing_mm, expected) in [(1.0, [1, 4, 7]), (1.6, [2, 4, 6]), (2.5, [3, 4, 5]), (6.0, [3, 4, 5])] {
        let volume = volume_of(spacing_mm);
        let grid = SliceGrid::new(volume.geometry(), &wanted, None).unwrap();
        assert_eq!(grid.channel_slices(4).collect::<Vec<_>>(), expected, "{spacing_mm} mm");
        assert_eq!(grid.channel_slices(0).collect::<Vec<_>>(), [0, 0, expected[2] - 4], "{spacing_mm} mm");
        assert_eq!(grid.channel_slices(8).collect::<Vec<_>>(), [expected[0] + 4, 8, 8], "{spacing_mm} mm");
    }
    let wrong = Preprocessing { neighbour_mm: Some(0.0), ..wanted };
    assert!(wrong.check().unwrap_err().to_string().starts_with("neighbour_mm: found 0"));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let geometry = Geometry::aligned([16, 16, 3], [1.0; 3], [0.0; 3]).unwrap();
    let region = preprocessing([16, 16], Fit::Region { margin: 0.1 });
    assert_eq!(SliceGrid::new(&geometry, &region, None).unwrap_err(), SliceGridError::NoRegion);
    let outside = Roi { lower: [0; 3], upper: [17, 16, 3], resample: None };
    let error = SliceGrid::new(&geometry, &region, Some(&outside)).unwrap_err().to_string();
    assert!(error.contains("17") && error.contains("16"), "{error}");
    let window = Preprocessing { window_hu: [100.0, -100.0], ..preprocessing([16, 16], Fit::Stretch) };
    assert!(SliceGrid::new(&geometry, &window, None).unwrap_err().to_string().contains("window_hu"));
    let none = Preprocessing { organs: Vec::new(), ..preprocessing([16, 16], Fit::Stretch) };
    assert!(none.check().unwrap_err().to_string().contains("organs"));
}
