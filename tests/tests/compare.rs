//! Methods compared from one contour: counts and classes, tracks that end where the method alone ends, memory, slices.

use burn::tensor::Device as Burn;
use std::ops::ControlFlow;
use std::sync::Arc;
use zeroset_engine::animate::PhiSlice;
use zeroset_engine::compare::{
    Class, CompareError, Comparison, Contender, Equation, Ground, Inside, MOST_FRAMES, Mover, Progress, Site, Track,
    Work, classify, csv, run,
};
use zeroset_engine::device::{Device, OpenDevice};
use zeroset_engine::levelset::speed::{SpeedField, Window};
use zeroset_engine::levelset::{Fields, LevelSet, Method};
use zeroset_engine::models::{Checkpoint, NetworkConfig};
use zeroset_engine::neural::{Field, Law, NeuralEvolution, Priors};
use zeroset_engine::ode::{Scheme, SolverParams};
use zeroset_engine::pipeline::{self, Input};
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::recipe::{Recipe, SpeedRecipe};
use zeroset_engine::{Geometry, LabelMap, Roi, Volume};
use zeroset_tests::networks::stirred;

const SIZE: [usize; 3] = [40, 36, 20];
const CENTRE: [f64; 3] = [20.0, 18.0, 20.0];

/// 1 x 1 x 2 mm.
fn geometry() -> Geometry {
    Geometry::aligned(SIZE, [1.0, 1.0, 2.0], [0.0; 3]).unwrap()
}

fn ball(geometry: &Geometry, centre: [f64; 3], radius: f64) -> Vec<f32> {
    let [nx, ny, _] = geometry.size();
    let distance = |index: usize| {
        let world = geometry.world_of_voxel([index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as f64));
        ((0..3).map(|d| (world[d] - centre[d]).powi(2)).sum::<f64>().sqrt() - radius) as f32
    };
    (0..geometry.len()).map(distance).collect()
}

/// A ball of 150 HU and radius 10 mm in 0 HU, with a soft edge.
fn scan() -> Volume {
    let values = ball(&geometry(), CENTRE, 10.0).iter().map(|d| 150.0 * (0.5 - d).clamp(0.0, 1.0)).collect();
    Volume::new(geometry(), values)
}

/// A mask of radius 5 mm in the middle of the ball.
fn start_mask() -> LabelMap {
    let labels = ball(&geometry(), CENTRE, 5.0).iter().map(|d| u16::from(*d < 0.0)).collect();
    LabelMap::new(geometry(), labels)
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn recipe(method: Method) -> Recipe {
    let mut recipe = Recipe::new(method, Vec::new(), Some(Roi::whole(&geometry())));
    recipe.device = Device::Cpu;
    if method == Method::Region {
        recipe.speed = SpeedRecipe::Threshold { sigma_mm: 0.0, lower: Some(75.0), upper: None, smoothness: Some(15.0) };
    }
    recipe
}

fn fields(method: Method) -> Fields {
    let values = scan().to_f32();
    match method {
        Method::ChanVese => Fields::Intensity(values.iter().map(|v| v / 150.0).collect()),
        _ => {
            let window = Window { lower: Some(75.0), upper: None, smoothness: 15.0 };
            Fields::Speed(SpeedField::threshold(geometry(), &values, window, 0.0).unwrap().g)
        }
    }
}

fn ground() -> Ground {
    let mask = start_mask();
    let phi = LevelSet::from_mask(geometry(), |i| mask.labels()[i] > 0).unwrap().phi;
    let site = Site::new(&geometry(), Roi::whole(&geometry()), None).unwrap();
    Ground::new(Arc::new(scan()), site, &phi).unwrap()
}

fn equation(name: &str, method: Method) -> Contender<'static> {
    let recipe = recipe(method);
    let mover = Mover::Equation(Equation {
        params: recipe.params,
        stop: recipe.stop,
        fields: fields(method),
        draw_in_mm: 0.0,
        steps_per_check: recipe.steps_per_check,
        device: &OpenDevice::Cpu,
    });
    Contender { name: name.to_owned(), mover }
}

fn run_equation(ground: &Ground, name: &str, method: Method) -> Track {
    run(ground, &equation(name, method), &mut go_on).unwrap()
}

