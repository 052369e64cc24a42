//! A patient of boxes, and networks whose answer is known: a UNet set by hand that finds what is bright, and an untrained
//! contour ODE, which leaves a contour as it is.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use std::path::Path;
use zeroset_engine::infer::OrganPhi;
use zeroset_engine::models::{Catalogue, Checkpoint, NetworkConfig, NodeContourConfig, UNetConfig};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::{Geometry, LabelMap, Volume};

/// Voxels along R, A, S, of 4 × 4 × 5 mm: 0.08 mL.
pub const SIZE: [usize; 3] = [80, 60, 70];
pub const SPACING_MM: [f64; 3] = [4.0, 4.0, 5.0];
pub const VOXEL_ML: f64 = 0.08;

/// A box: its middle and its sides, mm. All lie on faces of voxels.
pub type Cuboid = ([f64; 3], [f64; 3]);

/// Kidneys of 160 mL, and what else a network may find.
pub const LEFT: Cuboid = ([-60.0, -40.0, 0.0], [40.0, 40.0, 100.0]);
pub const RIGHT: Cuboid = ([60.0, -40.0, 0.0], [40.0, 40.0, 100.0]);
pub const PELVIC: Cuboid = ([-80.0, 0.0, -130.0], [40.0, 40.0, 50.0]);
pub const CRUMB: Cuboid = ([20.0, 60.0, 100.0], [8.0, 8.0, 10.0]);

/// A grid around the origin, stored along `permutation` with the axes of `flips` reversed.
pub fn grid(permutation: [usize; 3], flips: [bool; 3]) -> Geometry {
    let mut affine = nalgebra::Matrix4::zeros();
    affine[(3, 3)] = 1.0;
    let mut size = [0; 3];
    for (column, &row) in permutation.iter().enumerate() {
        size[column] = SIZE[row];
        let sign = if flips[column] { -1.0 } else { 1.0 };
        affine[(row, column)] = sign * SPACING_MM[row];
        affine[(row, 3)] = -sign * SPACING_MM[row] * (SIZE[row] as f64 - 1.0) / 2.0;
    }
    Geometry::new(size, affine).unwrap()
}

/// As most CT is stored: towards L, P, S.
pub fn lps() -> Geometry {
    grid([0, 1, 2], [true, true, false])
}

fn world(grid: &Geometry, index: usize) -> [f64; 3] {
    let [nx, ny, _] = grid.size();
    grid.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64))
}

/// Label n + 1 in the n-th box.
pub fn labels(grid: &Geometry, boxes: &[Cuboid]) -> LabelMap {
    let label = |index: usize| {
        let at = world(grid, index);
        let holds = |(middle, sides): &Cuboid| (0..3).all(|d| (at[d] - middle[d]).abs() < 0.5 * sides[d]);
        boxes.iter().position(holds).map_or(0, |n| n as u16 + 1)
    };
    LabelMap::new(grid.clone(), (0..grid.len()).map(label).collect())
}

/// A body of 40 HU in air, `shift_mm` towards the patient's right, with boxes of 200 HU.
pub fn scan(grid: &Geometry, boxes: &[Cuboid], shift_mm: f64) -> Volume {
    let bright = labels(grid, boxes);
    let hu = |index: usize| {
        let [x, y, _] = world(grid, index);
        let in_body = ((x - shift_mm) / 140.0).powi(2) + (y / 100.0).powi(2) < 1.0;
        if bright.labels()[index] > 0 {
            200.0
        } else if in_body {
            40.0
        } else {
            -1000.0
        }
    };
    Volume::new(grid.clone(), (0..grid.len()).map(hu).collect())
}

/// φ of the boxes as a network gives it.
pub fn phi(grid: &Geometry, boxes: &[Cuboid]) -> Vec<f32> {
    OrganPhi::from_mask("kidney", &labels(grid, boxes), |label| label > 0).phi_mm
}

fn preprocessing(organs: &[&str]) -> Preprocessing {
    let organs = organs.iter().map(|name| Organ { name: (*name).to_owned(), labels: vec![1] });
    // The scan's own pixels; from 100 HU down all is alike.
    Preprocessing {
        window_hu: [100.0, 200.0],
        size: [SIZE[1], SIZE[0]],
        fit: Fit::PixelMm(4.0),
        neighbours: 0,
        neighbour_mm: None,
        band_px: 3.0,
        organs: organs.collect(),
    }
}

/// Kernels that copy their pixel, and a head that is negative where the map is bright.
struct Bright;

impl ModuleMapper for Bright {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 4 {
            return param;
        }
        param.map(|value| {
            let count = value.shape().num_elements();
            let is_head = value.dims()[3] == 1;
            let weight = |i: usize| if is_head { -1.0 } else { f32::from(u8::from(i % 9 == 4)) };
            Tensor::from_data(
                TensorData::new((0..count).map(weight).collect::<Vec<f32>>(), value.shape()),
                &value.device(),
            )
        })
    }
}

/// A UNet that finds the bright boxes, to the voxel.
pub fn finder(organs: &[&str]) -> Checkpoint {
    let config = NetworkConfig::Unet(UNetConfig { channels: vec![1], stem: 1, ..UNetConfig::default() });
    let network = config.init(1, organs.len(), &Device::flex()).map(&mut Bright);
    Checkpoint::new(network, config, preprocessing(organs), SolverParams::default()).unwrap()
}

/// A contour ODE that leaves a contour as it is.
pub fn identity(organs: &[&str]) -> Checkpoint {
    let config = NetworkConfig::NodeContour(NodeContourConfig::default());
    let network = config.init(1, organs.len(), &Device::flex());
    Checkpoint::new(network, config, preprocessing(organs), SolverParams::fixed(Scheme::Euler, 1)).unwrap()
}

/// A network that sees the middle of a slice only, `rows` of its pixels high.
pub fn narrow_finder(rows: usize) -> Checkpoint {
    let mut narrow = finder(&["kidney"]);
    narrow.manifest.preprocessing.size[0] = rows;
    narrow
}

/// A folder laid out as `assets/models`: a UNet for kidney and liver, a contour ODE for the kidney.
pub fn write_models(folder: &Path) {
    finder(&["kidney", "liver"]).save(&folder.join("both-unet")).unwrap();
    identity(&["kidney"]).save(&folder.join("kidney-node")).unwrap();
}

/// The catalogue of [`write_models`].
pub fn catalogue(folder: &Path) -> Catalogue {
    write_models(folder);
    Catalogue::of_folder(folder).unwrap()
}
