//! What is measured: the left kidney of the synthetic abdomen, enlarged to 512² and 128³, voxels of 1 mm.

use anyhow::Context;
use zeroset_engine::filter::gaussian::gaussian;
use zeroset_engine::filter::resample::resample;
use zeroset_engine::levelset::{Fields, Grid, LevelSetParams, Method};
use zeroset_engine::phantom::{Phantom, PhantomOptions, Suggestion};
use zeroset_engine::{Geometry, Volume};

/// One problem: grid, what drives the contour, weights and start.
pub struct Case {
    /// `region-2d` and so on.
    pub name: &'static str,
    /// Grid, spacing 1 mm.
    pub grid: Grid,
    /// Speed image or intensities.
    pub fields: Fields,
    /// Weights.
    pub params: LevelSetParams,
    /// phi at the start, mm.
    pub phi: Vec<f32>,
    /// Steps of a run.
    pub steps: u32,
}

/// Builds the problems.
///
/// # Errors
/// A phantom without a left kidney, which would be a fault of the program.
pub fn cases(steps: Option<u32>) -> anyhow::Result<Vec<Case>> {
    let phantom = Phantom::generate(&PhantomOptions::default())?;
    let kidney = phantom.suggestions.iter().find(|s| s.label == 3).context("the phantom has no left kidney")?;
    let mut cases = Vec::new();
    for (names, size) in
        [(["region-2d", "chan-vese-2d"], [512, 512, 1]), (["region-3d", "chan-vese-3d"], [128, 128, 128])]
    {
        let crop = Crop::around(&phantom.ct, kidney, size)?;
        let grid = Grid { size, spacing_mm: [1.0; 3] };
        // The kidney fills about a quarter of the slice's width, as in a scan: 512 pixels across the body.
        let region = LevelSetParams { curvature_exponent: 1.0, ..LevelSetParams::preset(Method::Region) };
        cases.push(Case {
            name: names[0],
            grid,
            fields: Fields::Speed(crop.speed(kidney)),
            params: region,
            phi: crop.start(kidney),
            steps: steps.unwrap_or(400),
        });
        cases.push(Case {
            name: names[1],
            grid,
            fields: Fields::Intensity(crop.scaled()),
            params: LevelSetParams::preset(Method::ChanVese),
            phi: crop.start(kidney),
            steps: steps.unwrap_or(if size[2] == 1 { 200 } else { 40 }),
        });
    }
    Ok(cases)
}

/// The scan resampled around the kidney.
struct Crop {
    geometry: Geometry,
    intensities: Vec<f32>,
}

impl Crop {
    /// In 3D a cube around the kidney; in 2D the whole axial slice through its first seed.
    fn around(ct: &Volume, kidney: &Suggestion, size: [usize; 3]) -> anyhow::Result<Self> {
        let scan = ct.geometry();
        let (lower, upper, target) = if size[2] == 1 {
            let seed = kidney.seeds.first().context("the kidney has no seed")?;
            let z = scan.voxel_of_world([seed[0], seed[1], seed[2]])[2].round();
            ([0.0, 0.0, z], [scan.size()[0] as f64, scan.size()[1] as f64, z + 1.0], size)
        } else {
            let box_mm: Vec<f64> =
                (0..3).map(|d| (kidney.roi_upper[d] - kidney.roi_lower[d]) as f64 * scan.spacing_mm()[d]).collect();
            let edge_mm = box_mm.iter().copied().fold(0.0, f64::max);
            let half: [f64; 3] = std::array::from_fn(|d| edge_mm / scan.spacing_mm()[d] / 2.0);
            let middle: [f64; 3] = std::array::from_fn(|d| (kidney.roi_upper[d] + kidney.roi_lower[d]) as f64 / 2.0);
            (std::array::from_fn(|d| middle[d] - half[d]), std::array::from_fn(|d| middle[d] + half[d]), size)
        };
        let mut affine = *scan.world_from_voxel();
        let origin = scan.world_of_voxel(lower);
        for d in 0..3 {
            let scale = (upper[d] - lower[d]) / target[d] as f64;
            for r in 0..3 {
                affine[(r, d)] *= scale;
            }
            affine[(d, 3)] = origin[d];
        }
        let geometry = Geometry::new(target, affine)?;
        let intensities = resample(&ct.to_f32(), scan, &geometry);
        Ok(Self { geometry, intensities })
    }

    /// Soft threshold in the kidney's window, -1..1, of the slightly smoothed image.
    fn speed(&self, kidney: &Suggestion) -> Vec<f32> {
        let smooth = gaussian(&self.intensities, self.geometry.size(), [1.0; 3], 1.0);
        let (middle, half) = (0.5 * (kidney.lower_hu + kidney.upper_hu), 0.5 * (kidney.upper_hu - kidney.lower_hu));
        smooth.iter().map(|v| ((half - (v - middle).abs()) / 20.0).clamp(-1.0, 1.0)).collect()
    }

    /// Intensities of the kidney's surroundings scaled to [0, 1].
    fn scaled(&self) -> Vec<f32> {
        self.intensities.iter().map(|v| ((v + 100.0) / 350.0).clamp(0.0, 1.0)).collect()
    }

    /// Distance to the nearest seed sphere in voxels of the crop, which count as 1 mm.
    fn start(&self, kidney: &Suggestion) -> Vec<f32> {
        let size = self.geometry.size();
        let scale = self.geometry.spacing_mm()[0];
        let in_plane = size[2] == 1;
        let seeds: Vec<([f64; 3], f64)> = kidney
            .seeds
            .iter()
            .take(if in_plane { 1 } else { usize::MAX })
            .map(|s| (self.geometry.voxel_of_world([s[0], s[1], s[2]]), s[3] / scale))
            .collect();
        (0..self.geometry.len())
            .map(|i| {
                let at = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
                let axes = if in_plane { 2 } else { 3 };
                let to =
                    |(c, r): &([f64; 3], f64)| (0..axes).map(|d| (at[d] as f64 - c[d]).powi(2)).sum::<f64>().sqrt() - r;
                seeds.iter().map(to).fold(f64::INFINITY, f64::min) as f32
            })
            .collect()
    }
}
