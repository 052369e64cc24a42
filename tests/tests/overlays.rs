//! What is laid over the slices, in numbers: forces, earlier contours, agreement with a reference.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::overlays::{agreement, moments, pack, range};
use zeroset::session::evolution::{Place, SlicePlace};
use zeroset::session::overlay::{Agreement, Map, OverlaySettings};
use zeroset::session::proposal::ProposalRecord;
use zeroset::session::reference::{Compared, ReferenceMask};
use zeroset::session::{Command, DeviceChoice, Dimension, EvolveSettings, Plane, Proposal, RunState, Scope, Severity};
use zeroset::starting::Gpu;
use zeroset_engine::analysis::Findings;
use zeroset_engine::gpu::{AdapterChoice, GpuContext};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Force, Grid, LevelSet, LevelSetParams, Method, Scheme, Seed, Stepper};
use zeroset_engine::metrics::Overlap;
use zeroset_engine::roi::Roi;
use zeroset_engine::slices::Slice;
use zeroset_engine::{Geometry, LabelMap, Volume, io};
use zeroset_tests::devices::{FLAT, SOLID, fields, seeds};
use zeroset_tests::shapes::{ball, distance, middle, position};

const METHODS: [Method; 3] = [Method::Edge, Method::Region, Method::ChanVese];

/// All terms act.
fn params(method: Method) -> LevelSetParams {
    let mut params = LevelSetParams { reinitialize_every: 0, ..LevelSetParams::preset(method) };
    (params.beta, params.gamma) = (0.3, if method == Method::Edge { 1.5 } else { 0.0 });
    (params.chan_vese.mu, params.chan_vese.nu) = (0.4, -0.1);
    params
}

#[test]
fn the_forces_add_up_to_the_rate_of_the_next_step() {
    for grid in [FLAT, SOLID] {
        for method in METHODS {
            for scheme in [Scheme::Upwind1, Scheme::Eno2, Scheme::Weno5] {
                let params = LevelSetParams { scheme, ..params(method) };
                let phi = seeds(&grid);
                let mut stepper = CpuStepper::new(grid, fields(&grid, method), params, &phi).expect("stepper");
                let before = stepper.phi().expect("phi");
                let total = stepper.force_map(Force::Total);
                let terms: Vec<Vec<f32>> = Force::of(method).iter().map(|&force| stepper.force_map(force)).collect();
                let dt = stepper.dt() as f32;
                stepper.advance(1).expect("step");
                let (after, band) = (stepper.phi().expect("phi"), grid.band_mm(&params));
                let mut compared = 0;
                for i in 0..grid.len() {
                    let sum: f32 = terms.iter().map(|term| term[i]).sum();
                    let close = |a: f32, b: f32, least: f32| (a - b).abs() <= least + 1e-5 * a.abs();
                    assert!(close(sum, total[i], 1e-5), "{method:?} {scheme:?}: sum {sum}, total {}", total[i]);
                    if before[i].abs() < band && after[i].abs() < band {
                        let rate = (after[i] - before[i]) / dt;
                        // What is left of dφ after it was added to φ.
                        let rounding = 2.0 * f32::EPSILON * band / dt;
                        assert!(close(rate, total[i], rounding), "{method:?} {scheme:?}: {rate}, {}", total[i]);
                        compared += 1;
                    }
                    if before[i].abs() >= band {
                        assert_eq!(total[i], 0.0, "beyond the band nothing moves");
                    }
                }
                assert!(compared > 200, "{method:?}: {compared} voxels");
                for (term, force) in terms.iter().zip(Force::of(method)) {
                    assert!(term.iter().any(|v| v.abs() > 1e-3), "{method:?}: {force:?} does not act");
                }
            }
        }
    }
}

