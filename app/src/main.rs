//! Zeroset.
fn main() {}
