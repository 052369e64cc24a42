//! Where voxels lie in the patient: grid size and the affine from voxel indices to RAS+ mm.

use nalgebra::{Matrix3, Matrix4, Point3, Vector3};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A regular grid of voxels in the patient's space (RAS+, mm).
///
/// The affine may be oblique, left-handed or sheared; only singular or non-finite ones are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PlainGeometry", into = "PlainGeometry")]
pub struct Geometry {
    size: [usize; 3],
    world_from_voxel: Matrix4<f64>,
    voxel_from_world: Matrix4<f64>,
}

/// A grid as it stands in JSON: the inverse is not stored, and what is read is checked again.
#[derive(Serialize, Deserialize)]
struct PlainGeometry {
    size: [usize; 3],
    world_from_voxel: [[f64; 4]; 3],
}

impl From<Geometry> for PlainGeometry {
    fn from(geometry: Geometry) -> Self {
        Self { size: geometry.size, world_from_voxel: geometry.affine_rows() }
    }
}

impl TryFrom<PlainGeometry> for Geometry {
    type Error = GeometryError;

    fn try_from(plain: PlainGeometry) -> Result<Self, GeometryError> {
        Self::from_affine_rows(plain.size, plain.world_from_voxel)
    }
}

/// Why a grid cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum GeometryError {
    /// A dimension of 0.
    #[error("the grid is empty: size {size:?}, expected at least 1 voxel along each axis")]
    Empty {
        /// The refused size in voxels.
        size: [usize; 3],
    },
    /// The affine has a NaN or an infinity.
    #[error("the affine holds a value that is not a number: {affine:?}")]
    NotFinite {
        /// The refused affine, row by row.
        affine: [[f64; 4]; 3],
    },
    /// The affine does not span three dimensions.
    #[error("the affine is singular (determinant {determinant:e} mm^3): {affine:?}")]
    Singular {
        /// Determinant of its 3x3 part, mm³.
        determinant: f64,
        /// The refused affine, row by row.
        affine: [[f64; 4]; 3],
    },
}

