//! The slices of one run, a batch at a time.

use super::InferError;
use super::request::{InferReport, OrganPhi, Prediction, Progress, Request, Start};
use crate::models::{Input, Output};
use crate::ode::{Outcome, Scheme, SolverParams};
use crate::prepare::{FAR_BANDS, Preprocessing, SliceGrid, distance_of};
use crate::slices::axial_axis;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::{ControlFlow, Range};

/// A run with its intermediate results.
pub(super) struct Batches<'a> {
    request: &'a Request<'a>,
    preprocessing: &'a Preprocessing,
    grid: SliceGrid,
    solver: SolverParams,
    /// Output channel of each requested organ.
    channels: Vec<usize>,
    slices: Range<usize>,
    device: Device,
    phi_mm: Vec<Vec<f32>>,
    evaluations: Vec<usize>,
    report: InferReport,
}

impl<'a> Batches<'a> {
    pub(super) fn new(request: &'a Request<'a>) -> Result<Self, InferError> {
        let manifest = &request.checkpoint.manifest;
        let preprocessing = &manifest.preprocessing;
        let scan = request.scan.geometry();
        let network = manifest.network.name().to_owned();
        let channel = |organ: &&str| {
            let names = || preprocessing.organs.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join(", ");
            preprocessing.organ(organ).ok_or_else(|| InferError::Organ { organ: (*organ).to_owned(), known: names() })
        };
        let channels = request.organs.iter().map(channel).collect::<Result<Vec<_>, _>>()?;
        match request.start {
            Start::None if manifest.network.needs_start() => return Err(InferError::NoStart { network }),
            Start::Phi(_) if !manifest.network.takes_start() => return Err(InferError::UselessStart { network }),
            _ => {}
        }
        if let Start::Phi(starts) = request.start {
            for organ in request.organs {
                let found = starts.iter().find(|s| s.organ == *organ).map_or(0, |s| s.phi_mm.len());
                if found != scan.len() {
                    let organ = (*organ).to_owned();
                    return Err(InferError::StartSize { organ, found, expected: scan.len() });
                }
            }
        }
        let grid = SliceGrid::new(scan, preprocessing, request.roi)?;
        let axis = axial_axis(scan);
        let slices = request.roi.map_or(0..grid.slices(), |roi| roi.lower[axis]..roi.upper[axis]);
        let outside_mm = FAR_BANDS * grid.band_mm() as f32;
        let report = InferReport { network, weights_sha256: request.checkpoint.hash(), ..InferReport::default() };
        Ok(Self {
            solver: request.solver.unwrap_or(manifest.solver),
            device: device_of(request),
            phi_mm: vec![vec![outside_mm; scan.len()]; channels.len()],
            evaluations: Vec::new(),
            request,
            preprocessing,
            grid,
            channels,
            slices,
            report,
        })
    }

