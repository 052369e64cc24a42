//! From the anatomy to voxels: placement, partial volume, texture and noise.

use super::anatomy::Anatomy;
use super::field::Texture;
use super::noise::slice_noise;
use super::rng::Rng;
use super::shapes::Vec3;
use super::tissue::{TISSUES, Tissue};
use crate::geometry::Geometry;
use rayon::prelude::*;

/// Where sub-samples lie within a voxel (fractions of the spacing): 2 x 2 x 3.
const IN_PLANE: [f32; 2] = [-0.25, 0.25];
const ALONG_Z: [f32; 3] = [-1.0 / 3.0, 0.0, 1.0 / 3.0];

/// Places the canonical adult in the field of view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    /// Canonical mm per patient mm, in the plane and along z.
    pub(crate) canonical_per_mm: [f32; 2],
    /// Canonical z at world z = 0.
    pub(crate) middle_z: f32,
    /// Rotation about z: the patient never lies quite straight. (cosine, sine)
    turn: [f32; 2],
}

impl Placement {
    /// In-plane extents that hold an adult, mm.
    const ADULT_MM: [f64; 2] = [365.0, 262.0];

    /// Scales the patient to the field of view: an adult from about 365 mm on, a child below. A child's trunk is
    /// longer for its width than an adult's.
    pub(crate) fn new(size: [usize; 3], spacing_mm: [f64; 3], rng: &mut Rng) -> Self {
        let extent: [f64; 3] = std::array::from_fn(|d| size[d] as f64 * spacing_mm[d]);
        let scale = (extent[0] / Self::ADULT_MM[0]).min(extent[1] / Self::ADULT_MM[1]).min(1.06);
        // scale^(4/5) between 0.3 and 1, by its chord from (0.57, 0.638): exact powers differ between platforms.
        let along = if scale < 1.0 { scale + 0.158 * (1.0 - scale) } else { scale };
        let covered = extent[2] / along;
        // A short scan is centred on liver and kidneys, a long one reaches from the lung bases to the pelvis.
        let middle = 38.0 - 83.0 * ((covered - 230.0) / 220.0).clamp(0.0, 1.0);
        let tilt = rng.normal(0.0, 0.025);
        Self {
            canonical_per_mm: [(1.0 / scale) as f32, (1.0 / along) as f32],
            middle_z: middle as f32,
            turn: [1.0 - 0.5 * tilt * tilt, tilt],
        }
    }

    /// Position in the patient's (not yet displaced) canonical coordinates.
    pub(crate) fn canonical(&self, world_mm: Vec3) -> Vec3 {
        let [c, s] = self.turn;
        let [x, y] = [world_mm[0] * self.canonical_per_mm[0], world_mm[1] * self.canonical_per_mm[0]];
        [c * x + s * y, c * y - s * x, world_mm[2] * self.canonical_per_mm[1] + self.middle_z]
    }

    /// Whether a position is so far out that it is air or couch whatever the displacement.
    fn outside(p: Vec3) -> bool {
        p[0] * p[0] / 35_000.0 + p[1] * p[1] / 17_500.0 > 1.0
    }

    /// Inverse of [`Placement::canonical`].
    pub(crate) fn world(&self, p: Vec3) -> Vec3 {
        let [c, s] = self.turn;
        let norm = (c * c + s * s) * self.canonical_per_mm[0];
        [(c * p[0] - s * p[1]) / norm, (c * p[1] + s * p[0]) / norm, (p[2] - self.middle_z) / self.canonical_per_mm[1]]
    }
}

/// Everything that turns positions into HU.
pub(crate) struct Scene<'a> {
    pub(crate) anatomy: &'a Anatomy,
    pub(crate) placement: Placement,
    pub(crate) geometry: &'a Geometry,
    pub(crate) spacing_mm: [f32; 3],
    pub(crate) noise_hu: f32,
    pub(crate) seed: u64,
}

