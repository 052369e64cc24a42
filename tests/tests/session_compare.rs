//! The session with comparisons, without a window: start, stop, a scan opened meanwhile, play and step, take a contour.

use burn::tensor::Device;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::session::compare::TICKS;
use zeroset::session::{
    Command, CompareCommand, CompareSettings, ComparisonView, Dimension, EvolveSettings, MethodKey, Plane, RunState,
    Step,
};
use zeroset::starting::Gpu;
use zeroset_engine::levelset::{Method, Seed};
use zeroset_engine::models::{Catalogue, Checkpoint, NetworkConfig};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::{Geometry, LabelMap, Roi, Volume, io};
use zeroset_tests::networks::stirred;

const CENTRE_MM: [f64; 3] = [-24.0, -20.0, 24.0];
const SIZE: [usize; 3] = [48, 40, 24];

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

fn write_ball(path: &Path) {
    let mut affine = nalgebra::Matrix4::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
    let geometry = Geometry::new(SIZE, affine).expect("geometry");
    let hu = |index: usize| {
        let voxel = [index % SIZE[0], index / SIZE[0] % SIZE[1], index / (SIZE[0] * SIZE[1])];
        let world = geometry.world_of_voxel(voxel.map(|v| v as f64));
        let distance = (0..3).map(|d| (world[d] - CENTRE_MM[d]).powi(2)).sum::<f64>().sqrt();
        (150.0 * (0.5 - (distance - 11.0)).clamp(0.0, 1.0)) as f32
    };
    let values = (0..geometry.len()).map(hu).collect();
    io::write_volume(path, &Volume::new(geometry, values), None).expect("write");
}

/// A folder with a contour NODE of untrained weights.
fn write_network(folder: &Path) {
    let config = NetworkConfig::preset("node-contour").expect("preset");
    let network = stirred(config.init(1, 1, &Device::flex()), 5, 0.05);
    let preprocessing = Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [40, 48],
        fit: Fit::PixelMm(1.0),
        neighbours: 0,
        neighbour_mm: None,
        band_px: 4.0,
        organs: vec![Organ { name: "kidney".into(), labels: vec![3] }],
    };
    let checkpoint = Checkpoint::new(network, config, preprocessing, SolverParams::fixed(Scheme::Midpoint, 2));
    checkpoint.expect("checkpoint").save(&folder.join("ball-node-contour")).expect("save");
}

