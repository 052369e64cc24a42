//! From the header's three ways of placing a volume to one affine, chosen as nibabel chooses.
//!
//! sform if its code says so, else qform, else the grid is centred on the origin with its x axis to
//! the left (nibabel's base affine, the Analyze convention). Source: nifti1.h, methods 1 to 3;
//! nibabel `Nifti1Header.get_best_affine`.

use super::header::{Header, Version};
use crate::geometry::Geometry;
use crate::io::Problem;
use nalgebra::{Matrix3, Rotation3, UnitQuaternion, Vector3};

/// The first three rows of an affine, RAS+ mm.
pub(crate) type Rows = [[f64; 4]; 3];

/// The affine of a header, and which of its forms gave it.
pub(crate) struct Placement {
    pub rows: Rows,
    /// `sform`, `qform` or `pixdim`.
    pub form: &'static str,
    /// The form's code, 0 for `pixdim`.
    pub code: i32,
    pub warnings: Vec<String>,
}

/// Chooses the affine.
pub(crate) fn placement(header: &Header, size: [usize; 3]) -> Result<Placement, Problem> {
    let mut warnings = Vec::new();
    let sform_code = known_code("sform_code", header.sform_code, &mut warnings);
    let qform_code = known_code("qform_code", header.qform_code, &mut warnings);
    if sform_code > 0 {
        if qform_code > 0 {
            warn_if_apart(header, size, &mut warnings);
        }
        return Ok(Placement { rows: header.srow, form: "sform", code: sform_code, warnings });
    }
    let spacing = spacing_mm(header, &mut warnings);
    if qform_code > 0 {
        let rows = qform_rows(header, spacing, &mut warnings)?;
        return Ok(Placement { rows, form: "qform", code: qform_code, warnings });
    }
    warnings.push(
        "the file does not say where the volume lies (sform and qform codes 0): left and right are assumed \
         (x towards the patient's left), the centre is put at the origin"
            .into(),
    );
    Ok(Placement { rows: base_rows(header, size, spacing), form: "pixdim", code: 0, warnings })
}

/// nibabel's `shape_zoom_affine`: dimensions beyond the declared ones have 1 voxel of 1 mm.
fn base_rows(header: &Header, size: [usize; 3], spacing: [f64; 3]) -> Rows {
    let mut rows = [[0.0; 4]; 3];
    for d in 0..3 {
        let declared = (d as i64) < header.dim[0];
        let step = if declared { spacing[d] } else { 1.0 } * if d == 0 { -1.0 } else { 1.0 };
        rows[d][d] = step;
        rows[d][3] = -((size[d] as f64 - 1.0) / 2.0) * step;
    }
    rows
}

/// A form's code, or 0 for a code that the standard does not list.
fn known_code(name: &str, code: i32, warnings: &mut Vec<String>) -> i32 {
    if (0..=5).contains(&code) {
        return code;
    }
    warnings.push(format!("{name} {code} is not one of 0 to 5; taken as 0 (not given)"));
    0
}

/// pixdim 1 to 3, repaired as nibabel repairs them.
fn spacing_mm(header: &Header, warnings: &mut Vec<String>) -> [f64; 3] {
    std::array::from_fn(|d| {
        let found = header.pixdim[d + 1];
        let used = if found == 0.0 { 1.0 } else { found.abs() };
        if used != found && (d as i64) < header.dim[0] {
            warnings.push(format!("pixdim[{}] is {found}, expected a positive spacing; {used} mm is used", d + 1));
        }
        used
    })
}

/// Method 2 of nifti1.h: rotation from the quaternion, spacing from pixdim, qfac for handedness.
fn qform_rows(header: &Header, spacing: [f64; 3], warnings: &mut Vec<String>) -> Result<Rows, Problem> {
    let [b, c, d] = header.quatern;
    let length2 = b * b + c * c + d * d;
    let epsilon = match header.version {
        Version::One => f64::from(f32::EPSILON),
        Version::Two => f64::EPSILON,
    };
    let a2 = 1.0 - length2;
    // A rotation of 180 degrees stored as f32 can come out slightly longer than 1.
    if a2 < -1e-3 {
        return Err(Problem::Quaternion { found: header.quatern });
    }
    if a2 < -3.0 * epsilon {
        warnings
            .push(format!("the qform quaternion is {:.6} long, expected at most 1; it was normalised", length2.sqrt()));
    }
    let a = if a2 < 3.0 * epsilon { 0.0 } else { a2.sqrt() };
    let norm2 = a * a + length2;
    let s = 2.0 / norm2;
    let rotation = [
        [1.0 - s * (c * c + d * d), s * (b * c - a * d), s * (b * d + a * c)],
        [s * (b * c + a * d), 1.0 - s * (b * b + d * d), s * (c * d - a * b)],
        [s * (b * d - a * c), s * (c * d + a * b), 1.0 - s * (b * b + c * c)],
    ];
    let qfac = if header.pixdim[0] == -1.0 { -1.0 } else { 1.0 };
    let scale = [spacing[0], spacing[1], spacing[2] * qfac];
    Ok(std::array::from_fn(|r| {
        std::array::from_fn(|column| match column {
            3 => header.qoffset[r],
            _ => rotation[r][column] * scale[column],
        })
    }))
}

