//! Large vessels of the trunk and the vessels inside the liver.

use super::kidney::Kidney;
use super::skeleton::Skeleton;
use crate::phantom::rng::Rng;
use crate::phantom::shapes::{Vec3, add, cross, normalize, scale, sub};
use crate::phantom::tissue::Tissue;
use crate::phantom::tubes::Tubes;

/// Tissues of the tubes by their number.
pub(crate) const TUBE_TISSUE: [Tissue; 4] = [Tissue::Aorta, Tissue::VenaCava, Tissue::PortalVein, Tissue::SmallVessel];
pub(crate) const AORTA: u16 = 0;
pub(crate) const VENA_CAVA: u16 = 1;
pub(crate) const PORTAL: u16 = 2;
const SMALL: u16 = 3;

/// Where the portal vein divides, in the hilum of the liver.
const PORTA: Vec3 = [44.0, 14.0, 58.0];
/// Where the hepatic veins meet the vena cava.
const HEPATIC_CONFLUENCE: Vec3 = [26.0, -6.0, 108.0];

/// Aorta, vena cava, their branches, and the portal system outside the liver.
pub(crate) fn trunk_vessels(rng: &mut Rng, skeleton: &Skeleton, left: &Kidney, right: &Kidney) -> Tubes {
    let mut tubes = Tubes::default();
    let front = |z: f32, gap: f32| skeleton.spine_y(z) + 18.0 + gap;
    let r = rng.normal(10.0, 0.7);
    let aorta: Vec<(Vec3, f32)> = [(195.0, -22.0, 1.15), (150.0, -18.0, 1.1), (100.0, -12.0, 1.05), (50.0, -9.0, 1.0)]
        .into_iter()
        .chain([(0.0, -10.0, 0.92), (-50.0, -10.0, 0.85), (-98.0, -6.0, 0.80)])
        .map(|(z, x, k)| ([x, front(z, r * k + 1.0), z], r * k))
        .collect();
    tubes.add(AORTA, &aorta);
    let cava: Vec<(Vec3, f32)> = [(-108.0, 14.0, 9.5), (-50.0, 20.0, 10.5), (0.0, 23.0, 11.0), (50.0, 25.0, 11.5)]
        .into_iter()
        .chain([(90.0, 26.0, 12.0), (128.0, 22.0, 12.5)])
        .map(|(z, x, r)| ([x, front(z, r + 0.5 + 0.06 * z.max(0.0)), z], r))
        .collect();
    tubes.add(VENA_CAVA, &cava);
    for (side, artery, vein) in [(1.0, 6.5, 7.5), (-1.0, 6.5, 7.0)] {
        let start = [-6.0, front(-98.0, 7.0), -96.0];
        let below = |x: f32, dy: f32, z: f32| [side * x, -2.0 + dy, z];
        tubes.add(
            AORTA,
            &[
                (start, artery),
                (below(24.0, 2.0, -130.0), artery),
                (below(50.0, 6.0, -180.0), 5.5),
                (below(78.0, 48.0, -262.0), 5.0),
                (below(80.0, 55.0, -290.0), 5.0),
            ],
        );
        let start = [14.0, front(-105.0, 7.0), -106.0];
        tubes.add(
            VENA_CAVA,
            &[
                (start, vein),
                (below(26.0, -10.0, -136.0), vein),
                (below(50.0, -8.0, -182.0), 6.5),
                (below(70.0, 36.0, -262.0), 6.0),
                (below(72.0, 44.0, -290.0), 6.0),
            ],
        );
    }
    renal(&mut tubes, skeleton, left, right);
    visceral(&mut tubes, skeleton);
    tubes.build();
    tubes
}

