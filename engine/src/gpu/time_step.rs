//! The stable time step of the specification, from maxima over the grid.

use crate::levelset::{Fields, Grid, Heaviside, LevelSetParams};
use rayon::prelude::*;

/// dt of the next steps; 0 when no term acts.
pub(super) fn stable_dt(grid: &Grid, fields: &Fields, params: &LevelSetParams) -> f32 {
    let rate = match fields {
        Fields::Speed(g) => speed_rate(grid, g, params),
        Fields::Intensity(_) => chan_vese_rate(grid, params),
    };
    if rate > 0.0 { params.time_step_factor / rate } else { 0.0 }
}

/// Pmax sqrt(S2) + Amax + 2 Kmax S2.
fn speed_rate(grid: &Grid, g: &[f32], params: &LevelSetParams) -> f32 {
    // The exponents are not negative, so the powers are greatest where |g| is.
    let g_max = g.par_iter().map(|v| v.abs()).reduce(|| 0.0, f32::max);
    let p_max = params.alpha.abs() * power(g_max, params.propagation_exponent);
    let k_max = params.beta.abs() * power(g_max, params.curvature_exponent);
    let a_max = if params.gamma == 0.0 { 0.0 } else { advection_max(grid, g, params) };
    let s2 = grid.inverse_square_sum();
    p_max * s2.sqrt() + a_max + 2.0 * k_max * s2
}

/// Greatest sum over axes of |A_d| / h_d.
fn advection_max(grid: &Grid, g: &[f32], params: &LevelSetParams) -> f32 {
    let [nx, ny, nz] = grid.size;
    let strides = [1, nx, nx * ny];
    let row_max = |row: usize| {
        let (y, z) = (row % ny, row / ny);
        let mut most = 0.0f32;
        for x in 0..nx {
            let (at, index) = ([x, y, z], row * nx + x);
            let mut sum = 0.0;
            for d in 0..grid.dimension() {
                let below = if at[d] > 0 { index - strides[d] } else { index };
                let above = if at[d] + 1 < grid.size[d] { index + strides[d] } else { index };
                let h = grid.spacing_mm[d];
                sum += (0.5 * (g[above] - g[below]) / h).abs() / h;
            }
            most = most.max(params.gamma.abs() * power(g[index].abs(), params.advection_exponent) * sum);
        }
        most
    };
    (0..ny * nz).into_par_iter().map(row_max).reduce(|| 0.0, f32::max)
}

/// delta_max (2 mu S2 + (|nu| + max(lambda1, lambda2)) / h_min).
fn chan_vese_rate(grid: &Grid, params: &LevelSetParams) -> f32 {
    let c = &params.chan_vese;
    let delta_max = match c.heaviside {
        Heaviside::Atan => std::f32::consts::FRAC_1_PI / c.epsilon_mm,
        Heaviside::Tanh => 0.5 / c.epsilon_mm,
    };
    let push = c.nu.abs() + c.lambda1.abs().max(c.lambda2.abs());
    delta_max * (2.0 * c.mu.abs() * grid.inverse_square_sum() + push / grid.h_min())
}

fn power(magnitude: f32, exponent: f32) -> f32 {
    if exponent == 0.0 { 1.0 } else { magnitude.powf(exponent) }
}
