//! The session with a contour NODE, without a window: begin, scrub, paint, run on, go on by the level set equation, undo,
//! and what is written.

use burn::tensor::Device;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::session::evolution::{BrushTouch, EvolutionView};
use zeroset::session::neural::MOMENTS;
use zeroset::session::{Command, EvolveSettings, Export, Map, OverlaySettings, RunState};
use zeroset::starting::Gpu;
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::levelset::{Force, Method, Seed};
use zeroset_engine::models::{Catalogue, Checkpoint, NetworkConfig};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::{Geometry, Volume};
use zeroset_tests::networks::stirred;

const CENTRE_MM: [f64; 3] = [-24.0, -20.0, 24.0];
const SIZE: [usize; 3] = [48, 40, 24];

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A ball of 150 HU in 0 HU open, a seed in it, and a model whose weights are at most `most` from the identity.
    fn new(most: f32) -> Self {
        let folder = tempfile::tempdir().expect("folder");
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
        let scan = folder.path().join("ball.nii.gz");
        io::write_volume(&scan, &Volume::new(geometry, values), None).expect("write");

        let config = NetworkConfig::preset("node-contour").expect("preset");
        let network = stirred(config.init(1, 1, &Device::flex()), 5, most);
        let organs = vec![Organ { name: "kidney".into(), labels: vec![3] }];
        let fit = Fit::PixelMm(1.0);
        let preprocessing = Preprocessing {
            window_hu: [-100.0, 200.0],
            size: [40, 48],
            fit,
            neighbours: 0,
            neighbour_mm: None,
            band_px: 4.0,
            organs,
        };
        let checkpoint = Checkpoint::new(network, config, preprocessing, SolverParams::fixed(Scheme::Midpoint, 2));
        let models = folder.path().join("models");
        checkpoint.expect("checkpoint").save(&models.join("ball-node-contour")).expect("save");

        let desk = Desk::start(Arc::new(|| {}), None, Gpu::default()).expect("threads");
        let mut bench = Self { desk, folder };
        bench.desk.session.catalogue = Arc::new(Catalogue::of_folder(&models).expect("catalogue"));
        bench.desk.apply(Command::Open(scan));
        bench.wait("the scan", |d| d.session.document.is_some());
        bench.desk.apply(Command::AddSeed(Seed { center_mm: CENTRE_MM, radius_mm: 9.0 }));
        bench.neural(true);
        bench
    }

    fn neural(&mut self, on: bool) {
        let mut evolve = self.settings();
        evolve.neural.on = on;
        self.desk.apply(Command::SetEvolve(evolve));
    }

    fn settings(&self) -> EvolveSettings {
        self.desk.session.document.as_ref().expect("document").evolve.clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let begun = Instant::now();
        loop {
            self.desk.poll();
            if holds(&self.desk) {
                return;
            }
            let (notice, state) = (&self.desk.session.notice, &self.desk.session.evolution.state);
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "waited in vain for {what}; last message: {notice:?}, state {state:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn view(&self) -> &EvolutionView {
        &self.desk.session.evolution
    }

    fn solved(&mut self) {
        self.wait("the network", |d| {
            d.session.evolution.neural.as_ref().is_some_and(|n| !n.solving && n.finished.0 == n.finished.1)
        });
    }

    fn seek(&mut self, step: u64) -> Arc<Vec<f32>> {
        self.desk.apply(Command::Seek(step));
        self.wait("the moment", |d| d.session.evolution.step == step && !d.session.evolution.running());
        self.view().phi.as_ref().expect("phi").phi.clone()
    }

    fn save(&mut self, export: Export, name: &str) -> PathBuf {
        let path = self.path(name);
        self.desk.apply(Command::Save(export, path.clone()));
        let text = format!("Saved {}", path.display());
        self.wait("the file", |d| d.session.notice.as_ref().is_some_and(|n| n.text == text));
        path
    }
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn touch(add: bool) -> BrushTouch {
    BrushTouch { center_mm: [-36.0, -20.0, 24.0], radius_mm: 4.0, add, slice_normal: None }
}

#[test]
fn it_plays_from_the_seeds_to_one_and_scrubs_back() {
    let mut bench = Bench::new(0.08);
    bench.desk.apply(Command::SetStepsPerPicture(50));
    bench.desk.apply(Command::Play);
    bench.wait("the end", |d| d.session.evolution.step == MOMENTS && d.session.evolution.state == RunState::Paused);
    bench.solved();
    let neural = bench.view().neural.clone().expect("a network");
    assert_eq!((neural.t, bench.view().last_step), (Some(1.0), MOMENTS));
    // The seed of 9 mm reaches nine slices of 2 mm; two midpoint steps of two evaluations each.
    assert_eq!((neural.finished, neural.counted()), ((9, 9), (36, 0)));
    assert_eq!(neural.origin.weights_sha256.len(), 64);
    let (start, middle, end) = (bench.seek(0), bench.seek(437), bench.seek(MOMENTS));
    assert_eq!(bench.view().neural.as_ref().expect("a network").t, Some(1.0));
    assert!(apart(&start, &middle) > 0.05 && apart(&middle, &end) > 0.05);
    assert_eq!(bench.seek(437), middle);
    // At t = 0 the circles of the seed, in each slice.
    let place = bench.view().place.clone().expect("place");
    let outside = start.iter().copied().fold(0.0, f32::max);
    for (index, &phi) in start.iter().enumerate() {
        let [nx, ny, _] = place.geometry.size();
        let world = place.geometry.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64));
        let across = ((world[0] + 24.0).powi(2) + (world[1] + 20.0).powi(2)).sqrt();
        let height = world[2] - 24.0;
        let circle = if height.abs() < 9.0 { (across - (81.0 - height * height).sqrt()) as f32 } else { outside };
        assert!((phi - circle.min(outside)).abs() < 0.1, "voxel {index}: {phi} mm, expected {circle}");
    }
}

