//! Marching tetrahedra: each cube between eight voxel centres is cut into six tetrahedra (Freudenthal, Kuhn), the same
//! way everywhere, so that neighbours share their faces. Within a tetrahedron φ is linear and its zero is one triangle
//! or two.
//!
//! Marching cubes has ambiguous cells and surface nets pinch; here every edge belongs to exactly two triangles, whatever
//! φ is. Around the grid lies one layer of outside, so that what touches the border is closed there: on the faces of
//! the outermost voxels.

use super::surface::Mesh;
use crate::filter::signed_distance_mm;
use crate::geometry::Geometry;
use crate::label::LabelMap;
use nalgebra::Matrix3;
use std::collections::HashMap;

/// The least share of an edge between a corner and the surface: two vertices never coincide, also as f32 in a file.
const LEAST_SHARE: f64 = 1e-3;

/// Corners of the six tetrahedra as bits (1 x, 2 y, 4 z), each in positive order.
const TETRAHEDRA: [[usize; 4]; 6] =
    [[0, 1, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 5, 1, 7], [0, 3, 2, 7], [0, 6, 4, 7]];

/// The zero of φ (mm, negative inside, x fastest) in RAS+ mm, normals outward. Empty when φ is negative nowhere.
///
/// # Panics
/// When the number of values is not the grid's.
pub fn of_phi(geometry: &Geometry, phi: &[f32]) -> Mesh {
    assert_eq!(phi.len(), geometry.len(), "values must fill the grid");
    let mut march = March { geometry, phi, vertices: Vec::new(), by_edge: HashMap::new(), triangles: Vec::new() };
    // Only cells with a corner inside hold a piece of the surface.
    if let Some((lower, upper)) = bounds(geometry.size(), |i| phi[i] < 0.0) {
        let (lower, upper) = (lower.map(|v| v as isize - 1), upper.map(|v| v as isize));
        for z in lower[2]..=upper[2] {
            for y in lower[1]..=upper[1] {
                for x in lower[0]..=upper[0] {
                    march.cell([x, y, z]);
                }
            }
        }
    }
    let m: Matrix3<f64> = geometry.world_from_voxel().fixed_view::<3, 3>(0, 0).into();
    let (vertices_mm, mut triangles) = (march.vertices, march.triangles);
    if m.determinant() < 0.0 {
        // A left-handed grid mirrors: the other way round is outward there.
        triangles.iter_mut().for_each(|t| t.swap(1, 2));
    }
    Mesh { vertices_mm, triangles }
}

/// The surface of the voxels with a label: the zero of the distance to their faces. Empty without such a voxel.
pub fn of_label(labels: &LabelMap, label: u16) -> Mesh {
    let (grid, all) = (labels.geometry(), labels.labels());
    let nothing = Mesh { vertices_mm: Vec::new(), triangles: Vec::new() };
    let Some((lower, upper)) = bounds(grid.size(), |i| all[i] == label) else { return nothing };
    // One voxel more on each side, where there is one: from there on the distances around the label are exact.
    let lower = lower.map(|v| v.saturating_sub(1));
    let size: [usize; 3] = std::array::from_fn(|d| (upper[d] + 2).min(grid.size()[d]) - lower[d]);
    let Ok(part) = grid.cropped(lower, size) else { return nothing };
    let mask: Vec<bool> = (0..part.len())
        .map(|i| {
            let local = [i % size[0], i / size[0] % size[1], i / size[0] / size[1]];
            labels.at(std::array::from_fn(|d| lower[d] + local[d])) == label
        })
        .collect();
    if mask.iter().all(|&inside| inside) {
        return of_phi(&part, &vec![-1.0; mask.len()]);
    }
    of_phi(&part, &signed_distance_mm(&mask, size, part.spacing_mm()))
}

/// The least and the greatest voxel index along each axis where `holds(index)`.
fn bounds(size: [usize; 3], holds: impl Fn(usize) -> bool) -> Option<([usize; 3], [usize; 3])> {
    let (mut lower, mut upper) = ([usize::MAX; 3], [0; 3]);
    for z in 0..size[2] {
        for y in 0..size[1] {
            let row = (z * size[1] + y) * size[0];
            let Some(first) = (0..size[0]).find(|x| holds(row + x)) else { continue };
            let last = (first..size[0]).rfind(|x| holds(row + x)).unwrap_or(first);
            for (d, (least, greatest)) in [(first, last), (y, y), (z, z)].into_iter().enumerate() {
                (lower[d], upper[d]) = (lower[d].min(least), upper[d].max(greatest));
            }
        }
    }
    (lower[0] != usize::MAX).then_some((lower, upper))
}

