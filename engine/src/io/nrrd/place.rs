//! Where the voxels lie: from NRRD's space, directions and origin to an affine in RAS+ mm.

use super::NRRD;
use super::header::Header;
use crate::geometry::Geometry;
use crate::io::Problem;
use crate::io::header_text::{LPS, grid_size, shortened, turned};

/// Axes of a file that lie in space, in their order.
pub(super) struct Placed {
    pub geometry: Geometry,
    /// What placed it, in words.
    pub from: String,
    pub warnings: Vec<String>,
}

/// Reads size and affine.
pub(super) fn place(header: &Header) -> Result<Placed, Problem> {
    let sizes: Vec<i64> = list(header, "sizes", "a whole number per axis")?;
    let count: i64 = header.required("dimension")?.parse().map_err(|_| header.bad("dimension", "a whole number"))?;
    if count != sizes.len() as i64 {
        return Err(header.bad("sizes", format!("{count} whole numbers (dimension: {count})")));
    }
    let directions = header.get("space directions").map(|text| vectors(header, text)).transpose()?;
    if directions.as_ref().is_some_and(|d| d.len() != sizes.len()) {
        return Err(header.bad("space directions", format!("{count} vectors, one per axis")));
    }
    let axes = axes_in_space(header, &sizes, directions.as_deref())?;
    let size = grid_size(&axes.map(|axis| sizes[axis]))?;
    let mut warnings = Vec::new();
    let (signs, space) = signs(header, &mut warnings)?;
    let mut rows = [[0.0; 4]; 3];
    match &directions {
        Some(found) => {
            for (column, &axis) in axes.iter().enumerate() {
                let vector =
                    found[axis].ok_or_else(|| header.bad("space directions", "a vector for each axis in space"))?;
                (0..3).for_each(|r| rows[r][column] = vector[r]);
            }
        }
        None => {
            let spacing = spacings(header, sizes.len(), &mut warnings)?;
            (0..3).for_each(|d| rows[d][d] = spacing[axes[d]]);
            warnings.push(
                "the file does not say where the volume lies (no space directions): left and right are assumed \
                 (x towards the patient's left, y to the back), as ITK does"
                    .into(),
            );
        }
    }
    match header.get("space origin") {
        Some(text) => match vectors(header, text)?.as_slice() {
            [Some(origin)] => (0..3).for_each(|r| rows[r][3] = origin[r]),
            _ => return Err(header.bad("space origin", "one vector of 3 numbers, e.g. (1.5,-2,30)")),
        },
        None => warnings.push("the header has no space origin: the first voxel is put at (0, 0, 0)".into()),
    }
    units(header, &mut warnings);
    let from = if directions.is_some() { format!("space directions, {space}") } else { "spacings".into() };
    let geometry = Geometry::from_affine_rows(size, turned(rows, signs))
        .map_err(|error| Problem::Geometry { form: "space directions", error: error.into() })?;
    Ok(Placed { geometry, from, warnings })
}

/// The three axes in space; another one may only have the size 1.
fn axes_in_space(
    header: &Header,
    sizes: &[i64],
    directions: Option<&[Option<[f64; 3]>]>,
) -> Result<[usize; 3], Problem> {
    let kinds: Vec<&str> = header.get("kinds").unwrap_or_default().split_whitespace().collect();
    let kind = |axis: usize| kinds.get(axis).copied().unwrap_or("???");
    let spatial = |axis: &usize| match directions {
        Some(vectors) => vectors[*axis].is_some(),
        None => sizes.len() == 3 || matches!(kind(*axis), "space" | "domain" | "???" | "none"),
    };
    let axes: Vec<usize> = (0..sizes.len()).filter(spatial).collect();
    let others = (0..sizes.len()).filter(|axis| !axes.contains(axis));
    if let Some(axis) = others.into_iter().find(|&axis| sizes[axis] != 1) {
        let (n, kind) = (sizes[axis], shortened(kind(axis)));
        let words = if header.pair("Segment0_ID").is_some() {
            format!(
                "holds {n} layers of overlapping segments; Zeroset reads one layer: in 3D Slicer export the segments \
                 that you need to a label map (Segmentations, Export to files, NRRD)"
            )
        } else {
            format!(
                "holds {n} values per voxel (axis {axis} of kind {kind}); Zeroset reads one real number per voxel: \
                 save one component or one volume on its own"
            )
        };
        return Err(Problem::Unsupported(words));
    }
    let found = axes.len();
    axes.try_into().map_err(|_| {
        Problem::Unsupported(format!(
            "has {found} axes in space; Zeroset reads volumes of 3: save it as a volume, or one volume of it on its own"
        ))
    })
}

