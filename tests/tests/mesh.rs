//! Meshes: closed, outward, of the right size, where the contour lies.

use nalgebra::{Matrix4, Rotation3, Vector3};
use proptest::prelude::*;
use zeroset_engine::mesh::{Mesh, of_label, of_phi, write};
use zeroset_engine::{Geometry, LabelMap};

/// Vertices − edges + triangles of a closed mesh: 2 for a sphere, 0 for a torus.
fn euler(mesh: &Mesh) -> i64 {
    mesh.vertices_mm.len() as i64 - mesh.triangles.len() as i64 * 3 / 2 + mesh.triangles.len() as i64
}

fn field(geometry: &Geometry, f: impl Fn(Vector3<f64>) -> f64) -> Vec<f32> {
    let [nx, ny, _] = geometry.size();
    (0..geometry.len())
        .map(|i| f(geometry.world_of_voxel([i % nx, i / nx % ny, i / nx / ny].map(|v| v as f64)).into()) as f32)
        .collect()
}

/// An oblique, anisotropic grid around the origin; mirrored or not.
fn grid(mirrored: bool) -> Geometry {
    let scale = Vector3::new(if mirrored { -0.8 } else { 0.8 }, 0.7, 1.5);
    let turn = Rotation3::from_euler_angles(0.3, -0.7, 1.9).to_homogeneous();
    let centre = Matrix4::new_translation(&Vector3::new(-24.5, -27.5, -12.5));
    Geometry::new([50, 56, 26], turn * Matrix4::new_nonuniform_scaling(&scale) * centre).expect("grid")
}

#[test]
fn a_sphere_is_closed_outward_and_as_large_as_it_is() {
    for mirrored in [false, true] {
        let geometry = grid(mirrored);
        let mesh = of_phi(&geometry, &field(&geometry, |p| p.norm() - 15.0));
        assert!(mesh.is_watertight());
        assert_eq!(euler(&mesh), 2);
        let exact_ml = 4.0 / 3.0 * std::f64::consts::PI * 3375.0 / 1000.0;
        assert!((mesh.volume_ml() / exact_ml - 1.0).abs() < 0.01, "{} mL, exact {exact_ml}", mesh.volume_ml());
        let exact_cm2 = 4.0 * std::f64::consts::PI * 2.25;
        assert!((mesh.area_cm2() / exact_cm2 - 1.0).abs() < 0.01, "{} cm², exact {exact_cm2}", mesh.area_cm2());
        for vertex in &mesh.vertices_mm {
            let distance = Vector3::from(*vertex).norm() - 15.0;
            assert!(distance.abs() < 0.05, "{distance} mm off the sphere");
        }
        for triangle in &mesh.triangles {
            let centre: Vector3<f64> =
                triangle.iter().map(|&v| Vector3::from(mesh.vertices_mm[v as usize])).sum::<Vector3<f64>>() / 3.0;
            assert!(Vector3::from(mesh.normal(triangle)).dot(&centre) > 0.0, "inward at {centre:?}");
        }
    }
}

#[test]
fn a_torus_has_its_hole() {
    let geometry = grid(false);
    let mesh = of_phi(&geometry, &field(&geometry, |p| (p.x.hypot(p.y) - 10.0).hypot(p.z) - 4.0));
    assert!(mesh.is_watertight());
    assert_eq!(euler(&mesh), 0);
    let exact_ml = 2.0 * std::f64::consts::PI.powi(2) * 10.0 * 16.0 / 1000.0;
    assert!((mesh.volume_ml() / exact_ml - 1.0).abs() < 0.04, "{} mL, exact {exact_ml}", mesh.volume_ml());
}

