//! Butcher tableaus of the schemes, one step with them, and their continuous extensions.
//!
//! Sources: Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I (2nd ed.), II.1 (fixed schemes), II.5
//! (Dormand–Prince), II.6 (continuous extensions). The error weights and the midpoint weights of Dormand–Prince are
//! those of Shampine, Some Practical Runge–Kutta Formulas (1986), as in torchdiffeq: the error estimate is exactly two
//! thirds of Dormand and Prince's own.

use super::params::Scheme;
use super::state::State;

/// Most stages of a scheme, the evaluation at the end of a step included.
pub(super) const STAGES: usize = 7;

/// An explicit Runge–Kutta scheme.
#[derive(Debug)]
pub(super) struct Tableau {
    /// Times of stages 2, 3, … as a share of the step.
    nodes: &'static [f64],
    /// Weights of the earlier rates in the state of stages 2, 3, ….
    stages: &'static [&'static [f64]],
    /// Weights of the rates in the state at the end.
    weights: &'static [f64],
}

const EULER: Tableau = Tableau { nodes: &[], stages: &[], weights: &[1.0] };
const MIDPOINT: Tableau = Tableau { nodes: &[0.5], stages: &[&[0.5]], weights: &[0.0, 1.0] };
const RK4: Tableau = Tableau {
    nodes: &[1.0 / 3.0, 2.0 / 3.0, 1.0],
    stages: &[&[1.0 / 3.0], &[-1.0 / 3.0, 1.0], &[1.0, -1.0, 1.0]],
    weights: &[1.0 / 8.0, 3.0 / 8.0, 3.0 / 8.0, 1.0 / 8.0],
};
const DORMAND_PRINCE: Tableau = Tableau {
    nodes: &[1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0],
    stages: &[
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
        &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    ],
    weights: &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
};

/// Dormand–Prince: weights of the seven rates in (state of order 5) − (state of order 4).
pub(super) const ERROR: [f64; STAGES] = [
    35.0 / 384.0 - 1951.0 / 21600.0,
    0.0,
    500.0 / 1113.0 - 22642.0 / 50085.0,
    125.0 / 192.0 - 451.0 / 720.0,
    -2187.0 / 6784.0 + 12231.0 / 42400.0,
    11.0 / 84.0 - 649.0 / 6300.0,
    -1.0 / 60.0,
];

/// Dormand–Prince: weights of the seven rates in the state at the middle of the step, of order 4.
const MIDDLE: [f64; STAGES] = [
    6_025_192_743.0 / 30_085_553_152.0 / 2.0,
    0.0,
    51_252_292_925.0 / 65_400_821_598.0 / 2.0,
    -2_691_868_925.0 / 45_128_329_728.0 / 2.0,
    187_940_372_067.0 / 1_594_534_317_056.0 / 2.0,
    -1_776_094_331.0 / 19_743_644_256.0 / 2.0,
    11_237_099.0 / 235_043_384.0 / 2.0,
];

impl Tableau {
    pub(super) fn of(scheme: Scheme) -> &'static Self {
        match scheme {
            Scheme::Euler => &EULER,
            Scheme::Midpoint => &MIDPOINT,
            Scheme::Rk4 => &RK4,
            Scheme::DormandPrince => &DORMAND_PRINCE,
        }
    }

    /// The state at `t_end` and the rates on the way; `first` is the rate at `t`. Evaluates the rate once per stage
    /// after the first.
    pub(super) fn step<S: State>(
        &self,
        rate: &mut impl FnMut(f64, &S) -> S,
        [t, t_end]: [f64; 2],
        state: &S,
        first: S,
    ) -> (S, Vec<S>) {
        let dt = t_end - t;
        let mut rates = Vec::with_capacity(STAGES);
        rates.push(first);
        for (&node, weights) in self.nodes.iter().zip(self.stages) {
            // Rounding must not carry a stage past the end of the span, where the rate need not be defined.
            let t_stage = if node == 1.0 { t_end } else { t + node * dt };
            let stage = combine(state, dt, weights, &rates);
            rates.push(rate(t_stage, &stage));
        }
        (combine(state, dt, self.weights, &rates), rates)
    }
}

/// `state + dt Σ wᵢ kᵢ`, without the terms whose weight is 0.
pub(super) fn combine<S: State>(state: &S, dt: f64, weights: &[f64], rates: &[S]) -> S {
    let terms: Vec<(f64, &S)> =
        weights.iter().zip(rates).filter(|(w, _)| **w != 0.0).map(|(w, k)| (dt * w, k)).collect();
    state.add_scaled(&terms)
}

/// Weights of the rates in the state at share `x` of a step: [`dense_powers`] summed up.
pub(super) fn dense_weights(scheme: Scheme, x: f64) -> [f64; STAGES] {
    let mut weights = [0.0; STAGES];
    for power in dense_powers(scheme).iter().rev() {
        weights.iter_mut().zip(power).for_each(|(weight, p)| *weight = (*weight + p) * x);
    }
    weights
}

/// Weights of the rates in the coefficients of x, x², …, where x is the share of a step that has passed and the state
/// is `start + dt Σ xᵏ Σ wᵢₖ kᵢ`.
///
/// Fixed schemes: the continuous extension that needs no further evaluation and has the scheme's own order (Euler and
/// midpoint) or one less (RK4: 3, which keeps the solution's order 4 at all times; Zennaro, Natural Continuous
/// Extensions of Runge–Kutta Methods, 1986). Dormand–Prince: the polynomial of
/// degree 4 through the states and rates at both ends and the state in the middle (Shampine 1986).
pub(super) fn dense_powers(scheme: Scheme) -> Vec<[f64; STAGES]> {
    let row = |leading: &[f64]| {
        let mut row = [0.0; STAGES];
        row[..leading.len()].copy_from_slice(leading);
        row
    };
    match scheme {
        Scheme::Euler => vec![row(&[1.0])],
        Scheme::Midpoint => vec![row(&[1.0]), row(&[-1.0, 1.0])],
        Scheme::Rk4 => {
            vec![row(&[1.0]), row(&[-15.0 / 8.0, 15.0 / 8.0, 0.375, -0.375]), row(&[1.0, -1.5, 0.0, 0.5])]
        }
        Scheme::DormandPrince => {
            // Per power: weight of the scheme's own weights, of the middle's, of the first and of the last rate.
            let blend = |[end, middle, first, last]: [f64; 4]| {
                let mut power: [f64; STAGES] = std::array::from_fn(|stage| {
                    end * DORMAND_PRINCE.weights.get(stage).copied().unwrap_or(0.0) + middle * MIDDLE[stage]
                });
                power[0] += first;
                power[STAGES - 1] += last;
                power
            };
            [[0.0, 0.0, 1.0, 0.0], [-5.0, 16.0, -4.0, 1.0], [14.0, -32.0, 5.0, -3.0], [-8.0, 16.0, -2.0, 2.0]]
                .map(blend)
                .to_vec()
        }
    }
}