#[test]
fn two_spheres_differ_in_their_moons() {
    let geometry = geometry();
    let (a, b) = (ball(&geometry, [16.0, 18.0, 20.0], 9.0), ball(&geometry, [24.0, 18.0, 20.0], 8.0));
    let count = |class: fn(bool, bool) -> bool| a.iter().zip(&b).filter(|(a, b)| class(**a < 0.0, **b < 0.0)).count();
    let expected = [
        (Class::Neither, count(|a, b| !a && !b)),
        (Class::FirstOnly, count(|a, b| a && !b)),
        (Class::SecondOnly, count(|a, b| !a && b)),
        (Class::Both, count(|a, b| a && b)),
    ];
    assert!(expected.iter().all(|(_, n)| *n > 100), "a test of every class: {expected:?}");
    let classes = classify(&a, &b);
    for (class, n) in expected {
        assert_eq!(classes.iter().filter(|c| **c == class).count(), n, "{class:?}");
    }
    let (in_a, in_b) = (Inside::of_phi(&a), Inside::of_phi(&b));
    let overlap = in_a.overlap(&in_b);
    let found = [overlap.prediction_only, overlap.truth_only, overlap.both];
    assert_eq!(found, [expected[1].1, expected[2].1, expected[3].1].map(|n| n as u64));
    assert_eq!(in_a.mask(a.len()), a.iter().map(|v| *v < 0.0).collect::<Vec<_>>());
    assert_eq!(in_a.overlap(&Inside::default()).both, 0);
}

#[test]
fn runs_are_as_exact_as_masks() {
    // Every pair of sets of eight voxels.
    let set = |bits: usize| Inside::of(8, |i| bits >> i & 1 == 1);
    for a in 0..256usize {
        for b in 0..256usize {
            let overlap = set(a).overlap(&set(b));
            let expected = [a & b, a & !b, b & !a].map(|bits| u64::from(bits.count_ones()));
            assert_eq!([overlap.both, overlap.prediction_only, overlap.truth_only], expected, "{a:b} {b:b}");
        }
    }
}

#[test]
fn a_method_against_itself_differs_nowhere() {
    let ground = ground();
    let tracks = vec![run_equation(&ground, "one", Method::Region), run_equation(&ground, "again", Method::Region)];
    let comparison = Comparison { site: ground.site.clone(), start: Inside::of_phi(&ground.start), tracks };
    for tick in 0..=8 {
        let progress = f64::from(tick) / 8.0;
        let overlap = comparison.overlap(0, 1, progress);
        assert_eq!((overlap.dice(), overlap.prediction_only, overlap.truth_only), (Some(1.0), 0, 0));
    }
    assert_eq!(comparison.hd95_mm(1.0), [Some(0.0), Some(0.0)]);
    let reference = ground.site.inside_of(&start_mask(), |label| label == 1);
    let rows = comparison.table(0.0, None, Some(&reference));
    for row in &rows {
        assert_eq!((row.change_ml, row.dice_to_first, row.dice_to_reference), (0.0, Some(1.0), Some(1.0)));
    }
    let voxels = start_mask().count(1) as f64;
    assert!((rows[0].volume_ml - voxels * 2.0 / 1000.0).abs() < 1e-12);
    let text = csv(&comparison.table(1.0, Some(&comparison.hd95_mm(1.0)), None));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[2].starts_with("again,steps,") && lines[2].contains(",1.0000,0.0000,,"), "{text}");
}

#[test]
fn a_track_ends_where_the_method_alone_ends() {
    let (ground, scan, mask) = (ground(), scan(), start_mask());
    for method in [Method::Region, Method::ChanVese] {
        let input = Input { scan: &scan, init: Some(&mask), speed: None };
        let alone = pipeline::segment(&input, &recipe(method), &mut |_| ControlFlow::Continue(())).unwrap();
        let track = run_equation(&ground, "method", method);
        assert_eq!(track.work, Work::Steps(alone.report.iterations), "{method:?}");
        assert_eq!(
            track.last().inside,
            Inside::of(mask.labels().len(), |i| alone.labels.labels()[i] > 0),
            "{method:?}"
        );
        assert_eq!(track.end, alone.report.stop_text);
        let (frames, bound) = (track.frames(), ground.bound_mm);
        let stored: Vec<f32> = alone.phi_in_roi.iter().map(|v| v.clamp(-bound, bound)).collect();
        assert_eq!(track.last().phi().unwrap(), stored, "{method:?}: to the last bit");
        assert!((3..=MOST_FRAMES).contains(&frames.len()), "{} frames", frames.len());
        assert_eq!((frames[0].progress, frames[0].step, frames[frames.len() - 1].progress), (0.0, 0, 1.0));
        assert!(frames.windows(2).all(|pair| pair[0].progress < pair[1].progress && pair[0].t < pair[1].t));
        assert_eq!(frames[0].inside, Inside::of_phi(&ground.start));
        assert!(!track.thinned);
        // In between: the frame of a moment is the newest one that has come by then.
        let half = track.at(0.5);
        assert!(half.progress <= 0.5 && frames.iter().all(|f| f.progress <= half.progress || f.progress > 0.5));
    }
}

