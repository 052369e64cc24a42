//! What the passes over the active tiles do: a step of each method, and a reinitialisation.

use super::band::Band;
use super::context::GpuContext;
use super::error::GpuError;
use super::pass::Pass;
use super::report::Report;
use crate::levelset::{Integrator, LevelSetParams, Method, Scheme};
use std::sync::Arc;
use wgpu::{Buffer, ComputePass};

/// Neighbours along an axis that the ENO2 differences of the reinitialisation read.
const REINITIALIZE_REACH: u32 = 2;

/// The compiled passes of one set of parameters.
#[derive(Debug)]
pub(super) struct Operations {
    step: Step,
    reinitialize: Arc<Pass>,
}

#[derive(Debug)]
enum Step {
    /// Edge or region method: the pass of an Euler stage, that of RK2's second stage, and how far they read.
    Terms {
        first: Arc<Pass>,
        second: Option<Arc<Pass>>,
        reach: u32,
    },
    ChanVese(Arc<Pass>),
}

impl Operations {
    /// Compiles what the parameters need.
    pub(super) fn new(context: &GpuContext, params: &LevelSetParams) -> Result<Self, GpuError> {
        let (scheme, reach) = match params.scheme {
            Scheme::Upwind1 => (0, 1),
            Scheme::Eno2 => (1, 2),
            Scheme::Weno5 => (2, 3),
        };
        let stage = |second| context.pass("levelset/update", &[("SCHEME", scheme), ("SECOND_STAGE", second)]);
        let step = match (params.method, params.integrator) {
            (Method::ChanVese, _) => Step::ChanVese(context.pass("levelset/chan_vese_update", &[])?),
            (_, Integrator::Euler) => Step::Terms { first: stage(0)?, second: None, reach },
            (_, Integrator::TvdRk2) => Step::Terms { first: stage(0)?, second: Some(stage(1)?), reach },
        };
        Ok(Self { step, reinitialize: context.pass("levelset/reinitialize", &[])? })
    }

    /// One step of phi without reinitialisation; with `is_reported`, what the report says of it too.
    pub(super) fn encode_step(
        &self,
        band: &mut Band,
        pass: &mut ComputePass<'_>,
        field: &Buffer,
        report: &Report,
        is_reported: bool,
    ) {
        let start = band.current;
        match &self.step {
            Step::Terms { first, second, reach } => {
                band.prepare(pass, *reach, false);
                encode_stage(band, pass, field, first, "first stage", start);
                if let Some(second) = second {
                    band.prepare(pass, *reach, true);
                    encode_stage(band, pass, field, second, "second stage", start);
                }
            }
            Step::ChanVese(update) => {
                report.encode_means(band, pass, field);
                if is_reported {
                    report.encode_energy(band, pass, field);
                }
                band.prepare(pass, 1, false);
                let next = Band::after(start, 1);
                let group = band.group(update, "chan vese", [start, next, 0], |band| {
                    vec![
                        band.weights.clone(),
                        band.active_tiles.clone(),
                        field.clone(),
                        band.phi(start).clone(),
                        report.means.clone(),
                        band.phi(next).clone(),
                        band.tile_state.clone(),
                    ]
                });
                band.dispatch(pass, update, &group);
                band.current = next;
            }
        }
        if is_reported {
            report.encode_rates(band, pass, start, band.current);
        }
    }

    /// Reinitialises phi.
    pub(super) fn encode_reinitialize(&self, band: &mut Band, pass: &mut ComputePass<'_>, iterations: u32) {
        let start = band.current;
        for n in 0..iterations {
            band.prepare(pass, REINITIALIZE_REACH, n > 0);
            let now = band.current;
            // The other two buffers take turns; phi0 stays where it is.
            let next = Band::after(start, 1 + (n % 2) as usize);
            let group = band.group(&self.reinitialize, "reinitialize", [start, now, next], |band| {
                vec![
                    band.weights.clone(),
                    band.active_tiles.clone(),
                    band.phi(start).clone(),
                    band.phi(now).clone(),
                    band.phi(next).clone(),
                    band.tile_state.clone(),
                ]
            });
            band.dispatch(pass, &self.reinitialize, &group);
            band.current = next;
        }
    }
}

/// A stage of a step that began with phi buffer `start`, from the present phi into the buffer that holds neither.
fn encode_stage(
    band: &mut Band,
    pass: &mut ComputePass<'_>,
    field: &Buffer,
    stage: &Pass,
    key: &'static str,
    start: usize,
) {
    let now = band.current;
    let next = Band::after(now, 1);
    let group = band.group(stage, key, [start, now, next], |band| {
        vec![
            band.weights.clone(),
            band.active_tiles.clone(),
            field.clone(),
            band.phi(now).clone(),
            band.phi(start).clone(),
            band.phi(next).clone(),
            band.tile_state.clone(),
        ]
    });
    band.dispatch(pass, stage, &group);
    band.current = next;
}