impl Geometry {
    /// A grid of `size` voxels placed by `world_from_voxel` (RAS+ mm).
    ///
    /// # Errors
    /// An empty size, a non-finite or a singular affine.
    pub fn new(size: [usize; 3], world_from_voxel: Matrix4<f64>) -> Result<Self, GeometryError> {
        if size.contains(&0) {
            return Err(GeometryError::Empty { size });
        }
        let mut affine = [[0.0; 4]; 3];
        for (r, row) in affine.iter_mut().enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                *value = world_from_voxel[(r, c)];
            }
        }
        if affine.iter().flatten().any(|v| !v.is_finite()) {
            return Err(GeometryError::NotFinite { affine });
        }
        let m: Matrix3<f64> = world_from_voxel.fixed_view::<3, 3>(0, 0).into();
        let determinant = m.determinant();
        let scale: f64 = (0..3).map(|c| m.column(c).norm()).product();
        let singular = || GeometryError::Singular { determinant, affine };
        // In this form a NaN determinant is not regular either.
        let regular = scale > 0.0 && determinant.abs() > 1e-9 * scale;
        if !regular {
            return Err(singular());
        }
        let inverse = m.try_inverse().ok_or_else(singular)?;
        let origin: Vector3<f64> = world_from_voxel.fixed_view::<3, 1>(0, 3).into();
        let mut voxel_from_world = Matrix4::identity();
        voxel_from_world.fixed_view_mut::<3, 3>(0, 0).copy_from(&inverse);
        voxel_from_world.fixed_view_mut::<3, 1>(0, 3).copy_from(&(-(inverse * origin)));
        Ok(Self { size, world_from_voxel, voxel_from_world })
    }

    /// A grid placed by the first three rows of its affine (the fourth is 0 0 0 1), RAS+ mm.
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub fn from_affine_rows(size: [usize; 3], rows: [[f64; 4]; 3]) -> Result<Self, GeometryError> {
        let mut m = Matrix4::identity();
        for (r, row) in rows.iter().enumerate() {
            for (c, &value) in row.iter().enumerate() {
                m[(r, c)] = value;
            }
        }
        Self::new(size, m)
    }

    /// The first three rows of the affine from voxel indices to RAS+ mm.
    pub fn affine_rows(&self) -> [[f64; 4]; 3] {
        std::array::from_fn(|r| std::array::from_fn(|c| self.world_from_voxel[(r, c)]))
    }

    /// An axis-aligned RAS grid: voxel axes run along +R, +A, +S; `origin_mm` is the first voxel's centre.
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub fn aligned(size: [usize; 3], spacing_mm: [f64; 3], origin_mm: [f64; 3]) -> Result<Self, GeometryError> {
        let mut m = Matrix4::identity();
        for d in 0..3 {
            m[(d, d)] = spacing_mm[d];
            m[(d, 3)] = origin_mm[d];
        }
        Self::new(size, m)
    }

    /// Voxels along x, y, z of the stored grid.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// Never true: an empty grid cannot be built. Present because `len` is.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The affine from voxel indices (centres at integers) to RAS+ mm.
    pub fn world_from_voxel(&self) -> &Matrix4<f64> {
        &self.world_from_voxel
    }

    /// The affine from RAS+ mm to (fractional) voxel indices.
    pub fn voxel_from_world(&self) -> &Matrix4<f64> {
        &self.voxel_from_world
    }

    /// Distance between neighbouring voxel centres along x, y, z, in mm (the affine's column norms).
    pub fn spacing_mm(&self) -> [f64; 3] {
        std::array::from_fn(|c| self.world_from_voxel.fixed_view::<3, 1>(0, c).norm())
    }

    /// Volume of one voxel in mm³ (the affine's absolute determinant).
    pub fn voxel_volume_mm3(&self) -> f64 {
        self.world_from_voxel.fixed_view::<3, 3>(0, 0).determinant().abs()
    }

    /// RAS+ mm of a (fractional) voxel index.
    pub fn world_of_voxel(&self, voxel: [f64; 3]) -> [f64; 3] {
        self.world_from_voxel.transform_point(&Point3::from(voxel)).into()
    }

    /// (Fractional) voxel index of a RAS+ mm position.
    pub fn voxel_of_world(&self, world_mm: [f64; 3]) -> [f64; 3] {
        self.voxel_from_world.transform_point(&Point3::from(world_mm)).into()
    }

    /// Offset of voxel (x, y, z) in the samples, x fastest.
    pub fn index(&self, voxel: [usize; 3]) -> usize {
        (voxel[2] * self.size[1] + voxel[1]) * self.size[0] + voxel[0]
    }

    /// Nearest anatomical direction of each voxel axis, e.g. `LPS` (towards which the index grows).
    pub fn orientation(&self) -> [char; 3] {
        let axes = self.closest_world_axes();
        std::array::from_fn(|c| {
            let (axis, positive) = axes[c];
            [['L', 'R'], ['P', 'A'], ['I', 'S']][axis][usize::from(positive)]
        })
    }

    /// For each voxel axis the world axis (0 R, 1 A, 2 S) it is closest to and whether it runs along +.
    /// The three world axes are always distinct, also for a strongly oblique affine.
    pub fn closest_world_axes(&self) -> [(usize, bool); 3] {
        const PERMUTATIONS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let spacing = self.spacing_mm();
        let cosine = |row: usize, column: usize| self.world_from_voxel[(row, column)] / spacing[column];
        let alignment = |p: &[usize; 3]| (0..3).map(|c| cosine(p[c], c).abs()).sum::<f64>();
        let best = PERMUTATIONS
            .iter()
            .copied()
            .reduce(|a, b| if alignment(&b) > alignment(&a) { b } else { a })
            .unwrap_or([0, 1, 2]);
        std::array::from_fn(|c| (best[c], cosine(best[c], c) >= 0.0))
    }

    /// Largest deviation from a right angle between two voxel axes, in degrees: 0 for an orthogonal grid.
    pub fn shear_degrees(&self) -> f64 {
        let column = |c: usize| -> Vector3<f64> {
            let v: Vector3<f64> = self.world_from_voxel.fixed_view::<3, 1>(0, c).into();
            v.normalize()
        };
        [(0, 1), (0, 2), (1, 2)]
            .iter()
            .map(|&(a, b)| column(a).dot(&column(b)).clamp(-1.0, 1.0).asin().abs().to_degrees())
            .fold(0.0, f64::max)
    }

    /// Largest angle between a voxel axis and its closest world axis, in degrees: 0 when aligned.
    pub fn oblique_degrees(&self) -> f64 {
        let spacing = self.spacing_mm();
        let axes = self.closest_world_axes();
        (0..3)
            .map(|c| {
                let cosine = self.world_from_voxel[(axes[c].0, c)].abs() / spacing[c];
                cosine.clamp(0.0, 1.0).acos().to_degrees()
            })
            .fold(0.0, f64::max)
    }

    /// Whether both grids have the same size and the same affine within `tolerance_mm` at every corner.
    pub fn same_grid(&self, other: &Geometry, tolerance_mm: f64) -> bool {
        self.size == other.size
            && (0..8).all(|corner| {
                let voxel = std::array::from_fn(|d| if corner >> d & 1 == 1 { self.size[d] as f64 - 1.0 } else { 0.0 });
                let (a, b) = (self.world_of_voxel(voxel), other.world_of_voxel(voxel));
                (0..3).all(|d| (a[d] - b[d]).abs() <= tolerance_mm)
            })
    }

    /// The sub-grid that starts at voxel `lower` and holds `size` voxels.
    ///
    /// # Errors
    /// An empty size. The caller checks that the box lies inside.
    pub fn cropped(&self, lower: [usize; 3], size: [usize; 3]) -> Result<Self, GeometryError> {
        let origin = self.world_of_voxel(lower.map(|v| v as f64));
        let mut m = self.world_from_voxel;
        for d in 0..3 {
            m[(d, 3)] = origin[d];
        }
        Self::new(size, m)
    }

    /// One line for messages: size, spacing, orientation, first voxel.
    pub fn describe(&self) -> String {
        let s = self.spacing_mm();
        let o = self.world_of_voxel([0.0; 3]);
        let axes: String = self.orientation().iter().collect();
        format!(
            "{}x{}x{} voxels of {:.4}x{:.4}x{:.4} mm, axes {axes}, first voxel at ({:.3}, {:.3}, {:.3}) mm RAS",
            self.size[0], self.size[1], self.size[2], s[0], s[1], s[2], o[0], o[1], o[2]
        )
    }
}