struct March<'a> {
    geometry: &'a Geometry,
    phi: &'a [f32],
    vertices: Vec<[f64; 3]>,
    /// Vertex on the edge from a corner in the direction of some bits.
    by_edge: HashMap<([i32; 3], u8), u32>,
    triangles: Vec<[u32; 3]>,
}

impl March<'_> {
    /// φ at a corner; one step outside the grid it is as far outside as the nearest voxel is inside. NaN is outside.
    fn value(&self, corner: [isize; 3]) -> f64 {
        let size = self.geometry.size();
        let nearest: [usize; 3] = std::array::from_fn(|d| corner[d].clamp(0, size[d] as isize - 1) as usize);
        let value = f64::from(self.phi[self.geometry.index(nearest)]);
        let value = if value.is_nan() { 1.0 } else { value.clamp(-1e30, 1e30) };
        if (0..3).all(|d| nearest[d] as isize == corner[d]) { value } else { value.abs() }
    }

    fn cell(&mut self, base: [isize; 3]) {
        let corner = |bits: usize| -> [isize; 3] { std::array::from_fn(|d| base[d] + (bits >> d & 1) as isize) };
        let values: [f64; 8] = std::array::from_fn(|bits| self.value(corner(bits)));
        let inside = values.iter().filter(|&&v| v < 0.0).count();
        if inside == 0 || inside == 8 {
            return;
        }
        for tetrahedron in TETRAHEDRA {
            self.tetrahedron(base, &values, tetrahedron);
        }
    }

    fn tetrahedron(&mut self, base: [isize; 3], values: &[f64; 8], corners: [usize; 4]) {
        let inside = |i: usize| values[corners[i]] < 0.0;
        let set: u8 = (0..4).filter(|&i| inside(i)).fold(0, |bits, i| bits | 1 << i);
        // Even permutations that bring the inside corners (or, of three, the outside one) to the front.
        let [a, b, c, d] = match set {
            0b0001 | 0b1110 => [0, 1, 2, 3],
            0b0010 | 0b1101 => [1, 0, 3, 2],
            0b0100 | 0b1011 => [2, 3, 0, 1],
            0b1000 | 0b0111 => [3, 2, 1, 0],
            0b0011 => [0, 1, 2, 3],
            0b0101 => [0, 2, 3, 1],
            0b1001 => [0, 3, 1, 2],
            0b0110 => [1, 2, 0, 3],
            0b1010 => [1, 3, 2, 0],
            0b1100 => [2, 3, 0, 1],
            _ => return,
        }
        .map(|i: usize| corners[i]);
        let mut on = |p: usize, q: usize| self.vertex(base, values, p, q);
        match set.count_ones() {
            1 => {
                let triangle = [on(a, b), on(a, c), on(a, d)];
                self.triangles.push(triangle);
            }
            3 => {
                let triangle = [on(a, b), on(a, d), on(a, c)];
                self.triangles.push(triangle);
            }
            _ => {
                let quad = [on(a, c), on(a, d), on(b, d), on(b, c)];
                self.triangles.extend([[quad[0], quad[1], quad[2]], [quad[0], quad[2], quad[3]]]);
            }
        }
    }

    /// The vertex between two corners of a cell, made once for all cells around the edge.
    fn vertex(&mut self, base: [isize; 3], values: &[f64; 8], p: usize, q: usize) -> u32 {
        // In a Freudenthal cell the bits of one corner contain those of the other.
        let (low, high) = if p & q == p { (p, q) } else { (q, p) };
        let start: [isize; 3] = std::array::from_fn(|d| base[d] + (low >> d & 1) as isize);
        let direction = high ^ low;
        let key = (start.map(|v| v as i32), direction as u8);
        if let Some(&known) = self.by_edge.get(&key) {
            return known;
        }
        let (from, to) = (values[low], values[high]);
        let share = (from / (from - to)).clamp(LEAST_SHARE, 1.0 - LEAST_SHARE);
        let at = std::array::from_fn(|d| start[d] as f64 + share * (direction >> d & 1) as f64);
        let index = self.vertices.len() as u32;
        self.vertices.push(self.geometry.world_of_voxel(at));
        self.by_edge.insert(key, index);
        index
    }
}
