//! The session with its threads and without a window: what the user can do, from a file to a saved mask.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::session::evolution::BrushTouch;
use zeroset::session::{
    Command, DeviceChoice, Dimension, Effect, EvolveSettings, Export, Plane, PlaneAxes, RunState, Severity, Step,
    Window,
};
use zeroset::starting::Gpu;
use zeroset_engine::gpu::{AdapterChoice, GpuContext};
use zeroset_engine::levelset::{Method, Seed};
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Volume, io};

const CENTRE_MM: [f64; 3] = [-24.0, -20.0, 24.0];
const RADIUS_MM: f64 = 11.0;
const SIZE: [usize; 3] = [48, 40, 24];

/// A grid whose axes run to L, P, S, like most CT: 1 x 1 x 2 mm.
fn geometry() -> Geometry {
    let mut affine = nalgebra::Matrix4::identity();
    (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
    Geometry::new(SIZE, affine).expect("geometry")
}

/// A ball of 150 HU in 0 HU, with a soft edge of a voxel.
fn ball() -> Volume {
    let geometry = geometry();
    let values = (0..geometry.len())
        .map(|index| {
            let voxel = [index % SIZE[0], index / SIZE[0] % SIZE[1], index / (SIZE[0] * SIZE[1])];
            let world = geometry.world_of_voxel(voxel.map(|v| v as f64));
            let distance = (0..3).map(|d| (world[d] - CENTRE_MM[d]).powi(2)).sum::<f64>().sqrt();
            (150.0 * (0.5 - (distance - RADIUS_MM) / 1.0).clamp(0.0, 1.0)) as f32
        })
        .collect();
    Volume::new(geometry, values)
}

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A desk with the ball open.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("ball.nii.gz");
        io::write_volume(&path, &ball(), None).expect("write");
        let mut bench = Self::empty(folder);
        bench.open(&path);
        bench
    }

    fn empty(folder: tempfile::TempDir) -> Self {
        Self::on(folder, Gpu::default())
    }

    fn on(folder: tempfile::TempDir, gpu: Gpu) -> Self {
        let desk = Desk::start(Arc::new(|| {}), None, gpu).expect("threads");
        Self { desk, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&mut self, path: &Path) {
        self.desk.apply(Command::Open(path.to_owned()));
        self.wait("the scan", |d| d.session.document.as_ref().is_some_and(|doc| doc.path.is_some()));
    }

    /// Polls until something holds.
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

    /// A ROI, a window and a seed, as a user would set them.
    fn prepare(&mut self) {
        self.desk.apply(Command::SetRoi(Roi { lower: [6, 3, 3], upper: [42, 37, 22], resample: None }));
        let mut speed = self.document().speed.clone();
        (speed.lower, speed.upper, speed.smoothness) = (Some(75.0), None, 15.0);
        self.desk.apply(Command::SetSpeed(speed));
        self.desk.apply(Command::AddSeed(Seed { center_mm: CENTRE_MM, radius_mm: 5.0 }));
    }

    fn document(&self) -> &zeroset::session::Document {
        self.desk.session.document.as_ref().expect("document")
    }

    fn step_to(&mut self, step: u64) {
        let steps = u32::try_from(step - self.desk.session.evolution.step).expect("forward");
        self.desk.apply(Command::StepForward(steps));
        self.wait("the step", |d| d.session.evolution.step == step && held(d));
    }

    fn seek(&mut self, step: u64) {
        self.desk.apply(Command::Seek(step));
        self.wait("the moment", |d| d.session.evolution.step == step && held(d));
    }

    fn phi(&self) -> Vec<f32> {
        self.desk.session.evolution.phi.as_ref().expect("phi").phi.to_vec()
    }

    fn notice(&self) -> (Severity, String) {
        let notice = self.desk.session.notice.as_ref().expect("a message");
        (notice.severity, notice.text.clone())
    }
}

fn held(desk: &Desk) -> bool {
    matches!(desk.session.evolution.state, RunState::Paused | RunState::Stopped(_))
}

fn ball_ml() -> f64 {
    4.0 / 3.0 * std::f64::consts::PI * RADIUS_MM.powi(3) / 1000.0
}

