//! Triangles in the patient.

use std::collections::HashMap;

/// Triangles that share vertices; seen from outside their corners run anticlockwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// RAS+ mm.
    pub vertices_mm: Vec<[f64; 3]>,
    /// Indices of vertices.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Enclosed volume in mL, by the divergence theorem: positive when normals point outward.
    pub fn volume_ml(&self) -> f64 {
        let Some(&origin) = self.vertices_mm.first() else { return 0.0 };
        let six: f64 = self
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|v| sub(self.vertices_mm[v as usize], origin));
                dot(a, cross(b, c))
            })
            .sum();
        six / 6000.0
    }

    /// Area in cm².
    pub fn area_cm2(&self) -> f64 {
        let twice = |t: &[u32; 3]| {
            let n = self.normal(t);
            dot(n, n).sqrt()
        };
        self.triangles.iter().map(twice).sum::<f64>() / 200.0
    }

    /// Whether every edge belongs to exactly two triangles that run along it in opposite directions.
    pub fn is_watertight(&self) -> bool {
        let mut edges: HashMap<(u32, u32), (u32, u32)> = HashMap::new();
        for [a, b, c] in &self.triangles {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                let along = edges.entry((*from.min(to), *from.max(to))).or_default();
                if from < to {
                    along.0 += 1;
                } else {
                    along.1 += 1;
                }
            }
        }
        edges.values().all(|&uses| uses == (1, 1))
    }

    /// Outward normal of a triangle, twice its area long, mm².
    pub fn normal(&self, triangle: &[u32; 3]) -> [f64; 3] {
        let [a, b, c] = triangle.map(|v| self.vertices_mm[v as usize]);
        cross(sub(b, a), sub(c, a))
    }
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|d| a[d] - b[d])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|d| a[d] * b[d]).sum()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
