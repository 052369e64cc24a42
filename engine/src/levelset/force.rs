//! The terms of the equation one by one, as what each adds to dφ/dt.

use super::params::Method;
use serde::{Deserialize, Serialize};

/// A term of the equation in [`crate::levelset`], or all of them. As a map over the grid its unit is mm per unit of t;
/// where it is negative the contour grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// dφ/dt: the sum of the terms.
    #[default]
    Total,
    /// Edge, region: −P |∇φ|, the balloon and the region.
    Propagation,
    /// Edge, region: K κ |∇φ|, smoothing.
    Curvature,
    /// Edge: A · ∇φ, the pull to the edge.
    Advection,
    /// Chan–Vese: δ μ κ, smoothing.
    Length,
    /// Chan–Vese: δ ν, a steady push.
    Area,
    /// Chan–Vese: δ (λ₁ (I − c₁)² − λ₂ (I − c₂)²), the competition of the two sides.
    Region,
}

impl Force {
    /// The terms that a method has; their sum is [`Force::Total`].
    pub const fn of(method: Method) -> &'static [Force] {
        match method {
            Method::Edge => &[Self::Propagation, Self::Curvature, Self::Advection],
            Method::Region => &[Self::Propagation, Self::Curvature],
            Method::ChanVese => &[Self::Region, Self::Length, Self::Area],
        }
    }
}
