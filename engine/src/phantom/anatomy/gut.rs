//! Hollow organs: stomach, duodenum, small bowel, colon, bladder; and the mesentery's vessels.

use crate::phantom::field::Texture;
use crate::phantom::rng::Rng;
use crate::phantom::shapes::{Ellipsoid, Vec3, add, length, normalize, scale, sub};
use crate::phantom::tissue::Tissue;
use crate::phantom::tubes::Tubes;

const STOMACH: u16 = 0;
const DUODENUM: u16 = 1;
const COLON: u16 = 2;
/// Small bowel loops are numbered from here.
const LOOPS: u16 = 10;

/// Stomach, bowel, mesentery and bladder.
pub(crate) struct Gut {
    tubes: Tubes,
    mesentery: Tubes,
    bladder: Ellipsoid,
    /// Above this y the stomach holds gas (the patient lies on the back).
    stomach_gas_y: f32,
    /// The same for each small bowel loop.
    loop_gas_y: Vec<f32>,
    loop_bright: Vec<bool>,
}

impl Gut {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut tubes = Tubes::default();
        let full = rng.uniform(0.85, 1.12);
        tubes.add(
            STOMACH,
            &[
                ([-58.0, -12.0, 104.0], 24.0 * full),
                ([-66.0, 4.0, 86.0], 33.0 * full),
                ([-64.0, 32.0, 56.0], 28.0 * full),
                ([-48.0, 54.0, 24.0], 23.0 * full),
                ([-18.0, 62.0, 4.0], 19.0 * full),
                ([14.0, 55.0, 8.0], 13.0),
                ([32.0, 42.0, 12.0], 8.0),
            ],
        );
        tubes.add(
            DUODENUM,
            &[
                ([36.0, 36.0, 10.0], 11.0),
                ([54.0, 22.0, 0.0], 12.0),
                ([55.0, 14.0, -32.0], 12.0),
                ([40.0, 20.0, -56.0], 12.0),
                ([2.0, 24.0, -56.0], 10.0),
                ([-26.0, 28.0, -40.0], 12.0),
            ],
        );
        tubes.add(COLON, &Self::colon(rng));
        let loops = Self::loops(rng);
        for (number, knots) in loops.iter().enumerate() {
            tubes.add(LOOPS + number as u16, knots);
        }
        tubes.build();