#[test]
fn on_a_circle_the_forces_are_alpha_and_beta_over_r() {
    let grid = Grid { size: [81, 81, 1], spacing_mm: [0.5, 0.5, 1.0] };
    let params = LevelSetParams {
        alpha: 0.7,
        beta: 2.0,
        gamma: 0.0,
        scheme: Scheme::Weno5,
        band_voxels: 8.0,
        ..LevelSetParams::preset(Method::Edge)
    };
    let stepper = CpuStepper::new(grid, Fields::Speed(vec![1.0; grid.len()]), params, &ball(&grid, 12.0)).expect("it");
    let (push, bend) = (stepper.force_map(Force::Propagation), stepper.force_map(Force::Curvature));
    assert!(stepper.force_map(Force::Advection).iter().all(|&v| v == 0.0), "gamma is 0");
    assert!(stepper.force_map(Force::Region).iter().all(|&v| v == 0.0), "a term of another method");
    let mut compared = 0;
    for i in 0..grid.len() {
        let r = distance(position(&grid, i), middle(&grid), 2);
        if (r - 12.0).abs() < 1.0 {
            assert!((push[i] + 0.7).abs() < 2e-3, "propagation {} at {r}", push[i]);
            assert!((f64::from(bend[i]) - 2.0 / r).abs() < 2e-3, "curvature {} at {r}", bend[i]);
            compared += 1;
        }
    }
    assert!(compared > 500);
}

#[test]
fn earlier_moments_stay_while_the_contour_moves_on() {
    assert_eq!(moments(0, 10), [] as [u64; 0]);
    assert_eq!(moments(1, 10), [0]);
    assert_eq!(moments(10, 10), [0]);
    assert_eq!(moments(11, 10), [0, 10]);
    assert_eq!(moments(80, 10), [0, 10, 20, 30, 40, 50, 60, 70]);
    assert_eq!(moments(81, 10), [0, 20, 40, 60, 80]);
    assert_eq!(moments(1000, 25), [0, 200, 400, 600, 800]);
}

#[test]
fn layers_lie_side_by_side_as_the_shader_reads_them() {
    let layers: Vec<Arc<Vec<i8>>> = (0..5).map(|n| Arc::new(vec![n, -n, 127 - n])).collect();
    let packed = pack(&layers);
    assert_eq!(packed, [[0x0302_0100, 0x04], [0xfdfe_ff00, 0xfc], [0x7c7d_7e7f, 0x7b]]);
}

#[test]
fn a_range_is_a_round_number_that_all_but_a_twentieth_of_the_band_keep_to() {
    let mut samples: Vec<f32> = (0..100).map(|n| 0.02 * n as f32).collect();
    samples.push(1e6);
    let mut phi = vec![1.0; 100];
    phi.push(9.0);
    assert_eq!(range(&samples, &phi, 6.0), 2.0, "what lies beyond the band does not count");
    assert_eq!(range(&[0.02; 4], &[0.0; 4], 6.0), 0.02);
    assert_eq!(range(&[-0.3; 4], &[0.0; 4], 6.0), 0.5);
    assert_eq!(range(&[1.09; 4], &[0.0; 4], 6.0), 1.0);
    assert_eq!(range(&[1.11; 4], &[0.0; 4], 6.0), 2.0);
    assert_eq!(range(&[0.0; 4], &[0.0; 4], 6.0), 1.0);
    assert_eq!(range(&[5.0], &[7.0], 6.0), 1.0, "nothing lies in the band");
}

fn mask_of(scan: &Geometry, inside: impl Fn([usize; 3]) -> bool) -> ReferenceMask {
    let [nx, ny, _] = scan.size();
    let set = LevelSet::from_mask(scan.clone(), |i| inside([i % nx, i / nx % ny, i / (nx * ny)])).expect("mask");
    let (lower, labels, phi) = ([0; 3], vec![3], Arc::new(set.phi));
    ReferenceMask { document: 1, labels, scan: scan.clone(), lower, geometry: scan.clone(), phi }
}

