//! The comparison's section, panes and table, drawn on the software adapter.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::time::{Duration, Instant};
use zeroset::app::ZerosetApp;
use zeroset::recent::Recent;
use zeroset::session::{Command, CompareCommand, MethodKey, Session, Step};
use zeroset_engine::levelset::{Method, Seed};
use zeroset_engine::{Geometry, Roi, Volume, io};

/// High enough for the whole evolve step, and wide enough for three panes in a row.
const SIZE: Vec2 = Vec2::new(2000.0, 1200.0);
const BALL_MM: [f64; 3] = [-20.0, 10.0, 0.0];
/// Of the seed, mm.
const RADIUS_MM: f64 = 9.0;
const FIRST: [u8; 3] = [0x56, 0xb4, 0xe9];
const SECOND: [u8; 3] = [0xe6, 0x9f, 0x00];

struct Bench {
    harness: Harness<'static, ZerosetApp>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// The window in the evolve step on a ball of 14 mm with a seed in it.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("scan.nii.gz");
        let mut affine = nalgebra::Matrix4::identity();
        (affine[(0, 0)], affine[(1, 1)], affine[(2, 2)]) = (-1.0, -1.0, 2.0);
        (affine[(0, 3)], affine[(1, 3)], affine[(2, 3)]) = (45.0, 45.0, -40.0);
        let geometry = Geometry::new([90, 90, 41], affine).expect("geometry");
        let hu = |i: usize| {
            let world = geometry.world_of_voxel([i % 90, i / 90 % 90, i / 8100].map(|v| v as f64));
            let distance = (0..3).map(|d| (world[d] - BALL_MM[d]).powi(2)).sum::<f64>().sqrt();
            if distance < 14.0 { 200.0 } else { -50.0 }
        };
        let volume = Volume::new(geometry.clone(), (0..geometry.len()).map(hu).collect());
        io::write_volume(&path, &volume, None).expect("write");
        let harness = Harness::builder()
            .with_size(SIZE)
            .wgpu()
            .build_eframe(|cc| ZerosetApp::new(cc, Recent::at(None), None, None).expect("threads"));
        let mut bench = Self { harness, _folder: folder };
        bench.apply(Command::Open(path));
        bench.wait("the scan", |session| session.document.is_some());
        bench.apply(Command::SetRoi(Roi { lower: [40, 10, 8], upper: [90, 60, 33], resample: None }));
        bench.apply(Command::AddSeed(Seed { center_mm: BALL_MM, radius_mm: RADIUS_MM }));
        let voxel = geometry.voxel_of_world(BALL_MM).map(|v| v.round() as i64);
        bench.apply(Command::SetCursor(voxel));
        bench.apply(Command::SetStep(Step::Evolve));
        bench.harness.run_steps(4);
        bench
    }

    fn apply(&mut self, command: Command) {
        self.harness.state_mut().desk.apply(command);
    }

    fn session(&self) -> &Session {
        &self.harness.state().desk.session
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&Session) -> bool) {
        let begun = Instant::now();
        while !holds(self.session()) {
            self.harness.step();
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn tick(&mut self, name: &str) {
        self.harness.get_by_role_and_label(Role::CheckBox, name).click();
        self.harness.run_steps(3);
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run_steps(3);
    }

    /// Compares region and edge by the panel's own buttons.
    fn compare(&mut self) {
        self.click("Compare methods");
        self.harness.run_steps(20);
        self.tick("Region");
        self.tick("Edge");
        let keys = [Method::Region, Method::Edge].map(MethodKey::Equation);
        assert_eq!(self.session().compare.settings.chosen, keys);
        self.apply(Command::Compare(CompareCommand::Start));
        self.wait("the comparison", |session| session.compare.shown().is_some());
        let display = &mut self.harness.state_mut().display;
        (display.show_annotations, display.show_crosshair) = (false, false);
        self.harness.run_steps(4);
    }

    /// Pixels of about this colour in a column of three panes, and the middle of the box around them.
    fn pixels(&mut self, column: usize, colour: [u8; 3]) -> (Pos2, Vec<Pos2>) {
        let picture = self.harness.render().expect("picture");
        let width = (SIZE.x - 316.0) / 3.0;
        let left = 316.0 + column as f32 * width;
        // Below the words at the top of the pane.
        let area = Rect::from_min_max(Pos2::new(left + 4.0, 130.0), Pos2::new(left + width - 4.0, SIZE.y - 230.0));
        let mut found = Vec::new();
        for y in area.top() as u32..area.bottom() as u32 {
            for x in area.left() as u32..area.right() as u32 {
                let pixel = picture.get_pixel(x, y).0;
                if (0..3).all(|c| pixel[c].abs_diff(colour[c]) < 24) {
                    found.push(Pos2::new(x as f32 + 0.5, y as f32 + 0.5));
                }
            }
        }
        (Rect::from_points(&found).center(), found)
    }
}

#[test]
fn every_method_has_its_pane_and_all_begin_with_the_same_circle() {
    let mut window = Bench::new();
    window.compare();
    window.harness.key_press(Key::Home);
    window.harness.run_steps(4);
    assert_eq!(window.session().compare.shown().map(|view| view.position), Some(0.0));
    let points_per_mm = window.harness.state().display.compare.view.points_per_mm;
    let mut middles = Vec::new();
    for (column, colour) in [(0, FIRST), (1, SECOND)] {
        let (at, pixels) = window.pixels(column, colour);
        let mean = pixels.iter().map(|p| f64::from(p.distance(at))).sum::<f64>() / pixels.len() as f64;
        assert!(pixels.len() > 100, "pane {column}: {} pixels of its contour", pixels.len());
        assert!((mean / points_per_mm - RADIUS_MM).abs() < 0.15, "pane {column}: {:.2} mm", mean / points_per_mm);
        middles.push(at);
    }
    // Zoom, pan and slice are the same in all panes: the circles lie at the same place of each.
    let apart = (middles[1] - middles[0]).x - (SIZE.x - 316.0 + 2.0) / 3.0;
    assert!(apart.abs() < 2.0 && (middles[1].y - middles[0].y).abs() < 1.0, "{middles:?}");
    // No pane shows the contour of another one.
    assert!(window.pixels(0, SECOND).1.is_empty() && window.pixels(1, FIRST).1.is_empty());

    // Another slice, another zoom, in all panes at once.
    let cursor = window.session().cursor;
    window.apply(Command::SetCursor([cursor[0] as i64, cursor[1] as i64, cursor[2] as i64 + 3]));
    window.harness.state_mut().display.compare.view.points_per_mm *= 0.8;
    window.harness.run_steps(3);
    let radius_mm = (RADIUS_MM * RADIUS_MM - 36.0).sqrt();
    for (column, colour) in [(0, FIRST), (1, SECOND)] {
        let (at, pixels) = window.pixels(column, colour);
        let mean = pixels.iter().map(|p| f64::from(p.distance(at))).sum::<f64>() / pixels.len() as f64;
        assert!((mean / (0.8 * points_per_mm) - radius_mm).abs() < 0.2, "pane {column}");
    }
}

#[test]
fn it_plays_and_closes_and_a_contour_can_be_taken() {
    let mut window = Bench::new();
    window.compare();
    for name in ["Copy table", "Play (Space)", "Progress of all methods"] {
        assert!(window.harness.query_by_label(name).is_some() || name.starts_with("Progress"), "{name}");
    }
    // Playing moves on by itself; a key holds it.
    window.harness.key_press(Key::Space);
    window.wait("the middle", |session| session.compare.shown().is_some_and(|view| view.position > 0.1));
    window.harness.key_press_modifiers(Modifiers::NONE, Key::Space);
    window.harness.run_steps(2);
    let held = window.session().compare.shown().map(|view| (view.playing, view.position));
    assert!(held.is_some_and(|(playing, at)| !playing && at < 1.0), "{held:?}");

    window.click("Close comparison");
    assert!(window.session().compare.shown().is_none());
    window.harness.get_by_label("Timeline");
    window.click("Show the last comparison");
    assert!(window.session().compare.shown().is_some());
    let buttons: Vec<_> = window.harness.get_all_by_label("Take this one").collect();
    assert_eq!(buttons.len(), 2, "one for each method");
    assert!(buttons.iter().all(|button| !button.accesskit_node().is_disabled()));
    buttons[0].click();
    drop(buttons);
    window.harness.run_steps(3);
    window.wait("the evolution", |session| session.evolution.phi.is_some());
    assert!(window.session().compare.shown().is_none() && window.session().evolution.step == 0);
}