#[test]
fn from_a_file_to_a_saved_mask() {
    let mut bench = Bench::new();
    assert!(bench.document().labels.is_none(), "no label map before something is in it");
    bench.prepare();
    bench.desk.apply(Command::Play);
    bench.wait("the end of the run", |d| matches!(d.session.evolution.state, RunState::Stopped(_)));
    assert_eq!(bench.desk.session.step, Step::Evolve, "playing leads to the evolution step");
    bench.desk.apply(Command::SetActiveLabel(5));
    bench.desk.apply(Command::Accept);
    bench.wait("the label", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    let labels = bench.document().labels.clone().expect("labels");
    let error = (labels.volume_ml(5) - ball_ml()).abs() / ball_ml();
    assert!(error < 0.08, "{:.3} mL for a ball of {:.3} mL", labels.volume_ml(5), ball_ml());
    assert_eq!(labels.present(), [5]);
    assert!(bench.desk.session.unsaved());

    let path = bench.path("kidney.nii.gz");
    bench.desk.apply(Command::SetSavePath(path.clone()));
    bench.desk.apply(Command::SaveMask);
    bench.wait("the file", |d| !d.session.unsaved());
    let read = io::read_labels(&path).expect("the mask is readable");
    assert_eq!(read.labels, *labels, "the file holds the labels on the scan's own grid");
    let provenance = read.source.provenance().expect("provenance");
    assert_eq!(provenance.source_file, "ball.nii.gz");
    assert_eq!(provenance.source_sha256.len(), 64);
    assert_eq!(provenance.seeds, [[CENTRE_MM[0], CENTRE_MM[1], CENTRE_MM[2], 5.0]]);
    assert!(provenance.iterations > 0 && provenance.time > 0.0);

    bench.desk.apply(Command::Undo);
    assert_eq!(bench.document().labels.as_ref().map(|l| l.count(5)), Some(0), "undo takes the label back");
    bench.desk.apply(Command::Redo);
    assert_eq!(bench.document().labels, Some(labels), "redo makes it again");
}

#[test]
fn scrubbing_back_and_forth_shows_the_same_moments() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.step_to(12);
    let at_12 = bench.phi();
    bench.step_to(30);
    let at_30 = bench.phi();
    bench.seek(12);
    assert_eq!(bench.phi(), at_12);
    assert_eq!(bench.desk.session.evolution.last_step, 30, "going back loses nothing");
    bench.seek(30);
    assert_eq!(bench.phi(), at_30);
    bench.desk.apply(Command::StepBack(1));
    bench.wait("one step back", |d| d.session.evolution.step == 29);
    let steps: Vec<u64> = bench.desk.session.evolution.reports.iter().map(|r| r.step).collect();
    assert!(steps.is_sorted() && steps.first() == Some(&0) && steps.last() == Some(&30), "{steps:?}");
}

#[test]
fn a_graphics_device_steps_the_same_contour_and_is_scrubbed_alike() {
    let context = GpuContext::new(AdapterChoice::Software).expect("a software adapter");
    let device = Some((context.device.clone(), context.queue.clone(), wgpu::AdapterInfo::clone(&context.adapter_info)));
    let mut runs = Vec::new();
    for choice in [DeviceChoice::Cpu, DeviceChoice::Gpu] {
        let cpu = Bench::new();
        let path = cpu.path("ball.nii.gz");
        let mut bench = Bench::on(tempfile::tempdir().expect("folder"), Gpu { device: device.clone() });
        bench.open(&path);
        bench.prepare();
        let mut evolve = bench.document().evolve.clone();
        evolve.device = choice;
        bench.desk.apply(Command::SetEvolve(evolve));
        bench.step_to(25);
        let at_25 = bench.phi();
        bench.step_to(30);
        bench.seek(25);
        assert_eq!(bench.phi(), at_25, "{choice:?}");
        assert_eq!(bench.desk.phi_buffer.is_some(), choice == DeviceChoice::Gpu);
        runs.push(at_25);
    }
    let squared: f64 = runs[0].iter().zip(&runs[1]).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let rms_mm = (squared / runs[0].len() as f64).sqrt();
    assert!(rms_mm < 1e-3, "CPU and GPU differ by {rms_mm:e} mm RMS");
}

#[test]
fn a_branch_leaves_the_old_line_as_it_was() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.step_to(20);
    let old = bench.phi();
    bench.seek(10);
    bench.desk.apply(Command::Branch);
    bench.wait("the branch", |d| d.session.evolution.branches == (2, 1));
    let mut evolve = bench.document().evolve.clone();
    evolve.params.alpha = -0.5;
    bench.desk.apply(Command::SetEvolve(evolve));
    bench.step_to(20);
    assert_ne!(bench.phi(), old, "other weights give another contour");
    bench.desk.apply(Command::SwitchTo(0));
    bench.wait("the first line", |d| d.session.evolution.branches.1 == 0 && d.session.evolution.step == 20);
    assert_eq!(bench.phi(), old);
}