#[test]
fn what_touches_the_border_is_closed_on_the_outermost_faces() {
    let geometry = Geometry::aligned([6, 5, 4], [2.0, 1.0, 3.0], [-5.0, 7.0, 11.0]).expect("grid");
    let full = LabelMap::new(geometry.clone(), vec![9; 120]);
    let mesh = of_label(&full, 9);
    assert!(mesh.is_watertight());
    assert_eq!(euler(&mesh), 2);
    let bounds = |d: usize| {
        let values = mesh.vertices_mm.iter().map(|v| v[d]);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    assert_eq!([bounds(0), bounds(1), bounds(2)], [(-6.0, 6.0), (6.5, 11.5), (9.5, 21.5)]);
    // Half of it, with three faces on the border.
    let half = LabelMap::new(geometry, (0..120).map(|i| u16::from(i % 6 < 3 && i / 6 % 5 < 3 && i / 30 < 2)).collect());
    let mesh = of_label(&half, 1);
    assert!(mesh.is_watertight());
    assert_eq!(euler(&mesh), 2);
    assert!(mesh.volume_ml() > 0.6 * 0.108 && mesh.volume_ml() <= 0.108, "{} of 0.108 mL", mesh.volume_ml());
    assert!(of_label(&half, 2).triangles.is_empty());
}

#[test]
fn a_large_label_has_its_voxels_volume() {
    let geometry = grid(true);
    let ball = field(&geometry, |p| p.norm() - 15.0);
    let labels = LabelMap::new(geometry, ball.iter().map(|&v| if v < 0.0 { 4 } else { 0 }).collect());
    let mesh = of_label(&labels, 4);
    assert!(mesh.is_watertight());
    assert_eq!(euler(&mesh), 2);
    let ratio = mesh.volume_ml() / labels.volume_ml(4);
    assert!((ratio - 1.0).abs() < 0.03, "mesh to voxels: {ratio}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the values, ties, infinities and NaN among them, the mesh is closed.
    #[test]
    fn any_field_gives_a_closed_mesh(values in prop::collection::vec(
        prop_oneof![-1.0..1.0_f32, Just(0.0), Just(-0.0), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(f32::NAN)],
        60,
    )) {
        let geometry = Geometry::aligned([3, 4, 5], [1.0, 0.5, 2.0], [100.0, -200.0, 300.0]).expect("grid");
        let mesh = of_phi(&geometry, &values);
        prop_assert!(mesh.is_watertight());
        prop_assert!(mesh.vertices_mm.iter().flatten().all(|v| v.is_finite()));
        prop_assert_eq!(mesh.triangles.is_empty(), !values.iter().any(|&v| v < 0.0));
        prop_assert!(mesh.volume_ml() >= 0.0);
        // In a file of f32, too: vertices stay apart.
        let mut rounded: Vec<[u32; 3]> = mesh.vertices_mm.iter().map(|v| v.map(|x| (x as f32).to_bits())).collect();
        rounded.sort_unstable();
        rounded.dedup();
        prop_assert_eq!(rounded.len(), mesh.vertices_mm.len());
    }
}

#[test]
fn the_three_formats_hold_the_same_surface() {
    let folder = tempfile::tempdir().expect("folder");
    let geometry = grid(false);
    let mesh = of_phi(&geometry, &field(&geometry, |p| p.norm() - 6.0));
    let path = |name: &str| folder.path().join(name);
    for name in ["a.stl", "a.obj", "a.ply"] {
        write(&path(name), &mesh).unwrap_or_else(|e| panic!("{e}"));
    }
    let f32_at = |bytes: &[u8], at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    let corner = |t: usize, c: usize| mesh.vertices_mm[mesh.triangles[t][c] as usize];
    let stl = std::fs::read(path("a.stl")).expect("stl");
    assert_eq!(stl.len(), 84 + 50 * mesh.triangles.len());
    let obj = std::fs::read_to_string(path("a.obj")).expect("obj");
    let faces: Vec<&str> = obj.lines().filter(|l| l.starts_with("f ")).collect();
    let points: Vec<&str> = obj.lines().filter(|l| l.starts_with("v ")).collect();
    assert_eq!((faces.len(), points.len()), (mesh.triangles.len(), mesh.vertices_mm.len()));
    let ply = std::fs::read(path("a.ply")).expect("ply");
    let end = b"end_header\n";
    let body = ply.windows(end.len()).position(|w| w == end).expect("a header") + end.len();
    let faces_at = body + 12 * mesh.vertices_mm.len();
    assert_eq!(ply.len(), faces_at + 13 * mesh.triangles.len());
    for t in [0, mesh.triangles.len() / 2, mesh.triangles.len() - 1] {
        let normal = Vector3::from(std::array::from_fn(|d| f64::from(f32_at(&stl, 84 + 50 * t + 4 * d))));
        assert!((normal.norm() - 1.0).abs() < 1e-5 && normal.dot(&Vector3::from(corner(t, 0))) > 0.0);
        let indices: Vec<usize> = faces[t][2..].split(' ').map(|w| w.parse::<usize>().expect("index") - 1).collect();
        for c in 0..3 {
            for d in 0..3 {
                assert_eq!(f32_at(&stl, 84 + 50 * t + 12 + 12 * c + 4 * d), corner(t, c)[d] as f32);
                let written: f64 = points[indices[c]].split(' ').nth(d + 1).expect("number").parse().expect("number");
                assert!((written - corner(t, c)[d]).abs() < 1e-5);
            }
            let at = faces_at + 13 * t + 1 + 4 * c;
            assert_eq!(u32::from_le_bytes(ply[at..at + 4].try_into().expect("4 bytes")), mesh.triangles[t][c]);
        }
    }
}