#[test]
fn dice_is_counted_by_hand() {
    let scan = Geometry::aligned([6, 4, 3], [1.0, 2.0, 2.5], [0.0; 3]).expect("grid");
    // The reference: x from 1 to 4, y 1 and 2, in the lower two slices: 16 voxels of 5 mm³.
    let reference = mask_of(&scan, |[x, y, z]| (1..5).contains(&x) && (1..3).contains(&y) && z < 2);
    // The region: x from 2 on, both slices; of the reference 12 voxels lie in it.
    let roi = Roi { lower: [2, 0, 0], upper: [6, 4, 2], resample: None };
    let geometry = roi.geometry(&scan).expect("grid");
    // The contour: x from 3 on, y 1, both slices: 6 voxels, 4 of them in the reference.
    let [nx, ny, _] = geometry.size();
    let phi: Vec<f32> = (0..geometry.len()).map(|i| if i % nx >= 1 && i / nx % ny == 1 { -1.0 } else { 1.0 }).collect();
    let place = Place { roi, geometry: geometry.clone(), slice: None };
    let found = agreement(&phi, &place, &reference);
    assert_eq!(found.overlap, Overlap { both: 4, prediction_only: 2, truth_only: 8 });
    assert_eq!(found.overlap.dice(), Some(8.0 / 18.0));
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(found.contour_ml(), 0.030);
    close(found.reference_ml(), 0.060);
    close(found.outside_ml, 0.020);
    assert!(!found.slice);

    // In 2D the slice alone: 3 voxels, 2 of them in the reference's 6.
    let slice = Slice::new(&geometry, 2, 1).expect("slice");
    let place = Place { roi, geometry: slice.geometry.clone(), slice: Some(SlicePlace { axis: 2, index: 1 }) };
    let found = agreement(&slice.take(&phi), &place, &reference);
    assert_eq!(found.overlap, Overlap { both: 2, prediction_only: 1, truth_only: 4 });
    close(found.outside_ml, 0.010);
    assert!(found.slice);

    // A resampled region is counted on the scan's voxels too.
    let fine = Roi { resample: Some(0.5), ..roi };
    let geometry = fine.geometry(&scan).expect("grid");
    let set = LevelSet::from_seeds(geometry.clone(), &[Seed { center_mm: [3.0, 2.0, 1.25], radius_mm: 1.9 }]);
    let on_scan = fine.paste_phi(&set.phi, &geometry, &scan).expect("phi");
    let found = agreement(&set.phi, &Place { roi: fine, geometry, slice: None }, &reference);
    assert_eq!(found.overlap.prediction(), on_scan.iter().filter(|&&v| v < 0.0).count() as u64);
    assert!(found.overlap.prediction() > 0);
}

#[test]
fn a_proposal_is_counted_where_it_was_looked_for() {
    let scan = Geometry::aligned([6, 4, 3], [1.0, 2.0, 2.5], [0.0; 3]).expect("grid");
    // 16 voxels, and a proposal of 6 in a box that holds nothing else; 4 of them are in both.
    let mask = Arc::new(mask_of(&scan, |[x, y, z]| (1..5).contains(&x) && (1..3).contains(&y) && z < 2));
    let roi = Roi { lower: [3, 1, 0], upper: [6, 2, 2], resample: None };
    let place = Place { roi, geometry: roi.geometry(&scan).expect("grid"), slice: None };
    let part = Roi { lower: [2, 0, 0], upper: [6, 4, 2], resample: None };
    for (region, truth_only, outside_ml) in [(Roi::whole(&scan), 12, 0.0), (part, 8, 0.020)] {
        let record = ProposalRecord {
            organ: "kidney".into(),
            method: "unet".into(),
            network: (String::new(), String::new()),
            first: None,
            solver: None,
            time: None,
            tolerance: None,
            region,
            device: String::new(),
            duration_s: 0.0,
        };
        let proposal = Proposal {
            document: 1,
            place: place.clone(),
            phi: Arc::new(vec![-1.0; 6]),
            scope: Scope::Region,
            findings: Findings::default(),
            warnings: Vec::new(),
            record: Arc::new(record),
        };
        let compared = Compared { proposal: Arc::new(proposal), mask: mask.clone(), agreement: None };
        let found = zeroset::reference::compare(compared).agreement.expect("counted");
        assert_eq!(found.overlap, Overlap { both: 4, prediction_only: 2, truth_only });
        assert!((found.outside_ml - outside_ml).abs() < 1e-12, "{}", found.outside_ml);
    }
}

const SIZE: [usize; 3] = [48, 40, 24];
const CENTRE_MM: [f64; 3] = [-24.0, -20.0, 24.0];

/// A grid whose axes run to L, P, S, of 1 × 1 × 2 mm.
fn grid() -> Geometry {
    let mut affine = nalgebra::Matrix4::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
    Geometry::new(SIZE, affine).expect("geometry")
}

fn from_centre(geometry: &Geometry, index: usize) -> f64 {
    let [nx, ny, _] = geometry.size();
    let world = geometry.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64));
    (0..3).map(|d| (world[d] - CENTRE_MM[d]).powi(2)).sum::<f64>().sqrt()
}

