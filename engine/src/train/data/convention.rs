//! Finds the cases of a folder, and what is missing or left over in it.

use super::{Case, DataProblem, DatasetError};
use crate::train::recipe::{Convention, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All whole cases of a folder, sorted by name, and everything that is missing or belongs to none.
///
/// # Errors
/// A folder that cannot be listed, or that holds nothing of the convention.
pub fn find_cases(source: &Source) -> Result<(Vec<Case>, Vec<DataProblem>), DatasetError> {
    let found = match source.convention {
        Convention::NiftiPairs => by_suffix(source, "_ct.nii.gz", "_label.nii.gz")?,
        Convention::ImageMask => by_suffix(source, ".jpg", ".png")?,
        Convention::Kits19 => kits19(&source.folder)?,
        Convention::Lits => lits(&source.folder)?,
    };
    if found.cases.is_empty() && found.problems.iter().all(|p| matches!(p, DataProblem::Extra { .. })) {
        let (convention, expected) = described(source);
        return Err(DatasetError::NoCases { folder: source.folder.clone(), convention, expected });
    }
    let patient = |name: &str| match source.patient_until.as_deref().filter(|until| !until.is_empty()) {
        Some(until) => name.split(until).next().unwrap_or(name).to_owned(),
        None => name.to_owned(),
    };
    let cases = found.cases.into_iter();
    let cases = cases.map(|(name, [image, label])| Case { patient: patient(&name), name, image, label }).collect();
    Ok((cases, found.problems))
}

fn described(source: &Source) -> (&'static str, String) {
    match source.convention {
        Convention::NiftiPairs => ("nifti-pairs", suffixes(source, "_ct.nii.gz", "_label.nii.gz")),
        Convention::ImageMask => ("image-mask", suffixes(source, ".jpg", ".png")),
        Convention::Kits19 => ("kits19", "case_00000/imaging.nii.gz with case_00000/segmentation.nii.gz".into()),
        Convention::Lits => ("lits", "volume-0.nii beside segmentation-0.nii".into()),
    }
}

fn suffixes(source: &Source, image: &str, label: &str) -> String {
    let image = source.image_suffix.as_deref().unwrap_or(image);
    let label = source.label_suffix.as_deref().unwrap_or(label);
    format!(
        "{} with {}",
        source.images.join(format!("NAME{image}")).display(),
        source.labels.join(format!("NAME{label}")).display()
    )
}

#[derive(Default)]
struct Found {
    cases: BTreeMap<String, [PathBuf; 2]>,
    problems: Vec<DataProblem>,
}

impl Found {
    /// Pairs two lists of files by name; `expected` gives the path of a missing half.
    fn pair(
        mut images: BTreeMap<String, PathBuf>,
        mut labels: BTreeMap<String, PathBuf>,
        expected: impl Fn(&str, bool) -> PathBuf,
    ) -> Self {
        let mut found = Self::default();
        let names: Vec<String> =
            images.keys().chain(labels.keys().filter(|n| !images.contains_key(*n))).cloned().collect();
        for case in names {
            match (images.remove(&case), labels.remove(&case)) {
                (Some(image), Some(label)) => drop(found.cases.insert(case, [image, label])),
                (Some(_), None) => found.problems.push(DataProblem::NoLabel { expected: expected(&case, false), case }),
                _ => found.problems.push(DataProblem::NoImage { expected: expected(&case, true), case }),
            }
        }
        found
    }
}

/// Files (or folders) of a folder by name, hidden ones left out.
fn list(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    let refuse = |e: std::io::Error| DatasetError::Folder { folder: folder.into(), reason: e.to_string() };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(refuse)? {
        let entry = entry.map_err(refuse)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            files.insert(name, entry.path());
        }
    }
    Ok(files)
}

