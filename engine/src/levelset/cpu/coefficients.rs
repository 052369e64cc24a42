//! Weights of the three terms per voxel, P, K and A of [`crate::levelset`], and the stable time step.

use super::padded::Layout;
use crate::levelset::{Grid, LevelSetParams};
use rayon::prelude::*;

/// P, K and A on the padded layout; a field that would be constant or zero is not stored.
#[derive(Debug)]
pub struct Coefficients {
    /// P = alpha sgn(g) |g|^a.
    pub propagation: Vec<f32>,
    /// K = beta |g|^b where it varies, else `curvature_constant` holds.
    pub curvature: Option<Vec<f32>>,
    /// K where it does not vary.
    pub curvature_constant: f32,
    /// A = gamma |g|^c grad g along x, y, z; none when gamma is 0.
    pub advection: Option<[Vec<f32>; 3]>,
    /// Largest stable step times the user's factor.
    pub dt: f32,
}

/// `|g|^exponent`, exact for the exponents in daily use.
fn power(g: f32, exponent: f32) -> f32 {
    if exponent == 0.0 {
        1.0
    } else if exponent == 1.0 {
        g.abs()
    } else {
        g.abs().powf(exponent)
    }
}

impl Coefficients {
    /// Works the weights out of the speed image (x fastest, `grid.len()` values).
    pub fn new(grid: &Grid, layout: &Layout, speed: &[f32], params: &LevelSetParams) -> Self {
        let g = layout.pad(speed);
        let signed = |v: f32| params.alpha * power(v, params.propagation_exponent).copysign(v);
        let propagation: Vec<f32> =
            if params.alpha == 0.0 { layout.zeros() } else { g.par_iter().map(|&v| signed(v)).collect() };
        let curvature = (params.beta != 0.0 && params.curvature_exponent != 0.0)
            .then(|| g.par_iter().map(|&v| params.beta * power(v, params.curvature_exponent)).collect::<Vec<_>>());
        let advection = (params.gamma != 0.0).then(|| advection_field(grid, layout, &g, params));
        let dt = stable_dt(grid, params, &propagation, curvature.as_deref(), advection.as_ref());
        Self { propagation, curvature, curvature_constant: params.beta, advection, dt }
    }
}

fn advection_field(grid: &Grid, layout: &Layout, g: &[f32], params: &LevelSetParams) -> [Vec<f32>; 3] {
    std::array::from_fn(|d| {
        let mut field = layout.zeros();
        if d >= grid.dimension() {
            return field;
        }
        let (stride, scale) = (layout.stride[d], 0.5 / grid.spacing_mm[d]);
        let rows = |value: &mut [f32], row: usize| {
            for (k, value) in value.iter_mut().enumerate() {
                let i = row + k;
                let slope = (g[i + stride] - g[i - stride]) * scale;
                *value = params.gamma * power(g[i], params.advection_exponent) * slope;
            }
        };
        for z in 0..grid.size[2] {
            for y in 0..grid.size[1] {
                let row = layout.at(0, y, z);
                rows(&mut field[row..row + grid.size[0]], row);
            }
        }
        field
    })
}

/// dt = factor / (Pmax sqrt(S2) + Amax + 2 Kmax S2); 0 when no term acts.
fn stable_dt(
    grid: &Grid,
    params: &LevelSetParams,
    propagation: &[f32],
    curvature: Option<&[f32]>,
    advection: Option<&[Vec<f32>; 3]>,
) -> f32 {
    let largest = |field: &[f32]| field.par_iter().map(|v| v.abs()).reduce(|| 0.0, f32::max);
    let s2 = grid.inverse_square_sum();
    let p_max = largest(propagation);
    let k_max = curvature.map_or(params.beta.abs(), largest);
    let a_max = advection.map_or(0.0, |[ax, ay, az]| {
        let [ix, iy, iz] = grid.spacing_mm.map(|h| 1.0 / h);
        ax.par_iter()
            .zip(ay)
            .zip(az)
            .map(|((x, y), z)| x.abs() * ix + y.abs() * iy + z.abs() * iz)
            .reduce(|| 0.0, f32::max)
    });
    let rate = p_max * s2.sqrt() + a_max + 2.0 * k_max * s2;
    if rate > 0.0 { params.time_step_factor / rate } else { 0.0 }
}
