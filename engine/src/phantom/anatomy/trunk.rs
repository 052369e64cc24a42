//! The trunk: skin, fat, muscular wall, ribs, diaphragm. Everything else lies in its cavity.

use crate::phantom::rng::Rng;
use crate::phantom::shapes::{Profile, Squircle, Vec3};
use crate::phantom::tissue::Tissue;

/// Knots of the profiles along z, from the upper thigh to the eighth thoracic vertebra.
const Z: [f32; 9] = [-290.0, -230.0, -180.0, -120.0, -60.0, 0.0, 60.0, 120.0, 190.0];

/// Outlines of the trunk as functions of height.
pub(crate) struct Trunk {
    /// Per mm of height from [`Trunk::LOWEST`] on: half width, front and back of body, muscle and cavity.
    table: Vec<[f32; 9]>,
    dome_right: f32,
    dome_left: f32,
    rib_phase: f32,
}

/// The three outlines at one height.
#[derive(Clone, Copy)]
pub(crate) struct Layers {
    /// Outside of the skin.
    pub(crate) body: Squircle,
    /// Outside of the muscles.
    pub(crate) muscle: Squircle,
    /// Inside of the wall.
    pub(crate) cavity: Squircle,
}

fn profile(values: [f32; 9], factor: f32) -> Profile {
    let knots: Vec<(f32, f32)> = Z.iter().zip(values).map(|(z, v)| (*z, v * factor)).collect();
    Profile::new(&knots)
}

