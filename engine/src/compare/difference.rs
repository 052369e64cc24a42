//! Where two contours differ, voxel by voxel.

/// What two contours say of a voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Outside both.
    Neither,
    /// Inside the first only.
    FirstOnly,
    /// Inside the second only.
    SecondOnly,
    /// Inside both.
    Both,
}

/// The class of every voxel of two φ (negative inside) on one grid.
///
/// # Panics
/// When their sizes differ.
pub fn classify(first: &[f32], second: &[f32]) -> Vec<Class> {
    assert_eq!(first.len(), second.len(), "both must lie on one grid");
    let class = |(a, b): (&f32, &f32)| match (*a < 0.0, *b < 0.0) {
        (false, false) => Class::Neither,
        (true, false) => Class::FirstOnly,
        (false, true) => Class::SecondOnly,
        (true, true) => Class::Both,
    };
    first.iter().zip(second).map(class).collect()
}
