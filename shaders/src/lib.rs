//! WGSL of Zeroset.
