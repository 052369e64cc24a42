//! The losses: values and gradients of PyTorch, exact cases, and eq. 7 of the level set loss in f64.

use burn::tensor::{Device, Tensor, TensorData};
use zeroset_engine::loss::{LossConfig, Target, cross_entropy, dice, level_set_energy, tanh_band_mse};
use zeroset_tests::networks::{relative_error, values};
use zeroset_tests::numbers::{count, golden, numbers, tensor};

fn device() -> Device {
    Device::flex().autodiff()
}

fn map(values: &[f32], shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device())
}

fn scalar(loss: Tensor<1>) -> f64 {
    loss.into_scalar()
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let fixture = golden("loss/loss.json");
    let [n, k, h, w] = [0, 1, 2, 3].map(|i| count(&fixture["size"][i]));
    let read = |name: &str| tensor(&fixture[name], [n, k, h, w], &device());
    for (set, mask) in [("whole", None), ("masked", Some(tensor(&fixture["mask"], [n, 1, h, w], &device())))] {
        let truth = Target { phi_band: read("truth"), inside: read("inside"), mask, organ_weights: None };
        for case in fixture[set].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let config = match name {
                "tanh-band" => LossConfig::TanhBand,
                "dice" => LossConfig::Dice,
                "tsdf" => LossConfig::tsdf(),
                _ => LossConfig::level_set(),
            };
            let phi = read("phi").require_grad();
            let loss = config.value(phi.clone(), &truth);
            let gradient = phi.grad(&loss.backward()).unwrap();
            let (found, expected) = (scalar(loss), case["value"].as_f64().unwrap());
            assert!((found - expected).abs() < 2e-6 * expected.max(1.0), "{set} {name}: {found}, expected {expected}");
            let error = relative_error(&values(gradient), &numbers(&case["gradient"]));
            println!("{set} {name}: value off by {:.1e}, gradient by {error:.1e}", (found - expected).abs());
            assert!(error < 2e-5, "{set} {name}: gradient off by {error:e} of its greatest value");
        }
    }
}

#[test]
fn the_truth_costs_nothing_where_it_can() {
    let phi: Vec<f32> = (0..64).map(|i| ((i % 8) as f32 - 3.5).hypot((i / 8) as f32 - 3.5) - 2.4).collect();
    let inside: Vec<f32> = phi.iter().map(|&v| f32::from(v < 0.0)).collect();
    let (phi, inside) = (map(&phi, [1, 1, 8, 8]), map(&inside, [1, 1, 8, 8]));
    assert_eq!(scalar(tanh_band_mse(phi.clone(), phi.clone(), None, None)), 0.0);
    assert_eq!(scalar(dice(inside.clone(), inside.clone(), None)), 0.0);
    assert!(scalar(level_set_energy(inside.clone(), inside.clone(), None, 0.05)).abs() < 1e-6);
    // A sharper phi is a surer prediction.
    let sure = scalar(cross_entropy(phi.clone() * 50.0, inside.clone(), None));
    assert!(sure < 1e-3 * scalar(cross_entropy(phi, inside, None)), "{sure}");
}

#[test]
fn organ_weights_and_the_terms_beside_the_regression_add_up() {
    let wave = |shift: f32| -> Vec<f32> { (0..32).map(|i| (i as f32 * 0.7 + shift).sin()).collect() };
    let size = [1, 2, 4, 4];
    let (phi, truth) = (wave(0.0), wave(0.4));
    let inside: Vec<f32> = truth.iter().map(|&v| f32::from(v < 0.0)).collect();
    let target = |weights: Option<[f32; 2]>| Target {
        phi_band: map(&truth, size),
        inside: map(&inside, size),
        mask: None,
        organ_weights: weights.map(|w| map(&w, [1, 2, 1, 1])),
    };
    let of = |config: LossConfig, weights| scalar(config.value(map(&phi, size), &target(weights)));
    let squared = |organ: usize| -> f64 {
        (16 * organ..16 * organ + 16).map(|i| f64::from(phi[i].tanh() - truth[i].tanh()).powi(2) / 16.0).sum()
    };
    let expected = 0.5 * (1.5 * squared(0) + 0.5 * squared(1));
    let weighed = of(LossConfig::TanhBand, Some([1.5, 0.5]));
    assert!((weighed - expected).abs() < 1e-6, "{weighed}, expected {expected}");
    assert!((of(LossConfig::TanhBand, None) - 0.5 * (squared(0) + squared(1))).abs() < 1e-6);
    // P = sigma(-2 phi / width), and Dice's L2 form, in f64.
    let dice: f64 = (0..2)
        .map(|organ| {
            let (mut difference, mut both) = (0.0, 0.0);
            for i in 16 * organ..16 * organ + 16 {
                let p = 1.0 / (1.0 + (2.0 * f64::from(phi[i]) / 0.25).exp());
                let g = f64::from(inside[i]);
                difference += (p - g).powi(2);
                both += p * p + g;
            }
            0.5 * difference / both
        })
        .sum();
    let entropy = scalar(cross_entropy(map(&phi, size), map(&inside, size), None));
    let sum = of(LossConfig::TanhBandPlus { cross_entropy: 0.2, dice: 0.3, width: 0.25 }, Some([1.5, 0.5]));
    let all = expected + 0.2 * entropy + 0.3 * dice;
    assert!((sum - all).abs() < 1e-6, "{sum}, expected {all}");
}