#[test]
fn its_rate_is_a_map_and_its_past_a_trail() {
    let mut bench = Bench::new(0.08);
    let (map, overlays) = (Map::Force(Force::Total), bench.desk.session.overlays);
    bench.desk.apply(Command::SetOverlays(OverlaySettings { show_map: true, map, trail: true, ..overlays }));
    bench.desk.apply(Command::StepForward(1));
    bench.solved();
    let (before, after) = (bench.seek(397), bench.seek(403));
    let at = bench.seek(400);
    let made = bench.view().overlays.clone();
    let map = made.force.expect("wanted").expect("a map");
    let most = map.samples.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    assert!(most > 0.1, "the network moves φ by {most} mm per t only");
    for i in 0..at.len() {
        let difference = (after[i] - before[i]) / 0.006;
        let off = (map.samples[i] - difference).abs();
        assert!(off < 0.02 * most + 2e-3, "voxel {i}: {} instead of {difference}", map.samples[i]);
    }
    let trail = made.trail.expect("a trail");
    assert_eq!(trail.moments, [0, 50, 100, 150, 200, 250, 300, 350], "moments of a thousand");
    let at_350 = bench.seek(350);
    for (words, phi) in trail.packed.iter().zip(at_350.iter()) {
        let stored = f32::from(words[1].to_le_bytes()[3].cast_signed()) / 127.0 * trail.range_mm;
        let exact = phi.clamp(-trail.range_mm, trail.range_mm);
        assert!((stored - exact).abs() <= 0.51 / 127.0 * trail.range_mm, "{stored} {exact}");
    }
    // A network has no force of the equation.
    let map = Map::Force(Force::Curvature);
    bench.desk.apply(Command::SetOverlays(OverlaySettings { show_map: true, map, ..overlays }));
    bench.wait("the reason", |d| matches!(d.session.evolution.overlays.force, Some(Err(_))));
}

#[test]
fn paint_runs_on_and_undo_takes_it_back() {
    let mut bench = Bench::new(0.08);
    bench.desk.apply(Command::StepForward(1));
    bench.solved();
    let (before, end) = (bench.seek(400), bench.seek(MOMENTS));
    bench.seek(400);
    bench.desk.apply(Command::Paint(touch(true)));
    bench.desk.apply(Command::EndPaint);
    bench.wait("the edit", |d| d.session.history.undo_name() == Some("Brush"));
    bench.wait("the branch", |d| d.session.evolution.branches == (2, 1));
    let painted = bench.view().phi.clone().expect("phi").phi;
    assert!(apart(&painted, &before) > 2.0);
    assert!(painted.iter().zip(&**before).all(|(new, old)| *new < old + 1e-3), "the brush only adds");
    bench.desk.apply(Command::SetStepsPerPicture(100));
    bench.desk.apply(Command::Play);
    bench.wait("the end", |d| d.session.evolution.step == MOMENTS && d.session.evolution.state == RunState::Paused);
    bench.solved();
    let new_end = bench.seek(MOMENTS);
    assert!(apart(&new_end, &end) > 0.5);
    assert_eq!(bench.view().neural.as_ref().expect("a network").origin.edits, [0.4]);
    bench.desk.apply(Command::Undo);
    bench.wait("the old line", |d| d.session.evolution.branches.1 == 0 && d.session.evolution.step == 400);
    assert_eq!(bench.view().phi.as_ref().expect("phi").phi, before);
    assert_eq!(bench.seek(MOMENTS), end);
    bench.desk.apply(Command::Redo);
    bench.wait("the new line", |d| d.session.evolution.branches.1 == 1 && d.session.evolution.step == 400);
    assert_eq!(bench.seek(MOMENTS), new_end);
    bench.desk.apply(Command::SwitchTo(0));
    bench.wait("the first line", |d| d.session.evolution.branches.1 == 0);
    assert_eq!(bench.seek(400), before);
}

