//! Memory that is freed and asked for again at once.

/// Lets the C library keep freed memory instead of giving it back to the system.
///
/// A training step frees hundreds of MB and asks for them again; given back, each page of them is fetched and zeroed
/// anew: 15 % of a step of a UNet on 200×200. Blocks of 32 MB and more still go back, and so does what exceeds 1 GB. For
/// programs to call as they start; does nothing where the C library is not glibc.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        // malloc.h
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_THRESHOLD: c_int = -3;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // 32 MB is the most that glibc takes for the second.
        for (parameter, bytes) in [(M_TRIM_THRESHOLD, 1 << 30), (M_MMAP_THRESHOLD, 32 << 20)] {
            // SAFETY: the signature of malloc.h; any value is allowed. A refusal changes nothing.
            unsafe { mallopt(parameter, bytes) };
        }
    }
}
