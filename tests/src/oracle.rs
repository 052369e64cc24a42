//! The discretisation of `zeroset_engine::levelset` once more, dense, in f64 and as plainly as it can be written:
//! what the fast CPU and GPU code is compared with.

use zeroset_engine::levelset::{Fields, Grid, Heaviside, Integrator, LevelSetParams, Scheme};

/// phi and what drives it.
pub struct Oracle {
    /// Grid.
    pub grid: Grid,
    /// Weights.
    pub params: LevelSetParams,
    /// Speed or intensities.
    pub field: Vec<f64>,
    /// phi, mm.
    pub phi: Vec<f64>,
    is_intensity: bool,
    steps_done: u64,
}

impl Oracle {
    /// Starts from phi, clamped to the band.
    pub fn new(grid: Grid, fields: &Fields, params: LevelSetParams, phi: &[f32]) -> Self {
        let (values, is_intensity) = match fields {
            Fields::Speed(g) => (g, false),
            Fields::Intensity(i) => (i, true),
        };
        let band = f64::from(grid.band_mm(&params));
        let phi = phi.iter().map(|&v| f64::from(v).clamp(-band, band)).collect();
        Self { grid, params, field: values.iter().map(|&v| f64::from(v)).collect(), phi, is_intensity, steps_done: 0 }
    }

    fn h(&self, d: usize) -> f64 {
        f64::from(self.grid.spacing_mm[d])
    }

    fn at(&self, field: &[f64], voxel: [isize; 3]) -> f64 {
        let clamped: [usize; 3] = std::array::from_fn(|d| voxel[d].clamp(0, self.grid.size[d] as isize - 1) as usize);
        field[(clamped[2] * self.grid.size[1] + clamped[1]) * self.grid.size[0] + clamped[0]]
    }

    fn voxel(&self, index: usize) -> [isize; 3] {
        let [nx, ny, _] = self.grid.size;
        [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as isize)
    }

    fn along(&self, field: &[f64], voxel: [isize; 3], d: usize, k: isize) -> f64 {
        let mut v = voxel;
        v[d] += k;
        self.at(field, v)
    }

    fn one_sided(&self, phi: &[f64], voxel: [isize; 3], d: usize, scheme: Scheme) -> (f64, f64) {
        let p = |k| self.along(phi, voxel, d, k);
        let h = self.h(d);
        match scheme {
            Scheme::Upwind1 => ((p(0) - p(-1)) / h, (p(1) - p(0)) / h),
            Scheme::Eno2 => {
                let minmod = |a: f64, b: f64| if a * b > 0.0 { if a.abs() < b.abs() { a } else { b } } else { 0.0 };
                let second = |k: isize| (p(k + 1) - 2.0 * p(k) + p(k - 1)) / h;
                (
                    (p(0) - p(-1)) / h + 0.5 * minmod(second(-1), second(0)),
                    (p(1) - p(0)) / h - 0.5 * minmod(second(0), second(1)),
                )
            }
            Scheme::Weno5 => {
                let d = |k: isize| (p(k + 1) - p(k)) / h;
                let weno = |v: [f64; 5]| {
                    let s = [
                        13.0 / 12.0 * (v[0] - 2.0 * v[1] + v[2]).powi(2)
                            + 0.25 * (v[0] - 4.0 * v[1] + 3.0 * v[2]).powi(2),
                        13.0 / 12.0 * (v[1] - 2.0 * v[2] + v[3]).powi(2) + 0.25 * (v[1] - v[3]).powi(2),
                        13.0 / 12.0 * (v[2] - 2.0 * v[3] + v[4]).powi(2)
                            + 0.25 * (3.0 * v[2] - 4.0 * v[3] + v[4]).powi(2),
                    ];
                    let q = [
                        (2.0 * v[0] - 7.0 * v[1] + 11.0 * v[2]) / 6.0,
                        (-v[1] + 5.0 * v[2] + 2.0 * v[3]) / 6.0,
                        (2.0 * v[2] + 5.0 * v[3] - v[4]) / 6.0,
                    ];
                    let w: Vec<f64> = [0.1, 0.6, 0.3].iter().zip(s).map(|(c, s)| c / (1e-6 + s).powi(2)).collect();
                    (0..3).map(|k| w[k] * q[k]).sum::<f64>() / w.iter().sum::<f64>()
                };
                (weno([d(-3), d(-2), d(-1), d(0), d(1)]), weno([d(2), d(1), d(0), d(-1), d(-2)]))
            }
        }
    }

