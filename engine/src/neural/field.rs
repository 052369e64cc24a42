//! The network on one scan and one organ: where slices start, and what turns numbers into its maps and back.

use super::ball::Ball;
use super::error::NeuralError;
use super::moment::{Moment, Source};
use crate::models::{Checkpoint, Input, Network, NodeContour};
use crate::ode::SolverParams;
use crate::prepare::{FAR_BANDS, Preprocessing, SliceGrid};
use crate::roi::Roi;
use crate::volume::Volume;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

/// The network, laid on a scan.
#[derive(Debug)]
pub struct Field {
    pub(super) network: NodeContour,
    pub(super) grid: SliceGrid,
    scan: Arc<Volume>,
    preprocessing: Preprocessing,
    channel: usize,
    solver: SolverParams,
    weights_sha256: String,
    device: Device,
}

impl Field {
    /// Lays a network on a scan, for one organ. `region` is what [`crate::prepare::Fit::Region`] needs.
    ///
    /// # Errors
    /// A network that moves no contour, an organ that it does not know, a scan that cannot be cut into slices for it.
    pub fn new(
        checkpoint: &Checkpoint,
        scan: Arc<Volume>,
        organ: &str,
        region: Option<&Roi>,
    ) -> Result<Self, NeuralError> {
        let preprocessing = checkpoint.manifest.preprocessing.clone();
        let found = || NeuralError::Network { found: checkpoint.network.name().to_owned() };
        let Network::NodeContour(network) = checkpoint.network.valid() else { return Err(found()) };
        let known = || preprocessing.organs.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join(", ");
        let channel =
            preprocessing.organ(organ).ok_or_else(|| NeuralError::Organ { organ: organ.to_owned(), known: known() })?;
        let grid = SliceGrid::new(scan.geometry(), &preprocessing, region)?;
        let device = network.devices().into_iter().next().unwrap_or_else(Device::flex);
        Ok(Self {
            network,
            grid,
            scan,
            preprocessing,
            channel,
            solver: checkpoint.manifest.solver,
            weights_sha256: checkpoint.hash(),
            device,
        })
    }

    /// The network's grid on the slices.
    pub fn grid(&self) -> &SliceGrid {
        &self.grid
    }

    /// How the network was trained to be solved.
    pub fn solver(&self) -> SolverParams {
        self.solver
    }

    /// Voxels of the scan.
    pub fn scan_len(&self) -> usize {
        self.scan.geometry().len()
    }

    /// SHA-256 of its weights.
    pub fn weights_sha256(&self) -> &str {
        &self.weights_sha256
    }

    /// The moment t = 0 of a slice; `None` where φ has no contour. `phi_mm` is asked by linear offset on the scan's
    /// grid: mm, negative inside.
    pub fn start(&self, slice: usize, phi_mm: impl Fn(usize) -> f32) -> Option<Moment> {
        let band_mm = self.grid.band_mm() as f32;
        let far_mm = FAR_BANDS * band_mm;
        let mut phi = self.grid.resample(slice, far_mm, |index| phi_mm(index).clamp(-far_mm, far_mm));
        phi.iter_mut().for_each(|v| *v /= band_mm);
        if phi.iter().all(|&v| v >= 0.0) {
            return None;
        }
        let limit = self.network.start_limit() as f32;
        phi.iter_mut().for_each(|v| *v = v.clamp(-limit, limit));
        let correction = Arc::new(vec![0.0; phi.len()]);
        Some(Moment { t: 0.0, phi: Arc::new(phi), correction, change: None, source: Source::Start })
    }

    /// γ(0) of a slice from φ(0) of its organ, band widths.
    pub(super) fn start_state(&self, slice: usize, phi: &[f32]) -> Tensor<4> {
        let [h, w] = self.grid.pixels();
        let mut all = vec![FAR_BANDS; self.preprocessing.organs.len() * h * w];
        all[self.channel * h * w..][..h * w].copy_from_slice(phi);
        let image = self.grid.network_image(&self.scan, slice, &self.preprocessing);
        let image = self.tensor(image, [1, self.preprocessing.channels(), h, w]);
        let start = Some(self.tensor(all, [1, self.preprocessing.organs.len(), h, w]));
        self.network.start_state(&Input { image, start })
    }