#[test]
fn the_brush_is_one_undo_point_and_the_run_goes_on_from_it() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.step_to(8);
    let before = bench.phi();
    let outside = [CENTRE_MM[0] + 12.0, CENTRE_MM[1], CENTRE_MM[2]];
    for shift in [0.0, 1.0, 2.0] {
        let center_mm = [outside[0] - shift, outside[1], outside[2]];
        bench.desk.apply(Command::Paint(BrushTouch { center_mm, radius_mm: 3.0, add: true, slice_normal: None }));
    }
    bench.desk.apply(Command::EndPaint);
    bench.wait("the edit", |d| d.session.history.undo_name() == Some("Brush"));
    let painted = bench.phi();
    let inside = |phi: &[f32]| phi.iter().filter(|&&v| v < 0.0).count();
    assert!(inside(&painted) > inside(&before) + 30, "a ball of 3 mm was added");
    bench.desk.apply(Command::Undo);
    bench.wait("phi as it was", |d| d.session.evolution.phi.as_ref().is_some_and(|p| *p.phi == before));
    bench.desk.apply(Command::Redo);
    bench.wait("phi as painted", |d| d.session.evolution.phi.as_ref().is_some_and(|p| *p.phi == painted));
    bench.step_to(12);
    assert_ne!(bench.phi(), painted, "it runs on from the edit");
}

#[test]
fn removing_with_the_brush_on_one_slice_leaves_the_others() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.step_to(8);
    let before = bench.phi();
    let touch = BrushTouch { center_mm: CENTRE_MM, radius_mm: 4.0, add: false, slice_normal: Some([0.0, 0.0, 1.0]) };
    bench.desk.apply(Command::Paint(touch));
    bench.desk.apply(Command::EndPaint);
    bench.wait("the edit", |d| d.session.history.undo_name() == Some("Brush"));
    let after = bench.phi();
    let grid = bench.desk.session.evolution.place.as_ref().expect("place").geometry.clone();
    let slice = grid.voxel_of_world(CENTRE_MM)[2].round() as usize;
    let layer = grid.size()[0] * grid.size()[1];
    for z in 0..grid.size()[2] {
        let range = z * layer..(z + 1) * layer;
        assert_eq!(before[range.clone()] == after[range], z != slice, "slice {z}");
    }
    let centre = grid.voxel_of_world(CENTRE_MM).map(|v| v.round() as usize);
    assert!(after[grid.index(centre)] > 0.0, "the middle was taken out");
}

#[test]
fn document_changes_are_undone_in_order_and_a_drag_is_one_change() {
    let mut bench = Bench::new();
    let whole = bench.document().roi;
    let speed = bench.document().speed.clone();
    for lower in 1..=5 {
        bench.desk.apply(Command::SetRoi(Roi { lower: [lower, 0, 0], ..whole }));
    }
    bench.desk.session.end_gesture();
    bench.desk.apply(Command::SetSpeed(zeroset::session::SpeedSettings { smoothness: 7.0, ..speed.clone() }));
    bench.desk.session.end_gesture();
    let seed = Seed { center_mm: CENTRE_MM, radius_mm: 4.0 };
    bench.desk.apply(Command::AddSeed(seed));
    bench.desk.apply(Command::AddSeed(Seed { radius_mm: 2.0, ..seed }));
    assert_eq!(bench.document().seeds.len(), 2);
    bench.desk.apply(Command::Undo);
    assert_eq!(bench.document().seeds, [seed], "two seeds are two changes");
    bench.desk.apply(Command::Undo);
    bench.desk.apply(Command::Undo);
    assert_eq!((bench.document().seeds.len(), &bench.document().speed), (0, &speed));
    bench.desk.apply(Command::Undo);
    assert_eq!(bench.document().roi, whole, "the whole drag is one change");
    for _ in 0..4 {
        bench.desk.apply(Command::Redo);
    }
    assert_eq!((bench.document().seeds.len(), bench.document().roi.lower[0]), (2, 5));
    bench.desk.apply(Command::Redo);
    assert_eq!(bench.notice().1, "Nothing to redo");
}

