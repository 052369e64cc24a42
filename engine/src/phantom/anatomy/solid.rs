//! Liver, spleen, gallbladder, pancreas, adrenals and heart.

use crate::phantom::rng::Rng;
use crate::phantom::shapes::{Ellipsoid, Vec3, smooth_intersection, smooth_union};
use crate::phantom::tubes::Tubes;

/// The solid organs before their neighbours press into them.
pub(crate) struct Solid {
    liver_right: Ellipsoid,
    liver_left: Ellipsoid,
    /// Height of the liver's lower surface at x = 0, and its slope down to the right.
    liver_floor: f32,
    liver_slope: f32,
    /// Fat behind and above the right kidney, which the liver does not fill.
    pub(crate) renal_fossa: Ellipsoid,
    pub(crate) gallbladder: Ellipsoid,
    spleen: Ellipsoid,
    spleen_hilum: Ellipsoid,
    pancreas: Tubes,
    adrenals: Tubes,
    pub(crate) heart: Ellipsoid,
    pub(crate) ventricle: Ellipsoid,
}

impl Solid {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let size = rng.normal(1.0, 0.03);
        let spleen_size = rng.normal(1.0, 0.07);
        let mut pancreas = Tubes::default();
        pancreas.add(
            0,
            &[
                ([34.0, 16.0, -34.0], 9.0),
                ([34.0, 20.0, -14.0], 14.0),
                ([20.0, 34.0, 4.0], 11.0),
                ([-4.0, 36.0, 16.0], 9.5),
                ([-30.0, 29.0, 24.0], 10.0),
                ([-56.0, 16.0, 38.0], 9.5),
                ([-78.0, 4.0, 50.0], 7.5),
            ],
        );
        pancreas.build();
        let mut adrenals = Tubes::default();
        for side in [1.0f32, -1.0] {
            let x = |v: f32| side * v + 2.0;
            let z = if side > 0.0 { 44.0 } else { 46.0 };
            adrenals.add(
                0,
                &[([x(30.0), -16.0, z + 8.0], 2.4), ([x(36.0), -26.0, z], 2.2), ([x(42.0), -38.0, z - 4.0], 1.7)],
            );
            adrenals.add(0, &[([x(35.0), -24.0, z], 2.2), ([x(33.0), -38.0, z - 3.0], 1.7)]);
        }
        adrenals.build();
        Self {
            liver_right: Ellipsoid::oriented(
                [70.0, 2.0, 52.0],
                [0.12, 0.05, 1.0],
                [1.0, 0.0, -0.12],
                [76.0 * size, 92.0 * size, 100.0 * size],
            ),
            liver_left: Ellipsoid::oriented(
                [-4.0, 48.0, 84.0],
                [-0.25, -0.1, 1.0],
                [1.0, 0.1, 0.35],
                [78.0 * size, 46.0, 44.0 * size],
            ),
            liver_floor: rng.uniform(34.0, 46.0),
            liver_slope: rng.uniform(0.66, 0.80),
            renal_fossa: Ellipsoid::oriented(
                [58.0, -62.0, 0.0],
                [-0.2, -0.2, 1.0],
                [1.0, -0.4, 0.0],
                [42.0, 40.0, 50.0],
            ),
            gallbladder: Ellipsoid::oriented(
                [54.0, 46.0, 4.0],
                [-0.25, -0.45, 1.0],
                [1.0, 0.0, 0.0],
                [rng.uniform(12.0, 15.0), rng.uniform(12.0, 15.0), rng.uniform(26.0, 34.0)],
            ),
            spleen: Ellipsoid::oriented(
                [-98.0, -42.0, 72.0],
                [-0.1, -0.30, 1.0],
                [1.0, -0.75, 0.0],
                [40.0 * spleen_size, 64.0 * spleen_size, 58.0 * spleen_size],
            ),
            spleen_hilum: Ellipsoid::aligned([-58.0, -8.0, 62.0], [26.0, 32.0, 40.0]),
            pancreas,
            adrenals,
            heart: Ellipsoid::oriented([-22.0, 34.0, 172.0], [-0.4, 0.3, 0.9], [1.0, 0.2, 0.2], [58.0, 46.0, 58.0]),
            ventricle: Ellipsoid::oriented([-30.0, 34.0, 176.0], [-0.4, 0.3, 0.9], [1.0, 0.2, 0.2], [40.0, 31.0, 42.0]),
        }
    }

    /// The liver's own shape: a large right and a flat left lobe, cut by the sloping visceral surface.
    pub(crate) fn liver(&self, p: Vec3) -> f32 {
        let body = smooth_union(self.liver_right.distance(p), self.liver_left.distance(p), 26.0);
        let slope = self.liver_slope;
        let floor = self.liver_floor - slope * p[0].max(-10.0) - 0.10 * p[1];
        let visceral = (floor - p[2]) / (1.0 + slope * slope).sqrt();
        let cut = smooth_intersection(body, visceral, 22.0);
        // The fissure of the round ligament, filled with fat.
        let fissure = 1.7 - (p[0] - 14.0 + 0.12 * (p[1] - 40.0)).abs() + 0.02 * (60.0 - p[2]);
        let fissure = fissure.min(p[1] - 36.0).min(70.0 - p[2]);
        smooth_intersection(cut, fissure, 3.0)
    }

    /// Whether `p` may be in the liver at all.
    pub(crate) fn near_liver(&self, p: Vec3) -> bool {
        self.liver_right.near(p, 8.0) || self.liver_left.near(p, 8.0)
    }

    /// The spleen's own shape, hollowed by its hilum.
    pub(crate) fn spleen(&self, p: Vec3) -> f32 {
        smooth_intersection(self.spleen.distance(p), -self.spleen_hilum.distance(p), 10.0)
    }

    /// Whether `p` may be in the spleen at all.
    pub(crate) fn near_spleen(&self, p: Vec3) -> bool {
        self.spleen.near(p, 4.0)
    }

    /// Distance of the pancreas before lobulation.
    pub(crate) fn pancreas(&self, p: Vec3) -> f32 {
        self.pancreas.distance(p)
    }

    /// Whether `p` is in an adrenal gland.
    pub(crate) fn adrenal(&self, p: Vec3) -> bool {
        self.adrenals.distance(p) < 0.0
    }

    /// Liver points for seeds: the right lobe's middle and upper part, and the left lobe.
    pub(crate) fn liver_seed_points() -> [Vec3; 3] {
        [[84.0, 4.0, 50.0], [80.0, 4.0, 88.0], [0.0, 52.0, 90.0]]
    }
}