#[test]
fn a_clamped_start_is_a_distance_again_and_its_contour_stays() {
    let geometry = geometry();
    let exact = ball(&geometry, CENTRE, 9.0);
    let clamped: Vec<f32> = exact.iter().map(|v| v.clamp(-3.0, 3.0)).collect();
    let steep: Vec<f32> = exact.iter().map(|v| 20.0 * v).collect();
    let site = Site::new(&geometry, Roi::whole(&geometry), None).unwrap();
    let start = |phi: &[f32]| Ground::new(Arc::new(scan()), site.clone(), phi).unwrap().start;
    // A distance is left alone but at the extremes, where it may be taken for clamped.
    let changed = |found: &[f32]| found.iter().zip(&exact).filter(|(a, b)| (*a - *b).abs() > 1e-6).count();
    assert!(changed(&start(&exact)) < exact.len() / 50);
    for given in [&clamped, &steep] {
        let found = start(given);
        assert!(found.iter().zip(&exact).all(|(a, b)| (*a < 0.0) == (*b < 0.0)), "the inside stays");
        // Faces of voxels of 1 x 1 x 2 mm lie within a voxel of the sphere.
        let worst = found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2.5, "{worst} mm from the distance");
    }
}

#[test]
fn memory_that_does_not_suffice_thins_the_frames_and_says_so() {
    let mut ground = ground();
    let whole = run_equation(&ground, "whole", Method::Region);
    ground.budget_bytes = whole.bytes() / 3;
    let thinned = run_equation(&ground, "thinned", Method::Region);
    assert!(thinned.thinned && thinned.bytes() <= ground.budget_bytes);
    assert!(thinned.frames().len() >= 2 && thinned.frames().len() < whole.frames().len());
    assert_eq!(thinned.frames()[0].inside, whole.frames()[0].inside);
    assert_eq!(thinned.last().phi().unwrap(), whole.last().phi().unwrap());
    ground.budget_bytes = 0;
    assert_eq!(run_equation(&ground, "least", Method::Region).frames().len(), 2);
}

#[test]
fn who_asked_can_end_it() {
    let mut steps = 0;
    let stopped = run(&ground(), &equation("region", Method::Region), &mut |progress| {
        let Progress::Steps(taken) = progress else { panic!("an equation counts steps") };
        steps = taken;
        ControlFlow::Break(())
    });
    let stopped = stopped.unwrap();
    assert_eq!((steps, stopped.work, stopped.last().step, stopped.last().progress), (1, Work::Steps(1), 1, 1.0));
    let (checkpoint, ground) = (network(), ground());
    let contender = Contender { name: "ODE".to_owned(), mover: Mover::of_network(&checkpoint, "kidney", None) };
    let stopped = run(&ground, &contender, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(CompareError::Cancelled)), "half a network's answer is none");
}

#[test]
fn slabs_are_cut_from_the_whole() {
    let geometry = geometry();
    let rois = [
        Roi { lower: [5, 4, 3], upper: [36, 33, 18], resample: None },
        Roi { lower: [5, 4, 3], upper: [36, 33, 18], resample: Some(1.25) },
    ];
    for roi in rois {
        let site = Site::new(&geometry, roi, None).unwrap();
        let phi = ball(&site.grid, CENTRE, 8.0);
        let mut ground = Ground::new(Arc::new(scan()), site, &phi).unwrap();
        ground.bound_mm = f32::INFINITY;
        let grid = ground.site.grid.clone();
        let mut contender = equation("still", Method::Region);
        let Mover::Equation(equation) = &mut contender.mover else { panic!("an equation") };
        equation.fields = Fields::Speed(vec![0.0; grid.len()]);
        equation.stop.max_iterations = 1;
        let track = run(&ground, &contender, &mut go_on).unwrap();
        let frame = &track.frames()[0];
        for (axis, index) in [(0, 20), (1, 17), (2, 10)] {
            let (layers, nearest) = ground.site.layers_at(&geometry, axis, index).unwrap();
            assert!(layers[0] <= nearest && nearest <= layers[1]);
            let (own, slab) = ground.site.slab(frame, axis, layers).unwrap();
            let cut = PhiSlice::new(&slab, &own, &geometry, axis, index).unwrap().segments();
            let whole = PhiSlice::new(&frame.phi().unwrap(), &grid, &geometry, axis, index).unwrap().segments();
            assert!(cut.len() == whole.len() && cut.len() > 20, "{roi:?} {axis}");
            let apart = cut.iter().flatten().flatten().zip(whole.iter().flatten().flatten());
            assert!(apart.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-5, "{roi:?} {axis}");
        }
        assert!(ground.site.layers_at(&geometry, 2, 1).is_none(), "beside the box");
    }
}

