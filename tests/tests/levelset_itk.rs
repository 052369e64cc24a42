//! Contours of the CPU stepper against ITK's sparse field solver (SimpleITK's GeodesicActiveContour) on the same speed
//! image, start, weights and time step. Goldens: tests/fixtures/itk/make.py.

use serde_json::Value;
use zeroset_engine::io::{self, ReadOptions};
use zeroset_engine::levelset::cpu::CpuStepper;
use zeroset_engine::levelset::{Fields, Grid, LevelSetParams, Method, Stepper};
use zeroset_tests::files::fixture;
use zeroset_tests::shapes::{distance, sample};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn dice_to_itk(name: &str) -> f64 {
    let cases: Value = serde_json::from_slice(&std::fs::read(fixture("itk/cases.json")).unwrap()).unwrap();
    let case = &cases[name];
    let read = |what: &str| {
        let path = fixture(&format!("itk/{name}_{what}.nii.gz"));
        io::read(&path, &ReadOptions::default()).unwrap().volume
    };
    let (stored, golden) = (read("speed"), read("mask"));
    let spacing = numbers(&case["spacing_mm"]);
    let dimension = spacing.len();
    let mut spacing_mm = [1.0; 3];
    for (to, from) in spacing_mm.iter_mut().zip(&spacing) {
        *to = *from as f32;
    }
    let grid = Grid { size: stored.geometry().size(), spacing_mm };
    let speed: Vec<f32> = stored.to_f32().iter().map(|v| (v - 127.0) / 127.0).collect();
    let seeds: Vec<Vec<f64>> = case["seeds_voxel_radius"].as_array().unwrap().iter().map(numbers).collect();
    let phi = sample(&grid, |p| {
        let to = |seed: &Vec<f64>| {
            let mut center = [0.0; 3];
            for d in 0..dimension {
                center[d] = seed[d] * spacing[d];
            }
            distance(p, center, dimension) - seed[dimension]
        };
        seeds.iter().map(to).fold(f64::INFINITY, f64::min)
    });
    // ITK weighs the curvature with the speed; its step is 1 / (2 dimension) over the greatest speed.
    let params =
        LevelSetParams { curvature_exponent: 1.0, time_step_factor: 1.0, ..LevelSetParams::preset(Method::Region) };
    let limit = CpuStepper::new(grid, Fields::Speed(speed.clone()), params, &phi).unwrap().dt();
    let greatest = speed.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let dt = 1.0 / (2.0 * dimension as f64 * f64::from(greatest));
    let params = LevelSetParams { time_step_factor: (dt / limit) as f32, ..params };
    let mut stepper = CpuStepper::new(grid, Fields::Speed(speed), params, &phi).unwrap();
    stepper.advance(case["iterations"].as_u64().unwrap() as u32).unwrap();
    let golden = golden.to_f32();
    let ours = stepper.phi().unwrap();
    let both = ours.iter().zip(&golden).filter(|(v, g)| **v < 0.0 && **g > 0.5).count();
    let sum = ours.iter().filter(|v| **v < 0.0).count() + golden.iter().filter(|g| **g > 0.5).count();
    2.0 * both as f64 / sum as f64
}

#[test]
fn a_noisy_disc_ends_where_itk_ends() {
    let dice = dice_to_itk("noisy_disc");
    assert!(dice >= 0.98, "Dice {dice}");
}

#[test]
fn a_noisy_bean_ends_where_itk_ends() {
    let dice = dice_to_itk("bean");
    assert!(dice >= 0.98, "Dice {dice}");
}
