//! Memory of gradients through a solution: it grows with the square root of the steps or slower when states are kept,
//! hardly at all with the adjoint, and with every step when one graph spans them all.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, Tensor, activation};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroset_engine::nn::{Conv2d, Conv2dConfig};
use zeroset_engine::ode::gradient::{Dynamics, backward_adjoint, backward_checkpointed, solve_forward};
use zeroset_engine::ode::{Scheme, SolverParams, solve_on_grid};

/// The system's allocator, with the bytes in use and their maximum.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` had in use at most, above what there was before.
fn peak_bytes(work: impl FnOnce()) -> usize {
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed).saturating_sub(before)
}

#[derive(Module, Debug)]
struct Field {
    first: Conv2d,
    second: Conv2d,
}

impl Dynamics for Field {
    fn rate(&self, t: f64, state: Tensor<4>) -> Tensor<4> {
        self.second.forward(activation::tanh(self.first.forward(state).add_scalar(t)))
    }
}

const STATE: [usize; 4] = [1, 4, 48, 48];
const STATE_BYTES: usize = 4 * 4 * 48 * 48;

#[test]
fn memory_grows_with_the_square_root_of_the_steps_or_slower() {
    let device = Device::flex().autodiff();
    let field =
        Field { first: Conv2dConfig::new(4, 4, 3).init(&device), second: Conv2dConfig::new(4, 4, 3).init(&device) };
    let start = Tensor::<4>::random(STATE, Distribution::Default, &Device::flex());
    let times = |steps: usize| -> Vec<f64> { (0..=steps).map(|n| n as f64 / steps as f64).collect() };

    let checkpointed = |steps: usize| {
        peak_bytes(|| {
            let params = SolverParams::fixed(Scheme::Midpoint, steps);
            let forward = solve_forward(&field, start.clone(), [0.0, 1.0], &params);
            let gradient = forward.end.clone();
            backward_checkpointed(&field, &forward, gradient);
        })
    };
    let adjoint = |steps: usize| {
        peak_bytes(|| {
            let params = SolverParams::fixed(Scheme::Midpoint, steps);
            let forward = solve_forward(&field, start.clone(), [0.0, 1.0], &params);
            let end = forward.end.clone();
            drop(forward);
            backward_adjoint(&field, end.clone(), end, [0.0, 1.0], &params);
        })
    };
    let one_graph = |steps: usize| {
        peak_bytes(|| {
            let start = start.clone().autodiff().require_grad();
            let rate = |t: f64, y: &Tensor<4>| field.rate(t, y.clone());
            let go_on = |_: &zeroset_engine::ode::Step<'_, Tensor<4>>| ControlFlow::Continue(());
            let end = solve_on_grid(rate, start, &times(steps), Scheme::Midpoint, go_on).state;
            GradientsParams::from_grads((end.clone() * end.detach()).sum().backward(), &field);
        })
    };
    // The first run also builds what stays for the rest of the process.
    checkpointed(4);
    println!("state: {} KiB; peak KiB above the model, midpoint:", STATE_BYTES >> 10);
    println!("steps  checkpointed  adjoint  one graph");
    let mut rows = Vec::new();
    for steps in [4, 8, 16, 32, 64, 128, 256] {
        let row = [checkpointed(steps), adjoint(steps), one_graph(steps)];
        println!("{steps:5}  {:12}  {:7}  {:9}", row[0] >> 10, row[1] >> 10, row[2] >> 10);
        rows.push((steps, row));
    }
    let ([small, small_adjoint, small_graph], [large, large_adjoint, large_graph]) = (rows[0].1, rows[6].1);
    for (steps, [peak, ..]) in &rows {
        let most = 16.max((3.0 * (*steps as f64).sqrt()) as usize) + 2;
        let grown = peak.saturating_sub(small) / STATE_BYTES;
        assert!(grown <= most, "{steps} steps: {grown} states more than for 4 steps, expected at most {most}");
    }
    assert!(large < 8 * small, "64 times the steps: {small} to {large} bytes, the square root is 8 times");
    assert!(large_adjoint < 2 * small_adjoint, "the adjoint keeps nothing: {small_adjoint} to {large_adjoint} bytes");
    assert!(large_graph > 20 * small_graph, "one graph: {small_graph} to {large_graph}: the measurement sees nothing");
}