fn by_suffix(source: &Source, image: &str, label: &str) -> Result<Found, DatasetError> {
    let image_end = source.image_suffix.as_deref().unwrap_or(image);
    let label_end = source.label_suffix.as_deref().unwrap_or(label);
    let (image_folder, label_folder) = (source.folder.join(&source.images), source.folder.join(&source.labels));
    let one_folder = image_folder == label_folder;
    let mut extra = Vec::new();
    let mut take = |folder: &Path, ends: [&str; 2]| -> Result<BTreeMap<String, PathBuf>, DatasetError> {
        let mut taken = BTreeMap::new();
        for (name, path) in list(folder)? {
            // `x_mask.png` ends with `.png`, too.
            if one_folder && ends[1].len() > ends[0].len() && name.ends_with(ends[1]) {
                continue;
            }
            match name.strip_suffix(ends[0]).filter(|stem| !stem.is_empty()) {
                Some(stem) => drop(taken.insert(stem.to_owned(), path)),
                // What carries an image's or a mask's ending and still fits nowhere is worth a word; a licence is not.
                None if !(one_folder && name.ends_with(ends[1])) && path.is_file() && is_data(&name) => {
                    extra.push(path)
                }
                None => {}
            }
        }
        Ok(taken)
    };
    let images = take(&image_folder, [image_end, label_end])?;
    let labels = take(&label_folder, [label_end, image_end])?;
    let mut found = Found::pair(images, labels, |case, is_image| {
        if is_image {
            image_folder.join(format!("{case}{image_end}"))
        } else {
            label_folder.join(format!("{case}{label_end}"))
        }
    });
    extra.sort();
    extra.dedup();
    found.problems.extend(extra.into_iter().map(|file| DataProblem::Extra { file }));
    Ok(found)
}

fn is_data(name: &str) -> bool {
    [".nii", ".nii.gz", ".hdr", ".img", ".png", ".jpg", ".jpeg"].iter().any(|end| name.to_lowercase().ends_with(end))
}

fn kits19(folder: &Path) -> Result<Found, DatasetError> {
    let cases: BTreeMap<String, PathBuf> =
        list(folder)?.into_iter().filter(|(name, path)| name.starts_with("case_") && path.is_dir()).collect();
    let half = |file: &str| -> BTreeMap<String, PathBuf> {
        cases.iter().map(|(case, path)| (case.clone(), path.join(file))).filter(|(_, path)| path.is_file()).collect()
    };
    let (images, labels) = (half("imaging.nii.gz"), half("segmentation.nii.gz"));
    let mut found = Found::pair(images, labels, |case, is_image| {
        folder.join(case).join(if is_image { "imaging.nii.gz" } else { "segmentation.nii.gz" })
    });
    for (case, path) in &cases {
        let is_named = |p: &DataProblem| matches!(p, DataProblem::NoImage { case: c, .. } | DataProblem::NoLabel { case: c, .. } if c == case);
        if !found.cases.contains_key(case) && !found.problems.iter().any(is_named) {
            found.problems.push(DataProblem::NoImage { case: case.clone(), expected: path.join("imaging.nii.gz") });
        }
    }
    Ok(found)
}

fn lits(folder: &Path) -> Result<Found, DatasetError> {
    let (mut images, mut labels, mut extra) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (name, path) in list(folder)? {
        let stem = name.strip_suffix(".nii.gz").or_else(|| name.strip_suffix(".nii"));
        let Some(stem) = stem else { continue };
        if let Some(number) = stem.strip_prefix("volume-") {
            images.insert(number.to_owned(), path);
        } else if let Some(number) = stem.strip_prefix("segmentation-") {
            labels.insert(number.to_owned(), path);
        } else {
            extra.push(DataProblem::Extra { file: path });
        }
    }
    let mut found = Found::pair(images, labels, |number, is_image| {
        folder.join(format!("{}-{number}.nii", if is_image { "volume" } else { "segmentation" }))
    });
    found.problems.extend(extra);
    Ok(found)
}