impl Scene<'_> {
    fn tissue(&self, voxel: Vec3) -> Tissue {
        let p = self.canonical(voxel);
        let found = if Placement::outside(p) { Tissue::Air } else { self.anatomy.tissue(p) };
        if found == Tissue::Air && couch(p) { Tissue::Couch } else { found }
    }

    /// Canonical position of a (fractional) voxel: the grid's axes are L, P, S and its middle is the origin.
    fn canonical(&self, voxel: Vec3) -> Vec3 {
        let size = self.geometry.size();
        let step = [-self.spacing_mm[0], -self.spacing_mm[1], self.spacing_mm[2]];
        self.placement.canonical(std::array::from_fn(|d| (voxel[d] - 0.5 * (size[d] as f32 - 1.0)) * step[d]))
    }

    /// Tissue at every voxel centre.
    pub(crate) fn tissues(&self) -> Vec<Tissue> {
        let [nx, ny, _] = self.geometry.size();
        let mut tissues = vec![Tissue::Air; self.geometry.len()];
        tissues.par_chunks_mut(nx).enumerate().for_each(|(row, out)| {
            let (y, z) = (row % ny, row / ny);
            for (x, tissue) in out.iter_mut().enumerate() {
                *tissue = self.tissue([x as f32, y as f32, z as f32]);
            }
        });
        tissues
    }

    /// HU of every voxel, rounded.
    pub(crate) fn intensities(&self, tissues: &[Tissue]) -> Vec<i16> {
        let [nx, ny, _] = self.geometry.size();
        let spacing = self.spacing_mm;
        let mut rng = Rng::new(self.seed, "appearance");
        let means: Vec<f32> = TISSUES.iter().map(|t| rng.normal(t.mean_hu, t.patient_hu)).collect();
        let fine = Texture::new(&mut rng, 1.7);
        let coarse = Texture::new(&mut rng, 8.0);
        let noise_key = rng.key();
        let mut hu = vec![0i16; tissues.len()];
        for (z, plane) in hu.chunks_mut(nx * ny).enumerate() {
            let noise = slice_noise([nx, ny], [spacing[0], spacing[1]], z, noise_key);
            plane.par_chunks_mut(nx).enumerate().for_each(|(y, out)| {
                for (x, out) in out.iter_mut().enumerate() {
                    let mixture = self.mixture(tissues, [x, y, z]);
                    let p = self.canonical([x as f32, y as f32, z as f32]);
                    let mut value = 0.0;
                    let (mut fine_hu, mut coarse_hu) = (0.0, 0.0);
                    for (tissue, part) in &mixture.parts[..mixture.count] {
                        let appearance = &TISSUES[*tissue as usize];
                        value += part * means[*tissue as usize];
                        fine_hu += part * appearance.fine_hu;
                        coarse_hu += part * appearance.coarse_hu;
                    }
                    if fine_hu > 0.0 {
                        value += fine_hu * fine.at(p);
                    }
                    if coarse_hu > 0.0 {
                        value += coarse_hu * coarse.at(p);
                    }
                    // Photons are fewest in the middle of the patient.
                    let r2 = (p[0] * p[0] / 28_000.0 + p[1] * p[1] / 14_000.0).min(1.5);
                    value += self.noise_hu * (1.08 - 0.30 * r2) * noise[y * nx + x];
                    *out = value.round().clamp(-1024.0, 3071.0) as i16;
                }
            });
        }
        hu
    }

    /// The tissues in a voxel and their parts: sub-sampled where a neighbour differs.
    fn mixture(&self, tissues: &[Tissue], voxel: [usize; 3]) -> Mixture {
        let size = self.geometry.size();
        let index = self.geometry.index(voxel);
        let own = tissues[index];
        let strides = [1, size[0], size[0] * size[1]];
        let uniform = (0..3).all(|d| {
            (voxel[d] == 0 || tissues[index - strides[d]] == own)
                && (voxel[d] + 1 == size[d] || tissues[index + strides[d]] == own)
        });
        let mut mixture = Mixture { parts: [(own, 0.0); 12], count: 0 };
        if uniform {
            mixture.add(own, 1.0);
            return mixture;
        }
        let [x, y, z] = voxel.map(|v| v as f32);
        for dz in ALONG_Z {
            for dy in IN_PLANE {
                for dx in IN_PLANE {
                    mixture.add(self.tissue([x + dx, y + dy, z + dz]), 1.0 / 12.0);
                }
            }
        }
        mixture
    }
}

struct Mixture {
    parts: [(Tissue, f32); 12],
    count: usize,
}

impl Mixture {
    fn add(&mut self, tissue: Tissue, part: f32) {
        match self.parts[..self.count].iter_mut().find(|p| p.0 == tissue) {
            Some(found) => found.1 += part,
            None => {
                self.parts[self.count] = (tissue, part);
                self.count += 1;
            }
        }
    }
}

/// The thin, curved top of the couch under the patient.
fn couch(p: Vec3) -> bool {
    let top = -114.5 + p[0] * p[0] / 1400.0;
    p[0].abs() < 165.0 && (p[1] - top).abs() < 0.9
}
