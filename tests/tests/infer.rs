//! Networks on whole scans. An untrained contour ODE is the identity, so what goes in as a mask has to come out as that
//! mask, on the same voxels, whatever the scan's orientation; a UNet whose last layer is set by hand has a known answer.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::ControlFlow;
use zeroset_engine::infer::{InferError, OrganPhi, Prediction, Request, Start, infer};
use zeroset_engine::metrics::Overlap;
use zeroset_engine::models::{Checkpoint, NetworkConfig};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::{Geometry, LabelMap, Roi, Volume};

fn preprocessing() -> Preprocessing {
    let organ = |name: &str, labels: &[u16]| Organ { name: name.into(), labels: labels.to_vec() };
    let organs = vec![organ("liver", &[5]), organ("kidney", &[3, 4])];
    let fit = Fit::PixelMm(1.0);
    Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [64, 64],
        fit,
        neighbours: 0,
        neighbour_mm: None,
        band_px: 5.0,
        organs,
    }
}

fn checkpoint(architecture: &str, solver: SolverParams) -> Checkpoint {
    let config = NetworkConfig::preset(architecture).unwrap();
    let network = config.init(1, 2, &Device::flex());
    Checkpoint::new(network, config, preprocessing(), solver).unwrap()
}

/// A scan stored as x = S, y = L, z = A, 1.5 mm, and a mask in it without any symmetry.
fn scan() -> (Volume, LabelMap) {
    let rows = [[0.0, -1.2, 0.0, 30.0], [0.0, 0.0, 1.3, -25.0], [4.0, 0.0, 0.0, -8.0]];
    let geometry = Geometry::from_affine_rows([5, 48, 44], rows).unwrap();
    let inside = |i: usize| {
        let [nx, ny, _] = geometry.size();
        let [x, y, z] = geometry.world_of_voxel([i % nx, i / nx % ny, i / (nx * ny)].map(|v| v as f64));
        z > -3.0 && z < 6.0 && ((x - 6.0) / 14.0).powi(2) + ((y + 3.0) / 9.0).powi(2) < 1.0 && (x < 10.0 || y < 0.0)
    };
    let labels: Vec<u16> = (0..geometry.len()).map(|i| if inside(i) { 3 } else { 0 }).collect();
    let samples = labels.iter().map(|&l| f32::from(l) * 40.0).collect();
    (Volume::new(geometry.clone(), samples), LabelMap::new(geometry, labels))
}

/// The same weights on every run, and no bias of the head, by which an untrained network says "outside" nearly everywhere.
struct Waves;

impl ModuleMapper for Waves {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let count = param.shape().num_elements();
        match D {
            4 => param.map(|value| {
                let wave = |i: usize| (12.9 * i as f32 + 0.37 * (i * i % 1009) as f32).sin();
                let data = TensorData::new((0..count).map(wave).collect::<Vec<f32>>(), value.shape());
                Tensor::from_data(data, &value.device())
            }),
            // Two organs times the stem's four pixels.
            1 if count == 8 => param.map(|bias| bias.zeros_like()),
            _ => param,
        }
    }
}

fn run(request: &Request<'_>) -> Result<Prediction, InferError> {
    infer(request, &mut |_| ControlFlow::Continue(()))
}

fn inside(phi_mm: &[f32]) -> Vec<bool> {
    phi_mm.iter().map(|&phi| phi < 0.0).collect()
}

#[test]
fn the_identity_leaves_a_mask_where_it_is() {
    let (volume, mask) = scan();
    let start = [OrganPhi::from_mask("kidney", &mask, |label| label == 3)];
    for solver in [SolverParams::fixed(Scheme::Rk4, 2), SolverParams::adaptive(1e-3)] {
        let checkpoint = checkpoint("node-contour", solver);
        let request = Request {
            scan: &volume,
            checkpoint: &checkpoint,
            organs: &["kidney"],
            start: Start::Phi(&start),
            roi: None,
            solver: None,
            batch: 3,
        };
        let prediction = run(&request).unwrap();
        let truth: Vec<bool> = mask.labels().iter().map(|&l| l == 3).collect();
        let dice = Overlap::of(&inside(&prediction.organs[0].phi_mm), &truth).dice().unwrap();
        assert!(dice > 0.97, "{solver:?}: Dice {dice}");
        assert_eq!(prediction.organs[0].organ, "kidney");
        // Two slices have a contour (z = -0 and 4 mm), three have none to evolve.
        assert_eq!((prediction.report.slices, prediction.report.skipped), (2, 3));
        assert!(prediction.report.evaluations.unwrap()[0] >= 6.0);
        assert_eq!(prediction.report.weights_sha256.len(), 64);
    }
}