/// Factors from the file's space to RAS, and the space's name.
fn signs(header: &Header, warnings: &mut Vec<String>) -> Result<([f64; 3], String), Problem> {
    let name = header.get("space").unwrap_or_default().to_ascii_lowercase();
    let signs = match name.as_str() {
        "left-posterior-superior" | "lps" => LPS,
        "right-anterior-superior" | "ras" => [1.0, 1.0, 1.0],
        "left-anterior-superior" | "las" => [-1.0, 1.0, 1.0],
        "scanner-xyz" | "3d-right-handed" | "3d-left-handed" | "" => {
            if header.get("space directions").is_some() {
                let found = if name.is_empty() { "no space" } else { &name };
                warnings.push(format!(
                    "the header names {found} instead of the patient's axes: left, posterior, superior are assumed, as \
                     ITK does"
                ));
            }
            LPS
        }
        _ => {
            let expected = "left-posterior-superior, right-anterior-superior or left-anterior-superior";
            return Err(header.bad("space", expected));
        }
    };
    if let Some(found) = header.get("space dimension")
        && found != "3"
    {
        return Err(header.bad("space dimension", "3"));
    }
    Ok((signs, if name.is_empty() { "no space".into() } else { name }))
}

/// Spacings of a file without directions; an unknown one is 1.
fn spacings(header: &Header, count: usize, warnings: &mut Vec<String>) -> Result<Vec<f64>, Problem> {
    if header.get("spacings").is_none() {
        warnings.push("the header gives no distance between voxels: 1 mm is assumed".into());
        return Ok(vec![1.0; count]);
    }
    let found: Vec<f64> = list(header, "spacings", "a number per axis")?;
    if found.len() != count {
        return Err(header.bad("spacings", format!("{count} numbers, one per axis")));
    }
    Ok(found.into_iter().map(|v| if v.is_nan() { 1.0 } else { v }).collect())
}

/// Lengths are mm, or it is said.
fn units(header: &Header, warnings: &mut Vec<String>) {
    let Some(text) = header.get("space units") else { return };
    let strange = text
        .split_whitespace()
        .map(|unit| unit.trim_matches('"'))
        .find(|unit| !matches!(unit.to_ascii_lowercase().as_str(), "mm" | "millimeter" | "millimeters" | "???" | ""));
    if let Some(unit) = strange {
        warnings.push(format!("the header gives lengths in \"{}\"; they are taken as mm", shortened(unit)));
    }
}

/// Values apart by white space.
fn list<T: std::str::FromStr>(header: &Header, field: &'static str, expected: &str) -> Result<Vec<T>, Problem> {
    let text = header.required(field)?;
    text.split_whitespace().map(|word| word.parse().map_err(|_| header.bad(field, expected))).collect()
}

/// `(1,0,0) none (0, 1, 0)`: a vector of three numbers or nothing.
fn vectors(header: &Header, text: &str) -> Result<Vec<Option<[f64; 3]>>, Problem> {
    let bad = || Problem::Field {
        format: NRRD,
        field: "space directions, space origin",
        found: shortened(text),
        expected: format!(
            "vectors of 3 numbers, e.g. (0,0.7,0) (dimension: {})",
            shortened(header.get("dimension").unwrap_or_default())
        ),
    };
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('(') {
            let (vector, after) = inner.split_once(')').ok_or_else(bad)?;
            let numbers: Vec<f64> =
                vector.split(',').map(|v| v.trim().parse()).collect::<Result<_, _>>().map_err(|_| bad())?;
            found.push(Some(numbers.try_into().map_err(|_| bad())?));
            rest = after;
        } else {
            rest = rest.strip_prefix("none").ok_or_else(bad)?;
            found.push(None);
        }
        rest = rest.trim_start();
    }
    Ok(found)
}