        let mut mesentery = Tubes::default();
        let root: Vec3 = [4.0, 30.0, -30.0];
        for (number, knots) in loops.iter().enumerate() {
            let to = knots[knots.len() / 2].0;
            let start = add(root, [0.0, 0.0, -7.0 * (number % 9) as f32]);
            let middle = add(scale(add(start, to), 0.5), [rng.uniform(-8.0, 8.0), 6.0, rng.uniform(-8.0, 8.0)]);
            let radius = rng.uniform(1.3, 2.2);
            mesentery.add(0, &[(start, radius), (middle, 0.85 * radius), (to, 0.6 * radius)]);
        }
        mesentery.build();
        Self {
            tubes,
            mesentery,
            bladder: Ellipsoid::aligned(
                [rng.uniform(-4.0, 4.0), 32.0, -236.0],
                [rng.uniform(34.0, 44.0), 30.0, rng.uniform(22.0, 32.0)],
            ),
            stomach_gas_y: rng.uniform(46.0, 58.0),
            loop_gas_y: loops
                .iter()
                .map(|l| {
                    let y = l[l.len() / 2].0[1];
                    if rng.uniform(0.0, 1.0) < 0.22 { y + rng.uniform(0.0, 6.0) } else { 1e3 }
                })
                .collect(),
            loop_bright: loops.iter().map(|_| rng.uniform(0.0, 1.0) < 0.3).collect(),
        }
    }

    /// Caecum, ascending, transverse, descending and sigmoid colon, with haustra.
    fn colon(rng: &mut Rng) -> Vec<(Vec3, f32)> {
        let sag = rng.uniform(-62.0, -40.0);
        let path: [(Vec3, f32); 17] = [
            ([84.0, 22.0, -165.0], 21.0),
            ([94.0, 8.0, -140.0], 23.0),
            ([98.0, -4.0, -100.0], 21.0),
            ([99.0, -6.0, -68.0], 20.0),
            ([90.0, 18.0, -48.0], 18.0),
            ([66.0, 56.0, -40.0], 17.0),
            ([30.0, 72.0, sag - 4.0], 17.0),
            ([-12.0, 75.0, sag - 8.0], 17.0),
            ([-54.0, 64.0, sag + 8.0], 16.0),
            ([-92.0, 30.0, -10.0], 16.0),
            ([-112.0, -6.0, 20.0], 15.0),
            ([-108.0, -22.0, -20.0], 13.0),
            ([-104.0, -18.0, -70.0], 12.0),
            ([-100.0, -6.0, -125.0], 12.0),
            ([-78.0, 12.0, -170.0], 13.0),
            ([-30.0, 6.0, -196.0], 14.0),
            ([0.0, -30.0, -215.0], 15.0),
        ];
        let mut knots = Vec::new();
        for pair in path.windows(2) {
            let along = sub(pair[1].0, pair[0].0);
            let pieces = (length(along) / 15.0).ceil().max(1.0) as usize;
            for piece in 0..pieces {
                let t = piece as f32 / pieces as f32;
                // Haustra: wide and narrow places by turns.
                let wide = if knots.len() % 2 == 0 { 1.12 } else { 0.86 };
                let radius = (pair[0].1 + (pair[1].1 - pair[0].1) * t) * wide * rng.uniform(0.92, 1.06);
                knots.push((add(pair[0].0, scale(along, t)), radius));
            }
        }
        knots.push(([0.0, -36.0, -250.0], 14.0));
        knots
    }

    /// Loops of small bowel: short bent tubes packed in the middle and lower abdomen.
    fn loops(rng: &mut Rng) -> Vec<Vec<(Vec3, f32)>> {
        let mut loops = Vec::new();
        for level in 0..14 {
            let z = -14.0 - 14.0 * level as f32;
            for column in 0..6 {
                let x = -84.0 + 31.0 * column as f32 + if level % 2 == 0 { 0.0 } else { 14.0 };
                // The upper right belongs to liver, duodenum and pancreas.
                if level < 4 && x > -20.0 - 8.0 * (3 - level) as f32 {
                    continue;
                }
                let deep = rng.uniform(18.0, 66.0);
                // In front of spine and psoas; deeper to the sides and in the pelvis.
                let y = if z < -150.0 { deep - 22.0 } else { deep + 4.0 - 0.003 * x * x };
                let mut at: Vec3 = [x + rng.uniform(-9.0, 9.0), y, z + rng.uniform(-7.0, 7.0)];
                let mut direction = normalize([rng.uniform(-1.0, 1.0), rng.uniform(-0.8, 0.8), rng.uniform(-0.5, 0.5)]);
                let radius = rng.uniform(9.5, 14.0);
                let mut knots = Vec::new();
                for _ in 0..4 {
                    knots.push((at, radius * rng.uniform(0.88, 1.1)));
                    let turn = [rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0), rng.uniform(-0.6, 0.6)];
                    direction = normalize(add(direction, scale(turn, 0.8)));
                    at = add(at, scale(direction, 13.0));
                    at[0] = at[0].clamp(-80.0, 78.0);
                    at[1] = at[1].clamp(14.0 - 0.09 * (z + 150.0).min(0.0).abs() * 6.0, 78.0);
                }
                loops.push(knots);
            }
        }
        loops
    }

    /// Distance of stomach, duodenum or colon, at most [`FAR`]: what solid organs keep clear of.
    pub(crate) fn wall_distance(&self, p: Vec3) -> f32 {
        self.tubes.nearest(p, |tube| tube < LOOPS).distance
    }

    /// What is at `p`, a point at this height above the couch: fluid levels are flat, not displaced.
    pub(crate) fn tissue(&self, p: Vec3, height: f32, texture: &Texture) -> Option<Tissue> {
        if self.bladder.near(p, 2.0) {
            match self.bladder.distance(p) {
                d if d < -3.0 => return Some(Tissue::Bladder),
                d if d < 0.0 => return Some(Tissue::BladderWall),
                _ => {}
            }
        }
        let found = self.tubes.nearest(p, |_| true);
        let grain = || texture.at([1.7 * p[0] + 31.0, 1.7 * p[1], 1.7 * p[2]]);
        // Where two tubes overlap their walls meet half way.
        let depth = if found.second < 0.0 {
            (0.5 * (found.second - found.distance)).min(-found.distance)
        } else {
            -found.distance
        };
        if found.distance >= 0.0 {
            return None;
        }
        Some(match found.tube {
            STOMACH => match depth {
                d if d < 3.2 + 1.3 * grain() => Tissue::StomachWall,
                _ if height > self.stomach_gas_y => Tissue::StomachGas,
                _ => Tissue::StomachFluid,
            },
            COLON => match depth {
                d if d < 2.0 + 0.5 * grain() => Tissue::BowelWall,
                // Gas collects in front; stool holds bubbles.
                _ if height > 62.0 + 4.0 * texture.at(scale(p, 0.25)) => Tissue::BowelGas,
                _ if grain() + 0.8 * texture.at(scale(p, 0.4)) > 1.9 => Tissue::BowelGas,
                _ => Tissue::Stool,
            },
            DUODENUM => match depth {
                d if d < 2.8 + 1.5 * grain() => Tissue::BowelWall,
                _ => Tissue::BowelFluid,
            },
            tube => {
                let number = usize::from(tube - LOOPS);
                // Folds: the wall reaches into the lumen by fits.
                match depth {
                    d if d < 2.4 + 1.7 * grain().max(-0.6) || self.loop_bright[number] && d < 6.5 => Tissue::BowelWall,
                    _ if height > self.loop_gas_y[number] => Tissue::BowelGas,
                    _ => Tissue::BowelFluid,
                }
            }
        })
    }

    /// A small vessel of the mesentery at `p`.
    pub(crate) fn mesenteric_vessel(&self, p: Vec3) -> bool {
        self.mesentery.distance(p) < 0.0
    }
}