#[test]
fn the_batch_does_not_change_the_answer() {
    let (volume, _) = scan();
    let mut checkpoint = checkpoint("unet", SolverParams::default());
    checkpoint.network = checkpoint.network.map(&mut Waves);
    let request = |batch| Request {
        scan: &volume,
        checkpoint: &checkpoint,
        organs: &["kidney", "liver"],
        start: Start::None,
        roi: None,
        solver: None,
        batch,
    };
    let (one, many) = (run(&request(1)).unwrap(), run(&request(4)).unwrap());
    for (a, b) in one.organs.iter().zip(&many.organs) {
        let apart = a.phi_mm.iter().zip(&b.phi_mm).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-3, "{}: {apart} mm", a.organ);
        assert!(a.phi_mm.iter().all(|v| v.is_finite()));
    }
    let voxels = one.organs.iter().map(|organ| inside(&organ.phi_mm).iter().filter(|&&v| v).count());
    assert!(voxels.min() > Some(50), "there are contours to compare");
    assert!(one.organs[0].phi_mm != one.organs[1].phi_mm, "two organs, two contours");
    assert_eq!((one.report.slices, one.report.evaluations), (5, None));
}

#[test]
fn a_region_bounds_the_result() {
    let (volume, mask) = scan();
    let checkpoint = checkpoint("node-contour", SolverParams::fixed(Scheme::Euler, 1));
    let start = [OrganPhi::from_mask("kidney", &mask, |label| label == 3)];
    let roi = Roi { lower: [2, 12, 10], upper: [3, 25, 30], resample: None };
    let request = Request {
        scan: &volume,
        checkpoint: &checkpoint,
        organs: &["kidney"],
        start: Start::Phi(&start),
        roi: Some(&roi),
        solver: None,
        batch: 2,
    };
    let prediction = run(&request).unwrap();
    let [nx, ny, _] = volume.geometry().size();
    let mut found = 0;
    for (i, &phi) in prediction.organs[0].phi_mm.iter().enumerate() {
        let voxel = [i % nx, i / nx % ny, i / (nx * ny)];
        let in_box = (0..3).all(|d| (roi.lower[d]..roi.upper[d]).contains(&voxel[d]));
        assert!(in_box || phi > 0.0, "{voxel:?} lies outside the box and inside the contour");
        found += usize::from(phi < 0.0);
    }
    assert!(found > 50, "{found} voxels");
    assert_eq!(prediction.report.slices + prediction.report.skipped, 1);
}

#[test]
fn what_does_not_fit_is_refused_and_a_run_can_be_stopped() {
    let (volume, mask) = scan();
    let unet = checkpoint("unet", SolverParams::default());
    let contour = checkpoint("node-contour", SolverParams::default());
    let plain = Request {
        scan: &volume,
        checkpoint: &unet,
        organs: &["kidney"],
        start: Start::None,
        roi: None,
        solver: None,
        batch: 2,
    };
    let spleen = run(&Request { organs: &["spleen"], ..plain }).unwrap_err().to_string();
    assert!(spleen.contains("spleen") && spleen.contains("liver, kidney"), "{spleen}");
    let no_start = run(&Request { checkpoint: &contour, ..plain }).unwrap_err();
    assert!(matches!(no_start, InferError::NoStart { .. }), "{no_start}");
    let start = [OrganPhi::from_mask("kidney", &mask, |label| label == 3)];
    let useless = run(&Request { start: Start::Phi(&start), ..plain }).unwrap_err();
    assert!(matches!(useless, InferError::UselessStart { .. }), "{useless}");
    let small = [OrganPhi { organ: "kidney".into(), phi_mm: vec![1.0; 7] }];
    let size = run(&Request { checkpoint: &contour, start: Start::Phi(&small), ..plain }).unwrap_err().to_string();
    assert!(size.contains('7') && size.contains("10560"), "{size}");
    let mut batches = 0;
    let stopped = infer(&plain, &mut |progress| {
        batches += 1;
        assert_eq!(progress.of, 5);
        ControlFlow::Break(())
    });
    assert_eq!(stopped.unwrap_err(), InferError::Cancelled);
    assert_eq!(batches, 1);
}