/// A ball as label 3 in a shell of label 9.
fn truth(geometry: &Geometry) -> LabelMap {
    let label = |index: usize| match from_centre(geometry, index) {
        r if r < 11.0 => 3,
        r if r < 13.0 => 9,
        _ => 0,
    };
    LabelMap::new(geometry.clone(), (0..geometry.len()).map(label).collect())
}

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A ball of 150 HU in 0 HU open, with a region, a window, and a seed.
    fn new(gpu: Gpu) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("ball.nii.gz");
        let geometry = grid();
        let hu = |i: usize| (150.0 * (11.5 - from_centre(&geometry, i)).clamp(0.0, 1.0)) as f32;
        let volume = Volume::new(geometry.clone(), (0..geometry.len()).map(hu).collect());
        io::write_volume(&path, &volume, None).expect("write");
        let desk = Desk::start(Arc::new(|| {}), None, gpu).expect("threads");
        let mut bench = Self { desk, folder };
        bench.desk.apply(Command::Open(path));
        bench.wait("the scan", |d| d.session.document.is_some());
        bench.desk.apply(Command::SetRoi(Roi { lower: [6, 3, 3], upper: [42, 37, 22], resample: None }));
        let mut speed = bench.desk.session.document.as_ref().expect("document").speed.clone();
        (speed.lower, speed.upper, speed.smoothness) = (Some(75.0), None, 15.0);
        bench.desk.apply(Command::SetSpeed(speed));
        bench.desk.apply(Command::AddSeed(Seed { center_mm: CENTRE_MM, radius_mm: 5.0 }));
        bench
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let begun = Instant::now();
        loop {
            self.desk.poll();
            if holds(&self.desk) {
                return;
            }
            let notice = &self.desk.session.notice;
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}; last message: {notice:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn evolve(&mut self, change: impl FnOnce(&mut EvolveSettings)) {
        let mut evolve = self.desk.session.document.as_ref().expect("document").evolve.clone();
        change(&mut evolve);
        self.desk.apply(Command::SetEvolve(evolve));
    }

    fn show(&mut self, change: impl FnOnce(&mut OverlaySettings)) {
        let mut overlays = self.desk.session.overlays;
        change(&mut overlays);
        self.desk.apply(Command::SetOverlays(overlays));
    }

    fn reference(&mut self, name: &str, labels: &LabelMap) {
        let path: PathBuf = self.folder.path().join(name);
        io::write_labels(&path, labels, None).expect("write");
        self.desk.apply(Command::OpenReference(path));
    }

    fn prepared(&mut self, labels: &[u16]) {
        let labels = labels.to_vec();
        self.wait("the reference", |d| {
            d.session.reference.as_ref().and_then(|r| r.mask.as_ref()).is_some_and(|mask| mask.labels == labels)
        });
    }

    fn at(&mut self, step: u64) -> Arc<Vec<f32>> {
        let now = self.desk.session.evolution.step;
        match u32::try_from(step.saturating_sub(now)) {
            Ok(0) | Err(_) => self.desk.apply(Command::Seek(step)),
            Ok(steps) => self.desk.apply(Command::StepForward(steps)),
        }
        self.wait("the step", |d| {
            let held = matches!(d.session.evolution.state, RunState::Paused | RunState::Stopped(_));
            d.session.evolution.step == step && held
        });
        self.desk.session.evolution.phi.as_ref().expect("phi").phi.clone()
    }

    fn agreement(&mut self) -> Agreement {
        self.wait("Dice", |d| d.session.evolution.overlays.agreement.is_some());
        self.desk.session.evolution.overlays.agreement.expect("agreement")
    }
}

/// Counted plainly.
fn dice_of(phi: &[f32], labels: &LabelMap, is_meant: impl Fn(u16) -> bool) -> f64 {
    let (lower, size) = ([6, 3, 3], [36, 34, 19]);
    let (mut both, mut sum) = (0, 0);
    for (i, phi) in phi.iter().enumerate() {
        let local = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
        let truth = is_meant(labels.at(std::array::from_fn(|d| lower[d] + local[d])));
        both += usize::from(*phi < 0.0 && truth);
        sum += usize::from(*phi < 0.0) + usize::from(truth);
    }
    2.0 * both as f64 / sum as f64
}