#[test]
fn padding_neither_counts_nor_gets_a_gradient() {
    let size = [2, 1, 4, 4];
    let wave = |shift: f32| -> Vec<f32> { (0..32).map(|i| (i as f32 * 0.7 + shift).sin()).collect() };
    let mask: Vec<f32> = (0..32).map(|i| f32::from(i % 4 != 3)).collect();
    let truth = wave(0.4);
    let inside: Vec<f32> = truth.iter().map(|&v| f32::from(v < 0.0)).collect();
    let target = Target {
        phi_band: map(&truth, size),
        inside: map(&inside, size),
        mask: Some(map(&mask, size)),
        organ_weights: None,
    };
    for config in [LossConfig::TanhBand, LossConfig::Dice, LossConfig::tsdf(), LossConfig::level_set()] {
        let phi = map(&wave(0.0), size).require_grad();
        let loss = config.value(phi.clone(), &target);
        let gradient = values(phi.grad(&loss.backward()).unwrap());
        for (i, &g) in gradient.iter().enumerate() {
            assert_eq!(g == 0.0, i % 4 == 3, "{config:?}: gradient {g} at pixel {i}");
        }
        // Other values under the padding: the same loss.
        let other: Vec<f32> = wave(0.0).iter().zip(&mask).map(|(v, m)| if *m == 0.0 { 3.0 } else { *v }).collect();
        assert_eq!(scalar(config.value(map(&other, size), &target)), scalar(loss), "{config:?}");
    }
}

#[test]
fn a_batch_of_padding_and_phi_far_from_the_contour_stay_finite() {
    let size = [1, 2, 2, 2];
    let far = [1e4, -1e4, 1e4, -1e4, 0.0, 0.0, 1e4, -1e4];
    let inside = map(&[1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0], size);
    for mask in [None, Some(map(&[0.0; 4], [1, 1, 2, 2]))] {
        let target = Target { phi_band: map(&[0.5; 8], size), inside: inside.clone(), mask, organ_weights: None };
        for config in [LossConfig::TanhBand, LossConfig::Dice, LossConfig::tsdf(), LossConfig::level_set()] {
            let phi = map(&far, size).require_grad();
            let loss = config.value(phi.clone(), &target);
            let gradient = values(phi.grad(&loss.backward()).unwrap());
            assert!(scalar(loss).is_finite() && gradient.iter().all(|g| g.is_finite()), "{config:?}: {gradient:?}");
        }
    }
}

/// One slice of the level set loss in f64: probability P, binary truth G.
struct Slice {
    probability: Vec<f64>,
    inside: Vec<f64>,
}

const EPSILON: f64 = 0.05;

impl Slice {
    fn new() -> Self {
        let at = |i: usize| ((i % 11) as f64, (i / 11) as f64);
        let distance = |i: usize, x: f64, y: f64| (at(i).0 - x).hypot(at(i).1 - y);
        // A network that is nearly sure inside, unsure at the edge, and has its organ a little off.
        let probability = (0..99)
            .map(|i| 1.0 / (1.0 + (1.3 * (distance(i, 5.6, 4.2) - 2.7)).exp()))
            .map(|p| f64::from(p as f32))
            .collect();
        Self { probability, inside: (0..99).map(|i| f64::from(distance(i, 4.7, 3.6) < 3.1)).collect() }
    }

