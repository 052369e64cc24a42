//! What is laid over the slices, as the software adapter paints it: colours of maps, earlier contours, the reference; and
//! the popup and keys that choose it.

use egui::{Key, Modifiers, Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::time::{Duration, Instant};
use zeroset::app::ZerosetApp;
use zeroset::paint::palette;
use zeroset::recent::Recent;
use zeroset::session::overlay::OverlaySettings;
use zeroset::session::{Command, DeviceChoice, EvolveSettings, Map, Plane, Session, Tool, Window};
use zeroset::views::Pane;
use zeroset_engine::levelset::{Force, Method, Seed};
use zeroset_engine::{Geometry, LabelMap, Volume, io};

const SIZE: Vec2 = Vec2::new(1300.0, 860.0);
const RADIUS_MM: f64 = 14.3;
/// Centre of everything.
const CENTRE_MM: [f64; 3] = [-6.0, 8.0, 3.0];

/// A cube of 90 mm in L, P, S.
fn grid() -> Geometry {
    let rows = [[-1.5, 0.0, 0.0, 44.25], [0.0, -1.5, 0.0, 44.25], [0.0, 0.0, 2.0, -44.0]];
    Geometry::from_affine_rows([60, 60, 45], rows).expect("grid")
}

fn radius_at(geometry: &Geometry, index: usize) -> f64 {
    let [nx, ny, _] = geometry.size();
    let world = geometry.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64));
    (0..3).map(|d| (world[d] - CENTRE_MM[d]).powi(2)).sum::<f64>().sqrt()
}

struct Bench {
    harness: Harness<'static, ZerosetApp>,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A bright ball of 9 mm, and around it a contour of [`RADIUS_MM`], held at its start, in one axial pane.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let geometry = grid();
        let hu = |i: usize| if radius_at(&geometry, i) < 9.0 { 240.0 } else { -160.0 };
        let volume = Volume::new(geometry.clone(), (0..geometry.len()).map(hu).collect());
        let path = folder.path().join("scan.nii.gz");
        io::write_volume(&path, &volume, None).expect("write");
        let harness = Harness::builder()
            .with_size(SIZE)
            .wgpu()
            .build_eframe(|cc| ZerosetApp::new(cc, Recent::at(None), None, None).expect("threads"));
        let mut bench = Self { harness, folder };
        bench.apply(Command::Open(path));
        bench.wait("the scan", |app| app.desk.session.document.is_some());
        bench.apply(Command::SetCursor(geometry.voxel_of_world(CENTRE_MM).map(|v| v.round() as i64)));
        let mut evolve = EvolveSettings::preset(Method::Region);
        evolve.device = DeviceChoice::Cpu;
        bench.apply(Command::SetEvolve(evolve));
        bench.apply(Command::AddSeed(Seed { center_mm: CENTRE_MM, radius_mm: RADIUS_MM }));
        bench.apply(Command::Restart);
        bench.wait("the contour", |app| app.desk.session.evolution.phi.is_some());
        bench.apply(Command::SetTool(Tool::Crosshair));
        // What is dark in the scan is grey on the screen.
        bench.apply(Command::SetWindow(Window::new(-160.0, 800.0)));
        let display = &mut bench.harness.state_mut().display;
        (display.show_annotations, display.show_crosshair) = (false, false);
        display.maximised = Some(Pane::Slice(Plane::Axial));
        display.fit_all();
        bench.harness.run_steps(4);
        bench
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
        self.harness.run_steps(3);
    }

    fn session(&self) -> &Session {
        &self.harness.state().desk.session
    }

    fn show(&mut self, change: impl FnOnce(&mut OverlaySettings)) {
        let mut overlays = self.session().overlays;
        change(&mut overlays);
        self.apply(Command::SetOverlays(overlays));
        self.harness.run_steps(3);
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run_steps(3);
    }

    fn key(&mut self, key: Key) {
        self.harness.key_press_modifiers(Modifiers::NONE, key);
        self.harness.run_steps(3);
    }

    fn picture(&mut self) -> image::RgbaImage {
        self.harness.render().expect("picture")
    }

    /// Middle of the contour on the screen, and points per mm.
    fn place(&mut self) -> (Pos2, f64) {
        let picture = self.picture();
        let area = Rect::from_min_max(Pos2::new(330.0, 60.0), Pos2::new(SIZE.x - 30.0, SIZE.y - 172.0));
        let (mut sum, mut count) = (Vec2::ZERO, 0.0);
        for y in area.top() as u32..area.bottom() as u32 {
            for x in area.left() as u32..area.right() as u32 {
                let [r, g, b, _] = picture.get_pixel(x, y).0;
                if r < 90 && g > 170 && b > 190 {
                    (sum, count) = (sum + Vec2::new(x as f32 + 0.5, y as f32 + 0.5), count + 1.0);
                }
            }
        }
        assert!(count > 200.0, "the contour is not seen");
        let points_per_mm = self.harness.state_mut().display.slice_mut(Plane::Axial).points_per_mm;
        ((sum / count).to_pos2(), points_per_mm)
    }
}

