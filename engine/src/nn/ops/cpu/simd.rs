//! Vectors of f32 in the widest registers of this processor, chosen at run time.

/// Floats in one register. The methods may only run where the instructions exist: inside [`dispatch`].
pub trait Vector: Copy + Send + Sync {
    /// Floats in it.
    const LANES: usize;
    /// Rows of a tile whose sums fit the registers: 8 where there are 32 of them, 4 where 16.
    const TILE_ROWS: usize;
    /// Vectors in such a row. (With 3 of them and 16 registers none is left to load to.)
    const TILE_VECTORS: usize;

    /// The same number in each lane.
    ///
    /// # Safety
    /// The processor has this vector's instructions.
    unsafe fn splat(value: f32) -> Self;
    /// # Safety
    /// As [`splat`](Self::splat); `LANES` floats are readable at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// As [`splat`](Self::splat); `LANES` floats are writable at `to`.
    unsafe fn store(self, to: *mut f32);
    /// # Safety
    /// As [`splat`](Self::splat).
    unsafe fn add(self, other: Self) -> Self;
    /// `self + a·b`.
    ///
    /// # Safety
    /// As [`splat`](Self::splat).
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// Sum of the lanes.
    ///
    /// # Safety
    /// As [`splat`](Self::splat).
    unsafe fn sum(self) -> f32;
}

/// Work on vectors. `run` must be `#[inline(always)]`, as must be all that it calls in its inner loops.
pub trait Task {
    /// Does the work.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    unsafe fn run<V: Vector>(self);
}

/// Runs `task` with the widest vectors of this processor (the answer is cached by the standard library).
pub fn dispatch<T: Task>(task: T) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: detected on this processor.
            return unsafe { x86::run_avx512(task) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: detected on this processor.
            return unsafe { x86::run_avx2(task) };
        }
    }
    // SAFETY: needs no instructions beyond the target's own.
    unsafe { task.run::<Portable>() }
}

/// Rows of a tile whose sums fit the registers of this processor.
pub fn tile_rows() -> usize {
    struct Rows<'a>(&'a mut usize);
    impl Task for Rows<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            *self.0 = V::TILE_ROWS;
        }
    }
    let mut rows = 0;
    dispatch(Rows(&mut rows));
    rows
}

/// Four floats, for the compiler to vectorise.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Portable([f32; 4]);

impl Vector for Portable {
    const LANES: usize = 4;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + a.0[lane] * b.0[lane]))
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Task, Vector};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub fn run_avx512<T: Task>(task: T) {
        // SAFETY: this function's feature.
        unsafe { task.run::<__m512>() }
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn run_avx2<T: Task>(task: T) {
        // SAFETY: this function's features.
        unsafe { task.run::<__m256>() }
    }

    // Each method below forwards to the instruction of its name; the caller's promise is the instruction's.
    macro_rules! vector {
        ($type:ty, $lanes:literal, $rows:literal, $vectors:literal, $splat:ident, $load:ident, $store:ident, $add:ident,
         $fma:ident, $sum:ident) => {
            impl Vector for $type {
                const LANES: usize = $lanes;
                const TILE_ROWS: usize = $rows;
                const TILE_VECTORS: usize = $vectors;

                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $splat(value) }
                }

                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller's promise.
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $add(self, other) }
                }

                #[inline(always)]
                unsafe fn add_product(self, a: Self, b: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $fma(a, b, self) }
                }

                #[inline(always)]
                unsafe fn sum(self) -> f32 {
                    // SAFETY: the caller's promise.
                    unsafe { $sum(self) }
                }
            }
        };
    }

    vector!(
        __m512,
        16,
        8,
        3,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps,
        _mm512_reduce_add_ps
    );
    vector!(
        __m256,
        8,
        4,
        2,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps,
        sum_256
    );

    #[target_feature(enable = "avx")]
    #[inline]
    fn sum_256(v: __m256) -> f32 {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}
