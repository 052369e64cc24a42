//! The window's panels and panes, drawn on the software adapter: what is shown where, and what a click or a key does.

use egui::{Key, Modifiers, Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zeroset::app::ZerosetApp;
use zeroset::keys::BINDINGS;
use zeroset::recent::Recent;
use zeroset::session::{Command, DeviceChoice, EvolveSettings, RunState, Step, Tool, Window};
use zeroset::views::Pane;
use zeroset_engine::levelset::{Method, Seed};
use zeroset_engine::{Geometry, Volume, io};

const SIZE: Vec2 = Vec2::new(1300.0, 860.0);
/// World position of the bright ball: on the patient's left, anterior, superior.
const BALL_MM: [f64; 3] = [-20.0, 18.0, 22.0];

/// A cube of 90 mm around the origin, stored along `permutation` with the axes of `flips` reversed.
fn scan(permutation: [usize; 3], flips: [bool; 3]) -> Volume {
    let spacing = [1.5, 1.5, 2.5];
    let mut affine = nalgebra::Matrix4::zeros();
    affine[(3, 3)] = 1.0;
    let mut size = [0; 3];
    for (column, &row) in permutation.iter().enumerate() {
        size[column] = (90.0 / spacing[row]) as usize;
        let sign = if flips[column] { -1.0 } else { 1.0 };
        affine[(row, column)] = sign * spacing[row];
        affine[(row, 3)] = -sign * spacing[row] * (size[column] as f64 - 1.0) / 2.0;
    }
    let geometry = Geometry::new(size, affine).expect("geometry");
    let values = (0..geometry.len())
        .map(|i| {
            let voxel = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])].map(|v| v as f64);
            let world = geometry.world_of_voxel(voxel);
            let distance = (0..3).map(|d| (world[d] - BALL_MM[d]).powi(2)).sum::<f64>().sqrt();
            if distance < 9.0 { 240.0 } else { -160.0 }
        })
        .collect();
    Volume::new(geometry, values)
}

struct Bench {
    harness: Harness<'static, ZerosetApp>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn empty() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let harness = Harness::builder()
            .with_size(SIZE)
            .wgpu()
            .build_eframe(|cc| ZerosetApp::new(cc, Recent::at(None), None, None).expect("threads"));
        Self { harness, folder }
    }

    fn with(volume: &Volume) -> Self {
        let mut window = Self::empty();
        let path = window.path("scan.nii.gz");
        io::write_volume(&path, volume, None).expect("write");
        window.apply(Command::Open(path));
        window.wait("the scan", |app| app.desk.session.document.is_some());
        window.harness.run_steps(3);
        window
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn apply(&mut self, command: Command) {
        self.harness.state_mut().desk.apply(command);
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&ZerosetApp) -> bool) {
        let begun = Instant::now();
        while !holds(self.harness.state()) {
            self.harness.step();
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run_steps(3);
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_steps(3);
    }

    fn session(&self) -> &zeroset::session::Session {
        &self.harness.state().desk.session
    }
}

/// Middle of the pixels that `is` picks within `area`, and how many there are.
fn middle(picture: &image::RgbaImage, area: Rect, is: impl Fn([u8; 4]) -> bool) -> (Pos2, usize) {
    let (mut sum, mut count) = (Vec2::ZERO, 0);
    for y in area.top() as u32..area.bottom() as u32 {
        for x in area.left() as u32..area.right() as u32 {
            if is(picture.get_pixel(x, y).0) {
                sum += Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                count += 1;
            }
        }
    }
    ((sum / count.max(1) as f32).to_pos2(), count)
}

/// The panes: axial, sagittal above; 3D, coronal below; the guide on the left, timeline and status below.
fn pane(column: usize, row: usize) -> Rect {
    let area = Rect::from_min_max(Pos2::new(316.0, 44.0), Pos2::new(SIZE.x, SIZE.y - 158.0));
    let size = area.size() / 2.0;
    Rect::from_min_size(area.min + Vec2::new(column as f32 * size.x, row as f32 * size.y), size).shrink(24.0)
}

fn bright([r, g, b, _]: [u8; 4]) -> bool {
    r > 180 && g > 180 && b > 180
}

fn bare(window: &mut Bench) {
    let display = &mut window.harness.state_mut().display;
    (display.show_annotations, display.show_crosshair) = (false, false);
}