/// A contour NODE for 40 x 36 pixels of 1 mm.
fn network() -> Checkpoint {
    let config = NetworkConfig::preset("node-contour").unwrap();
    let network = stirred(config.init(1, 1, &Burn::flex()), 5, 0.05);
    let preprocessing = Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [36, 40],
        fit: Fit::PixelMm(1.0),
        neighbours: 0,
        neighbour_mm: None,
        band_px: 4.0,
        organs: vec![Organ { name: "kidney".into(), labels: vec![3] }],
    };
    let solver = SolverParams::fixed(Scheme::Midpoint, 2);
    Checkpoint::new(network, config, preprocessing, solver).unwrap().for_inference()
}

#[test]
fn a_networks_track_shows_what_the_network_alone_shows() {
    let (checkpoint, scan, slice) = (network(), Arc::new(scan()), 10);
    let site = Site::new(&geometry(), Roi::whole(&geometry()), Some((2, slice))).unwrap();
    let mask = start_mask();
    let plane = SIZE[0] * SIZE[1];
    let phi = LevelSet::from_mask(site.grid.clone(), |i| mask.labels()[slice * plane + i] > 0).unwrap().phi;
    let ground = Ground::new(scan.clone(), site, &phi).unwrap();
    assert_eq!(ground.start, phi, "a distance is left alone");
    let mover = Mover::Contour { checkpoint: &checkpoint, organ: "kidney", law: None };
    let contender = Contender { name: "ODE".to_owned(), mover };
    let mut last = 0.0;
    let track = run(&ground, &contender, &mut |progress| {
        let Progress::Share(share) = progress else { panic!("a network knows its way") };
        last = share;
        ControlFlow::Continue(())
    });
    let track = track.unwrap();

    let field = Field::new(&checkpoint, scan.clone(), "kidney", None).unwrap();
    let law = Law { solver: field.solver(), priors: Priors::default() };
    let mut on_scan = vec![99.0; geometry().len()];
    on_scan[slice * plane..(slice + 1) * plane].copy_from_slice(&phi);
    let mut alone = NeuralEvolution::new(field, &on_scan, slice..slice + 1, law, 1 << 28).unwrap();
    alone.run(|_, _| ControlFlow::Continue(())).unwrap();
    let frames = track.frames();
    assert_eq!((frames.len(), track.work), (MOST_FRAMES, Work::Evaluations(4)), "midpoint, two steps");
    assert_eq!((last, &frames[0].inside), (1.0, &Inside::of_phi(&phi)));
    for (number, frame) in frames.iter().enumerate().skip(1) {
        assert_eq!((frame.t, frame.progress), (number as f64 / 32.0, number as f64 / 32.0));
        let shown = &alone.phi_mm(frame.t)[slice * plane..(slice + 1) * plane];
        let bound = ground.bound_mm;
        assert_eq!(frame.phi().unwrap(), shown.iter().map(|v| v.clamp(-bound, bound)).collect::<Vec<_>>());
    }
    assert!(track.last().inside != frames[0].inside, "a test of a network that moves something");

    let coronal = Site::new(&geometry(), Roi::whole(&geometry()), Some((1, 18))).unwrap();
    let phi = ball(&coronal.grid, CENTRE, 6.0);
    let ground = Ground::new(scan, coronal, &phi).unwrap();
    assert!(matches!(run(&ground, &contender, &mut go_on), Err(CompareError::Axis)));
}

#[test]
fn a_start_without_a_contour_is_refused() {
    let site = Site::new(&geometry(), Roi::whole(&geometry()), None).unwrap();
    let ground = |phi: Vec<f32>| Ground::new(Arc::new(scan()), site.clone(), &phi);
    let len = geometry().len();
    assert!(matches!(ground(vec![1.0; len]), Err(CompareError::NoContour { inside: 0, .. })));
    assert!(matches!(ground(vec![-1.0; len]), Err(CompareError::NoContour { .. })));
    assert!(matches!(ground(vec![-1.0; 7]), Err(CompareError::StartSize { found: 7, .. })));
    assert!(Site::new(&geometry(), Roi::whole(&geometry()), Some((2, 99))).is_err());
}
