//! The GPU stepper gives the CPU's phi: every method, scheme and integrator, 2D and 3D, anisotropic spacing, within
//! 1e-3 mm RMS on the band after 100 steps. Runs on a software adapter and fails when there is none; with a real GPU
//! `a_real_gpu_equals_the_cpu` does the same there.

use std::sync::OnceLock;
use zeroset_engine::gpu::{AdapterChoice, GpuContext};
use zeroset_engine::levelset::{ChanVeseParams, Heaviside, Integrator, LevelSetParams, Method, Scheme};
use zeroset_tests::devices::{FLAT, SOLID, compare};

fn software() -> &'static GpuContext {
    static CONTEXT: OnceLock<GpuContext> = OnceLock::new();
    CONTEXT.get_or_init(|| GpuContext::new(AdapterChoice::Software).expect("these tests need lavapipe or WARP"))
}

/// Edge and region, each scheme, each integrator.
fn all_terms() -> Vec<LevelSetParams> {
    let mut all = Vec::new();
    for method in [Method::Edge, Method::Region] {
        for scheme in [Scheme::Upwind1, Scheme::Eno2, Scheme::Weno5] {
            for integrator in [Integrator::Euler, Integrator::TvdRk2] {
                all.push(LevelSetParams { scheme, integrator, ..LevelSetParams::preset(method) });
            }
        }
    }
    all
}

fn name(params: &LevelSetParams) -> String {
    format!("{:?} {:?} {:?}", params.method, params.scheme, params.integrator)
}

fn compare_terms(context: &GpuContext, terms: &[LevelSetParams]) {
    for params in terms {
        compare(context, &format!("2D {}", name(params)), FLAT, *params, 100);
    }
}

fn compare_exponents(context: &GpuContext) {
    let params = LevelSetParams {
        propagation_exponent: 2.0,
        curvature_exponent: 0.5,
        advection_exponent: 1.5,
        band_voxels: 6.0,
        reinitialize_every: 3,
        reinitialize_iterations: 8,
        ..LevelSetParams::preset(Method::Edge)
    };
    compare(context, "2D exponents", FLAT, params, 100);
    compare(context, "3D exponents", SOLID, LevelSetParams { gamma: 0.4, ..params }, 60);
}

fn compare_chan_vese(context: &GpuContext) {
    for (name, grid) in [("2D", FLAT), ("3D", SOLID)] {
        for heaviside in [Heaviside::Atan, Heaviside::Tanh] {
            let chan_vese = ChanVeseParams { heaviside, nu: 0.02, ..ChanVeseParams::default() };
            let params = LevelSetParams { chan_vese, ..LevelSetParams::preset(Method::ChanVese) };
            compare(context, &format!("{name} Chan-Vese {heaviside:?}"), grid, params, 100);
        }
    }
}

#[test]
fn edge_and_region_in_2d() {
    compare_terms(software(), &all_terms());
}

#[test]
fn edge_and_region_in_3d() {
    for (method, scheme, integrator) in [
        (Method::Edge, Scheme::Upwind1, Integrator::Euler),
        (Method::Region, Scheme::Upwind1, Integrator::TvdRk2),
        (Method::Region, Scheme::Eno2, Integrator::Euler),
        (Method::Edge, Scheme::Weno5, Integrator::TvdRk2),
    ] {
        let params = LevelSetParams { scheme, integrator, ..LevelSetParams::preset(method) };
        compare(software(), &format!("3D {}", name(&params)), SOLID, params, 100);
    }
}

#[test]
fn exponents_and_a_wide_band() {
    compare_exponents(software());
}

#[test]
fn chan_vese_dense() {
    compare_chan_vese(software());
}

#[test]
#[ignore = "needs a GPU"]
fn a_real_gpu_equals_the_cpu() {
    let context = GpuContext::new(AdapterChoice::Hardware).expect("a GPU");
    println!("{:?}", context.adapter_info);
    compare_terms(&context, &all_terms());
    for params in all_terms() {
        compare(&context, &format!("3D {}", name(&params)), SOLID, params, 100);
    }
    compare_exponents(&context);
    compare_chan_vese(&context);
}

#[test]
fn chan_vese_in_a_band() {
    for (name, grid) in [("2D", FLAT), ("3D", SOLID)] {
        let params =
            LevelSetParams { band_voxels: 4.0, reinitialize_every: 5, ..LevelSetParams::preset(Method::ChanVese) };
        compare(software(), &format!("{name} Chan-Vese in a band"), grid, params, 100);
    }
}