    /// φ of the organ in states or their rates, band widths, `[slice][row][column]`.
    pub(super) fn phi(&self, state: &Tensor<4>) -> Vec<f32> {
        self.organ(self.network.phi(state, self.grid.pixels()))
    }

    /// The organ's channel of maps.
    pub(super) fn organ(&self, maps: Tensor<4>) -> Vec<f32> {
        values(maps.narrow(1, self.channel, 1))
    }

    /// States, or their rates, with a change of the organ's φ, `[slice][row][column]`, band widths.
    pub(super) fn with_phi_change(&self, state: Tensor<4>, change: &[f32]) -> Tensor<4> {
        let [h, w] = self.grid.pixels();
        let (n, organs) = (state.dims()[0], self.preprocessing.organs.len());
        let mut all = vec![0.0; n * organs * h * w];
        for (slice, change) in change.chunks_exact(h * w).enumerate() {
            all[(slice * organs + self.channel) * h * w..][..h * w].copy_from_slice(change);
        }
        self.network.with_phi_change(state, self.tensor(all, [n, organs, h, w]))
    }

    pub(super) fn tensor(&self, values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Shape of γ for `n` slices.
    pub(super) fn state_shape(&self, n: usize) -> [usize; 4] {
        self.network.state_shape(n, self.grid.pixels())
    }

    /// Takes away from φ what lies in a ball, or adds the ball to it: `shown` is φ of a slice in band widths. Union is
    /// the least of the two distances, difference the greatest of φ and the ball's outside.
    pub fn paint(&self, slice: usize, shown: &mut [f32], ball: &Ball, add: bool) -> bool {
        let geometry = self.scan.geometry();
        let [h, w] = self.grid.pixels();
        let band_mm = self.grid.band_mm() as f32;
        let mut touched = false;
        for row in 0..h {
            for column in 0..w {
                let world = geometry.world_of_voxel(self.grid.voxel_of_pixel(slice, row, column));
                let Some(distance_mm) = ball.distance_mm(world, |normal| self.thickness_mm(normal)) else { continue };
                let distance = distance_mm as f32 / band_mm;
                let value = &mut shown[row * w + column];
                let painted =
                    if add { value.min(distance.max(-FAR_BANDS)) } else { value.max((-distance).min(FAR_BANDS)) };
                touched |= painted != *value;
                *value = painted;
            }
        }
        touched
    }

    /// Distance from one slice to the next across `normal`, on the coarser of the scan's and the network's grid, mm.
    pub(super) fn thickness_mm(&self, normal: [f64; 3]) -> f64 {
        let at = |row: usize, column: usize, slice: usize| {
            self.scan.geometry().world_of_voxel(self.grid.voxel_of_pixel(slice, row, column))
        };
        let origin = at(0, 0, 0);
        let along = |point: [f64; 3]| (0..3).map(|d| (point[d] - origin[d]) * normal[d]).sum::<f64>().abs();
        let pixels = along(at(1, 0, 0)).max(along(at(0, 1, 0))).max(along(at(0, 0, 1)));
        let affine = self.scan.geometry().world_from_voxel();
        let voxel = |c: usize| (0..3).map(|r| affine[(r, c)] * normal[r]).sum::<f64>().abs();
        (0..3).map(voxel).fold(pixels, f64::max)
    }

    /// Distance between neighbouring slices, mm.
    pub fn slice_mm(&self) -> f64 {
        self.scan.geometry().spacing_mm()[self.grid.axis()]
    }

    /// World position of a pixel's middle, RAS+ mm.
    pub(super) fn world_of_pixel(&self, slice: usize, row: usize, column: usize) -> [f64; 3] {
        self.scan.geometry().world_of_voxel(self.grid.voxel_of_pixel(slice, row, column))
    }
}

/// Numbers of a map.
pub(super) fn values(map: Tensor<4>) -> Vec<f32> {
    map.into_data().iter::<f32>().collect()
}
