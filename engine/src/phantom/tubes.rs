//! Vessels and bowel: bent tubes of changing radius, found quickly through a grid of cells.

use super::shapes::{Vec3, add, cone_distance, scale};

/// Edge of a search cell.
const CELL: f32 = 8.0;
/// Beyond this distance from a tube's surface nothing is asked.
const MARGIN: f32 = 6.5;

#[derive(Clone, Debug)]
struct Segment {
    tube: u16,
    a: Vec3,
    b: Vec3,
    radius_a: f32,
    radius_b: f32,
}

/// Many tubes, each with an identifying number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tubes {
    segments: Vec<Segment>,
    first: [i32; 3],
    cells: [i32; 3],
    starts: Vec<u32>,
    entries: Vec<u32>,
}

/// The nearest tube and the nearest other one (signed distances of their surfaces; large when there is none near).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nearest {
    pub(crate) tube: u16,
    pub(crate) distance: f32,
    pub(crate) second: f32,
}

/// What [`Tubes::nearest`] gives far from every tube.
pub(crate) const FAR: f32 = MARGIN;

impl Tubes {
    /// Adds a tube along a Catmull-Rom curve through `(position, radius)` knots.
    pub(crate) fn add(&mut self, tube: u16, knots: &[(Vec3, f32)]) {
        const STEPS: usize = 6;
        let knot = |i: isize| knots[i.clamp(0, knots.len() as isize - 1) as usize];
        let mut last: Option<(Vec3, f32)> = None;
        for i in 0..knots.len() as isize - 1 {
            let (p0, p1, p2, p3) = (knot(i - 1), knot(i), knot(i + 1), knot(i + 2));
            for step in 0..=STEPS {
                let t = step as f32 / STEPS as f32;
                let (t2, t3) = (t * t, t * t * t);
                let weights = [
                    0.5 * (-t3 + 2.0 * t2 - t),
                    0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
                    0.5 * (-3.0 * t3 + 4.0 * t2 + t),
                    0.5 * (t3 - t2),
                ];
                let position =
                    [p0, p1, p2, p3].iter().zip(weights).fold([0.0; 3], |sum, (p, w)| add(sum, scale(p.0, w)));
                let point = (position, p1.1 + (p2.1 - p1.1) * t);
                if let Some(before) = last
                    && before.0 != point.0
                {
                    self.segments.push(Segment {
                        tube,
                        a: before.0,
                        b: point.0,
                        radius_a: before.1,
                        radius_b: point.1,
                    });
                }
                last = Some(point);
            }
        }
    }

    /// Sorts the segments into cells; call once after the last [`Tubes::add`].
    pub(crate) fn build(&mut self) {
        let cell_of = |v: f32| (v / CELL).floor() as i32;
        let boxes: Vec<[[i32; 3]; 2]> = self
            .segments
            .iter()
            .map(|s| {
                let reach = s.radius_a.max(s.radius_b) + MARGIN;
                [
                    std::array::from_fn(|d| cell_of(s.a[d].min(s.b[d]) - reach)),
                    std::array::from_fn(|d| cell_of(s.a[d].max(s.b[d]) + reach)),
                ]
            })
            .collect();
        for d in 0..3 {
            self.first[d] = boxes.iter().map(|b| b[0][d]).min().unwrap_or(0);
            self.cells[d] = boxes.iter().map(|b| b[1][d]).max().unwrap_or(-1) + 1 - self.first[d];
        }
        let mut lists = vec![Vec::new(); self.cells.iter().map(|&c| c as usize).product()];
        for (index, [low, high]) in boxes.iter().enumerate() {
            for z in low[2]..=high[2] {
                for y in low[1]..=high[1] {
                    for x in low[0]..=high[0] {
                        lists[self.cell([x, y, z])].push(index as u32);
                    }
                }
            }
        }
        self.starts = Vec::with_capacity(lists.len() + 1);
        for list in &lists {
            self.starts.push(self.entries.len() as u32);
            self.entries.extend_from_slice(list);
        }
        self.starts.push(self.entries.len() as u32);
    }

    fn cell(&self, cell: [i32; 3]) -> usize {
        let [x, y, z] = std::array::from_fn(|d| (cell[d] - self.first[d]) as usize);
        (z * self.cells[1] as usize + y) * self.cells[0] as usize + x
    }

    /// The two nearest tubes around `p`; only the numbers that `wanted` accepts count.
    pub(crate) fn nearest(&self, p: Vec3, wanted: impl Fn(u16) -> bool) -> Nearest {
        let mut found = Nearest { tube: 0, distance: FAR, second: FAR };
        let cell: [i32; 3] = std::array::from_fn(|d| (p[d] / CELL).floor() as i32);
        if (0..3).any(|d| cell[d] < self.first[d] || cell[d] >= self.first[d] + self.cells[d]) {
            return found;
        }
        let index = self.cell(cell);
        for &entry in &self.entries[self.starts[index] as usize..self.starts[index + 1] as usize] {
            let s = &self.segments[entry as usize];
            if !wanted(s.tube) {
                continue;
            }
            let distance = cone_distance(p, s.a, s.b, s.radius_a, s.radius_b);
            if s.tube == found.tube {
                found.distance = found.distance.min(distance);
            } else if distance < found.distance {
                found.second = found.distance;
                found.distance = distance;
                found.tube = s.tube;
            } else {
                found.second = found.second.min(distance);
            }
        }
        found
    }

    /// Signed distance of the union of all tubes, at most [`FAR`].
    pub(crate) fn distance(&self, p: Vec3) -> f32 {
        self.nearest(p, |_| true).distance
    }
}
