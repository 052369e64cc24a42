//! Rust mirrors of the WGSL structs that live in uniform buffers; a test compares them with naga's reflection.

use bytemuck::{Pod, Zeroable};

/// `Grid` of `common/grid.wgsl`: the computation grid and its tiles.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Grid {
    /// Voxels along x, y, z.
    pub size: [u32; 3],
    /// Voxels in all.
    pub voxel_count: u32,
    /// Spacing along x, y, z.
    pub spacing_mm: [f32; 3],
    /// Least spacing over the axes in use.
    pub h_min_mm: f32,
    /// 1 / spacing along x, y, z, mm⁻¹; 0 for z in 2D.
    pub inverse_spacing: [f32; 3],
    /// Greatest spacing over the axes in use.
    pub h_max_mm: f32,
    /// Voxels of a tile along x, y, z; their product is 256.
    pub tile_size: [u32; 3],
    /// 2 or 3.
    pub dimension: u32,
    /// Tiles along x, y, z.
    pub tiles: [u32; 3],
    /// Tiles in all.
    pub tile_count: u32,
}

/// `Weights` of `common/weights.wgsl`: the equation's weights and the step.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Weights {
    /// Time step.
    pub dt: f32,
    /// Half width B of the band; the greatest f32 when there is no band.
    pub band_mm: f32,
    /// Weight of propagation.
    pub alpha: f32,
    /// Weight of curvature.
    pub beta: f32,
    /// Weight of advection.
    pub gamma: f32,
    /// Exponent a of g in propagation.
    pub propagation_exponent: f32,
    /// Exponent b of g in curvature.
    pub curvature_exponent: f32,
    /// Exponent c of g in advection.
    pub advection_exponent: f32,
    /// Chan–Vese: weight of length.
    pub mu: f32,
    /// Chan–Vese: weight of area.
    pub nu: f32,
    /// Chan–Vese: weight of the deviation inside.
    pub lambda1: f32,
    /// Chan–Vese: weight of the deviation outside.
    pub lambda2: f32,
    /// Chan–Vese: width of H and δ, mm.
    pub epsilon_mm: f32,
    /// Chan–Vese: 0 = atan, 1 = tanh.
    pub heaviside: u32,
    /// Fills the uniform up to a multiple of 16 bytes.
    pub padding: [u32; 2],
}

/// `Blur` of `filter/gaussian.wgsl`: one axis of a separable Gaussian.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Blur {
    /// 0, 1, 2 for x, y, z.
    pub axis: u32,
    /// Voxels on each side of the centre; the kernel holds `radius + 1` weights, from the centre outwards.
    pub radius: u32,
    /// Fills the uniform up to a multiple of 16 bytes.
    pub padding: [u32; 2],
}

/// `SpeedShape` of `filter/edge_speed.wgsl` and `filter/threshold_speed.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct SpeedShape {
    /// Edge: λ, HU per mm. Threshold: lower bound, HU.
    pub first: f32,
    /// Edge: exponent p. Threshold: upper bound, HU.
    pub second: f32,
    /// Threshold: smoothness, as its CPU twin takes it.
    pub smoothness: f32,
    /// Threshold: bit 0 = there is a lower bound, bit 1 = there is an upper bound.
    pub bounds: u32,
}
