//! Weights and numerics of an evolution; every one of them ends up in the report.

use super::stepper::{Grid, StepperError};
use serde::{Deserialize, Serialize};

/// Which equation drives the contour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Geodesic active contour on an edge speed g in [0, 1].
    Edge,
    /// Region competition ("in-out") on a speed g in [-1, 1].
    Region,
    /// Chan–Vese on the intensities.
    ChanVese,
}

impl Method {
    /// The word of the command line and of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Region => "region",
            Self::ChanVese => "chan-vese",
        }
    }
}

/// One-sided differences used by propagation and advection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// First order.
    #[default]
    Upwind1,
    /// Second order ENO.
    Eno2,
    /// Fifth order WENO (Jiang & Peng 2000).
    Weno5,
}

/// Time integration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrator {
    /// Forward Euler.
    #[default]
    Euler,
    /// TVD Runge–Kutta of second order (Shu & Osher 1988).
    TvdRk2,
}

/// Smoothed Heaviside of Chan–Vese.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heaviside {
    /// ½(1 + 2/π atan(z/ε)).
    #[default]
    Atan,
    /// ½(1 + tanh(z/ε)), "MAHF".
    Tanh,
}

/// Weights of the Chan–Vese energy (intensities scaled to [0, 1], lengths in mm).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChanVeseParams {
    /// Weight μ of the contour's length (area in 3D).
    pub mu: f32,
    /// Weight ν of the enclosed area (volume in 3D).
    pub nu: f32,
    /// Weight λ₁ of the deviation inside.
    pub lambda1: f32,
    /// Weight λ₂ of the deviation outside.
    pub lambda2: f32,
    /// Width ε of H and δ, mm.
    pub epsilon_mm: f32,
    /// Form of H.
    pub heaviside: Heaviside,
}

impl Default for ChanVeseParams {
    fn default() -> Self {
        Self { mu: 0.1, nu: 0.0, lambda1: 1.0, lambda2: 1.0, epsilon_mm: 1.0, heaviside: Heaviside::Atan }
    }
}

/// Everything a [`super::Stepper`] needs beside the fields.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelSetParams {
    /// Equation.
    pub method: Method,
    /// Propagation weight α (mm per unit of t at |g| = 1).
    pub alpha: f32,
    /// Curvature weight β (mm² per unit of t).
    pub beta: f32,
    /// Advection weight γ.
    pub gamma: f32,
    /// Exponent a of g in the propagation term.
    pub propagation_exponent: f32,
    /// Exponent b of g in the curvature term.
    pub curvature_exponent: f32,
    /// Exponent c of g in the advection term.
    pub advection_exponent: f32,
    /// Weights of Chan–Vese.
    pub chan_vese: ChanVeseParams,
    /// One-sided differences.
    pub scheme: Scheme,
    /// Time integration.
    pub integrator: Integrator,
    /// Fraction of the stable time step that is taken.
    pub time_step_factor: f32,
    /// Half width of the narrow band in voxels of the finest axis; 0 (Chan–Vese only) = dense.
    pub band_voxels: f32,
    /// Reinitialise every so many steps; 0 = never.
    pub reinitialize_every: u32,
    /// Pseudo-time steps of one reinitialisation.
    pub reinitialize_iterations: u32,
}

impl LevelSetParams {
    /// ITK-SNAP's starting weights: edge 1, 0.2, 2 (exponents 1, 0, 0); region 1, 0.2, 0 (exponents 1, 0, 0).
    pub fn preset(method: Method) -> Self {
        Self {
            method,
            alpha: 1.0,
            beta: 0.2,
            gamma: if method == Method::Edge { 2.0 } else { 0.0 },
            propagation_exponent: 1.0,
            curvature_exponent: 0.0,
            advection_exponent: 0.0,
            chan_vese: ChanVeseParams::default(),
            scheme: Scheme::Upwind1,
            integrator: Integrator::Euler,
            time_step_factor: 0.9,
            band_voxels: if method == Method::ChanVese { 0.0 } else { 3.0 },
            reinitialize_every: if method == Method::ChanVese { 0 } else { 5 },
            reinitialize_iterations: 3,
        }
    }

    /// Whether every number lies in its range on this grid.
    ///
    /// # Errors
    /// The first parameter that does not.
    pub fn check(&self, grid: &Grid) -> Result<(), StepperError> {
        let c = &self.chan_vese;
        let refuse =
            |name, value: f32, expected| Err(StepperError::Parameter { name, value: f64::from(value), expected });
        for (name, value) in
            [("alpha", self.alpha), ("gamma", self.gamma), ("nu", c.nu), ("lambda1", c.lambda1), ("lambda2", c.lambda2)]
        {
            if !value.is_finite() {
                return refuse(name, value, "a finite number");
            }
        }
        for (name, value) in [
            ("beta", self.beta),
            ("mu", c.mu),
            ("propagation exponent", self.propagation_exponent),
            ("curvature exponent", self.curvature_exponent),
            ("advection exponent", self.advection_exponent),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(name, value, "0 or more (less would make the contour unstable)");
            }
        }
        if !(c.epsilon_mm.is_finite() && c.epsilon_mm > 0.0) {
            return refuse("epsilon", c.epsilon_mm, "more than 0 mm");
        }
        if !(self.time_step_factor > 0.0 && self.time_step_factor <= 1.0) {
            return refuse("time step factor", self.time_step_factor, "more than 0 and at most 1 (the stable limit)");
        }
        let dense = self.method == Method::ChanVese && self.band_voxels == 0.0;
        if !(dense || (self.band_voxels.is_finite() && self.band_voxels >= 2.0)) {
            return refuse("band half width", self.band_voxels, "2 voxels or more (or 0, dense, with Chan-Vese)");
        }
        if grid.spacing_mm.iter().any(|h| !(h.is_finite() && *h > 0.0)) {
            return refuse("spacing", grid.spacing_mm[0], "more than 0 mm along each axis");
        }
        Ok(())
    }
}