/// The slice of the cursor lies this far from the centre, mm.
fn height_mm() -> f64 {
    let z = grid().voxel_of_world(CENTRE_MM)[2];
    2.0 * (z.round() - z)
}

/// In the slice, how far from the middle φ of the contour has this value, mm.
fn in_slice(phi_mm: f64) -> f64 {
    ((RADIUS_MM + phi_mm).powi(2) - height_mm().powi(2)).sqrt()
}

fn pixel(picture: &image::RgbaImage, middle: Pos2, direction: [f64; 2], distance: f64) -> [u8; 3] {
    let at = middle + Vec2::new((direction[0] * distance) as f32, (direction[1] * distance) as f32);
    let [r, g, b, _] = picture.get_pixel(at.x.floor() as u32, at.y.floor() as u32).0;
    [r, g, b]
}

/// Eight directions on the screen.
fn directions() -> Vec<[f64; 2]> {
    (0..8).map(|n| std::f64::consts::FRAC_PI_4 * f64::from(n) + 0.2).map(|a| [a.cos(), a.sin()]).collect()
}

#[track_caller]
fn assert_colour(found: [u8; 3], expected: [f32; 3], tolerance: f32, what: &str) {
    let off = (0..3).map(|c| (f32::from(found[c]) - 255.0 * expected[c]).abs()).fold(0.0, f32::max);
    assert!(off <= tolerance, "{what}: {found:?} instead of {:?}", expected.map(|v| (255.0 * v).round()));
}

#[test]
fn phi_is_blue_inside_white_on_the_contour_and_orange_outside() {
    let mut bench = Bench::new();
    let (middle, scale) = bench.place();
    let before = bench.picture();
    bench.show(|o| (o.show_map, o.map, o.opacity, o.band_mm) = (true, Map::Phi, 1.0, 5.0));
    let band_mm = bench.session().evolution.overlays.limit_mm;
    assert_eq!(band_mm, 4.5, "φ is cut off at three voxels: that is the band");
    let picture = bench.picture();
    for direction in directions() {
        for phi_mm in [-2.5, -2.0, -1.0, 1.0, 2.0, 2.5] {
            let found = pixel(&picture, middle, direction, in_slice(phi_mm) * scale);
            // A pixel is a seventh of a mm, and the middle is known to one: a quarter of a mm in all.
            assert_colour(found, palette::phi(phi_mm as f32 / band_mm), 15.0, &format!("φ = {phi_mm} mm"));
        }
        // Beyond the band there is nothing.
        for phi_mm in [-8.0, 6.0] {
            let at = in_slice(phi_mm) * scale;
            let there = pixel(&picture, middle, direction, at);
            let was = pixel(&before, middle, direction, at);
            // Without the tint of the inside, which a map leaves out.
            if phi_mm > 0.0 {
                assert_eq!(there, was, "φ = {phi_mm} mm");
            } else {
                // The ball is white.
                assert_colour(there, [1.0; 3], 0.0, "φ = -8 mm");
            }
        }
    }
}

#[test]
fn a_force_is_magenta_where_the_contour_shrinks_and_green_where_it_grows() {
    let mut bench = Bench::new();
    let (middle, scale) = bench.place();
    let map = Map::Force(Force::Propagation);
    bench.show(|o| (o.show_map, o.map, o.opacity, o.band_mm) = (true, map, 1.0, 5.0));
    bench.wait("the map", |app| matches!(app.desk.session.evolution.overlays.force, Some(Ok(_))));
    let made = bench.session().evolution.overlays.force.clone().expect("wanted").expect("a map");
    // Around the bright ball g is -1, and φ a distance: dφ/dt is α.
    let alpha = bench.session().document.as_ref().expect("document").evolve.params.alpha;
    assert!((made.range - alpha.ceil()).abs() < 1e-6, "range {}", made.range);
    let picture = bench.picture();
    for direction in directions() {
        for phi_mm in [-1.5, 1.5] {
            let found = pixel(&picture, middle, direction, in_slice(phi_mm) * scale);
            assert_colour(found, palette::force(alpha / made.range), 8.0, &format!("φ = {phi_mm} mm"));
        }
    }
    // With the other sign it grows.
    let mut evolve = bench.session().document.as_ref().expect("document").evolve.clone();
    evolve.params.alpha = -alpha;
    bench.apply(Command::SetEvolve(evolve));
    bench.wait("the other map", |app| {
        let force = &app.desk.session.evolution.overlays.force;
        force.as_ref().and_then(|f| f.as_ref().ok()).is_some_and(|map| map.samples.iter().any(|&v| v < -0.5))
    });
    let picture = bench.picture();
    for direction in directions() {
        let found = pixel(&picture, middle, direction, in_slice(1.5) * scale);
        assert_colour(found, palette::force(-alpha / made.range), 8.0, "grows");
    }
}

