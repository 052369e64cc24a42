//! The patient: which tissue lies at a position, in the coordinates of a canonical adult.
//!
//! Canonical coordinates: mm of an adult of middle size, x to the patient's right, y anterior, z superior,
//! the origin on the midline at the disc between the first and second lumbar vertebra. A smooth random
//! displacement makes this patient's organs irregular without ever letting neighbours overlap.

mod gut;
mod kidney;
mod skeleton;
mod solid;
mod trunk;
mod vessels;

use super::field::{Texture, Warp};
use super::rng::Rng;
use super::shapes::{Vec3, add, scale, smooth_intersection, sub};
use super::tissue::Tissue;
use super::tubes::{FAR, Tubes};
use gut::Gut;
use kidney::Kidney;
use skeleton::Skeleton;
use solid::Solid;
use trunk::{Layers, Trunk};

/// One patient.
pub(crate) struct Anatomy {
    warp: Warp,
    grain: Texture,
    trunk: Trunk,
    skeleton: Skeleton,
    left_kidney: Kidney,
    right_kidney: Kidney,
    vessels: Tubes,
    liver_vessels: Tubes,
    solid: Solid,
    gut: Gut,
}

impl Anatomy {
    /// The patient of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let skeleton = Skeleton::new();
        let left_kidney = Kidney::new(&mut Rng::new(seed, "left kidney"), -1.0);
        let right_kidney = Kidney::new(&mut Rng::new(seed, "right kidney"), 1.0);
        let vessels = vessels::trunk_vessels(&mut Rng::new(seed, "vessels"), &skeleton, &left_kidney, &right_kidney);
        Self {
            warp: Warp::new(&mut Rng::new(seed, "warp"), 4.5, 1.7),
            grain: Texture::new(&mut Rng::new(seed, "grain"), 5.0),
            trunk: Trunk::new(&mut Rng::new(seed, "trunk")),
            skeleton,
            left_kidney,
            right_kidney,
            vessels,
            liver_vessels: vessels::liver_vessels(&mut Rng::new(seed, "liver vessels")),
            solid: Solid::new(&mut Rng::new(seed, "solid organs")),
            gut: Gut::new(&mut Rng::new(seed, "gut")),
        }
    }

    /// Displacement at a point of this patient: full in the middle, little at the skin, which is smooth.
    fn displacement(&self, p: Vec3) -> Vec3 {
        let r2 = (p[0] * p[0] / 25_600.0 + p[1] * p[1] / 11_500.0).min(1.0);
        scale(self.warp.at(p), 1.0 - 0.72 * r2 * r2)
    }

    /// Canonical position of a point of this patient.
    fn canonical(&self, p: Vec3) -> Vec3 {
        add(p, self.displacement(p))
    }

    /// The point of this patient whose canonical position is `c` (fixed-point iteration; the warp is a contraction).
    pub(crate) fn actual(&self, c: Vec3) -> Vec3 {
        (0..12).fold(c, |p, _| sub(c, self.displacement(p)))
    }

    /// The tissue at a point of this patient.
    pub(crate) fn tissue(&self, point: Vec3) -> Tissue {
        let p = self.canonical(point);
        let layers = self.trunk.layers(p[2]);
        let depth = self.trunk.depth(&layers, p);
        if depth <= 0.0 {
            return Tissue::Air;
        }
        let inside_muscle = -layers.muscle.distance(p[0], p[1]);
        if inside_muscle <= 0.0 || depth < 3.0 {
            return if depth < 1.9 { Tissue::Skin } else { self.subcutaneous(p) };
        }
        if (p[1] < 30.0 || p[2] < -84.0)
            && let Some(bone) = self.skeleton.tissue(p)
        {
            return bone;
        }
        let outside_cavity = layers.cavity.distance(p[0], p[1]);
        if outside_cavity > 0.0 {
            return self.wall(&layers, p, outside_cavity, inside_muscle);
        }
        // Perirenal fat parts the kidneys from muscle and bowel.
        let renal = self.near_kidney(p, 3.5);
        match self.inner_muscle(p) {
            Some(muscle) if !renal => muscle,
            _ => self.cavity(&layers, p, point[1], -outside_cavity, renal),
        }
    }

    /// Subcutaneous fat with a few fibrous septa and veins.
    fn subcutaneous(&self, p: Vec3) -> Tissue {
        let g = self.grain.at([0.5 * p[0] + 11.0, 0.5 * p[1], 0.16 * p[2]]);
        if g.abs() < 0.018 { Tissue::Fascia } else { Tissue::Fat }
    }

    /// Whether `p` is inside a kidney's hull or within `gap` of it.
    fn near_kidney(&self, p: Vec3, gap: f32) -> bool {
        let close = |k: &Kidney| k.body.near(p, 8.0) && k.hull(p) < gap;
        close(&self.left_kidney) || close(&self.right_kidney)
    }

    fn wall(&self, layers: &Layers, p: Vec3, outside_cavity: f32, inside_muscle: f32) -> Tissue {
        if p[2] > -45.0
            && let Some(tissue) = self.trunk.rib(layers, p, outside_cavity, inside_muscle)
        {
            return tissue;
        }
        if let Some(tissue) = self.inner_muscle(p) {
            return tissue;
        }
        let fraction = outside_cavity / (outside_cavity + inside_muscle);
        let planes = if p[1] > 0.75 * layers.cavity.anterior && p[0].abs() < 58.0 {
            // Rectus: one belly either side of the white line.
            p[0].abs() < 1.6 || (p[0].abs() - 56.0).abs() < 1.5
        } else {
            // Three flat layers (or the muscles over the ribs) with fat between.
            let drift = 0.05 * self.grain.at(scale(p, 0.12));
            let thin = 0.022 + 0.016 * self.grain.at([0.3 * p[0] + 9.0, 0.3 * p[1], 0.1 * p[2]]);
            (fraction - 0.34 - drift).abs() < thin || (fraction - 0.68 - drift).abs() < thin
        };
        if planes || self.fat_streak(p) { Tissue::Fat } else { Tissue::Muscle }
    }

    /// Fat between muscle bundles, drawn out along the body.
    fn fat_streak(&self, p: Vec3) -> bool {
        self.grain.at([0.9 * p[0], 0.9 * p[1] + 77.0, 0.22 * p[2]]) > 1.75
    }

    /// Paraspinal muscles, psoas and quadratus lumborum, with fat around each.
    fn inner_muscle(&self, p: Vec3) -> Option<Tissue> {
        let (x, z) = (p[0].abs(), p[2]);
        let y = p[1] - self.skeleton.spine_y(z);
        if x > 95.0 || !(-75.0..30.0).contains(&y) {
            return None;
        }
        let oval = |cx: f32, cy: f32, rx: f32, ry: f32| {
            let (u, v) = ((x - cx) / rx, (y - cy) / ry);
            ((u * u + v * v).sqrt() - 1.0) * rx.min(ry)
        };
        let thorax = ((z - 20.0) / 120.0).clamp(0.0, 1.0);
        let low = ((-z - 140.0) / 60.0).clamp(0.0, 1.0);
        let spinal = oval(
            29.0 - 4.0 * thorax,
            -46.0 + 6.0 * thorax,
            28.0 - 8.0 * thorax,
            (20.0 - 7.0 * thorax) * (1.0 - 0.7 * low),
        );
        let psoas = if z < 42.0 {
            let grown = ((42.0 - z) / 130.0).clamp(0.0, 1.0);
            let down = ((-z - 120.0) / 150.0).clamp(0.0, 1.0);
            let r = 5.0 + 16.0 * grown - 3.0 * down;
            let cy = -6.0 + 4.0 * grown + 62.0 * down;
            oval(27.0 + 16.0 * grown + 38.0 * down, cy, r, 1.15 * r)
        } else {
            FAR
        };
        let quadratus = if (-95.0..22.0).contains(&z) { oval(62.0, -32.0, 18.0, 8.0) } else { FAR };
        let d = spinal.min(psoas).min(quadratus);
        // Intermuscular fat where two muscles meet.
        let meeting = [spinal, psoas, quadratus].iter().filter(|&&m| m < 0.7).count() > 1;
        match d {
            d if d >= 0.9 => None,
            d if d > 0.0 || meeting || self.fat_streak(p) => Some(Tissue::Fat),
            _ => Some(Tissue::Muscle),
        }
    }

    fn cavity(&self, layers: &Layers, p: Vec3, height: f32, inside_cavity: f32, renal: bool) -> Tissue {
        let below_diaphragm = if p[2] > -20.0 { self.trunk.diaphragm(layers, p) - p[2] } else { 200.0 };
        let vessel = self.vessels.nearest(p, |_| true);
        if vessel.distance < 0.0 && !(renal && vessel.tube == vessels::PORTAL) {
            return vessels::TUBE_TISSUE[usize::from(vessel.tube)];
        }
        if below_diaphragm < 0.0 {
            return self.thorax(p, inside_cavity, -below_diaphragm);
        }
        if below_diaphragm < 3.0 {
            return Tissue::Diaphragm;
        }
        for (kidney, right) in [(&self.left_kidney, false), (&self.right_kidney, true)] {
            if let Some(part) = kidney.part(p) {
                return part.tissue(right);
            }
        }
        let roof = (0.6 - inside_cavity).max(3.2 - below_diaphragm);
        if let Some(tissue) = self.upper_abdomen(p, roof) {
            return tissue;
        }
        if roof < -1.5
            && !renal
            && let Some(tissue) = self.gut.tissue(p, height, &self.grain)
        {
            return tissue;
        }
        self.between(p)
    }

    fn thorax(&self, p: Vec3, inside_cavity: f32, above: f32) -> Tissue {
        if self.solid.heart.near(p, 6.0) {
            let heart = self.solid.heart.distance(p).max(3.5 - above);
            if heart < 0.0 {
                return if self.solid.ventricle.distance(p) < 0.0 { Tissue::HeartBlood } else { Tissue::Myocardium };
            }
            if heart < 3.0 {
                return if heart > 2.0 { Tissue::Diaphragm } else { Tissue::VisceralFat };
            }
        }
        let y = p[1] - self.skeleton.spine_y(p[2]);
        let mediastinum = p[0].abs() - if y < 60.0 { 24.0 } else { 9.0 };
        if inside_cavity < 1.2 || mediastinum < 0.0 && y > -4.0 || self.skeleton.column(p) < 3.5 {
            return Tissue::VisceralFat;
        }
        let g = self.grain.at([0.9 * p[0], 0.9 * p[1], 0.6 * p[2]]);
        if g > 2.05 && inside_cavity > 9.0 { Tissue::LungVessel } else { Tissue::Lung }
    }

    /// Liver, gallbladder, spleen, pancreas, adrenals: each keeps a layer of fat to what lies beside it.
    fn upper_abdomen(&self, p: Vec3, roof: f32) -> Option<Tissue> {
        if p[2] < -75.0 {
            return None;
        }
        let gallbladder = if self.solid.gallbladder.near(p, 4.0) { self.solid.gallbladder.distance(p) } else { 4.0 };
        if gallbladder < 1.3 && roof < 0.0 {
            return Some(if gallbladder < 0.0 { Tissue::Gallbladder } else { Tissue::BowelWall });
        }
        if self.solid.near_liver(p) {
            let own = self.solid.liver(p);
            if own < 0.0 {
                let press = |d: f32, edge: f32| smooth_intersection(d, edge, 3.0);
                let mut edge = press(press(press(own, roof), 2.2 - gallbladder), -self.solid.renal_fossa.distance(p));
                if p[2] < 60.0 {
                    edge = press(edge, 4.5 - self.right_kidney.hull(p));
                }
                if edge < 0.0 && p[0].abs() < 60.0 {
                    edge = press(edge, 6.0 - self.skeleton.column(p));
                    edge = press(edge, 0.4 - self.vessels.distance(p));
                }
                if edge < 0.0 && press(edge, 3.5 - self.gut.wall_distance(p)) < 0.0 {
                    let inside = self.liver_vessels.distance(p) < 0.0;
                    return Some(if inside { Tissue::LiverVessel } else { Tissue::Liver });
                }
            }
        }
        if roof < 0.0 && self.solid.near_spleen(p) {
            let own = self.solid.spleen(p);
            if own < 0.0 {
                let pressed = [roof, 5.0 - self.left_kidney.hull(p), 3.0 - self.gut.wall_distance(p)];
                if pressed.iter().fold(own, |d, &edge| smooth_intersection(d, edge, 3.0)) < 0.0 {
                    return Some(Tissue::Spleen);
                }
            }
        }
        if self.solid.adrenal(p) {
            return Some(Tissue::Adrenal);
        }
        let pancreas = self.solid.pancreas(p);
        if pancreas < 2.5 {
            // Lobules with fat between them.
            let lobed = pancreas + 1.8 * self.grain.at([1.3 * p[0], 1.3 * p[1], 1.3 * p[2]]);
            let clear = (3.0 - self.gut.wall_distance(p)).max(3.0 - self.left_kidney.hull(p));
            if lobed.max(clear) < 0.0 {
                return Some(Tissue::Pancreas);
            }
        }
        None
    }

    /// The fat between the organs, with mesenteric vessels, renal fascia and some strands.
    fn between(&self, p: Vec3) -> Tissue {
        if self.gut.mesenteric_vessel(p) {
            return Tissue::SmallVessel;
        }
        let seen = self.grain.at(scale(p, 0.14)) > 0.2;
        if seen && (self.left_kidney.fascia(p) || self.right_kidney.fascia(p)) {
            return Tissue::Fascia;
        }
        let strand = self.grain.at([0.8 * p[0], 0.8 * p[1] + 40.0, 0.5 * p[2]]);
        if strand > 2.3 { Tissue::Fascia } else { Tissue::VisceralFat }
    }

    /// The organs that the demo contours: label, name, half extents and centre of a box around it, seed points.
    pub(crate) fn targets(&self) -> [Target; 3] {
        let kidney = |label, name, kidney: &Kidney| {
            let reach = kidney.body.reach();
            Target {
                label,
                name,
                lower: sub(kidney.body.center, reach),
                upper: add(kidney.body.center, reach),
                seeds: kidney.seed_points(),
                seed_radius: 7.0,
            }
        };
        [
            kidney(3, "left kidney", &self.left_kidney),
            kidney(4, "right kidney", &self.right_kidney),
            Target {
                label: 5,
                name: "liver",
                lower: [-82.0, -100.0, -62.0],
                upper: [150.0, 108.0, 140.0],
                seeds: Solid::liver_seed_points(),
                seed_radius: 10.0,
            },
        ]
    }
}

/// An organ to contour, in canonical coordinates.
pub(crate) struct Target {
    pub(crate) label: u16,
    pub(crate) name: &'static str,
    pub(crate) lower: Vec3,
    pub(crate) upper: Vec3,
    pub(crate) seeds: [Vec3; 3],
    pub(crate) seed_radius: f32,
}