#[test]
fn dice_follows_the_contour_and_the_scrubbing() {
    let mut bench = Bench::new(Gpu::default());
    bench.desk.apply(Command::SetActiveLabel(3));
    let labels = truth(&grid());
    bench.reference("truth.nii.gz", &labels);
    bench.prepared(&[3]);
    let mut seen = Vec::new();
    for step in [10, 30, 10] {
        let phi = bench.at(step);
        let found = bench.agreement().overlap.dice().expect("both have voxels");
        assert_eq!(found, dice_of(&phi, &labels, |label| label == 3), "step {step}");
        seen.push(found);
    }
    assert!(seen[1] > seen[0] + 0.05 && seen[0] == seen[2], "{seen:?}");
    // Other labels by hand, and back.
    let phi = bench.at(30);
    bench.desk.apply(Command::SetReferenceLabels(Some(vec![3, 9])));
    bench.prepared(&[3, 9]);
    let both = dice_of(&phi, &labels, |label| label != 0);
    bench.wait("the other Dice", |d| {
        d.session.evolution.overlays.agreement.and_then(|a| a.overlap.dice()) == Some(both)
    });
    bench.desk.apply(Command::SetReferenceLabels(None));
    bench.prepared(&[3]);
    // Another active label that the reference knows is meant instead.
    bench.desk.apply(Command::SetActiveLabel(9));
    bench.prepared(&[9]);
    // One that it does not know: all of it.
    bench.desk.apply(Command::SetActiveLabel(1));
    bench.prepared(&[3, 9]);
    // The reference is no segmentation of the user's.
    let document = bench.desk.session.document.as_ref().expect("document");
    assert!(document.labels.is_none() && !bench.desk.session.unsaved());
    bench.desk.apply(Command::CloseReference);
    bench.wait("no Dice", |d| d.session.evolution.overlays.agreement.is_none());
}

#[test]
fn in_a_slice_dice_is_that_of_the_slice() {
    let mut bench = Bench::new(Gpu::default());
    let labels = truth(&grid());
    bench.reference("truth.nii.gz", &labels);
    bench.prepared(&[3]);
    bench.evolve(|evolve| evolve.dimension = Dimension::Two(Plane::Axial));
    bench.desk.apply(Command::SetCursor([24, 20, 12]));
    let phi = bench.at(20);
    let found = bench.agreement();
    let layer: usize = labels.labels()[12 * 48 * 40..13 * 48 * 40].iter().filter(|&&l| l == 3).count();
    assert_eq!((found.slice, found.overlap.truth()), (true, layer as u64));
    assert_eq!(found.overlap.prediction(), phi.iter().filter(|&&v| v < 0.0).count() as u64);
}

#[test]
fn a_reference_on_another_grid_is_resampled_with_a_note() {
    let mut bench = Bench::new(Gpu::default());
    let mut affine = nalgebra::Matrix4::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (0.5, 0.5, 1.0);
    (affine[(0, 3)], affine[(1, 3)]) = (-47.0, -39.0);
    let fine = Geometry::new([96, 80, 48], affine).expect("grid");
    bench.reference("fine.nii.gz", &truth(&fine));
    bench.prepared(&[3]);
    let notice = bench.desk.session.notice.as_ref().expect("a note");
    assert_eq!(notice.severity, Severity::Warning);
    assert!(notice.text.contains("fine.nii.gz lies on another grid") && notice.text.contains("96"), "{}", notice.text);
    let reference = bench.desk.session.reference.as_ref().expect("reference");
    assert!(reference.resampled);
    assert_eq!(*reference.labels, truth(&grid()), "the ball is where it was in the patient");
}

#[test]
fn a_reference_of_another_patient_or_without_a_label_is_refused() {
    let mut bench = Bench::new(Gpu::default());
    let far = Geometry::aligned([20, 20, 20], [1.0; 3], [500.0, 0.0, 0.0]).expect("grid");
    bench.reference("far.nii.gz", &LabelMap::new(far, vec![3; 8000]));
    bench.wait("the message", |d| d.session.notice.as_ref().is_some_and(|n| n.severity == Severity::Error));
    let text = bench.desk.session.notice.as_ref().expect("message").text.clone();
    assert!(text.contains("far.nii.gz does not lie in this scan") && text.contains("20"), "{text}");
    bench.desk.apply(Command::DismissNotice);
    bench.reference("empty.nii.gz", &LabelMap::empty(grid()));
    bench.wait("the message", |d| d.session.notice.as_ref().is_some_and(|n| n.severity == Severity::Error));
    assert!(bench.desk.session.notice.as_ref().expect("message").text.contains("empty.nii.gz has no label"));
    assert!(bench.desk.session.reference.is_none());
}

