//! The Propose panel and the dashed contour, drawn on the software adapter.

use crate::support::{LEFT, PELVIC, RIGHT, catalogue, lps, scan};
use egui::{Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::app::ZerosetApp;
use zeroset::recent::Recent;
use zeroset::session::{Command, Plane, Session, Step};
use zeroset::views::Pane;
use zeroset_engine::io;

const SIZE: Vec2 = Vec2::new(1300.0, 860.0);

struct Bench {
    harness: Harness<'static, ZerosetApp>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// The window on the patient of boxes, with networks or with none.
    fn new(with_networks: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ct.nii.gz");
        io::write_volume(&path, &scan(&lps(), &[LEFT, RIGHT, PELVIC], 0.0), None).unwrap();
        let networks = if with_networks { catalogue(&folder.path().join("models")) } else { Default::default() };
        let mut harness = Harness::builder()
            .with_size(SIZE)
            .wgpu()
            .build_eframe(|cc| ZerosetApp::new(cc, Recent::at(None), None, None).expect("threads"));
        harness.state_mut().desk.session.catalogue = Arc::new(networks);
        let mut bench = Self { harness, _folder: folder };
        bench.harness.state_mut().desk.apply(Command::Open(path));
        bench.wait("the scan", |session| session.document.is_some());
        bench.harness.run_steps(3);
        bench
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

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run_steps(3);
    }

    /// Cyan pixels of the axial pane, on the screen's left and on its right.
    fn contour_pixels(&mut self) -> [usize; 2] {
        let picture = self.harness.render().expect("picture");
        let area = Rect::from_min_max(Pos2::new(330.0, 60.0), Pos2::new(SIZE.x - 30.0, SIZE.y - 172.0));
        let mut count = [0; 2];
        for y in area.top() as u32..area.bottom() as u32 {
            for x in area.left() as u32..area.right() as u32 {
                let [r, g, b, _] = picture.get_pixel(x, y).0;
                let cyan = r < 90 && g > 170 && b > 190;
                count[usize::from(x as f32 > area.center().x)] += usize::from(cyan);
            }
        }
        count
    }
}

#[test]
fn one_button_shows_a_dashed_contour_that_can_be_accepted() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.session().step, Step::Propose);
    for name in ["Kidney", "Liver", "How and where", "Seed by hand instead"] {
        bench.harness.get_by_label(name);
    }
    bench.click("Propose");
    bench.wait("the proposal", |session| session.proposal.is_some());
    let display = &mut bench.harness.state_mut().display;
    (display.show_annotations, display.show_crosshair) = (false, false);
    display.maximised = Some(Pane::Slice(Plane::Axial));
    display.fit_all();
    bench.harness.run_steps(4);
    for text in
        ["Kidney, 320.0 mL", "left 160.0 mL · right 160.0 mL", "Propose again", "Accept as left and right kidney"]
    {
        bench.harness.get_by_label(text);
    }
    bench.harness.get_by_label("1 further part(s) of 80 mL in all were left out: look whether they belong to it");
    // Both kidneys, with gaps: a whole line is 160 mm around, about 2 pixels wide.
    let dashed = bench.contour_pixels();
    let points_per_mm = bench.harness.state_mut().display.slice_mut(Plane::Axial).points_per_mm;
    let around = 160.0 * points_per_mm;
    for side in dashed {
        let share = side as f64 / (1.8 * around);
        assert!(share > 0.3 && share < 0.8, "{side} pixels on a line of {around:.0}");
    }
    bench.click("Accept as left and right kidney");
    bench.wait("the labels", |session| session.document.as_ref().is_some_and(|d| d.labels.is_some()));
    bench.harness.run_steps(3);
    assert_eq!(bench.session().document.as_ref().unwrap().labels.as_ref().unwrap().present(), [3, 4]);
    assert_eq!(bench.contour_pixels(), [0, 0], "accepted, the dashes are gone");
    bench.click("Show the last proposal again");
    // The labels' colour now lies under the dashes and tints a few of their softened edges.
    for (again, first) in bench.contour_pixels().into_iter().zip(dashed) {
        assert!(again.abs_diff(first) <= first / 20, "{again} pixels, {first} before");
    }
    bench.click("Discard");
    assert_eq!(bench.contour_pixels(), [0, 0]);
}

#[test]
fn the_method_and_the_place_are_chosen_and_the_evolution_starts_from_it() {
    let mut bench = Bench::new(true);
    bench.click("How and where");
    bench.click("This slice");
    bench.click("CPU");
    bench.click("Propose");
    bench.wait("the proposal", |session| session.proposal.is_some());
    bench.harness.run_steps(3);
    bench.harness.get_by_label("Kidney, 16.00 mL in this slice");
    bench.click("Start evolution from it");
    bench.wait("the start", |session| session.evolution.phi.is_some());
    assert_eq!(bench.session().step, Step::Evolve);
}

#[test]
fn without_a_network_the_guide_begins_with_the_region() {
    let mut bench = Bench::new(false);
    assert_eq!(bench.session().step, Step::Roi);
    bench.click("Proposal");
    assert_eq!(bench.session().step, Step::Propose);
    assert!(bench.harness.query_by_label_contains("No trained network is part of this program").is_some());
    bench.click("Seed by hand instead");
    assert_eq!(bench.session().step, Step::Roi);
}
