//! Vector instructions of this processor, chosen at run time.

/// Work that is compiled once per level. `run` must be `#[inline(always)]`, as must be all that it calls in its inner
/// loops: only then does the level's code reach them.
pub trait Task {
    /// Result.
    type Output;
    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Vector instructions found on this processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What every processor of this architecture has.
    Baseline,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best level of this processor (the answer is cached by the standard library).
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq");
            if avx512 {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }

    /// Runs `task` compiled for the best level. No level has fused multiply-add: every processor computes the same
    /// numbers.
    pub fn dispatch<T: Task>(task: T) -> T::Output {
        match Self::detect() {
            Self::Baseline => task.run(),
            // SAFETY: detected on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { run_avx2(task) },
            // SAFETY: detected on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { run_avx512(task) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<T: Task>(task: T) -> T::Output {
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn run_avx512<T: Task>(task: T) -> T::Output {
    task.run()
}