fn renal(tubes: &mut Tubes, skeleton: &Skeleton, left: &Kidney, right: &Kidney) {
    let y = |z: f32| skeleton.spine_y(z) + 26.0;
    for (kidney, side) in [(left, -1.0), (right, 1.0)] {
        let hilum = kidney.hilum();
        let from = [-10.0 + side * 6.0, y(8.0), 8.0];
        let middle = scale(add(from, hilum), 0.5);
        tubes.add(SMALL, &[(from, 2.8), (add(middle, [0.0, -5.0, 0.0]), 2.6), (hilum, 2.2)]);
    }
    let hilum = add(right.hilum(), [0.0, 3.0, -3.0]);
    tubes.add(
        SMALL,
        &[([24.0, y(0.0) + 2.0, 2.0], 4.2), (scale(add([24.0, y(0.0), 2.0], hilum), 0.5), 4.0), (hilum, 3.2)],
    );
    // The left renal vein passes in front of the aorta.
    let hilum = add(left.hilum(), [0.0, 3.0, -3.0]);
    tubes.add(
        SMALL,
        &[
            ([22.0, y(0.0), -1.0], 4.2),
            ([-10.0, y(0.0) + 8.5, 0.0], 3.6),
            ([-30.0, y(0.0) - 1.0, 0.0], 4.2),
            (hilum, 3.2),
        ],
    );
}

fn visceral(tubes: &mut Tubes, skeleton: &Skeleton) {
    let y = |z: f32| skeleton.spine_y(z) + 26.0;
    // Superior mesenteric artery and vein, coeliac trunk, splenic and portal vein.
    tubes.add(
        SMALL,
        &[
            ([-9.0, y(18.0), 18.0], 3.8),
            ([-7.0, y(10.0) + 14.0, 4.0], 3.6),
            ([-5.0, 30.0, -40.0], 3.2),
            ([2.0, 34.0, -100.0], 2.2),
        ],
    );
    tubes.add(
        SMALL,
        &[([-10.0, y(34.0), 34.0], 3.8), ([-8.0, y(36.0) + 16.0, 38.0], 3.4), ([22.0, 20.0, 44.0], 2.8), (PORTA, 2.4)],
    );
    tubes.add(
        PORTAL,
        &[
            ([14.0, 36.0, -90.0], 3.6),
            ([12.0, 32.0, -40.0], 5.0),
            ([10.0, 26.0, 6.0], 6.0),
            ([24.0, 20.0, 32.0], 6.8),
            (PORTA, 6.6),
        ],
    );
    tubes.add(
        PORTAL,
        &[([10.0, 26.0, 8.0], 4.6), ([-20.0, 24.0, 18.0], 4.5), ([-52.0, 14.0, 36.0], 4.4), ([-80.0, 2.0, 58.0], 4.0)],
    );
}

/// Hepatic veins and portal branches: trees that fork into thinner vessels.
pub(crate) fn liver_vessels(rng: &mut Rng) -> Tubes {
    let mut tubes = Tubes::default();
    let mut branch = |rng: &mut Rng, from: Vec3, to: Vec3, radius: f32| {
        let mut pending = vec![(from, to, radius, 0)];
        while let Some((from, to, radius, depth)) = pending.pop() {
            let along = sub(to, from);
            let bow = [rng.uniform(-6.0, 6.0), rng.uniform(-6.0, 6.0), rng.uniform(-6.0, 6.0)];
            let middle = add(add(from, scale(along, 0.5)), bow);
            let tip = radius * 0.75;
            tubes.add(0, &[(from, radius), (middle, 0.88 * radius), (to, tip)]);
            if depth == 4 || tip < 1.0 {
                continue;
            }
            let direction = normalize(along);
            let any = [rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)];
            let aside = normalize(cross(direction, any));
            let reach =
                rng.uniform(0.62, 0.82) * (along[0] * along[0] + along[1] * along[1] + along[2] * along[2]).sqrt();
            for (sign, spread) in [(1.0, rng.uniform(0.4, 0.75)), (-1.0, rng.uniform(0.4, 0.75))] {
                let turn = normalize(add(direction, scale(aside, sign * spread)));
                pending.push((to, add(to, scale(turn, reach)), tip, depth + 1));
            }
        }
    };
    for (to, radius) in [([72.0, -22.0, 88.0], 6.2), ([48.0, 28.0, 92.0], 6.0), ([2.0, 30.0, 90.0], 5.4)] {
        branch(rng, HEPATIC_CONFLUENCE, to, radius);
    }
    for (to, radius) in [([74.0, 8.0, 58.0], 6.6), ([72.0, -12.0, 40.0], 5.2), ([22.0, 42.0, 74.0], 5.6)] {
        branch(rng, PORTA, to, radius);
    }
    tubes.build();
    tubes
}