/// Readers differ in which form they prefer: say so when it matters.
fn warn_if_apart(header: &Header, size: [usize; 3], warnings: &mut Vec<String>) {
    let mut ignored = Vec::new();
    let spacing = spacing_mm(header, &mut ignored);
    let Ok(qform) = qform_rows(header, spacing, &mut ignored) else {
        warnings.push("the qform is not a rotation; the sform is used".into());
        return;
    };
    let apart_mm = largest_distance_mm(&header.srow, &qform, size);
    let smallest = spacing.into_iter().fold(f64::INFINITY, f64::min);
    if apart_mm > 0.5 * smallest {
        warnings.push(format!(
            "sform and qform place the volume up to {apart_mm:.2} mm apart; the sform is used, programs that prefer \
             the qform show it elsewhere"
        ));
    }
}

/// Largest distance between where two affines put a corner of the grid, in mm.
fn largest_distance_mm(one: &Rows, other: &Rows, size: [usize; 3]) -> f64 {
    let place = |rows: &Rows, voxel: [f64; 3]| -> [f64; 3] {
        std::array::from_fn(|r| (0..3).map(|c| rows[r][c] * voxel[c]).sum::<f64>() + rows[r][3])
    };
    (0..8)
        .map(|corner| {
            let voxel = std::array::from_fn(|d| if corner >> d & 1 == 1 { size[d] as f64 - 1.0 } else { 0.0 });
            let (a, b) = (place(one, voxel), place(other, voxel));
            (0..3).map(|d| (a[d] - b[d]).powi(2)).sum::<f64>().sqrt()
        })
        .fold(0.0, f64::max)
}

/// The fields of a qform.
pub(crate) struct Qform {
    /// 1 if the qform places every corner of the grid where the sform does (within a tenth of a
    /// voxel), else 0: a sheared grid has no qform, and a nearly right one would mislead its readers.
    pub code: i32,
    pub qfac: f64,
    pub quatern: [f64; 3],
    pub qoffset: [f64; 3],
}

/// The nearest qform of a grid: the rotation closest to the affine's axes (polar decomposition, as
/// nibabel's `set_qform`), rounded to the f32 of the header.
pub(crate) fn qform_of(geometry: &Geometry) -> Qform {
    let m: Matrix3<f64> = geometry.world_from_voxel().fixed_view::<3, 3>(0, 0).into();
    let spacing = geometry.spacing_mm();
    let mut axes = m;
    for c in 0..3 {
        axes.column_mut(c).scale_mut(1.0 / spacing[c]);
    }
    let qfac = if axes.determinant() < 0.0 { -1.0 } else { 1.0 };
    let last: Vector3<f64> = axes.column(2) * qfac;
    axes.set_column(2, &last);
    let svd = axes.svd(true, true);
    let rotation = match (svd.u, svd.v_t) {
        (Some(u), Some(v_t)) => u * v_t,
        _ => Matrix3::identity(),
    };
    let q = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(rotation));
    let sign = if q.w < 0.0 { -1.0 } else { 1.0 };
    let rows = geometry.affine_rows();
    let rounded = |v: f64| f64::from(v as f32);
    let quatern = [q.i, q.j, q.k].map(|v| rounded(v * sign));
    let qoffset = std::array::from_fn(|r| rounded(rows[r][3]));
    let mut pixdim = [qfac, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    pixdim[1..4].copy_from_slice(&spacing.map(rounded));
    let read_back = Header { quatern, qoffset, pixdim, ..Header::blank() };
    let smallest = spacing.into_iter().fold(f64::INFINITY, f64::min);
    let fits = qform_rows(&read_back, spacing.map(rounded), &mut Vec::new())
        .is_ok_and(|qform| largest_distance_mm(&rows, &qform, geometry.size()) <= 0.1 * smallest);
    Qform { code: i32::from(fits), qfac, quatern, qoffset }
}