#[test]
fn a_slice_evolves_alone_and_is_carried_to_the_next() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.desk.apply(Command::SetCursor([24, 20, 12]));
    let mut evolve = bench.document().evolve.clone();
    evolve.dimension = Dimension::Two(Plane::Axial);
    bench.desk.apply(Command::SetEvolve(evolve));
    bench.desk.apply(Command::Play);
    bench.wait("the first slice", |d| matches!(d.session.evolution.state, RunState::Stopped(_)));
    let place = bench.desk.session.evolution.place.clone().expect("place");
    assert_eq!(place.geometry.size()[2], 1);
    bench.desk.apply(Command::Carry { forward: true, accept: true });
    bench.wait("the next slice", |d| {
        d.session.evolution.place.as_ref().and_then(|p| p.slice).is_some_and(|s| s.index == 13)
            && matches!(d.session.evolution.state, RunState::Stopped(_))
    });
    assert_eq!(bench.desk.session.cursor[2], 13, "the cursor follows");
    let labels = bench.document().labels.clone().expect("labels");
    let layer = SIZE[0] * SIZE[1];
    let in_slice = |z: usize| labels.labels()[z * layer..(z + 1) * layer].iter().filter(|&&l| l != 0).count() as f64;
    let area_mm2 = std::f64::consts::PI * RADIUS_MM * RADIUS_MM;
    assert!((in_slice(12) - area_mm2).abs() / area_mm2 < 0.1, "{} mm^2 of {area_mm2:.0}", in_slice(12));
    assert_eq!(in_slice(11) + in_slice(13), 0.0, "only the accepted slice is labelled");
}

#[test]
fn chan_vese_and_edge_reach_the_ball_too() {
    for method in [Method::ChanVese, Method::Edge] {
        let mut bench = Bench::new();
        bench.prepare();
        let mut evolve = EvolveSettings::preset(method);
        evolve.params.chan_vese.mu = 0.02;
        bench.desk.apply(Command::SetEvolve(evolve));
        bench.step_to(150);
        let volume_ml = bench.desk.session.evolution.volume_ml();
        let error = (volume_ml - ball_ml()).abs() / ball_ml();
        assert!(error < 0.2, "{method:?}: {volume_ml:.3} mL for {:.3} mL", ball_ml());
    }
}

#[test]
fn a_bad_file_gives_a_message_and_the_open_scan_stays() {
    let mut bench = Bench::new();
    let bad = bench.path("bad.nii.gz");
    std::fs::write(&bad, b"this is no scan").expect("write");
    bench.desk.apply(Command::Open(bad));
    bench.wait("the message", |d| d.session.notice.as_ref().is_some_and(|n| n.severity == Severity::Error));
    assert!(bench.notice().1.contains("bad.nii.gz"), "{}", bench.notice().1);
    assert_eq!(bench.document().name(), "ball.nii.gz");
    bench.desk.apply(Command::Open(bench.path("missing.nii")));
    bench.wait("the message", |d| d.session.notice.as_ref().is_some_and(|n| n.text.contains("missing.nii")));
}

#[test]
fn a_seed_outside_is_named_and_nothing_is_lost() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.desk.apply(Command::AddSeed(Seed { center_mm: [500.0, 0.0, 0.0], radius_mm: 5.0 }));
    bench.desk.apply(Command::Play);
    bench.wait("the failure", |d| matches!(d.session.evolution.state, RunState::Failed(_)));
    let (severity, text) = bench.notice();
    assert!(severity == Severity::Error && text.contains("seed 2"), "{text}");
    assert_eq!(bench.document().seeds.len(), 2);
    bench.desk.apply(Command::RemoveSeed(1));
    bench.desk.apply(Command::Play);
    bench.wait("a run", |d| d.session.evolution.exists() && d.session.evolution.step > 0);
}

