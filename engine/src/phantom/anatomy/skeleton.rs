//! Spine with discs, canal and processes; sacrum, iliac wings and hips.

use super::trunk::bone;
use crate::phantom::shapes::{Profile, Vec3, cone_distance, smooth_union};
use crate::phantom::tissue::Tissue;

/// Heights of the intervertebral discs, from L5-S1 to T7-T8; L1-L2 is the origin.
const DISCS: [f32; 11] = [-147.0, -112.0, -75.0, -37.0, 0.0, 35.0, 67.0, 97.0, 126.0, 154.0, 181.0];

/// The bones of the midline and the pelvis.
pub(crate) struct Skeleton {
    /// y of the vertebral bodies' centre.
    center_y: Profile,
    sacrum_half_width: Profile,
    /// Iliac wing in the axial plane: medial end (x, y), lateral end (x, y), half thickness.
    wing: [Profile; 5],
}

impl Skeleton {
    pub(crate) fn new() -> Self {
        let wing = |values: [f32; 6]| {
            let z = [-235.0, -222.0, -195.0, -160.0, -122.0, -90.0];
            let knots: Vec<(f32, f32)> = z.into_iter().zip(values).collect();
            Profile::new(&knots)
        };
        Self {
            center_y: Profile::new(&[
                (-270.0, -72.0),
                (-230.0, -76.0),
                (-185.0, -58.0),
                (-147.0, -33.0),
                (-112.0, -23.0),
                (-60.0, -22.0),
                (0.0, -28.0),
                (60.0, -36.0),
                (120.0, -45.0),
                (190.0, -53.0),
            ]),
            sacrum_half_width: Profile::new(&[
                (-268.0, 8.0),
                (-250.0, 16.0),
                (-225.0, 30.0),
                (-195.0, 44.0),
                (-165.0, 55.0),
                (-147.0, 57.0),
            ]),
            wing: [
                wing([86.0, 80.0, 68.0, 60.0, 66.0, 96.0]),
                wing([-18.0, -24.0, -44.0, -62.0, -58.0, -20.0]),
                wing([88.0, 92.0, 100.0, 114.0, 124.0, 118.0]),
                wing([14.0, 22.0, 34.0, 44.0, 36.0, 6.0]),
                wing([15.0, 11.0, 7.0, 5.0, 4.5, 4.0]),
            ],
        }
    }

    /// y of the spine's centre at height z: paraspinal and psoas muscles hang on it.
    pub(crate) fn spine_y(&self, z: f32) -> f32 {
        self.center_y.at(z)
    }

    /// Signed distance of the vertebral bodies' column with its processes left out.
    pub(crate) fn column(&self, p: Vec3) -> f32 {
        let y = p[1] - self.spine_y(p[2]);
        let (rx, ry) = self.body_radii(p[2]);
        let k = (p[0] * p[0] / (rx * rx) + y * y / (ry * ry)).sqrt();
        (k - 1.0) * ry
    }

    fn body_radii(&self, z: f32) -> (f32, f32) {
        let t = ((z + 150.0) / 330.0).clamp(0.0, 1.0);
        (26.5 - 9.0 * t, 18.5 - 3.0 * t)
    }

    /// Bone, disc or canal at `p`.
    pub(crate) fn tissue(&self, p: Vec3) -> Option<Tissue> {
        let x = p[0].abs();
        if p[2] < -84.0
            && let Some(found) = self.pelvis([x, p[1], p[2]])
        {
            return Some(found);
        }
        let y = p[1] - self.spine_y(p[2]);
        if x > 62.0 || !(-62.0..26.0).contains(&y) {
            return None;
        }
        if p[2] < DISCS[0] { self.sacrum([x, y, p[2]]) } else { self.vertebra([x, y, p[2]]) }
    }

