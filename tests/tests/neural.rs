//! A contour NODE's evolution kept for any t: its start, its steps, its end, branches and paint.

use burn::tensor::Device;
use std::ops::ControlFlow;
use std::sync::Arc;
use zeroset_engine::infer::{OrganPhi, Request, Start, infer};
use zeroset_engine::models::{Checkpoint, NetworkConfig, NodeContourConfig, UNetConfig};
use zeroset_engine::neural::{Ball, Field, Law, NeuralError, NeuralEvolution, Priors, Stroke, Trajectory};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::prepare::{FAR_BANDS, Fit, Organ, Preprocessing};
use zeroset_engine::{Geometry, LabelMap, Volume};
use zeroset_tests::networks::stirred;

const SCHEMES: [Scheme; 4] = [Scheme::Euler, Scheme::Midpoint, Scheme::Rk4, Scheme::DormandPrince];

fn preprocessing() -> Preprocessing {
    let organ = |name: &str, labels: &[u16]| Organ { name: name.into(), labels: labels.to_vec() };
    let organs = vec![organ("liver", &[5]), organ("kidney", &[3, 4])];
    // 46 rows: what the network pads to a multiple has to be cut off again.
    let fit = Fit::PixelMm(1.25);
    Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [46, 56],
        fit,
        neighbours: 0,
        neighbour_mm: None,
        band_px: 4.0,
        organs,
    }
}

/// A contour NODE; every weight is at most `most` away from the untrained one, which is the identity.
fn checkpoint(most: f32) -> Checkpoint {
    let config =
        NetworkConfig::NodeContour(NodeContourConfig { hidden: 4, postnet: 5, ..NodeContourConfig::default() });
    let network = stirred(config.init(1, 2, &Device::flex()), 11, most);
    Checkpoint::new(network, config, preprocessing(), SolverParams::default()).unwrap()
}

/// A scan stored as x = S, y = L, z = A, and an ellipse in three of its five slices.
fn scan() -> (Arc<Volume>, Vec<f32>) {
    let rows = [[0.0, -1.2, 0.0, 30.0], [0.0, 0.0, 1.3, -25.0], [4.0, 0.0, 0.0, -8.0]];
    let geometry = Geometry::from_affine_rows([5, 48, 44], rows).unwrap();
    let inside = |i: usize| {
        let [nx, ny, _] = geometry.size();
        let [x, y, z] = geometry.world_of_voxel([i % nx, i / nx % ny, i / (nx * ny)].map(|v| v as f64));
        z > -5.0 && z < 5.0 && ((x - 4.0) / (13.0 + 0.3 * z)).powi(2) + ((y + 1.0) / 9.0).powi(2) < 1.0
    };
    let labels: Vec<u16> = (0..geometry.len()).map(|i| if inside(i) { 3 } else { 0 }).collect();
    let samples = labels.iter().enumerate().map(|(i, &l)| f32::from(l) * 40.0 + (i % 13) as f32).collect();
    let start = OrganPhi::from_mask("kidney", &LabelMap::new(geometry.clone(), labels), |label| label == 3);
    (Arc::new(Volume::new(geometry, samples)), start.phi_mm)
}

fn evolution(most: f32, law: Law) -> NeuralEvolution {
    let (volume, start) = scan();
    let field = Field::new(&checkpoint(most), volume, "kidney", None).unwrap();
    NeuralEvolution::new(field, &start, 0..5, law, Trajectory::DEFAULT_BUDGET_BYTES).unwrap()
}

fn law(scheme: Scheme) -> Law {
    let solver = SolverParams { scheme, steps: 4, absolute_tolerance: 1e-3, ..SolverParams::default() };
    Law { solver, priors: Priors::default() }
}