    /// (kappa |grad phi|, |grad phi|), limited.
    fn curvature(&self, phi: &[f64], voxel: [isize; 3]) -> (f64, f64) {
        let dim = self.grid.dimension();
        let mut first = [0.0; 3];
        let mut second = [[0.0; 3]; 3];
        for i in 0..dim {
            first[i] = (self.along(phi, voxel, i, 1) - self.along(phi, voxel, i, -1)) / (2.0 * self.h(i));
            for j in 0..dim {
                let p = |a: isize, b: isize| {
                    let mut v = voxel;
                    v[i] += a;
                    v[j] += b;
                    self.at(phi, v)
                };
                second[i][j] = if i == j {
                    (self.along(phi, voxel, i, 1) - 2.0 * p(0, 0) + self.along(phi, voxel, i, -1)) / self.h(i).powi(2)
                } else {
                    (p(1, 1) - p(1, -1) - p(-1, 1) + p(-1, -1)) / (4.0 * self.h(i) * self.h(j))
                };
            }
        }
        let square: f64 = first.iter().map(|f| f * f).sum::<f64>() + 1e-12;
        let mut sum = 0.0;
        for i in 0..dim {
            sum += second[i][i] * (square - first[i] * first[i]);
            for j in 0..dim {
                if i != j {
                    sum -= first[i] * first[j] * second[i][j];
                }
            }
        }
        let limit = (dim as f64 - 1.0) / f64::from(self.grid.h_min()) * square.sqrt();
        ((sum / square).clamp(-limit, limit), square.sqrt())
    }

    fn weights(&self, voxel: [isize; 3]) -> (f64, f64, [f64; 3]) {
        let p = &self.params;
        let g = self.at(&self.field, voxel);
        let pow = |e: f32| if e == 0.0 { 1.0 } else { g.abs().powf(f64::from(e)) };
        let slope = |d: usize| {
            if d >= self.grid.dimension() {
                return 0.0;
            }
            (self.along(&self.field, voxel, d, 1) - self.along(&self.field, voxel, d, -1)) / (2.0 * self.h(d))
        };
        (
            f64::from(p.alpha) * g.signum() * pow(p.propagation_exponent),
            f64::from(p.beta) * pow(p.curvature_exponent),
            std::array::from_fn(|d| f64::from(p.gamma) * pow(p.advection_exponent) * slope(d)),
        )
    }

    /// The time step.
    pub fn dt(&self) -> f64 {
        let s2: f64 = (0..self.grid.dimension()).map(|d| self.h(d).powi(-2)).sum();
        let factor = f64::from(self.params.time_step_factor);
        if self.is_intensity {
            let c = &self.params.chan_vese;
            let e = f64::from(c.epsilon_mm);
            let delta = if c.heaviside == Heaviside::Atan { 1.0 / (std::f64::consts::PI * e) } else { 0.5 / e };
            let push = f64::from(c.nu.abs()) + f64::from(c.lambda1.max(c.lambda2));
            return factor / (delta * (2.0 * f64::from(c.mu) * s2 + push / f64::from(self.grid.h_min())));
        }
        let mut most = [0.0f64; 3];
        for i in 0..self.phi.len() {
            let (p, k, a) = self.weights(self.voxel(i));
            let advection = (0..self.grid.dimension()).map(|d| a[d].abs() / self.h(d)).sum::<f64>();
            most = [most[0].max(p.abs()), most[1].max(k), most[2].max(advection)];
        }
        factor / (most[0] * s2.sqrt() + most[2] + 2.0 * most[1] * s2)
    }

    fn heaviside(&self, z: f64) -> (f64, f64) {
        let c = &self.params.chan_vese;
        let e = f64::from(c.epsilon_mm);
        match c.heaviside {
            Heaviside::Atan => {
                (0.5 + (z / e).atan() / std::f64::consts::PI, e / (std::f64::consts::PI * (e * e + z * z)))
            }
            Heaviside::Tanh => (0.5 + 0.5 * (z / e).tanh(), 0.5 * (1.0 - (z / e).tanh().powi(2)) / e),
        }
    }