    fn vertebra(&self, p: Vec3) -> Option<Tissue> {
        let [x, y, z] = p;
        let upper = DISCS.iter().position(|&disc| disc > z).unwrap_or(DISCS.len());
        let (low, high) = match upper {
            0 => return None,
            u if u < DISCS.len() => (DISCS[u - 1], DISCS[u]),
            _ => (DISCS[DISCS.len() - 1], DISCS[DISCS.len() - 1] + 26.0),
        };
        let half = 0.5 * (high - low);
        let from_middle = z - 0.5 * (low + high);
        let lumbar = low < 30.0;
        let half_disc = if lumbar { 4.6 } else { 3.0 };
        let (rx, ry) = self.body_radii(z);

        // The canal, behind the body; the sac inside epidural fat.
        let canal_y = y + ry + 8.5;
        let (u, v) = (x / 11.0, canal_y / 8.0);
        let canal = ((u * u + v * v).sqrt() - 1.0) * 8.0;
        if canal < 0.0 {
            return Some(match canal {
                c if c < -4.6 && z > -8.0 => Tissue::Cord,
                c if c < -1.6 => Tissue::Csf,
                _ => Tissue::VisceralFat,
            });
        }

        // Body: waisted between its end plates, its back flattened by the canal.
        let waist = 2.2 * (1.0 - (from_middle / half) * (from_middle / half));
        let k = (x * x / (rx * rx) + y * y / (ry * ry)).sqrt();
        let side = ((k - 1.0) * ry + waist).max(1.5 - canal);
        let plate = from_middle.abs() - (half - half_disc);
        if side < 1.5 && plate > 0.0 {
            return (side < 0.5).then_some(Tissue::Disc);
        }
        if let Some(found) = bone(side.max(plate), 1.7, Tissue::Marrow) {
            return Some(found);
        }

        // Arch: pedicles at the upper half, laminae, spinous and transverse processes, facets.
        let up = from_middle + if lumbar { 0.0 } else { 2.0 };
        let mid = [x, y + ry, up];
        let pedicle = cone_distance(mid, [14.5, 6.0, 5.0], [16.5, -11.0, 4.0], 4.6, 5.0);
        let lamina = cone_distance(mid, [15.5, -12.0, 2.0], [3.0, -20.0, -4.0], 4.4, 4.0);
        let spinous = cone_distance(mid, [0.0, -20.0, -4.0], [0.0, -40.0, -13.0], 3.4, 4.2);
        let reach = if lumbar { 42.0 } else { 31.0 };
        let transverse = cone_distance(mid, [17.0, -8.0, 5.0], [reach, -15.0, 7.0], 4.2, 3.2);
        let facet = cone_distance(mid, [17.5, -14.0, -16.0], [18.5, -14.0, 14.0], 5.2, 5.2);
        let arch = smooth_union(pedicle.min(transverse), lamina.min(spinous).min(facet), 3.0);
        bone(arch.max(0.8 - canal), 1.6, Tissue::Marrow)
    }

    fn sacrum(&self, p: Vec3) -> Option<Tissue> {
        let [x, y, z] = p;
        let width = self.sacrum_half_width.at(z);
        if z < -268.0 {
            return None;
        }
        let thick = 6.0 + 11.0 * ((z + 268.0) / 120.0);
        let (dx, dy) = ((x - width + 6.0).max(0.0), (y + 0.004 * x * x).abs() - thick + 5.0);
        let d = (dx * dx + dy.max(0.0) * dy.max(0.0)).sqrt() + dy.min(0.0) - 6.0;
        let spine = cone_distance([x, y, 0.0], [0.0, -thick, 0.0], [0.0, -thick - 10.0, 0.0], 5.0, 3.0);
        // The canal and the foramina.
        let hole = (z + 160.0) / 24.0;
        let offset = (hole - hole.round()) * 24.0;
        let (hx, hy) = (x - 0.42 * width, y);
        if z > -240.0 && (hx * hx + 0.4 * hy * hy + offset * offset).sqrt() < 5.0 {
            return Some(Tissue::VisceralFat);
        }
        if z > -230.0 && (x * x / 100.0 + (y + thick - 5.0) * (y + thick - 5.0) / 20.0) < 1.0 {
            return Some(Tissue::Csf);
        }
        bone(d.min(spine), 1.7, Tissue::Marrow)
    }

    /// Iliac wing, hip joint and pubis of the side x > 0.
    fn pelvis(&self, p: Vec3) -> Option<Tissue> {
        let [x, y, z] = p;
        let head = {
            let d = [x - 88.0, y - 4.0, z + 250.0];
            (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt()
        };
        if head < 24.0 {
            return bone(head - 23.0, 2.0, Tissue::Marrow).or(Some(Tissue::Cartilage));
        }
        let neck = cone_distance(p, [96.0, 2.0, -255.0], [132.0, -8.0, -276.0], 14.0, 17.0);
        if let Some(found) = bone(neck, 2.5, Tissue::Marrow) {
            return Some(found);
        }
        let pubis = cone_distance(p, [84.0, 36.0, -246.0], [9.0, 58.0, -262.0], 11.0, 8.0).max(3.0 - x);
        let ischium = cone_distance(p, [84.0, -26.0, -240.0], [62.0, -52.0, -280.0], 14.0, 14.0);
        let cup = (head - 32.0).max(x - 96.0);
        let mut hip = pubis.min(ischium).min(cup);
        if z > -236.0 && (55.0..132.0).contains(&x) {
            let [ax, ay, bx, by, thick] = [0, 1, 2, 3, 4].map(|i| self.wing[i].at(z));
            // Bowed outwards between its ends.
            let (ex, ey) = (bx - ax, by - ay);
            let t = (((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)).clamp(0.0, 1.0);
            let bow = 7.0 * 4.0 * t * (1.0 - t);
            let norm = (ex * ex + ey * ey).sqrt();
            let (cx, cy) = (ax + ex * t + bow * ey / norm, ay + ey * t - bow * ex / norm);
            let thicker = thick + 3.5 * (1.0 - t) * (1.0 - t);
            let wing = (((x - cx) * (x - cx) + (y - cy) * (y - cy)).sqrt() - thicker).max(z + 90.0);
            hip = hip.min(wing);
        }
        bone(hip, 1.9, Tissue::Marrow)
    }
}
