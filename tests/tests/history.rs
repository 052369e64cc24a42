//! Evolutions that go back and forth: every past step comes back bit for bit, within a memory budget.

use proptest::prelude::*;
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::history::{Event, History};
use zeroset_engine::levelset::packed::PackedPhi;
use zeroset_engine::levelset::{
    Evolution, EvolutionError, EvolutionState, Fields, Grid, Integrator, LevelSetParams, Method, Scheme, StopReason,
    StopRule,
};

const GRID: Grid = Grid { size: [40, 36, 12], spacing_mm: [0.8, 0.8, 2.5] };

/// Uneven speed, positive around the middle, so that the contour grows, bends and comes to rest.
fn speed() -> Vec<f32> {
    let [nx, ny, nz] = GRID.size;
    (0..GRID.len())
        .map(|i| {
            let at = [i % nx, i / nx % ny, i / (nx * ny)];
            let mm: [f32; 3] =
                std::array::from_fn(|d| (at[d] as f32 - [nx, ny, nz][d] as f32 / 2.0) * GRID.spacing_mm[d]);
            let r = mm.iter().map(|v| v * v).sum::<f32>().sqrt();
            ((10.0 - r) / 4.0 + 0.3 * (0.9 * mm[0]).sin() * (0.7 * mm[1]).cos()).clamp(-1.0, 1.0)
        })
        .collect()
}

fn sphere(radius_mm: f32) -> Vec<f32> {
    let [nx, ny, nz] = GRID.size;
    (0..GRID.len())
        .map(|i| {
            let at = [i % nx, i / nx % ny, i / (nx * ny)];
            let squared = |d: usize| ((at[d] as f32 - [nx, ny, nz][d] as f32 / 2.0) * GRID.spacing_mm[d]).powi(2);
            (squared(0) + squared(1) + squared(2)).sqrt() - radius_mm
        })
        .collect()
}

fn never() -> StopRule {
    StopRule { max_iterations: 100_000, volume_change_below: None, ..StopRule::default() }
}

fn evolution(params: LevelSetParams, history: History) -> Evolution {
    let fields = match params.method {
        Method::ChanVese => Fields::Intensity(speed().iter().map(|g| 0.5 * (g + 1.0)).collect()),
        _ => Fields::Speed(speed()),
    };
    let stepper = CpuStepper::new(GRID, fields, params, &sphere(4.0)).unwrap();
    Evolution::with_history(Box::new(stepper), never(), history).unwrap()
}

fn bits(phi: &[f32]) -> Vec<u32> {
    phi.iter().map(|v| v.to_bits()).collect()
}

/// φ after every step from 0 to `steps`, by a run that never looks back.
fn straight(params: LevelSetParams, steps: u64) -> Vec<Vec<u32>> {
    let mut run = evolution(params, History::new(u64::MAX, 0));
    let mut all = vec![bits(&run.phi().unwrap())];
    for _ in 0..steps {
        run.advance(1).unwrap();
        all.push(bits(&run.phi().unwrap()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(2), ..ProptestConfig::default() })]

    #[test]
    fn packing_is_exact(
        // Bits of any kind, so also NaN, infinities and both zeros; runs of the bound between them.
        pieces in prop::collection::vec((0..4_u8, any::<u32>(), 1..300_usize), 0..40),
        bound in prop_oneof![Just(3.0_f32), Just(f32::INFINITY), 0.1..50.0_f32],
    ) {
        let mut phi = Vec::new();
        for (kind, bits, len) in pieces {
            match kind {
                0 => phi.resize(phi.len() + len, bound),
                1 => phi.resize(phi.len() + len, -bound),
                2 => phi.extend((0..len).map(|k| f32::from_bits(bits.wrapping_mul(k as u32 + 1)))),
                _ => phi.extend((0..len).map(|k| k as f32 * 0.01 - 1.0)),
            }
        }
        let unpacked = PackedPhi::pack(&phi, bound).unpack().unwrap();
        prop_assert_eq!(bits(&phi), bits(&unpacked));
    }
}

#[test]
fn a_band_takes_a_fraction_of_the_memory() {
    let phi: Vec<f32> = sphere(6.0).iter().map(|v| v.clamp(-2.0, 2.0)).collect();
    let packed = PackedPhi::pack(&phi, 2.0);
    assert!(packed.bytes() * 4 < phi.len() * 4, "{} of {} bytes", packed.bytes(), phi.len() * 4);
}