    /// c1 inside and c2 outside.
    pub fn means(&self, phi: &[f64]) -> [f64; 2] {
        let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
        for (v, i) in phi.iter().zip(&self.field) {
            let h = self.heaviside(-v).0;
            a += h;
            b += h * i;
            c += 1.0 - h;
            d += (1.0 - h) * i;
        }
        [b / a, d / c]
    }

    fn rates(&self, phi: &[f64]) -> Vec<f64> {
        let means = if self.is_intensity { self.means(phi) } else { [0.0; 2] };
        (0..phi.len())
            .map(|i| {
                let voxel = self.voxel(i);
                let (flow, gradient) = self.curvature(phi, voxel);
                if self.is_intensity {
                    let c = &self.params.chan_vese;
                    let force = f64::from(c.mu) * flow / gradient
                        + f64::from(c.nu)
                        + f64::from(c.lambda1) * (self.field[i] - means[0]).powi(2)
                        - f64::from(c.lambda2) * (self.field[i] - means[1]).powi(2);
                    return self.heaviside(phi[i]).1 * force;
                }
                let (p, k, a) = self.weights(voxel);
                let mut square = 0.0;
                let mut advection = 0.0;
                for d in 0..self.grid.dimension() {
                    let (minus, plus) = self.one_sided(phi, voxel, d, self.params.scheme);
                    square += godunov(minus, plus, p >= 0.0);
                    advection += a[d] * if a[d] < 0.0 { minus } else { plus };
                }
                k * flow + advection - p * square.sqrt()
            })
            .collect()
    }

    /// One step, with the reinitialisation when it is due.
    pub fn step(&mut self, dt: f64) {
        let band = f64::from(self.grid.band_mm(&self.params));
        let advance = |phi: &[f64], rates: &[f64]| -> Vec<f64> {
            phi.iter().zip(rates).map(|(v, r)| (v + dt * r).clamp(-band, band)).collect()
        };
        let first = advance(&self.phi, &self.rates(&self.phi));
        self.phi = match (self.params.integrator, self.is_intensity) {
            (Integrator::TvdRk2, false) => {
                let rates = self.rates(&first);
                (0..first.len()).map(|i| (0.5 * (self.phi[i] + first[i] + dt * rates[i])).clamp(-band, band)).collect()
            }
            _ => first,
        };
        self.steps_done += 1;
        let every = u64::from(self.params.reinitialize_every);
        if every > 0 && self.steps_done.is_multiple_of(every) {
            self.reinitialize(band);
        }
    }

    fn reinitialize(&mut self, band: f64) {
        let start = self.phi.clone();
        let h = f64::from(self.grid.h_min());
        for _ in 0..self.params.reinitialize_iterations {
            let now = self.phi.clone();
            for i in 0..now.len() {
                let voxel = self.voxel(i);
                let sign = start[i] / (start[i].powi(2) + h * h).sqrt();
                let mut square = 0.0;
                let (mut sum_start, mut sum_now) = (0.0, 0.0);
                for d in 0..self.grid.dimension() {
                    let (minus, plus) = self.one_sided(&now, voxel, d, Scheme::Eno2);
                    square += godunov(minus, plus, start[i] >= 0.0);
                    for k in [-1, 1] {
                        let (s, n) = (self.along(&start, voxel, d, k), self.along(&now, voxel, d, k));
                        if (s < 0.0) != (start[i] < 0.0) {
                            sum_start += s;
                            sum_now += n;
                        }
                    }
                }
                let force = if sum_start != 0.0 { (start[i] / sum_start * sum_now - now[i]) / h } else { 0.0 };
                let value: f64 = now[i] - 0.5 * h * (sign * (square.sqrt() - 1.0) - 0.5 * force);
                let kept = if start[i] < 0.0 { value.min(1e-3 * start[i]) } else { value.max(1e-3 * start[i]) };
                self.phi[i] = kept.clamp(-band, band);
            }
        }
    }
}

fn godunov(minus: f64, plus: f64, outward: bool) -> f64 {
    let (a, b) = if outward { (minus.max(0.0), plus.min(0.0)) } else { (minus.min(0.0), plus.max(0.0)) };
    (a * a).max(b * b)
}
