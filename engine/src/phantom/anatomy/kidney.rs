//! A kidney: bean-shaped parenchyma with cortex and pyramids, sinus with fat and pelvis, fat and fascia around it.

use crate::phantom::rng::Rng;
use crate::phantom::shapes::{Ellipsoid, Vec3, radial_distance, smooth_intersection, smooth_union};
use crate::phantom::tissue::Tissue;

/// What part of the kidney a point is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Cortex,
    Medulla,
    Pelvis,
    SinusFat,
}

/// One kidney. Local axes: u lateral, v anterior, w towards the upper pole.
pub(crate) struct Kidney {
    pub(crate) body: Ellipsoid,
    sinus: Ellipsoid,
    pyramids: Vec<Ellipsoid>,
    bend: f32,
}

impl Kidney {
    /// The kidney of the side `side` (+1 the patient's right).
    pub(crate) fn new(rng: &mut Rng, side: f32) -> Self {
        // The right kidney lies about 1.5 cm lower, under the liver.
        let z = if side > 0.0 { -16.0 } else { 2.0 };
        let center = [side * (70.0 + rng.normal(0.0, 2.0)), rng.normal(-27.0, 2.0), z + rng.normal(0.0, 7.0)];
        let length = rng.normal(55.0, 3.0);
        let radii = [rng.normal(29.0, 1.2), rng.normal(25.0, 1.0), length];
        // Upper pole medial and posterior; hilum medial and anterior.
        let up = [side * -rng.uniform(0.14, 0.30), -rng.uniform(0.10, 0.25), 1.0];
        let lateral = [side, -rng.uniform(0.35, 0.7), 0.0];
        let mut body = Ellipsoid::oriented(center, up, lateral, radii);
        if side < 0.0 {
            // Keep v anterior on the mirrored side.
            body = Ellipsoid::with_axes(center, [body.axes[0], body.axes[1].map(|c| -c), body.axes[2]], radii);
        }
        let sinus_center = body.at([-0.66 * radii[0], 2.0, rng.normal(0.0, 2.0)]);
        let sinus = Ellipsoid::with_axes(sinus_center, body.axes, [19.0, 8.5 + rng.uniform(0.0, 2.0), 0.40 * length]);
        let pyramids = Self::pyramids(rng, &body, &sinus);
        Self { body, sinus, pyramids, bend: rng.uniform(6.0, 9.0) }
    }

    /// Cones of medulla around the sinus, approximated by long ellipsoids, in two rows and at the poles.
    fn pyramids(rng: &mut Rng, body: &Ellipsoid, sinus: &Ellipsoid) -> Vec<Ellipsoid> {
        let [a, b, c] = body.radii;
        let mut pyramids = Vec::new();
        for (w, u, v) in [
            (0.80, -0.05, 0.0),
            (0.52, 0.30, 0.46),
            (0.52, 0.30, -0.46),
            (0.20, 0.46, 0.40),
            (0.22, 0.46, -0.40),
            (-0.10, 0.48, 0.36),
            (-0.12, 0.48, -0.36),
            (-0.42, 0.36, 0.44),
            (-0.40, 0.36, -0.44),
            (-0.78, -0.02, 0.0),
        ] {
            let jitter = |rng: &mut Rng| rng.uniform(-0.05, 0.05);
            let local = [a * (u + jitter(rng)), b * (v + jitter(rng)), c * (w + jitter(rng))];
            let center = body.at(local);
            let from = body.at([-0.2 * a, 0.0, 0.5 * local[2]]);
            let along = crate::phantom::shapes::sub(center, from);
            pyramids.push(Ellipsoid::oriented(center, along, sinus.axes[2], [7.2, 6.4, 10.5]));
        }
        pyramids
    }

    fn bent(&self, p: Vec3) -> Vec3 {
        let mut local = self.body.local(p);
        let w = local[2] / self.body.radii[2];
        local[0] += self.bend * w * w - 0.35 * self.bend;
        local
    }

    /// Signed distance of the outer surface, hilum closed: what neighbours keep clear of.
    pub(crate) fn hull(&self, p: Vec3) -> f32 {
        radial_distance(self.bent(p), self.body.radii)
    }

    /// Signed distance of the parenchyma.
    pub(crate) fn parenchyma(&self, p: Vec3) -> f32 {
        smooth_intersection(self.hull(p), -self.sinus.distance(p), 5.0)
    }

    /// What is at `p`, if it is inside the kidney or its sinus.
    pub(crate) fn part(&self, p: Vec3) -> Option<Part> {
        if !self.body.near(p, 8.0) {
            return None;
        }
        let parenchyma = self.parenchyma(p);
        if parenchyma < 0.0 {
            let deep =
                parenchyma < -5.0 && self.pyramids.iter().fold(9.0, |d, e| smooth_union(d, e.distance(p), 1.0)) < 0.0;
            return Some(if deep { Part::Medulla } else { Part::Cortex });
        }
        let sinus = self.sinus.distance(p);
        if sinus < 2.0 && self.hull(p) < 3.0 {
            let l = self.sinus.local(p);
            let pelvis = radial_distance([l[0] + 3.0, l[1] + 1.5, l[2]], [12.0, 4.5, 10.0]);
            // Calyces reach up and down from the pelvis.
            let calyx = radial_distance([l[0] - 5.0, l[1], l[2].abs() - 11.0], [5.0, 3.0, 5.0]);
            let urine = smooth_union(pelvis, calyx, 5.0) < 0.0;
            return Some(if urine { Part::Pelvis } else { Part::SinusFat });
        }
        None
    }

    /// Renal fascia: a thin sheet in the fat about 11 mm off the kidney.
    pub(crate) fn fascia(&self, p: Vec3) -> bool {
        self.body.near(p, 14.0) && (self.hull(p) - 11.0).abs() < 0.7
    }

    /// Where vessels enter.
    pub(crate) fn hilum(&self) -> Vec3 {
        self.body.at([-0.62 * self.body.radii[0], 3.0, 0.0])
    }

    /// Parenchyma points for seeds: lateral middle, and half way to either pole.
    pub(crate) fn seed_points(&self) -> [Vec3; 3] {
        let [a, _, c] = self.body.radii;
        [
            self.body.at([0.55 * a, 0.0, 0.0]),
            self.body.at([0.12 * a, 0.0, 0.60 * c]),
            self.body.at([0.12 * a, 0.0, -0.60 * c]),
        ]
    }
}

impl Part {
    /// The tissue of this part in the left or right kidney.
    pub(crate) fn tissue(self, right: bool) -> Tissue {
        match (self, right) {
            (Part::Cortex, false) => Tissue::CortexLeft,
            (Part::Medulla, false) => Tissue::MedullaLeft,
            (Part::Cortex, true) => Tissue::CortexRight,
            (Part::Medulla, true) => Tissue::MedullaRight,
            (Part::Pelvis, _) => Tissue::RenalPelvis,
            (Part::SinusFat, _) => Tissue::VisceralFat,
        }
    }
}