#[test]
fn the_trail_holds_earlier_moments_of_the_line() {
    let mut bench = Bench::new(Gpu::default());
    bench.show(|overlays| overlays.trail = true);
    let at_10 = bench.at(10);
    assert_eq!(bench.desk.session.evolution.overlays.trail.as_ref().map(|t| t.moments.clone()), Some(vec![0]));
    bench.at(40);
    let trail = bench.desk.session.evolution.overlays.trail.clone().expect("trail");
    assert_eq!(trail.moments, [0, 10, 20, 30]);
    assert_eq!(trail.range_mm, 4.0, "twice the slice distance");
    for (words, &phi) in trail.packed.iter().zip(at_10.iter()) {
        let stored = f32::from(words[0].to_le_bytes()[1].cast_signed()) / 127.0 * trail.range_mm;
        let exact = phi.clamp(-4.0, 4.0);
        assert!((stored - exact).abs() <= 0.51 * 4.0 / 127.0, "{stored} {exact}");
    }
    bench.show(|overlays| overlays.trail = false);
    bench.wait("no trail", |d| d.session.evolution.overlays.trail.is_none());
}

#[test]
fn a_map_is_made_of_the_phi_shown_on_either_device() {
    let context = GpuContext::new(AdapterChoice::Software).expect("a software adapter");
    let device = Some((context.device.clone(), context.queue.clone(), wgpu::AdapterInfo::clone(&context.adapter_info)));
    let mut maps = Vec::new();
    for device_choice in [DeviceChoice::Cpu, DeviceChoice::Gpu] {
        let mut bench = Bench::new(Gpu { device: device.clone() });
        bench.evolve(|evolve| evolve.device = device_choice);
        bench.show(|overlays| (overlays.show_map, overlays.map) = (true, Map::Force(Force::Total)));
        let phi = bench.at(12);
        let map = bench.desk.session.evolution.overlays.force.clone().expect("wanted").expect("a map");
        let document = bench.desk.session.document.as_ref().expect("document");
        let speed = document.speed_image.clone().expect("speed");
        let place = bench.desk.session.evolution.place.clone().expect("place");
        let grid = zeroset_engine::levelset::phi::grid_of(&place.geometry);
        let fields = Fields::Speed(speed.samples.to_vec());
        let plain = CpuStepper::new(grid, fields, document.evolve.params, &phi).expect("stepper");
        assert_eq!(map.samples, plain.force_map(Force::Total));
        assert!(map.samples.iter().any(|&v| v < -0.5) && [0.5, 1.0, 2.0].contains(&map.range), "{}", map.range);
        assert_eq!(bench.desk.session.evolution.overlays.limit_mm, grid.band_mm(&document.evolve.params));
        maps.push(map.samples.clone());
        // A force that the method does not have is told.
        bench.show(|overlays| overlays.map = Map::Force(Force::Advection));
        bench.wait("the reason", |d| matches!(d.session.evolution.overlays.force, Some(Err(_))));
        // Nothing is made when nothing is shown.
        bench.show(|overlays| overlays.show_map = false);
        bench.wait("no map", |d| d.session.evolution.overlays.force.is_none());
    }
    let worst = maps[0].iter().zip(&maps[1]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 2e-2, "CPU and GPU differ by {worst} mm per t");
}

#[test]
fn the_maps_of_a_method_are_offered() {
    let names = |method, by_network| Map::of(method, by_network).iter().map(|map| map.name()).collect::<Vec<_>>();
    assert_eq!(names(Method::Edge, false), ["φ", "Speed", "dφ/dt", "Propagation", "Curvature", "Advection"]);
    assert_eq!(names(Method::Region, false), ["φ", "Speed", "dφ/dt", "Propagation", "Curvature"]);
    assert_eq!(names(Method::ChanVese, false), ["φ", "Speed", "dφ/dt", "Region", "Length", "Area"]);
    assert_eq!(names(Method::Region, true), ["φ", "dφ/dt"]);
}