#[test]
fn any_past_step_comes_back_bit_for_bit() {
    let region = LevelSetParams::preset(Method::Region);
    let variants = [
        region,
        LevelSetParams { scheme: Scheme::Weno5, integrator: Integrator::TvdRk2, reinitialize_every: 3, ..region },
        LevelSetParams { gamma: 1.0, ..LevelSetParams::preset(Method::Edge) },
        // Dense: no band, so every voxel of the keyframes is stored.
        LevelSetParams { reinitialize_every: 0, ..LevelSetParams::preset(Method::ChanVese) },
    ];
    for params in variants {
        let expected = straight(params, 40);
        let mut run = evolution(params, History::new(7, 64 << 20));
        run.advance(23).unwrap();
        run.advance(17).unwrap();
        for step in [40, 0, 1, 6, 7, 8, 22, 39, 13, 14, 40] {
            let report = run.seek(step).unwrap();
            assert_eq!(report.step, step);
            assert_eq!(bits(&run.phi().unwrap()), expected[step as usize], "{:?} step {step}", params.method);
        }
        // Playing on from the past gives the same line again.
        run.seek(11).unwrap();
        run.advance(20).unwrap();
        assert_eq!(bits(&run.phi().unwrap()), expected[31]);
    }
}

#[test]
fn time_comes_back_with_the_step() {
    let mut run = evolution(LevelSetParams::preset(Method::Region), History::new(5, 64 << 20));
    let report = run.advance(18).unwrap();
    run.advance(10).unwrap();
    let again = run.seek(18).unwrap();
    assert!((report.time - again.time).abs() < 1e-9 && report.time > 0.0);
    assert_eq!(report.stats.volume_ml, again.stats.volume_ml);
}

#[test]
fn the_budget_holds_and_what_is_thinned_can_be_replayed() {
    let params = LevelSetParams::preset(Method::Region);
    let expected = straight(params, 60);
    let one = PackedPhi::pack(&sphere(6.0).iter().map(|v| v.clamp(-5.0, 5.0)).collect::<Vec<_>>(), 5.0).bytes();
    let mut run = evolution(params, History::new(1, 6 * one));
    for _ in 0..60 {
        run.advance(1).unwrap();
        assert!(run.history().used_bytes() <= run.history().budget_bytes());
    }
    assert!(run.history().interval() > 1, "the history was to be thinned");
    for step in [59, 33, 1, 0, 60] {
        run.seek(step).unwrap();
        assert_eq!(bits(&run.phi().unwrap()), expected[step as usize], "step {step}");
    }
    run.history_mut().set_budget_bytes(0);
    run.seek(31).unwrap();
    assert_eq!(bits(&run.phi().unwrap()), expected[31], "the start alone is enough");
}

#[test]
fn changes_are_replayed_and_survive_thinning() {
    let params = LevelSetParams::preset(Method::Region);
    let mut run = evolution(params, History::new(4, 64 << 20));
    run.advance(10).unwrap();
    run.set_params(LevelSetParams { beta: 0.8, ..params }).unwrap();
    run.advance(10).unwrap();
    // A stroke: everything within 3 mm of a point is added.
    let painted: Vec<f32> = run.phi().unwrap().iter().zip(sphere(8.0)).map(|(a, b)| a.min(b)).collect();
    run.edit_phi(&painted).unwrap();
    let after_stroke = bits(&run.phi().unwrap());
    run.advance(10).unwrap();
    let end = bits(&run.phi().unwrap());
    run.history_mut().set_budget_bytes(1);
    assert!(run.history().branches()[0].keyframes().iter().all(|k| k.event != Event::Passing));
    run.seek(5).unwrap();
    assert_eq!(run.params().beta, params.beta);
    run.advance(25).unwrap();
    assert_eq!(run.step(), 30);
    assert_eq!(bits(&run.phi().unwrap()), end);
    assert_eq!(run.params().beta, 0.8);
    run.seek(20).unwrap();
    assert_eq!(bits(&run.phi().unwrap()), after_stroke);
    assert_eq!(run.history().branches().len(), 1, "looking back opens no branch");
}

#[test]
fn a_change_in_the_past_opens_a_branch_and_keeps_the_old_line() {
    let params = LevelSetParams::preset(Method::Region);
    let expected = straight(params, 30);
    let mut run = evolution(params, History::new(5, 64 << 20));
    run.advance(30).unwrap();
    run.seek(12).unwrap();
    run.set_params(LevelSetParams { alpha: -1.0, ..params }).unwrap();
    run.advance(8).unwrap();
    assert_eq!(run.history().active(), 1);
    assert_eq!(run.history().branches()[1].parent, Some((0, 12)));
    assert_ne!(bits(&run.phi().unwrap()), expected[20]);
    // The branch shares the past of its parent.
    run.seek(7).unwrap();
    assert_eq!(bits(&run.phi().unwrap()), expected[7]);
    run.advance(13).unwrap();
    assert_eq!(run.params().alpha, -1.0);
    run.switch_to(0).unwrap();
    assert_eq!((run.step(), bits(&run.phi().unwrap())), (30, expected[30].clone()));
    run.seek(20).unwrap();
    let second = run.branch().unwrap();
    assert_eq!((second, run.step()), (2, 20));
    assert!(matches!(run.switch_to(9), Err(EvolutionError::Branch { branch: 9, count: 3 })));
}