impl Trunk {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let fat = rng.uniform(0.75, 1.2);
        let (outline, fat, wall) = (
            [
                profile([172.0, 173.0, 168.0, 158.0, 148.0, 147.0, 150.0, 152.0, 154.0], 1.0),
                profile([82.0, 90.0, 95.0, 98.0, 101.0, 104.0, 106.0, 105.0, 100.0], rng.normal(1.0, 0.02)),
                profile([112.0, 112.0, 106.0, 98.0, 95.0, 97.0, 101.0, 104.0, 106.0], 1.0),
            ],
            [
                profile([26.0, 27.0, 25.0, 21.0, 17.0, 14.0, 11.0, 10.0, 10.0], fat),
                profile([22.0, 23.0, 22.0, 20.0, 18.0, 16.0, 12.0, 10.0, 10.0], fat),
                profile([34.0, 34.0, 29.0, 18.0, 12.0, 9.0, 8.0, 8.0, 9.0], fat),
            ],
            [
                profile([52.0, 46.0, 38.0, 23.0, 13.0, 12.0, 13.0, 14.0, 15.0], 1.0),
                profile([14.0, 12.0, 10.0, 9.0, 9.0, 9.0, 10.0, 12.0, 13.0], 1.0),
                profile([40.0, 34.0, 30.0, 24.0, 19.0, 16.0, 14.0, 13.0, 13.0], 1.0),
            ],
        );
        let table = (0..Self::HEIGHTS)
            .map(|i| {
                let z = Self::LOWEST + i as f32;
                let of = |p: &[Profile; 3]| [p[0].at(z), p[1].at(z), p[2].at(z)];
                let body: [f32; 3] = of(&outline);
                let (fat, wall): ([f32; 3], [f32; 3]) = (of(&fat), of(&wall));
                std::array::from_fn(|k| match k {
                    0..3 => body[k],
                    3..6 => body[k - 3] - fat[k - 3],
                    _ => body[k - 6] - fat[k - 6] - wall[k - 6],
                })
            })
            .collect();
        Self {
            table,
            dome_right: rng.normal(137.0, 5.0),
            dome_left: rng.normal(124.0, 5.0),
            rib_phase: rng.uniform(-5.0, 5.0),
        }
    }

    const LOWEST: f32 = -300.0;
    const HEIGHTS: usize = 501;

    /// The outlines at height z.
    pub(crate) fn layers(&self, z: f32) -> Layers {
        let position = (z - Self::LOWEST).clamp(0.0, (Self::HEIGHTS - 2) as f32);
        let (low, t) = (position as usize, position - (position as usize) as f32);
        let (a, b) = (&self.table[low], &self.table[low + 1]);
        let v: [f32; 9] = std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
        let squircle = |i: usize| Squircle { half_width: v[i], anterior: v[i + 1], posterior: v[i + 2] };
        Layers { body: squircle(0), muscle: squircle(3), cavity: squircle(6) }
    }

    /// Distance inside the skin's surface (positive inside), with the furrow of the back and the navel.
    pub(crate) fn depth(&self, layers: &Layers, p: Vec3) -> f32 {
        let mut depth = -layers.body.distance(p[0], p[1]);
        if p[1] < 0.0 {
            let u = p[0] / 22.0;
            depth -= 7.0 / (1.0 + u * u * u * u);
        } else if p[0].abs() < 30.0 && (p[2] + 82.0).abs() < 30.0 {
            let (u, w) = (p[0] / 9.0, (p[2] + 82.0) / 10.0);
            let r2 = u * u + w * w;
            depth -= 13.0 / (1.0 + r2 * r2);
        }
        depth
    }

    /// Height of the diaphragm's upper surface above (x, y): two domes that fall to the recess at the wall.
    pub(crate) fn diaphragm(&self, layers: &Layers, p: Vec3) -> f32 {
        let c = &layers.cavity;
        let b = if p[1] >= 0.0 { c.anterior } else { c.posterior };
        let (u, v) = (p[0] / c.half_width, p[1] / b);
        let r2 = u * u + v * v;
        let side = (0.5 + 0.5 * p[0] / 45.0).clamp(0.0, 1.0);
        let side = side * side * (3.0 - 2.0 * side);
        let center = (1.0 - (p[0] - 5.0).abs() / 45.0).max(0.0);
        let height = self.dome_left + (self.dome_right - self.dome_left) * side - 16.0 * center * center;
        // The anterior insertion is higher than the posterior one.
        let foot = if p[1] > 0.0 { 40.0 + 25.0 * v } else { 40.0 + 40.0 * v };
        height - (height - foot) * r2 * r2 * (0.62 + 0.38 * r2)
    }

    /// Rib, cartilage or sternum at a point of the wall that lies `outside_cavity` from the cavity and
    /// `inside_muscle` below the wall's surface.
    pub(crate) fn rib(&self, layers: &Layers, p: Vec3, outside_cavity: f32, inside_muscle: f32) -> Option<Tissue> {
        let c = &layers.cavity;
        if p[2] > 92.0 && p[1] > 0.0 && p[0].abs() < 17.0 {
            let d = (p[0].abs() - 13.0).max((outside_cavity - 5.5).abs() - 4.5);
            return bone(d, 1.6, Tissue::Marrow);
        }
        let along = ((p[1] + c.posterior) / (c.anterior + c.posterior)).clamp(0.0, 1.0);
        let level = (p[2] + 100.0 * along * (1.35 - 0.35 * along) - 42.0 + self.rib_phase) / 29.0;
        let number = level.round();
        // Number 0 is the twelfth rib; the lowest two float, the next ones end in cartilage.
        let (bone_end, end) = match number as i32 {
            ..0 => return None,
            0 => (0.22, 0.22),
            1 => (0.42, 0.45),
            2 => (0.72, 0.85),
            _ => (0.80, 0.97),
        };
        if along > end || p[0].abs() < 26.0 {
            return None;
        }
        let tip = (along - end) * (c.anterior + c.posterior);
        let vertical = (level - number) * 29.0 * 0.88;
        let radial = 0.5 * (outside_cavity - inside_muscle);
        let k = (vertical * vertical / 49.0 + radial * radial / 14.0).sqrt();
        let d = ((k - 1.0) * 3.74).max(tip);
        if along > bone_end { (d < 0.0).then_some(Tissue::Cartilage) } else { bone(d, 1.5, Tissue::Marrow) }
    }
}

/// A bone with a cortical shell of this thickness.
pub(crate) fn bone(distance: f32, shell: f32, core: Tissue) -> Option<Tissue> {
    match distance {
        d if d >= 0.0 => None,
        d if d > -shell => Some(Tissue::Cortical),
        _ => Some(core),
    }
}
