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

/// `Terms` of `ode/add_scaled.wgsl`: weights of the rates that are added to a state.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Terms {
    /// Weights of the first six rates, in order; the last two are unused.
    pub weights: [[f32; 4]; 2],
    /// x: how many rates count.
    pub count: [u32; 4],
}

/// `Tolerance` of `ode/max_norm.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Tolerance {
    /// In the unit of the state.
    pub absolute: f32,
    /// Share of the state's magnitude.
    pub relative: f32,
    /// Fills the uniform up to a multiple of 16 bytes.
    pub padding: [u32; 2],
}

/// `Slice` of `view/slice.wgsl`: one slice pane.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Slice {
    /// Voxel of the pane's upper left corner.
    pub corner_voxel: [f32; 4],
    /// Step in voxels across the pane's whole width.
    pub across_voxel: [f32; 4],
    /// Step in voxels down the pane's whole height.
    pub down_voxel: [f32; 4],
    /// Voxels of the scan; w: 0 stored as i16, 1 as f32.
    pub size: [u32; 4],
    /// Voxel axes across and down; z: interpolate; w: a label map is bound.
    pub axes: [u32; 4],
    /// Slope, intercept, intensity shown black, intensity shown white.
    pub intensity: [f32; 4],
    /// Pane in pixels; z: contour width in pixels; w: how much to dim outside the ROI.
    pub pane_px: [f32; 4],
    /// First voxel of the ROI.
    pub roi_lower: [f32; 4],
    /// One past the last voxel of the ROI.
    pub roi_upper: [f32; 4],
    /// Rows of the affine from scan voxels to φ's grid.
    pub phi_from_voxel: [[f32; 4]; 3],
    /// Voxels of φ's grid; w: φ is bound.
    pub phi_size: [u32; 4],
    /// Rows of the affine from scan voxels to the grid of the map that is laid over the image.
    pub map_from_voxel: [[f32; 4]; 3],
    /// Voxels of the map's grid; w: 0 there is none, 1 speed in [-1, 1], 2 speed in [0, 1], 3 φ, 4 a force.
    pub map_size: [u32; 4],
    /// Map of φ or a force: the value of its full colour, half width of the band that is shown (mm).
    pub map_range: [f32; 4],
    /// Rows of the affine from scan voxels to the proposal's grid.
    pub proposal_from_voxel: [[f32; 4]; 3],
    /// Voxels of the proposal's grid; w: a proposal is bound.
    pub proposal_size: [u32; 4],
    /// Rows of the affine from scan voxels to the reference's grid.
    pub reference_from_voxel: [[f32; 4]; 3],
    /// Voxels of the reference's grid; w: a reference is bound.
    pub reference_size: [u32; 4],
    /// Earlier contours on φ's grid: their number (0 to 8), and the distance of a stored 1, mm.
    pub trail: [f32; 4],
    /// Colour of earlier contours; w: opacity of the newest.
    pub trail_colour: [f32; 4],
    /// Colour of the contour; w: its opacity.
    pub contour_colour: [f32; 4],
    /// Opacities of labels, the map, and of the inside of the contour; w: background grey.
    pub opacity: [f32; 4],
}

/// `Surface` of `view/surface.wgsl`: the 3D pane.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Surface {
    /// Rows of the affine from RAS mm to the field's grid.
    pub grid_from_world: [[f32; 4]; 3],
    /// Voxels of the grid; w: 0 nothing, 1 φ, 2 labels.
    pub size: [u32; 4],
    /// Centre of the plane from which rays start, RAS mm.
    pub centre: [f32; 4],
    /// Half the plane's width, as a vector.
    pub right: [f32; 4],
    /// Half the plane's height, as a vector.
    pub up: [f32; 4],
    /// Direction of the rays, RAS; w: their length, mm.
    pub forward: [f32; 4],
    /// Colour of the surface.
    pub colour: [f32; 4],
    /// Background at the top.
    pub background_top: [f32; 4],
    /// Background at the bottom.
    pub background_bottom: [f32; 4],
    /// First voxel to look at; w: least step, mm.
    pub lower: [f32; 4],
    /// One past the last voxel to look at; w: largest step, mm.
    pub upper: [f32; 4],
}
