//! Connected components of a mask in 3D: voxels that share a face, an edge or a corner belong together.
//!
//! Corners count, so that nothing is cut off that touches: what is dropped as a crumb stands alone. Runs of voxels along
//! x are united, not voxels, so that the cost follows the mask and not the scan.

/// The components of a mask, the largest first.
#[derive(Clone, Debug, Default)]
pub struct Components {
    runs: Vec<Run>,
    parts: Vec<Component>,
}

/// One component.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its voxels.
    pub voxels: usize,
    /// Least voxel along x, y, z.
    pub lower: [usize; 3],
    /// One past the greatest voxel along x, y, z.
    pub upper: [usize; 3],
    /// Mean of its voxels.
    pub centre_voxel: [f64; 3],
}

/// Voxels of one row that lie side by side.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Linear offset of the first one, x fastest.
    start: usize,
    len: usize,
    part: usize,
}

impl Components {
    /// Components of the voxels of a grid (x fastest) for which `inside` holds.
    pub fn of(size: [usize; 3], inside: impl Fn(usize) -> bool) -> Self {
        Self::within(size, [0; 3], size, inside)
    }

    /// As [`of`](Self::of), of the voxels in a half-open box of the grid: nothing beside it is asked for.
    pub fn within(size: [usize; 3], lower: [usize; 3], upper: [usize; 3], inside: impl Fn(usize) -> bool) -> Self {
        let [nx, ny, nz] = size;
        let in_box = |d: usize, voxel: usize| (lower[d]..upper[d]).contains(&voxel);
        let mut runs: Vec<Run> = Vec::new();
        let mut first_of_row = Vec::with_capacity(ny * nz + 1);
        for row in 0..ny * nz {
            first_of_row.push(runs.len());
            if !(in_box(1, row % ny) && in_box(2, row / ny)) {
                continue;
            }
            let mut x = lower[0];
            while x < upper[0] {
                let from = x;
                while x < upper[0] && inside(row * nx + x) {
                    x += 1;
                }
                if x > from {
                    runs.push(Run { start: row * nx + from, len: x - from, part: runs.len() });
                }
                x += 1;
            }
        }
        first_of_row.push(runs.len());
        let mut parents: Vec<usize> = (0..runs.len()).collect();
        for row in 0..ny * nz {
            let (y, z) = (row % ny, row / ny);
            let mut unite_with = |other: usize| {
                let rows = [row, other].map(|r| (first_of_row[r]..first_of_row[r + 1], r * nx));
                unite_rows(&runs, &rows, &mut parents);
            };
            if y > 0 {
                unite_with(row - 1);
            }
            if z > 0 {
                (y.saturating_sub(1)..=(y + 1).min(ny - 1)).for_each(|y| unite_with((z - 1) * ny + y));
            }
        }
        Self::gather(runs, &mut parents, size)
    }

    /// Counts what belongs together and puts the largest first; of equals, the one with the first voxel.
    fn gather(mut runs: Vec<Run>, parents: &mut [usize], [nx, ny, _]: [usize; 3]) -> Self {
        let mut part_of_root = vec![usize::MAX; runs.len()];
        let mut parts: Vec<Component> = Vec::new();
        for index in 0..runs.len() {
            let root = root_of(parents, index);
            if part_of_root[root] == usize::MAX {
                part_of_root[root] = parts.len();
                parts.push(Component { voxels: 0, lower: [usize::MAX; 3], upper: [0; 3], centre_voxel: [0.0; 3] });
            }
            let run = &mut runs[index];
            run.part = part_of_root[root];
            let part = &mut parts[run.part];
            let first = [run.start % nx, run.start / nx % ny, run.start / (nx * ny)];
            let last = [first[0] + run.len - 1, first[1], first[2]];
            for d in 0..3 {
                part.lower[d] = part.lower[d].min(first[d]);
                part.upper[d] = part.upper[d].max(last[d] + 1);
                part.centre_voxel[d] += 0.5 * (first[d] + last[d]) as f64 * run.len as f64;
            }
            part.voxels += run.len;
        }
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&part| std::cmp::Reverse(parts[part].voxels));
        let mut place = vec![0; parts.len()];
        order.iter().enumerate().for_each(|(rank, &part)| place[part] = rank);
        runs.iter_mut().for_each(|run| run.part = place[run.part]);
        let sorted = order.into_iter().map(|part| {
            let part = &parts[part];
            Component { centre_voxel: part.centre_voxel.map(|sum| sum / part.voxels as f64), ..part.clone() }
        });
        Self { parts: sorted.collect(), runs }
    }

    /// The components, the largest first.
    pub fn parts(&self) -> &[Component] {
        &self.parts
    }

    /// Linear offsets of the voxels of a component, ascending.
    pub fn voxels(&self, part: usize) -> impl Iterator<Item = usize> {
        self.runs.iter().filter(move |run| run.part == part).flat_map(|run| run.start..run.start + run.len)
    }
}

/// Unites the runs of two rows that touch; both are in order of x. A row is its runs and its first voxel.
fn unite_rows(runs: &[Run], rows: &[(std::ops::Range<usize>, usize); 2], parents: &mut [usize]) {
    let [(mut a, a_start), (mut b, b_start)] = rows.clone();
    while let (Some(i), Some(j)) = (a.clone().next(), b.clone().next()) {
        let (from_i, from_j) = (runs[i].start - a_start, runs[j].start - b_start);
        let (to_i, to_j) = (from_i + runs[i].len, from_j + runs[j].len);
        if from_i <= to_j && from_j <= to_i {
            let (root_i, root_j) = (root_of(parents, i), root_of(parents, j));
            parents[root_i.max(root_j)] = root_i.min(root_j);
        }
        if to_i < to_j {
            a.next()
        } else {
            b.next()
        };
    }
}

/// The representative of a run; the way to it is halved.
fn root_of(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}