#[test]
fn restart_takes_the_present_weights_to_the_first_contour() {
    let params = LevelSetParams::preset(Method::Region);
    let mut run = evolution(params, History::new(5, 64 << 20));
    let first = bits(&run.phi().unwrap());
    run.advance(10).unwrap();
    run.restart().unwrap();
    assert_eq!((run.step(), bits(&run.phi().unwrap()), run.history().branches().len()), (0, first.clone(), 1));
    run.advance(10).unwrap();
    run.set_params(LevelSetParams { beta: 0.5, ..params }).unwrap();
    run.restart().unwrap();
    assert_eq!((run.step(), bits(&run.phi().unwrap()), run.params().beta), (0, first, 0.5));
    let tip = run.history().tip();
    assert!(matches!(run.seek(tip + 1), Err(EvolutionError::Future { .. })));
}

#[test]
fn rules_stop_it_and_say_why() {
    let params = LevelSetParams::preset(Method::Region);
    let mut run = evolution(params, History::new(10, 1 << 20));
    run.set_rule(StopRule { max_iterations: 7, ..never() });
    assert_eq!(run.run(3, |_| true).unwrap(), StopReason::MaxIterations);
    assert_eq!(run.step(), 7, "never beyond the most iterations");
    run.set_rule(StopRule { max_time: Some(5.0), ..never() });
    assert_eq!(run.run(1, |_| true).unwrap(), StopReason::MaxTime);
    assert!(run.report().time >= 5.0);
    run.set_rule(StopRule { volume_change_below: Some(1e-3), ..never() });
    assert!(matches!(run.run(5, |_| true).unwrap(), StopReason::VolumeSteady { change } if change < 1e-3));
    let step = run.step();
    run.advance(5).unwrap();
    assert_eq!((run.step(), matches!(run.state(), EvolutionState::Stopped(_))), (step, true));
    run.resume();
    run.advance(5).unwrap();
    assert_eq!(run.step(), step + 5);
    run.set_params(LevelSetParams { alpha: -1.0, beta: 1.0, ..params }).unwrap();
    run.resume();
    assert_eq!(run.run(1, |report| report.step < step + 8).unwrap(), StopReason::Cancelled);
}

#[test]
fn a_contour_that_only_shrinks_vanishes_and_its_past_stays() {
    let shrinking = LevelSetParams { alpha: 0.0, beta: 1.0, ..LevelSetParams::preset(Method::Region) };
    let mut run = evolution(shrinking, History::new(5, 64 << 20));
    assert_eq!(run.run(2, |_| true).unwrap(), StopReason::Vanished);
    assert!(run.phi().unwrap().iter().filter(|&&v| v < 0.0).count() <= 1);
    run.seek(0).unwrap();
    assert!(run.report().stats.volume_ml > 0.2);
}

#[test]
fn a_flood_is_a_leak() {
    let params = LevelSetParams { beta: 0.0, ..LevelSetParams::preset(Method::Region) };
    let flood = |rule: StopRule| {
        let fields = Fields::Speed(vec![1.0; GRID.len()]);
        let stepper = CpuStepper::new(GRID, fields, params, &sphere(4.0)).unwrap();
        let mut run = Evolution::with_history(Box::new(stepper), rule, History::new(10, 0)).unwrap();
        let reason = run.run(2, |_| true).unwrap();
        (reason.to_string(), run.warnings().to_vec())
    };
    let mut by_volume = never();
    by_volume.leak.max_volume_ml = Some(3.0);
    let (reason, _) = flood(by_volume);
    assert!(
        reason.starts_with("leak: the contour encloses") && reason.ends_with("above the limit of 3 mL"),
        "{reason}"
    );
    let mut by_border = never();
    by_border.leak.max_border_share = Some(0.02);
    let (reason, warnings) = flood(by_border);
    assert!(reason.starts_with("leak: the contour touches the border"), "{reason}");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let (reason, warnings) = flood(never());
    assert!(reason.starts_with("leak: the contour fills 100 %"), "{reason} {warnings:?}");
}