#[test]
fn earlier_contours_are_drawn_where_they_were() {
    let mut bench = Bench::new();
    let (middle, scale) = bench.place();
    bench.apply(Command::StepForward(40));
    bench.wait("the steps", |app| app.desk.session.evolution.step == 40);
    let before = bench.picture();
    bench.show(|o| o.trail = true);
    bench.wait("the trail", |app| app.desk.session.evolution.overlays.trail.is_some());
    let moments = bench.session().evolution.overlays.trail.as_ref().map(|t| t.moments.clone());
    assert_eq!(moments, Some(vec![0, 10, 20, 30]));
    let picture = bench.picture();
    for direction in directions() {
        // The oldest is drawn too; six pixels off it there is nothing.
        let at = in_slice(0.0) * scale;
        let change = |d: f64| -> i32 {
            let here = |picture| pixel(picture, middle, direction, at + d).map(i32::from);
            here(&picture).iter().zip(here(&before)).map(|(a, b)| (a - b).abs()).sum()
        };
        let most = [-1.0, 0.0, 1.0].map(change).into_iter().max().unwrap_or(0);
        assert!(most > 40, "{direction:?}: {most}");
        assert_eq!(change(6.0), 0, "{direction:?}");
    }
}

#[test]
fn a_reference_is_black_with_a_light_rim_and_dice_stands_in_the_status_line() {
    let mut bench = Bench::new();
    let (middle, scale) = bench.place();
    let geometry = grid();
    let labels = (0..geometry.len()).map(|i| u16::from(radius_at(&geometry, i) < 20.0) * 7).collect();
    let path = bench.folder.path().join("truth.nii.gz");
    io::write_labels(&path, &LabelMap::new(geometry, labels), None).expect("write");
    bench.apply(Command::OpenReference(path));
    bench.wait("Dice", |app| app.desk.session.evolution.overlays.agreement.is_some());
    let picture = bench.picture();
    for direction in directions() {
        // The border runs along voxels: within one of them of the ball's.
        let along: Vec<u8> = (0..60)
            .map(|k| pixel(&picture, middle, direction, 18.0 * scale + f64::from(k) * scale / 15.0)[1])
            .collect();
        let (least, most) = (along.iter().min().copied(), along.iter().max().copied());
        assert!(least < Some(30) && most > Some(165), "{direction:?}: {along:?}");
    }
    let dice = bench.session().evolution.overlays.agreement.and_then(|a| a.overlap.dice()).expect("defined");
    let expected = 2.0 * RADIUS_MM.powi(3) / (RADIUS_MM.powi(3) + 20f64.powi(3));
    assert!((dice - expected).abs() < 0.01, "{dice} {expected}");
    bench.harness.get_by_label(&format!("Dice {dice:.3}"));
    // R takes it away.
    bench.key(Key::R);
    let picture = bench.picture();
    let along = |k: i32| pixel(&picture, middle, [1.0, 0.0], 18.0 * scale + f64::from(k) * scale / 15.0)[1];
    assert!((0..60).all(|k| along(k) > 100), "no black line is left");
}

#[test]
fn the_popup_chooses_what_is_shown_and_stays_open() {
    let mut bench = Bench::new();
    bench.click("Overlays");
    bench.click("dφ/dt");
    assert_eq!((bench.session().overlays.show_map, bench.session().overlays.map), (true, Map::Force(Force::Total)));
    bench.click("Curvature");
    assert_eq!(bench.session().overlays.map, Map::Force(Force::Curvature));
    bench.click("Earlier contours (T)");
    assert!(bench.session().overlays.trail);
    bench.click("Map over the image (W)");
    assert!(!bench.session().overlays.show_map);
    assert!(bench.harness.query_by_label("Open reference…").is_some());
    bench.click("Overlays");
    assert!(bench.harness.query_by_label("Curvature").is_none(), "a second click closes it");
    bench.key(Key::W);
    assert!(bench.session().overlays.show_map);
    let before = bench.session().overlays.opacity;
    bench.key(Key::Q);
    assert!((bench.session().overlays.opacity - before + 0.1).abs() < 1e-6);
    bench.key(Key::T);
    assert!(!bench.session().overlays.trail);
}