#[test]
fn the_level_set_equation_goes_on_in_the_same_timeline() {
    // The identity: what follows starts from the seed's circles.
    let mut bench = Bench::new(0.0);
    bench.desk.apply(Command::StepForward(1000));
    bench.solved();
    let end = bench.seek(MOMENTS);
    bench.neural(false);
    bench.desk.apply(Command::SetSpeed(zeroset::session::SpeedSettings {
        lower: Some(75.0),
        upper: None,
        ..bench.desk.session.document.as_ref().expect("document").speed.clone()
    }));
    bench.desk.apply(Command::Play);
    bench.wait("steps that follow", |d| d.session.evolution.step > MOMENTS + 20);
    bench.desk.apply(Command::Pause);
    bench.wait("a hold", |d| !d.session.evolution.running());
    assert_eq!(bench.settings().params.method, Method::Region);
    let (last, grown) = (bench.view().step, bench.view().phi.clone().expect("phi").phi);
    assert!(bench.view().neural.as_ref().expect("a network").t.is_none());
    let inside = |phi: &[f32]| phi.iter().filter(|&&v| v < 0.0).count();
    assert!(inside(&grown) > inside(&end) + 500, "{} to {}", inside(&end), inside(&grown));
    // Back into the network's part and forward again: one line.
    assert_eq!(bench.seek(500), bench.seek(200));
    assert_eq!(bench.seek(last), grown);
    assert_eq!(bench.view().branches, (1, 0));

    bench.desk.apply(Command::Accept);
    bench.wait("the label", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    let mask = bench.save(Export::Mask, "mask.nii.gz");
    let said = io::read_labels(&mask).expect("mask").source.provenance().expect("provenance");
    assert_eq!(said.method, "contour NODE, then level set, region");
    let neural = &said.parameters["neural"];
    assert_eq!((neural["model"].as_str(), neural["organ"].as_str()), (Some("ball-node-contour"), Some("kidney")));
    assert_eq!(neural["t"].as_f64(), Some(1.0));
    assert_eq!(neural["weights_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(neural["solver"]["scheme"].as_str(), Some("midpoint"));
}

#[test]
fn it_is_written_as_pictures_and_over_time() {
    let mut bench = Bench::new(0.08);
    bench.desk.apply(Command::StepForward(1000));
    bench.solved();
    bench.seek(MOMENTS);
    let gif = bench.save(Export::Animation, "evolution.gif");
    assert!(std::fs::read(gif).expect("gif").starts_with(b"GIF89a"));
    bench.save(Export::Pictures, "evolution.png");
    let pictures = std::fs::read_dir(bench.folder.path()).expect("folder").flatten();
    let is_picture = |name: &str| name.starts_with("evolution") && name.ends_with(".png");
    assert_eq!(pictures.filter(|f| f.file_name().to_str().is_some_and(is_picture)).count(), 61);
    let series = bench.save(Export::PhiOverTime, "phi_t.nii");
    let bytes = std::fs::read(&series).expect("series");
    let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let size = bench.view().place.as_ref().expect("place").geometry.size();
    assert_eq!([40, 42, 44, 46, 48].map(short), [4, size[0] as i16, size[1] as i16, size[2] as i16, 61]);
    assert!((float(92) - 1.0 / 60.0).abs() < 1e-6, "pixdim 4 is {}", float(92));
    let voxels: usize = size.iter().product();
    let data = float(108) as usize;
    assert_eq!(bytes.len(), data + 4 * 61 * voxels);
    let volume = |n: usize| -> Vec<f32> { (0..voxels).map(|i| float(data + 4 * (n * voxels + i))).collect() };
    assert_eq!(volume(60), *bench.seek(MOMENTS));
    assert_eq!(volume(0), *bench.seek(0));
    let one = io::read(&series, &ReadOptions { frame: Some(60), ..ReadOptions::default() }).expect("a volume");
    let end = bench.seek(MOMENTS);
    assert!(end.iter().enumerate().all(|(i, &phi)| one.volume.value(i) == phi));
    let said = one.source.provenance().expect("provenance");
    assert_eq!(said.parameters["neural"]["organ"].as_str(), Some("kidney"));
}

#[test]
fn without_a_model_it_says_what_to_do() {
    let mut bench = Bench::new(0.0);
    let catalogue = std::mem::take(&mut bench.desk.session.catalogue);
    bench.desk.apply(Command::Play);
    let notice = bench.desk.session.notice.clone().expect("a message");
    assert!(notice.text.contains("--models"), "{}", notice.text);
    assert_eq!(bench.view().state, RunState::Absent);
    bench.desk.session.catalogue = catalogue;
    std::fs::remove_dir_all(bench.path("models")).expect("remove");
    bench.desk.apply(Command::Play);
    bench.wait("the failure", |d| matches!(d.session.evolution.state, RunState::Failed(_)));
}