    pub(super) fn run(&mut self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<(), InferError> {
        let adaptive = self.request.checkpoint.manifest.network.solves() && self.solver.scheme == Scheme::DormandPrince;
        let batch = if adaptive { 1 } else { self.request.batch.max(1) };
        let all: Vec<usize> = self.slices.clone().collect();
        for (number, slices) in all.chunks(batch).enumerate() {
            self.batch(slices)?;
            let done = Progress { slices: (number * batch + slices.len()).min(all.len()), of: all.len() };
            if progress(done).is_break() {
                return Err(InferError::Cancelled);
            }
        }
        Ok(())
    }

    fn batch(&mut self, slices: &[usize]) -> Result<(), InferError> {
        let starts: Vec<Option<Vec<f32>>> = slices.iter().map(|&slice| self.start(slice)).collect();
        let is_empty = |start: &Option<Vec<f32>>| start.as_ref().is_some_and(|phi| phi.iter().all(|&v| v >= 0.0));
        let (work, empty): (Vec<usize>, Vec<usize>) = (0..slices.len()).partition(|&i| !is_empty(&starts[i]));
        for &i in &empty {
            self.put(slices[i], starts[i].as_deref().unwrap_or_default());
        }
        self.report.skipped += empty.len();
        if work.is_empty() {
            return Ok(());
        }
        let [h, w] = self.preprocessing.size;
        let tensor = |values: Vec<f32>, channels: usize| {
            Tensor::<4>::from_data(TensorData::new(values, [work.len(), channels, h, w]), &self.device)
        };
        let image = |&i: &usize| self.grid.network_image(self.request.scan, slices[i], self.preprocessing);
        let images = tensor(work.iter().flat_map(image).collect(), self.preprocessing.channels());
        let start = matches!(self.request.start, Start::Phi(_)).then(|| {
            let values = work.iter().flat_map(|&i| starts[i].clone().unwrap_or_default()).collect();
            tensor(values, self.preprocessing.organs.len())
        });
        let Output { phi_band, solver } =
            self.request.checkpoint.network.predict(Input { image: images, start }, &self.solver)?;
        let phi = phi_band.into_data().convert::<f32>().try_into_vec::<f32>();
        let phi = phi.map_err(|error| InferError::Device { reason: error.to_string() })?;
        for (&i, phi) in work.iter().zip(phi.chunks_exact(self.preprocessing.organs.len() * h * w)) {
            self.put(slices[i], phi);
        }
        self.report.slices += work.len();
        if let Some((outcome, stats)) = solver {
            self.evaluations.push(stats.evaluations);
            if outcome != Outcome::Done {
                self.report.unfinished.extend(work.iter().map(|&i| (slices[i], outcome.to_string())));
            }
        }
        Ok(())
    }

    /// φ(0) of a slice for all output channels of the network, band widths; organs that nobody asked for are outside.
    fn start(&self, slice: usize) -> Option<Vec<f32>> {
        let Start::Phi(starts) = self.request.start else { return None };
        let [h, w] = self.grid.pixels();
        let mut all = vec![FAR_BANDS; self.preprocessing.organs.len() * h * w];
        let (band_mm, far_mm) = (self.grid.band_mm() as f32, FAR_BANDS * self.grid.band_mm() as f32);
        for (organ, &channel) in self.request.organs.iter().zip(&self.channels) {
            let Some(start) = starts.iter().find(|s| s.organ == *organ) else { continue };
            let phi = self.grid.resample(slice, far_mm, |index| start.phi_mm[index].clamp(-far_mm, far_mm));
            for (to, from) in all[channel * h * w..].iter_mut().zip(&phi) {
                *to = from / band_mm;
            }
        }
        Some(all)
    }

    /// Puts the requested channels of a slice into the results.
    fn put(&mut self, slice: usize, phi_band: &[f32]) {
        let [h, w] = self.grid.pixels();
        // What a network finds by itself need not have the slope of a distance; what it evolves began as one.
        let finds = matches!(self.request.start, Start::None);
        for (&channel, phi_mm) in self.channels.iter().zip(&mut self.phi_mm) {
            let plane = &phi_band[channel * h * w..][..h * w];
            if finds {
                let distance = distance_of(plane, [h, w], self.preprocessing.band_px);
                self.grid.put_phi_mm(slice, &distance, phi_mm);
            } else {
                self.grid.put_phi_mm(slice, plane, phi_mm);
            }
        }
    }

    pub(super) fn into_prediction(mut self, duration_s: f64) -> Prediction {
        let outside_mm = FAR_BANDS * self.grid.band_mm() as f32;
        if let Some(roi) = self.request.roi {
            let size = self.request.scan.geometry().size();
            // Slices beside the box were never touched.
            let axis = self.grid.axis();
            let range = |d: usize| if d == axis { self.slices.clone() } else { 0..size[d] };
            let box_x = roi.lower[0]..roi.upper[0];
            for phi_mm in &mut self.phi_mm {
                for (z, y) in range(2).flat_map(|z| range(1).map(move |y| (z, y))) {
                    let row_in_box =
                        (roi.lower[1]..roi.upper[1]).contains(&y) && (roi.lower[2]..roi.upper[2]).contains(&z);
                    let row = &mut phi_mm[(z * size[1] + y) * size[0]..][..size[0]];
                    for x in range(0).filter(|x| !(row_in_box && box_x.contains(x))) {
                        row[x] = outside_mm;
                    }
                }
            }
        }
        let evaluations = &self.evaluations;
        self.report.evaluations = (!evaluations.is_empty()).then(|| {
            let least = evaluations.iter().copied().min().unwrap_or(0) as f64;
            let most = evaluations.iter().copied().max().unwrap_or(0) as f64;
            [least, evaluations.iter().sum::<usize>() as f64 / evaluations.len() as f64, most]
        });
        self.report.duration_s = duration_s;
        let organs = self.request.organs.iter().zip(self.phi_mm);
        let organs = organs.map(|(organ, phi_mm)| OrganPhi { organ: (*organ).to_owned(), phi_mm }).collect();
        Prediction { organs, report: self.report }
    }
}

/// Where the network's weights are.
fn device_of(request: &Request<'_>) -> Device {
    request.checkpoint.network.devices().into_iter().next().unwrap_or_else(Device::flex).inner()
}