#[test]
fn the_patients_left_is_on_the_screens_right_whatever_the_storage() {
    let storages = [
        ([0, 1, 2], [true, true, false]),
        ([0, 1, 2], [false, false, false]),
        ([2, 0, 1], [true, false, true]),
        ([1, 2, 0], [false, true, true]),
    ];
    for (permutation, flips) in storages {
        let mut window = Bench::with(&scan(permutation, flips));
        let voxel = {
            let geometry = window.session().document.as_ref().expect("document").image.geometry().clone();
            geometry.voxel_of_world(BALL_MM).map(|v| v.round() as i64)
        };
        window.apply(Command::SetCursor(voxel));
        window.apply(Command::SetWindow(Window::new(40.0, 400.0)));
        window.apply(Command::SetStep(Step::Accept));
        bare(&mut window);
        window.harness.run_steps(3);
        let picture = window.harness.render().expect("picture");
        // Left of the patient: right of the middle; anterior and superior: above it; in the sagittal plane anterior is left.
        for (column, row, right, up) in [(0, 0, true, true), (1, 1, true, true), (1, 0, false, true)] {
            let area = pane(column, row);
            let (at, count) = middle(&picture, area, bright);
            assert!(count > 300, "{permutation:?} {flips:?}: the ball is not in pane {column}, {row} ({count} pixels)");
            assert_eq!(at.x > area.center().x, right, "{permutation:?} {flips:?} pane {column}, {row}: {at:?}");
            assert_eq!(at.y < area.center().y, up, "{permutation:?} {flips:?} pane {column}, {row}: {at:?}");
        }
    }
}

#[test]
fn the_contour_is_drawn_where_phi_is_zero_to_the_pixel() {
    contour_is_a_circle(DeviceChoice::Cpu);
}

#[test]
fn a_contour_on_the_graphics_device_is_drawn_from_its_own_buffer() {
    contour_is_a_circle(DeviceChoice::Gpu);
}

fn contour_is_a_circle(device: DeviceChoice) {
    let mut window = Bench::with(&scan([0, 1, 2], [true, true, false]));
    let voxel = {
        let geometry = window.session().document.as_ref().expect("document").image.geometry().clone();
        geometry.voxel_of_world(BALL_MM).map(|v| v.round() as i64)
    };
    window.apply(Command::SetCursor(voxel));
    let mut evolve = EvolveSettings::preset(Method::Region);
    evolve.device = device;
    window.apply(Command::SetEvolve(evolve));
    // At the start the contour is the seed's sphere.
    let radius_mm = 14.3;
    window.apply(Command::AddSeed(Seed { center_mm: BALL_MM, radius_mm }));
    window.apply(Command::Restart);
    window.wait("the contour", |app| app.desk.session.evolution.phi.is_some());
    assert_eq!(window.harness.state().desk.phi_buffer.is_some(), device == DeviceChoice::Gpu);
    window.apply(Command::SetTool(Tool::Crosshair));
    bare(&mut window);
    window.harness.state_mut().display.maximised = Some(Pane::Slice(zeroset::session::Plane::Axial));
    window.harness.state_mut().display.fit_all();
    window.harness.run_steps(4);
    let picture = window.harness.render().expect("picture");
    let area = Rect::from_min_max(Pos2::new(330.0, 60.0), Pos2::new(SIZE.x - 30.0, SIZE.y - 172.0));
    let cyan = |[r, g, b, _]: [u8; 4]| r < 90 && g > 170 && b > 190;
    let (at, count) = middle(&picture, area, cyan);
    let points_per_mm = window.harness.state_mut().display.slice_mut(zeroset::session::Plane::Axial).points_per_mm;
    let (mut mean, mut worst) = (0.0_f64, 0.0_f64);
    for y in area.top() as u32..area.bottom() as u32 {
        for x in area.left() as u32..area.right() as u32 {
            if cyan(picture.get_pixel(x, y).0) {
                let from_middle = f64::from((Pos2::new(x as f32 + 0.5, y as f32 + 0.5) - at).length());
                mean += from_middle / count as f64;
                worst = worst.max((from_middle - radius_mm * points_per_mm).abs());
            }
        }
    }
    let circumference = 2.0 * std::f64::consts::PI * radius_mm * points_per_mm;
    assert!(count as f64 > 0.8 * circumference, "{count} pixels on a circle of {circumference:.0}");
    // The slice nearest to the ball's middle may lie half a slice off it: 1.25 mm of 14.3 mm shortens the radius by 0.4 %.
    assert!(
        (mean / points_per_mm - radius_mm).abs() < 0.1,
        "radius {:.3} mm, expected {radius_mm}",
        mean / points_per_mm
    );
    assert!(worst < 2.0, "a pixel of the contour lies {worst:.2} px off the circle");
}

#[test]
fn without_a_scan_the_guide_says_how_to_begin() {
    let mut window = Bench::empty();
    window.harness.run_steps(3);
    window.harness.get_by_label("Open scan…");
    window.key(Modifiers::NONE, Key::Space);
    assert_eq!(window.session().evolution.state, RunState::Absent);
}