    fn heaviside(p: f64) -> f64 {
        0.5 * (1.0 + ((p - 0.5) / EPSILON).tanh())
    }

    /// c1 and c2 of eq. 5.
    fn means(&self) -> [f64; 2] {
        let mean = |weight: &dyn Fn(f64) -> f64| {
            let sum: f64 = self.probability.iter().map(|&p| weight(p)).sum();
            self.probability.iter().zip(&self.inside).map(|(&p, g)| weight(p) * g).sum::<f64>() / sum
        };
        [mean(&Self::heaviside), mean(&|p| 1.0 - Self::heaviside(p))]
    }

    /// E of eq. 4, its means with it.
    fn energy(&self) -> f64 {
        let [c1, c2] = self.means();
        let term = |(&p, g): (&f64, &f64)| {
            (g - c1).powi(2) * Self::heaviside(p) + (g - c2).powi(2) * (1.0 - Self::heaviside(p))
        };
        self.probability.iter().zip(&self.inside).map(term).sum()
    }

    /// Eq. 7.
    fn gradient(&self) -> Vec<f64> {
        let [c1, c2] = self.means();
        let dirac = |p: f64| {
            let t = ((p - 0.5) / EPSILON).tanh();
            (1.0 - t) * (1.0 + t) / (2.0 * EPSILON)
        };
        let at = |(&p, g): (&f64, &f64)| dirac(p) * ((g - c1).powi(2) - (g - c2).powi(2));
        self.probability.iter().zip(&self.inside).map(at).collect()
    }
}

/// Eq. 7 holds c1 and c2 fixed. They are where ∂E/∂c = 0, so the derivative through them vanishes: finite differences
/// of E with its means recomputed give eq. 7 too, and so must autodiff without any detaching.
#[test]
fn the_gradient_of_the_level_set_energy_is_eq_7() {
    let slice = Slice::new();
    let expected = slice.gradient();
    for i in 0..slice.probability.len() {
        let moved = |step: f64| {
            let mut moved = Slice { probability: slice.probability.clone(), inside: slice.inside.clone() };
            moved.probability[i] += step;
            moved.energy()
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((difference - expected[i]).abs() < 1e-5 * (1.0 + expected[i].abs()), "{difference}, {}", expected[i]);
    }
    let single = |values: &[f64]| map(&values.iter().map(|&v| v as f32).collect::<Vec<_>>(), [1, 1, 9, 11]);
    let probability = single(&slice.probability).require_grad();
    let energy = level_set_energy(probability.clone(), single(&slice.inside), None, EPSILON);
    let gradient = values(probability.grad(&energy.backward()).unwrap());
    let expected: Vec<f32> = expected.iter().map(|&v| v as f32).collect();
    let error = relative_error(&gradient, &expected);
    println!("eq. 7: gradient off by {error:.1e} of {:?}", expected.iter().copied().fold(0.0f32, f32::max));
    assert!(error < 1e-5, "gradient off by {error:e} of its greatest value");
    assert!((scalar(energy) - slice.energy()).abs() < 1e-5 * slice.energy());
}

#[test]
fn an_organ_that_is_not_in_the_slice_has_no_level_set_energy() {
    let (p, none) = (map(&[0.9, 0.4, 0.6, 0.1], [1, 1, 2, 2]), map(&[0.0; 4], [1, 1, 2, 2]));
    assert_eq!(scalar(level_set_energy(p.clone(), none, None, 0.05)), 0.0);
    let some = map(&[1.0, 0.0, 0.0, 0.0], [1, 1, 2, 2]);
    assert!(scalar(level_set_energy(p, some, None, 0.05)) > 0.1);
}

#[test]
fn recipes_name_the_losses() {
    let written = |config: LossConfig| serde_json::to_string(&config).unwrap();
    assert_eq!(written(LossConfig::default()), r#""tanh-band""#);
    assert_eq!(written(LossConfig::level_set()), r#"{"level-set":{"lambda":0.0004,"epsilon":0.05}}"#);
    let read: LossConfig = serde_json::from_str(r#"{"tsdf": {}}"#).unwrap();
    assert_eq!(read, LossConfig::tsdf());
    let refused = serde_json::from_str::<LossConfig>(r#"{"level-set": {"lamda": 1}}"#).unwrap_err().to_string();
    assert!(refused.contains("lamda"), "{refused}");
}
