//! Where voxels lie: every one at the place that PS3.3, C.7.6.2.1.1 says, whatever the order of files and numbers.

use crate::writer::{Slice, read_slices, volume_of};
use nalgebra::{Rotation3, Vector3};
use proptest::prelude::*;
use zeroset_engine::io::ReadOptions;
use zeroset_engine::io::ReadScan;

/// The formula: patient position (LPS) of column i, row j of a slice.
fn formula(slice: &Slice, i: usize, j: usize) -> Vector3<f64> {
    let o = slice.orientation.expect("orientation");
    let [between_rows, between_columns] = slice.spacing.expect("spacing");
    let (row, column) = (Vector3::new(o[0], o[1], o[2]), Vector3::new(o[3], o[4], o[5]));
    let position = Vector3::from(slice.position.expect("position"));
    position + row * between_columns * i as f64 + column * between_rows * j as f64
}

/// Every voxel holds the number of the pixel that lies there.
fn assert_placed(scan: &ReadScan, slices: &[Slice], tolerance_mm: f64) {
    let geometry = scan.volume.geometry();
    let [nx, ny, nz] = geometry.size();
    assert_eq!([nx, ny, nz], [4, 3, slices.len()]);
    for (index, voxel) in (0..geometry.len()).map(|n| (n, [n % nx, n / nx % ny, n / nx / ny])) {
        // Slices are numbered by their pixels: 12 each, HU = stored - 1024.
        let stored = (scan.volume.value(index) + 1024.0) as usize;
        let lps = formula(&slices[stored / 12], stored % 4, stored / 4 % 3);
        let [x, y, z] = geometry.world_of_voxel(voxel.map(|v| v as f64));
        let apart = (Vector3::new(-x, -y, z) - lps).norm();
        assert!(apart <= tolerance_mm, "{voxel:?}: {apart} mm from where the header puts it");
    }
}

/// The 24 ways in which rows and columns can lie, each with slices in both orders: 48.
fn orientations() -> Vec<([f64; 6], bool)> {
    let axes: Vec<Vector3<f64>> = (0..6).map(|k| Vector3::ith(k / 2, if k % 2 == 0 { 1.0 } else { -1.0 })).collect();
    let mut all = Vec::new();
    for row in &axes {
        for column in axes.iter().filter(|c| c.dot(row) == 0.0) {
            let o = [row.x, row.y, row.z, column.x, column.y, column.z];
            all.extend([(o, false), (o, true)]);
        }
    }
    all
}

/// Slices along the normal, moved sideways by `tilt` from one to the next.
fn stack(orientation: [f64; 6], turn: &Rotation3<f64>, spacing: [f64; 3], tilt: f64, reversed: bool) -> Vec<Slice> {
    let o = orientation;
    let row = turn * Vector3::new(o[0], o[1], o[2]);
    let column = turn * Vector3::new(o[3], o[4], o[5]);
    let origin = Vector3::new(-31.25, 102.5, -740.125);
    (0..5)
        .map(|k| {
            let step = if reversed { -(k as f64) } else { k as f64 };
            let position = origin + (row.cross(&column) * spacing[2] + column * tilt) * step;
            Slice {
                position: Some(position.into()),
                orientation: Some([row.x, row.y, row.z, column.x, column.y, column.z]),
                spacing: Some([spacing[1], spacing[0]]),
                // Numbers that go another way than the slices.
                number: 100 - 13 * k % 5,
                ..Slice::new(k as usize)
            }
        })
        .collect()
}

#[test]
fn forty_eight_orientations_lie_where_the_formula_puts_them() {
    let all = orientations();
    assert_eq!(all.len(), 48);
    for (orientation, reversed) in all {
        for turn in [Rotation3::identity(), Rotation3::from_euler_angles(0.2, -0.35, 0.5)] {
            let slices = stack(orientation, &turn, [0.6, 0.8, 3.0], 0.0, reversed);
            assert_placed(&volume_of(&slices), &slices, 1e-9);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn oblique_anisotropic_and_tilted_stacks_lie_where_the_formula_puts_them(
        which in 0usize..48, angles in [-3.1f64..3.1, -1.5..1.5, -3.1..3.1],
        spacing in [0.2f64..3.0, 0.2..3.0, 0.5..8.0], tilt in -1.0f64..1.0,
    ) {
        let (orientation, reversed) = orientations()[which];
        let turn = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]);
        let slices = stack(orientation, &turn, spacing, tilt, reversed);
        let scan = volume_of(&slices);
        assert_placed(&scan, &slices, 1e-9);
        let degrees = (tilt.abs() / spacing[2]).atan().to_degrees();
        prop_assert!((scan.volume.geometry().shear_degrees() - degrees).abs() < 1e-6);
        prop_assert_eq!(scan.warnings.iter().any(|w| w.contains("gantry tilt")), degrees > 0.05);
    }
}

#[test]
fn rounded_positions_are_one_step() {
    let mut slices: Vec<Slice> = (0..6).map(Slice::new).collect();
    for (slice, z) in slices.iter_mut().zip([0.0, 1.2, 2.5, 3.8, 5.0, 6.2]) {
        slice.position = Some([-10.0, -20.0, z]);
    }
    let scan = volume_of(&slices);
    assert_placed(&scan, &slices, 0.081);
    assert!((scan.volume.geometry().spacing_mm()[2] - 1.24).abs() < 1e-12);
}

#[test]
fn resampling_is_linear_and_keeps_the_ends() {
    // z = 0, 1, 2, 5, 6: with HU = 10 z everywhere, a linear interpolation is exact.
    let mut slices: Vec<Slice> = (0..5).map(Slice::new).collect();
    for (slice, z) in slices.iter_mut().zip([0.0, 1.0, 2.0, 5.0, 6.0]) {
        slice.position = Some([-10.0, -20.0, z]);
        slice.cells = vec![10 * z as u16; 12];
        slice.scale = Some((1.0, 0.0));
    }
    let options = ReadOptions { resample: true, ..ReadOptions::default() };
    let scan = read_slices(&slices, &options).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scan.volume.geometry().size(), [4, 3, 7]);
    assert_eq!(scan.volume.geometry().spacing_mm(), [0.5, 0.75, 1.0]);
    for z in 0..7 {
        assert_eq!(scan.volume.at([1, 2, z]), 10.0 * z as f32);
    }
    assert!(scan.warnings.iter().any(|w| w.contains("interpolated linearly onto 7")), "{:?}", scan.warnings);
}