#[test]
fn the_guide_leads_from_the_region_to_the_label() {
    let mut window = Bench::with(&scan([0, 1, 2], [true, true, false]));
    window.click("Region");
    window.click("Next: speed image");
    assert_eq!(window.session().step, Step::Speed);
    window.wait("the speed image", |app| app.desk.session.speed_ready());
    window.click("Next: seeds");
    assert_eq!((window.session().step, window.session().tool), (Step::Seeds, Tool::Seed));
    window.click("Add at cursor");
    assert_eq!(window.session().document.as_ref().map(|d| d.seeds.len()), Some(1));
    window.click("Next: evolve");
    assert_eq!(window.session().step, Step::Evolve);
    window.click("Play (Space)");
    window.wait("the run", |app| app.desk.session.evolution.step > 0 || !app.desk.session.evolution.exists());
}

#[test]
fn keys_do_what_the_help_says() {
    let mut window = Bench::with(&scan([0, 1, 2], [true, true, false]));
    for (key, tool) in [
        (Key::Num2, Tool::ZoomPan),
        (Key::Num3, Tool::Contrast),
        (Key::Num4, Tool::Brush),
        (Key::Num5, Tool::Roi),
        (Key::Num6, Tool::Seed),
        (Key::Num1, Tool::Crosshair),
    ] {
        window.key(Modifiers::NONE, key);
        assert_eq!(window.session().tool, tool, "{key:?}");
    }
    let before = window.session().cursor;
    window.key(Modifiers::NONE, Key::PageUp);
    assert_eq!(window.session().cursor[2], before[2] + 1, "next slice is superior");
    window.key(Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(window.session().cursor[0], before[0] + 5, "x grows to the patient's left, the screen's right");
    let radius = window.session().radius_mm;
    window.key(Modifiers::NONE, Key::Minus);
    assert_eq!(window.session().radius_mm, radius - 1.0);
    let label = window.session().document.as_ref().map(|d| d.active_label);
    window.key(Modifiers::NONE, Key::Period);
    assert_ne!(window.session().document.as_ref().map(|d| d.active_label), label);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().document.as_ref().map(|d| d.active_label), label, "undone");
    window.key(Modifiers::NONE, Key::F1);
    for binding in BINDINGS {
        assert!(
            window.harness.query_all_by_label(binding.text).next().is_some(),
            "the help leaves out {}",
            binding.text
        );
    }
    window.key(Modifiers::NONE, Key::F1);
    assert!(window.harness.query_by_label("Ten steps forward, back").is_none(), "F1 closes it again");
}

#[test]
fn no_key_has_two_meanings() {
    let mut seen = HashSet::new();
    for binding in BINDINGS {
        for (modifiers, key) in binding.keys {
            assert!(seen.insert((*modifiers, *key)), "{modifiers:?} {key:?} ({})", binding.text);
        }
    }
}

#[test]
fn a_bad_file_shows_its_message_and_the_window_lives_on() {
    let mut window = Bench::with(&scan([0, 1, 2], [true, true, false]));
    let bad = window.path("broken.nii");
    std::fs::write(&bad, vec![7; 400]).expect("write");
    window.apply(Command::Open(bad));
    window.wait("the message", |app| app.desk.session.notice.is_some());
    window.harness.run_steps(3);
    let text = window.session().notice.as_ref().map(|n| n.text.clone()).expect("message");
    assert!(text.contains("broken.nii"), "{text}");
    window.harness.get_by_label(&text);
    window.click("Put this message away");
    assert!(window.session().notice.is_none());
    assert_eq!(window.session().document.as_ref().map(|d| d.name()), Some("scan.nii.gz".to_owned()));
}

#[test]
fn closing_with_unsaved_work_asks_first() {
    let mut window = Bench::with(&scan([0, 1, 2], [true, true, false]));
    window.apply(Command::AddSeed(Seed { center_mm: BALL_MM, radius_mm: 6.0 }));
    window.apply(Command::StepForward(2));
    window.wait("the contour", |app| app.desk.session.evolution.step == 2);
    window.apply(Command::Accept);
    window.wait("the label", |app| app.desk.session.unsaved());
    window.key(Modifiers::COMMAND, Key::Q);
    window.click("Cancel");
    assert!(!window.session().asking_to_quit);
    window.key(Modifiers::COMMAND, Key::Q);
    window.click("Save and close");
    window.wait("the file", |app| !app.desk.session.unsaved());
    assert!(window.path("scan_mask.nii.gz").is_file());
}