impl Bench {
    /// A bright ball open, a region and a seed in it, and a network at hand.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let scan = folder.path().join("ball.nii.gz");
        write_ball(&scan);
        let models = folder.path().join("models");
        write_network(&models);
        let desk = Desk::start(Arc::new(|| {}), None, Gpu::default()).expect("threads");
        let mut bench = Self { desk, folder };
        bench.desk.session.catalogue = Arc::new(Catalogue::of_folder(&models).expect("catalogue"));
        bench.desk.apply(Command::Open(scan));
        bench.wait("the scan", |d| d.session.document.is_some());
        bench.desk.apply(Command::SetRoi(Roi { lower: [6, 3, 3], upper: [42, 37, 22], resample: None }));
        let mut speed = bench.document().speed.clone();
        (speed.lower, speed.upper, speed.smoothness) = (Some(75.0), None, 15.0);
        bench.desk.apply(Command::SetSpeed(speed));
        bench.desk.apply(Command::AddSeed(Seed { center_mm: CENTRE_MM, radius_mm: 6.0 }));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn document(&self) -> &zeroset::session::Document {
        self.desk.session.document.as_ref().expect("document")
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

    fn send(&mut self, command: CompareCommand) {
        self.desk.apply(Command::Compare(command));
    }

    fn choose(&mut self, chosen: Vec<MethodKey>) {
        self.send(CompareCommand::Choose(CompareSettings { chosen, organ: None }));
    }

    /// Compares region, Chan–Vese and the network.
    fn compare(&mut self) -> ComparisonView {
        self.choose(vec![
            region(),
            MethodKey::Equation(Method::ChanVese),
            MethodKey::Network("ball-node-contour".into()),
        ]);
        self.send(CompareCommand::Start);
        self.wait("the comparison", |d| d.session.compare.shown().is_some());
        self.view().clone()
    }

    fn view(&self) -> &ComparisonView {
        self.desk.session.compare.shown().expect("a comparison")
    }

    fn notice(&self) -> String {
        self.desk.session.notice.as_ref().expect("a message").text.clone()
    }
}

fn region() -> MethodKey {
    MethodKey::Equation(Method::Region)
}

fn held(desk: &Desk) -> bool {
    matches!(desk.session.evolution.state, RunState::Paused | RunState::Stopped(_))
}

#[test]
fn methods_are_compared_from_the_seeds_and_stepped_through() {
    let mut bench = Bench::new();
    let view = bench.compare();
    let names: Vec<&str> = view.comparison.tracks.iter().map(|track| track.name.as_str()).collect();
    assert_eq!(names, ["Region", "Chan–Vese", "Contour ODE"]);
    assert_eq!((view.position, view.playing, view.pair, view.plane), (1.0, false, (0, 1), Plane::Axial));
    assert!(view.measured(), "the end comes with its distances");
    let rows = view.table();
    assert_eq!((rows[0].dice_to_first, rows[0].hd95_to_first_mm), (Some(1.0), Some(0.0)));
    assert!(rows[0].volume_ml > 5.0 && rows[0].change_ml > 4.0, "{rows:?}");
    assert_eq!(bench.desk.session.evolution.state, RunState::Absent, "nothing else has begun");

    // At the start all are the same contour.
    bench.desk.apply(Command::Seek(0));
    bench.wait("the distances of the start", |d| d.session.compare.shown().is_some_and(ComparisonView::measured));
    for row in bench.view().table() {
        assert_eq!((row.change_ml, row.dice_to_first, row.hd95_to_first_mm), (0.0, Some(1.0), Some(0.0)), "{row:?}");
    }
    bench.desk.apply(Command::StepForward(1));
    assert_eq!(bench.view().position, 1.0 / f64::from(TICKS));
    bench.desk.apply(Command::StepForward(1000));
    assert_eq!(bench.view().position, 1.0);
    // Playing from the end begins anew, and ends there.
    bench.desk.apply(Command::TogglePlay);
    assert!(bench.view().playing && bench.view().position == 0.0);
    bench.send(CompareCommand::Advance(1.3));
    assert!((0.2..0.3).contains(&bench.view().position));
    bench.send(CompareCommand::Advance(100.0));
    assert!(!bench.view().playing && bench.view().position == 1.0);
    bench.send(CompareCommand::SetPair(0, 7));
    bench.send(CompareCommand::SetPair(2, 0));
    assert_eq!(bench.view().pair, (2, 0));
    // The brush and acceptance belong to the evolution behind it.
    bench.desk.apply(Command::Accept);
    assert!(bench.notice().contains("behind the comparison"), "{}", bench.notice());
}

#[test]
fn two_to_four_methods_are_asked_for() {
    let mut bench = Bench::new();
    bench.choose(vec![region(), MethodKey::Network("gone".into())]);
    bench.send(CompareCommand::Start);
    assert!(bench.desk.session.compare.run.is_none());
    assert!(bench.notice().contains("two to four"), "{}", bench.notice());
    // Across another axis than its own the network cannot run.
    let evolve = EvolveSettings { dimension: Dimension::Two(Plane::Coronal), ..bench.document().evolve.clone() };
    bench.desk.apply(Command::SetEvolve(evolve));
    let offers = bench.desk.session.compare_offers();
    assert_eq!(offers.iter().filter(|offer| offer.refusal.is_some()).count(), 1);
}

#[test]
fn stopping_and_opening_another_scan_drop_the_result() {
    let mut bench = Bench::new();
    bench.choose(vec![region(), MethodKey::Equation(Method::ChanVese)]);
    bench.send(CompareCommand::Start);
    let run = bench.desk.session.compare.run.clone().expect("a run");
    bench.send(CompareCommand::Stop);
    assert!(run.is_cancelled() && bench.desk.session.compare.run.is_none());
    // A method that is ended early is shown as far as it came.
    bench.send(CompareCommand::Start);
    bench.send(CompareCommand::EndMethod);
    bench.wait("the comparison", |d| d.session.compare.shown().is_some());
    assert!(bench.view().comparison.tracks[0].last().step <= 5, "{:?}", bench.view().comparison.tracks[0].work);
    bench.send(CompareCommand::Show(false));
    // The newest wins.
    bench.send(CompareCommand::Start);
    let first = bench.desk.session.compare.run.clone().expect("a run");
    bench.send(CompareCommand::Start);
    assert!(first.is_cancelled());
    bench.wait("the comparison", |d| d.session.compare.shown().is_some());
    assert_eq!(bench.view().number, 4);

    bench.send(CompareCommand::Start);
    let late = bench.desk.session.compare.run.clone().expect("a run");
    let other = bench.path("other.nii.gz");
    write_ball(&other);
    let serial = bench.document().serial;
    bench.desk.apply(Command::Open(other));
    bench.wait("the other scan", |d| d.session.document.as_ref().is_some_and(|doc| doc.serial > serial));
    assert!(late.is_cancelled() || bench.desk.session.compare.view.is_none());
    std::thread::sleep(Duration::from_millis(300));
    bench.desk.poll();
    assert!(bench.desk.session.compare.view.is_none() && !bench.desk.session.compare.open);
}

#[test]
fn a_contour_is_taken_as_an_edit_and_can_be_undone() {
    let mut bench = Bench::new();
    bench.desk.apply(Command::StepForward(10));
    bench.wait("ten steps", |d| d.session.evolution.step == 10 && held(d));
    let before = bench.desk.session.evolution.phi.clone().expect("phi").phi;
    let view = bench.compare();
    let inside = |phi: &[f32]| zeroset_engine::compare::Inside::of_phi(phi);
    assert_eq!(view.comparison.start, inside(&before), "from the contour as shown");
    assert_eq!(bench.desk.session.evolution.step, 10, "the evolution is as it was");
    bench.send(CompareCommand::Show(false));
    assert!(bench.desk.session.compare.shown().is_none() && bench.desk.session.evolution.step == 10);
    bench.send(CompareCommand::Show(true));

    bench.send(CompareCommand::GoTo(TICKS / 2));
    let wanted = view.comparison.tracks[1].at(0.5).inside.clone();
    assert!(wanted != inside(&before));
    bench.send(CompareCommand::Take(1));
    assert!(bench.desk.session.compare.shown().is_none(), "what was taken is to be seen");
    let now = |d: &Desk| d.session.evolution.phi.as_ref().map(|state| inside(&state.phi));
    bench.wait("the contour", |d| now(d).as_ref() == Some(&wanted));
    assert!(bench.document().log.iter().any(|line| line.contains("comparison") && line.contains("Chan–Vese")));
    bench.desk.apply(Command::Undo);
    let was = inside(&before);
    bench.wait("the contour before", |d| now(d).as_ref() == Some(&was));
    bench.desk.apply(Command::Redo);
    bench.wait("the contour again", |d| now(d).as_ref() == Some(&wanted));
    bench.desk.apply(Command::Accept);
    bench.wait("the label", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    assert_eq!(bench.document().labels.as_ref().expect("labels").count(3) as u64, wanted.voxels());
}

#[test]
fn a_contour_is_taken_as_a_start_where_there_is_no_evolution() {
    let mut bench = Bench::new();
    let view = bench.compare();
    bench.send(CompareCommand::Take(2));
    bench.wait("the evolution", held);
    let wanted = view.comparison.tracks[2].last().inside.clone();
    let evolution = &bench.desk.session.evolution;
    let phi = &evolution.phi.as_ref().expect("phi").phi;
    assert_eq!((evolution.step, zeroset_engine::compare::Inside::of_phi(phi)), (0, wanted));
    assert_eq!(bench.desk.session.step, Step::Evolve);
    // Restart goes back to it, not to the seeds.
    bench.desk.apply(Command::StepForward(5));
    bench.wait("five steps", |d| d.session.evolution.step == 5 && held(d));
    let serial = bench.desk.session.evolution.serial;
    bench.desk.apply(Command::Restart);
    bench.wait("the start", |d| d.session.evolution.serial > serial && held(d));
    let wanted = view.comparison.tracks[2].last().inside.clone();
    let phi = &bench.desk.session.evolution.phi.as_ref().expect("phi").phi;
    assert_eq!(zeroset_engine::compare::Inside::of_phi(phi), wanted);
}

#[test]
fn one_slice_is_compared_where_a_slice_evolves() {
    let mut bench = Bench::new();
    let evolve = EvolveSettings { dimension: Dimension::Two(Plane::Axial), ..bench.document().evolve.clone() };
    bench.desk.apply(Command::SetEvolve(evolve));
    bench.desk.apply(Command::SetCursor([24, 20, 12]));
    let view = bench.compare();
    assert_eq!(view.place.slice.map(|s| (s.axis, s.index)), Some((2, 12)));
    assert_eq!(view.comparison.site.stored.size(), [36, 34, 1]);
    bench.send(CompareCommand::SetPlane(Plane::Coronal));
    assert_eq!(bench.view().plane, Plane::Axial, "a slice is seen in its own plane");
    bench.desk.apply(Command::SetCursor([24, 20, 5]));
    bench.send(CompareCommand::Take(0));
    bench.wait("the evolution", held);
    assert_eq!(bench.desk.session.evolution.place.as_ref().and_then(|p| p.slice).map(|s| s.index), Some(12));
    let phi = &bench.desk.session.evolution.phi.as_ref().expect("phi").phi;
    assert_eq!(zeroset_engine::compare::Inside::of_phi(phi), view.comparison.tracks[0].last().inside);
}

#[test]
fn an_open_reference_judges_all_methods() {
    let mut bench = Bench::new();
    let image = bench.document().image.clone();
    let truth = (0..image.geometry().len()).map(|i| 3 * u16::from(image.value(i) > 75.0)).collect();
    let path = bench.path("truth.nii.gz");
    io::write_labels(&path, &LabelMap::new(image.geometry().clone(), truth), None).expect("write");
    bench.desk.apply(Command::OpenReference(path));
    bench.wait("the reference", |d| d.session.reference.is_some());
    let view = bench.compare();
    assert_eq!(view.reference.as_ref().map(|reference| reference.0.as_str()), Some("reference"));
    let rows = view.table();
    assert!(rows[0].dice_to_reference.is_some_and(|dice| dice > 0.95), "{rows:?}");
    assert!(rows.iter().all(|row| row.dice_to_reference.is_some()));
}
