//! What tasks that run side by side share: a buffer of their own thread, and a result that they fill together.

use std::cell::RefCell;

/// A buffer that tasks of several threads write, each its own part.
#[derive(Clone, Copy, Debug)]
pub struct Shared(*mut f32);

// SAFETY: who calls `at` promises that no two tasks touch the same element.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// The start of `buffer`, which must outlive all use.
    pub fn new(buffer: &mut [std::mem::MaybeUninit<f32>]) -> Self {
        Self(buffer.as_mut_ptr().cast())
    }

    /// Where element `index` lies.
    ///
    /// # Safety
    /// `index` lies in the buffer (or is its length).
    #[inline(always)]
    pub unsafe fn at(self, index: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(index) }
    }
}

/// `len` floats that `fill` writes, all of them.
///
/// # Safety
/// `fill` writes every element.
pub unsafe fn filled(len: usize, fill: impl FnOnce(Shared)) -> Vec<f32> {
    let mut buffer = Vec::with_capacity(len);
    fill(Shared::new(&mut buffer.spare_capacity_mut()[..len]));
    // SAFETY: the caller's promise.
    unsafe { buffer.set_len(len) };
    buffer
}

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that this thread keeps for the next who asks. (Not lent to a closure: that would be compiled without the
/// vector instructions of the one who calls.)
#[derive(Debug)]
pub struct Scratch {
    buffer: Vec<f32>,
    len: usize,
}

impl Scratch {
    /// `len` floats of any value.
    pub fn new(len: usize) -> Self {
        let mut buffer = SCRATCH.take();
        if buffer.len() < len {
            buffer.resize(len, 0.0);
        }
        Self { buffer, len }
    }
}

impl std::ops::Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.buffer[..self.len]
    }
}

impl std::ops::DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer[..self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        SCRATCH.set(std::mem::take(&mut self.buffer));
    }
}
