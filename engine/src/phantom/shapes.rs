//! Signed distances of the shapes that organs are made of: negative inside, in the unit of the coordinates.
//!
//! Distances of ellipses and squircles are first order (exact on the surface and its direction), which is all
//! that walls, gaps and smooth unions need. Only +, -, *, / and sqrt occur: the same bits on every machine.

/// A position or direction: x to the patient's right, y anterior, z superior.
pub(crate) type Vec3 = [f32; 3];

pub(crate) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Vec3, factor: f32) -> Vec3 {
    [a[0] * factor, a[1] * factor, a[2] * factor]
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Vec3) -> f32 {
    dot(a, a).sqrt()
}

pub(crate) fn normalize(a: Vec3) -> Vec3 {
    scale(a, 1.0 / length(a))
}

pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Union that rounds the crease between two bodies over about `width` (polynomial smooth minimum).
pub(crate) fn smooth_union(a: f32, b: f32, width: f32) -> f32 {
    let h = (width - (a - b).abs()).max(0.0) / width;
    a.min(b) - h * h * width * 0.25
}

/// Intersection that rounds the edge over about `width`.
pub(crate) fn smooth_intersection(a: f32, b: f32, width: f32) -> f32 {
    -smooth_union(-a, -b, width)
}

/// An ellipsoid with any axes.
#[derive(Clone, Debug)]
pub(crate) struct Ellipsoid {
    pub(crate) center: Vec3,
    /// Orthonormal axes, one per row.
    pub(crate) axes: [Vec3; 3],
    pub(crate) radii: Vec3,
    reach: Vec3,
}

impl Ellipsoid {
    /// Aligned with x, y, z.
    pub(crate) fn aligned(center: Vec3, radii: Vec3) -> Self {
        Self::with_axes(center, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], radii)
    }

    /// With its third axis along `up` and its first as close to `side` as that allows.
    pub(crate) fn oriented(center: Vec3, up: Vec3, side: Vec3, radii: Vec3) -> Self {
        let w = normalize(up);
        let u = normalize(sub(side, scale(w, dot(side, w))));
        Self::with_axes(center, [u, cross(w, u), w], radii)
    }

    /// With these orthonormal axes.
    pub(crate) fn with_axes(center: Vec3, axes: [Vec3; 3], radii: Vec3) -> Self {
        let reach =
            std::array::from_fn(|d| (0..3).map(|a| axes[a][d] * axes[a][d] * radii[a] * radii[a]).sum::<f32>().sqrt());
        Self { center, axes, radii, reach }
    }

    /// Coordinates along the axes.
    pub(crate) fn local(&self, p: Vec3) -> Vec3 {
        let r = sub(p, self.center);
        [dot(self.axes[0], r), dot(self.axes[1], r), dot(self.axes[2], r)]
    }

    /// The position with these coordinates along the axes.
    pub(crate) fn at(&self, local: Vec3) -> Vec3 {
        (0..3).fold(self.center, |p, a| add(p, scale(self.axes[a], local[a])))
    }

    /// Whether `p` is inside the bounding box grown by `margin`.
    pub(crate) fn near(&self, p: Vec3, margin: f32) -> bool {
        (0..3).all(|d| (p[d] - self.center[d]).abs() <= self.reach[d] + margin)
    }

    /// Signed distance.
    pub(crate) fn distance(&self, p: Vec3) -> f32 {
        radial_distance(self.local(p), self.radii)
    }

    /// Half extents of the bounding box.
    pub(crate) fn reach(&self) -> Vec3 {
        self.reach
    }
}

/// First-order signed distance of the ellipsoid with these radii at the origin.
pub(crate) fn radial_distance(local: Vec3, radii: Vec3) -> f32 {
    let scaled = [local[0] / radii[0], local[1] / radii[1], local[2] / radii[2]];
    let k = length(scaled);
    let gradient = length([scaled[0] / radii[0], scaled[1] / radii[1], scaled[2] / radii[2]]);
    if gradient > 1e-9 { k * (k - 1.0) / gradient } else { -radii[0].min(radii[1]).min(radii[2]) }
}

/// A cross-section between an ellipse and a rectangle: u^2 + v^2 - (squareness u v)^2 = 1 (Fernandez-Guasti 1992).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Squircle {
    /// Half width along x.
    pub(crate) half_width: f32,
    /// Extent anterior of y = 0.
    pub(crate) anterior: f32,
    /// Extent posterior of y = 0.
    pub(crate) posterior: f32,
}

impl Squircle {
    /// Signed distance of (x, y); front and back differ in depth and squareness and meet smoothly at y = 0.
    pub(crate) fn distance(&self, x: f32, y: f32) -> f32 {
        let (b, squareness) = if y >= 0.0 { (self.anterior, 0.45) } else { (self.posterior, 0.62) };
        let (u, v, s) = (x / self.half_width, y / b, squareness * squareness);
        let f = u * u + v * v - s * u * u * v * v;
        let gx = u * (1.0 - s * v * v) / self.half_width;
        let gy = v * (1.0 - s * u * u) / b;
        let gradient = (gx * gx + gy * gy).sqrt();
        let k = f.max(0.0).sqrt();
        if gradient > 1e-9 { k * (k - 1.0) / gradient } else { -b.min(self.half_width) }
    }
}

/// Signed distance of a segment from `a` to `b` with a radius that changes linearly along it.
pub(crate) fn cone_distance(p: Vec3, a: Vec3, b: Vec3, radius_a: f32, radius_b: f32) -> f32 {
    let (ab, ap) = (sub(b, a), sub(p, a));
    let t = (dot(ap, ab) / dot(ab, ab).max(1e-9)).clamp(0.0, 1.0);
    length(sub(ap, scale(ab, t))) - (radius_a + (radius_b - radius_a) * t)
}

/// A smooth function of z through knots, tabulated each unit.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    first: f32,
    table: Vec<f32>,
}

impl Profile {
    /// Through `(z, value)` with ascending z: Catmull-Rom inside, constant outside.
    pub(crate) fn new(knots: &[(f32, f32)]) -> Self {
        let (first, last) = (knots[0].0, knots[knots.len() - 1].0);
        let count = (last - first) as usize + 1;
        let table = (0..count)
            .map(|i| {
                let z = first + i as f32;
                let right = knots.iter().position(|k| k.0 >= z).unwrap_or(knots.len() - 1).max(1);
                let k = |offset: isize| knots[(right as isize + offset).clamp(0, knots.len() as isize - 1) as usize];
                let (p0, p1, p2, p3) = (k(-2), k(-1), k(0), k(1));
                let h = p2.0 - p1.0;
                let t = ((z - p1.0) / h).clamp(0.0, 1.0);
                let m1 = (p2.1 - p0.1) / (p2.0 - p0.0).max(1e-6) * h;
                let m2 = (p3.1 - p1.1) / (p3.0 - p1.0).max(1e-6) * h;
                let (t2, t3) = (t * t, t * t * t);
                (2.0 * t3 - 3.0 * t2 + 1.0) * p1.1
                    + (t3 - 2.0 * t2 + t) * m1
                    + (3.0 * t2 - 2.0 * t3) * p2.1
                    + (t3 - t2) * m2
            })
            .collect();
        Self { first, table }
    }

    /// Value at z.
    pub(crate) fn at(&self, z: f32) -> f32 {
        let position = (z - self.first).clamp(0.0, (self.table.len() - 1) as f32);
        let left = (position as usize).min(self.table.len() - 2);
        let t = position - left as f32;
        self.table[left] + (self.table[left + 1] - self.table[left]) * t
    }
}