fn solved(most: f32, law: Law) -> NeuralEvolution {
    let mut evolution = evolution(most, law);
    evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
    evolution
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn area_px(phi: &[f32]) -> usize {
    phi.iter().filter(|&&phi| phi < 0.0).count()
}

#[test]
fn the_end_is_what_infer_says_bit_for_bit() {
    let (volume, start) = scan();
    let checkpoint = checkpoint(0.1);
    for scheme in SCHEMES {
        let start = [OrganPhi { organ: "kidney".into(), phi_mm: start.clone() }];
        let request = Request {
            scan: &volume,
            checkpoint: &checkpoint,
            organs: &["kidney"],
            start: Start::Phi(&start),
            roi: None,
            solver: Some(law(scheme).solver),
            batch: 1,
        };
        let expected = infer(&request, &mut |_| ControlFlow::Continue(())).unwrap().organs.remove(0).phi_mm;
        let evolution = solved(0.1, law(scheme));
        let band_mm = evolution.field().grid().band_mm() as f32;
        let slices = evolution.trajectory().slices();
        assert_eq!(slices, [1, 2, 3], "{scheme:?}");
        // A slice without a contour stays as it was: infer puts its φ back, here it is outside.
        for (i, (&found, &expected)) in evolution.phi_mm(1.0).iter().zip(&expected).enumerate() {
            if slices.contains(&(i % 5)) {
                assert_eq!(found, expected, "{scheme:?}, voxel {i}");
            } else {
                assert!(expected > 0.0 && found == FAR_BANDS * band_mm, "{scheme:?}, voxel {i}");
            }
        }
        let moved = apart(&evolution.phi_mm(1.0), &evolution.phi_mm(0.0));
        assert!(moved > 1.0, "{scheme:?}: the network moves φ by {moved} mm only");
    }
}

#[test]
fn at_zero_it_shows_its_start() {
    let (_, start) = scan();
    let evolution = solved(0.1, law(Scheme::DormandPrince));
    let grid = evolution.field().grid();
    let (band_mm, far_mm) = (grid.band_mm() as f32, FAR_BANDS * grid.band_mm() as f32);
    for slice in 1..4 {
        let expected = grid.resample(slice, far_mm, |index| start[index].clamp(-far_mm, far_mm));
        let expected: Vec<f32> = expected.iter().map(|phi| phi / band_mm).collect();
        assert_eq!(evolution.slice_phi(slice, 0.0).unwrap(), expected);
        assert_eq!(evolution.slice_phi(slice, -3.0).unwrap(), expected);
    }
    assert!(evolution.slice_phi(0, 0.0).is_none() && evolution.slice_phi(4, 0.5).is_none());
}

#[test]
fn the_rate_is_the_derivative_of_what_is_shown() {
    for scheme in SCHEMES {
        let evolution = solved(0.1, law(scheme));
        let track = evolution.trajectory().track(0, 1, 1.0).1;
        let difference = |a: f64, b: f64| -> Vec<f32> {
            track.shown(b).iter().zip(track.shown(a)).map(|(y, x)| (y - x) / (b - a) as f32).collect()
        };
        let mut begin = 0.0;
        for kept in track.kept() {
            let (end, dt) = (kept.figures.t, kept.figures.dt);
            for share in [0.2, 0.5, 0.9] {
                let (t, step) = (begin + share * dt, 0.02 * dt);
                let rate = track.rate(t).expect("a rate");
                let most = rate.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
                assert!(most > 0.05, "{scheme:?}: it hardly moves ({most} band widths per t)");
                let off = apart(&rate, &difference(t - step, t + step));
                assert!(off < 2e-3 * most + 2e-6 / dt as f32, "{scheme:?} at {t}: off by {off} of {most}");
            }
            // At its end it is that of the step that comes to it.
            let off = apart(&track.rate(end).expect("a rate"), &track.rate(end - 1e-7 * dt).expect("a rate"));
            assert!(off < 1e-4, "{scheme:?} at {end}: {off}");
            begin = end;
        }
        assert_eq!(track.rate(2.0), track.rate(1.0), "beyond the tip as at the tip");
        assert_eq!(evolution.trajectory().rate(0, 1, 0.3), track.rate(0.3));
    }
    let unsolved = evolution(0.1, law(Scheme::Rk4));
    assert!(unsolved.trajectory().rate(0, 1, 0.0).is_none(), "without a step there is no rate");
}

#[test]
fn at_the_end_of_a_step_it_shows_the_solvers_state() {
    for scheme in SCHEMES {
        let evolution = solved(0.1, law(scheme));
        let track = evolution.trajectory().track(0, 1, 1.0).1;
        assert!(track.kept().len() >= if scheme == Scheme::DormandPrince { 2 } else { 4 }, "{scheme:?}");
        let mut t_before = 0.0;
        for kept in track.kept() {
            let (t, end) = (kept.figures.t, kept.end().shown());
            assert_eq!(track.shown(t), end, "{scheme:?} at {t}");
            // Nothing jumps there.
            for near in [t - 1e-6 * kept.figures.dt, t + 1e-6 * kept.figures.dt] {
                assert!(apart(&track.shown(near), &end) < 1e-4, "{scheme:?} at {near}");
            }
            assert!((kept.figures.dt - (t - t_before)).abs() < 1e-12 && kept.figures.error <= 1.0);
            t_before = t;
        }
        assert_eq!(track.kept().last().unwrap().figures.t, 1.0);
    }
}

#[test]
fn between_eulers_steps_it_runs_straight() {
    let evolution = solved(0.1, law(Scheme::Euler));
    for (n, share) in [(0, 0.25), (1, 0.5), (3, 0.875)] {
        let at = |t: f64| evolution.slice_phi(2, t).unwrap();
        let (start, end) = (at(0.25 * f64::from(n)), at(0.25 * f64::from(n + 1)));
        let mixed: Vec<f32> = start.iter().zip(&end).map(|(a, b)| a + share * (b - a)).collect();
        let found = apart(&at(0.25 * (f64::from(n) + f64::from(share))), &mixed);
        assert!(found < 1e-5, "step {n}: {found}");
    }
}

#[test]
fn a_field_of_zero_weights_is_the_identity() {
    for scheme in SCHEMES {
        let evolution = solved(0.0, law(scheme));
        let start = evolution.slice_phi(2, 0.0).unwrap();
        for t in [0.0, 0.1, 0.5, 0.77, 1.0] {
            assert_eq!(evolution.slice_phi(2, t).unwrap(), start, "{scheme:?} at {t}");
        }
    }
}

#[test]
fn every_accepted_step_is_told_as_it_happens() {
    let mut evolution = evolution(0.1, law(Scheme::DormandPrince));
    let mut told = Vec::new();
    evolution
        .run(|slice, figures| {
            told.push((slice, *figures));
            ControlFlow::Continue(())
        })
        .unwrap();
    for slice in 1..4 {
        let own: Vec<_> = told.iter().filter(|(s, _)| *s == slice).map(|(_, figures)| *figures).collect();
        assert!(own.windows(2).all(|pair| pair[0].evaluations < pair[1].evaluations && pair[0].t < pair[1].t));
        let last = own.last().unwrap();
        // Two evaluations before the first step, then six for each one tried.
        assert_eq!(last.evaluations, 2 + 6 * (own.len() + last.rejected));
        assert_eq!(last.t, 1.0);
    }
}

#[test]
fn a_run_that_was_stopped_goes_on() {
    let whole = solved(0.1, law(Scheme::Rk4));
    let mut halted = evolution(0.1, law(Scheme::Rk4));
    let mut steps = 0;
    halted
        .run(|_, _| {
            steps += 1;
            if steps == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!((halted.trajectory().finished(0), halted.trajectory().solved_to(0)), (1, 0.0));
    halted.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(halted.trajectory().finished(0), 3);
    assert_eq!(halted.phi_mm(1.0), whole.phi_mm(1.0));
    assert_eq!(halted.phi_mm(0.4), whole.phi_mm(0.4));
}

#[test]
fn a_branch_without_paint_ends_where_its_parent_does() {
    for scheme in SCHEMES {
        let mut evolution = solved(0.1, law(scheme));
        let expected = evolution.phi_mm(1.0);
        let shown = evolution.phi_mm(0.5);
        evolution.branch(0.5, law(scheme));
        assert_eq!(evolution.active(), 1);
        assert!(apart(&evolution.phi_mm(0.5), &shown) < 1e-4, "{scheme:?}");
        evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
        if scheme == Scheme::DormandPrince {
            let found = apart(&evolution.phi_mm(1.0), &expected);
            assert!(found < 0.05, "{found} mm apart");
        } else {
            // 0.5 is the end of a step.
            assert_eq!(evolution.phi_mm(1.0), expected, "{scheme:?}");
        }
        assert_eq!(evolution.trajectory().branches()[1].parent, Some((0, 0.5)));
        // The old line is untouched, and shared before the branch.
        assert_eq!(evolution.phi_mm(0.3), {
            evolution.switch_to(0);
            evolution.phi_mm(0.3)
        });
        assert_eq!(evolution.phi_mm(1.0), expected);
    }
}

#[test]
fn a_branch_may_leave_within_a_step() {
    let mut evolution = solved(0.1, law(Scheme::Rk4));
    let shown = evolution.phi_mm(0.6);
    let expected = evolution.phi_mm(1.0);
    evolution.branch(0.6, law(Scheme::Rk4));
    assert!(apart(&evolution.phi_mm(0.6), &shown) < 1e-4);
    evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
    let found = apart(&evolution.phi_mm(1.0), &expected);
    assert!(found > 0.0 && found < 0.5, "{found} mm apart");
    assert!(!evolution.switch_to(2) && evolution.switch_to(1));
}

#[test]
fn paint_is_shown_as_painted_and_changes_its_slice_only() {
    let mut evolution = solved(0.1, law(Scheme::Midpoint));
    let before: Vec<Vec<f32>> = (1..4).map(|slice| evolution.slice_phi(slice, 1.0).unwrap()).collect();
    let at_paint: Vec<f32> = evolution.slice_phi(2, 0.4).unwrap();
    // Slice 2 lies at z = 0; a flat ball far beside the contour.
    let ball = Ball { center_mm: [-18.0, 14.0, 0.0], radius_mm: 5.0, slice_normal: Some([0.0, 0.0, 1.0]) };
    evolution.paint(0.4, &ball, true);
    assert_eq!(evolution.active(), 1);
    let painted = evolution.slice_phi(2, 0.4).unwrap();
    let grid = evolution.field().grid().clone();
    let geometry = scan().0.geometry().clone();
    let [h, w] = grid.pixels();
    let mut inside = 0;
    for pixel in 0..h * w {
        let world = geometry.world_of_voxel(grid.voxel_of_pixel(2, pixel / w, pixel % w));
        let distance_mm = ((world[0] + 18.0).powi(2) + (world[1] - 14.0).powi(2)).sqrt() - 5.0;
        let expected = at_paint[pixel].min(distance_mm as f32 / grid.band_mm() as f32);
        assert!((painted[pixel] - expected).abs() < 1e-5, "pixel {pixel}");
        inside += usize::from(expected < 0.0 && at_paint[pixel] >= 0.0);
    }
    assert!(inside > 40, "{inside} pixels were painted in");
    evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(evolution.slice_phi(1, 1.0).unwrap(), before[0]);
    assert_eq!(evolution.slice_phi(3, 1.0).unwrap(), before[2]);
    assert!(apart(&evolution.slice_phi(2, 1.0).unwrap(), &before[1]) > 0.5);
    // Before the stroke the line is its parent's.
    let earlier = evolution.slice_phi(2, 0.3).unwrap();
    evolution.switch_to(0);
    assert_eq!(evolution.slice_phi(2, 0.3).unwrap(), earlier);
    assert_eq!(evolution.slice_phi(2, 1.0).unwrap(), before[1]);
}

#[test]
fn h_is_kept_by_paint() {
    // The network's start from a painted φ is the network's start from that φ: paint at t = 0 is a new start contour.
    let (volume, start) = scan();
    let ball = Ball { center_mm: [4.0, 12.0, 0.0], radius_mm: 6.0, slice_normal: None };
    let mut painted = evolution(0.1, law(Scheme::Rk4));
    painted.paint(0.0, &ball, false);
    painted.paint(0.0, &ball, true);
    let shown: Vec<Vec<f32>> = (1..4).map(|slice| painted.slice_phi(slice, 0.0).unwrap()).collect();
    painted.run(|_, _| ControlFlow::Continue(())).unwrap();
    let field = Field::new(&checkpoint(0.1), volume, "kidney", None).unwrap();
    let mut untouched = NeuralEvolution::new(field, &start, 0..5, law(Scheme::Rk4), usize::MAX).unwrap();
    untouched.run(|_, _| ControlFlow::Continue(())).unwrap();
    for (place, shown) in shown.iter().enumerate() {
        assert!(area_px(shown) > area_px(&untouched.slice_phi(place + 1, 0.0).unwrap()), "slice {}", place + 1);
        assert_ne!(painted.slice_phi(place + 1, 1.0), untouched.slice_phi(place + 1, 1.0));
    }
    // Painted at an accepted step, γ there is the solver's but for φ: taking the paint off again gives the old end.
    let mut back = solved(0.1, law(Scheme::Rk4));
    let end = back.slice_phi(2, 1.0).unwrap();
    let far = Ball { center_mm: [4.0, -1.0, 0.0], radius_mm: 200.0, slice_normal: None };
    back.paint(0.5, &far, true);
    assert_eq!(area_px(&back.slice_phi(2, 0.5).unwrap()), 46 * 56);
    back.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert_ne!(back.slice_phi(2, 1.0).unwrap(), end);
}

#[test]
fn paint_at_the_end_is_the_answer() {
    let mut evolution = solved(0.1, law(Scheme::Rk4));
    let before = evolution.slice_phi(2, 1.0).unwrap();
    let ball = Ball { center_mm: [4.0, -1.0, 0.0], radius_mm: 3.0, slice_normal: None };
    evolution.paint(1.0, &ball, false);
    let painted = evolution.slice_phi(2, 1.0).unwrap();
    assert!(painted.iter().zip(&before).all(|(new, old)| new >= &(old - 1e-6)));
    assert!(area_px(&painted) + 10 < area_px(&before));
    assert!(evolution.trajectory().jobs(evolution.active(), 2).is_empty());
    evolution.run(|_, _| panic!("there is nothing to solve")).unwrap();
}

#[test]
fn memory_is_bounded_and_counted() {
    let mut evolution = evolution(0.1, law(Scheme::DormandPrince));
    let empty = evolution.trajectory().used_bytes();
    assert_eq!(empty, 3 * 2 * 4 * 46 * 56);
    evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
    let trajectory = evolution.trajectory();
    let steps: usize = (0..3).map(|place| trajectory.track(0, place, 1.0).1.kept().len()).sum();
    // φ, u, three coefficients; γ has 2 organs x stem² and 4 hidden channels on the padded grid.
    let NetworkConfig::NodeContour(config) = checkpoint(0.1).manifest.network else { panic!("another network") };
    let UNetConfig { stem, .. } = config.dynamics;
    let [rows, columns] = [46usize, 56].map(|side| side.next_multiple_of(config.dynamics.multiple()) / stem);
    let step = 4 * (5 * 46 * 56 + (2 * stem * stem + 4) * rows * columns);
    assert_eq!(trajectory.used_bytes(), empty + steps * step);

    let (volume, start) = scan();
    let field = Field::new(&checkpoint(0.1), volume, "kidney", None).unwrap();
    let mut small = NeuralEvolution::new(field, &start, 0..5, law(Scheme::Rk4), empty + 3 * step).unwrap();
    let error = small.run(|_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, NeuralError::Memory { .. }), "{error}");
    assert!(small.trajectory().used_bytes() <= small.trajectory().budget_bytes());
}

#[test]
fn what_cannot_begin_says_why() {
    let (volume, start) = scan();
    let field = |organ: &str| Field::new(&checkpoint(0.1), volume.clone(), organ, None);
    assert!(matches!(field("spleen").unwrap_err(), NeuralError::Organ { .. }));
    let begin = |phi: &[f32], law| NeuralEvolution::new(field("kidney").unwrap(), phi, 0..5, law, usize::MAX);
    assert_eq!(
        begin(&start[1..], law(Scheme::Rk4)).unwrap_err(),
        NeuralError::StartSize { found: 10559, expected: 10560 }
    );
    assert_eq!(begin(&vec![1.0; start.len()], law(Scheme::Rk4)).unwrap_err(), NeuralError::NoContour);
    let no_steps = Law { solver: SolverParams::fixed(Scheme::Rk4, 0), priors: Priors::default() };
    assert!(matches!(begin(&start, no_steps).unwrap_err(), NeuralError::Solver(_)));
    let config = NetworkConfig::preset("unet").unwrap();
    let unet = Checkpoint::new(config.init(1, 2, &Device::flex()), config, preprocessing(), SolverParams::default());
    let refused = Field::new(&unet.unwrap(), volume.clone(), "kidney", None).unwrap_err();
    assert_eq!(refused, NeuralError::Network { found: "unet".into() });
}

#[test]
fn a_stroke_holds_its_side() {
    let centre = [4.0, -1.0, 0.0];
    let dab = |offset: [f64; 3], inside| Stroke {
        ball: Ball {
            center_mm: std::array::from_fn(|d| centre[d] + offset[d]),
            radius_mm: 3.0,
            slice_normal: Some([0.0, 0.0, 1.0]),
        },
        inside,
    };
    let mut tied = law(Scheme::DormandPrince);
    tied.priors.strokes.on = true;
    // Outside in the middle of the organ, inside well beside it.
    tied.priors.drawn = vec![dab([0.0, 0.0, 0.0], false), dab([0.0, 16.0, 0.0], true)];
    let evolution = solved(0.1, tied);
    let grid = evolution.field().grid();
    let geometry = scan().0.geometry().clone();
    let end = evolution.slice_phi(2, 1.0).unwrap();
    let without = solved(0.1, law(Scheme::DormandPrince)).slice_phi(2, 1.0).unwrap();
    let [_, w] = grid.pixels();
    let mut seen = [0; 2];
    for (pixel, (&end, &without)) in end.iter().zip(&without).enumerate() {
        let world = geometry.world_of_voxel(grid.voxel_of_pixel(2, pixel / w, pixel % w));
        let near = |y: f64| ((world[0] - centre[0]).powi(2) + (world[1] - y).powi(2)).sqrt() < 1.5;
        if near(centre[1]) && without < 0.0 {
            assert!(end > 0.0, "pixel {pixel}: {end}");
            seen[0] += 1;
        }
        if near(centre[1] + 16.0) && without > 0.0 {
            assert!(end < 0.0, "pixel {pixel}: {end}");
            seen[1] += 1;
        }
    }
    assert!(seen.iter().all(|&n| n >= 3), "{seen:?}");
}

#[test]
fn slices_that_are_tied_together_share_their_steps() {
    let mut tied = law(Scheme::DormandPrince);
    tied.priors.between.on = true;
    let mut evolution = solved(0.1, tied.clone());
    let times = |evolution: &NeuralEvolution, place| -> Vec<f64> {
        evolution.trajectory().track(0, place, 1.0).1.kept().iter().map(|kept| kept.figures.t).collect()
    };
    assert_eq!(times(&evolution, 0), times(&evolution, 1));
    assert_eq!(times(&evolution, 1), times(&evolution, 2));
    // A branch within a step takes the step of all slices again.
    let (shown, end) = (evolution.phi_mm(0.7), evolution.phi_mm(1.0));
    evolution.branch(0.7, tied);
    assert!(apart(&evolution.phi_mm(0.7), &shown) < 1e-4);
    evolution.run(|_, _| ControlFlow::Continue(())).unwrap();
    let found = apart(&evolution.phi_mm(1.0), &end);
    assert!(found < 0.05, "{found} mm apart");
}