#[test]
fn a_mask_of_another_grid_is_offered_resampled() {
    let mut bench = Bench::new();
    // The same place in RAS order at 2 mm.
    let other = Geometry::aligned([30, 30, 30], [2.0; 3], [-50.0, -45.0, -2.0]).expect("geometry");
    let inside = |world: [f64; 3]| (0..3).map(|d| (world[d] - CENTRE_MM[d]).powi(2)).sum::<f64>() < 64.0;
    let labels = (0..other.len())
        .map(|i| {
            let voxel = [i % 30, i / 30 % 30, i / 900].map(|v| v as f64);
            if inside(other.world_of_voxel(voxel)) { 7 } else { 0 }
        })
        .collect();
    let path = bench.path("other.nii.gz");
    io::write_labels(&path, &LabelMap::new(other, labels), None).expect("write");
    bench.desk.apply(Command::OpenSegmentation(path));
    bench.wait("the offer", |d| d.session.segmentation_offer.is_some());
    assert!(bench.document().labels.is_none(), "nothing is changed before the answer");
    bench.desk.apply(Command::ResampleSegmentation);
    bench.wait("the labels", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    let labels = bench.document().labels.clone().expect("labels");
    assert_eq!(labels.geometry(), &geometry());
    let at = |world: [f64; 3]| labels.at(geometry().voxel_of_world(world).map(|v| v.round() as usize));
    assert_eq!(at(CENTRE_MM), 7);
    assert_eq!(at([CENTRE_MM[0] + 6.0, CENTRE_MM[1], CENTRE_MM[2]]), 7);
    assert_eq!(at([CENTRE_MM[0] + 11.0, CENTRE_MM[1], CENTRE_MM[2]]), 0);
    assert_eq!(bench.document().active_label, 7);
}

#[test]
fn closing_with_unsaved_work_asks_and_can_save() {
    let mut bench = Bench::new();
    bench.desk.apply(Command::Quit);
    assert!(bench.desk.for_window.iter().any(|e| matches!(e, Effect::Quit)), "nothing to lose: no question");
    bench.desk.for_window.clear();
    bench.prepare();
    bench.step_to(5);
    bench.desk.apply(Command::Accept);
    bench.wait("the label", |d| d.session.unsaved());
    bench.desk.apply(Command::Quit);
    assert!(bench.desk.session.asking_to_quit && bench.desk.for_window.is_empty());
    bench.desk.apply(Command::SaveAndQuit);
    bench.wait("the end", |d| d.for_window.iter().any(|e| matches!(e, Effect::Quit)));
    assert!(bench.path("ball_mask.nii.gz").is_file(), "saved beside the scan by default");
}

#[test]
fn phi_speed_and_animation_are_written() {
    let mut bench = Bench::new();
    bench.prepare();
    bench.step_to(12);
    for (export, name) in [(Export::Phi, "phi.nii.gz"), (Export::Speed, "speed.nii.gz"), (Export::Animation, "run.gif")]
    {
        let path = bench.path(name);
        bench.desk.apply(Command::Save(export, path.clone()));
        bench.wait(name, |_| path.is_file());
    }
    let phi = io::read(&bench.path("phi.nii.gz"), &io::ReadOptions::default()).expect("phi").volume;
    assert_eq!(phi.to_f32(), bench.phi());
    let file = std::fs::File::open(bench.path("run.gif")).expect("gif");
    let mut decoder = gif::Decoder::new(std::io::BufReader::new(file)).expect("gif");
    let mut frames = 0;
    while decoder.next_frame_info().expect("frame").is_some() {
        frames += 1;
    }
    assert_eq!(frames, 13, "one frame a step, and the start");
    assert_eq!(bench.desk.session.evolution.step, 12, "collecting moments leaves the evolution where it was");
}

#[test]
fn screens_are_radiological_in_every_storage_orientation() {
    let axes = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for permutation in axes {
        for signs in 0..8 {
            let mut affine = nalgebra::Matrix4::zeros();
            affine[(3, 3)] = 1.0;
            for (column, &row) in permutation.iter().enumerate() {
                affine[(row, column)] = if signs >> column & 1 == 1 { -1.5 } else { 1.5 };
            }
            let grid = Geometry::new([5, 6, 7], affine).expect("geometry");
            for (plane, right, down, through, letters) in [
                (Plane::Axial, 0, 1, 2, ['R', 'L', 'A', 'P']),
                (Plane::Coronal, 0, 2, 1, ['R', 'L', 'S', 'I']),
                (Plane::Sagittal, 1, 2, 0, ['A', 'P', 'S', 'I']),
            ] {
                let on = PlaneAxes::new(&grid, plane);
                assert_eq!(on.letters, letters);
                for (axis, world, towards) in
                    [(on.right, right, -1.5), (on.down, down, -1.5), (on.through, through, 1.5)]
                {
                    let mut voxel = [0.0; 3];
                    voxel[axis.voxel_axis] = axis.sign;
                    let moved = grid.world_of_voxel(voxel);
                    let expected: [f64; 3] = std::array::from_fn(|d| if d == world { towards } else { 0.0 });
                    assert_eq!(moved, expected, "{plane:?} {permutation:?} {signs:03b}");
                }
            }
        }
    }
}

#[test]
fn windows_cope_with_flat_scans_and_wide_ones() {
    let flat = Volume::new(Geometry::aligned([4, 4, 4], [1.0; 3], [0.0; 3]).expect("geometry"), vec![7.0; 64]);
    let window = Window::auto(&flat);
    assert!(window.width >= 1.0 && window.lower() < 7.0 && window.upper() > 7.0);
    let window = Window::auto(&ball());
    assert!(window.lower() >= -1.0 && window.upper() <= 151.0 && window.width > 100.0, "{window:?}");
}
