//! Smoothed Heaviside and Dirac functions of Chan–Vese, in arithmetic that vectorises.

use crate::levelset::Heaviside;
use std::f32::consts::{FRAC_1_PI, FRAC_PI_2, LOG2_E};

/// H and delta of one width.
#[derive(Clone, Copy, Debug)]
pub struct Smoothed {
    /// Form of H.
    pub form: Heaviside,
    /// Width epsilon, mm.
    pub epsilon_mm: f32,
}

impl Smoothed {
    /// H(z): 0 far below zero, 1 far above.
    #[inline(always)]
    pub fn step<const TANH: bool>(self, z: f32) -> f32 {
        let z = z * (1.0 / self.epsilon_mm);
        if TANH { 0.5 + 0.5 * tanh(z) } else { 0.5 + FRAC_1_PI * atan(z) }
    }

    /// dH/dz, 1/mm.
    #[inline(always)]
    pub fn dirac<const TANH: bool>(self, z: f32) -> f32 {
        let e = self.epsilon_mm;
        if TANH {
            let t = tanh(z / e);
            0.5 * (1.0 - t * t) / e
        } else {
            FRAC_1_PI * e / (e * e + z * z)
        }
    }

    /// delta(0), the greatest value of delta, 1/mm.
    pub fn dirac_max(self) -> f32 {
        match self.form {
            Heaviside::Atan => FRAC_1_PI / self.epsilon_mm,
            Heaviside::Tanh => 0.5 / self.epsilon_mm,
        }
    }
}

/// atan to 2e-8 by Abramowitz & Stegun 4.4.49, without a branch.
#[inline(always)]
fn atan(x: f32) -> f32 {
    let a = x.abs();
    let large = a > 1.0;
    let r = if large { 1.0 / a } else { a };
    let s = r * r;
    let p = -0.016_165_737 + s * 0.002_866_226;
    let p = 0.042_909_614 + s * p;
    let p = -0.075_289_64 + s * p;
    let p = 0.106_562_64 + s * p;
    let p = -0.142_089 + s * p;
    let p = 0.199_935_51 + s * p;
    let p = -0.333_331_45 + s * p;
    let y = r + r * s * p;
    let y = if large { FRAC_PI_2 - y } else { y };
    y.copysign(x)
}

/// tanh to a few units in the last place of 1, without a branch.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let x = if x > 9.0 { 9.0 } else { x };
    let x = if x < -9.0 { -9.0 } else { x };
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// e^x for |x| <= 18: 2^n times the Taylor series of 2^f, |f| <= 1/2.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let y = x * LOG2_E;
    // Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
    let shifted = y + 12_582_912.0;
    let f = (y - (shifted - 12_582_912.0)) * std::f32::consts::LN_2;
    let p = 1.0 / 120.0 + f * (1.0 / 720.0);
    let p = 1.0 / 24.0 + f * p;
    let p = 1.0 / 6.0 + f * p;
    let p = 0.5 + f * p;
    let p = 1.0 + f * p;
    let p = 1.0 + f * p;
    let two_to_n = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    p * two_to_n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_to_the_standard_library() {
        for k in -4000..=4000 {
            let z = k as f32 * 0.01;
            let s = Smoothed { form: Heaviside::Atan, epsilon_mm: 0.7 };
            let atan = 0.5 + (f64::from(z) / 0.7).atan() / std::f64::consts::PI;
            assert!((f64::from(s.step::<false>(z)) - atan).abs() < 2e-7, "atan at {z}");
            let tanh = 0.5 + 0.5 * (f64::from(z) / 0.7).tanh();
            assert!((f64::from(s.step::<true>(z)) - tanh).abs() < 4e-7, "tanh at {z}");
        }
    }

    #[test]
    fn dirac_is_the_derivative() {
        let s = Smoothed { form: Heaviside::Atan, epsilon_mm: 1.3 };
        for k in -50..=50 {
            let (z, d) = (k as f32 * 0.1, 0.01);
            let a = (s.step::<false>(z + d) - s.step::<false>(z - d)) / (2.0 * d);
            assert!((a - s.dirac::<false>(z)).abs() < 2e-5, "atan at {z}");
            let t = (s.step::<true>(z + d) - s.step::<true>(z - d)) / (2.0 * d);
            assert!((t - s.dirac::<true>(z)).abs() < 5e-5, "tanh at {z}");
        }
    }
}
